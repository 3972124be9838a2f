"""Acts one at a time: the records, checks and refusals of a folder, and a reason for every change."""

import json

import pytest

from archive.acts import add_items, add_link, add_relation, amend_case, link_from_match, resolve, withdraw
from archive.assess import check
from archive.audit import audit
from archive.flights import match
from archive.operators import add
from archive.show import case_document, find_case, find_record
from archive.timeline import timeline
from schemas.errors import InputError, NotFound, RefusedError
from tests.archive.test_erasure import an_item
from tests.archive.test_operators import key
from tests.casebook import CODE, case, files, filled_archive, signers, sijill, take, write

LINK = {"facets": ["what"], "stance": "supports", "strength": "direct", "rationale": "shows it", "assessor": "A-9"}


@pytest.fixture
def archive(tmp_path):
    archive = filled_archive(tmp_path)
    add(archive, signers(archive), "lena", key(tmp_path, "lena"), roles=["registrar"])
    return archive


def lena(archive):
    return [archive.home.signer("lena")]


def links(archive):
    with archive.reading() as db:
        return {one["id"]: one for one in case_document(db, CODE)["links"]}


def newest_link(archive):
    return list(links(archive))[-1]


def test_a_link_is_recorded_as_a_folder_would(archive):
    name, _ = an_item(archive, "imagery")
    before = len(links(archive))
    taken = add_link(archive, signers(archive), name, LINK)
    assert taken.receipt.count == 1
    assert len(links(archive)) == before + 1
    assert add_link(archive, signers(archive), name, LINK).receipt is None
    assert audit(archive).exit_status == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"facets": ["weapn"]}, "the nearest is `weapon`"),
        ({"stance": "for"}, "none of the words"),
        ({"rationale": ""}, "rationale: is missing"),
        ({"reviewed_by": "a-9"}, "reviewed_by"),
        ({"colour": "red"}, "no known key"),
    ],
)
def test_a_wrong_link_is_refused_with_a_folders_sentence(archive, change, said):
    name, _ = an_item(archive, "imagery")
    before = archive.database.read_bytes()
    with pytest.raises(InputError) as error:
        add_link(archive, signers(archive), name, {**LINK, **change})
    assert any(said in f"{problem.where}: {problem.problem}" for problem in error.value.problems)
    assert archive.database.read_bytes() == before


def test_a_withdrawn_item_takes_no_link_and_counts_no_more(archive):
    name, _ = an_item(archive, "imagery")
    withdraw(archive, signers(archive), name, "another town", ("item",))
    with pytest.raises(InputError, match="was withdrawn"):
        add_link(archive, signers(archive), name, LINK)
    with pytest.raises(InputError, match="already"):
        withdraw(archive, signers(archive), name, "again", ("item",))
    (weighed,) = check(archive, [CODE]).document()["cases"]
    assert name.split("/")[1] not in {item for facet in weighed["facets"].values() for item in facet["items"]}


def test_nothing_is_withdrawn_without_a_reason_or_under_another_kind(archive):
    name, _ = an_item(archive, "imagery")
    with pytest.raises(InputError, match="reason"):
        withdraw(archive, signers(archive), name, "", ("item",))
    with pytest.raises(NotFound):
        withdraw(archive, signers(archive), name, "x", ("link",))


def test_an_item_is_added_with_its_file(archive, tmp_path):
    folder = tmp_path / "found"
    folder.mkdir()
    (folder / "list.txt").write_text("exercise")
    (folder / "item.toml").write_text('[[item]]\nid = "NEW"\nkind = "document"\nfile = "list.txt"\n')
    taken = add_items(archive, signers(archive), CODE, folder / "item.toml")
    assert [(item["id"], item["new"]) for item in taken.items] == [(f"{CODE}/NEW", True)]
    assert taken.warnings == []
    (folder / "item.toml").write_text('[[item]]\nid = "NEW2"\nkind = "document"\nfile = "gone.txt"\n')
    with pytest.raises(InputError) as error:
        add_items(archive, signers(archive), CODE, folder / "item.toml")
    assert "item.toml: item 1" in error.value.problems[0].where
    (folder / "item.toml").write_text('[[items]]\nid = "X"\n')
    with pytest.raises(InputError, match="no table"):
        add_items(archive, signers(archive), CODE, folder / "item.toml")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = " + "[" * 100_000, "is nested too deep"),
        ("a." * 50_000 + "b = 1\n", "is nested too deep"),
        ("a = " + "9" * 10_000, "a number of too many digits"),
        ("#" + "x" * (9 << 20), "is larger than 8 MiB"),
        ("a = [", "cannot be read as TOML: Invalid value, at the end"),
    ],
    ids=["lists in lists", "a key of many parts", "a long number", "nine megabytes", "cut off"],
)
def test_a_file_of_items_that_nobody_wrote_by_hand_is_refused_as_a_folders_is(archive, tmp_path, text, said):
    path = tmp_path / "item.toml"
    path.write_text(text)

    with pytest.raises(InputError, match=said):
        add_items(archive, signers(archive), CODE, path)


def test_a_relation_joins_items_of_the_case(archive):
    (one, _), (two, _) = an_item(archive, "imagery"), an_item(archive, "statement")
    taken = add_relation(archive, signers(archive), one, {"as": "cites", "of": two.split("/")[1]})
    assert taken.receipt.count == 1
    with pytest.raises(InputError) as error:
        add_relation(archive, signers(archive), one, {"as": "cites", "of": one.split("/")[1]})
    assert "itself" in error.value.problems[0].problem


def test_the_case_is_amended_and_its_older_words_stay(archive, tmp_path):
    amend_case(archive, signers(archive), CODE, {"killed.max": "9", "delivery": "drone"}, "second page")
    with archive.reading() as db:
        kept = find_case(db, CODE)
    assert (kept.fields["killed.max"], kept.fields["delivery"]) == (9, "drone")
    assert kept.last > kept.first
    amend_case(archive, signers(archive), CODE, {"delivery": ""}, "not known after all")
    with archive.reading() as db:
        assert "delivery" not in find_case(db, CODE).fields
    for changes, said in (({"killd.max": "9"}, "nearest is `killed.max`"), ({"killed.max": "many"}, "killed.max")):
        with pytest.raises(InputError) as error:
            amend_case(archive, signers(archive), CODE, changes, "x")
        assert said in error.value.problems[0].problem
    with pytest.raises(InputError, match="reason"):
        amend_case(archive, signers(archive), CODE, {"killed.max": "9"}, "")
    with pytest.raises(InputError, match="never changes"):
        amend_case(archive, signers(archive), CODE, {"code": "EX-9"}, "x")


def a_contradiction(archive):
    name, _ = an_item(archive, "imagery")
    add_link(archive, signers(archive), name, {**LINK, "stance": "contradicts"})
    return newest_link(archive)


def contradictions(archive):
    (weighed,) = check(archive, [CODE]).document()["cases"]
    return weighed["facets"]["what"]["contradictions"]


def test_a_contradiction_is_open_until_another_person_resolves_it(archive):
    name = a_contradiction(archive)
    assert contradictions(archive)
    with pytest.raises(RefusedError, match="recorded") as refused:
        resolve(archive, signers(archive), name, "explained", "two strikes")
    assert refused.value.exit_status == 4
    resolve(archive, lena(archive), name, "unresolved", "asked the assessor")
    assert contradictions(archive)
    resolve(archive, lena(archive), name, "explained", "two strikes")
    assert contradictions(archive) == []
    with archive.reading() as db:
        link = find_record(db, name, ("link",))
        versions = db.execute("SELECT count(*) FROM ledger WHERE idx IN (?, ?)", (link.first, link.last)).fetchone()[0]
    assert link.fields["resolution_reason"] == "two strikes"
    assert versions == 2
    assert audit(archive).exit_status == 0


def test_its_assessor_cannot_resolve_it_under_any_key(archive, tmp_path):
    name, _ = an_item(archive, "imagery")
    add_link(archive, signers(archive), name, {**LINK, "stance": "contradicts", "assessor": "Lena"})
    with pytest.raises(RefusedError, match="assessed"):
        resolve(archive, lena(archive), newest_link(archive), "explained", "x")
    add(archive, signers(archive), "second", key(tmp_path, "second"), person="lena", roles=["registrar"])
    with pytest.raises(RefusedError, match="assessed"):
        resolve(archive, [archive.home.signer("second")], newest_link(archive), "explained", "x")


def test_only_a_contradiction_is_resolved(archive):
    name, _ = an_item(archive, "imagery")
    add_link(archive, signers(archive), name, LINK)
    with pytest.raises(InputError, match="no standing contradiction"):
        resolve(archive, lena(archive), newest_link(archive), "explained", "x")
    with pytest.raises(InputError, match="an outcome is one of"):
        resolve(archive, lena(archive), a_contradiction(archive), "won", "x")


def test_a_folder_taken_in_again_does_not_undo_a_resolution(archive, tmp_path):
    told = case()
    told["link"].append({**LINK, "item": told["item"][0]["id"], "stance": "contradicts", "id": "C1"})
    take(archive, write(tmp_path / "again", told, files()), reason="a contradiction")
    resolve(archive, lena(archive), f"{CODE}/C1", "explained", "two strikes")
    assert take(archive, tmp_path / "again").receipt is None
    with archive.reading() as db:
        assert find_record(db, f"{CODE}/C1", ("link",)).fields["resolution"] == "explained"


def test_a_match_becomes_a_link_when_an_analyst_accepts_it(archive):
    (found,) = match(archive, [CODE])["cases"]
    if not found["matches"]:
        pytest.fail("the case of the tests has no match any more")
    one = found["matches"][0]
    row = link_from_match(archive, one["log"], f"{one['log']}:{one['row']}")
    assert row["strength"] == "consistent_with"
    add_link(archive, signers(archive), one["log"], {**row, "assessor": "A-2", "facets": ["when"]})
    assert links(archive)[newest_link(archive)]["locator"] == f"row {one['row']}"
    with pytest.raises(NotFound, match="no match"):
        link_from_match(archive, one["log"], f"{one['log']}:999")


def test_every_clock_stands_on_one_axis_in_order(archive):
    moments = timeline(archive, CODE)["moments"]
    assert [one["earliest"] for one in moments] == sorted(one["earliest"] for one in moments)
    assert "claim" in {one["clock"] for one in moments}


def test_a_circle_of_items_is_refused_also_where_it_is_closed_one_relation_at_a_time(archive):
    """What each rests on could not be told; a folder that closes one with what is registered is refused too."""
    assert add_relation(archive, signers(archive), f"{CODE}/V1", {"as": "derived_from", "of": "W1"}).receipt
    assert add_relation(archive, signers(archive), f"{CODE}/W1", {"as": "cites", "of": "F1"}).receipt
    with pytest.raises(InputError) as refused:
        add_relation(archive, signers(archive), f"{CODE}/F1", {"as": "derived_from", "of": "V1"})
    assert "F1 -> V1 -> W1 -> F1" in refused.value.problems[0].problem
    assert add_relation(archive, signers(archive), f"{CODE}/V1", {"as": "derived_from", "of": "W1"}).receipt is None
    with archive.reading() as db:
        (one,) = [r["id"] for r in case_document(db, CODE)["relations"] if r["item"] == "V1"]
    withdraw(archive, signers(archive), one, "two pictures", ("relation",))
    assert add_relation(archive, signers(archive), f"{CODE}/F1", {"as": "derived_from", "of": "V1"}).receipt


@pytest.mark.parametrize(
    ("before", "change", "said"),
    [
        ({"killed.max": "4"}, {"killed.min": "9"}, "the smallest number (9) is larger than the largest (4)"),
        ({}, {"title.en": "", "title.ar": ""}, "title: is missing"),
        ({}, {"place.lon": ""}, "a latitude and a longitude go together"),
        ({}, {"place.lat": "95"}, "a latitude lies between"),
        ({}, {"plce": ""}, "no known key"),
    ],
)
def test_an_amended_case_is_checked_as_a_whole(archive, before, change, said):
    if before:
        amend_case(archive, signers(archive), CODE, before, "the register")
    with pytest.raises(InputError) as refused:
        amend_case(archive, signers(archive), CODE, change, "second thoughts")
    assert [said in problem.problem for problem in refused.value.problems] == [True]


def test_one_half_of_a_position_is_amended_and_a_whole_place_is_taken_away(archive):
    amend_case(archive, signers(archive), CODE, {"place.lat": "35.9"}, "read again")
    with archive.reading() as db:
        assert (find_case(db, CODE).fields["place.lat"], find_case(db, CODE).fields["place.lon"]) == (35900000, 36604000)
    amend_case(archive, signers(archive), CODE, {"place": ""}, "nobody knows")
    with archive.reading() as db:
        assert not [name for name in find_case(db, CODE).fields if name.startswith("place.")]


@pytest.mark.parametrize("observation", ["nonsense", "F1", ":3", "F1:x"])
def test_what_is_no_observation_is_no_match(archive, observation):
    with pytest.raises(InputError, match="is no observation") as refused:
        link_from_match(archive, f"{CODE}/F1", observation)
    assert refused.value.hint == "LOG:ROW, as `sijill match` tells it"


def test_an_act_that_is_refused_speaks_the_language_of_the_person(archive, tmp_path):
    call = {"cwd": tmp_path, "home": tmp_path / "home", "SIJILL_LANG": "ar"}
    where = ("--archive", archive.folder, "--as", "tester")
    calls = [
        ("link", "add", f"{CODE}/V1", "--facet", "weapn", "--stance", "supports", "--strength", "direct", "--rationale", "x"),
        ("relation", "add", f"{CODE}/V1", "--type", "copy_of"),
        ("case", "amend", CODE, "killed.max=many", "--reason", "x"),
    ]
    for one in calls:
        told = sijill(*one, *where, **call)
        assert told.returncode == 2
        assert "  الأمر: " in told.stderr
    asked = sijill(*calls[0], "--json", *where, **call)
    assert json.loads(asked.stdout)["problems"][0]["where"] == "the call: link 1"


def test_a_folder_links_nothing_new_to_an_item_that_was_withdrawn(archive, tmp_path):
    """The links it had are handed in again with the folder, and nothing is wrong with that."""
    withdraw(archive, signers(archive), f"{CODE}/V1", "another street", ("item",))
    tables = case()
    assert take(archive, write(tmp_path / "in", tables, files())).receipt is None
    tables["link"].append(LINK | {"item": "V1"})
    with pytest.raises(InputError) as refused:
        take(archive, write(tmp_path / "in", tables, files()))
    (problem,) = refused.value.problems
    assert problem.where == "case.toml: link 3"
    assert problem.problem.startswith("item: V1 was withdrawn")
