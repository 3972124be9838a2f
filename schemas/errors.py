"""Every error a user of Sijill can meet, as one tree.

    SijillError                     code, exit status, message, where, hint
      InputError            exit 2  the input or the call is wrong; nothing was recorded
        NotFound            exit 2  no case, item, file or archive of that name
        FormatError         exit 2  bytes or text that do not follow their format
          CanonicalError    exit 2  not the canonical JSON of the ledger
        ExtraMissing        exit 2  an optional part is not installed
      IntegrityError        exit 1  what is stored is not what was recorded
      UnreachableError      exit 3  could not look at all of it
      RefusedError          exit 4  the role, the consent or the key does not allow it

An error says what happened, where, and what to do next. It never prints a
value from a sealed file, from consent, or from a line that could not be
parsed: place and kind only. Nothing here ends the process.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Problem(namedtuple("Problem", ("where", "problem"))):  # noqa: PYI024 -- every start would wait for typing's
    """One thing wrong with an input: where it stands (file, table, number), and what it is; both texts."""

    __slots__ = ()


class SijillError(Exception):
    """The root of the tree; `exit_status` is what the command ends with."""

    code = "error"
    exit_status = 2

    def __init__(
        self,
        message: str,
        *,
        where: str = "",
        hint: str = "",
        code: str | None = None,
        problems: Sequence[Problem] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint
        self.problems = tuple(problems)
        if code is not None:
            self.code = code

    def document(self) -> dict[str, Any]:
        """Give the `sijill-error/1` document."""
        document: dict[str, Any] = {
            "format": "sijill-error/1",
            "code": self.code,
            "message": self.message,
            "where": self.where,
            "hint": self.hint,
        }
        if self.problems:
            document["problems"] = [{"where": p.where, "problem": p.problem} for p in self.problems]
        return document


class InputError(SijillError):
    """The input or the call is wrong; nothing was recorded."""

    code = "input"
    exit_status = 2


class NotFound(InputError):
    """Nothing of that name is here."""

    code = "not-found"


class FormatError(InputError):
    """Bytes or text that do not follow the format they claim."""

    code = "format"


class CanonicalError(FormatError):
    """Not the canonical JSON that the ledger holds."""

    code = "canonical"


class ExtraMissing(InputError):
    """An optional part is not installed; the message names the extra."""

    code = "extra-missing"


class IntegrityError(SijillError):
    """What is stored is not what was recorded."""

    code = "integrity"
    exit_status = 1


class UnreachableError(SijillError):
    """Sijill could not look at all of it: unreadable, away, full or locked."""

    code = "unreachable"
    exit_status = 3


class RefusedError(SijillError):
    """The role, the consent or the key does not allow it."""

    code = "refused"
    exit_status = 4
