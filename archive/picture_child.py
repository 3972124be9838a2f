"""The process that makes copies of pictures and sound: limited, without network, told one file at a time.

Started by `archive.pictures` and by nobody else. A line of standard input is a
job as JSON: what to do (see `evidence.redaction.done`; `mark`, `compare`, `spoken`), a path, and what that
needs. The answer is one byte (1 made, 0 not), four bytes of length, and the
copy or the reason why there is none; of a comparison, reasons to refuse a copy.
"""

from __future__ import annotations

import json
import sys


def main() -> None:
    """Answer every line, until there is none."""
    from archive.reader_child import cut_network, limit, limit_next_file, open_regular
    from evidence.likeness_marks import mark
    from evidence.pdf_text import CannotTell
    from evidence.redaction import CannotCopy, done
    from evidence.remnants import refusals, spoken

    cut_network()
    limit()
    for line in sys.stdin.buffer:
        limit_next_file()
        made = b"\0"
        try:
            job = json.loads(line)
            with open_regular(job["path"]) as file:
                if job["do"] == "compare":
                    with open_regular(job["copy"]) as copy:
                        found = refusals(file.read(), job["types"][0], copy.read(), job["types"][1], job["gone"])
                    answer = json.dumps(found).encode()
                elif job["do"] == "spoken":
                    answer = json.dumps(spoken(file.read(), job["media_type"], job["names"])).encode()
                elif job["do"] == "mark":
                    answer = mark(file, job["media_type"])
                else:
                    answer = done(file, job)
                made = b"\1"
        except (CannotCopy, CannotTell) as error:
            answer = str(error).encode()
        except MemoryError:
            answer = b"it needs more memory than a copy may take"
        except Exception as error:
            answer = f"it cannot be decoded ({type(error).__name__})".encode()
        sys.stdout.buffer.write(made + len(answer).to_bytes(4, "big") + answer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
