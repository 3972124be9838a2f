"""Witness policies: who counts as a witness of the log, and how many of them must agree.

A policy is a text, kept in the ledger exactly as it was given. Reading is
strict, by line: what one reader could count otherwise than another is refused.
Keys are told apart by their points, never by the names they come with.

Follows C2SP tlog-policy, and tlog-cosignature (cosignature/v1, Ed25519).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from archive import note
from schemas.errors import FormatError
from schemas.text import visible

NOBODY = "none"
_WORDS = {"log": (2, 3), "witness": (3, 4), "group": (4, note.LARGEST)}  # how many words a line of each has
_STRANGE = re.compile("[\x00-\x08\x0b-\x1f\x7f]")


def cosigned_at(witness: note.Verifier, text: str, signature: bytes) -> datetime:
    """Give when (UTC) a witness cosigned a checkpoint's text. Raises FormatError where it did not."""
    if len(signature) != 72:
        raise FormatError(f"a cosignature of {visible(witness.name)} is malformed")
    seconds = int.from_bytes(signature[:8], "big")
    message = f"cosignature/v1\ntime {seconds}\n{text}".encode()
    if not witness.holds(message, signature[8:]):
        raise FormatError(f"the cosignature of {visible(witness.name)} does not hold")
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (OverflowError, ValueError, OSError):
        raise FormatError(f"the cosignature of {visible(witness.name)} says no time") from None


@dataclass
class Policy:
    """Which witnesses count, and how many must agree. A name is a witness or a group, and stands in one group at most.

    That, as tlog-policy asks, lets each witness count in one way only, whatever the groups.
    """

    witnesses: dict[str, note.Verifier] = field(default_factory=dict)  # by their name in the policy
    groups: dict[str, tuple[int, tuple[str, ...]]] = field(default_factory=dict)  # in the order of their lines
    quorum: str = NOBODY
    logs: set[str] = field(default_factory=set)  # verifier keys
    _used: set[str] = field(default_factory=set)

    @classmethod
    def parse(cls, text: str, log_vkey: str | None = None) -> Policy:
        """Read a tlog-policy file. Raises FormatError, by line.

        If `log_vkey` is given, the logs that it names must hold it, and no witness may be that log under another name.
        """
        if _STRANGE.search(text):
            raise FormatError("a policy holds no control characters but tabs and line ends")
        policy, quorum = cls(), False
        for number, line in enumerate(text.split("\n"), 1):
            words = [word for word in re.split("[ \t]+", line) if word]
            if not words or words[0].startswith("#"):
                continue
            try:
                if words[0] == "quorum":
                    if len(words) != 2 or quorum:
                        raise FormatError("a policy names one quorum, by one name")
                    policy.quorum, quorum = policy._known(words[1], none=True), True
                else:
                    policy._line(words)
            except FormatError as error:
                raise FormatError(f"line {number}: {error.message}") from None
        if not quorum:
            raise FormatError("it names no quorum", hint="the last line is `quorum NAME` or `quorum none`")
        if log_vkey is not None:
            policy._suits(log_vkey)
        return policy

    def _line(self, words: Sequence[str]) -> None:
        kind, least, most = words[0], *_WORDS.get(words[0], (0, 0))
        if not most:
            raise FormatError(f"`{visible(kind)[:60]}` is none of log, witness, group, quorum")
        if not least <= len(words) <= most:
            raise FormatError(f"a line of a {kind} has fewer words, or more, than this")
        if kind == "log":
            key = note.Verifier.parse(words[1]).vkey()
            if key in self.logs:
                raise FormatError("one log stands there twice")
            self.logs.add(key)
            return
        name = words[1]
        if name in self.witnesses or name in self.groups or name == NOBODY:
            raise FormatError(f"the name {visible(name)} is taken")
        if kind == "witness":
            witness = note.Verifier.parse(words[2], note.COSIGNATURE)
            if witness.point in {one.point for one in self.witnesses.values()}:
                raise FormatError("one witness key stands under two names")
            self.witnesses[name] = witness
        else:
            self.groups[name] = self._group(words[2], words[3:])

    def _group(self, wanted: str, names: Sequence[str]) -> tuple[int, tuple[str, ...]]:
        members = tuple(self._known(name) for name in names)
        count = {"any": 1, "all": len(members)}.get(wanted) or note.number(wanted)
        if not 1 <= count <= len(members):
            raise FormatError("a group asks for more members than it has, or for none")
        if len(set(members)) != len(members) or self._used.intersection(members):
            raise FormatError("a witness or group stands in one group, and once")
        self._used.update(members)
        return count, members

    def _known(self, name: str, *, none: bool = False) -> str:
        if name not in self.witnesses and name not in self.groups and not (none and name == NOBODY):
            raise FormatError(f"{visible(name)} is not named before")
        return name

    def _suits(self, log_vkey: str) -> None:
        if self.logs and log_vkey not in self.logs:
            raise FormatError("its log is not this archive's")
        point = note.Verifier.parse(log_vkey).point
        if any(one.point == point for one in self.witnesses.values()):
            raise FormatError("the log's own key is no witness of it")

    def met(self, signed: Collection[str]) -> bool:
        """Tell whether the witnesses (their names in the policy) who signed make the quorum."""
        agreed = {NOBODY, *signed}
        for name, (wanted, members) in self.groups.items():  # each is made of names before it
            if sum(member in agreed for member in members) >= wanted:
                agreed.add(name)
        return self.quorum in agreed

    def check(self, text: str, lines: Sequence[note.Signature]) -> dict[str, datetime]:
        """Give which witnesses cosigned a text, and when. Raises FormatError for a cosignature that does not hold.

        Lines of keys that the policy does not name are passed over.
        """
        found = {}
        for name, witness in self.witnesses.items():
            for line in lines:
                if (line.name, line.key_id) == (witness.name, witness.key_id):
                    found[name] = cosigned_at(witness, text, line.signature)
        return found
