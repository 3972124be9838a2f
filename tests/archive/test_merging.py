"""Two cases that were one attack: weighed as one, with every code, id and exhibit number as it was."""

import json
import shutil

import pytest

from archive import ledger
from archive.acts import add_items, add_link, add_relation, amend_case, link_from_match
from archive.assess import check
from archive.audit import audit
from archive.changed import changed
from archive.checked import record_checks
from archive.consent import answer, person_document
from archive.docket import cases
from archive.dossier import verify
from archive.dossier.export import Place, export
from archive.dossier.verification import check as verify_dossier
from archive.erasure import erase
from archive.flights import match
from archive.handed_over import Request
from archive.merged import family, weighed_as
from archive.merging import merge, take_back
from archive.operators import add
from archive.show import case_document, case_list, find_case, item_document
from archive.timeline import timeline
from archive.verify import object_rows, verify_objects
from evidence.corroboration import weigh
from schemas.errors import InputError, NotFound
from schemas.standard import load, packaged_bytes
from tests.archive import dossier_case
from tests.archive.test_operators import key
from tests.casebook import CODE, FLIGHTS, case, entries, new_archive, photograph, signers, sijill, take, write
from tests.reference_weighing import Reference

OTHER, THIRD = "EX-2019-0007", "EX-2019-0009"
WHY = "the same strike, reported by two teams"


def told_again(code=OTHER):
    """A case of another team with the same ids: its witness is another, its photograph is by the same desk."""
    tables = case()
    tables["case"] |= {"code": code, "object_type": "hospital"}
    tables["source"][0]["pseudonym"] = f"witness of {code}"
    tables["source"][2]["pseudonym"] = f"post of {code}"
    return tables


def contents(code=OTHER):
    return {
        "statements/w1.txt": f"Invented: I saw it, said for {code}.\n".encode(),
        "media/v1.jpg": photograph((len(code), ord(code[-1]), 7)),
        "logs/f1.csv": FLIGHTS.replace("one jet", f"one jet for {code}").encode(),
    }


def taken(archive, tmp_path, code):
    take(archive, write(tmp_path / code, told_again(code), contents(code)))


@pytest.fixture
def archive(tmp_path):
    """An archive with two cases, not merged yet."""
    archive = new_archive(tmp_path)
    take(archive, write(tmp_path / "in", case(), contents(CODE)))
    taken(archive, tmp_path, OTHER)
    return archive


def merged(archive, code=OTHER, into=CODE):
    return merge(archive, signers(archive), code, into, WHY)


def weighed(archive, code=CODE):
    return check(archive, [code]).assessments[0].document()


def exported(archive, tmp_path, audience="court", **request):
    out = tmp_path / f"dossier-{audience}"
    document = export(
        archive, CODE, Request(audience, "the hearing", **request), Place(out), signers(archive),
        date=dossier_case.DATE,
    )  # fmt: skip
    return out, document


def both_verify(out):
    """What the two verifiers say of a dossier: findings of each."""
    theirs = verify.check_dossier(str(out))
    return verify_dossier(out).findings, theirs.findings


# weighing


def test_what_two_teams_found_is_weighed_together(archive):
    before = weighed(archive)["facets"]["what"]
    merged(archive)
    after = weighed(archive)["facets"]["what"]
    assert before["items"] == ["W1", "V1"]
    assert after["items"] == ["W1", "V1", f"{OTHER}/W1"]
    assert after["independent"] == 3


def test_one_desk_in_both_cases_is_one_source(archive):
    merged(archive)
    left = {one["item"]: one["because"] for one in weighed(archive)["facets"]["what"]["left_out"]}
    assert left == {f"{OTHER}/V1": f"{OTHER}/V1 and V1 come from sources under one pseudonym"}


def test_the_merged_case_is_no_longer_weighed_on_its_own(archive):
    merged(archive)
    assert [one.code for one in check(archive).assessments] == [CODE]
    for ask in (check, match, changed):
        with pytest.raises(InputError, match=f"merged into {CODE} and is weighed there") as found:
            ask(archive, [OTHER])
        assert found.value.hint.startswith(f"say {CODE} instead")


def test_only_what_the_case_claims_that_takes_in_is_matched(archive):
    merged(archive)
    found = match(archive)["cases"]
    assert [one["code"] for one in found] == [CODE]
    assert {one["log"] for one in found[0]["matches"]} == {f"{CODE}/F1", f"{OTHER}/F1"}


def test_a_match_of_a_merged_log_becomes_a_link_that_counts(archive):
    merged(archive)
    row = link_from_match(archive, f"{OTHER}/F1", f"{OTHER}/F1:1")
    add_link(archive, signers(archive), f"{OTHER}/F1", {**row, "assessor": "A-2"})
    assert weighed(archive)["facets"]["delivery"]["items"] == [f"{OTHER}/F1"]


def test_a_relation_ties_items_across_merged_cases(archive):
    merged(archive)
    add_relation(archive, signers(archive), f"{OTHER}/W1", {"as": "same_speaker", "of": f"{CODE}/W1"})
    assert weighed(archive)["facets"]["what"]["independent"] == 2
    with archive.reading() as db:
        (one,) = item_document(db, f"{CODE}/W1")["relations"]
        assert (one["item"], one["of"]) == (f"{OTHER}/W1", "W1")
        (same,) = item_document(db, f"{OTHER}/W1")["relations"]
        assert (same["item"], same["of"]) == ("W1", f"{CODE}/W1")


def test_cases_that_are_not_merged_are_not_tied_by_a_relation(archive):
    with pytest.raises(InputError, match="one thing is wrong") as found:
        add_relation(archive, signers(archive), f"{OTHER}/V1", {"as": "copy_of", "of": f"{CODE}/V1"})
    assert f"{CODE}/V1" in found.value.problems[0].problem


def test_an_item_added_to_the_merged_case_counts_where_it_went(archive, tmp_path):
    merged(archive)
    file = tmp_path / "more" / "more.toml"
    file.parent.mkdir()
    file.write_text(
        '[[source]]\nid = "S9"\nkind = "witness"\npseudonym = "W-900"\n'
        '[[item]]\nid = "W9"\nkind = "statement"\nsource = "S9"\nconsent = { internal = "yes" }\n'
        '[[link]]\nitem = "W9"\nfacets = ["what"]\nstance = "supports"\nstrength = "direct"\n'
        'rationale = "She saw it."\nassessor = "A-2"\n',
        "utf-8",
    )
    found = add_items(archive, signers(archive), OTHER, file)
    assert f"{OTHER} was merged into {CODE}" in found.warnings[-1]
    assert weighed(archive)["facets"]["what"]["items"][-1] == f"{OTHER}/W9"


def test_a_folder_of_the_merged_case_handed_in_again_changes_nothing_and_says_where_it_went(archive, tmp_path):
    merged(archive)
    again = take(archive, tmp_path / OTHER)
    assert again.receipt is None
    assert f"{OTHER} was merged into {CODE}" in again.warnings[-1]


def test_another_claim_of_the_merged_case_is_refused_with_or_without_a_reason(archive, tmp_path):
    merged(archive)
    tables = told_again()
    tables["case"]["delivery"] = "drone"
    folder = write(tmp_path / OTHER, tables, {})
    with pytest.raises(InputError) as found:
        take(archive, folder, reason="seen again")
    assert "no longer weighed (delivery); change EX-2019-0001 instead" in found.value.problems[0].problem
    with pytest.raises(InputError, match="merged into"):
        amend_case(archive, signers(archive), OTHER, {"delivery": "drone"}, "seen again")


def test_the_case_that_takes_in_is_amended_and_handed_in_again_and_still_takes_in(archive, tmp_path):
    merged(archive)
    amend_case(archive, signers(archive), CODE, {"killed.min": "2", "killed.max": "4"}, "the register")
    tables = case()
    tables["case"]["killed"] = {"min": 2, "max": 5}
    take(archive, write(tmp_path / "in", tables, {}), reason="the register, second page")
    with archive.reading() as db:
        assert family(db, CODE) == [CODE, OTHER]


def test_check_changed_names_the_merge_as_the_cause(archive, tmp_path):
    tables = case()
    tables["link"] = []
    archive = new_archive(tmp_path / "another")
    take(archive, write(tmp_path / "another-in", tables, contents(CODE)))
    taken(archive, tmp_path, OTHER)
    check(archive, record_as=signers(archive))
    merged(archive)
    (one,) = changed(archive, [CODE])["cases"]
    assert (one["recorded"]["verdicts"]["occurrence"], one["now"]["verdicts"]["occurrence"]) == ("not_met", "met")
    assert (one["cause"]["t"], one["cause"]["about"]) == ("record.edit", CODE)


def test_no_waiver_and_no_recorded_grade_of_the_merged_case_is_taken_over(archive, tmp_path):
    check(archive, record_as=signers(archive))
    merged(archive)
    with archive.reading() as db:
        first, second = case_list(db)["cases"]
        assert second == {**second, "code": OTHER, "grade": None, "merged_into": CODE, "items": 3}
        assert first == {**first, "code": CODE, "merged_from": [OTHER], "items": 6}
        assert case_document(db, OTHER)["grade"] is None


def test_cases_far_apart_in_the_list_are_weighed_as_alone(archive, tmp_path):
    """All at once, a stretch of codes at a time, or one by one: the same."""
    for number in range(60):
        tables = {**case(), "item": [], "link": [], "source": []}
        tables["case"]["code"] = f"EX-2019-0001-{number:03}"
        take(archive, write(tmp_path / f"many-{number}", tables, {}))
    merged(archive)
    every = {one.code: one.document() for one in check(archive).assessments}
    assert every[CODE] == weighed(archive)
    assert OTHER not in every
    assert len(every) == 61


def test_the_second_evaluator_agrees_on_what_was_merged(archive, tmp_path):
    taken(archive, tmp_path, THIRD)
    merged(archive, THIRD, OTHER)
    merged(archive)
    add_relation(archive, signers(archive), f"{THIRD}/W1", {"as": "same_speaker", "of": f"{OTHER}/W1"})
    standard = load(packaged_bytes("sijill-minimum"))
    with archive.reading() as db:
        _, case = next(cases(db, [CODE]))
        mine, theirs = weigh(standard, case), Reference(standard, case)
    for facet in ("what", "when", "where"):
        assert mine.facets()[facet]["independent"] == len(theirs.largest(theirs.counted(facet))) == 3


# chains, cycles and refusals


def test_a_chain_of_merges_is_weighed_where_it_ends(archive, tmp_path):
    taken(archive, tmp_path, THIRD)
    merged(archive, THIRD, OTHER)
    merged(archive)
    with archive.reading() as db:
        assert family(db, CODE) == [CODE, OTHER, THIRD]
        assert weighed_as(db, THIRD) == CODE
    assert weighed(archive)["facets"]["what"]["independent"] == 4
    out, document = exported(archive, tmp_path)
    assert len(document["items"]) == 9
    assert both_verify(out) == ([], [])


REFUSED = [
    ((CODE, CODE, WHY), "cannot be merged into itself"),
    ((OTHER, CODE, " "), "needs its reason"),
    ((OTHER, "EX-2019-0002", WHY), "did you mean"),
    (("EX-2019-0008", CODE, WHY), "did you mean"),
]


@pytest.mark.parametrize(("call", "said"), REFUSED, ids=[said for _, said in REFUSED])
def test_a_merge_that_makes_no_sense_is_refused(archive, call, said):
    with pytest.raises((InputError, NotFound), match=said):
        merge(archive, signers(archive), *call)
    assert audit(archive).commits == 3


def test_a_case_goes_into_one_other_and_never_in_a_circle(archive, tmp_path):
    taken(archive, tmp_path, THIRD)
    merged(archive)
    with pytest.raises(InputError, match=f"was merged into {CODE} already"):
        merged(archive, OTHER, THIRD)
    with pytest.raises(InputError, match="neither case would be left") as found:
        merged(archive, CODE, OTHER)
    assert f"sijill case amend {OTHER} merged_into=" in found.value.hint
    with pytest.raises(InputError, match=f"was itself merged into {CODE}") as found:
        merged(archive, THIRD, OTHER)
    assert f"sijill case merge {THIRD} --into {CODE}" in found.value.hint


def test_an_invented_case_is_never_weighed_with_a_real_one(tmp_path):
    archive = new_archive(tmp_path)
    tables = case()
    del tables["case"]["exercise"]
    take(archive, write(tmp_path / "in", tables, contents(CODE)))
    taken(archive, tmp_path, OTHER)
    with pytest.raises(InputError, match=f"{OTHER} is an exercise and the other is not"):
        merged(archive)


def test_a_merge_says_what_is_left_behind(archive):
    said = merged(archive)["warnings"]
    assert len(said) == 1
    assert "only what EX-2019-0001 claims is weighed: object_type" in said[0]


def test_an_exercise_stays_one_while_it_takes_in_another(archive):
    merged(archive)
    with pytest.raises(InputError) as refused:
        amend_case(archive, signers(archive), CODE, {"exercise": ""}, "it was real")
    assert "an invented case is never weighed with a real one" in refused.value.problems[0].problem


def test_cases_that_somebody_merged_in_a_circle_by_hand_hide_nothing(archive):
    """A registrar who writes past the command gets both weighed, each on its own."""
    with ledger.writing(archive, signers(archive)) as act:
        for code, other in ((CODE, OTHER), (OTHER, CODE)):
            found = find_case(act.db, code)
            fields = {**found.fields, "merged_into": other, "merged_from": [other], "reason": "to hide them"}
            act.add("record.edit", sub=found.sub, body={"kind": "case"}, fields=fields)
    assert [one.code for one in check(archive).assessments] == [CODE, OTHER]
    assert weighed(archive)["facets"]["what"]["items"] == ["W1", "V1"]


# taking it back


def test_a_merge_is_taken_back_and_both_stay_in_the_ledger(archive):
    before = weighed(archive), weighed(archive, OTHER)
    merged(archive)
    assert take_back(archive, signers(archive), OTHER, "two streets, two strikes")["before"] == CODE
    assert (weighed(archive), weighed(archive, OTHER)) == before
    assert audit(archive).exit_status == 0
    with pytest.raises(InputError, match="merged into no other"):
        take_back(archive, signers(archive), OTHER, "again")


def test_a_merge_is_not_taken_back_while_a_relation_ties_the_two(archive):
    merged(archive)
    add_relation(archive, signers(archive), f"{OTHER}/V1", {"as": "copy_of", "of": f"{CODE}/V1"})
    with pytest.raises(InputError, match=f"1 relations tie {OTHER}"):
        take_back(archive, signers(archive), OTHER, "two strikes")


# showing


def test_the_case_shows_what_it_takes_in_under_the_names_it_has(archive):
    merged(archive)
    with archive.reading() as db:
        shown, other = case_document(db, CODE), case_document(db, OTHER)
    assert [one["id"] for one in shown["items"]] == [f"{code}/{name}" for code in (CODE, OTHER) for name in ("W1", "V1", "F1")]
    assert shown["links"][-1]["item"] == f"{OTHER}/V1"
    assert (other["merged_into"], other["weighed_with"], other["merged_reason"]) == (CODE, CODE, WHY)
    assert [one["id"] for one in other["items"]] == [f"{OTHER}/{name}" for name in ("W1", "V1", "F1")]


def test_the_objects_of_a_case_are_those_of_all_it_takes_in(archive):
    merged(archive)
    with archive.reading() as db:
        assert len(list(object_rows(db, [CODE]))) == 6


def test_the_timeline_holds_the_clocks_of_both(archive):
    merged(archive)
    items = {one["item"] for one in timeline(archive, CODE)["moments"]}
    assert {f"{CODE}/W1", f"{OTHER}/W1"} <= items
    assert OTHER in [one["text"] for one in timeline(archive, CODE)["moments"] if one["clock"] == "claim"]
    with pytest.raises(InputError, match="merged into"):
        timeline(archive, OTHER)


# what leaves


def test_a_dossier_of_a_merged_case_holds_both_and_both_verifiers_agree(archive, tmp_path):
    merged(archive)
    add_relation(archive, signers(archive), f"{OTHER}/V1", {"as": "copy_of", "of": f"{CODE}/V1", "reason": "one picture"})
    out, document = exported(archive, tmp_path)
    assert [one["bates"] for one in document["items"]] == [
        f"{code}-{rank:06}" for code in (CODE, OTHER) for rank in (1, 2, 3)
    ]
    assert both_verify(out) == ([], [])
    told = json.loads((out / "data/records/case.json").read_text("utf-8"))
    assert told["case"]["fields"]["merged_from"] == [OTHER]
    assert [one["fields"]["merged_into"] for one in told["merged"]] == [CODE]
    rows = (out / "data/exhibits.csv").read_text("utf-8-sig").splitlines()
    assert rows[4].startswith(f"{OTHER}/W1,{OTHER}-000001,")
    places = json.loads((out / "data/map.geojson").read_text("utf-8"))["features"]
    claimed = [one["properties"].get("text", "") for one in places if one["properties"]["kind"] == "claim"]
    assert [text.startswith(OTHER) for text in claimed] == [False, True]
    for page, said in (("index.html", "Merged into this case"), ("index.ar.html", "مدموجة في هذه القضية")):
        text = (out / "data" / page).read_text("utf-8")
        assert f"<h3>{said}: <bdi>{OTHER}</bdi>" in text
        assert WHY in text


@pytest.mark.parametrize("audience", ["internal", "partner", "un_body", "public"])
def test_every_audience_gets_a_dossier_that_both_verify(archive, tmp_path, audience):
    answer(archive, signers(archive), item=f"{OTHER}/W1", audience=audience, said="no", reason="she said so")
    merged(archive)
    out, document = exported(archive, tmp_path, audience)
    assert both_verify(out) == ([], [])
    assert f"{OTHER}-000001" in {one["bates"] for one in document["left_out"]}


def test_items_are_chosen_and_withheld_by_the_name_they_have(archive, tmp_path):
    merged(archive)
    _, document = exported(archive, tmp_path, withhold={f"{OTHER}/W1": "asked by counsel"})
    assert [one["bates"] for one in document["left_out"]] == [f"{OTHER}-000001"]


def test_a_dossier_left_before_the_merge_is_superseded_by_one_of_the_case_it_went_into(archive, tmp_path):
    old = tmp_path / "old"
    export(archive, OTHER, Request("court", "the hearing"), Place(old), signers(archive), date=dossier_case.DATE)
    assert merged(archive)["warnings"][-1].startswith(f"dossiers of {OTHER} that left before: 1;")
    out = tmp_path / "new"
    export(
        archive, CODE, Request("court", "the hearing"), Place(out), signers(archive), date=dossier_case.DATE,
        supersedes=old,
    )  # fmt: skip
    assert both_verify(out) == ([], [])
    correction = json.loads((out / "data/records/correction.json").read_text("utf-8"))
    assert correction["added"] == [f"{CODE}-{rank:06}" for rank in (1, 2, 3)]
    assert correction["removed"] == correction["changed"] == []
    with archive.reading() as db:
        assert [one["code"] for one in person_document(db, f"witness of {OTHER}")["dossiers"]] == [OTHER, CODE]


def test_no_dossier_of_the_merged_case_alone_is_made_any_more(archive, tmp_path):
    merged(archive)
    with pytest.raises(InputError, match=f"merged into {CODE}"):
        export(archive, OTHER, Request("court", "x"), Place(tmp_path / "no"), signers(archive))


def _without_the_merged(told):
    told.pop("merged")


def _a_number_of_the_other_case(told):
    told["items"][3]["bates"] = f"{CODE}-000004"


def _one_left_out(told):
    told["items"] = [one for one in told["items"] if one["bates"] != f"{OTHER}-000002"]


def _a_case_too_many(told):
    told["merged"].append(told["case"] | {"fields": told["case"]["fields"] | {"code": "EX-2019-0100"}})


@pytest.mark.parametrize("change", [_without_the_merged, _a_number_of_the_other_case, _one_left_out, _a_case_too_many])
def test_a_dossier_that_leaves_out_or_renumbers_what_was_merged_is_found_by_both(archive, tmp_path, change):
    merged(archive)
    out, _ = exported(archive, tmp_path)
    path = out / "data/records/case.json"
    told = json.loads(path.read_text("utf-8"))
    change(told)
    path.write_text(json.dumps(told), "utf-8")
    dossier_case.seal(out)
    dossier_case.sign(out, signers(archive)[0])
    mine, theirs = both_verify(out)
    assert mine
    assert theirs


# the command


def test_the_command_merges_shows_and_takes_back(archive, tmp_path):
    call = {"cwd": tmp_path, "home": tmp_path / "home"}
    where = ("--archive", archive.folder)
    done = sijill("case", "merge", OTHER, "--into", CODE, "--reason", WHY, *where, **call)
    assert (done.returncode, done.stdout.splitlines()[0]) == (
        0, f"{OTHER} is merged into {CODE}, which now takes in {OTHER}: 6 items in all; `sijill check {CODE}` weighs them together",
    )  # fmt: skip
    assert "object_type" in done.stderr
    listed = sijill("case", "list", *where, **call).stdout
    assert f"merged into {CODE}" in listed
    shown = sijill("case", "show", OTHER, *where, **call).stdout
    assert f"merged into {CODE}: {WHY}" in shown
    assert f"takes in  {OTHER}" in sijill("case", "show", CODE, *where, **call).stdout
    asked = sijill("check", OTHER, "--json", *where, **call)
    assert (asked.returncode, json.loads(asked.stdout)["code"]) == (2, "merged")
    back = sijill("case", "amend", OTHER, "merged_into=", "--reason", "two strikes", *where, **call)
    assert back.stdout == f"{OTHER} is weighed on its own again; {CODE} takes it in no more\n"
    wrong = sijill("case", "amend", OTHER, f"merged_into={CODE}", "--reason", "x", *where, **call)
    assert (wrong.returncode, "sijill case merge" in wrong.stderr) == (2, True)


def test_an_archive_with_a_merge_holds_for_both_who_replay_it(archive):
    merged(archive)
    assert audit(archive).findings == [] or all(one.severity == "warning" for one in audit(archive).findings)
    folder = archive.folder.parent / "copied"
    shutil.copytree(archive.folder, folder)
    assert list(verify.check_archive(str(folder)).findings) == []


def test_check_tells_beside_the_rules_what_the_merged_case_claimed_otherwise(archive):
    amend_case(archive, signers(archive), OTHER, {"occurred": "2019-02-03T18:00"}, "the second team's watch")
    merged(archive)
    (one,) = [one for one in check(archive, [CODE]).document()["cases"][0]["consistency"] if one["kind"] == "merged-claims"]
    assert one["one"] == f"{OTHER}: occurred 2019-02-03T16:00:00Z"


# erasing and verifying


def test_erasing_a_source_or_an_item_raises_no_count_across_merged_cases(archive, tmp_path):
    """What was one source over both cases stays one when a part of it is erased."""
    add(archive, signers(archive), "karim", key(tmp_path, "karim"), roles=["root", "guardian"])
    two = [*signers(archive), archive.home.signer("karim")]
    merged(archive)
    before = weighed(archive)["facets"]["where"]["independent"]
    erase(archive, two, f"{OTHER}/S2", "the desk asked for it")
    with archive.reading() as db:
        (gone,) = [one for one in case_document(db, CODE)["sources"] + case_document(db, CODE)["erased"] if one["id"] == f"{OTHER}/S2"]
        assert json.loads(db.execute("SELECT fields FROM record WHERE code = ? AND id = 'S2'", (OTHER,)).fetchone()[0])["joined"] == [
            f"{CODE}/S2"
        ]
    assert gone
    assert weighed(archive)["facets"]["where"]["independent"] == before
    erase(archive, two, f"{CODE}/V1", "the desk asked for it")
    assert weighed(archive)["facets"]["where"]["independent"] <= before
    assert audit(archive).exit_status == 0


def test_a_recorded_verification_of_the_case_is_one_of_all_it_takes_in(archive):
    merged(archive)
    (archive.objects.path(_blake3(archive, f"{OTHER}/V1"))).chmod(0o644)
    archive.objects.path(_blake3(archive, f"{OTHER}/V1")).write_bytes(b"x")
    with archive.reading() as db:
        rows = list(object_rows(db, [CODE]))
    document = verify_objects(rows, archive.objects, quick=False, whole=False)
    record_checks(archive, signers(archive), document, [CODE], entries(archive))
    left = {one["item"]: one["because"] for one in weighed(archive)["facets"]["what"]["left_out"]}
    assert "verification" in left[f"{OTHER}/V1"]


def _blake3(archive, name):
    with archive.reading() as db:
        return item_document(db, name)["blake3"]
