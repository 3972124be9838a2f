"""The demo: an invented case from files it makes, deterministic, through everything."""

import json

import pytest

from archive.demo import CODE, demo, in_words, make_case
from schemas.errors import InputError
from tests.casebook import sijill


@pytest.fixture(scope="module")
def shown(tmp_path_factory):
    """Run the demo once."""
    return demo(tmp_path_factory.mktemp("demo") / "demo")


def test_every_step_does_what_it_should(shown):
    """Intake, check, verify, audit, dossier, dossier verify: all end with 0."""
    assert {step.command: step.exit for step in shown.steps if step.exit} == {}
    assert [step.command.split()[1] for step in shown.steps] == [
        "init", "intake", "check", "verify", "audit", "dossier", "dossier",
    ]  # fmt: skip


def test_the_case_meets_the_minimum_and_leaves_something_undetermined(shown):
    """Occurrence and handling are met; who and with what is not told."""
    weighed = next(step.document for step in shown.steps if step.command.startswith("sijill check"))["cases"][0]
    assert weighed["verdicts"] == {"occurrence": "met", "handling": "met", "attribution": "undetermined"}
    assert {"item": "V2"}.items() <= weighed["facets"]["what"]["left_out"][0].items()


def test_what_it_says_is_a_page_of_plain_words(shown):
    """It says that it is an exercise, what was done, and where to look next."""
    text = in_words(shown.document())
    assert "EXERCISE" in text
    assert "index.html" in text
    assert "NOT AS IT SHOULD BE" not in text
    assert len(text.splitlines()) < 45


def test_every_page_that_leaves_is_marked_as_exercise(shown):
    """The dossier says so in words."""
    page = (shown.folder / "dossier" / "data" / "index.html").read_text("utf-8")
    assert "exercise" in page.lower()


def test_the_files_are_the_same_each_time(tmp_path):
    """No clock and no chance: two demos hand in the same bytes."""
    one, two = tmp_path / "one", tmp_path / "two"
    make_case(one)
    make_case(two)
    names = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    assert len(names) >= 11
    assert all((one / name).read_bytes() == (two / name).read_bytes() for name in names)


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path):
    """Nothing is written into somebody's folder."""
    (tmp_path / "mine").write_text("x")
    with pytest.raises(InputError, match="not empty"):
        demo(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_the_command_shows_the_same_as_json(tmp_path):
    """One document on stdout, nothing on stderr."""
    told = sijill("demo", tmp_path / "d", "--json")
    assert (told.returncode, told.stderr) == (0, "")
    document = json.loads(told.stdout)
    assert (document["format"], document["case"]) == ("sijill-demo/1", CODE)
