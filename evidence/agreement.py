"""Whether what a folder hands in agrees with itself: names that name something, no circles, no twins.

Each row is compared with the rows before it, so that a table of a million
links is read as it streams. What waits for the whole folder (circles, files,
positions that look swapped) is looked at in the end. Nothing is corrected.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from evidence.faults import Faults, Part, Spot, near, part
from schemas.extent import MICRO
from schemas.fields import Record
from schemas.link import LEANS, SAME_LINK, SAME_RELATION
from schemas.text import nearest

PASSED_OVER = frozenset(("thumbs.db", "desktop.ini", ".ds_store"))
_FAR_KM, _NEAR_KM = 40, 30  # a position looks swapped: so far as written, so near when swapped, and much nearer
_MOST_UNNAMED = 50
_AGE = re.compile(r"age1[02-9ac-hj-np-z]{6,200}\Z")
_SHA256 = re.compile(r"[0-9a-fA-F]{64}\Z")
_DRIVE = re.compile(r"[A-Za-z]:")


@dataclass
class Sofar:
    """What has been read so far, and where it stands."""

    known_sources: Collection[str] = ()
    known_items: Collection[str] = ()
    known_leans: Mapping[str, Collection[str]] = field(default_factory=dict)
    sources: dict[str, Spot] = field(default_factory=dict)
    items: dict[str, Spot] = field(default_factory=dict)
    folded: dict[tuple[str, str], str] = field(default_factory=dict)
    part_of: dict[str, tuple[str, Spot]] = field(default_factory=dict)
    leans: dict[str, list[tuple[str, Spot]]] = field(default_factory=dict)
    link_ids: dict[str, Spot] = field(default_factory=dict)
    relation_ids: dict[str, Spot] = field(default_factory=dict)
    twins: dict[tuple[Any, ...], tuple[Record, Spot]] = field(default_factory=dict)
    files: list[tuple[str, Spot]] = field(default_factory=list)
    identity_files: list[tuple[str, Spot]] = field(default_factory=list)
    positions: list[tuple[str, float, float, Spot]] = field(default_factory=list)
    zones: dict[str, str | None] = field(default_factory=dict)

    def note_position(self, kind: str, stem: str, record: Record, spot: Spot) -> None:
        """Keep a position in degrees for the comparison with the place of the case, which comes first."""
        lat, lon = record.get(f"{stem}.lat"), record.get(f"{stem}.lon")
        if isinstance(lat, int) and isinstance(lon, int):
            self.positions.append((stem if kind != "case" else "", lat / MICRO, lon / MICRO, spot))


def check_recipients(recipients: Any, spot: Spot, faults: Faults) -> list[str]:
    """Give the age recipients among `recipients`; any other text is a fault."""
    good = [recipient for recipient in recipients if _AGE.match(recipient)]
    if len(good) != len(recipients):
        faults.wrong(spot.at("seal_to"), "not-age")
    return good


def _take_id(taken: dict[str, Spot], table: str, record: Record, spot: Spot, sofar: Sofar, faults: Faults) -> None:
    name = record.get("id")
    if not isinstance(name, str):
        return
    if name in taken:
        faults.wrong(spot.at("id"), "taken-id", other=taken[name].where())
        return
    other = sofar.folded.setdefault((table, name.casefold()), name)
    if other != name:
        faults.warn(spot.at("id"), "near-alike", other=other)
    taken[name] = spot


def note_source(sofar: Sofar, source: Record, spot: Spot, faults: Faults) -> None:
    """Take in a source: its id is its own; `part_of` is looked at when all are known."""
    _take_id(sofar.sources, "source", source, spot, sofar, faults)
    parent = source.get("part_of")
    if isinstance(parent, str) and isinstance(source.get("id"), str):
        sofar.part_of[str(source["id"])] = (parent, spot)
    sofar.note_position("source", "place", source, spot)


def note_item(sofar: Sofar, item: Record, spot: Spot, faults: Faults) -> None:
    """Take in an item: its id is its own, its source is declared."""
    _take_id(sofar.items, "item", item, spot, sofar, faults)
    source = item.get("source")
    if isinstance(source, str) and source not in sofar.sources and source not in sofar.known_sources:
        names = [*sofar.sources, *sofar.known_sources]
        faults.wrong(spot.at("source"), "undeclared-source", value=source, near=near("near-word", _near(source, names)))
    if isinstance(item.get("file"), str):
        sofar.files.append((str(item["file"]), spot))
    elif item.get("kind") == "flight_log":
        faults.wrong(spot.at("file"), "file-needed")
    sha256 = item.get("sha256")
    if isinstance(sha256, str) and not _SHA256.match(sha256):
        faults.wrong(spot.at("sha256"), "not-sha256")
    if item.get("kind") == "statement" and not any(name.startswith("consent.") for name in item):
        faults.warn(spot, "no-consent")
    for name in item:
        if name.endswith(".lat"):
            sofar.note_position("item", name[:-4], item, spot)


def check_item_known(sofar: Sofar, item: object, spot: Spot, faults: Faults, column: str = "item") -> None:
    """Note an item that this case does not have, named in `column`."""
    if isinstance(item, str) and item not in sofar.items and item not in sofar.known_items:
        names = [*sofar.items, *sofar.known_items]
        faults.wrong(spot.at(column), "undeclared-item", value=item, near=near("near-word", _near(item, names)))


def _near(name: str, names: list[str]) -> str | None:
    return nearest(name, names) if len(names) <= 2000 else None


def note_link(sofar: Sofar, link: Record, spot: Spot, faults: Faults) -> bool:
    """Take in a link; False where it only repeats an earlier row."""
    check_item_known(sofar, link.get("item"), spot, faults)
    assessor, reviewer = link.get("assessor"), link.get("reviewed_by")
    if isinstance(assessor, str) and isinstance(reviewer, str) and _same_person(assessor, reviewer):
        faults.wrong(spot.at("reviewed_by"), "self-review")
    _take_id(sofar.link_ids, "link", link, spot, sofar, faults)
    return _is_new(sofar, "link", SAME_LINK, link, spot, faults)


def _same_person(one: str, other: str) -> bool:
    return _form(unicodedata.normalize("NFKC", one).strip()) == _form(unicodedata.normalize("NFKC", other).strip())


def note_relation(sofar: Sofar, relation: Record, spot: Spot, faults: Faults) -> bool:
    """Take in a relation; False where it only repeats an earlier row."""
    item, of = relation.get("item"), relation.get("of")
    check_item_known(sofar, item, spot, faults)
    check_item_known(sofar, of, spot, faults, "of")
    if ("of" in relation) == ("external" in relation):
        faults.wrong(spot, "of-or-external", found=part("both" if "of" in relation else "neither"))
    elif isinstance(of, str) and of == item:
        faults.wrong(spot.at("of"), "itself")
    elif isinstance(of, str) and relation.get("as") in LEANS:
        sofar.leans.setdefault(str(item), []).append((of, spot))
    _take_id(sofar.relation_ids, "relation", relation, spot, sofar, faults)
    return _is_new(sofar, "relation", SAME_RELATION, relation, spot, faults)


def _is_new(sofar: Sofar, table: str, same: tuple[str, ...], record: Record, spot: Spot, faults: Faults) -> bool:
    if "id" in record:
        return True
    values = [record.get(name) for name in same]
    key = (table, *[tuple(value) if type(value) is list else value for value in values])
    earlier = sofar.twins.setdefault(key, (record, spot))
    if earlier[1] is spot:
        return True
    if earlier[0] == record:
        faults.warn(spot, "repeated", other=earlier[1].where())
    else:
        faults.wrong(spot, "same-link", other=earlier[1].where())
    return False


def check_custody(
    events: Iterable[Record], spot: Spot, faults: Faults, told: int = 0, before: Record | None = None
) -> None:
    """Warn of an event that ended before the one listed before it began; note a digest that is none.

    Of the same item `told` events were looked at already, the last of them `before`.
    """
    for number, event in enumerate(events, told + 1):
        sha256 = event.get("sha256")
        if isinstance(sha256, str) and not _SHA256.match(sha256):
            faults.wrong(spot.at("sha256"), "not-sha256")
        if before is not None:
            began, ended = _bound(before, "earliest"), _bound(event, "latest")
            if began and ended and ended < began:
                faults.warn(spot, "custody-order", first=number - 1, second=number)
        before = event


def _bound(event: Mapping[str, Any], end: str) -> str:
    at = event.get("at")
    return str(at.get(end) or "").rstrip("Z") if isinstance(at, dict) else ""


def check_whole(sofar: Sofar, case: Record, faults: Faults) -> None:
    """Look at what needs every row: parents, circles, positions."""
    for parent, spot in sofar.part_of.values():
        if parent not in sofar.sources and parent not in sofar.known_sources:
            close = near("near-word", _near(parent, list(sofar.sources)))
            faults.wrong(spot.at("part_of"), "undeclared-source", value=parent, near=close)
    parents = {source: [edge] for source, edge in sofar.part_of.items()}
    for column, circles in (("part_of", _circles(parents)), ("of", _lean_circles(sofar))):
        for path, spot in circles:
            names = " -> ".join(path if len(path) <= 12 else [*path[:6], "…", *path[-5:]])
            faults.wrong(spot.at(column), "cycle", path=names)
    _check_swapped(sofar, case, faults)


def _lean_circles(sofar: Sofar) -> Iterable[tuple[list[str], Spot]]:
    """Give the circles of what items rest on: of new relations alone, and those closed with registered ones."""
    told: set[int] = set()
    for path, spot in _circles(sofar.leans):
        told.add(id(spot))
        yield path, spot
    if not sofar.known_leans:
        return
    every = {item: {of for of, _ in edges} for item, edges in sofar.leans.items()}
    for item, rests in sofar.known_leans.items():
        every.setdefault(item, set()).update(rests)
    for item, edges in sofar.leans.items():
        for of, spot in edges:
            if id(spot) not in told and of not in sofar.known_leans.get(item, ()) and (way := _way(of, item, every)):
                yield [item, *way], spot


def _way(start: str, end: str, edges: Mapping[str, Iterable[str]]) -> list[str]:
    """Give the nodes of a way from `start` to `end`, both among them; empty where there is none."""
    came: dict[str, str | None] = {start: None}
    for node in (line := [start]):  # grows as it is gone through
        if node == end:
            path: list[str] = [node]
            while (before := came[path[-1]]) is not None:
                path.append(before)
            return path[::-1]
        for other in sorted(edges.get(node, ())):
            if other not in came:
                came[other] = node
                line.append(other)
    return []


def _circles(edges: Mapping[str, list[tuple[str, Spot]]]) -> Iterable[tuple[list[str], Spot]]:
    """Give the circles of a graph, each with the spot of the edge that closes it."""
    done: set[str] = set()
    for start in edges:
        path: list[str] = []
        on_path: dict[str, int] = {}
        stack: list[tuple[str, Spot | None, bool]] = [(start, None, False)]
        while stack:
            node, spot, leaving = stack.pop()
            if leaving:
                del on_path[path.pop()]
                done.add(node)
            elif node in on_path:
                if spot is not None:
                    yield [*path[on_path[node] :], node], spot
            elif node not in done:
                on_path[node] = len(path)
                path.append(node)
                stack.append((node, None, True))
                stack.extend((target, edge, False) for target, edge in reversed(edges.get(node, [])))


def _check_swapped(sofar: Sofar, case: Record, faults: Faults) -> None:
    lat, lon = case.get("place.lat"), case.get("place.lon")
    if not isinstance(lat, int) or not isinstance(lon, int):
        return
    home = (lat / MICRO, lon / MICRO)
    for stem, north, east, spot in sofar.positions:
        if not stem or abs(east) > 90:
            continue
        far, swapped = _km(home, (north, east)), _km(home, (east, north))
        if far > _FAR_KM and swapped < min(_NEAR_KM, far / 3):
            faults.warn(spot.at(stem), "swapped", name=stem, far=round(far), near=round(swapped))


def _km(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Give the distance on a sphere, near enough to tell a swapped pair."""
    lat1, lon1, lat2, lon2 = map(math.radians, (*one, *other))
    chord = math.sin((lat2 - lat1) / 2) ** 2 + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    return 12742 * math.asin(min(1, math.sqrt(chord)))


@dataclass
class _Names:
    """The names in a folder, and ways to find the one that was meant."""

    files: Mapping[str, str | None]

    @cached_property
    def _by_form(self) -> dict[str, str]:
        return {_form(name): name for name in self.files}

    @cached_property
    def _by_last(self) -> dict[str, str]:
        return {_form(name.rpartition("/")[2]): name for name in self.files}

    def hint(self, name: str) -> Part | str:
        """Give the half sentence that says which file may have been meant."""
        form = _form(name.replace("\\", "/").removeprefix("./"))
        other = self._by_form.get(form)
        if other and unicodedata.normalize("NFC", other) == unicodedata.normalize("NFC", name):
            return part("other-form")
        other = other or self._by_last.get(form.rpartition("/")[2])
        if other is None and len(self.files) <= 2000:
            other = nearest(name, self.files)
        return near("near-file", other)


def _form(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def check_files(
    sofar: Sofar, files: Mapping[str, str | None], tables: Collection[str], manifest: str, faults: Faults
) -> None:
    """Look at every file that is named, and warn of files that nothing names."""
    names = _Names(files)
    named = {name for name, _ in sofar.files}
    for name, spot in sofar.files:
        _check_file(name, spot.at("file"), names, faults)
    for name, spot in sofar.identity_files:
        if files.get(name, "") is not None:
            faults.wrong(spot.at("identity_file"), "identity-not-there")
        elif name in named:
            faults.wrong(spot.at("identity_file"), "identity-is-item")
    named |= {name for name, _ in sofar.identity_files}
    unnamed = [name for name in files if name not in named and not is_passed_over(name, tables, manifest)]
    for name in sorted(unnamed)[:_MOST_UNNAMED]:
        faults.warn(Spot(""), "unnamed", file=name)
    if len(unnamed) > _MOST_UNNAMED:
        faults.warn(Spot(""), "unnamed-more", count=len(unnamed) - _MOST_UNNAMED)


def _check_file(name: str, spot: Spot, names: _Names, faults: Faults) -> None:
    if name.startswith(("/", "\\")) or _DRIVE.match(name):
        faults.wrong(spot, "absolute")
    elif ".." in re.split(r"[/\\]", name):
        faults.wrong(spot, "climbs")
    elif name not in names.files:
        _missing_file(name, spot, names, faults)
    elif (because := names.files[name]) is not None:
        faults.wrong(spot, "unusable", file=name, because=because)


def _missing_file(name: str, spot: Spot, names: _Names, faults: Faults) -> None:
    parts = name.split("/")
    for end in range(1, len(parts)):
        folder = "/".join(parts[:end]) + "/"
        if names.files.get(folder) is not None:  # a folder that could not be walked, and why
            faults.wrong(spot, "unusable", file=folder, because=names.files[folder])
            return
    faults.wrong(spot, "not-there", file=name, near=names.hint(name))


def is_passed_over(name: str, tables: Collection[str], manifest: str) -> bool:
    """Whether a file is a table, the manifest, or something that a system or a program leaves behind."""
    last = name.rpartition("/")[2]
    if "/" not in name and (name in tables or name == manifest):
        return True
    return not last or last.startswith("~$") or last.casefold() in PASSED_OVER
