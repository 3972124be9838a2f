"""`sijill dossier verify`: every file, signature, proof and shown value of a dossier, checked in process.

Says the same as the `verify.py` that travels with the dossier, which shares no
code with it, and recomputes BLAKE3 besides. Reads a stranger's folder: no link
is followed, nothing is written, and what a file says of itself is believed
only as far as something signed bears it out.
"""

from __future__ import annotations

import os
import re
import stat
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archive import merkle, note, sshsig
from archive.dossier.bag import DECLARATION, SIGNATURE, SIGNED
from archive.dossier.instructions import namespace
from archive.dossier.proof import FOLDER, signature_name
from archive.ledger import COMMIT_NAMESPACE
from archive.proof import commit_text_of
from archive.registry import Registry
from evidence.digest import Digests, digest_stream
from schemas.entry import Entry
from schemas.errors import SijillError, UnreachableError
from schemas.text import visible

ROOT_FILES = (
    "bagit.txt", "bag-info.txt", "VERIFY.txt", "verify.py", "manifest-sha256.txt", "manifest-blake3.txt", SIGNED,
    SIGNATURE,
)  # fmt: skip
WHERE = {
    "layout": "the folder", "bagit": "bag-info.txt", "manifest-sha256": "manifest-sha256.txt", "tagmanifest": SIGNED,
    "manifest-blake3": "manifest-blake3.txt", "signature": SIGNATURE, "checkpoint": f"{FOLDER}/checkpoint",
    "entries": f"{FOLDER}/entries", "commits": f"{FOLDER}/commits", "signers": f"{FOLDER}/allowed_signers",
    "disclosures": f"{FOLDER}/disclosures.txt", "records": "data/records", "exhibits": "data/exhibits.csv",
}  # fmt: skip
MOST_FILES = 1_000_000
MOST_TEXT_BYTES = 512 * 1024 * 1024
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}(?<!\.)\Z")
_LINE = re.compile(r"([0-9a-f]{64})  ([A-Za-z0-9._/-]+)\Z")
_INDEX = re.compile(r"(0|[1-9][0-9]{0,15})\.json\Z", re.ASCII)


class Broken(Exception):
    """Something is not as it must be."""


@dataclass
class Checked:
    """What was checked and what was found: the `sijill-dossier-verify/1` document."""

    folder: str
    checks: list[dict[str, Any]] = field(default_factory=list)
    findings: list[dict[str, str]] = field(default_factory=list)

    def found(self, check: str, what: str) -> None:
        """Note one thing that does not hold."""
        self.findings.append({"code": check, "where": WHERE.get(check, check), "what": what})

    def close(self, check: str, what: str) -> None:
        """End one check: it holds if nothing was found under its name."""
        found = [one["what"] for one in self.findings if one["code"] == check]
        self.checks.append({"id": check, "ok": not found, "what": found[0] if found else what})

    @property
    def ok(self) -> bool:
        """Tell whether everything holds."""
        return not self.findings

    @property
    def exit_status(self) -> int:
        """0 everything holds, 1 it does not."""
        return 0 if self.ok else 1

    def document(self) -> dict[str, Any]:
        """Give the `sijill-dossier-verify/1` document."""
        return {
            "format": "sijill-dossier-verify/1", "dossier": self.folder, "ok": self.ok, "checks": self.checks,
            "findings": self.findings,
        }  # fmt: skip


@dataclass
class Folder:
    """The files of a dossier folder as they lie there, with digests once they were read."""

    path: Path
    sizes: dict[str, int] = field(default_factory=dict)
    digests: dict[str, Digests] = field(default_factory=dict)

    def read(self, name: str) -> bytes:
        """Give a small file's bytes. Raises Broken where it is not there, UnreachableError where it cannot be read."""
        if name not in self.sizes:
            raise Broken(f"{name} is not there")
        if self.sizes[name] > MOST_TEXT_BYTES:
            raise Broken(f"{name} is larger than such a file may be")
        try:
            return self.path.joinpath(*name.split("/")).read_bytes()
        except OSError as error:
            raise away(name, error) from error

    def text(self, name: str) -> str:
        """Give a UTF-8 file. Raises Broken or UnreachableError."""
        try:
            return self.read(name).decode()
        except UnicodeDecodeError:
            raise Broken(f"{name} is not UTF-8") from None

    def digest(self, name: str) -> Digests:
        """Read a file once and give its digests. Raises UnreachableError."""
        if name not in self.digests:
            try:
                with self.path.joinpath(*name.split("/")).open("rb") as file:
                    self.digests[name] = digest_stream(file.read)
            except OSError as error:
                raise away(name, error) from error
        return self.digests[name]


def away(name: str, error: OSError) -> UnreachableError:
    """Give the error for a file or folder that cannot be looked at."""
    shown = visible(name)
    return UnreachableError(f"{shown} cannot be read ({error.strerror})", where=shown, hint="check its permissions")


def verify_dossier(folder: Path, *, log_vkey: str | None = None, genesis: str | None = None) -> dict[str, Any]:
    """Check a dossier and give the `sijill-dossier-verify/1` document. Raises UnreachableError."""
    return check(folder, log_vkey, genesis).document()


def check(folder: Path, log_vkey: str | None = None, genesis: str | None = None) -> Checked:
    """Check a dossier. Raises UnreachableError where it cannot be looked at.

    `log_vkey` (a C2SP verifier key) and `genesis` (the leaf hash of entry 0, hex
    or base64) are what was got by another channel than the dossier.
    """
    from archive.dossier.verification_shown import check_shown

    if not folder.is_dir():
        raise UnreachableError(
            f"{visible(str(folder))} is no folder that can be opened", where=visible(str(folder)), hint="name a dossier"
        )
    report = Checked(str(folder))
    lying = Folder(folder)
    try:
        _walk(lying, report)
        report.close("layout", f"{len(lying.sizes)} files, nothing that does not belong")
        _bagit(lying, report)
        blake3 = _manifests(lying, report)
        proof = Proof(lying, report)
        proof.check(log_vkey, genesis)
        _signature(lying, report, proof.registry)
        check_shown(lying, report, proof.entries, blake3)
    except Broken as error:
        report.found("layout", str(error))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError) as error:
        report.found("layout", f"it is built as no dossier is ({type(error).__name__})")
    report.close("timestamp", "there is no time-stamp: when it was made rests on the archive's own word")
    given = log_vkey is not None or genesis is not None
    trust = "held against what was given from outside"
    report.close("trust", trust if given else "self-attested: the log's key was taken from the dossier itself")
    return report


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
                if not inside and name not in ROOT_FILES:
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
    tags = {name for name in lying.sizes if "/" not in name} - {SIGNED, SIGNATURE}
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


class Proof:
    """`data/proof/`: a checkpoint, entries in their places under it, and commits by keys with their roles."""

    def __init__(self, lying: Folder, report: Checked) -> None:
        self.lying, self.report = lying, report
        self.entries: dict[int, Entry] = {}
        self.before: dict[int, bytes | None] = {}
        self.leaves: dict[int, bytes] = {}
        self.registry = Registry()
        self.checkpoint: note.Checkpoint | None = None

    def check(self, log_vkey: str | None, genesis: str | None) -> None:
        """Check everything of the proof."""
        try:
            own = self.lying.text(f"{FOLDER}/log.vkey")
            if not own.endswith("\n") or (log_vkey is not None and own.strip() != log_vkey.strip()):
                self.report.found("checkpoint", "the log's key is not the one that was given")
            stored = self.lying.read(f"{FOLDER}/checkpoint")
            self.checkpoint = note.open_checkpoint(stored, own[:-1])
            if len(note.SignedNote.parse(stored).signatures) != 1:
                raise Broken("the checkpoint is not signed by its log alone")
        except (SijillError, Broken) as error:
            self.report.found("checkpoint", str(error))
        said = self.checkpoint
        what = f"the log {visible(said.origin)} signed its state of {said.size} entries" if said else ""
        self.report.close("checkpoint", what)
        if said is None:
            return
        self._entries(stored, said)
        start = self.entries.get(0)
        if start is None or start.t != "genesis":
            self.report.found("entries", "entry 0, the genesis of the archive, is not proved")
        elif genesis is not None and genesis.strip() not in spellings(self.leaves[0]):
            self.report.found("entries", "entry 0 is not the genesis that was given")
        self._chains()
        self.report.close("entries", f"{len(self.entries)} entries lie in the ledger exactly as shown")
        self._commits(said.origin, own[:-1])

    def _entries(self, stored: bytes, checkpoint: note.Checkpoint) -> None:
        folder = f"{FOLDER}/entries/"
        for name in sorted(n for n in self.lying.sizes if n.startswith(folder) and n.endswith(".json")):
            match = _INDEX.match(name.removeprefix(folder))
            if match is None:
                self.report.found("entries", f"{name} is named after no entry")
                continue
            index = int(match[1])
            try:
                leaf = self.lying.read(name)
                entry = Entry.parse(index, leaf)
                proof = note.TlogProof.parse(self.lying.read(f"{folder}{index}.tlog-proof"))
                if proof.index != index or proof.checkpoint_note != stored or proof.extra is not None:
                    raise Broken("its proof is for another entry or against another checkpoint")
                held = merkle.verify_inclusion(
                    merkle.leaf_hash(leaf), index, checkpoint.size, list(proof.hashes), checkpoint.root
                )
                if not held:
                    raise Broken("its proof does not lead to the checkpoint")
            except (SijillError, Broken) as error:
                self.report.found("entries", f"entry {index}: {error}")
                continue
            self.entries[index], self.leaves[index] = entry, leaf
            self.before[index] = root_before(index, checkpoint.size, list(proof.hashes))

    def _chains(self) -> None:
        last: dict[str, int] = {}
        for index, entry in sorted(self.entries.items()):
            if entry.sub is not None:
                if entry.prev != last.get(entry.sub):
                    self.report.found("entries", f"entry {index} follows one that is not shown")
                last[entry.sub] = index

    def _commits(self, origin: str, own_key: str) -> None:
        check, covered, names = "commits", set[int](), set[str]()
        commits = [entry for _, entry in sorted(self.entries.items()) if entry.t == "commit"]
        for commit in commits:
            first, count = commit.body["first"], commit.body["count"]
            if type(first) is not int or type(count) is not int or count < 1 or first + count != commit.index:
                self.report.found(check, f"commit {commit.index} does not stand behind the entries that it signs")
                continue
            entries = [e for i, e in sorted(self.entries.items()) if first <= i < commit.index]
            covered.update(entry.index for entry in entries)
            if any(entry.t == "commit" for entry in entries):
                self.report.found(check, f"commit {commit.index} signs another commit")
            self._commit(origin, commit, entries)
            names |= self._commit_files(origin, commit)
        for index, entry in sorted(self.entries.items()):
            if entry.t != "commit" and index not in covered:
                self.report.found(check, f"entry {index} is signed by no commit that is shown")
        for name in sorted({n for n in self.lying.sizes if n.startswith(f"{FOLDER}/commits/")} - names):
            self.report.found(check, f"{name} belongs to no commit that is proved")
        if self.registry.origin != origin:
            self.report.found(check, "the checkpoint is of another archive than entry 0")
        if self.registry.log_vkey != own_key:
            self.report.found(check, "the log's key is not the one that the ledger names")
        self.report.close(check, f"{len(commits)} commits, each signed by keys that may write what it holds")
        self._allowed()

    def _commit(self, origin: str, commit: Entry, entries: list[Entry]) -> None:
        where, body = f"commit {commit.index}", commit.body
        root, signers = self.before[commit.index], []
        if root is None or body["root"] != to_base64(root):
            self.report.found("commits", f"{where} signs another state of the ledger than this one")
        if commit.sub is not None or commit.prev is not None or commit.sd:
            self.report.found("commits", f"{where} has members that no commit has")
        for sig in body["sigs"] if isinstance(body["sigs"], list) else []:
            try:
                if set(sig) != {"by", "sig"}:
                    raise Broken("a malformed signature")
                by = sshsig.fingerprint(sshsig.verify(commit_text_of(origin, commit), COMMIT_NAMESPACE, sig["sig"]))
                if by != sig["by"]:
                    raise Broken("a signature is by another key than it says")
                signers.append(by)
            except (SijillError, Broken, KeyError, TypeError, ValueError, AttributeError) as error:
                self.report.found("commits", f"{where}: {error}")
        if not signers:
            self.report.found("commits", f"{where} carries no signature that holds")
        if body["first"] == 0:
            self._apply(entries)
        problems = self.registry.refusals(entries, signers)
        if commit.by not in signers or any(entry.by not in signers for entry in entries):
            problems.append("an entry names a key that did not sign")
        for signer in signers:
            key = self.registry.keys.get(signer)
            if key is not None and key.bad_from is not None and commit.index >= key.bad_from:
                problems.append(f"disputed: its key was reported lost from entry {key.bad_from} on")
        for problem in problems:
            self.report.found("commits", f"{where}: {problem}")
        if body["first"] != 0:
            self._apply(entries)

    def _apply(self, entries: list[Entry]) -> None:
        for entry in entries:
            try:
                problems = self.registry.apply(entry)
                if entry.t == "logkey.rotate":
                    self.registry.log_vkey = entry.body["log_vkey"]
            except (SijillError, KeyError, TypeError, AttributeError, ValueError):
                problems = [f"entry {entry.index} is malformed"]
            for problem in problems:
                self.report.found("commits", problem)

    def _commit_files(self, origin: str, commit: Entry) -> set[str]:
        try:
            expected = {f"{FOLDER}/commits/{commit.index}.txt": commit_text_of(origin, commit)}
        except (ValueError, TypeError):
            expected = {}
        for number, sig in enumerate(commit.body["sigs"] if isinstance(commit.body["sigs"], list) else [], 1):
            if isinstance(sig, dict) and isinstance(sig.get("sig"), str):
                expected[f"{FOLDER}/commits/{signature_name(commit.index, number)}"] = sig["sig"].encode()
        for name, data in expected.items():
            if name not in self.lying.sizes or self.lying.read(name) != data:
                self.report.found("commits", f"{name} is not what entry {commit.index} says")
        return set(expected)

    def _allowed(self) -> None:
        lines = [f"{name} {key.line}\n" for name, key in self.registry.keys.items()]
        try:
            if self.lying.text(f"{FOLDER}/allowed_signers") != "".join(lines):
                self.report.found("signers", "allowed_signers is not what genesis and key entries say")
        except Broken as error:
            self.report.found("signers", str(error))
        self.report.close("signers", f"{len(lines)} keys, each from a proved entry")


def to_base64(data: bytes) -> str:
    """Give padded standard base64."""
    import base64

    return base64.b64encode(data).decode()


def spellings(leaf: bytes) -> tuple[str, str]:
    """Give a leaf's hash in hex and in base64."""
    found = merkle.leaf_hash(leaf)
    return found.hex(), to_base64(found)


def root_before(index: int, size: int, proof: list[bytes]) -> bytes | None:
    """Give the root of the tree of the first `index` leaves, from the inclusion proof of leaf `index`.

    The siblings to the left of the path are the complete subtrees of that
    tree, smallest first. None for index 0. The proof is held to be valid.
    """
    number, last, found = index, size - 1, None
    for other in proof:
        if number & 1 or number == last:
            found = other if found is None else merkle.node_hash(other, found)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        number, last = number >> 1, last >> 1
    return found


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
