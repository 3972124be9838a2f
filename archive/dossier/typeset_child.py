"""The process that typesets one PDF and ends: a long dossier takes memory, and none of it stays.

Started by `archive.dossier.pdf` and by nobody else. Standard input is one job
as JSON; the answer is one byte (1 made, 0 not) and the PDF, or in words why
there is none.
"""

from __future__ import annotations

import json
import sys


def main() -> None:
    """Typeset, answer, end."""
    import typst

    from archive.reader_child import cut_network

    cut_network()
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


if __name__ == "__main__":
    main()
