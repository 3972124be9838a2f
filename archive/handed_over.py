"""What `archive.release` hands over: a `Dossier`, and the values in it. Frozen; made there and nowhere else.

Whoever holds one of these holds only what its audience may see. Writers take
it and nothing wider.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from archive.proof import Proof
from evidence.digest import Digests
from evidence.reason import Sentence, reason, sentence
from schemas.standard import load

WITHHELD = (  # why an exhibit is withheld, said by `withheld-…` in reasons.toml; none says anything of the item itself
    "withdrawn", "erased", "no", "ask_first", "missing", "unclear", "rests_on", "kind", "unstrippable", "uncovered",
    "asked", "not_chosen",
)  # fmt: skip


@dataclass(frozen=True)
class Request:
    """What is asked for: an audience, and what the one who exports leaves out on purpose."""

    audience: str
    purpose: str = ""
    recipient: str = ""
    items: frozenset[str] | None = None  # short ids; None is all
    withhold: Mapping[str, str] = field(default_factory=dict)  # short id -> reason


@dataclass(frozen=True, slots=True)
class Rendition:
    """A redacted copy that stands for an original before one audience: its entry, its rank, its disclosed fields."""

    entry: int
    number: int
    fields: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """One record as it may be seen: the entry of its newest revision, and the fields of it that leave."""

    kind: str
    entry: int
    fields: Mapping[str, Any]
    received: str = ""  # when it was registered: the time of its first entry, UTC
    revisions: int = 0
    label: str = ""  # its id as the case of the dossier calls it: CODE/ID where it is of one that was merged into it
    names: Mapping[str, str] = field(default_factory=dict)  # item, of: the labels of the records that it ties

    def document(self) -> dict[str, Any]:
        """Give the record for `case.json`: its fields exactly as disclosed."""
        more = {"revisions": self.revisions} if self.revisions else {}
        return {"kind": self.kind, "entry": self.entry, **more, "fields": dict(self.fields)}


@dataclass(frozen=True, slots=True)
class Event:
    """One event of custody: what is disclosed of its entry, and whether it was `told` of the time before the archive.

    The fields are held as the JSON they were made of, and read when asked for: there are thousands.
    """

    event: str
    premis: str | None
    entry: int
    recorded_at: str  # UTC, of the entry
    recorded_by: str  # the key that wrote it
    text: str | None  # None where nothing of the entry is disclosed
    told: bool

    @property
    def fields(self) -> Mapping[str, Any] | None:
        """Give what is disclosed."""
        return None if self.text is None else orjson.loads(self.text)

    @property
    def at(self) -> Any:
        """Give when it was: as it was told, a time of a record; else the UTC text of the entry."""
        return (self.fields or {}).get("at", "") if self.told else self.recorded_at

    @property
    def by(self) -> str:
        """Give who held it: a code as it was told, else a key."""
        return str((self.fields or {}).get("by", "")) if self.told else self.recorded_by


@dataclass(frozen=True, slots=True)
class Reading:
    """An entry about an item and its disclosed fields, held as JSON: what a reader found, or a number of a scheme."""

    entry: int
    text: str

    @property
    def fields(self) -> Mapping[str, Any]:
        """Give what is disclosed."""
        return orjson.loads(self.text)  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class File:
    """The file of an exhibit: where its bytes lie now, where they will lie below data/, and what they must be."""

    source: Path
    path: str
    form: str  # original, stripped (a copy without metadata), redacted (a copy that people made)
    digests: Digests
    media_type: str


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One item that leaves: its numbers, its record, where its bytes lie (None if it has none), its custody."""

    rank: int  # its place among the exhibits of the dossier, from 1, in the order of their numbers
    bates: str
    name: str
    record: Shown
    item_class: str
    source: Mapping[str, Any]
    file: File | None
    readings: tuple[Reading, ...]
    custody: tuple[Event, ...]
    gaps: tuple[Mapping[str, Any], ...]
    rendition: Rendition | None = None
    original: str = ""  # where a copy stands for it: the salted digest of its SHA-256, which its entry holds
    numbers: tuple[Reading, ...] = ()  # other schemes' numbers, such as a court's own: `scheme` and `number`

    @property
    def aliases(self) -> dict[str, str]:
        """Give scheme -> number."""
        return {str(one.fields["scheme"]): str(one.fields["number"]) for one in self.numbers}

    @property
    def path(self) -> str | None:
        """Give where its file will lie below data/, None if none leaves."""
        return self.file.path if self.file else None

    @property
    def form(self) -> str:
        """Say what leaves of its file: original, stripped, redacted or none."""
        return self.file.form if self.file else "none"


@dataclass(frozen=True)
class Withheld:
    """One item that does not leave: its number, why, and a salted digest that its entry holds."""

    rank: int
    bates: str
    why: str  # a key of WITHHELD
    entry: int
    digest: str
    said: str = ""  # the words of the one who asked for it

    @property
    def reason(self) -> Sentence:
        """Give why it is withheld, in words."""
        why = reason(f"withheld-{self.why}")
        return sentence(reason("withheld-said", why=why, said=self.said) if self.said else why)


@dataclass(frozen=True)
class FlightLog:
    """The rows of one log that leaves. `rows` gives all, or those whose time touches a span (Unix seconds)."""

    bates: str
    name: str
    rows: Callable[[tuple[int, int] | None], Iterator[Mapping[str, Any]]]


@dataclass(frozen=True)
class Dossier:
    """All that may leave, for one audience. Writers take this and nothing wider."""

    id: str
    number: int
    audience: str
    purpose: str
    date: str  # UTC, to the second
    exercise: bool
    case: Shown
    sources: tuple[Shown, ...]
    exhibits: tuple[Exhibit, ...]
    withheld: tuple[Withheld, ...]
    links: tuple[Shown, ...]
    relations: tuple[Shown, ...]
    not_shown: Mapping[str, int]
    logs: tuple[FlightLog, ...]
    standard: bytes
    assessment: Mapping[str, Any]
    proof: Proof
    operators: Mapping[str, str] = field(default_factory=dict)  # fingerprint -> name, for those who may see names
    case_sub: str = ""
    merged: tuple[Shown, ...] = ()  # the records of the cases that this one takes in
    recipient: str = ""
    supersedes: str = ""  # the id of the dossier that this one corrects
    coarse: tuple[int, int, int] | None = None  # micro-degrees, radius in metres, for the strict

    @property
    def standard_named(self) -> dict[str, str]:
        """Give id, version and SHA-256 of the standard."""
        read = load(self.standard)
        return {"id": read.id, "version": read.version, "sha256": read.sha256}

    @property
    def standard_says(self) -> dict[str, str]:
        """Give what each rule of the standard asks, in its own words."""
        return {rule.id: rule.says for rule in load(self.standard).rules}

    @property
    def code(self) -> str:
        """Give the code of the case."""
        return str(self.case.fields["code"])


def bates(code: str, rank: int) -> str:
    """Give the exhibit number of the item registered as number `rank` of its case; it never changes."""
    return f"{code}-{rank:06d}"


def together(numbers: Iterable[str]) -> str:
    """Give exhibit numbers as one text: of three or more in a row the first and the rank of the last."""
    runs: list[list[str]] = []
    for number in numbers:
        code, _, rank = number.rpartition("-")
        if runs and runs[-1][-1] == bates(code, int(rank) - 1):
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(f"{run[0]}–{run[-1].rpartition('-')[2]}" if len(run) > 2 else ", ".join(run) for run in runs)


_SUFFIXES = {
    "image/jpeg": ".jpg", "image/png": ".png", "image/tiff": ".tif", "image/webp": ".webp", "image/gif": ".gif",
    "image/heic": ".heic", "image/avif": ".avif", "application/pdf": ".pdf", "text/plain": ".txt", "text/csv": ".csv",
    "audio/wav": ".wav", "audio/x-wav": ".wav", "audio/mpeg": ".mp3", "audio/ogg": ".ogg", "video/mp4": ".mp4",
    "video/quicktime": ".mov", "application/json": ".json", "application/zip": ".zip",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ".xlsx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
}  # fmt: skip
_KNOWN_SUFFIXES = {*_SUFFIXES.values(), ".opus", ".m4a", ".amr", ".html", ".xml", ".doc", ".xls"}


def suffix(media_type: str, name: str) -> str:
    """Give a safe ending for an exhibit's file: from its media type, never from words in its original name."""
    if media_type in _SUFFIXES:
        return _SUFFIXES[media_type]
    ending = Path(name).suffix.lower()
    return ending if ending in _KNOWN_SUFFIXES else ".bin"


def root_text(proof: Proof) -> str:
    """Give the head of the log in one line: size and root."""
    return f"{proof.size} {base64.b64encode(proof.root).decode()}"
