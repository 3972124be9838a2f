"""What changed since a case was last assessed: the answer then, the answer now, and the entry that made the difference.

The state of a case after an earlier entry is made again from the ledger, in
memory, for this one case; the one evaluator weighs it. Changes nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from archive import disclosure
from archive.database import TABLES, VIEW
from archive.docket import cases
from archive.flights import Logs
from archive.merged import family
from archive.show import find_standing
from archive.view import Projection
from evidence.corroboration import weigh
from evidence.reason import reason, told
from schemas.entry import Entry
from schemas.sentences import say
from schemas.standard import Standard, load, packaged_bytes

if TYPE_CHECKING:
    from archive.open import Archive
    from archive.workers import Saying

Answer = tuple[Any, Any, tuple[tuple[str, str], ...]]


def changed(
    archive: Archive, codes: Sequence[str] = (), standard: bytes | None = None, progress: Saying | None = None
) -> dict[str, Any]:
    """Give `sijill-check-changed/1`: cases whose answer differs from the last recorded one.

    Raises InputError, NotFound.
    """
    wanted = load(standard if standard is not None else packaged_bytes(archive.standard))
    found, unrecorded = [], []
    with archive.reading() as db:
        for code in codes:
            find_standing(db, code)
        (every,) = db.execute("SELECT count(*) FROM record WHERE kind = 'case'").fetchone()
        for number, (sub, case) in enumerate(cases(db, codes, standard=wanted.id)):
            if progress is not None:
                progress("weighing the cases again", number, len(set(codes)) or every)
            code = str(case.record["code"])
            then = _recorded(db, sub, wanted)
            if then is None:
                unrecorded.append(code)
                continue
            now = weigh(wanted, case)
            answer: Answer = (now.meets, now.grade, tuple(sorted(now.verdicts.items())))
            if answer != then[1]:
                cause = _cause(db, code, wanted, then[0], then[1])
                recorded = {"entry": then[0], **_said(then[1])}
                found.append({"code": code, "recorded": recorded, "now": _said(answer), "cause": cause})
    return {
        "format": "sijill-check-changed/1",
        "standard": {"id": wanted.id, "version": wanted.version, "sha256": wanted.sha256},
        "cases": found,
        "not_recorded": unrecorded,
    }


def _said(answer: Answer) -> dict[str, Any]:
    return {"meets": answer[0], "grade": answer[1], "verdicts": dict(answer[2])}


def _recorded(db: Any, sub: str, standard: Standard) -> tuple[int, Answer] | None:
    """Give the entry and the answer of the last assessment of a case under this standard."""
    rows = db.execute("SELECT idx, fields FROM act WHERE sub = ? AND t = 'assessment.add' ORDER BY idx DESC", (sub,))
    for index, text in rows.fetchall():
        fields = json.loads(text)
        if fields.get("standard_sha256") == standard.sha256:
            verdicts = fields.get("result", {}).get("verdicts", {})
            return index, (fields.get("meets"), fields.get("grade"), tuple(sorted(verdicts.items())))
    return None


def _cause(db: Any, code: str, standard: Standard, since: int, then: Answer) -> dict[str, Any] | None:
    """Give the first act after the assessment under which the answer is another; None if only time passed."""
    entries = sorted(_entries(db, code))
    scratch = sqlite3.connect(":memory:")
    try:
        for name in VIEW:
            scratch.execute(TABLES[name])
        projection = Projection(scratch.executemany)
        for number, index in enumerate(entries):
            entry, fields = _read(db, index)
            projection.add(entry, fields)
            following = entries[number + 1] if number + 1 < len(entries) else None
            if index <= since or (following is not None and _commit(db, following) == _commit(db, index)):
                continue  # an act counts whole
            projection.flush()
            case = next(cases(scratch, [code], standard=standard.id, logs=Logs(scratch, db)), None)
            if case is None:
                continue
            now = weigh(standard, case[1])
            if (now.meets, now.grade, tuple(sorted(now.verdicts.items()))) != then:
                return {"entry": index, "t": entry.t, "at": entry.at, "by": entry.by, "about": _name(db, entry.sub)}
    finally:
        scratch.close()
    return None


def _entries(db: Any, code: str) -> Iterator[int]:
    """Give every entry that can weigh on a case: of all it takes in, of any flight log, and every verification."""
    codes = family(db, code)
    rows = db.execute(
        f"SELECT last FROM record WHERE code IN ({','.join('?' * len(codes))})"
        " OR (kind = 'item' AND fields LIKE '%\"kind\":\"flight_log\"%')", codes
    ).fetchall()  # fmt: skip
    for (last,) in rows:
        index = last
        while index is not None:
            yield index
            index = Entry.parse(index, _leaf(db, index)).prev
    for (index,) in db.execute("SELECT idx FROM act WHERE t = 'custody.check'").fetchall():
        yield index


def _leaf(db: Any, index: int) -> bytes:
    return bytes(db.execute("SELECT leaf FROM ledger WHERE idx = ?", (index,)).fetchone()[0])


def _read(db: Any, index: int) -> tuple[Entry, dict[str, Any]]:
    row = db.execute("SELECT disclosures FROM private WHERE idx = ?", (index,)).fetchone()
    told = (disclosure.read(string) for string in (json.loads(row[0]) if row else []))
    return Entry.parse(index, _leaf(db, index)), {name: value for _, name, value in told}


def _commit(db: Any, index: int) -> int:
    return int(db.execute("SELECT min(size) FROM checkpoint WHERE size > ?", (index,)).fetchone()[0])


def _name(db: Any, sub: str | None) -> str | None:
    row = db.execute("SELECT kind, code, id FROM record WHERE sub = ?", (sub,)).fetchone()
    if row is None:
        return None
    return str(row[1]) if row[0] == "case" else f"{row[1]}/{row[2]}"


def in_words(document: dict[str, Any], lang: str = "en") -> str:
    """Say which answers changed, and why, in `lang`."""
    lines, comma = [], told(reason("comma"), lang)
    for one in document["cases"]:
        then, now, cause = one["recorded"], one["now"], one["cause"]
        differs = [
            _differs(name, then["verdicts"].get(name), answer, lang)
            for name, answer in now["verdicts"].items()
            if then["verdicts"].get(name) != answer
        ]
        what = comma.join(differs) or say("changed-grade", lang)
        lines.append(say("changed-case", lang, code=one["code"], entry=then["entry"], what=what))
        if cause is None:
            lines.append("  " + say("changed-time", lang))
        else:
            about = say("changed-about", lang, name=cause["about"]) if cause["about"] else ""
            since = say("changed-since", lang, entry=cause["entry"], t=cause["t"], about=about, at=cause["at"])
            lines.append(f"  {since}")
    if document["not_recorded"]:
        lines.append(say("changed-never", lang, codes=comma.join(document["not_recorded"])))
    return "\n".join(lines) or say("changed-nothing", lang)


def _differs(verdict: str, then: str | None, now: str, lang: str) -> str:
    if lang == "en":
        return f"{verdict}: {then} -> {now}"
    shown = [told(reason(f"shown-{answer}"), lang) if answer else "–" for answer in (then, now)]
    return f"{told(reason(f'verdict-{verdict}'), lang)}: {shown[0]} ← {shown[1]}"
