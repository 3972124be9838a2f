"""Findings: what an audit may say, how grave each is, and what to do about it.

The table `CODES` is the one list; docs/format.md shows the same and a test
holds them equal. A finding is located and, as far as the evidence allows,
dated: `since` names the last act after which it still held. Of many alike a
hundred are told one by one and the rest counted, so that a report of ten
million broken rows can still be read.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

MOST_ALIKE = 100


class Code(NamedTuple):
    """One kind of finding: `finding` (exit 1), `unread` (exit 3), `warning` (exit 0); what it means; what to do."""

    severity: str
    means: str
    do: str


_COPY = "copy the archive away as it is; compare with a copy kept elsewhere"
_ASK = "ask those who signed; later acts of theirs count only if they stand by them"
_AGAIN = "run this again when it can be read"

CODES: dict[str, Code] = {
    # the ledger
    "genesis-missing": Code("finding", "the first entry is not the genesis of an archive", _COPY),
    "genesis-again": Code("finding", "a second genesis stands inside the ledger", _COPY),
    "entry-missing": Code("finding", "entries are gone, or their indices were changed", _COPY),
    "entry-malformed": Code("finding", "an entry is not in the one form that the format allows", _COPY),
    "entry-by": Code("finding", "an entry names a key that did not sign its commit", _ASK),
    "entry-time": Code("finding", "an entry bears another time than the commit that signs it", _ASK),
    "record-malformed": Code("finding", "an entry records what its type cannot hold; no record was made of it", _ASK),
    "name-twice": Code("finding", "two records of a case bear one name", _ASK),
    "merge-half": Code("finding", "a merge that only one of its two cases states; neither takes in the other", _ASK),
    "tail-uncommitted": Code("finding", "entries at the end that no commit signs", _COPY),
    "commit-range": Code("finding", "a commit does not sign exactly the entries before it", _COPY),
    "commit-root": Code("finding", "these entries are not those that were signed", _COPY),
    "commit-signature": Code("finding", "a signature on a commit does not hold", _COPY),
    "commit-unsigned": Code("finding", "a commit carries no signature that holds", _COPY),
    "role": Code("finding", "signed by somebody who may not write such entries", _ASK),
    "registry": Code("finding", "a change of keys or roles that cannot be", _ASK),
    "key-proof": Code("finding", "a key was added whose owner did not show that they hold it", _ASK),
    "chain": Code("finding", "an entry does not follow the one before it on its subject", _COPY),
    "disputed": Code("finding", "signed with a key at or after the place from which it is not believed", _ASK),
    "clock-back": Code("warning", "an act bears an earlier time than the one before it", "look at that clock"),
    "logkey-lost": Code(
        "warning", "the log key was replaced without the old one's word", "compare the new by telephone"
    ),
    # disclosures
    "disclosure-malformed": Code("finding", "what is kept beside an entry is no list of disclosures", _COPY),
    "disclosure-changed": Code("finding", "a value that its entry never committed to", _COPY),
    "disclosure-missing": Code("finding", "a value is gone, by no order", _COPY),
    "disclosure-stray": Code("finding", "values beside an entry that has none, or that is not there", _COPY),
    "erase-unfinished": Code("finding", "an order to erase was not carried out", "write any act: it ends the erasing"),
    # checkpoints
    "checkpoint-missing": Code("finding", "a commit without its checkpoint", _COPY),
    "checkpoint-stray": Code("finding", "a checkpoint that no commit made", _COPY),
    "checkpoint-signature": Code("finding", "a checkpoint is malformed, or the log did not sign it", _COPY),
    "checkpoint-wrong": Code("finding", "a checkpoint of another log or size stands in a row", _COPY),
    "checkpoint-root": Code("finding", "the entries do not give the root that the log signed", _COPY),
    "checkpoint-file": Code("finding", "the file `checkpoint` is not there or not of this ledger", _COPY),
    "checkpoint-older": Code(
        "warning", "the file `checkpoint` is older than the ledger", "the next act writes it again"
    ),
    # what lies outside the archive
    "origin": Code("finding", "sijill.toml names another origin than entry 0", _COPY),
    "pin": Code("finding", "this is not the history that this computer has seen", "believe nothing newer than the pin"),
    "pin-unreadable": Code("finding", "this computer's pin cannot be read", "find out why before moving it away"),
    "pin-none": Code("warning", "this computer has never seen this archive", "hold it --against a kept checkpoint"),
    "against": Code("finding", "this is not the history of a kept checkpoint", "keep both: together they are proof"),
    "predecessor": Code("finding", "the older archive kept inside is not the one that entry 0 names", _COPY),
    "predecessor-none": Code(
        "warning", "the older archive that this one goes on from is not kept inside", "find out where it is kept"
    ),
    "anchor": Code(
        "finding", "a time-stamp that was recorded does not hold", "ask the authority; have it stamped again"
    ),
    "anchor-unread": Code("unread", "a time-stamp could not be checked here", "run this where openssl is installed"),
    "witness": Code("finding", "a cosignature that was recorded does not hold", "ask the witness; compare both heads"),
    "at-outside": Code("finding", "an entry says a time at which it was not made", _ASK),
    # the database
    "schema": Code("finding", "the database holds other tables, indexes or triggers than an archive's", _COPY),
    "database-damaged": Code("finding", "the database file is damaged", _COPY),
    "journal": Code("finding", "a journal that Sijill never makes would change the database when opened", _COPY),
    "journal-left": Code("warning", "a writer is at work or was stopped; its journal was read too", _AGAIN),
    "cache": Code(
        "warning",
        "hashes kept to save work are wrong; nothing is proved by them",
        "nothing depends on them: proofs are then made from the entries",
    ),
    "view-changed": Code("finding", "a row of the tables made from the ledger is not what the ledger says", _COPY),
    "observation-changed": Code("finding", "the rows of a flight log are not those that were read from it", _COPY),
    # the folder
    "location": Code("finding", "sijill.toml points past the database or the objects of this folder", _COPY),
    "location-outside": Code(
        "warning", "database or objects lie outside this folder", "copy them too when you copy it"
    ),
    "standard-unknown": Code(
        "warning", "sijill.toml names a standard that is not there", "name one of `standard list`"
    ),
    "verifier": Code("warning", "verify.py here is not this version's own", "check with one from elsewhere"),
    "object-damaged": Code(
        "finding", "the bytes of an object are not those taken in", "fetch it from a copy; tell the court"
    ),
    "object-missing": Code("finding", "an object is gone, by no order", "fetch it from a copy; tell the court"),
    "object-alien": Code(
        "finding", "what lies among the objects is no object", "move it away, after copying the archive"
    ),
    "object-unlisted": Code(
        "warning", "an object that nothing names; a crash leaves such", "`sijill objects tidy` lists them"
    ),
    "object-unread": Code("unread", "an object could not be read", _AGAIN),
}


@dataclass(frozen=True)
class Finding:
    """One thing that does not hold: its code, how grave, where, what in words, and since when at the earliest."""

    code: str
    severity: str
    where: str
    what: str
    since: str | None = None

    def document(self) -> dict[str, Any]:
        """Give the JSON member."""
        return {
            "code": self.code, "severity": self.severity, "where": self.where, "what": self.what, "since": self.since,
        }  # fmt: skip


@dataclass
class Findings:
    """What was found so far, in order, of each code at most `MOST_ALIKE`; the others are counted."""

    listed: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, code: str, where: str, what: str, since: str | None) -> None:
        """Note one thing. `since` says after which act it still held, None where nothing tells."""
        self.counts[code] += 1
        if self.counts[code] <= MOST_ALIKE:
            self.listed.append(Finding(code, CODES[code].severity, where, what, since))
        elif self.counts[code] == MOST_ALIKE + 1:
            self.listed.append(Finding(code, CODES[code].severity, "further places", "", since))

    @property
    def grave(self) -> int:
        """Tell how many there are that are more than warnings."""
        return sum(count for code, count in self.counts.items() if CODES[code].severity != "warning")

    def closed(self) -> list[Finding]:
        """Give all of them; what was not told one by one stands in one line a code, with its number."""
        return [
            Finding(f.code, f.severity, f.where, f"{self.counts[f.code] - MOST_ALIKE} more of the same", f.since)
            if f.where == "further places"
            else f
            for f in self.listed
        ]
