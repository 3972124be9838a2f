"""Everything leaves as plain files: every case, every record, every file, though two share a name; and it can be checked."""

from __future__ import annotations

import csv
import hashlib
import io
import json

import pytest

from archive.dossier.instructions import namespace
from archive.dossier.whole import export_all, folder_names
from archive.merkle import leaf_hash, root_of
from archive.note import Checkpoint
from archive.redact import cover
from archive.show import OBJECTS_OF
from schemas.errors import InputError, IntegrityError
from tests import casebook
from tests.judges import run


@pytest.fixture
def archive(tmp_path):
    archive = casebook.new_archive(tmp_path)
    for code in ("EX-2019-0001", "ex-2019-0001b"):
        tables, files = casebook.case(), casebook.files()
        tables["case"]["code"] = code
        tables["source"][0]["identity_file"] = "sealed/s.txt"
        files["sealed/s.txt"] = "CANARY-name"
        files["statements/w1.txt"] = f"{code}: the same name, another text"
        casebook.take(archive, casebook.write(tmp_path / code, tables, files))
    cover(archive, "EX-2019-0001/V1", "public", [(0, 0, 9, 9)], "box", "x", casebook.signers(archive))
    return archive


def rows(path):
    return list(csv.DictReader(io.StringIO(path.read_text("utf-8-sig"), newline="")))


def test_nothing_is_lost_and_other_tools_accept_it(archive, tmp_path):
    document = export_all(archive, tmp_path / "all", casebook.signers(archive), purpose="the project ends")
    out = tmp_path / "all"
    assert 0 == run("bagit.py", "--validate", "--quiet", out).returncode
    for name in ("tagmanifest-sha256.txt", "manifest-sha256.txt"):
        assert 0 == run("sha256sum", "--quiet", "--strict", "-c", name, cwd=out).returncode
    (signer,) = casebook.signers(archive)
    with (out / "tagmanifest-sha256.txt").open("rb") as signed:
        told = run("ssh-keygen", "-Y", "verify", "-f", "data/ledger/allowed_signers", "-I", signer.fingerprint, "-n",
                   namespace(casebook.ORIGIN), "-s", "tagmanifest-sha256.txt.sig", cwd=out, stdin=signed)  # fmt: skip
    assert 0 == told.returncode, told.stderr
    with archive.reading() as db:
        objects = {row[0] for row in db.execute("SELECT sha256 FROM object")}
        records = db.execute("SELECT count(*) FROM record WHERE kind != 'key'").fetchone()[0]
    written = {hashlib.sha256(p.read_bytes()).hexdigest() for p in out.glob("data/**/*") if p.is_file()}
    assert objects <= written
    lines = [json.loads(x) for p in out.glob("data/cases/*/records.jsonl") for x in p.read_text("utf-8").splitlines()]
    assert records == len(lines) and 2 == len(document["cases"])
    statements = {row["exhibit"]: row for p in out.glob("data/cases/*/exhibits.csv") for row in rows(p)}
    assert ["statements/w1.txt"] * 2 == [row["original_name"] for name, row in statements.items() if name.endswith("W1")]
    assert b"CANARY" not in b"".join(p.read_bytes() for p in out.rglob("*") if p.is_file())


def test_the_objects_of_a_record_are_found_without_going_through_all(archive):
    with archive.reading() as db:
        (plan,) = db.execute(f"EXPLAIN QUERY PLAN {OBJECTS_OF}", (1, 9, "x")).fetchall()
        told = {row[-1] for row in db.execute("SELECT * FROM object o JOIN record r ON r.sub = o.sub AND o.idx NOT BETWEEN r.first AND r.last")}
    assert plan[-1].startswith("SEARCH") and told == set()


def test_how_far_it_is_counts_every_record_those_without_a_file_too(archive, tmp_path):
    told = []
    export_all(archive, tmp_path / "all", casebook.signers(archive), purpose="x", progress=lambda *said: told.append(said))
    with archive.reading() as db:
        (records,) = db.execute("SELECT count(*) FROM record WHERE kind != 'key'").fetchone()
    assert [("copying", done, records) for done in range(1, records + 1)] == told


def test_the_ledger_in_it_gives_the_signed_roots(archive, tmp_path):
    export_all(archive, tmp_path / "all", casebook.signers(archive), purpose="x")
    leaves = (tmp_path / "all/data/ledger/entries.jsonl").read_bytes().splitlines()
    for line in (tmp_path / "all/data/ledger/checkpoints.jsonl").read_text("utf-8").splitlines():
        checkpoint = Checkpoint.parse(json.loads(line)["note"].split("\n\n")[0] + "\n")
        assert checkpoint.root == root_of([leaf_hash(leaf) for leaf in leaves[: checkpoint.size]])


def test_the_ledger_says_that_it_left_and_numbers_of_dossiers_are_not_disturbed(archive, tmp_path):
    from archive.dossier.build import Extras
    from tests.archive.dossier_case import hand_over

    export_all(archive, tmp_path / "all", casebook.signers(archive), purpose="x")
    assert 1 == hand_over(archive, tmp_path / "d", extras=Extras(pdf=False))["number"]


def test_a_damaged_object_stops_it_and_leaves_nothing(archive, tmp_path):
    with archive.reading() as db:
        (name,) = db.execute("SELECT blake3 FROM object ORDER BY idx LIMIT 1").fetchone()
    path, head = archive.objects.path(name), (archive.folder / "checkpoint").read_bytes()
    path.chmod(0o600)
    path.write_bytes(b"?")
    with pytest.raises(IntegrityError):
        export_all(archive, tmp_path / "out" / "all", casebook.signers(archive), purpose="x")
    assert [] == list((tmp_path / "out").iterdir()) and head == (archive.folder / "checkpoint").read_bytes()


def test_it_needs_a_purpose_and_an_empty_place(archive, tmp_path):
    with pytest.raises(InputError, match="purpose"):
        export_all(archive, tmp_path / "all", casebook.signers(archive), purpose=" ")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("mine")
    with pytest.raises(InputError, match="not an empty folder"):
        export_all(archive, tmp_path / "full", casebook.signers(archive), purpose="x")


def test_codes_that_no_folder_could_have_get_names_of_their_own():
    names = folder_names(["EX-1", "ex-1", "قضية", "a.b", "-x", "K_2"])
    assert ["case-000001_", "case-000002_", "case-000003_", "case-000004_", "case-000005_", "K_2"] == names
