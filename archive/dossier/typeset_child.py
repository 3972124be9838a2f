"""The process that typesets one PDF and ends: a long dossier takes memory, and none of it stays.

It gives up the network and all memory beyond a limit before it reads its job.
Started by `archive.dossier.pdf` and by nobody else. Standard input is one job
as JSON; the answer is one byte (1 made, 0 not) and the PDF, or in words why
there is none.
"""

from __future__ import annotations

import contextlib
import json
import sys

MEMORY_BYTES = 2 << 30  # address space; a volume takes a third of it


def main() -> None:
    """Typeset, answer, end."""
    import typst

    from archive.reader_child import cut_network

    cut_network()
    _limit()
    job = json.loads(sys.stdin.buffer.read())
    try:
        made = typst.compile(
            job["source"], root=job["root"], font_paths=[job["fonts"]], ignore_system_fonts=True,
            pdf_standards=job["standards"], sys_inputs={"data": job["data"]}, timestamp=job["timestamp"],
        )  # fmt: skip
        answer = b"\1" + bytes(made)
    except (typst.TypstError, OSError, MemoryError) as error:
        answer = b"\0" + str(error)[:300].encode("utf-8", "replace")
    sys.stdout.buffer.write(answer)


def _limit() -> None:
    """Set the limits that last as long as the process; systems without `resource` have the time limit alone."""
    try:
        import resource
    except ImportError:
        return
    for name, most in (("RLIMIT_AS", MEMORY_BYTES), ("RLIMIT_FSIZE", 0), ("RLIMIT_CORE", 0)):
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(getattr(resource, name), (most, most))


if __name__ == "__main__":
    main()
