"""Erasing by order, and sealing: what must be gone is gone, and what must be shown stays shown."""

import base64
import json
import subprocess
import unicodedata
import urllib.parse

import pytest

from archive import ledger, sealing, unfinished
from archive.assess import check
from archive.audit import audit
from archive.dossier import verify as second
from archive.erasure import erase
from archive.intake import intake
from archive.keys import Home
from archive.open import find, init
from archive.operators import add, revoke
from archive.seal import seal, seal_again, sealed_of, unseal
from archive.show import case_list, custody_document, find_source, item_document
from schemas.errors import InputError, NotFound, RefusedError
from tests import casebook
from tests.archive.test_operators import key
from tests.casebook import CODE, filled_archive, signers, take, write
from tests.judges import judge


@pytest.fixture
def archive(tmp_path):
    """A filled archive with a second person who is root and guardian."""
    archive = filled_archive(tmp_path)
    add(archive, signers(archive), "karim", key(tmp_path, "karim"), roles=["root", "guardian"])
    return archive


def two(archive):
    return [*signers(archive), archive.home.signer("karim")]


def an_item(archive, kind):
    with archive.reading() as db:
        for (name, fields) in db.execute("SELECT id, fields FROM record WHERE kind = 'item' ORDER BY first"):
            found = json.loads(fields)
            if found.get("kind") == kind and "blake3" in found:
                return f"{CODE}/{name}", found
    raise AssertionError(kind)


def spellings(text):
    """Every form in which a text may lie about."""
    found = set()
    for form in ("NFC", "NFD"):
        data = unicodedata.normalize(form, text).encode()
        found |= {data, data.hex().encode(), urllib.parse.quote(data).encode()}
        found.add(unicodedata.normalize(form, text).encode("utf-16-le"))
        for shift in range(3):
            coded = base64.b64encode(b"\0" * shift + data).rstrip(b"=")
            found.add(coded[4 if shift else 0 : -2])
    return {one for one in found if len(one) > 8}


def lying_about(archive, text):
    """Give the files of the archive folder that hold a text in any form."""
    wanted = spellings(text)
    return [
        path.name
        for path in archive.folder.rglob("*")
        if path.is_file() and any(one in path.read_bytes() for one in wanted)
    ]


def both_hold(archive):
    report = audit(archive)
    assert [finding.code for finding in report.findings if finding.severity == "finding"] == []
    told = second.check_archive(str(archive.folder))
    assert told.ok, told.findings
    return report


def test_what_is_erased_is_nowhere_in_the_folder(tmp_path):
    """Every field of a witness is a text of its own; after the order none is found in any spelling."""
    marks = {name: f"canary{number}Quercus{number}Tintenfisch" for number, name in enumerate(
        ("title", "interviewer", "notes", "rights", "access_point"))}  # fmt: skip
    case, files = casebook.case(), casebook.files()
    statement = next(item for item in case["item"] if item["kind"] == "statement" and "file" in item)
    statement.update(marks)
    files[statement["file"]] = b"I saw it. canaryFileQuercusTintenfisch"
    archive = casebook.new_archive(tmp_path)
    add(archive, signers(archive), "karim", key(tmp_path, "karim"), roles=["root", "guardian"])
    take(archive, write(tmp_path / "in", case, files))
    every = [*marks.values(), "canaryFileQuercusTintenfisch"]
    assert all(lying_about(archive, mark) for mark in every)
    erase(archive, two(archive), f"{CODE}/{statement['id']}", "the witness asked for it")
    assert {mark: lying_about(archive, mark) for mark in every} == {mark: [] for mark in every}
    both_hold(archive)


@pytest.mark.parametrize("kind", ["statement", "imagery", "flight_log"])
def test_an_erased_item_leaves_its_name_and_the_order(archive, kind):
    name, fields = an_item(archive, kind)
    document = erase(archive, two(archive), name, "exercise")
    report = both_hold(archive)
    assert [(one["id"], one["order"]) for one in report.erased] == [(name, document["order"])]
    assert not archive.objects.path(fields["blake3"]).exists()
    with archive.reading() as db:
        assert item_document(db, name)["erased"] == document["order"]
        assert custody_document(db, name)["events"][-1]["action"] == "erase"
        assert case_list(db)["cases"][0]["items"] > 0
    (weighed,) = check(archive, [CODE]).document()["cases"]
    assert name.split("/")[1] not in {item for facet in weighed["facets"].values() for item in facet["items"]}


def test_one_person_cannot_order_it(archive):
    name, _ = an_item(archive, "statement")
    before = archive.database.read_bytes()
    with pytest.raises(RefusedError, match="two persons"):
        erase(archive, signers(archive), name, "x")
    assert archive.database.read_bytes() == before
    assert not (archive.folder / unfinished.PENDING).exists()


def test_bytes_that_another_item_names_too_stay_and_that_is_said(archive, tmp_path):
    name, fields = an_item(archive, "imagery")
    twin = casebook.case()
    original = next(item for item in twin["item"] if f"{CODE}/{item['id']}" == name)
    twin["item"].append({**original, "id": "TWIN"})
    take(archive, write(tmp_path / "again", twin, casebook.files()))
    document = erase(archive, two(archive), name, "exercise")
    assert document["shared"] == [{"object": fields["blake3"], "item": f"{CODE}/TWIN"}]
    assert archive.objects.path(fields["blake3"]).exists()
    both_hold(archive)


def test_an_order_cut_short_is_found_and_the_next_act_ends_it(archive, monkeypatch):
    """Killed after the order was committed and before its object was removed."""
    name, fields = an_item(archive, "imagery")
    monkeypatch.setattr(unfinished, "finish", lambda place: 0)
    erase(archive, two(archive), name, "exercise")
    monkeypatch.undo()
    assert archive.objects.path(fields["blake3"]).exists()
    assert [f.code for f in audit(archive).findings if f.severity == "finding"] == ["erase-unfinished"]
    with ledger.writing(archive, signers(archive)) as act:
        act.add("audit.note", sub=ledger.subject(), fields={"outcome": "seen"})
    assert not archive.objects.path(fields["blake3"]).exists()
    both_hold(archive)


def test_a_list_of_removals_that_was_forged_removes_nothing_that_is_named(archive):
    """The list is no order: what a record names stays, whatever stands on it."""
    _, fields = an_item(archive, "imagery")
    (archive.folder / unfinished.PENDING).write_text(f"{fields['blake3']}\n../../etc/passwd\n")
    with ledger.writing(archive, signers(archive)) as act:
        act.add("audit.note", sub=ledger.subject(), fields={"outcome": "seen"})
    assert archive.objects.path(fields["blake3"]).exists()
    both_hold(archive)


def test_values_brought_back_after_an_order_are_found(archive):
    name, _ = an_item(archive, "statement")
    import sqlite3

    with archive.reading() as db:
        rows = db.execute("SELECT idx, disclosures FROM private").fetchall()
    erase(archive, two(archive), name, "exercise")
    db = sqlite3.connect(archive.database)
    db.executemany("INSERT OR IGNORE INTO private VALUES (?,?)", rows)
    db.commit()
    db.close()
    assert "erase-unfinished" in [finding.code for finding in audit(archive).findings]
    assert not second.check_archive(str(archive.folder)).ok


@pytest.mark.parametrize(("name", "reason"), [(f"{CODE}/none", "x"), ("none", "x")])
def test_what_is_not_there_cannot_be_erased(archive, name, reason):
    with pytest.raises(NotFound):
        erase(archive, two(archive), name, reason)


def test_an_item_is_erased_once_and_with_a_reason(archive):
    name, _ = an_item(archive, "statement")
    with pytest.raises(InputError, match="reason"):
        erase(archive, two(archive), name, " ")
    erase(archive, two(archive), name, "x")
    with pytest.raises(InputError, match="already"):
        erase(archive, two(archive), name, "x")


# --- sealing


def a_sealed_source(archive, tmp_path):
    with archive.reading() as db:
        (name,) = db.execute("SELECT id FROM record WHERE kind = 'source' ORDER BY first").fetchone()
    secret = tmp_path / "who.txt"
    secret.write_text("exercise: the name stands here, UniqueQuercus")
    seal(archive, signers(archive), f"{CODE}/{name}", secret)
    return f"{CODE}/{name}", secret


def test_a_sealed_identity_is_open_nowhere_and_padded(archive, tmp_path):
    name, _ = a_sealed_source(archive, tmp_path)
    assert lying_about(archive, "UniqueQuercus") == []
    with archive.reading() as db:
        sealed = sealed_of(db, find_source(db, name).sub)
    assert archive.objects.get(sealed["blake3"]).startswith(b"age-encryption.org/v1")
    assert len(archive.objects.get(sealed["blake3"])) > 1024
    both_hold(archive)


def test_opening_leaves_an_entry_and_a_file_for_its_opener_alone(archive, tmp_path):
    name, secret = a_sealed_source(archive, tmp_path)
    unseal(archive, signers(archive), name, tmp_path / "open.txt", "the court asks")
    assert (tmp_path / "open.txt").read_bytes() == secret.read_bytes()
    assert (tmp_path / "open.txt").stat().st_mode & 0o077 == 0
    with archive.reading() as db:
        (fields,) = db.execute("SELECT fields FROM act WHERE t = 'seal.open'").fetchone()
    assert json.loads(fields) == {"purpose": "the court asks"}


def test_who_is_no_guardian_opens_nothing(archive, tmp_path):
    name, _ = a_sealed_source(archive, tmp_path)
    add(archive, signers(archive), "lena", key(tmp_path, "lena"), roles=["registrar"])
    before = archive.database.read_bytes()
    with pytest.raises(RefusedError):
        unseal(archive, [archive.home.signer("lena")], name, tmp_path / "open.txt", "curious")
    assert not (tmp_path / "open.txt").exists()
    assert archive.database.read_bytes() == before


def test_a_new_guardian_opens_what_was_sealed_again_and_the_old_bytes_are_gone(archive, tmp_path):
    name, secret = a_sealed_source(archive, tmp_path)
    with archive.reading() as db:
        old = sealed_of(db, find_source(db, name).sub)["blake3"]
    recipient = archive.home.age_recipient("lena", None)
    add(archive, signers(archive), "lena", key(tmp_path, "lena"), roles=["guardian"], age=recipient)
    with pytest.raises(RefusedError, match="sealed to others"):
        unseal(archive, [archive.home.signer("lena")], name, tmp_path / "a.txt", "x")
    seal_again(archive, signers(archive), name)
    unseal(archive, [archive.home.signer("lena")], name, tmp_path / "a.txt", "x")
    assert (tmp_path / "a.txt").read_bytes() == secret.read_bytes()
    assert not archive.objects.path(old).exists()
    both_hold(archive)
    again = revoke(archive, signers(archive), "lena", reason="left")
    assert again["seal_again"] == [name]


def test_age_itself_opens_what_is_sealed(archive, tmp_path):
    """A judge that is not ours, where it is installed; the padding is in the format document."""
    age = judge("age")
    name, secret = a_sealed_source(archive, tmp_path)
    with archive.reading() as db:
        sealed = archive.objects.path(sealed_of(db, find_source(db, name).sub)["blake3"])
    identity = tmp_path / "identity"
    identity.write_text(archive.home.age_identity(signers(archive)[0].name) + "\n")
    told = subprocess.run([age, "-d", "-i", identity, sealed], capture_output=True, check=True).stdout
    head, length, rest = told.split(b"\n", 2)
    assert head == b"sijill-sealed/1"
    assert rest[: int(length)] == secret.read_bytes()
    assert len(told) % 1024 == 0


def test_a_field_archive_cannot_open_what_it_seals(tmp_path):
    """Made for a guardian elsewhere: no age identity lies on this computer."""
    import pyrage

    identity = pyrage.x25519.Identity.generate()
    home = Home(tmp_path / "home")
    init(tmp_path / "field", origin="field.example/1", no_passphrase=True, operator="field",
         guardians=[str(identity.to_public())], home=home)  # fmt: skip
    archive, operator = find(tmp_path / "field", home), [home.signer("field")]
    case = casebook.case()
    case["source"][0]["identity_file"] = "who.txt"
    intake(archive, write(tmp_path / "in", case, {**casebook.files(), "who.txt": b"exercise"}), operator)
    with archive.reading() as db:
        code, short = db.execute(
            "SELECT r.code, r.id FROM record r JOIN object o ON o.sub = r.sub WHERE o.role = 'sealed'"
        ).fetchone()
        sealed = sealed_of(db, find_source(db, f"{code}/{short}").sub)
    assert not any(b"AGE-SECRET" in path.read_bytes() for path in home.folder.rglob("*") if path.is_file())
    with pytest.raises(RefusedError):
        unseal(archive, operator, f"{code}/{short}", tmp_path / "open.txt", "x")
    assert sealing.unseal(archive.objects.get(sealed["blake3"]), str(identity)) == b"exercise"


def test_erasing_a_bridge_never_raises_a_count(tmp_path):
    """X is a copy of V1 and of V2's source: without X they are still one, and X keeps nothing but that."""
    tables, contents = casebook.case(), casebook.files()
    tables["source"] += [{"id": "S5", "kind": "account", "pseudonym": "desk B"}]
    tables["item"] += [
        {"id": "X", "kind": "imagery", "medium": "photo", "source": "S5", "title": "bridge"},
        {"id": "V2", "kind": "imagery", "medium": "photo", "source": "S5"},
    ]
    tables["relation"] += [{"item": "X", "as": "copy_of", "of": "V1"}]
    tables["link"].append(tables["link"][1] | {"item": "V2"})
    archive = casebook.new_archive(tmp_path)
    take(archive, write(tmp_path / "in", tables, contents))
    add(archive, signers(archive), "karim", key(tmp_path, "karim"), roles=["root", "guardian"])
    before = check(archive).document()["cases"][0]["facets"]["what"]
    assert before["independent"] == 2
    erase(archive, two(archive), f"{CODE}/X", "the owner asked")
    after = check(archive).document()["cases"][0]["facets"]["what"]
    assert after["items"] == before["items"] == ["W1", "V1"]
    assert "was one source with V2 when it was erased" in after["left_out"][0]["because"]
    with archive.reading() as db:
        kept = json.loads(db.execute("SELECT fields FROM record WHERE id = 'X'").fetchone()[0])
    assert set(kept) == {"case", "id", "kind", "joined", "erased"}
    both_hold(archive)
