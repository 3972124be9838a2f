"""What commands say to people in their language: every sentence of a door has one, and JSON stays as it is."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from pathlib import Path

import pytest

from archive.cli.failing import guarded
from archive.finding import CODES
from archive.handed_over import WITHHELD
from schemas.sentences import ANSWERS, CELLS, DOSSIERS, retold
from tests import casebook
from tests.archive.dossier_case import BIDI, archive_of

ROOT = Path(__file__).parents[2]
ARABIC = re.compile("[\u0621-\u064a]")
NAME = re.compile(r"\{(\w+)\}")
RETOLD = tomllib.loads((ROOT / "schemas/retold.toml").read_text("utf-8"))
TABLE = RETOLD | tomllib.loads((ROOT / "schemas/sentences.toml").read_text("utf-8"))


def spoken_in_checks():
    """Give every sentence that the verifier of a dossier may say, with a number for each value in it."""
    for path in [*sorted((ROOT / "archive/dossier").glob("verification*.py")), ROOT / "archive/dossier/looking.py"]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            called = node.func if isinstance(node, ast.Call) else None
            name = getattr(called, "attr", getattr(called, "id", ""))
            if name in ("found", "close", "Broken"):
                yield from told(node.args[-1])
            if isinstance(node, ast.Assign) and [getattr(t, "id", "") for t in node.targets] in (["what"], ["said"]):
                yield from told(node.value)


def told(node):
    if isinstance(node, ast.JoinedStr):
        text = "".join(str(part.value) if isinstance(part, ast.Constant) else "7" for part in node.values)
        yield from [text] if re.search("[a-z] [a-z]", text) else []
    elif isinstance(node, ast.Constant):
        yield from [node.value] if isinstance(node.value, str) and node.value.count(" ") > 1 else []
    else:
        for inner in ast.iter_child_nodes(node):
            yield from told(inner)


def test_what_a_check_of_a_dossier_says_is_told_in_arabic():
    sentences = sorted(set(spoken_in_checks()))
    assert len(sentences) > 50
    assert [] == [one for one in sentences if not ARABIC.search(retold(one, "ar", DOSSIERS))]
    assert sentences == [retold(one, "en", DOSSIERS) for one in sentences]


def still_english(said):
    """Give the English words that stay in a sentence, but commands."""
    return re.search("[a-z]{3,} [a-z]{2,} [a-z]|[a-z] [a-z]+$", re.sub("`[^`]*`|sijill [a-z -]+", "", said))


def spoken_in_audits():
    """Give every sentence that a finding may say: where, what, and what its code means and what to do about it."""
    for path in sorted((ROOT / "archive").glob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "report"]
        for call in calls:
            yield from (text for part in call.args[1:] for text in told(part))
        for node in ast.walk(tree) if calls else ():
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in ("what", "where"):
                yield from told(node.value)
    for path in ("archive/registry.py", "archive/stored.py", "archive/view.py", "schemas/entry.py", "schemas/disclosed.py"):
        for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8"))):
            if isinstance(node, ast.Return) and node.value is not None:
                yield from (text for text in told(node.value) if ":text" not in text)
    yield from (text for code in CODES.values() for text in (code.means, code.do))


def test_what_an_audit_finds_is_told_in_arabic_with_what_to_do_next():
    """Whoever adds a finding adds its Arabic to retold.toml."""
    sentences = sorted(set(spoken_in_audits()))
    assert len(sentences) > 50
    assert [] == [one for one in sentences if still_english(retold(one, "ar", ANSWERS))]


SAYS = ("in_words", "_words", "_show")
ASKS = ("show", "warn", "write", "confirm", "progress", "waits", "summed", "_last_word", "Stopped", "say")


HALVES = {  # parts of sentences that are told whole
    "(it held at 7)", "(no zone told)", "; entries 0 to 7 existed before 7", "no outside anchor older than 7", "erased 7 by order 7: 7", ", and 7 of stopped writers",
    "7 may not do this: ", "7 may not hand over a dossier: ", "; did you mean 7?", "; did you mean `7`?", "did you mean 7? ", "another case has this code, or ", "; the nearest is `7`", "the case has no exhibit 77", "7 must be a whole number, 77",
    "7it changed since it was registered (7); say why with --reason TEXT", "`7` is no part of a time7", "there is no 7 7 in this archive7",
    "nothing was overwritten; copy the archive away untouched, then run `sijill verify`7",
    "; entries 7 to 7 have no anchor over them yet", "alone: the other tool is not here, or cannot read this answer",
}  # fmt: skip


ERRORS = tuple(re.findall(r"^class (\w+)\(", (ROOT / "schemas/errors.py").read_text("utf-8"), re.MULTILINE))


def spoken_in_errors():
    """Give the message and the hint of every error that is raised on any floor, but what is told by code."""
    for path in (path for floor in ("archive", "evidence", "schemas") for path in (ROOT / floor).rglob("*.py")):
        if path.name.startswith("verif") and path.parent.name == "dossier":
            continue  # what these say is looked at above
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                hints = [one.value for one in node.keywords if one.arg == "hint"]
                said = node.args if getattr(node.func, "id", "") in (*ERRORS, "usage") else []
                said = node.args[-1:] if path.name == "lint.py" and getattr(node.func, "attr", "") == "say" else said
                yield from (text for part in [*said, *hints] for text in told(part))
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "hint":
                yield from told(node.value)


def test_what_an_error_says_is_told_in_arabic_with_what_to_do_next():
    """Whoever adds an error adds its Arabic to retold.toml."""
    sentences = sorted({line for text in spoken_in_errors() for line in text.split("\n")} - HALVES)
    assert len(sentences) > 500
    assert [] == [one for one in sentences if still_english(retold(one, "ar", ANSWERS))]


def spoken_by_commands():
    """Give every sentence that a command answers, asks or says while it works, beside those that are said by code."""
    for path in [*sorted((ROOT / "archive/cli").glob("*.py")), *sorted((ROOT / "archive").glob("*.py"))]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name in SAYS:
                yield from (text for inner in node.body[1:] for text in told(inner))
            if isinstance(node, ast.Call) and getattr(node.func, "attr", getattr(node.func, "id", "")) in ASKS:
                yield from (text for part in node.args for text in told(part))
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "words":
                yield from told(node.value)


def test_what_a_command_says_is_told_in_arabic():
    """Whoever adds an answer adds its Arabic to retold.toml."""
    sentences = sorted({line.strip() for text in spoken_by_commands() for line in text.split("\n")} - HALVES)
    assert len(sentences) > 50
    told = {one: retold(retold(one, "ar", ANSWERS), "ar", CELLS) for one in sentences if "?(" not in one}
    assert [] == [one for one, arabic in told.items() if still_english(arabic)]


LABELLED = (
    "seen-", "done-", "dossier-", "leaves-", "changed-", "compared-", "head-", "health-", "consent-", "custody-", "case-",
    "event", "fact-", "is-", "part-", "act-", "grade-",
)  # fmt: skip


@pytest.mark.parametrize("code", [code for code in TABLE if code.startswith(LABELLED)])
def test_each_sentence_is_there_in_both_languages_with_the_same_values(code):
    english, arabic = (set(NAME.findall(TABLE[code][lang])) for lang in ("en", "ar"))
    counted = dict.fromkeys(("entries", "exhibits", "gaps", "dossiers", "items"), "number") | {"objects": "written"}
    english = {name if name in arabic else counted.get(name, name) for name in english}  # a counted word is a number
    assert english == arabic
    assert ARABIC.search(TABLE[code]["ar"]) or code in {"done-resolved", "seen-of", "fact-between", "event"}


@pytest.fixture
def at_home(tmp_path, monkeypatch):
    archive = archive_of(tmp_path)
    monkeypatch.setenv("SIJILL_HOME", str(archive.home.folder))
    monkeypatch.setenv("SIJILL_ARCHIVE", str(archive.folder))
    return tmp_path


def test_a_dossier_is_told_in_arabic_before_it_is_written_and_checked_in_arabic(at_home, monkeypatch, capsys):
    """What stays, what may still point to a person, and what a check found; values of the case stay as they are."""
    export = ["dossier", "export", casebook.CODE, "--for", "court", "--out", str(at_home / "d"), "--purpose", "hearing",
              "--no-pdf"]  # fmt: skip
    monkeypatch.setenv("SIJILL_LANG", "ar")
    assert 0 == guarded(export)
    said = capsys.readouterr()
    before = said.err
    assert "محجوب: EX-2019-0001-000004: يجب سؤال أصحاب الشأن أولاً" in before
    assert "تنبيه: EX-2019-0001-000002, EX-2019-0001-000007, EX-2019-0001-000008: قد يُعرف أشخاص فيه" in before
    assert "ملف القضية EX-2019-0001 إلى court" in said.out
    assert not re.search("withheld:|warning|recognised|leave", before + said.out)
    assert 0 == guarded(["dossier", "verify", str(at_home / "d")])
    assert "كله سليم" in capsys.readouterr().out
    (at_home / "d/data/index.html").write_text("x")
    assert 1 == guarded(["dossier", "verify", str(at_home / "d")])
    out = capsys.readouterr().out
    assert "خلل manifest-sha256: manifest-sha256.txt: data/index.html ليس كما تقول القائمة" in out
    assert "هذا الملف ليس كما كُتب" in out


def test_json_is_the_same_in_every_language(at_home, monkeypatch, capsys):
    dry = ["dossier", "export", casebook.CODE, "--for", "court", "--out", str(at_home / "d"), "--purpose", "x", "--dry-run",
           "--json", "--date", "2026-11-22"]  # fmt: skip
    said = []
    for lang in ("en", "ar"):
        monkeypatch.setenv("SIJILL_LANG", lang)
        assert 0 == guarded(dry)
        said.append(json.loads(capsys.readouterr().out))
    assert said[0] == said[1]
    assert "those concerned are to be asked first" in {one["reason"] for one in said[0]["left_out"]}
    assert BIDI not in str(said)


def test_every_reason_to_withhold_has_a_sentence():
    from evidence.reason import reason, told

    assert all(ARABIC.search(told(reason(f"withheld-{why}"), "ar")) for why in WITHHELD)


def constants():
    """Give every text in the source, with the words of its f-strings."""
    for path in (path for floor in ("archive", "evidence", "schemas") for path in (ROOT / floor).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


SOURCE = "\n".join(constants())


def test_a_sentence_that_is_retold_is_one_that_is_said():
    """What the table retells stands in the source word for word, so that neither goes its own way."""
    apart = r"\{\w+\}|\b1 |, or |[:;,.?] | \(|\)"
    codes = [code for code in RETOLD if not code.startswith(("call-", "seen-"))]
    assert len(codes) > 500
    for code in codes:
        parts = re.split(apart, TABLE[code]["en"].replace("{{", "{").replace("}}", "}"))
        assert (code, []) == (code, [part for part in parts if len(part) > 3 and part.strip() not in SOURCE])
        assert ARABIC.search(TABLE[code]["ar"]), code
    assert set(NAME.findall(TABLE[code]["en"])) == set(NAME.findall(TABLE[code]["ar"]))


@pytest.mark.parametrize(("call", "said"), [
    (["case", "show", "EX-2019-0002"], "لا قضية باسم EX-2019-0002 في هذا الأرشيف؛ هل تقصدون EX-2019-0001؟"),
    (["item", "show", "EX-2019-0001/V99"], "لا مادة باسم EX-2019-0001/V99 في هذا الأرشيف"),
    (["dossier", "export", casebook.CODE, "--for", "cort", "--out", "x", "--purpose", "y"], "لا جهة باسم cort؛ هل تقصدون court؟"),
    (["dossier", "export", casebook.CODE, "--for", "court", "--out", "x"], "ملف يخرج من الفريق يلزمه غرض"),
    (["link", "withdraw", f"{casebook.CODE}/L1", "--reason", "x", "--as", "nobody-here"], "لا مفتاح لمشغّل باسم nobody-here"),
    (["link", "withdraw", f"{casebook.CODE}/L1", "--reason", "x", "--as", "nobody"], "لا مفتاح لمشغّل باسم nobody"),
])  # fmt: skip
def test_the_commonest_errors_are_told_in_arabic(at_home, monkeypatch, capsys, call, said):
    monkeypatch.setenv("SIJILL_LANG", "ar")
    assert guarded(call) in (2, 4)
    assert said in capsys.readouterr().err
    guarded([*call, "--json"])
    assert not ARABIC.search(capsys.readouterr().out)


WORDS_OF_TABLES = re.compile(
    r"\b(code|items?|grade|title|kind|source|size|pseudonym|part of|stance|facets|strength|assessor|reviewed by|time|place|"
    r"killed|not recorded|no file|custody|reading|object|GAP|gaps?|by|as told|entry|warning|verified|never|anchored|copy|"
    r"statement|imagery|capture|yes|no|object type|military presence|EXERCISE|bytes)\b"
)


@pytest.mark.parametrize(("call", "said"), [
    (["case", "list"], ["الرمز", "التقييم", "[تدريب] غارة جوية على عيادة تل مرجان", "لم يُسجّل"]),
    (["case", "show", casebook.CODE], ["الوقت   about half past two (من 2019-02-03T12:20:00Z", "إفادة", "شاهد"]),
    (["item", "show", f"{casebook.CODE}/W1"], ["النوع", "سلسلة الحيازة", "التقاط: I-3", "إدخال إلى الأرشيف"]),
    (["custody", f"{casebook.CODE}/W1"], ["سلسلة حيازة EX-2019-0001/W1", "(كما رُوي)", "لا ثغرة"]),
    (["health"], ["الفحص: لم يُفحص الكل قط", "النسخة: لم يصنع هذا الحاسوب أي نسخة"]),
    (["consent", f"{casebook.CODE}/W1", "--for", "court", "--answer", "yes", "--reason", "x"], ["الجواب «نعم» لـ: محكمة؛ المواد: EX-2019-0001/W1"]),
])  # fmt: skip
def test_the_tables_that_people_look_at_most_are_in_arabic(at_home, monkeypatch, capsys, call, said):
    """Heads, labels and words of vocabularies; names, times and what somebody wrote stay as they are."""
    monkeypatch.setenv("SIJILL_LANG", "ar")
    assert 0 == guarded(call)
    shown = "".join(capsys.readouterr())
    assert [one for one in said if one not in shown] == [], shown
    ours = re.sub(r"`[^`]*`|: sijill .*|about half past two|as far as I saw it", "", shown)
    assert not WORDS_OF_TABLES.search(ours), ours


@pytest.mark.parametrize(("call", "said"), [
    (["verify"], "كلها سليمة"),
    (["audit"], "كله صحيح"),
    (["match", casebook.CODE], "رحلة واحدة؛ وسجل طيران يغطي المدة كلها"),
    (["timeline", casebook.CODE], "كل الساعات، بتوقيت UTC\nمتى "),
    (["match", casebook.CODE], "قريبة"),
    (["match", casebook.CODE], " كم/س"),
    (["timeline", casebook.CODE], "إلى "),
    (["timeline", casebook.CODE], "ادعاء"),
    (["operator", "list"], "الاسم "),
    (["standard", "lint", "sijill-minimum"], "sijill-minimum: لا خطأ"),
    (["objects", "tidy"], "لا شيء يُزال"),
])  # fmt: skip
def test_what_a_command_answers_is_told_in_arabic(call, said, at_home, monkeypatch, capsys):
    monkeypatch.setenv("SIJILL_LANG", "ar")
    assert 0 == guarded(call)
    assert said in capsys.readouterr().out
