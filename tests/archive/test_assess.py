"""Checking what the archive holds: the one evaluator, fed from the view; recorded verifications; flights."""

import json

import pytest

from archive.assess import check, weigh_for_dossier
from archive.checked import record_checks
from archive.flights import match
from archive.show import case_list, custody_document
from archive.verify import named, object_rows, verify_objects
from schemas.errors import FormatError, NotFound
from tests.casebook import CODE, case, entries, files, filled_archive, new_archive, signers, take, write


def _rules(checked, name):
    return {rule["facet"]: rule for rule in checked.document()["cases"][0]["rules"] if rule["id"] == name}


def test_the_small_case_meets_the_minimum(tmp_path):
    """Two independent sources of two kinds, reviewed, with custody and consent."""
    checked = check(filled_archive(tmp_path), [CODE])
    (one,) = checked.document()["cases"]
    assert one["meets"] is True
    assert one["verdicts"] == {"occurrence": "met", "attribution": "undetermined", "handling": "met"}
    assert checked.exit_status == 0
    assert "meets" in checked.text()


def test_a_case_without_review_does_not_meet_it_and_says_why(tmp_path):
    """Exit 1, the rule, the items, what is lacking."""
    tables = case()
    del tables["link"][0]["reviewed_by"]
    archive = new_archive(tmp_path)
    take(archive, write(tmp_path / "in", tables, files()))
    checked = check(archive)
    assert checked.exit_status == 1
    rule = _rules(checked, "reviewed")["what"]
    assert rule["answer"] == "not_met"
    assert rule["lacks"]
    assert "does NOT meet" in checked.text()
    assert "<failure" in checked.junit()


def test_no_case_is_no_finding_and_an_unknown_one_is_refused(tmp_path):
    """Exit 0 on an empty archive; 2 for a name."""
    archive = new_archive(tmp_path)
    assert check(archive).exit_status == 0
    with pytest.raises(NotFound):
        check(archive, ["EX-9"])
    with pytest.raises(FormatError):
        check(archive, [], b"format = 'sijill-standard/1'")


def test_a_recorded_assessment_is_the_grade_of_the_list(tmp_path):
    """`--record` makes it an entry; the list shows it."""
    archive = filled_archive(tmp_path)
    checked = check(archive, [CODE], record_as=signers(archive))
    assert checked.receipt.count == 1
    with archive.reading() as db:
        assert case_list(db)["cases"][0]["grade"] == "meets"


def test_only_a_recorded_verification_changes_what_intake_said(tmp_path):
    """Damage counts once it is written down, and stops counting once a later verification held."""
    archive = filled_archive(tmp_path)
    with archive.reading() as db:
        sha = json.loads(db.execute("SELECT fields FROM record WHERE id = 'V1'").fetchone()[0])["blake3"]
    path = archive.objects.path(sha)
    whole = path.read_bytes()
    path.chmod(0o600)
    path.write_bytes(whole[:-1] + b"!")
    assert check(archive).exit_status == 0
    for data, meets in ((whole[:-1] + b"!", False), (whole, True)):
        path.write_bytes(data)
        with archive.reading() as db:
            document = named(db, verify_objects(object_rows(db), archive.objects))
        told = record_checks(archive, signers(archive), document, [], entries(archive))
        assert told["recorded"] == (0 if meets else 1)
        assert check(archive).document()["cases"][0]["meets"] is meets
    with archive.reading() as db:
        events = custody_document(db, f"{CODE}/V1")["events"]
    assert [event["action"] for event in events].count("custody.check") == 2


def test_a_dossier_is_given_the_standard_and_the_assessment(tmp_path):
    """The same that `check` says, but for what looks alike: that is a suggestion to the team, and leaves for nobody."""
    archive = filled_archive(tmp_path)
    with archive.reading() as db:
        standard, assessment = weigh_for_dossier(archive, db, CODE)
    assert b"sijill-minimum" in standard
    told = check(archive).document()["cases"][0]
    assert "likeness" not in assessment
    assert {**assessment, "likeness": told["likeness"]} == told


def test_cases_named_are_weighed_in_that_order_and_all_else_by_code(tmp_path):
    """Two cases, either order."""
    archive = filled_archive(tmp_path)
    tables = case()
    tables["case"]["code"] = "EX-2018-0001"
    take(archive, write(tmp_path / "in2", tables, files()))
    by_code = [one["code"] for one in check(archive).document()["cases"]]
    assert by_code == ["EX-2018-0001", CODE]
    order = [one["code"] for one in check(archive, [CODE, "EX-2018-0001"]).document()["cases"]]
    assert order == [CODE, "EX-2018-0001"]
    assert all(one["meets"] for one in check(archive).document()["cases"])


def test_flights_near_a_case_are_found_in_any_log(tmp_path):
    """Row 1 is nine kilometres away, a minute before; the smudged row matches nothing."""
    archive = filled_archive(tmp_path)
    document = match(archive, [CODE])
    (one,) = document["cases"]
    assert document["format"] == "sijill-match/1"
    assert one["covered"] is True
    assert [(found["log"], found["row"], found["kind"]) for found in one["matches"]] == [(f"{CODE}/F1", 1, "near")]
    assert one["matches"][0]["offset_min"] == -1
    assert 8 < one["matches"][0]["distance_km"] < 10


def test_without_coverage_silence_says_nothing(tmp_path):
    """Covered is false where nobody watched, null where there is no time."""
    tables = case()
    del tables["item"][2]["coverage"]
    archive = new_archive(tmp_path)
    take(archive, write(tmp_path / "in", tables, files()))
    assert match(archive)["cases"][0]["covered"] is False
    del tables["case"]["occurred"]
    tables["case"]["code"] = "EX-2"
    take(archive, write(tmp_path / "in2", tables, files()))
    assert match(archive, ["EX-2"])["cases"][0] == {"code": "EX-2", "covered": None, "matches": []}


def test_what_does_not_fit_together_is_told_beside_the_result_and_weighs_nothing(tmp_path):
    """A wrong camera clock, a release half an hour late, an aircraft 300 km off, words against the sun."""
    tables, contents = case(), files()
    tables["item"][1]["claimed"] = {"time": "2019-02-03T14:35"}
    tables["item"].append({
        "id": "R1", "kind": "intercept", "source": "S4", "recorded": "2019-02-03T15:10:00", "message_type": "release",
    })  # fmt: skip
    tables["item"][0]["claimed"] = {"time": {"said": "after Isha", "earliest": "2019-02-03T14:20", "latest": "2019-02-03T14:40"}}
    tables["link"].append({
        "item": "F1", "locator": "row 1", "facets": ["when"], "stance": "supports", "strength": "consistent_with",
        "rationale": "A jet.", "assessor": "A-2", "reviewed_by": "A-5",
    })  # fmt: skip
    contents["logs/f1.csv"] = "Time,Lat,Lon,Aircraft\n2019-02-03 15:09,38.5,36.6,Su-22\n"
    archive = new_archive(tmp_path)
    take(archive, write(tmp_path / "in", tables, contents))
    checked = check(archive)
    (one,) = checked.document()["cases"]
    assert one["meets"] is True
    assert {finding["kind"]: finding["difference"] for finding in one["consistency"]} == {
        "camera-claimed": "19 min", "release-strike": "30 min", "sky": "3 h 35 min",
        "release-sighting": "less than a minute, 298 km; at most 40 km fit",
    }  # fmt: skip
    assert "What does not fit together (told, not judged)" in checked.text()
    assert all(finding["one"] in checked.text() for finding in one["consistency"])


def test_silence_where_nobody_said_where_they_listened_comes_with_a_warning(tmp_path):
    """The rule says it where it relies on that silence."""
    tables, contents = case(), files()
    contents["logs/f1.csv"] = "Time,Lat,Lon\n2019-02-03 19:00,35.82,36.51\n"
    archive = new_archive(tmp_path)
    take(archive, write(tmp_path / "in", tables, contents))
    checked = check(archive, [CODE])
    rule = _rules(checked, "flight")[None]
    assert rule["answer"] == "undetermined"
    assert f"warning: {CODE}/F1: its coverage names no place" in rule["because"]


def test_the_text_is_in_arabic_for_who_reads_arabic_and_the_document_is_not(tmp_path):
    """Headings, reasons, what is lacking, what the standard asks."""
    tables = case()
    del tables["link"][0]["reviewed_by"]
    archive = new_archive(tmp_path)
    take(archive, write(tmp_path / "in", tables, files()))
    checked = check(archive, lang="ar")
    text = checked.text("ar")
    assert "لا تستوفي المعيار: الحد الأدنى لتعاضد الأدلة (sijill-minimum 1)" in text
    assert "[تدريب]" in text and "لم يراجعها شخص ثانٍ" in text and "راجع شخص ثانٍ كل تقدير يُستند إليه." in text
    assert checked.document() == check(archive).document()
