"""A witness whose every field is a text of its own, looked for in all that is written or printed.

What must stay inside is searched for in every spelling: UTF-8, UTF-16, hex,
base64 at three alignments, percent-encoded, composed and decomposed.
"""

import json
import subprocess
import sys

import pytest

from archive.keys import Home
from archive.open import find
from tests import casebook
from tests.archive.test_erasure import spellings
from tests.archive.test_operators import key
from tests.casebook import CODE, OPERATOR, environment, write

NAME = "Zulaykha-Quercus-sealed-name"  # only ever inside the age file
WITNESS = {  # field of the statement -> its text
    "title": "Kanarienvogel title Übergabe", "interviewer": "Kanarie-interviewer", "interpreter": "Kanarie-interpreter",
    "notes": "Kanarie notes über alles", "rights": "Kanarie-rights", "access_point": "Kanarie-access-point",
    "source_url": "https://kanarie.example/one",
}  # fmt: skip
PSEUDONYM, RATIONALE, SOURCE_NOTES = "Kanarie-Pseudonym-7", "Kanarie rationale of the analyst", "Kanarie source notes"
CONTENT = "Kanarie content of the statement, word for word"
FILE = "statements/kanarie-file-name.txt"
EVERYTHING = [*WITNESS.values(), PSEUDONYM, RATIONALE, SOURCE_NOTES, CONTENT, "kanarie-file-name"]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    """An archive with that witness, and a second person who may order an erasure."""
    folder = tmp_path_factory.mktemp("canary")
    case, files = casebook.case(), casebook.files()
    statement = next(item for item in case["item"] if item["kind"] == "statement")
    files.pop(statement.get("file", ""), None)
    statement.update(WITNESS, file=FILE, consent={"internal": "yes", "court": "yes", "public": "no"})
    source = next(one for one in case["source"] if one["id"] == statement["source"])
    source.update(pseudonym=PSEUDONYM, notes=SOURCE_NOTES, identity_file="sealed/who.txt")
    for link in case["link"]:
        if link["item"] == statement["id"]:
            link["rationale"] = RATIONALE
    files |= {FILE: CONTENT.encode(), "sealed/who.txt": NAME.encode()}
    archive = casebook.new_archive(folder)
    write(folder / "in", case, files)
    from archive.operators import add

    add(archive, casebook.signers(archive), "karim", key(folder, "karim"), roles=["root", "guardian"])
    return folder, statement["id"], source["id"]


def run(house, *arguments):
    folder, _, _ = house
    return subprocess.run(
        [sys.executable, "-m", "archive.cli", "--archive", str(folder / "archive"), *map(str, arguments)],
        capture_output=True, env=environment(folder / "home", SIJILL_OPERATOR=OPERATOR), timeout=120, check=False,
    )  # fmt: skip


def holds(data, texts):
    return [text for text in texts if any(one in data for one in spellings(text))]


def files_below(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.fixture(scope="module")
def told(house):
    """Every command that a person runs in a year, good and bad; its output by its words."""
    folder, item, source = house
    calls = [
        ("intake", folder / "in"), ("intake", folder / "in"), ("intake", folder / "nowhere"), ("case", "list"),
        ("case", "show", CODE), ("item", "show", f"{CODE}/{item}"), ("item", "show", f"{CODE}/none"), ("check",),
        ("check", "--format", "junit"), ("match",), ("verify",), ("audit",), ("custody", f"{CODE}/{item}"),
        ("checkpoint",), ("prove", f"{CODE}/{item}"), ("publish", folder / "mirror"), ("timeline", CODE),
        ("consent", f"{CODE}/{item}", "--for", "court", "--answer", "maybe", "--reason", "x"),
        ("unseal", f"{CODE}/{source}", "--out", folder / "open.txt"), ("health",), ("operator", "list"),
        ("dossier", "export", CODE, "--for", "public", "--out", folder / "public", "--purpose", "exercise"),
        ("dossier", "export", CODE, "--for", "partner", "--out", folder / "partner", "--purpose", "exercise"),
        ("dossier", "export", CODE, "--for", "court", "--out", folder / "court", "--purpose", "exercise"),
        ("dossier", "verify", folder / "public"), ("dossier", "verify", folder / "court"),
    ]  # fmt: skip
    return {" ".join(map(str, call)): run(house, *call) for call in calls}


def test_a_sealed_name_is_nowhere_but_in_what_was_handed_in(house, told):
    folder, _, _ = house
    everywhere = [path for path in files_below(folder) if folder / "in" not in path.parents]
    assert [path for path in everywhere if holds(path.read_bytes(), [NAME])] == []
    assert [call for call, one in told.items() if holds(one.stdout + one.stderr, [NAME])] == []


def test_no_command_ends_in_a_traceback(told):
    assert [call for call, one in told.items() if b"Traceback" in one.stdout + one.stderr] == []
    assert [call for call, one in told.items() if b"fault in Sijill" in one.stderr] == []


def test_the_published_ledger_names_nobody_and_nothing(house, told):
    folder, item, _ = house
    assert told[f"publish {folder / 'mirror'}"].returncode == 0
    for path in files_below(folder / "mirror"):
        assert holds(path.read_bytes(), [*EVERYTHING, OPERATOR, "karim", f'"{item}"', CODE]) == [], path


def test_entries_and_names_of_objects_tell_nothing(house, told):
    import sqlite3

    folder, _, _ = house
    db = sqlite3.connect(folder / "archive" / "sijill.db")
    leaves = b"\n".join(leaf for (leaf,) in db.execute("SELECT leaf FROM ledger"))
    db.close()
    assert holds(leaves, [*EVERYTHING, CODE]) == []
    names = "\n".join(path.name for path in files_below(folder / "archive" / "objects")).encode()
    assert holds(names, EVERYTHING) == []


@pytest.mark.parametrize("audience", ["public", "partner"])
def test_a_no_keeps_every_word_of_a_witness_inside(house, told, audience):
    """The statement is withheld: neither its words nor who took it, nor who spoke, in any file of the dossier."""
    folder, _, _ = house
    for path in files_below(folder / audience):
        assert holds(path.read_bytes(), EVERYTHING) == [], path
    assert holds("\n".join(path.name for path in files_below(folder / audience)).encode(), EVERYTHING) == []


def test_a_court_sees_the_statement_and_not_what_is_the_archives_own(house, told):
    folder, _, _ = house
    whole = b"\n".join(path.read_bytes() for path in files_below(folder / "court"))
    assert holds(whole, [CONTENT]) == [CONTENT]
    from schemas.audience import may_see

    hidden = [text for name, text in WITNESS.items() if not may_see("court", ("item", "statement"), name)]
    assert holds(whole, [one for one in hidden if one not in CONTENT]) == []


@pytest.mark.parametrize(
    ("table", "key_", "value"),
    [("consent", "court", "Kanarie-wrong-answer"), ("source", "identity_file", "sealed/Kanarie-not-there.txt")],
)
def test_a_refusal_repeats_no_value_of_consent_or_identity(house, told, tmp_path, table, key_, value):
    case, files = casebook.case(), casebook.files()
    statement = next(item for item in case["item"] if item["kind"] == "statement")
    if table == "consent":
        statement["consent"] = {"internal": "yes", key_: value}
    else:
        case["source"][0][key_] = value
    write(tmp_path / "bad", case, files)
    for more in ((), ("--json",)):
        one = run(house, "intake", tmp_path / "bad", *more)
        assert one.returncode == 2
        assert holds(one.stdout + one.stderr, [value]) == []


def test_after_an_order_to_erase_nothing_of_the_witness_is_left(house, told):
    """Runs last: item, source and link go; dossiers that left before are named, not touched."""
    folder, item, source = house
    archive = find(folder / "archive", Home(folder / "home"))
    with archive.reading() as db:
        links = [
            f"{CODE}/{name}"
            for name, fields in db.execute("SELECT id, fields FROM record WHERE kind = 'link'")
            if json.loads(fields)["item"] == item
        ]
    for name in (f"{CODE}/{item}", f"{CODE}/{source}", *links):
        one = run(house, "erase", name, "--reason", "exercise", "--as", OPERATOR, "--as", "karim")
        assert one.returncode == 0, one.stderr
    for path in files_below(folder / "archive"):
        assert holds(path.read_bytes(), EVERYTHING) == [], path
    for call in (("audit",), ("verify",), ("case", "show", CODE), ("item", "show", f"{CODE}/{item}"), ("check",),
                 ("custody", f"{CODE}/{item}"), ("timeline", CODE)):  # fmt: skip
        one = run(house, *call)
        assert b"fault in Sijill" not in one.stderr, call
        assert holds(one.stdout + one.stderr, EVERYTHING) == [], call
    assert run(house, "audit").returncode == 0
