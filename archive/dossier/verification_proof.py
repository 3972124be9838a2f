"""`data/proof/` checked: a checkpoint, entries in their places under it, and commits by keys with their roles.

Part of `archive.dossier.verification`. A commit's signed root is held against
the tree before it, which the commit's own inclusion proof gives.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping

from archive import merkle, note, sshsig
from archive.dossier.looking import Broken, Checked, Folder
from archive.dossier.proof import FOLDER, signature_name
from archive.ledger import COMMIT_NAMESPACE
from archive.proof import commit_text_of
from archive.registry import Registry
from schemas.entry import Entry
from schemas.errors import SijillError
from schemas.text import visible

_INDEX = re.compile(r"(0|[1-9][0-9]{0,15})\.json\Z", re.ASCII)


class Proof:
    """`data/proof/`: a checkpoint, entries in their places under it, and commits by keys with their roles."""

    def __init__(self, lying: Folder, report: Checked) -> None:
        self.lying, self.report = lying, report
        self.entries: dict[int, Entry] = {}
        self.before: dict[int, bytes | None] = {}
        self.leaves: dict[int, bytes] = {}
        self.registry = Registry()
        self.checkpoint: note.Checkpoint | None = None
        self.signed: list[tuple[str, int]] = []  # which key signed which commit

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
        self._nothing_else()

    def _nothing_else(self) -> None:
        """Find files of the proof that prove nothing which is shown; commits and anchors look after their own."""
        known = {f"{FOLDER}/{name}" for name in ("checkpoint", "log.vkey", "allowed_signers", "disclosures.txt")}
        known |= {f"{FOLDER}/entries/{index}.{part}" for index in self.entries for part in ("json", "tlog-proof")}
        elsewhere = (f"{FOLDER}/commits/", f"{FOLDER}/anchors/")
        for name in sorted({n for n in self.lying.sizes if n.startswith(f"{FOLDER}/")} - known):
            if not name.startswith(elsewhere):
                self.report.found("entries", f"{visible(name)} belongs to no entry that is proved")

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
        for signer, index in self.signed:
            bad_from = self.registry.keys[signer].bad_from if signer in self.registry.keys else None
            if bad_from is not None and index >= bad_from:
                self.report.found(check, f"commit {index}: disputed: its key was lost from entry {bad_from} on")
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
        self.signed += [(signer, commit.index) for signer in signers]
        for problem in problems:
            self.report.found("commits", f"{where}: {problem}")
        if body["first"] != 0:
            self._apply(entries)

    def _apply(self, entries: list[Entry]) -> None:
        for entry in entries:
            try:
                problems = self.registry.apply(entry)
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


def first_entries(entries: Mapping[int, Entry]) -> dict[str, Entry]:
    """Give the first entry of each subject."""
    found: dict[str, Entry] = {}
    for _, entry in sorted(entries.items()):
        if entry.sub is not None:
            found.setdefault(entry.sub, entry)
    return found


def to_base64(data: bytes) -> str:
    """Give padded standard base64."""
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
