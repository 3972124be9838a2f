"""The command line's door: answers the short questions at once, and loads the rest only when it is asked for.

`--version` and the root `--help` are static text, which a test holds equal to
Typer's. This file imports nothing heavy and decides nothing about evidence.
A command parses, makes one call, shows the answer, and tells its exit status.

Exit status: 0 done, all holds; 1 a finding; 2 the call or the input is wrong;
3 could not look at all of it; 4 refused; 130 stopped by the user.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # built in; `signal` around it would cost every start its enums
import _thread
import os
import sys
from collections.abc import Sequence

VERSION = "0.1.0"
COMPLETING = "_SIJILL_COMPLETE"  # set by a shell that asks for completions
_OURS = {"archive": "ledger.py", "evidence": "imagery.py", "schemas": "canonical.py"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and give its exit status; `argv` is without the program's name."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    told = sys.unraisablehook

    def stop_again(lost: sys.UnraisableHookArgs) -> None:
        """Let a Ctrl-C that fell where nothing can be raised (in a callback of an import) stop the command still."""
        if lost.exc_type is KeyboardInterrupt:
            again = getattr(_signal, "pthread_kill", lambda *_: _thread.interrupt_main())
            _thread.start_new_thread(again, (_thread.get_ident(), _signal.SIGINT))  # in here it would be lost again
        else:
            told(lost)

    sys.unraisablehook = stop_again
    if argv is None and _signal.getsignal(_signal.SIGTERM) == _signal.SIG_DFL:
        _signal.signal(_signal.SIGTERM, _signal.default_int_handler)  # who is told to end tidies up, as after Ctrl-C
    try:
        return _answered(arguments)
    except KeyboardInterrupt:  # before there was anything to stop
        sys.stderr.write("\nsijill: stopped before it began\n")
        return 130
    finally:
        sys.unraisablehook = told
        if argv is None:  # the process ends here; what is said and done stands, whoever presses Ctrl-C now
            _signal.signal(_signal.SIGINT, _signal.SIG_IGN)
            _signal.signal(_signal.SIGTERM, _signal.SIG_IGN)


def _answered(arguments: list[str]) -> int:
    _speak_utf8()
    trouble = misplaced()
    if trouble:
        sys.stderr.write(trouble + "\n")
        return 3
    if COMPLETING not in os.environ:
        if arguments == ["--version"]:
            sys.stdout.write(f"sijill {VERSION}\n")
            return 0
        if arguments in ([], ["--help"], ["-h"]):
            return _root_help() or (0 if arguments else 2)
    from archive.cli.failing import guarded

    return guarded(arguments)


def _root_help() -> int:
    if os.environ.get("SIJILL_LANG"):
        from archive.cli.failing import guarded
        from archive.language import spoken_language

        if spoken_language() != "en":  # the text that stands ready is English
            return guarded(["--help"])
    from archive.cli.static import ROOT_HELP

    sys.stdout.write(ROOT_HELP)
    return 0


def misplaced() -> str:
    """Say which of our three packages is somebody else's, or give an empty string.

    Their names are common ones. All three must lie in one place and hold a
    file of ours; what the installer's records say is not asked.
    """
    places = {}
    for name, file in _OURS.items():
        try:
            found = __import__(name)
            place = os.path.dirname(os.path.abspath(next(iter(found.__path__))))
        except Exception as error:  # whatever a stranger's package does when it is imported
            return _stranger(name, f"it cannot be imported ({type(error).__name__})")
        if not os.path.isfile(os.path.join(place, name, file)):
            return _stranger(name, f"the one in {place} is another program's")
        places[name] = place
    if len(set(places.values())) > 1:
        told = ", ".join(f"{name} in {place}" for name, place in places.items())
        return _stranger("archive, evidence and schemas", f"they lie in different places ({told})")
    return ""


def _stranger(name: str, why: str) -> str:
    return (
        f"sijill: the package {name} that Python finds is not Sijill's: {why}. "
        "Install Sijill into an environment of its own, as the README shows."
    )


def _speak_utf8() -> None:
    """Make both streams UTF-8 that never fails, whatever the console says it is."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")
