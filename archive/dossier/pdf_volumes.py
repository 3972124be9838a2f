"""A dossier's PDF in volumes: one where that is not much to typeset, else a first one that is for reading, and more.

What a typesetter needs grows with what it sets: some 30 KB for each cell of a
table, 1 MB for an exhibit with its picture. So that a case of any size can be
set in bounded memory, `dossier.pdf` then has all but the pages and the custody
of exhibits, and says where these stand: in `dossier.2.pdf` and so on. The cut
depends on the contents alone, so that the same dossier gives the same volumes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archive.dossier import contents
from archive.dossier.pdf_parts import Parts, kept
from archive.dossier.pdf_runs import Block
from archive.handed_over import Exhibit, Withheld

LANGUAGES = {"en": "dossier.pdf", "ar": "dossier.ar.pdf"}
MOST = 700_000  # what one volume may take to typeset, in about a kilobyte of memory each
_TAKES = {"exhibit": 60, "picture": 400, "svg": 5000, "h1": 40, "h2": 30, "h3": 30, "p": 15, "note": 15}
_ENTRIES = {"table": "rows", "facts": "rows", "list": "l", "alarm": "l"}  # where a block can be cut
_CELL = {"table": 25, "facts": 15, "list": 15, "alarm": 15}
_HEADINGS = ("h1", "h2", "h3")
_LETTERS = 4  # of running text take one


@dataclass(frozen=True)
class Volume:
    """One PDF to be set: its name below data/, which it is and of how many, and its document."""

    name: str
    number: int
    of: int
    document: dict[str, Any]


def file_name(lang: str, number: int) -> str:
    """Give the name of a volume: `dossier.pdf` of the first, `dossier.2.pdf` of the second."""
    stem, rest = LANGUAGES[lang].split(".", 1)
    return LANGUAGES[lang] if number == 1 else f"{stem}.{number}.{rest}"


def volumes(parts: Parts) -> Iterator[Volume]:
    """Give the volumes of a dossier one at a time, those of exhibits first: the first one counts what all spelled out.

    Raises UnreachableError where a text cannot be read.
    """
    everything = contents.everything(parts.dossier)
    takes = [sum(map(weight, [*parts.pages_of(one), *parts.custody_of([one])])) for one in everything]
    parts.printable.spelled.clear()
    front = parts.front()
    if sum(takes) + sum(map(weight, front)) <= MOST:
        parts.printable.spelled.clear()
        yield Volume(LANGUAGES[parts.lang], 1, 1, parts.document())
        return
    fronts, groups = cut(front, parts), _grouped(everything, takes)
    of = len(fronts) + len(groups)
    names = [file_name(parts.lang, number) for number in range(1, of + 1)]
    holds = [" · ".join(str(block["t"]) for block in blocks if block["b"] == "h1") for blocks in fronts]
    holds += [parts.say("volume_holds", first=group[0].bates, last=group[-1].bates) for group in groups]
    lie = {one.bates: name for name, group in zip(names[len(fronts) :], groups, strict=True) for one in group}

    def volume(number: int, blocks: list[Block]) -> Volume:
        said, name = parts.say("volume", n=number, of=of), names[number - 1]
        led = _leading(blocks, lie, name)
        later = number > 1
        document = parts.later(said, holds[number - 1], names[0], led) if later else parts.first(said, led)
        return Volume(name, number, of, document)

    for number, group in enumerate(groups, len(fronts) + 1):
        yield volume(number, parts.exhibits_of(group))
    at = next(number for number, block in enumerate(fronts[0]) if block["b"] == "volumes")
    fronts[0][at : at + 1] = _guide(parts, names, holds)
    fronts[-1] += parts.spelled()
    for number, blocks in enumerate(fronts, 1):
        yield volume(number, blocks)


def weight(block: Block) -> int:
    """Give about how many kilobytes a block takes to typeset."""
    inside = block.get(_ENTRIES.get(block["b"], ""), ())
    return _TAKES.get(block["b"], 0) + _letters(block) // _LETTERS + sum(_entry(block, one) for one in inside)


def _entry(block: Block, entry: Any) -> int:
    return _CELL[block["b"]] * (len(entry) if block["b"] in ("table", "facts") else 1)


def _letters(node: Any) -> int:
    """Give how many characters of text there are in a piece of a document."""
    if isinstance(node, str):
        return len(node)
    if isinstance(node, Mapping):
        return sum(_letters(value) for name, value in node.items() if name not in ("svg", "path", "k", "d", "b"))
    return sum(map(_letters, node)) if isinstance(node, Sequence) else 0


def cut(blocks: Sequence[Block], parts: Parts) -> list[list[Block]]:
    """Cut blocks into volumes, tables and lists between their entries; what goes on says of what it is the rest."""
    made: list[list[Block]] = [[]]
    above = {"h1": parts.h1("finding")}  # the headings that stand over what comes next; the front page has the first
    room = MOST
    for block in blocks:
        if block["b"] in _HEADINGS:
            above = {kind: head for kind, head in above.items() if kind < block["b"]}
        waiting: Block | None = block
        while waiting is not None:
            piece, waiting = _fitting(waiting, room)
            if piece is not None:
                made[-1].append(piece)
                room -= weight(piece)
            if waiting is not None:
                made.append([_again(head, parts) for head in above.values()])
                room = MOST
        if block["b"] in _HEADINGS:
            above[block["b"]] = block
    return made


def _again(head: Block, parts: Parts) -> Block:
    """Give a heading for a volume that goes on under it: no level is skipped, and a section is said to go on."""
    return {**head, "t": parts.say("continued", name=head["t"])} if head["b"] == "h1" else head


def _fitting(block: Block, room: int) -> tuple[Block | None, Block | None]:
    """Give what of a block fits into `room`, and the rest; of a block that cannot be cut all, where it has no room."""
    if weight(block) <= room:
        return block, None
    key = _ENTRIES.get(block["b"])
    if key is None:
        return (None, block) if room < MOST else (block, None)
    taken, left = 1 if room == MOST else 0, room  # an entry that alone takes more than a volume stands all the same
    for entry in block[key][taken:]:
        left -= _entry(block, entry) + _letters(entry) // _LETTERS
        if left < 0:
            break
        taken += 1
    rest = {**block, key: block[key][taken:]} if taken < len(block[key]) else None
    return ({**block, key: block[key][:taken]} if taken else None), rest


def _grouped(everything: Sequence[Exhibit | Withheld], takes: Sequence[int]) -> list[list[Exhibit | Withheld]]:
    """Give the exhibits of each volume, in their order: as many as it holds, and one that alone takes more."""
    groups: list[list[Exhibit | Withheld]] = []
    room = 0
    for one, takes_here in zip(everything, takes, strict=True):
        if takes_here > room or not groups:
            groups.append([])
            room = MOST
        groups[-1].append(one)
        room -= takes_here
    return groups


def _guide(parts: Parts, names: Sequence[str], holds: Sequence[str]) -> list[Block]:
    """Say which file holds what."""
    rows = [[[[{**parts.m(name), "in": name}]], [[parts.w(what)]]] for name, what in zip(names, holds, strict=True)]
    heads = [parts.say("volume_file"), parts.say("what_head")]
    table = {"b": "table", "cols": [28, 72], "heads": heads, "rows": rows}
    return kept([parts.h2(parts.say("volumes")), parts.note(parts.say("volumes_note")), table])


def _leading(node: Any, lie: Mapping[str, str], here: str) -> Any:
    """Give a piece of a document with every number of an exhibit that stands elsewhere leading to its file."""
    if isinstance(node, Mapping):
        led = {name: _leading(value, lie, here) for name, value in node.items()}
        to = led.get("to")
        if to is not None and lie[to] != here:
            led["in"] = lie[led.pop("to")]
        return led
    return [_leading(one, lie, here) for one in node] if isinstance(node, list) else node
