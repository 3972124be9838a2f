"""Reasons are codes until they are read: in English as records have them, in Arabic for those who read Arabic."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

from evidence.corroboration import weigh
from evidence.reason import FIELD, Several, Term, in_language, listed, reason, sentence, told
from evidence.verdict import as_text
from schemas.sentences import in_words
from schemas.standard import load, packaged, packaged_bytes
from tests.evidence.test_corroboration import MINIMUM, case, item, press_case

ROOT = Path(__file__).parents[2]
TABLE = tomllib.loads((ROOT / "schemas/reasons.toml").read_text(encoding="utf-8"))
NAME = re.compile(r"\{(\w+)\}")
ARABIC = re.compile("[\u0621-\u064a]")
LATIN = re.compile(r"[A-Za-z]{3,}")


@pytest.mark.parametrize("code", TABLE)
def test_each_reason_is_there_in_both_languages_and_names_nothing_that_is_not_given(code):
    english, arabic = TABLE[code]["en"], TABLE[code]["ar"]
    assert set(NAME.findall(arabic)) <= set(NAME.findall(english))
    assert not LATIN.search(NAME.sub("", arabic).replace("GPS", ""))


@pytest.mark.parametrize("code", TABLE)
@pytest.mark.parametrize("lang", ["en", "ar"])
def test_no_letter_of_ours_stands_at_a_name(code, lang):
    """A word that must stay unsaid is looked for as a word: a letter beside it would hide it."""
    text = TABLE[code][lang]
    for found in NAME.finditer(text):
        around = text[max(found.start() - 1, 0) : found.start()] + text[found.end() : found.end() + 1]
        assert not any(letter.isalnum() for letter in around)


def test_every_code_that_the_evaluator_gives_has_a_sentence_and_every_sentence_is_given():
    used = set()
    for path in [*(ROOT / "evidence").glob("*.py"), *(ROOT / "archive").rglob("*.py")]:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        used |= {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    made = ("number-", "tie-", "both-", "excluded-", "answer-", "shown-", "verdict-", "span-", "all-", "only-", "sky-", "likeness-",
            "withheld-", "risk-", "of-")  # fmt: skip
    unused = {code for code in TABLE if code not in used and not code.startswith(made)}
    assert unused <= {"more-sources-one", "more-direct-one", "other-classes-one", "time-and-place"}


def test_a_case_is_told_in_arabic_with_its_own_names_and_the_same_answers():
    english, arabic = (as_text(weigh(MINIMUM, press_case()), lang=lang) for lang in ("en", "ar"))

    assert "D2 و D1 تستشهدان كلتاهما بالمصدر «report A» (من خارج القضية)" in arabic
    assert "المطلوب: لا تناقض مفتوح." not in arabic
    assert "مصدر مستقل إضافي واحد: يساعد على استيفاء occurrence (ماذا حدث، متى، أين)، weapon (الفاعل)" in arabic
    assert len(english.splitlines()) == len(arabic.splitlines())
    left = LATIN.findall(arabic.replace("EX-1", ""))
    assert {"military_presence", "undetermined", "independent", "testimony"}.isdisjoint(left)


def test_documents_stay_in_english_whatever_the_reader_speaks():
    assert not ARABIC.search(str(weigh(MINIMUM, press_case()).document()))


def test_a_sentence_of_a_dossier_is_english_and_can_still_be_said():
    because = sentence(reason("not-told", what=Term(FIELD, "military_presence")))

    assert "military_presence is not told" == because
    assert "لم يُذكر: الوجود العسكري" == in_language(because, "ar")
    assert "as it was written" == in_language("as it was written", "ar")


@pytest.mark.parametrize(("lang", "said"), [("en", "a, b, c, d, e, f and 2 more"), ("ar", "a، b، c، d، e، f وغيرها، عددها 2")])
def test_many_things_are_named_as_far_as_a_sentence_holds(lang, said):
    assert said == told(listed("abcdefgh"), lang)


def test_braces_in_a_name_are_no_code():
    """An id from outside is filled in and never read as a sentence."""
    odd = case([item("W{0}{what}", source="S1")], ["W{0}{what}"])
    assert "W{0}{what}" in as_text(weigh(MINIMUM, odd), lang="ar")
    assert "{x}" == told(Several("and", ["{x}"]))


@pytest.mark.parametrize("name", packaged())
def test_what_a_packaged_standard_says_is_there_in_arabic(name):
    standard = load(packaged_bytes(name))
    says = [standard.title, *(rule.says for rule in standard.rules), *(grade.says for grade in standard.grades)]
    for one in filter(None, says):
        assert ARABIC.search(in_words(one, "ar")), one
    assert "a sentence of ours" == in_words("a sentence of ours", "ar")
