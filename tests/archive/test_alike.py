"""Suggestions over an archive: made by looking at the stored files, remembered on this computer, joined by nobody."""

import json

import pytest

from archive.acts import add_relation, withdraw
from archive.assess import check, written
from archive.consent import answer
from archive.dossier.export import Place, export
from archive.erasure import erase
from archive.handed_over import Request
from archive.likeness import Memory, alike, remembered
from archive.merging import merge
from archive.operators import add
from evidence.likeness import GONE
from tests.archive.test_operators import key
from tests.casebook import CODE, case, files, new_archive, signers, sijill, take, write
from tests.evidence.scenes import saved, scene
from tests.evidence.test_likeness import HEARD, SEEN


def copied(code=CODE, picture=7):
    """Give the small case with a picture, a small copy of it, one text in two forms, and what cannot be compared."""
    tables, contents = case(), files()
    tables["case"]["code"] = code
    scenery = scene(picture)
    contents |= {
        "media/v1.jpg": saved(scenery), "media/v2.png": saved(scenery.resize((160, 120)), "PNG"),
        "media/flat.jpg": saved(scenery.point(lambda _: 9)), "media/bad.jpg": saved(scenery)[:200],
        "statements/w1.txt": HEARD.encode(), "documents/d1.html": f"<p>{HEARD}</p>".encode(),
    }  # fmt: skip
    for name, file in (("V2", "media/v2.png"), ("V3", "media/flat.jpg"), ("V4", "media/bad.jpg")):
        tables["item"].append({"id": name, "kind": "imagery", "medium": "photo", "source": "S4", "file": file})
    tables["item"].append({"id": "D1", "kind": "document", "source": "S4", "file": "documents/d1.html"})
    return tables, contents


@pytest.fixture
def archive(tmp_path):
    archive = new_archive(tmp_path)
    take(archive, write(tmp_path / "in", *copied()))
    return archive


def said(found):
    return [(one.item.id, one.like.id) for one in found.suggestions]


def test_a_check_of_a_named_case_suggests_copies_beside_the_rules(archive):
    """Both sides, the difference and the command; no number of the result differs."""
    before = check(archive).document()["cases"][0]
    told = check(archive, [CODE]).document()["cases"][0]
    found = told.pop("likeness")
    assert [(one["item"], one["like"], one["form"]) for one in found["suggestions"]] == [
        (f"{CODE}/V2", f"{CODE}/V1", "picture"), (f"{CODE}/D1", f"{CODE}/W1", "text"),
    ]  # fmt: skip
    assert found["suggestions"][0]["command"].startswith(f"sijill relation add {CODE}/V2 --type copy_of --of V1")
    assert found["suggestions"][0]["bits_apart"] < 5
    assert found["suggestions"][1]["share_percent"] == 100
    assert [one["item"] for one in found["not_compared"]] == [f"{CODE}/V3", f"{CODE}/V4"]
    assert before["likeness"] is None
    assert told == {name: value for name, value in before.items() if name != "likeness"}
    text = "".join(piece for piece, _ in written(archive, "text", [CODE]))
    assert "V2 looks like V1" in text
    assert "V3: it is too nearly of one tone" in text
    text = "".join(piece for piece, _ in written(archive, "text", [CODE], lang="ar"))
    assert "V2 تشبه V1" in text
    assert "V3: تكاد الصورة تكون بلون واحد" in text


def test_what_was_looked_at_is_remembered_and_shown_without_opening_a_file(archive):
    """Pictures alone: of a text nothing is written down."""
    with archive.reading() as db:
        assert said(remembered(archive, db, CODE)) == []
    assert said(alike(archive)) == [("V2", "V1"), ("D1", "W1")]
    with archive.reading() as db:
        digests = {row[0] for row in db.execute("SELECT blake3 FROM object")}
    for digest in digests:
        archive.objects.path(digest).unlink()
    with archive.reading() as db:
        assert said(remembered(archive, db, CODE)) == [("V2", "V1")]
    assert json.loads("".join(piece for piece, _ in written(archive, "json")))["cases"][0]["likeness"]["suggestions"]
    gone = dict(alike(archive).not_compared)
    assert gone[f"{CODE}/W1"] == GONE


def test_nothing_of_a_text_is_written_down(archive, tmp_path):
    """Neither its digest nor any of its letters lies in what is remembered."""
    alike(archive)
    (kept,) = (archive.home_folder / "alike").iterdir()
    data = kept.read_bytes()
    with archive.reading() as db:
        (fields,) = db.execute("SELECT fields FROM record WHERE kind = 'item' AND id = 'W1'").fetchone()
    assert json.loads(fields)["blake3"].encode() not in data
    assert HEARD.encode()[:20] not in data


def test_a_relation_settles_it_and_its_withdrawal_too(archive):
    """What a person has judged is not suggested again."""
    add_relation(archive, signers(archive), f"{CODE}/V2", {"as": "copy_of", "of": "V1", "reason": "the same picture"})
    assert said(alike(archive)) == [("D1", "W1")]
    withdraw(archive, signers(archive), f"{CODE}/R1", "two pictures", ("relation",))
    assert said(alike(archive)) == [("D1", "W1")]


def test_copies_are_found_over_all_cases(archive, tmp_path):
    """One picture and one text in two cases: each is told with the first."""
    tables, contents = copied("EX-2019-0002")
    contents["statements/w1.txt"] = SEEN.encode()
    contents["media/v1.jpg"] = saved(scene(7), quality=40)
    del contents["media/v2.png"]
    tables["item"] = [one for one in tables["item"] if one["id"] not in ("V2", "V3", "V4")]
    take(archive, write(tmp_path / "two", tables, contents))
    found = {(one.item.name, one.like.name) for one in alike(archive).suggestions}
    assert ("EX-2019-0002/V1", f"{CODE}/V1") in found
    assert said(alike(archive, ["EX-2019-0002"])) == []


def test_the_items_of_merged_cases_are_compared_as_those_of_one(archive, tmp_path):
    """Each by its name in the archive, with a command that ties the two cases' items."""
    tables, contents = copied("EX-2019-0002")
    contents["media/v1.jpg"] = saved(scene(7), quality=40)
    tables["item"] = [one for one in tables["item"] if one["id"] == "V1"]
    tables["link"] = [one for one in tables["link"] if one["item"] == "V1"]
    kept = {"media/v1.jpg": contents["media/v1.jpg"]}
    take(archive, write(tmp_path / "two", tables, kept))
    merge(archive, signers(archive), "EX-2019-0002", CODE, "one attack, told twice")
    (found,) = [one for one in alike(archive, [CODE]).suggestions if one.item.name == "EX-2019-0002/V1"]
    assert found.like.name == f"{CODE}/V1"
    assert found.command == f"sijill relation add EX-2019-0002/V1 --type copy_of --of {CODE}/V1 --reason '…'"
    add_relation(archive, signers(archive), "EX-2019-0002/V1", {"as": "copy_of", "of": f"{CODE}/V1", "reason": "same"})
    assert said(alike(archive, [CODE])) == [("V2", "V1"), ("D1", "W1")]


def test_consent_withdrawn_from_the_team_closes_the_file(archive):
    """It is not read any more, by nobody."""
    answer(archive, signers(archive), item=f"{CODE}/W1", withdraw=True, reason="asked for by the witness")
    assert ("D1", "W1") not in said(alike(archive))


def test_an_item_that_is_erased_is_forgotten_at_once(archive, tmp_path):
    """Its mark goes with its object."""
    alike(archive)
    with archive.reading() as db:
        digests = [json.loads(row[0])["blake3"] for row in db.execute(
            "SELECT fields FROM record WHERE kind = 'item' AND id IN ('V1', 'V2') ORDER BY id")]  # fmt: skip
    assert set(Memory(archive).marks(digests)) == set(digests)
    add(archive, signers(archive), "karim", key(tmp_path, "karim"), roles=["root", "guardian"])
    erase(archive, [*signers(archive), archive.home.signer("karim")], f"{CODE}/V2", "asked for by the family")
    assert set(Memory(archive).marks(digests)) == {digests[0]}


def test_a_memory_that_is_damaged_or_cannot_be_written_costs_time_and_no_answer(archive):
    """The pictures are looked at again."""
    wanted = said(alike(archive))
    (kept,) = (archive.home_folder / "alike").iterdir()
    kept.write_bytes(b"no database at all" * 100)
    assert said(alike(archive)) == wanted
    kept.unlink()
    kept.parent.rmdir()
    kept.parent.write_bytes(b"a file in its place")
    assert said(alike(archive)) == wanted


def test_no_suggestion_leaves_in_a_dossier(archive, tmp_path):
    """Neither the words nor the marks, whatever this computer remembers."""
    alike(archive)
    export(archive, CODE, Request("internal"), Place(tmp_path / "out"), signers(archive))
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file():
            assert b"looks like" not in path.read_bytes(), path
            assert b"likeness" not in path.read_bytes(), path


def test_each_command_tells_it_as_a_document(archive, tmp_path):
    """`alike`, `item show` and `case show`, as a user runs them."""
    def run(*arguments):
        told = sijill(*arguments, "--json", "--archive", archive.folder, home=tmp_path / "home")
        assert told.returncode == 0, told.stderr
        return json.loads(told.stdout)

    document = run("alike", CODE)
    assert document["format"] == "sijill-alike/1"
    assert (document["compared"], len(document["suggestions"]), len(document["not_compared"])) == (4, 2, 2)
    assert [one["like"] for one in run("item", "show", f"{CODE}/V2")["likeness"]["suggestions"]] == [f"{CODE}/V1"]
    assert run("item", "show", f"{CODE}/F1")["likeness"]["suggestions"] == []
    assert len(run("case", "show", CODE)["likeness"]["suggestions"]) == 1
    words = sijill("alike", "--archive", archive.folder, home=tmp_path / "home").stdout
    assert "4 pictures and texts compared; suggested: 2" in words
    none = sijill("alike", "EX-9", "--archive", archive.folder, home=tmp_path / "home")
    assert (none.returncode, "there is no case EX-9" in none.stderr) == (2, True)


def test_an_intake_says_how_copies_are_found(archive, tmp_path):
    """Where something came in that can be compared, and not again when nothing new does."""
    tables, contents = copied("EX-2019-0003")
    folder = write(tmp_path / "three", tables, contents)
    first, again = (
        sijill("intake", folder, "--archive", archive.folder, home=tmp_path / "home").stdout for _ in range(2)
    )
    assert "`sijill alike`" in first
    assert "`sijill alike`" not in again
