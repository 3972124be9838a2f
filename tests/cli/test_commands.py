"""Each command as a user runs it: its JSON document, its exit status, its words."""

import json
import shutil

import pytest

from tests.casebook import CODE, OPERATOR, case, files, sijill, write


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Make an archive with the small case by the commands alone; gives (folder, home)."""
    folder = tmp_path_factory.mktemp("commands")
    home = folder / "home"
    told = sijill("init", folder / "archive", "--operator", OPERATOR, "--no-passphrase", "--json", home=home)
    assert told.returncode == 0, told.stderr
    document = json.loads(told.stdout)
    assert document["format"] == "sijill-init/1"
    assert {"archive", "origin", "operator", "fingerprint", "log_vkey"} <= document.keys()
    write(folder / "in", case(), files())
    return folder, home


@pytest.fixture(scope="module")
def run(kept):
    """Run a command on that archive and give (exit status, document)."""
    folder, home = kept

    def call(*arguments):
        told = sijill(*arguments, "--json", "--archive", folder / "archive", home=home)
        assert "Traceback" not in told.stderr
        return told.returncode, json.loads(told.stdout)

    status, document = call("intake", folder / "in")
    assert status == 0, document
    call.taken = document
    return call


def test_intake_tells_items_rows_and_entries(run):
    """The document of design's table, and one unreadable row with its reason."""
    document = run.taken
    assert document["format"] == "sijill-intake-result/1"
    assert document["case"] == CODE
    assert [item["id"] for item in document["items"]] == [f"{CODE}/W1", f"{CODE}/V1", f"{CODE}/F1"]
    assert all(item["new"] and item["sha256"] and item["blake3"] for item in document["items"])
    assert document["observations"] == 2
    (row,) = document["rows_unreadable"]
    assert {"item", "row", "why", "text"} <= row.keys()
    assert row["row"] == 2
    assert document["entries"]["count"] > 0
    assert {"size", "root"} == document["checkpoint"].keys()


def test_what_was_taken_in_is_summed_up_in_arabic_for_who_asks(run, kept):
    """Every sentence is Arabic; what is left are names, digests, sizes, and the command that comes next."""
    folder, home = kept
    call = ("intake", folder / "in", "--archive", folder / "archive")
    told = sijill(*call, "--lang", "ar", home=home)
    assert f"القضية {CODE}: مواد سُجلت الآن 0، ومواد مسجلة من قبل 3" in told.stdout
    assert "إفادة" in told.stdout and "لا جديد" in told.stdout
    assert not {"case", "item", "kind", "known", "flights", "nothing"} & set(told.stdout.split())
    rehearsed = sijill(*call, "--dry-run", home=home, SIJILL_LANG="ar").stdout
    assert "مواد ستُسجل 0" in rehearsed and "لا جديد" not in rehearsed


def test_a_second_intake_adds_nothing(run, kept):
    """Exit 0, nothing new, the same head."""
    status, document = run("intake", kept[0] / "in")
    assert (status, document["entries"]["count"]) == (0, 0)
    assert not any(item["new"] for item in document["items"])


def test_a_refused_folder_tells_every_problem_at_once(run, tmp_path):
    """Two things wrong, both told, nothing recorded, exit 2."""
    tables = case()
    tables["case"]["code"] = "EX-9"
    tables["item"][0]["file"] = "not/there.txt"
    tables["item"][1]["mediun"] = "photo"
    _, before = run("checkpoint")
    status, document = run("intake", write(tmp_path / "in", tables, files()))
    assert status == 2
    assert document["format"] == "sijill-error/1"
    assert len(document["problems"]) >= 2
    assert all({"where", "problem"} == problem.keys() for problem in document["problems"])
    assert run("checkpoint")[1] == before


def test_several_folders_are_one_commit_each(run, tmp_path):
    """A refusal in one leaves the others; the exit is the highest."""
    good, bad = case(), case()
    good["case"]["code"], bad["case"]["code"] = "EX-GOOD", "EX-BAD"
    bad["case"]["titel"] = "x"
    write(tmp_path / "cases" / "a", bad, files())
    write(tmp_path / "cases" / "b", good, files())
    status, document = run("intake", tmp_path / "cases")
    assert status == 2
    assert document["format"] == "sijill-intake-results/1"
    assert [one["format"] for one in document["results"]] == ["sijill-error/1", "sijill-intake-result/1"]


def test_a_dry_run_records_nothing_and_marks_the_sheet(run, tmp_path):
    """Everything but recording; the report is a workbook."""
    _, before = run("checkpoint")
    tables = case()
    tables["case"]["code"] = "EX-DRY"
    assert run("intake", write(tmp_path / "in", tables, files()), "--dry-run")[0] == 0
    tables["item"][0]["kind"] = "statment"
    report = tmp_path / "report.xlsx"
    status, _ = run("intake", write(tmp_path / "in2", tables, files()), "--dry-run", "--report", report)
    assert status == 2
    assert report.read_bytes()[:2] == b"PK"
    assert run("checkpoint")[1] == before


@pytest.mark.parametrize(
    ("arguments", "format", "members"),
    [
        (["case", "list"], "sijill-case-list/1", {"cases"}),
        (["case", "show", CODE], "sijill-case/1", {"code", "items", "links", "sources"}),
        (["item", "show", f"{CODE}/V1"], "sijill-item/1", {"reading", "links", "custody", "objects"}),
        (["custody", f"{CODE}/V1"], "sijill-custody/1", {"events", "gaps"}),
        (["check", CODE], "sijill-check/1", {"standard", "cases"}),
        (["match", CODE], "sijill-match/1", {"cases"}),
        (["verify"], "sijill-verify/1", {"objects", "bytes", "ok", "damaged", "missing", "unlisted"}),
        (["verify", "--quick", f"{CODE}/V1"], "sijill-verify/1", {"ok"}),
        (["audit"], "sijill-audit/1", {"entries", "commits", "findings", "anchors", "proven_window"}),
        (["audit", "--ledger-only"], "sijill-audit/1", {"entries"}),
        (["checkpoint"], "sijill-checkpoint/1", {"origin", "size", "root", "note"}),
        (["prove", f"{CODE}/V1"], "sijill-prove/1", {"id", "index", "leaf", "proof"}),
        (["prove", CODE], "sijill-prove/1", {"index"}),
        (["prove", f"{CODE}/S1"], "sijill-prove/1", {"index"}),
        (["prove", f"{CODE}/L1"], "sijill-prove/1", {"index"}),
        (["standard", "show", "sijill-minimum"], "sijill-standard-show/1", {"text", "sha256"}),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_every_document_has_what_others_rely_on(run, arguments, format, members):
    """Exit 0 and the members of the table."""
    status, document = run(*arguments)
    assert (status, document["format"]) == (0, format)
    assert members <= document.keys()


@pytest.mark.parametrize("form", ["json", "junit", "text"])
def test_a_case_that_is_not_there_gives_one_error_and_no_half_document(run, form):
    status, document = run("check", CODE, "NO-SUCH", "--format", form)

    assert status == 2
    assert (document["format"], document["code"]) == ("sijill-error/1", "not-found")


def test_plain_checkpoint_and_proof_are_exactly_the_note_and_the_proof(run, kept, tmp_path):
    """They are files for other tools: nothing else on stdout."""
    folder, home = kept
    plain = sijill("checkpoint", "--archive", folder / "archive", home=home)
    assert plain.stdout == run("checkpoint")[1]["note"] == (folder / "archive" / "checkpoint").read_text("utf-8")
    proof = sijill("prove", f"{CODE}/V1", "--archive", folder / "archive", home=home)
    assert proof.stdout == run("prove", f"{CODE}/V1")[1]["proof"]
    status, _ = run("checkpoint", "--out", tmp_path / "kept")
    assert status == 0
    assert (tmp_path / "kept").read_text("utf-8") == plain.stdout
    assert run("checkpoint", "--out", tmp_path / "kept")[0] == 2
    assert run("audit", "--against", tmp_path / "kept")[0] == 0


def test_a_dossier_leaves_with_a_purpose_and_verifies(run, tmp_path):
    """Without a purpose exit 2; with one it is written, and checked with the log's key."""
    assert run("dossier", "export", CODE, "--for", "court", "--out", tmp_path / "d")[0] == 2
    status, planned = run(
        "dossier", "export", CODE, "--for", "court", "--out", tmp_path / "d", "--purpose", "x", "--dry-run"
    )
    assert (status, planned["dry_run"], (tmp_path / "d").exists()) == (0, True, False)
    status, written = run("dossier", "export", CODE, "--for", "court", "--out", tmp_path / "d", "--purpose", "x")
    assert (status, written["format"]) == (0, "sijill-dossier/1")
    status, verified = run("dossier", "verify", tmp_path / "d")
    assert (status, verified["format"], verified["ok"]) == (0, "sijill-dossier-verify/1", True)
    page = tmp_path / "d" / "data" / "index.html"
    page.write_bytes(page.read_bytes() + b" ")
    status, verified = run("dossier", "verify", tmp_path / "d")
    assert (status, verified["ok"]) == (1, False)
    assert verified["findings"]


def test_an_archive_is_found_by_option_environment_or_nearest_folder(kept):
    """In that order."""
    folder, home = kept
    archive = folder / "archive"
    inside = archive / "objects"
    told = [
        sijill("case", "list", "--archive", archive, home=home),
        sijill("case", "list", home=home, SIJILL_ARCHIVE=str(archive)),
        sijill("case", "list", home=home, cwd=inside),
    ]
    assert {one.returncode for one in told} == {0}
    assert len({one.stdout for one in told}) == 1
    assert sijill("case", "list", "--archive", folder, home=home, SIJILL_ARCHIVE=str(archive)).returncode == 2


def test_no_key_is_a_refusal_that_says_where_it_looked(kept, tmp_path):
    """Exit 4; reading needs no key."""
    folder, _ = kept
    told = sijill("intake", folder / "in", "--archive", folder / "archive", home=tmp_path / "empty")
    assert told.returncode == 4
    assert "empty" in told.stderr
    assert sijill("case", "list", "--archive", folder / "archive", home=tmp_path / "empty").returncode == 0


def test_damage_is_found_by_verify_and_by_audit(run, kept, tmp_path):
    """One changed letter in one object: exit 1, and the item named."""
    folder, home = kept
    copy = tmp_path / "archive"
    shutil.copytree(folder / "archive", copy)
    item = json.loads(sijill("item", "show", f"{CODE}/W1", "--json", "--archive", copy, home=home).stdout)
    path = copy / "objects" / item["blake3"][:2] / item["blake3"]
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"I", b"J", 1))
    told = sijill("verify", "--archive", copy, home=home)
    assert told.returncode == 1
    assert f"DAMAGED: {CODE}/W1" in told.stdout
    told = sijill("audit", "--archive", copy, home=home)
    assert told.returncode == 1
    assert "object-damaged" in told.stdout


def test_a_plain_verify_and_the_parsers_say_the_same(kept):
    """The way round the parser is only quicker."""
    folder, home = kept
    plain = sijill("verify", "--archive", folder / "archive", home=home)
    parsed = sijill("--as", OPERATOR, "verify", "--archive", folder / "archive", home=home)
    assert plain.stdout == parsed.stdout


@pytest.mark.parametrize("shared", [[], ["--json"]])
@pytest.mark.parametrize("flags", [[], ["--near"]])
def test_a_plain_match_and_the_parsers_say_the_same(run, kept, shared, flags):
    """`run` took the folder in before, so that there is a case to match."""
    folder, home = kept
    call = [*shared, "--archive", folder / "archive", "match", *flags]
    plain, parsed = sijill(*call, home=home), sijill(*call, "--within-km", "20", home=home)
    assert "EX-2019" in plain.stdout
    assert (plain.returncode, plain.stdout, plain.stderr) == (parsed.returncode, parsed.stdout, parsed.stderr)


@pytest.mark.parametrize("shared", [(), ("--as", OPERATOR), ("--json", f"--as={OPERATOR}")])
def test_a_plain_intake_and_the_parsers_say_the_same(run, kept, shared):
    """`run` took the folder in before, so that both find it known."""
    folder, home = kept
    call = ("--archive", folder / "archive", *shared, "intake", folder / "in")
    plain, parsed = sijill(*call, home=home), sijill(*call, "--reason", "", home=home)

    assert (plain.returncode, plain.stdout, plain.stderr) == (parsed.returncode, parsed.stdout, parsed.stderr)
    assert plain.stdout


def test_verify_of_an_archive_loads_no_engine_and_no_parser(kept):
    """What it needs is SQLite and two hashes."""
    import subprocess
    import sys

    from tests.casebook import ROOT, environment

    folder, home = kept

    def loads(*call):
        told = subprocess.run(
            [sys.executable, "-X", "importtime", *call],
            capture_output=True, text=True, cwd=ROOT, env=environment(home), check=True,
        )  # fmt: skip
        return {line.rpartition("|")[2].strip().partition(".")[0] for line in told.stderr.splitlines() if "|" in line}

    loaded = loads("-m", "archive.cli", "verify", "--archive", str(folder / "archive"))
    assert {"sqlite3", "hashlib", "blake3"} <= loaded
    assert not loaded & {"typer", "rich", "PIL", "cryptography", "openpyxl", "jinja2"}
    slow = {"typing", "pathlib", "urllib", "dataclasses", "tomllib"}  # each takes longer than a look at an object
    assert not loaded & slow - loads("-m", "this")


def test_hostile_text_of_a_case_cannot_move_the_terminal(kept, tmp_path):
    """Titles and names with ESC and bidi overrides are shown escaped, on both streams."""
    folder, home = kept
    tables = case()
    tables["case"]["code"] = "EX-HOSTILE"
    tables["case"]["title"] = {"en": "[bold]x[/bold] \u202egnp.exe \u0007\u001b[2J"}
    tables["item"] = [{"id": "D1", "kind": "document", "file": "a\u202eb.txt", "title": {"en": "\u001b]0;x\u0007"}}]
    tables["link"] = []
    write(tmp_path / "in", tables, {"a\u202eb.txt": b"x"})
    for call in (
        ["intake", tmp_path / "in"], ["case", "list"], ["case", "show", "EX-HOSTILE"], ["item", "show", "EX-HOSTILE/D1"],
        ["check", "EX-HOSTILE"], ["custody", "EX-HOSTILE/D1"], ["item", "show", "EX-HOSTILE/\u202eD2"],
    ):  # fmt: skip
        told = sijill(*call, "--archive", folder / "archive", home=home)
        assert not set(told.stdout + told.stderr) & set("\x1b\x07\u202e"), call
        assert "Traceback" not in told.stderr
    assert "[bold]x[/bold]" in sijill("case", "list", "--archive", folder / "archive", home=home).stdout
