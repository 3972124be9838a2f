"""A dossier that was handed over: others' tools accept it, and nobody who may not be seen is in it."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from archive.dossier import verification, verify
from archive.dossier.build import Extras
from archive.dossier.instructions import namespace
from schemas.errors import InputError, IntegrityError
from tests import casebook
from tests.archive.dossier_case import SECRET, archive_of, hand_over
from tests.judges import judge

CODE = casebook.CODE


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return archive_of(tmp_path_factory.mktemp("dossier"))


@pytest.fixture(scope="module")
def court(archive, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "d001"
    return out, hand_over(archive, out)


def run(program, *words, cwd=None, stdin=None):
    command = [judge(str(program)), *map(str, words)]
    return subprocess.run(command, cwd=cwd, stdin=stdin, capture_output=True, text=True, check=False)


def records(folder: Path, name: str):
    return json.loads((folder / "data/records" / name).read_text("utf-8"))


def test_bagit_accepts_it(court):
    answer = run("bagit.py", "--validate", "--quiet", court[0])
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize(
    "command",
    [
        "sha256sum --quiet --strict -c tagmanifest-sha256.txt",
        "sha256sum --quiet --strict -c manifest-sha256.txt",
        "b3sum --quiet --check manifest-blake3.txt",
    ],
)
def test_the_lists_are_those_of_the_common_tools(court, command):
    answer = run(*command.split(), cwd=court[0])
    assert (0, "", "") == (answer.returncode, answer.stdout, answer.stderr)


def test_ssh_keygen_accepts_the_signature_over_it(archive, court):
    (signer,) = casebook.signers(archive)
    with (court[0] / "tagmanifest-sha256.txt").open("rb") as signed:
        answer = run(
            "ssh-keygen", "-Y", "verify", "-f", "data/proof/allowed_signers", "-I", signer.fingerprint,
            "-n", namespace(casebook.ORIGIN), "-s", "tagmanifest-sha256.txt.sig", cwd=court[0], stdin=signed,
        )  # fmt: skip
    assert answer.returncode == 0, answer.stderr


def test_ssh_keygen_accepts_every_commit_of_it(court):
    commits = sorted((court[0] / "data/proof/commits").glob("*.sig"))
    for signature in commits:
        who = (court[0] / "data/proof/allowed_signers").read_text().split(" ")[0]
        with signature.with_suffix(".txt").open("rb") as signed:
            answer = run(
                "ssh-keygen", "-Y", "verify", "-f", court[0] / "data/proof/allowed_signers", "-I", who,
                "-n", "sijill-commit@v1", "-s", signature, stdin=signed,
            )  # fmt: skip
        assert answer.returncode == 0, answer.stderr
    assert commits


@pytest.mark.parametrize("name", ["case", "corroboration", "audit"])
def test_its_records_follow_their_schemas(court, name):
    data = court[0] / "data"
    tool = "check-jsonschema"
    answer = run(tool, "--schemafile", data / f"schemas/{name}.schema.json", data / f"records/{name}.json")
    assert answer.returncode == 0, answer.stdout


def test_each_line_of_custody_follows_its_schema(court, tmp_path):
    tool = "check-jsonschema"
    lines = (court[0] / "data/records/custody.jsonl").read_text("utf-8").splitlines()
    for number, line in enumerate(lines):
        (tmp_path / f"{number}.json").write_text(line, "utf-8")
    answer = run(tool, "--schemafile", court[0] / "data/schemas/custody.schema.json", *sorted(tmp_path.iterdir()))
    assert answer.returncode == 0, answer.stdout


def test_both_verifiers_find_it_sound(court):
    answer = run(sys.executable, "-I", court[0] / "verify.py")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert "self-attested" in answer.stdout
    document = verification.verify_dossier(court[0])
    assert document["ok"], document["findings"]
    assert "sijill-dossier-verify/1" == document["format"]


def test_the_key_from_another_channel_is_held_against_it(court):
    vkey = (court[0] / "data/proof/log.vkey").read_text().strip()
    genesis = records(court[0], "audit.json")["genesis"]
    good = ["--log-vkey", vkey, "--genesis", genesis]
    assert 0 == run(sys.executable, "-I", court[0] / "verify.py", *good).returncode
    assert 1 == run(sys.executable, "-I", court[0] / "verify.py", "--log-vkey", vkey[:-2] + "xx").returncode
    assert 1 == run(sys.executable, "-I", court[0] / "verify.py", "--genesis", "00" * 32).returncode
    assert verification.verify_dossier(court[0], log_vkey=vkey, genesis=genesis)["ok"]
    assert not verification.verify_dossier(court[0], genesis="00" * 32)["ok"]


def test_what_is_not_there_could_not_be_looked_at(tmp_path):
    answer = run(sys.executable, "-I", verify.__file__, tmp_path / "nowhere")
    assert (3, "") == (answer.returncode, answer.stdout)


def test_verifying_writes_nothing(court):
    before = {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in court[0].rglob("*")}
    run(sys.executable, "-I", court[0] / "verify.py")
    verification.verify_dossier(court[0])
    assert before == {p: (p.stat().st_mtime_ns, p.stat().st_size) for p in court[0].rglob("*")}


def test_nothing_of_a_withheld_witness_is_anywhere_in_it(archive, court):
    """Not in a text, a name of a file, a digest, nor in another record that speaks of them."""
    import base64

    with archive.reading() as db:
        rows = db.execute("SELECT fields FROM record WHERE kind = 'item' AND id IN ('W9', 'D2')").fetchall()
    words = [SECRET, *(json.loads(fields)[key] for (fields,) in rows for key in ("sha256", "blake3"))]
    needles = [form for word in words for form in (word.encode(), word.encode("utf-16-le"), word.encode().hex().encode())]
    needles += [base64.b64encode(b"x" * shift + SECRET.encode())[4:-4] for shift in range(3)]
    for path in court[0].rglob("*"):
        assert SECRET not in path.name
        data = path.read_bytes() if path.is_file() else b""
        decoded = data
        if path.name == "disclosures.txt":
            decoded += b"".join(base64.urlsafe_b64decode(line + b"=" * (-len(line) % 4)) for line in data.split())
        assert [] == [needle for needle in needles if needle in decoded], path


def test_a_withheld_exhibit_keeps_its_number_with_a_salted_digest(court):
    case = records(court[0], "case.json")
    withheld = {one["bates"]: one for one in case["withheld"]}
    assert {f"{CODE}-000004", f"{CODE}-000006"} == set(withheld)
    assert "those concerned are to be asked first" == withheld[f"{CODE}-000004"]["reason"]
    leaf = json.loads((court[0] / f"data/proof/entries/{withheld[f'{CODE}-000004']['entry']}.json").read_text())
    assert withheld[f"{CODE}-000004"]["digest"] in leaf["_sd"]


def test_what_translates_a_withheld_statement_is_withheld_with_it(court):
    case = records(court[0], "case.json")
    assert "D2" not in [item["fields"]["id"] for item in case["items"]]
    assert {"links": 1, "relations": 1, "contradicting": 0} == case["not_shown"]


def test_a_reason_that_names_a_withheld_person_is_left_out_of_its_link(court):
    links = {link["fields"]["item"]: link["fields"] for link in records(court[0], "case.json")["links"]}
    assert "rationale" not in links["D1"]
    assert "She was there." == links["W1"]["rationale"]


def test_originals_leave_bit_for_bit_and_thumbnails_without_metadata(court):
    item = next(i for i in records(court[0], "case.json")["items"] if i["fields"]["id"] == "V1")
    assert casebook.photograph() == (court[0] / "data" / item["path"]).read_bytes()
    with Image.open(court[0] / "data" / item["thumbnail"]) as small:
        assert {} == dict(small.getexif())
        assert not {"exif", "icc_profile", "comment"} & set(small.info)


def test_a_picture_that_cannot_be_drawn_leaves_without_a_thumbnail(court):
    broken = next(i for i in records(court[0], "case.json")["items"] if i["fields"]["id"] == "V3")
    assert "thumbnail" not in broken
    assert (court[0] / "data" / broken["path"]).is_file()


def test_the_list_of_exhibits_has_its_heads_and_no_formula(court):
    text = (court[0] / "data/exhibits.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf") and b"\r\n" in text
    rows = list(csv.DictReader(io.StringIO(text.decode("utf-8-sig"), newline="")))
    heads = "exhibit,bates,title,original_name,path,sha256,size,received,source,redacted,withheld"
    assert heads.split(",") == list(rows[0])
    assert [f"{CODE}-{n:06d}" for n in range(1, 9)] == [row["bates"] for row in rows]
    assert not [cell for row in rows for cell in row.values() if cell[:1] in tuple("=+-@")]
    by_id = {row["exhibit"]: row for row in rows}
    assert "'=HYPERLINK" == by_id[f"{CODE}/D1"]["title"][:11]
    assert "photo\\u{202E}gpj.exe" == by_id[f"{CODE}/V2"]["title"]
    assert "W-017" == by_id[f"{CODE}/W1"]["source"]
    assert "" == by_id[f"{CODE}/W1"]["original_name"]


def test_the_page_has_no_script_and_loads_nothing(court):
    for name, direction in (("index.html", "ltr"), ("index.ar.html", "rtl")):
        page = (court[0] / "data" / name).read_text("utf-8")
        policy = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"
        assert f'content="{policy}"' in page
        assert f'dir="{direction}"' in page.split("<head>")[0]
        assert "<script" not in page and "javascript:" not in page and " on" + "load" not in page
        assert not re.findall(r'(?:src|href)="(?:https?:)?//', page)
        assert "\u202e" not in page
        assert "&lt;b&gt;&amp;" in page


def test_an_exercise_says_so_on_everything_that_people_read(court):
    for name in ("data/index.html", "VERIFY.txt"):
        assert "EXERCISE" in (court[0] / name).read_text("utf-8")
    assert "Sijill-Exercise" in (court[0] / "bag-info.txt").read_text("utf-8")


def test_the_page_says_first_whether_the_case_meets_the_standard(court):
    page = (court[0] / "data/index.html").read_text("utf-8")
    assert "does not meet the standard" in page
    assert page.index("Open contradictions") < page.index('id="the_case"')
    assert "proves" not in page


def test_every_file_of_the_crate_is_named_in_it(court):
    graph = json.loads((court[0] / "data/ro-crate-metadata.json").read_text("utf-8"))["@graph"]
    entities = {one["@id"]: one for one in graph}
    files = {p.relative_to(court[0] / "data").as_posix() for p in (court[0] / "data").rglob("*") if p.is_file()}
    assert files - {"ro-crate-metadata.json"} == {part["@id"] for part in entities["./"]["hasPart"]}
    assert all(len(entities[name]["sha256"]) == 64 for name in files - {"ro-crate-metadata.json"})


def test_the_ledger_says_what_left_for_whom_and_why(archive, court):
    with archive.reading() as db:
        row = db.execute("SELECT fields FROM act WHERE t = 'export' ORDER BY idx LIMIT 1").fetchone()
    fields = json.loads(row[0])
    assert ("court", 1, court[1]["tagmanifest_sha256"]) == tuple(
        fields[key] for key in ("audience", "number", "tagmanifest_sha256")
    )
    assert "filing 12 of the invented registry" == fields["purpose"]


def test_the_same_state_request_and_date_give_the_same_bytes(tmp_path):
    """Two copies of one archive hand over the same dossier, to the last byte of the zip."""
    first = archive_of(tmp_path / "one")
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    from archive.keys import Home
    from archive.open import find

    second = find(tmp_path / "two" / "archive", Home(tmp_path / "two" / "home"))
    hand_over(first, tmp_path / "a" / "d", zipped=True)
    hand_over(second, tmp_path / "b" / "d", zipped=True)
    assert (tmp_path / "a" / "d.zip").read_bytes() == (tmp_path / "b" / "d.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a" / "d.zip") as packed:
        packed.extractall(tmp_path / "c")
    assert verification.verify_dossier(tmp_path / "c" / f"{CODE}-d001")["ok"]


def test_a_second_dossier_has_the_next_number(archive, court, tmp_path):
    document = hand_over(archive, tmp_path / "d", "internal", purpose="")
    assert document["number"] == court[1]["number"] + 1
    assert verification.verify_dossier(tmp_path / "d")["ok"]
    assert verify.check(str(tmp_path / "d")).ok
    shown = [item["fields"]["id"] for item in records(tmp_path / "d", "case.json")["items"]]
    assert ["W1", "V1", "F1", "W9", "D1", "D2", "V2", "V3"] == shown


@pytest.mark.parametrize(
    ("audience", "options", "error"),
    [
        ("judge", {}, InputError),
        ("court", {"purpose": " "}, InputError),
        ("court", {"date": "soon"}, InputError),
    ],
)
def test_a_wrong_request_is_refused_before_anything_is_written(archive, tmp_path, audience, options, error):
    with pytest.raises(error):
        hand_over(archive, tmp_path / "d", audience, **options)
    assert [] == list(tmp_path.iterdir())


def test_a_folder_that_is_not_empty_is_refused(archive, tmp_path):
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "letter.txt").write_text("mine")
    with pytest.raises(InputError, match="not an empty folder"):
        hand_over(archive, tmp_path / "d")
    assert "mine" == (tmp_path / "d" / "letter.txt").read_text()


def test_an_empty_folder_is_taken(archive, tmp_path):
    (tmp_path / "d").mkdir()
    hand_over(archive, tmp_path / "d")
    assert verification.verify_dossier(tmp_path / "d")["ok"]


def test_what_a_killed_export_left_is_removed_by_the_next_and_what_lives_or_is_signed_is_not(archive, tmp_path):
    child = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    dead, lives = int(child.stdout), os.getpid()
    for name in (f".d.sijill-{dead}", f".e.sijill-{dead}", f".d.sijill-{os.getppid()}"):
        (tmp_path / name / "data").mkdir(parents=True)
        (tmp_path / name / "data" / "evidence").write_bytes(b"x")
    for name in (f".d.zip.sijill-{dead}", f".d.zip.age.sijill-{dead}", f".d.zip.age.sijill-{dead}.plain"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / f".d.sijill-00{dead}").mkdir()
    (tmp_path / f".d.sijill-00{dead}" / "tagmanifest-sha256.txt.sig").write_bytes(b"x")
    hand_over(archive, tmp_path / "d", "internal", extras=Extras(pdf=False))
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"d", f".e.sijill-{dead}", f".d.sijill-{os.getppid()}", f".d.sijill-00{dead}"}
    assert not (tmp_path / f".d.sijill-{lives}").exists()


def test_a_dry_run_tells_and_writes_nothing(archive, tmp_path):
    before = (archive.folder / "checkpoint").read_bytes()
    document = hand_over(archive, tmp_path / "d", dry_run=True)
    assert (True, 6, 2) == (document["dry_run"], document["exhibits"], document["withheld"])
    assert [] == list(tmp_path.iterdir())
    assert before == (archive.folder / "checkpoint").read_bytes()


def test_a_damaged_original_stops_it_and_leaves_nothing(tmp_path):
    archive = archive_of(tmp_path)
    with archive.reading() as db:
        (blake3,) = db.execute("SELECT blake3 FROM object ORDER BY idx LIMIT 1").fetchone()
    path = archive.objects.path(blake3)
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    before = (archive.folder / "checkpoint").read_bytes()
    with pytest.raises(IntegrityError, match="not those that were taken in"):
        hand_over(archive, tmp_path / "out" / "d")
    assert [] == list((tmp_path / "out").iterdir())
    assert before == (archive.folder / "checkpoint").read_bytes()


def test_a_commission_sees_no_statement_without_its_own_consent(archive, tmp_path):
    hand_over(archive, tmp_path / "d", "un_body")
    case = records(tmp_path / "d", "case.json")
    assert "W1" not in [item["fields"]["id"] for item in case["items"]]
    assert "no answer for this audience is recorded" == case["withheld"][0]["reason"]
    assert verify.check(str(tmp_path / "d")).ok and verification.check(tmp_path / "d").ok


def test_an_answer_given_later_counts_from_then_on(tmp_path):
    from archive import ledger

    archive = archive_of(tmp_path)
    with archive.reading() as db:
        subs = dict(db.execute("SELECT id, sub FROM record WHERE kind = 'item'").fetchall())
    with ledger.writing(archive, casebook.signers(archive)) as act:
        act.add("consent.set", sub=subs["W9"], fields={"audience": "court", "answer": "yes", "reason": "asked"})
        act.add("consent.set", sub=subs["W1"], fields={"audience": "court", "answer": "no", "reason": "afraid"})
        act.add("consent.set", sub=subs["D1"], fields={"audience": "court", "answer": "ask_first", "reason": "not reached"})
    hand_over(archive, tmp_path / "d")
    case = records(tmp_path / "d", "case.json")
    assert ["V1", "F1", "W9", "D2", "V2", "V3"] == [item["fields"]["id"] for item in case["items"]]
    assert verify.check(str(tmp_path / "d")).ok and verification.check(tmp_path / "d").ok


def test_a_withdrawn_item_keeps_its_number_and_is_not_shown(tmp_path):
    from archive import ledger

    archive = archive_of(tmp_path)
    with archive.reading() as db:
        (sub,) = db.execute("SELECT sub FROM record WHERE kind = 'item' AND id = 'V2'").fetchone()
    with ledger.writing(archive, casebook.signers(archive)) as act:
        act.add("record.withdraw", sub=sub, body={"kind": "item"}, fields={"reason": "of another place"})
    hand_over(archive, tmp_path / "d", "internal", purpose="")
    withheld = records(tmp_path / "d", "case.json")["withheld"]
    assert [(f"{CODE}-000007", "withdrawn from the case")] == [(one["bates"], one["reason"]) for one in withheld]
    assert verify.check(str(tmp_path / "d")).ok and verification.check(tmp_path / "d").ok


def test_a_changed_record_is_shown_as_it_stands_now(tmp_path):
    archive = archive_of(tmp_path)
    from tests.archive.dossier_case import contents, tables

    changed = tables()
    changed["case"]["delivery"] = "drone"
    casebook.take(archive, casebook.write(tmp_path / "in", changed, contents()), reason="misread")
    hand_over(archive, tmp_path / "d")
    case = records(tmp_path / "d", "case.json")["case"]
    assert ("drone", 1) == (case["fields"]["delivery"], case["revisions"])
    assert "reason" not in case["fields"]
    assert verify.check(str(tmp_path / "d")).ok and verification.check(tmp_path / "d").ok


def test_verify_txt_can_be_pasted_line_by_line(archive, court):
    text = (court[0] / "VERIFY.txt").read_text("ascii")
    (signer,) = casebook.signers(archive)
    assert f"I {signer.fingerprint} " in text
    for tool in ("ssh-keygen", "sha256sum", "bash"):
        judge(tool)
    command = next(line for line in text.splitlines() if line.startswith("ssh-keygen"))
    answer = subprocess.run(["bash", "-c", command], cwd=court[0], capture_output=True, text=True, check=False)
    assert answer.returncode == 0 and f'Good "{namespace(casebook.ORIGIN)}"' in answer.stdout
    sums = next(line for line in text.splitlines() if line.startswith("sha256sum"))
    answer = subprocess.run(["bash", "-c", sums], cwd=court[0], capture_output=True, text=True, check=False)
    assert (0, "same\n") == (answer.returncode, answer.stdout)


def test_what_is_pasted_into_powershell_is_powershell(court):
    """No PowerShell runs here: an independent grammar reads the lines, and 5.1 has every command in them."""
    import tree_sitter_powershell
    from tree_sitter import Language, Parser

    lines = (court[0] / "VERIFY.txt").read_text("ascii").splitlines()
    heads = [number for number, line in enumerate(lines) if line.startswith("   Windows PowerShell")]
    pasted = [next(line for line in lines[head + 1 :] if line) for head in heads]
    pasted += [line.replace("python3", "py", 1) for line in lines if line.startswith("python3")]
    commands = set()
    for line in pasted:
        waiting = [Parser(Language(tree_sitter_powershell.language())).parse(line.encode()).root_node]
        assert not waiting[0].has_error, line
        while waiting:
            node = waiting.pop()
            commands |= {node.text.decode()} if node.type == "command_name" else set()
            waiting += node.children
    assert {"Get-Content", "ForEach-Object", "Get-FileHash", "cmd", "py"} == commands
    assert len(pasted) == 3 and all("`" not in line for line in pasted)
