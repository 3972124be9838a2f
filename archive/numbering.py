"""Other people's exhibit numbers beside ours: a court's, a commission's, those of an earlier archive.

Ours are unique in the archive and never change; another scheme's are read from
a table, checked as a whole, and entered one by one in one commit. A later
number under the same scheme stands for the earlier one, which stays in the
ledger.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import ledger, paper
from archive.handed_over import bates
from archive.show import Kept, find_standing, gathered
from schemas.errors import InputError, Problem
from schemas.text import nearest, visible

if TYPE_CHECKING:
    from archive.open import Archive

HEADS = ("exhibit", "number")
MOST_ROWS, LONGEST = 100_000, 100


def number(archive: Archive, code: str, scheme: str, table: Path, signers: Sequence[ledger.Signer]) -> dict[str, Any]:
    """Enter the numbers of `table` under `scheme`; gives `sijill-exhibit-number/1`.

    The table is CSV with the heads `exhibit` (ours, or an item's id) and
    `number`. Raises IntegrityError, NotFound, InputError with everything that is wrong,
    RefusedError, UnreachableError; then nothing was recorded.
    """
    if not scheme.strip() or len(scheme) > LONGEST or visible(scheme) != scheme:
        raise InputError("a scheme needs a short name", hint="say it with --scheme NAME", code="scheme")
    rows = _rows(table)
    with ledger.writing(archive, signers) as act:
        find_standing(act.db, code)
        items = [record for record in gathered(act.db, code) if record.kind == "item"]
        known = numbers(act.rows("SELECT sub, fields FROM act WHERE t = 'exhibit.number' ORDER BY idx"))
        wanted = _checked(scheme, rows, items, known, visible(str(table)))
        for item, given in wanted:
            act.add("exhibit.number", sub=item.sub, fields={"scheme": scheme, "number": given})
    done = [{"id": item.name, "number": given} for item, given in wanted]
    more = act.receipt.document() if act.receipt else {"entries": {"first": None, "count": 0}}
    return {"format": "sijill-exhibit-number/1", "case": code, "scheme": scheme, "numbers": done, **more}


def numbered(items: Sequence[Kept]) -> list[tuple[Kept, str]]:
    """Give each item with its exhibit number: its rank of registration among those of its own case."""
    ranks: dict[str, int] = {}
    found = []
    for item in items:  # in the order of registration of each case
        ranks[item.code] = ranks.get(item.code, 0) + 1
        found.append((item, bates(item.code, ranks[item.code])))
    return found


def numbers(rows: Sequence[tuple[Any, ...]]) -> dict[str, dict[str, str]]:
    """Give subject -> scheme -> the newest number, from `(subject, fields)` of entries in their order."""
    found: dict[str, dict[str, str]] = {}
    for sub, text in rows:
        fields = json.loads(text)
        if "scheme" in fields and "number" in fields:
            found.setdefault(sub, {})[str(fields["scheme"])] = str(fields["number"])
    return found


def _rows(table: Path) -> list[tuple[int, str, str]]:
    shown = visible(str(table))
    try:
        text = paper.read(table).decode("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{shown} is no CSV in UTF-8", where=shown) from error
    if not rows or tuple(head.strip().lower() for head in rows[0]) != HEADS or len(rows) > MOST_ROWS:
        raise InputError(f"{shown} has not the heads `exhibit,number`", where=shown, hint="one row an exhibit")
    return [
        (line, *(cell.strip() for cell in row)) if len(row) == 2 else (line, "", "")  # type: ignore[misc]
        for line, row in enumerate(rows[1:], 2)
        if any(cell.strip() for cell in row)
    ]


def _checked(
    scheme: str, rows: Sequence[tuple[int, str, str]], items: Sequence[Kept],
    known: Mapping[str, Mapping[str, str]], table: str,
) -> list[tuple[Kept, str]]:  # fmt: skip
    """Give what is new of the rows. Raises InputError with every row that is wrong."""
    by_name: dict[str, Kept] = {}
    for item, given in numbered(items):
        by_name |= {given: item, item.name: item, item.label: item}
    taken = {schemes[scheme]: sub for sub, schemes in known.items() if scheme in schemes}
    problems: list[Problem] = []
    found: dict[str, tuple[Kept, str]] = {}
    for line, name, given in rows:
        named, where = by_name.get(name), f"{table}, line {line}"
        if named is None:
            near = nearest(name, by_name)
            more = f"; did you mean {visible(near)}?" if near else ""
            problems.append(Problem(where, f"the case has no exhibit {visible(name)}{more}"))
        elif not given or len(given) > LONGEST or visible(given) != given:
            problems.append(Problem(where, "a number is missing, too long, or holds hidden characters"))
        elif named.sub in found:
            problems.append(Problem(where, f"{visible(name)} stands here twice"))
        elif taken.get(given, named.sub) != named.sub:
            problems.append(Problem(where, f"the number {given} belongs to another exhibit already"))
        else:
            found[named.sub], taken[given] = (named, given), named.sub
    if problems:
        raise InputError(
            f"{len(problems)} rows of {table} are wrong; nothing was recorded", where=table, problems=problems,
            hint="correct them, then run it again", code="numbers",
        )  # fmt: skip
    return [(item, given) for sub, (item, given) in found.items() if known.get(sub, {}).get(scheme) != given]
