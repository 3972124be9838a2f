"""`sijill dossier verify`: every file, signature, proof and shown value of a dossier, checked in process.

Says the same as the `verify.py` that travels with the dossier, which shares no
code with it, and recomputes BLAKE3 besides. Reads a stranger's folder: no link
is followed, nothing is written, and what a file says of itself is believed
only as far as something signed bears it out.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
import unicodedata
from pathlib import Path
from typing import Any

from archive import sshsig, time_stamp
from archive.dossier.bag import DECLARATION, SIGNATURE, SIGNED, STAMP
from archive.dossier.instructions import namespace
from archive.dossier.looking import Broken, Checked, Folder, away
from archive.dossier.verification_anchors import check_anchors
from archive.dossier.verification_proof import Proof
from archive.dossier.verification_shown import check_shown
from archive.registry import Registry
from archive.workers import Saying, summed
from schemas.entry import Entry
from schemas.errors import SijillError, UnreachableError
from schemas.text import visible

ROOT_FILES = (
    "bagit.txt", "bag-info.txt", "VERIFY.txt", "verify.py", "manifest-sha256.txt", "manifest-blake3.txt", SIGNED,
    SIGNATURE,
)  # fmt: skip
PAYLOAD = re.compile(
    r"data/(?:(?:index(?:\.ar)?\.html|dossier(?:\.(?!1\.)[1-9][0-9]{0,3})?(?:\.ar)?\.pdf|declaration(?:\.ar)?\.txt)"
    r"|exhibits\.csv|map\.geojson|ro-crate-metadata\.json|records/(?:(?:case|corroboration|audit|correction)\.json|custody\.jsonl|flights\.csv"
    r"|standard\.toml|case-uco\.jsonld)|schemas/(?:(?:audit|case|corroboration|custody)\.schema|flights\.tableschema)"
    r"\.json|loadfile/[^/]+\.dat|(?:items|derived|proof)/.+)\Z"
)  # every file that a dossier may have; those of exhibits and of the proof are held against what they belong to
MOST_FILES = 1_000_000
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}(?<!\.)\Z")
_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9._/-]+)\Z")


def verify_dossier(
    folder: Path, *, log_vkey: str | None = None, genesis: str | None = None, tsa_roots: bytes | None = None,
    progress: Saying | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Check a dossier and give the `sijill-dossier-verify/1` document. Raises UnreachableError."""
    return check(folder, log_vkey, genesis, tsa_roots, progress).document()


def check(
    folder: Path, log_vkey: str | None = None, genesis: str | None = None, tsa_roots: bytes | None = None,
    progress: Saying | None = None,
) -> Checked:  # fmt: skip
    """Check a dossier. Raises UnreachableError where it cannot be looked at.

    `log_vkey` (a C2SP verifier key) and `genesis` (the leaf hash of entry 0, hex
    or base64) are what was got by another channel than the dossier; so are
    `tsa_roots` (PEM), without which the authority of a time-stamp is not judged.
    """
    if not folder.is_dir():
        raise UnreachableError(
            f"{visible(str(folder))} is no folder that can be opened", where=visible(str(folder)), hint="name a dossier"
        )
    report = Checked(str(folder))
    lying = Folder(folder)
    try:
        _walk(lying, report)
        lying.step = summed(progress, "reading", sum(lying.sizes.values()))
        report.close("layout", f"{len(lying.sizes)} files, nothing that does not belong")
        _bagit(lying, report)
        blake3 = _manifests(lying, report)
        proof = Proof(lying, report)
        if progress is not None:
            progress("checking proofs and signatures", 0)
        proof.check(log_vkey, genesis)
        check_anchors(lying, report, proof, tsa_roots)
        _signature(lying, report, proof.registry)
        if progress is not None:
            progress("holding what is told against the proofs", 0)
        check_shown(lying, report, proof, blake3)
    except Broken as error:
        report.found("layout", str(error))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        report.found("layout", f"it is built as no dossier is ({type(error).__name__})")
    _time_stamp(lying, report, tsa_roots)
    given = log_vkey is not None or genesis is not None
    trust = "held against what was given from outside"
    report.close("trust", trust if given else "self-attested: the log's key was taken from the dossier itself")
    return report


def _time_stamp(lying: Folder, report: Checked, roots: bytes | None) -> None:
    """Hold a time-stamp against the tag manifest, and against roots where somebody brought them."""
    what = "there is no time-stamp: when it was made rests on the archive's own word"
    if STAMP in lying.sizes:
        try:
            stamp, data = lying.read(STAMP), lying.read(SIGNED)
            if time_stamp.imprint(stamp) != hashlib.sha256(data).digest():
                raise Broken("the time-stamp is over other bytes")
            what = "a time-stamp is over this dossier; whose it is was not judged: bring the authority's roots"
            if roots is not None:
                held = time_stamp.check(stamp, data, roots)
                what = f"it existed by {held.time:%Y-%m-%dT%H:%M:%SZ}, by a time-stamp of the authority that was given"
        except UnreachableError:
            raise
        except (SijillError, Broken) as error:
            report.found("timestamp", str(error))
    report.close("timestamp", what)


def _walk(lying: Folder, report: Checked) -> None:
    """List every file; links, special files, unsafe names, twins and empty folders are findings."""
    twins: set[str] = set()
    waiting = [""]
    while waiting:
        inside = waiting.pop()
        try:
            listed = sorted(os.scandir(lying.path / inside), key=lambda entry: entry.name)
        except OSError as error:
            raise away(inside or str(lying.path), error) from error
        if not listed:
            report.found("layout", f"{visible(inside) or 'the dossier'} is an empty folder")
        for found in listed:
            name = f"{inside}/{found.name}" if inside else found.name
            folded = unicodedata.normalize("NFC", name).casefold()
            if folded in twins or not _NAME.match(found.name):
                report.found("layout", f"{visible(name)}: a name that no file of a dossier has")
            twins.add(folded)
            status = found.stat(follow_symlinks=False)
            if stat.S_ISDIR(status.st_mode):
                if not inside and name != "data":
                    report.found("layout", f"{visible(name)}: a folder that does not belong here")
                waiting.append(name)
            elif not stat.S_ISREG(status.st_mode):
                report.found("layout", f"{visible(name)} is a link or no file")
            else:
                if not (PAYLOAD.match(name) if inside else name in (*ROOT_FILES, STAMP)):
                    report.found("layout", f"{visible(name)}: a file that does not belong here")
                lying.sizes[name] = status.st_size
            if len(lying.sizes) > MOST_FILES:
                raise Broken("there are more files than a dossier may have")
    for name in ROOT_FILES:
        if name not in lying.sizes:
            report.found("layout", f"{name} is not there")


def _bagit(lying: Folder, report: Checked) -> None:
    payload = [size for name, size in lying.sizes.items() if name.startswith("data/")]
    try:
        if lying.text("bagit.txt") != DECLARATION:
            report.found("bagit", "bagit.txt is not that of BagIt 1.0")
        info = lying.text("bag-info.txt")
        if "\r" in info or f"Payload-Oxum: {sum(payload)}.{len(payload)}" not in info.split("\n"):
            report.found("bagit", "bag-info.txt tells another number or size of files")
        told = re.search(r"^Payload-Oxum: (\d{1,18})\.", info, re.ASCII | re.MULTILINE)
        lying.most = int(told[1]) if told else lying.most
    except Broken as error:
        report.found("bagit", str(error))
    report.close("bagit", "a BagIt 1.0 folder of the size that it says")


def _listed(lying: Folder, report: Checked, check: str, name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    try:
        lines = lying.text(name).split("\n")
    except Broken as error:
        report.found(check, str(error))
        return found
    if lines.pop():
        report.found(check, f"{name} does not end its last line")
    for number, line in enumerate(lines, 1):
        match = _LINE.match(line)
        if match is None or match[2] in found:
            report.found(check, f"{name}: line {number} is malformed or lists a file twice")
        else:
            found[match[2]] = match[1]
    return found


def _manifests(lying: Folder, report: Checked) -> dict[str, str]:
    """Hold every file against the manifests and the manifests against every file; gives the BLAKE3 list."""
    payload = {name for name in lying.sizes if name.startswith("data/")}
    tags = {name for name in lying.sizes if "/" not in name} - {SIGNED, SIGNATURE, STAMP}
    blake3: dict[str, str] = {}
    for check, name, expected in (
        ("manifest-sha256", "manifest-sha256.txt", payload),
        ("tagmanifest", SIGNED, tags),
        ("manifest-blake3", "manifest-blake3.txt", payload),
    ):
        listed = _listed(lying, report, check, name)
        if check == "manifest-blake3":
            blake3 = listed
        for path in sorted(listed.keys() - expected):
            report.found(check, f"{path} is listed and not there")
        for path in sorted(expected - listed.keys()):
            report.found(check, f"{visible(path)} is there and not listed")
        for path in sorted(listed.keys() & expected):
            found = lying.digest(path)
            if listed[path] != (found.blake3 if check == "manifest-blake3" else found.sha256):
                report.found(check, f"{path} is not what the manifest says")
        if check != "manifest-blake3":
            report.close(check, f"{len(listed)} files are listed, all are there, no other, and each is as listed")
    return blake3


def _signature(lying: Folder, report: Checked, registry: Registry) -> None:
    """The tag manifest is signed, for this purpose, by a key that may export."""
    what = ""
    try:
        blob = sshsig.verify(lying.read(SIGNED), namespace(registry.origin), lying.text(SIGNATURE))
        signer = sshsig.fingerprint(blob)
        what = f"signed with the key {signer}"
        for problem in registry.refusals([Entry(0, "export", "", signer, "", {})], [signer]):
            report.found("signature", problem)
    except (SijillError, Broken) as error:
        report.found("signature", str(error))
    report.close("signature", what)
