"""What a marked copy of the sheets says of each fault, and of which cell: plain values, made before a sheet is opened.

Pure: sentences and places only; `evidence.marked` finds the cells.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from evidence.faults import Fault
from schemas.errors import Problem


@dataclass(frozen=True, slots=True)
class Mark:
    """One thing wrong, or one to know (`warning`): as the list of problems tells it, and the cell it belongs to.

    `sheet` is the title of the cell's sheet (the file's name where that is a CSV), empty where it has no cell;
    `heads` are the heads its column may stand under, the surest first; `row` counts from 1, 0 where there is none.
    """

    where: str
    problem: str
    warning: bool = False
    sheet: str = ""
    file: str = ""
    column: str = ""
    heads: list[str] = field(default_factory=list)
    row: int = 0
    sentence: str = ""


def marks_of(faults: Sequence[Fault], others: Sequence[Problem], lang: str) -> list[Mark]:
    """Give the marks of faults in `lang`, warnings last, after those of problems that no sheet shows."""
    told = [Mark(*one) for one in others]
    return told + [_mark(fault, lang) for fault in sorted(faults, key=lambda fault: fault.warning)]


def _mark(fault: Fault, lang: str) -> Mark:
    spot, problem = fault.spot, fault.problem(lang)
    stem = spot.column.partition(" ")[0]  # of a group, or the field that a place inside a cell belongs to
    heads = [head for name, head in spot.heads.items() if name == stem or name.startswith(f"{stem}.")]
    return Mark(
        *problem,
        warning=fault.warning,
        sheet={"csv": spot.file, "xlsx": spot.table}.get(spot.style, ""),
        file=spot.file,
        column=spot.column,
        heads=[spot.heads.get(spot.column, spot.column), *heads],
        row=spot.lines.get(spot.column) or spot.number,
        sentence=fault.sentence(lang),
    )
