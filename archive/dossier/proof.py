"""`data/proof/`: the files by which a stranger ties every shown value to the signed ledger.

    checkpoint  log.vkey  entries/IDX.json  entries/IDX.tlog-proof
    commits/IDX.txt  commits/IDX.sig  allowed_signers  disclosures.txt
    anchors/SIZE.checkpoint  .tsr  .roots.pem  .consistency

All bytes are exactly those of the ledger; nothing is signed or hashed anew here.
"""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from archive.dossier.bag import Bag
from archive.proof import Proof

if TYPE_CHECKING:
    from archive.workers import Saying

FOLDER = "data/proof"
ANCHORS = f"{FOLDER}/anchors"


def write_proof(bag: Bag, proof: Proof, progress: Saying | None = None) -> None:
    """Write the proof into the bag. Raises UnreachableError, or IntegrityError where an entry cannot be proved."""
    bag.add(f"{FOLDER}/checkpoint", proof.checkpoint)
    bag.add(f"{FOLDER}/log.vkey", proof.log_vkey + "\n")
    for done, proved in enumerate(proof.proved()):
        if progress is not None:
            progress("writing proofs", done, len(proof.entries))
        bag.add(f"{FOLDER}/entries/{proved.index}.json", proved.leaf)
        bag.add(f"{FOLDER}/entries/{proved.index}.tlog-proof", proved.proof)
    for commit in proof.commits:
        bag.add(f"{FOLDER}/commits/{commit.index}.txt", commit.text)
        for number, signature in enumerate(commit.signatures, 1):
            bag.add(f"{FOLDER}/commits/{signature_name(commit.index, number)}", signature)
    bag.add(f"{FOLDER}/allowed_signers", "".join(f"{name} {line}\n" for name, line in proof.signers))
    for anchor in proof.anchors:
        bag.add(f"{ANCHORS}/{anchor.size}.checkpoint", anchor.checkpoint)
        bag.add(f"{ANCHORS}/{anchor.size}.tsr", anchor.answer)
        bag.add(f"{ANCHORS}/{anchor.size}.roots.pem", anchor.roots)
        lines = [base64.b64encode(one).decode() + "\n" for one in anchor.hashes]
        bag.add(f"{ANCHORS}/{anchor.size}.consistency", "".join(lines))
    bag.stream(f"{FOLDER}/disclosures.txt", lambda file: file.writelines(proof.disclosures()))


def signature_name(index: int, number: int) -> str:
    """Give the name of a commit's signature: `IDX.sig`, and `IDX.2.sig` for a second signer's."""
    return f"{index}.sig" if number == 1 else f"{index}.{number}.sig"
