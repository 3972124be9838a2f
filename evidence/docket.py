"""What is put before the evaluator: one case with its items, links and relations, as plain values.

Nothing here decides anything or reaches outside. The archive fills these in
from its view, a test fills them in by hand, and `evidence.corroboration` weighs
them. Records are the flat dicts of `schemas.fields`.

Follows the weighing of standards: withdrawn items and links stay in, marked, because they still join others.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

_SAY_NOTHING: tuple[Any, ...] = (None, "", [], {}, ())
FACTS = (  # of what a reader found in a file, those that are set against what is told
    "captured.local", "captured.offset", "captured.earliest", "captured.latest", "gps.lat", "gps.lon", "gps.time_utc",
)  # fmt: skip


@dataclass(slots=True)
class Item:
    """A piece of evidence as registered; `index` is its place in the ledger, `excluded` what took it out of counting.

    `excluded` holds any of `integrity_failed`, `consent_withdrawn`, `disposed`; that it is derived or untranslated is
    read from relations and record. `present` is what the last verification said of its object, None where nothing did.
    """

    id: str
    record: Mapping[str, Any]
    index: int = 0
    excluded: frozenset[str] = frozenset()
    withdrawn: bool = False
    custody: Sequence[Mapping[str, Any]] = ()
    present: bool | None = None


@dataclass(slots=True)
class Link:
    """One item's bearing on facets of the case. A contradiction is open while `resolution` is None or `unresolved`."""

    id: str
    item: str
    facets: Sequence[str]
    stance: str
    strength: str = "circumstantial"
    assessor: str = ""
    reviewed_by: str | None = None
    resolution: str | None = None
    withdrawn: bool = False
    rationale: str = ""


@dataclass(slots=True)
class Relation:
    """How an item hangs together with another of the case (`of`) or with something that is not in it (`external`)."""

    id: str
    item: str
    as_: str
    of: str | None = None
    external: str | None = None


@dataclass(frozen=True)
class FlightAnswer:
    """What the logs of the archive say of one window: the near observations, and whether one log watched all of it.

    `near` names each observation as people see it (`EX-2019-0001/F1 row 2`). `covered` is None without a time or place.
    Names and warnings are reasons (`evidence.reason`) or texts.
    """

    near: Sequence[Any] = ()
    covered: bool | None = None
    warnings: Sequence[Any] = ()


@dataclass(frozen=True)
class Sighting:
    """A row of a flight log that a link of the case names: what it is called, its time, position, class of aircraft."""

    name: Any  # "F1 row 2", as a reason
    earliest: datetime
    latest: datetime
    point: tuple[int, int] | None
    aircraft_class: str = "unknown"


def no_flights(within_km: float, before_min: float, after_min: float) -> FlightAnswer:
    """Answer for an archive without flight logs: nothing near, and nobody was watching."""
    del within_km, before_min, after_min
    return FlightAnswer(covered=False)


@dataclass(slots=True)
class Case:
    """A case as it is weighed; `items` in the order of registration, `waivers` those in force, rule id -> reason.

    `facts` (item id -> those of `FACTS` that a reader found), `sightings` and `undone` (relations that were withdrawn)
    are told beside the result, never weighed.
    """

    record: Mapping[str, Any]
    items: Sequence[Item] = ()
    sources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    links: Sequence[Link] = ()
    relations: Sequence[Relation] = ()
    flights: Callable[[float, float, float], FlightAnswer] = no_flights
    waivers: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    sightings: Sequence[Sighting] = ()
    undone: Sequence[Relation] = ()
    merged: Sequence[Mapping[str, Any]] = ()  # the records of cases that it takes in: told beside the result too


def present(record: Mapping[str, Any], name: str) -> bool:
    """Tell whether a dotted field is in a flat record and says something; a group is there when any member is."""
    if name in record:
        return said(record[name])
    return any(said(value) for value in values(record, name))


def values(record: Mapping[str, Any], name: str) -> list[Any]:
    """Give what a flat record holds under a dotted name: the field, its members if it is a group, or inside a time."""
    if name in record:
        return [record[name]]
    prefix = name + "."
    members = [value for key, value in record.items() if key.startswith(prefix)]
    if members:
        return members
    head, _, rest = name.rpartition(".")
    while head:
        inside = record.get(head)
        if isinstance(inside, Mapping):
            return values(inside, rest)
        head, _, more = head.rpartition(".")
        rest = f"{more}.{rest}"
    return []


def said(value: Any) -> bool:
    """Tell whether a value says something: not null, not an empty text, list or table."""
    return value not in _SAY_NOTHING
