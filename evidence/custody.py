"""Who held an item before it was registered: where what was told of it breaks off, and what cannot be told.

The one reading of a custody, for a standard that asks that it be unbroken and
for people who look at it. A receipt makes the receiver the holder, also where
the giver wrote no transfer, or wrote another name: that is for people to see,
and breaks nothing. Fills no gap.

Follows the custody test of standards: it runs from capture or receipt to
registration, each transfer made by the one who held it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from evidence.reason import Reason, Term, reason

Event = Mapping[str, Any]


@dataclass(frozen=True)
class Gap:
    """A place where custody breaks off: the number of the event (from 0) that it stands before, and what it is.

    `broken` tells what was told and cannot be from what was not told; `because` says it without a name. Both are
    reasons (`evidence.reason`).
    """

    before: int
    broken: bool
    because: Reason
    what: Reason


def gaps(events: Sequence[Event]) -> Iterator[Gap]:
    """Give the gaps of what was told of an item until it was registered, oldest event first.

    `events` have `action` and `by`, a transfer also `to`. Nothing told at all is no gap here: the caller knows.
    """
    holder: str | None = None
    unnamed = False  # the last to get it was not told
    for number, event in enumerate(events):
        action, by = event.get("action"), str(event.get("by"))
        if action in ("capture", "receive"):
            holder, unnamed = by, False
            continue
        if not number:
            yield Gap(
                0, broken=True, because=reason("custody-begins", action=Term("custody_action", str(action))),
                what=reason("gap-start"),
            )  # fmt: skip
        if action == "transfer":
            if unnamed:
                yield _to_nobody(number)
            elif holder is not None and by != holder:
                yield Gap(
                    number, broken=True, because=reason("not-the-holder"),
                    what=reason("gap-handed-over", by=by, holder=holder),
                )  # fmt: skip
            to = event.get("to")
            holder, unnamed = (None, True) if to is None else (str(to), False)
    if unnamed:
        yield _to_nobody(len(events))


def _to_nobody(number: int) -> Gap:
    return Gap(number, broken=False, because=reason("to-nobody"), what=reason("gap-to-nobody"))


def otherwise_received(events: Sequence[Event]) -> dict[int, str]:
    """Give the receipts, by their number, of what was handed over to somebody else: to whom."""
    found: dict[int, str] = {}
    to: str | None = None
    for number, event in enumerate(events):
        if event.get("action") == "receive" and to is not None and to != event.get("by"):
            found[number] = to
        to = event.get("to") if event.get("action") == "transfer" else None
    return found
