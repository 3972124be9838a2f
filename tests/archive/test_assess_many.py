"""Many cases told a stretch at a time, by two processes: word for word what the evaluator says of all at once."""

import json
import sys

import pytest

from archive import assess, stretches
from archive.assess import FORMS, check, written
from archive.database import left_journal
from archive.workers import WorkerLost
from tests.casebook import case, files, new_archive, take, write

CASES = 9


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """Nine cases: some without a review, a place, a delivery or an answer of those responsible."""
    folder = tmp_path_factory.mktemp("many")
    made = new_archive(folder)
    for number in range(CASES):
        tables = case()
        tables["case"]["code"] = f"EX-2019-{number:04d}"
        tables["item"][0]["custody"] *= number != 6
        for key in (["delivery"], ["actor_response"], ["place", "title"])[number % 3 : number % 3 + number % 2]:
            for name in key:
                tables["case"].pop(name) if name != "title" else tables["case"].update(title={"en": "A\tclinic"})
        if number % 4 == 0:
            del tables["link"][0]["reviewed_by"]
        contents = {name: data + str(number).encode() for name, data in files().items() if name != "logs/f1.csv"}
        take(made, write(folder / f"in{number}", tables, {**contents, "logs/f1.csv": files()["logs/f1.csv"]}))
    return made


def _whole(archive, form, codes=()):
    checked = check(archive, codes)
    if form == "json":
        return json.dumps(checked.document(), ensure_ascii=False, indent=2) + "\n"
    return checked.text() if form == "text" else checked.junit()


def _pieces(archive, form, codes=()):
    pieces = list(written(archive, form, codes))
    return "".join(piece for piece, _ in pieces), any(fails for _, fails in pieces)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("stretch", [1, 2, 50])
@pytest.mark.parametrize("many", [0, 400])
def test_pieces_are_the_whole(archive, monkeypatch, form, stretch, many):
    """Whatever the length of a stretch and however many processes tell them."""
    monkeypatch.setattr(stretches, "LENGTH", stretch)
    monkeypatch.setattr(stretches, "MANY", many)
    assert _pieces(archive, form) == (_whole(archive, form), True)


@pytest.mark.parametrize("form", FORMS)
def test_named_cases_come_in_their_order(archive, form):
    """Once each."""
    codes = ["EX-2019-0005", "EX-2019-0001", "EX-2019-0005"]
    assert _pieces(archive, form, codes)[0] == _whole(archive, form, codes)


@pytest.mark.parametrize("form", FORMS)
def test_an_archive_without_a_case_fails_nothing(tmp_path, form):
    """And its document is one all the same."""
    archive = new_archive(tmp_path)
    whole = _whole(archive, form)
    assert _pieces(archive, form) == (whole, False)


@pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux alone")
def test_the_rest_is_told_here_when_a_worker_is_lost(archive, monkeypatch):
    """No case twice and none left out."""

    def lost(work, jobs):
        yield work(jobs[0])
        raise WorkerLost

    monkeypatch.setattr(stretches, "LENGTH", 2)
    monkeypatch.setattr(stretches, "MANY", 0)
    monkeypatch.setattr(stretches, "forked", lost)
    assert not left_journal(archive.database)
    assert _pieces(archive, "text")[0] == _whole(archive, "text")


STANDARD = b"""format = "sijill-standard/1"
id = "delivery"
version = "1"
title = "Delivery"

[[rule]]
id = "told"
verdict = "occurrence"
needs = { set = ["delivery"] }
says = "How it was delivered is told."
"""


def test_of_many_cases_one_that_meets_is_told_by_its_verdicts_and_one_that_fails_with_its_reasons(archive, monkeypatch):
    """Named, each is told whole, and JSON is the same of few and of many."""
    whole, document = check(archive, standard=STANDARD).text(), check(archive, standard=STANDARD).document()
    monkeypatch.setattr(assess, "FEW", CASES - 1)
    checked = check(archive, standard=STANDARD)
    told = "".join(piece for piece, _ in written(archive, "text", standard=STANDARD))

    assert told == checked.text() != whole
    assert {one.meets for one in checked.assessments} == {True, False}
    for part, before, one in zip(_parts(told), _parts(whole), checked.assessments, strict=True):
        rules = "\n\nmet             told\n    told: delivery"
        assert part == (before.replace(rules, "") if one.meets else before)
        assert (rules in before) == one.meets
    assert checked.document() == document
    assert check(archive, ["EX-2019-0001"], STANDARD).text().count("told: delivery") == 1


def _parts(text):
    """Divide a text at the line that names a case."""
    return [part.rstrip("\n") for part in ("\n" + text).split("\nEX-2019-")[1:]]
