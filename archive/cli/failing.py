"""Where every command ends, well or badly: one place for errors, exits and the last word.

A SijillError becomes its exit status and its sentence, on stderr, or the
`sijill-error/1` document on stdout under `--json`. What nobody foresaw is
called a fault in Sijill and shows no traceback and no value, since either may
hold a name; `SIJILL_DEBUG=1` shows the traceback to those who mend it.
"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from itertools import pairwise

from archive.cli.arguments import arranged, wants_json
from schemas.errors import InputError, SijillError
from schemas.text import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

STOPPED = "stopped; what was already recorded stands, nothing is half recorded. Run the same command again to go on."
INTERRUPTED = 130
CUT_SHORT = 3


def guarded(arguments: Sequence[str]) -> int:
    """Run the call and give its exit status, whatever happens in it."""
    as_json = wants_json(arguments)
    try:
        status = _run(arranged(arguments))
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _last_word(STOPPED, INTERRUPTED)
    except BrokenPipeError:
        _forget_stdout()
        return CUT_SHORT
    except SijillError as error:
        return _told(error, as_json=as_json)
    except OSError as error:
        return _told(_from_system(error), as_json=as_json)
    except Exception as error:
        if isinstance(error.__cause__, KeyboardInterrupt):  # Ctrl-C in the making of a class
            return _last_word(STOPPED, INTERRUPTED)
        return _told(_changed(arguments) or _fault(error), as_json=as_json)
    except BaseException as stopped:
        from archive.workers import Stopped

        if not isinstance(stopped, Stopped):
            raise
        return _last_word(str(stopped), INTERRUPTED)
    return status


def _run(arguments: list[str]) -> int:
    from archive.cli.fast import try_plain

    status = try_plain(arguments)
    if status is not None:
        return status
    from archive.cli.root import run

    return run(arguments)


def _told(error: SijillError, *, as_json: bool) -> int:
    if os.environ.get("SIJILL_DEBUG") == "1":
        import traceback

        traceback.print_exc()
    try:
        if as_json:
            import json

            sys.stdout.write(json.dumps(error.document(), ensure_ascii=False, indent=2) + "\n")
            sys.stdout.flush()
        else:
            sys.stderr.write(_in_words(error))
            sys.stderr.flush()
    except OSError:
        _forget_stdout()
    return error.exit_status


def _in_words(error: SijillError) -> str:
    from archive.cli.showing import spoken

    lines = [f"sijill: {visible(spoken(error.message), lines=True)}"]
    if error.where and error.where not in error.message and not error.problems:
        lines.append(f"  at {visible(error.where)}")
    lines += ["  " + visible(": ".join(filter(None, (p.where, spoken(p.problem))))) for p in error.problems]
    if error.hint:
        lines.append(f"  -> {visible(spoken(error.hint), lines=True)}")
    return "\n".join(lines) + "\n"


def _last_word(sentence: str, status: int) -> int:
    from archive.cli.showing import spoken

    try:
        sys.stderr.write(f"\nsijill: {spoken(sentence)}\n")
    except OSError:
        pass
    return status


def _from_system(error: OSError) -> SijillError:
    """Name what the computer refused. Nothing in Sijill should let this come so far; if it does, it is still told."""
    from schemas.errors import UnreachableError

    where = visible(os.fsdecode(error.filename)) if isinstance(error.filename, str | bytes) else ""
    why = error.strerror or type(error).__name__
    if error.errno == errno.ENAMETOOLONG:
        short = where if len(where) <= 80 else where[:79] + "…"
        return usage(f"{short}: a path or a name in it is longer than this system allows", "choose a shorter one")
    return UnreachableError(
        f"{where or 'the computer'}: {why}", where=where, hint="mend that and run the same command again", code="system"
    )


def _changed(arguments: Sequence[str]) -> SijillError | None:
    """Give what an audit says of the archive that a command stumbled over; None where it holds, or there is none.

    A row that no act of ours writes breaks a command where it is read. That is
    told as what it is, after it was proved, and is no fault of Sijill's.
    """
    words = arranged(arguments)
    named = next((after for word, after in pairwise(words) if word == "--archive"), None)
    named = named or next((word.partition("=")[2] for word in words if word.startswith("--archive=")), None)
    try:
        from archive.audit import audit
        from archive.open import find
        from schemas.errors import UnreachableError

        archive = find(named)
        found = [one for one in audit(archive, objects=False).findings if one.severity == "finding"]
    except Exception:  # then the first error is the one to tell
        return None
    if not found:
        return None
    return UnreachableError(
        f"this archive was changed, which stopped the command ({found[0].code}: {visible(found[0].where)})",
        where=str(archive.folder), code="archive-changed",
        hint="write nothing more here; copy the archive away as it is, then run `sijill audit`, which tells all of it",
    )  # fmt: skip


def _fault(error: Exception) -> SijillError:
    """Give an unforeseen error as a fault of ours: its kind and its place, never its text."""
    from schemas.errors import UnreachableError

    place, trace = "", error.__traceback__
    while trace is not None:
        code: Any = trace.tb_frame.f_code
        if any(f"{os.sep}{floor}{os.sep}" in code.co_filename for floor in ("archive", "evidence", "schemas")):
            place = f"{os.path.basename(code.co_filename)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return UnreachableError(
        f"this is a fault in Sijill ({type(error).__name__}{' at ' + place if place else ''})",
        where=place,
        hint="report it with the command you ran; SIJILL_DEBUG=1 shows more, and may show what is in the evidence",
        code="fault",
    )


def usage(message: str, hint: str) -> InputError:
    """Give a wrong call as an error of the tree."""
    return InputError(message, hint=hint, code="usage")


def _forget_stdout() -> None:
    """Leave nothing that Python would try to write when it ends."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):
        pass
