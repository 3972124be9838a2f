"""Outside time-stamps over the ledger, as they travel in `data/proof/anchors/`: checked against the proof beside them.

Part of `archive.dossier.verification`. A stamp over the checkpoint of N entries
counts only where that checkpoint is the log's, and the dossier's own
checkpoint begins with it.
"""

from __future__ import annotations

import base64
import hashlib
import re

from archive import merkle, note, time_stamp
from archive.dossier.looking import Broken, Checked, Folder
from archive.dossier.proof import ANCHORS
from archive.dossier.verification_proof import Proof
from schemas.errors import SijillError, UnreachableError

_NAME = re.compile(r"([1-9][0-9]{0,15})\.(checkpoint|tsr|consistency|roots\.pem)\Z", re.ASCII)
_PARTS = ("checkpoint", "consistency", "roots.pem", "tsr")


def check_anchors(lying: Folder, report: Checked, proof: Proof, roots: bytes | None) -> None:
    """Check every anchor, under `roots` (PEM) where somebody brought them. Raises UnreachableError."""
    sizes: dict[int, set[str]] = {}
    for name in sorted(n for n in lying.sizes if n.startswith(f"{ANCHORS}/")):
        match = _NAME.match(name.removeprefix(f"{ANCHORS}/"))
        if match is None:
            report.found("anchors", f"{name} is no part of an anchor")
        else:
            sizes.setdefault(int(match[1]), set()).add(match[2])
    what = "no outside time-stamp over the ledger travels with it"
    for size, parts in sorted(sizes.items()):
        try:
            if parts != set(_PARTS):
                raise Broken("a part of it is not there")
            at = _anchor(lying, proof, size, roots)
            by = f"by {at}, by the authority that was given" if at else "by a time-stamp whose authority was not judged"
            what = f"the first {size} entries existed {by}"
        except UnreachableError:
            raise
        except (SijillError, Broken) as error:
            report.found("anchors", f"the anchor of {size} entries: {error}")
    report.close("anchors", what)


def _anchor(lying: Folder, proof: Proof, size: int, roots: bytes | None) -> str | None:
    """Give the time of a stamp that holds under `roots`, None without them. Raises Broken or SijillError."""
    whole = proof.checkpoint
    if whole is None:
        raise Broken("there is no checkpoint to hold it against")
    stored = lying.read(f"{ANCHORS}/{size}.checkpoint")
    stamped = note.open_checkpoint(stored, proof.registry.log_vkey_at(size))
    if stamped.size != size or stamped.origin != whole.origin:
        raise Broken("its checkpoint is another")
    lines = lying.text(f"{ANCHORS}/{size}.consistency").split("\n")
    if lines.pop():
        raise Broken("its consistency proof does not end its last line")
    hashes = [_hash(line) for line in lines]
    if not merkle.verify_consistency(size, whole.size, hashes, stamped.root, whole.root):
        raise Broken("the ledger of this dossier does not begin with what was stamped")
    answer = lying.read(f"{ANCHORS}/{size}.tsr")
    if time_stamp.imprint(answer) != hashlib.sha256(stored).digest():
        raise Broken("the time-stamp is over other bytes")
    if roots is None:
        return None
    return f"{time_stamp.check(answer, stored, roots).time:%Y-%m-%dT%H:%M:%SZ}"


def _hash(line: str) -> bytes:
    try:
        found = base64.b64decode(line.encode("ascii"), validate=True)
    except ValueError:
        raise Broken("its consistency proof is malformed") from None
    if len(found) != merkle.HASH_SIZE or base64.b64encode(found).decode() != line:
        raise Broken("its consistency proof is malformed")
    return found
