"""Consent after intake: what is answered later counts, and what already left is named."""

import pytest

from archive import ledger
from archive.assess import check
from archive.audit import audit
from archive.consent import answer, answers_of, find_person, person_document, recall_notice
from archive.operators import add, revoke
from archive.show import find_item
from schemas.errors import InputError, NotFound, RefusedError
from schemas.vocabulary import AUDIENCES
from tests.archive.test_operators import key
from tests.casebook import CODE, filled_archive, signers


@pytest.fixture
def archive(tmp_path):
    return filled_archive(tmp_path)


def a_statement(archive):
    with archive.reading() as db:
        (name,) = db.execute(
            "SELECT id FROM record WHERE kind = 'item' AND fields LIKE '%\"kind\":\"statement\"%' ORDER BY first"
        ).fetchone()
        return find_item(db, f"{CODE}/{name}")


def pseudonym_of(archive, item):
    import json

    with archive.reading() as db:
        (fields,) = db.execute(
            "SELECT fields FROM record WHERE kind = 'source' AND id = ?", (item.fields["source"],)
        ).fetchone()
    return json.loads(fields)["pseudonym"]


def left_for_court(archive, items):
    """An export entry, as a dossier that left makes it."""
    with ledger.writing(archive, signers(archive)) as act:
        (sub,) = act.rows("SELECT sub FROM record WHERE kind = 'case'")[0]
        act.add("export", sub=sub, fields={
            "audience": "court", "recipient": "the court of Sarim", "purpose": "exercise", "number": 1,
            "tagmanifest_sha256": "0" * 64, "items": items,
        })  # fmt: skip


def test_the_newest_answer_counts_and_the_record_stays(archive):
    item = a_statement(archive)
    answer(archive, signers(archive), item=item.name, audience="public", said="yes", reason="asked")
    answer(archive, signers(archive), item=item.name, audience="public", said="ask_first", reason="asked again")
    with archive.reading() as db:
        assert answers_of(db, item)["public"] == "ask_first"
        assert find_item(db, item.name).fields == item.fields
    assert audit(archive).exit_status == 0


def test_a_withdrawn_item_counts_for_nothing(archive):
    item = a_statement(archive)
    answer(archive, signers(archive), item=item.name, withdraw=True, reason="letter")
    (case,) = check(archive, [CODE]).document()["cases"]
    counted = {name for facet in case["facets"].values() for name in facet["items"]}
    assert item.id not in counted
    with archive.reading() as db:
        assert answers_of(db, item) == dict.fromkeys(AUDIENCES, "no")


def test_a_person_withdraws_everything_in_one_commit(archive):
    item = a_statement(archive)
    pseudonym = pseudonym_of(archive, item)
    left_for_court(archive, [item.name])
    document = answer(archive, signers(archive), person=pseudonym, withdraw=True, reason="letter of 9 June")
    with archive.reading() as db:
        person = find_person(db, pseudonym)
        assert document["items"] == [one.name for one in person.items]
        assert all(answers_of(db, one) == dict.fromkeys(AUDIENCES, "no") for one in person.items)
    assert document["entries"]["count"] == len(AUDIENCES) * len(person.items)
    assert [(one["number"], one["audience"]) for one in document["dossiers"]] == [(1, "court")]


def test_the_notice_names_dossier_and_item_and_nothing_of_the_person(archive):
    item = a_statement(archive)
    pseudonym = pseudonym_of(archive, item)
    left_for_court(archive, [item.name])
    notice = recall_notice(answer(archive, signers(archive), item=item.name, withdraw=True, reason="afraid of X"))
    assert item.name in notice
    assert "the court of Sarim" in notice
    assert pseudonym not in notice
    assert "afraid" not in notice
    assert "سُحبت الموافقة" in notice


def test_a_dossier_without_the_item_is_not_named(archive):
    item = a_statement(archive)
    left_for_court(archive, [f"{CODE}/other"])
    assert answer(archive, signers(archive), item=item.name, withdraw=True, reason="x")["dossiers"] == []


def test_one_person_is_shown_over_all_cases(archive):
    item = a_statement(archive)
    pseudonym = pseudonym_of(archive, item)
    left_for_court(archive, [item.name])
    with archive.reading() as db:
        shown = person_document(db, pseudonym)
    assert shown["cases"] == [CODE]
    assert item.name in [one["id"] for one in shown["items"]]
    assert [one["purpose"] for one in shown["dossiers"]] == ["exercise"]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        ({"item": f"{CODE}/W1", "audience": "pubic", "reason": "x"}, "no audience"),
        ({"item": f"{CODE}/W1", "audience": "public", "said": "maybe", "reason": "x"}, "an answer is one of"),
        ({"item": f"{CODE}/W1", "audience": "public", "reason": " "}, "needs its reason"),
        ({"person": "W-1", "audience": "public", "reason": "x"}, "only --withdraw"),
        ({"reason": "x"}, "one of the two"),
        ({"person": "nobody", "withdraw": True, "reason": "x"}, "no source has the pseudonym"),
        ({"item": f"{CODE}/none", "withdraw": True, "reason": "x"}, "no item"),
    ],
)
def test_a_wrong_call_is_refused_and_records_nothing(archive, call, said):
    before = archive.database.read_bytes()
    with pytest.raises((InputError, NotFound), match=said):
        answer(archive, signers(archive), **call)
    assert archive.database.read_bytes() == before


def test_consent_is_the_guardians(archive, tmp_path):
    add(archive, signers(archive), "karim", key(tmp_path, "karim"), roles=["registrar"])
    karim = [archive.home.signer("karim")]
    with pytest.raises(RefusedError, match="guardian"):
        answer(archive, karim, item=a_statement(archive).name, audience="court", said="yes", reason="x")
    revoke(archive, signers(archive), "karim", reason="done")
