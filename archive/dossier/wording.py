"""The words of a dossier, for its page and its PDF: names of fields, times and groups as people read them.

Pure: takes recorded values, gives text. Words never say more than "consistent
with", "supports", "meets the standard". A text of the archive is kept apart
from our own words about it, so that neither can pass for the other.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from functools import cache
from importlib import resources
from typing import Any
from zoneinfo import ZoneInfo

from schemas.errors import SijillError
from schemas.extent import MICRO, bounds, read_instant
from schemas.vocabulary import VOCABULARY
from schemas.words import head_label, word_label

LANGUAGES = {"en": "index.html", "ar": "index.ar.html"}
CASE_FACTS = (
    "occurred", "place", "place_public", "strikes", "object_type", "delivery", "protected_status", "military_presence",
    "killed", "injured", "casualties", "alleged_actor", "actor_response", "violation_type", "summary", "other_codes",
    "merged_from", "merged_reason",
)  # fmt: skip
ITEM_FACTS = (
    "medium", "generation", "language", "mode", "witness_role", "knowledge_basis", "form", "interviewer", "interpreter",
    "taken", "consent", "claimed", "uploaded_at", "source_url", "geolocation", "recorded", "message_type",
    "spoken_lang", "translator", "checked_by", "callsigns", "unit", "frequency_khz", "clock_source",
    "coordinates_heard", "network", "coverage", "doc_type", "rank", "author", "issuer", "dated", "received", "pages",
    "number", "provider", "sensor", "pair_role", "damage_grade", "persons_visible", "graphic", "reliability",
    "credibility", "rights", "notes",
)  # fmt: skip
WORD_FIELDS = {
    "object_type": "object_type", "delivery": "delivery", "protected_status": "protected_status",
    "military_presence": "military_presence", "confidence": "confidence", "position": "position",
    "violation_type": "violation_type", "kind": "item_kind", "medium": "medium", "generation": "generation",
    "mode": "mode", "witness_role": "witness_role", "knowledge_basis": "knowledge_basis", "form": "form",
    "message_type": "message_type", "clock_source": "clock_source", "doc_type": "doc_type", "rank": "rank",
    "method": "geolocation_method", "pair_role": "pair_role", "damage_grade": "damage_grade",
    "persons_visible": "persons_visible", "internal": "answer", "partner": "answer", "un_body": "answer",
    "court": "answer", "public": "answer", "willing_to_testify": "willing", "risk_level": "risk_level",
}  # fmt: skip


@cache
def words() -> Mapping[str, Mapping[str, str]]:
    """Give the page's own words by key and language."""
    return tomllib.loads((resources.files("archive.dossier") / "page_words.toml").read_text("utf-8"))


def say(lang: str, key: str, /, **values: object) -> str:
    """Give the page's words for `key`. Raises KeyError for a key that has none."""
    return words()[key][lang].format(**values)


def label(lang: str, name: str) -> str:
    """Give the name of a field in `lang`; a field without one is shown by its key."""
    try:
        return head_label(name, lang)
    except KeyError:
        return say(lang, name) if name in words() else name.replace("_", " ")


def word(lang: str, vocabulary: str, text: str) -> str:
    """Give a word of a vocabulary in `lang`; one that is not of it is shown as it stands."""
    try:
        return word_label(vocabulary, text, lang)
    except KeyError:
        return text.replace("_", " ")


_SPELLED = r"\\u\{[0-9A-F]{4,6}\}"
_SPELLED_OUT = re.compile(f"({_SPELLED})")
_CLOCK = re.compile(
    r"(\d{4}-\d\d(?:-\d\d)?(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?|" + _SPELLED + ")", re.ASCII
)


def in_directions(text: str, lang: str) -> Iterator[tuple[str, bool]]:
    """Divide a sentence of ours into (text, whether it runs from left to right by itself: a date, a time, `\\u{202E}`).

    Behind an Arabic letter the hyphens of a date would turn it round (Unicode UAX 9, rule W2).
    """
    return _pieces(_CLOCK.split(text) if lang == "ar" else [text])


def spelled_apart(text: str) -> Iterator[tuple[str, bool]]:
    """Divide a text into (text, whether it is a character spelled out, which runs from left to right by itself)."""
    return _pieces(_SPELLED_OUT.split(text) if "\\u{" in text else [text])


def _pieces(split: Sequence[str]) -> Iterator[tuple[str, bool]]:
    return ((piece, number % 2 == 1) for number, piece in enumerate(split) if piece)


def span(earliest: datetime | None, latest: datetime | None) -> str:
    """Give two bounds as people read them: `2019-02-03 12:20 – 12:40 UTC`."""
    if earliest is None or latest is None:
        known = earliest or latest
        return "" if known is None else f"{_minute(known)} UTC"
    if earliest == latest:
        return f"{_minute(earliest)} UTC"
    end = _clock(latest) if latest.date() == earliest.date() else _minute(latest)
    return f"{_minute(earliest)} – {end} UTC"


def _minute(at: datetime) -> str:
    return f"{at.year:04d}-{at:%m-%d} {_clock(at)}"


def _clock(at: datetime) -> str:
    return f"{at:%H:%M}" + (f":{at:%S}" if at.second else "")


def instant(text: str) -> str:
    """Give the UTC text of an entry's time as people read it; other text as it stands."""
    try:
        return span(read_instant(text), None)
    except SijillError:
        return text


def when(value: Any) -> str:
    """Give a recorded time: on the clocks of its place, then in UTC, then the words it was told in."""
    if not isinstance(value, Mapping):
        return str(value)
    told, (earliest, latest) = str(value.get("said", "")), bounds(value)
    shown = span(earliest, latest)
    zone = _zone(value.get("zone"))
    if zone is not None and earliest is not None and latest is not None:
        first, last = earliest.astimezone(zone), latest.astimezone(zone)
        if is_days(value):
            start, end = (f"{day.year:04d}-{day:%m-%d}" for day in (first, last))
            shown = f"{start if start == end else f'{start} – {end}'} ({value['zone']})"
        else:
            day = f"{first.year:04d}-{first:%m-%d} "
            same = first.date() == last.date() == earliest.date() == latest.date()
            utc = shown.removeprefix(day) if same else shown
            shown = f"{span(first, last).removesuffix(' UTC')} {value['zone']} = {utc}"
    same = shown.startswith(told.replace("T", " "))
    return f"{shown} (“{told}”)" if told and shown and not same else shown or told


def is_day(value: Mapping[str, Any]) -> bool:
    """Tell whether a recorded time is one whole day of its zone."""
    earliest, latest = bounds(value)
    if value.get("precision") != "day" or earliest is None or latest is None:
        return False
    return (latest - earliest).total_seconds() == 86_399


def is_days(value: Mapping[str, Any]) -> bool:
    """Tell whether a recorded time is one or more whole days of its zone, as a month is."""
    (earliest, latest), zone = bounds(value), _zone(value.get("zone"))
    if zone is None or earliest is None or latest is None or value.get("precision") not in ("day", "month", "year"):
        return False
    return (_clock(earliest.astimezone(zone)), _clock(latest.astimezone(zone))) == ("00:00", "23:59:59")


def _zone(name: Any) -> ZoneInfo | None:
    try:
        return ZoneInfo(str(name)) if name else None
    except (KeyError, ValueError, OSError):
        return None


Part = tuple[str, str]  # our own words (a label, or nothing) and a text of the archive
Line = list[Part]


def facts(lang: str, record: Mapping[str, Any], names: Sequence[str]) -> list[tuple[str, list[Line]]]:
    """Give (label, lines) of the fields that are there; each line is of parts, so that a label and a text never mix."""
    found = []
    for name in names:
        if name in record and not _is_rows(record[name]):
            lines = [[("", _plain(lang, name, record[name]))]]
        elif name in record:
            lines = [[part for line in _group(lang, "", row) for part in line] for row in record[name]]
        else:
            lines = _group(lang, name, {k[len(name) + 1 :]: v for k, v in record.items() if k.startswith(name + ".")})
        if lines:
            found.append((label(lang, name), lines))
    return found


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and isinstance(value[0], Mapping)


def _group(lang: str, name: str, group: Mapping[str, Any]) -> list[Line]:
    """Give the lines of a group: names in any language first, a position as one, a range as one."""
    rest = dict(group)
    lines: list[Line] = [
        [("", str(rest.pop(f"{prefix}{tongue}")))]
        for prefix in ("", "name.")
        for tongue in dict.fromkeys((lang, "und", "en", "ar"))
        if f"{prefix}{tongue}" in rest
    ]
    if "lat" in rest and "lon" in rest:
        around = f" ± {rest.pop('accuracy_m')} m" if "accuracy_m" in rest else ""
        lines.append([("", f"{rest.pop('lat') / MICRO:.6f}, {rest.pop('lon') / MICRO:.6f}{around}")])
    if rest and set(rest) <= {"min", "max"}:
        if len(rest) == 1:
            (bound, n), = rest.items()
            return [[("", say(lang, "at_least" if bound == "min" else "at_most", n=n))]]
        low, high = rest["min"], rest["max"]
        return [[("", str(low) if low == high else f"{low} – {high}")]]
    inner: dict[str, dict[str, Any]] = {}
    for key, value in rest.items():
        head, dot, tail = key.partition(".")
        if dot:
            inner.setdefault(head, {})[tail] = value
        else:
            lines.append([(_key(lang, name, key), _plain(lang, key, value))])
    for head, members in inner.items():
        parts = [part for line in _group(lang, head, members) for part in line]
        lines.append([(_member(lang, head), ""), *parts] if len(parts) > 1 else [(_member(lang, head), parts[0][1])])
    return lines


def _key(lang: str, name: str, key: str) -> str:
    if name == "alleged_actor" and key == "actor":
        return ""
    return say(lang, "until") if name == "coverage" and key == "to" else label(lang, key)


def _member(lang: str, head: str) -> str:
    return word(lang, "casualty_category", head) if head in VOCABULARY["casualty_category"] else label(lang, head)


def _plain(lang: str, name: str, value: Any) -> str:
    if isinstance(value, Mapping):
        is_time = "earliest" in value or "said" in value
        return when(value) if is_time else "; ".join(f"{k}: {v}" for k, v in value.items())
    if isinstance(value, bool):
        return word(lang, "answer", "yes" if value else "no")
    if isinstance(value, list) and value and isinstance(value[0], list):
        return "; ".join(": ".join(map(str, pair)) for pair in value)
    if isinstance(value, list):
        return ", ".join(_plain(lang, name, member) for member in value)
    if name in ("language", "spoken_lang") and f"language_{value}" in words():
        return say(lang, f"language_{value}")
    vocabulary = WORD_FIELDS.get(name.rsplit(".", 1)[-1])
    return word(lang, vocabulary, value) if vocabulary and isinstance(value, str) else str(value)


def reading_facts(lang: str, fields: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Give what a reader found; names of its format stay as they are, since these are the file's claims."""
    found = []
    known = {k.removeprefix("facts."): v for k, v in fields.items() if k.startswith("facts.")}
    if "width" in known and "height" in known:
        found.append((say(lang, "pixels"), f"{known['width']} × {known['height']}"))
    if "captured.local" in known:
        found.append(("DateTimeOriginal", f"{known['captured.local']} {known.get('captured.offset', '')}".strip()))
    if "gps.lat" in known and "gps.lon" in known:
        found.append(("GPS", f"{known['gps.lat'] / MICRO:.6f}, {known['gps.lon'] / MICRO:.6f}"))
    if "gps.time_utc" in known:
        found.append((say(lang, "gps_time"), str(known["gps.time_utc"])))
    camera = [str(known[f"camera.{part}"]) for part in ("make", "model", "software") if f"camera.{part}" in known]
    if camera:
        found.append((say(lang, "camera"), ", ".join(camera)))
    if "rows" in fields:
        readable = fields.get("rows_readable", "?")
        found.append((say(lang, "rows"), say(lang, "rows_read", n=fields["rows"], readable=readable)))
    return found


def reader_name(fields: Mapping[str, Any]) -> str:
    """Give tool and version of a reading; a version that names its tools stands for both."""
    tool, version = str(fields.get("tool", "")), str(fields.get("version", ""))
    return version if tool.partition(",")[0] in version else f"{tool} {version}".strip()
