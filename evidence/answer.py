"""What one test of a standard answers, and how answers are folded into one.

There are three answers, and none of them is yes or no: what cannot be told is
`undetermined` and never rounds up. Nothing here looks at a case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from evidence.reason import Reason

MET, NOT_MET, UNDETERMINED = "met", "not_met", "undetermined"
LACKING, OF_CASE = "lacking", "of-case"  # what is needed beside what is there; a field that the case does not tell


@dataclass(slots=True)
class Finding:
    """One test's answer, on which items, and what makes the words: why, and what would meet it where it is not met."""

    answer: str
    because: Callable[[], Any]  # makes a reason, when somebody asks
    places: Sequence[int] = ()  # of items
    lacks: Callable[[], Reason] | None = None

    def __bool__(self) -> bool:
        """Refuse: an answer has three values and none of them is yes or no."""
        raise TypeError("a Finding has three answers; compare `.answer` with one of them")


def conjunction(answers: Iterable[str]) -> str:
    """Fold answers: any `not_met`, else any `undetermined`, else `met`."""
    folded = MET
    for answer in answers:
        if answer == NOT_MET:
            return NOT_MET
        if answer == UNDETERMINED:
            folded = UNDETERMINED
    return folded
