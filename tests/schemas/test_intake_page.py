"""The page on the intake folder says what the tables of fields say."""

import re
from pathlib import Path

from schemas.case import CASE, STRIKE
from schemas.custody import CUSTODY
from schemas.item import BY_KIND, ITEM
from schemas.link import LINK, RELATION
from schemas.source import SOURCE
from schemas.vocabulary import VOCABULARY

PAGE = Path(__file__).parents[2] / "docs" / "intake.md"
TABLES = {
    "`[case]`": CASE, "a strike of `strikes`": STRIKE, "`[[source]]`": SOURCE, "every `[[item]]`": ITEM, **BY_KIND,
    "`[[link]]`": LINK, "`[[relation]]`": RELATION, "an event of `custody`": CUSTODY,
}  # fmt: skip
ELSEWHERE = {"audience", "answer", "class", "outcome"}  # said in sentences, or not the investigator's


def row_of(name: str) -> str:
    return re.search(rf"^\| {re.escape(name)} \| (.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE)[1]


def test_every_key_stands_on_the_page_and_no_other():
    for name, fields in TABLES.items():
        assert row_of(name).split() == [f"`{f.name}{'*' if f.required else ''}`" for f in fields], name


def test_every_word_of_every_vocabulary_stands_on_the_page():
    for name, words in VOCABULARY.items():
        if name not in ELSEWHERE:
            assert tuple(row_of(f"`{name}`").split()) == words, name


def test_the_example_of_the_page_is_read_without_a_fault():
    """But for the files and the second document, which an excerpt does not have."""
    from datetime import UTC, datetime

    from evidence.sheet import read_submission

    toml = re.search(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)[1]
    read = read_submission({"case.toml": toml.encode()}, {"case.toml": None}, now=datetime(2026, 1, 1, tzinfo=UTC))
    faults = {fault.code for fault in read.faults if not fault.warning}
    assert faults <= {"not-there", "identity-not-there", "undeclared-item"}, read.problems
