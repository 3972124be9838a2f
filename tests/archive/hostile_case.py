"""An invented case that means harm: formula cells, turned lines, names that collide, glyphs no font has, a long statement.

Nothing in it is wrong enough to be refused at intake; all of it must leave in
a dossier that reads well and that every judge accepts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests import casebook

YES = {"internal": "yes", "partner": "yes", "un_body": "yes", "court": "yes", "public": "yes"}
MEAN = (
    '=HYPERLINK("http://x.example","y")', "+1+1|cmd", "-2+3", "@SUM(A1)", "photo\u202egpj.exe", "\u2067abc\u2069",
    "<script>alert(1)</script>", "</bdi></html>", "{{ 7*7 }}{% raw %}", '"; DROP TABLE record; --', "a\u200bb\ufeffc",
    "𓀀 ⵣⴰⵡⴰ 🚑👩🏽‍⚕️ 中文 \U000f0000", "e\u0301 é ﷺ ١٢٣ לא ", "\u00fe\u00ae\u0014 load", "#panic(1) $x$ *b* _i_ `c`",
    "line one\nline two\ttab", "'single' \"double\" & <b>", "x" * 400, "كلمة " * 60, "\\u{202E} \\", "%0A%25 ../../etc",
)  # fmt: skip
LONG = "".join(
    f"{n}. قال الشاهد إنه سمع الطائرة ثم الانفجار. The witness said: <b>it was \u202eloud\u202c</b>, row {n}.\n" for n in range(9000)
)


def tables(pictures: int = 12) -> dict[str, Any]:
    """Give the tables of the case, with so many pictures more."""
    found = casebook.case()
    found["case"]["title"] = {"en": MEAN[6] + MEAN[4], "ar": MEAN[12] + MEAN[4]}
    found["case"]["summary"] = {"en": "\n".join(MEAN)}
    found["item"][0] |= {"consent": dict(YES, given="2019-02-20"), "title": {"en": MEAN[0]}, "language": "ar"}
    found["item"][1] |= {"release": YES, "persons_visible": "no", "title": {"en": MEAN[4]}}
    found["item"][2] |= {"release": YES}
    for number, words in enumerate(MEAN):
        found["item"].append({
            "id": f"D{number}", "kind": "document", "file": f"documents/{number}/=Cmd e\u0301.txt",
            "title": {"en": words, "ar": words}, "doc_type": "press", "author": words, "notes": words, "release": YES,
            "source_url": words, "language": words[:20],
        })  # fmt: skip
    for number in range(pictures):
        found["item"].append({
            "id": f"P{number}", "kind": "imagery", "medium": "photo", "persons_visible": "no", "release": YES,
            "file": f"media/{'photo' if number % 2 else 'PHOTO'}-{number // 2}/p.jpg", "graphic": number == 3,
        })  # fmt: skip
    found["link"] += [
        {"item": f"D{n}", "facets": ["what"], "stance": "contradicts" if n % 2 else "context",
         "strength": "circumstantial", "rationale": words, "assessor": "A-2"}
        for n, words in enumerate(MEAN[:8])
    ]  # fmt: skip
    found["relation"] += [{"item": "D1", "as": "translation_of", "of": "W1", "reason": MEAN[1]}]
    return found


def contents(pictures: int = 12) -> dict[str, bytes | str]:
    """Give the bytes of its files."""
    found: dict[str, bytes | str] = dict(casebook.files())
    found["statements/w1.txt"] = LONG
    found["logs/f1.csv"] = casebook.FLIGHTS + '2019-02-03 14:30,35.8,36.6,=1+1,@x,"+cmd|\u202e"\n'
    for number, words in enumerate(MEAN):
        found[f"documents/{number}/=Cmd e\u0301.txt"] = f"{number} {words}\n"
    for number in range(pictures):
        name = f"media/{'photo' if number % 2 else 'PHOTO'}-{number // 2}/p.jpg"
        found[name] = casebook.photograph((number * 9 % 256, 40, 80))
    return found


def archive_of(folder: Path, pictures: int = 12) -> Any:
    """Give an archive that holds the case."""
    archive = casebook.new_archive(folder)
    casebook.take(archive, casebook.write(folder / "in", tables(pictures), contents(pictures)))
    return archive
