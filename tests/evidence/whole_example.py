"""The example of the intake format, whole: an invented case, with every source and item that it refers to."""

import csv
import io
import tomllib
from datetime import UTC, datetime
from typing import Any

import openpyxl

from evidence.faults import Faults, Spot
from evidence.heads import FIELDS
from evidence.records import spread
from evidence.sheet import Submission, read_submission
from schemas import words

NOW = datetime(2026, 1, 1, tzinfo=UTC)

CASE = """\
format = "sijill-intake/1"

[case]
code = "EX-2019-0001"
title = { en = "Air strike on the clinic at Tel Marjan", ar = "غارة جوية على عيادة تل مرجان" }
exercise = true
zone = "Asia/Damascus"
occurred = { said = "about half past two in the afternoon", earliest = "2019-02-03T14:20", latest = "2019-02-03T14:40" }
place = { name = { en = "Tel Marjan", ar = "تل مرجان" }, lat = 35.812, lon = 36.604, accuracy_m = 100 }
place_public = { name = { en = "southern Idlib governorate" } }
object_type = "clinic"
delivery = "air_fixed_wing"
protected_status = ["deconfliction_listed"]
military_presence = "none_reported"
killed = { min = 2, max = 3 }
injured = { min = 9, max = 12 }
alleged_actor = { actor = "unknown air force", confidence = "possible" }
actor_response = { asked_on = "2019-03-01", position = "no_reply" }
"""

SOURCES = """
[[source]]
id = "S1"
kind = "witness"
pseudonym = "W-017"
identity_file = "sealed/w-017.txt"

[[source]]
id = "S2"
kind = "account"
pseudonym = "local media desk A"
part_of = "S9"

[[source]]
id = "S4"
kind = "spotter_post"
pseudonym = "post 7"
place = { lat = 35.9, lon = 36.5 }

[[source]]
id = "S5"
kind = "radio_operator"
pseudonym = "R-2"

[[source]]
id = "S6"
kind = "organisation"
pseudonym = "clinic administration"

[[source]]
id = "S9"
kind = "organisation"
pseudonym = "local media agency"
"""

ITEMS = """
[[item]]
id = "W1"
kind = "statement"
source = "S1"
file = "statements/w1.txt"
taken = "2019-02-20"
mode = "video_call"
witness_role = "medic"
knowledge_basis = ["saw", "heard"]
interviewer = "I-3"
language = "ar"
consent = { internal = "yes", partner = "yes", un_body = "yes", court = "ask_first", public = "no", given = "2019-02-20" }

[[item]]
id = "V1"
kind = "imagery"
medium = "photo"
source = "S2"
file = "media/IMG_2041.jpg"
source_url = "https://example.org/post/1"
claimed = { time = "2019-02-03T14:55", lat = 35.8121, lon = 36.6043 }
generation = "original"
geolocation = { method = "landmarks", assessor = "A-2", signed_off_by = "A-5" }
custody = [
  { action = "capture", at = "2019-02-03T14:55", by = "local media desk A" },
  { action = "transfer", at = "2019-02-04T09:10", by = "local media desk A", to = "I-3", purpose = "handed over by messenger" },
]

[[item]]
id = "F1"
kind = "flight_log"
source = "S4"
file = "logs/post-7.csv"
columns = { time = "Time", lat = "Lat", lon = "Lon", aircraft_type = "Aircraft", heading = "Heading", remarks = "Remarks" }
coverage = { from = "2019-02-03T06:00", to = "2019-02-03T20:00" }
zone = "Asia/Damascus"

[[item]]
id = "R1"
kind = "intercept"
source = "S5"
file = "radio/1434.wav"
recorded = "2019-02-03T14:31:20"
transcript = "…"
translation = "Released."
message_type = "release"

[[item]]
id = "D1"
kind = "document"
source = "S6"
file = "documents/admissions.pdf"
doc_type = "medical_record"
rank = "primary"

[[item]]
id = "D2"
kind = "document"
source = "S9"
file = "documents/report.pdf"
"""

LINKS = """
[[link]]
item = "F1"
locator = "row 2"
facets = ["when", "delivery"]
stance = "supports"
strength = "consistent_with"
rationale = "A fixed-wing jet heading east nine kilometres away, eleven minutes before."
assessor = "A-2"
reviewed_by = "A-5"

[[relation]]
item = "D2"
as = "cites"
of = "D1"
reason = "Page 3 quotes the admissions list."
"""

WHOLE = CASE + SOURCES + ITEMS + LINKS
NAMES = (
    "sealed/w-017.txt",
    "statements/w1.txt",
    "media/IMG_2041.jpg",
    "logs/post-7.csv",
    "radio/1434.wav",
    "documents/admissions.pdf",
    "documents/report.pdf",
)
FILES: dict[str, str | None] = {"case.toml": None, **dict.fromkeys(NAMES)}


def read(text: str = WHOLE, files: dict[str, str | None] | None = None, **others: str | bytes) -> Submission:
    """Read a case.toml, with tables beside it by name (`items` for items.csv)."""
    tables = {f"{name}.csv": body.encode() if isinstance(body, str) else body for name, body in others.items()}
    given = FILES if files is None else files
    return read_submission({"case.toml": text.encode(), **tables}, given | dict.fromkeys(tables), now=NOW)


def problems(*given: object, **others: object) -> list[str]:
    """Give every problem as one line."""
    return [f"{problem.where}: {problem.problem}" for problem in read(*given, **others).problems]


def tables(lang: str = "en", text: str = WHOLE) -> dict[str, list[list[Any]]]:
    """Give the example as sheets: table -> rows, the first of them the heads, in `lang`."""
    document = tomllib.loads(text)
    sheets = {table: _table(table, document[table], lang) for table in ("source", "item", "link", "relation")}
    case = _flat("case", document["case"], lang)
    sheets["case"] = [[words.head_label("key", lang), words.head_label("value", lang)]]
    sheets["case"] += [[_label(name, lang), value] for name, value in case.items()]
    events = [{"item": item["id"], **event} for item in document["item"] for event in item.get("custody", [])]
    sheets["custody"] = _table("custody", events, lang)
    return sheets


def _label(name: str, lang: str) -> str:
    return words.head_label(name, lang) if lang == "ar" else name


def _table(table: str, records: list[dict[str, Any]], lang: str) -> list[list[Any]]:
    rows = [_flat(table, record, lang) for record in records]
    names = list(dict.fromkeys(name for row in rows for name in row))
    return [[_label(name, lang) for name in names], *([row.get(name) for name in names] for row in rows)]


def _flat(table: str, record: dict[str, Any], lang: str) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, (entry, value) in spread(FIELDS[table], record, Spot(""), Faults()).items():
        if entry.type == "rows":
            continue
        if entry.type == "time" and isinstance(value, dict):
            flat |= {f"{name}.{part}": member for part, member in value.items()}
        elif entry.type == "map":
            flat[name] = "; ".join(f"{key} = {head}" for key, head in value.items())
        elif entry.words and lang == "ar":
            labels = [
                words.word_label(entry.words, word, lang) for word in ([value] if isinstance(value, str) else value)
            ]
            flat[name] = "؛ ".join(labels)
        elif isinstance(value, list):
            flat[name] = "; ".join(value)
        elif isinstance(value, bool):
            flat[name] = {"en": "yes", "ar": "نعم"}[lang] if value else {"en": "no", "ar": "لا"}[lang]
        else:
            flat[name] = value
    return flat


def csv_bytes(rows: list[list[Any]], divider: str = ",", encoding: str = "utf-8") -> bytes:
    """Give rows as a spreadsheet program saves them."""
    text = io.StringIO()
    csv.writer(text, delimiter=divider).writerows(rows)
    return text.getvalue().encode(encoding)


def xlsx_bytes(sheets: dict[str, list[list[Any]]], lang: str = "en") -> bytes:
    """Give sheets as one workbook."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for table, rows in sheets.items():
        sheet = book.create_sheet(words.sheet_label(table, lang))
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read_book(data: bytes, files: dict[str, str | None] | None = None) -> Submission:
    """Read a folder that holds case.xlsx and the files of the example."""
    return read_submission({"case.xlsx": data}, FILES if files is None else files, now=NOW)
