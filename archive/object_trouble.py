"""What went wrong with a source or with the object store, as sentences that say what to do now.

Names of files are shown with control and direction characters escaped. A
sentence never holds bytes of evidence.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence

from schemas.errors import InputError, IntegrityError, Problem, SijillError, UnreachableError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from archive.object_source import Fault

_FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
_NO_LEAVE = (errno.EROFS, errno.EACCES, errno.EPERM)


def shown(name: str) -> str:
    """Give a file's name fit for a terminal."""
    from schemas.text import visible

    return visible(name)


def source_problem(name: str, fault: Fault) -> Problem | None:
    """Say what is wrong with a source, or None where the fault is the store's."""
    said = {
        "changed": "the file changed while it was read; wait until nothing writes to it, then run the command again",
        "gone": "the file is not there",
        "not-regular": f"this is {fault.said or 'no regular file'}, not a regular file",
        "unreadable": f"the file cannot be read: {os.strerror(fault.number)}",
    }.get(fault.code)
    return None if said is None else Problem(shown(name), said)


def refusal(problems: Sequence[Problem]) -> InputError:
    """Give one error for everything wrong with the sources; its message is the first problem."""
    first, more = problems[0], len(problems) - 1
    return InputError(
        f"{first.where}: {first.problem}" + (f" (and {more} more)" if more else ""),
        where=first.where,
        hint="nothing was recorded",
        code="source",
        problems=problems,
    )


def store_trouble(root: str, fault: Fault, source: str) -> SijillError:
    """Say what is wrong with the store; `source` is the file that was being put, if it was one."""
    if fault.code == "unwritable":
        return unwritable(root, fault.number)
    path = f"{root}/{fault.said[:2]}/{fault.said}"
    if fault.code == "doubtful":
        return UnreachableError(
            f"object {fault.said} is stored already but cannot be read: {os.strerror(fault.number)}",
            where=path,
            hint="nothing was recorded; look at the disk and the permissions of the store",
            code="object-unreadable",
        )
    what = "its stored bytes do not fit its name" if fault.code == "damaged" else "a link or folder lies in its place"
    keep = f"; {shown(source)} has the right bytes, so keep it" if source else ""
    return IntegrityError(
        f"object {fault.said} is damaged: {what}",
        where=path,
        hint=f"nothing was overwritten; copy the archive away untouched, then run `sijill verify`{keep}",
        code="object-damaged",
    )


def full(root: str, free: int, needed: int) -> UnreachableError:
    """Say that the store has too little room, in bytes."""
    return UnreachableError(
        f"the object store has {free} bytes free and {needed} are needed; nothing was stored",
        where=root,
        hint="make room there, or move the archive to a larger disk, and run the command again",
        code="store-full",
    )


def unwritable(root: str, number: int) -> UnreachableError:
    """Say why the store took no bytes; `number` is the system's errno."""
    if number in _FULL:
        hint = "make room there, or move the archive to a larger disk, and run the command again"
    elif number == errno.EFBIG:
        hint = "the file is larger than this file system, or the limit of this account, allows"
    elif number in _NO_LEAVE:
        hint = "the store is read-only for this account: look at its permissions or its medium"
    else:
        hint = "look at the disk, then run the command again"
    return UnreachableError(
        f"the object store cannot be written: {os.strerror(number)}; nothing was recorded",
        where=root,
        hint=hint,
        code="store-full" if number in _FULL else "store-unwritable",
    )


def away(root: str, error: OSError, name: str = "") -> UnreachableError:
    """Say that the store, or the part of it called `name`, cannot be looked at."""
    return UnreachableError(
        f"the object store cannot be read: {os.strerror(error.errno or 0)}",
        where=f"{root}/{name}" if name else root,
        hint="is its disk connected, and may this account read it?",
        code="store-unreachable",
    )


def gone(root: str, name: str) -> IntegrityError:
    """Say that an object that is recorded is not in the store."""
    return IntegrityError(
        f"object {name}: its stored bytes are gone",
        where=f"{root}/{name[:2]}/{name}",
        hint="run `sijill audit`; fetch them from a copy, and tell who relies on them",
        code="object-missing",
    )


def taken_away(root: str, number: int = 1) -> UnreachableError:
    """Say that objects went after they were stored and before an act could name them: they were tidied or erased."""
    return UnreachableError(
        f"{number} of the objects that this act needs went from the store meanwhile; nothing was recorded",
        where=root,
        hint="another process removed them, since nothing named them yet; run the same command again",
        code="object-missing",
    )


def worker_lost(error: Exception) -> UnreachableError:
    """Say that the system took one of our processes."""
    return UnreachableError(
        f"{error}; nothing was recorded",
        hint="the system may be short of memory; run the command again",
        code="worker-lost",
    )
