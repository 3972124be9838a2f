"""A hostile case as a dossier for two audiences, and the word of programs that are not ours on every part of it."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from archive.dossier import verification, verify
from archive.dossier.build import Extras
from archive.dossier.instructions import namespace
from tests import casebook
from tests.archive.dossier_case import hand_over
from tests.archive.hostile_case import LONG, MEAN, archive_of
from tests.judges import absent, judge, run

CODE = casebook.CODE
NODE = Path(os.environ.get("SIJILL_JUDGES", "/nowhere")) / "node_modules"


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return archive_of(tmp_path_factory.mktemp("hostile"))


@pytest.fixture(scope="module", params=["court", "public"])
def dossier(request, archive, tmp_path_factory):
    out = tmp_path_factory.mktemp(request.param) / "d"
    hand_over(archive, out, request.param, extras=Extras(case_uco=True, load_file=True))
    return out


@pytest.fixture(scope="module")
def court(archive, tmp_path_factory):
    """The dossier for the court alone, for judges that take their time."""
    out = tmp_path_factory.mktemp("slow") / "d"
    hand_over(archive, out, extras=Extras(pdf=False, case_uco=True))
    return out


def from_npm(name: str) -> Path:
    if not (NODE / name).exists():
        absent(f"npm {name}")
    return NODE / name


def test_both_verifiers_find_it_sound(dossier):
    found = verification.check(dossier)
    assert found.ok, found.findings
    assert verify.check(str(dossier)).ok


def test_bagit(dossier):
    told = run("bagit.py", "--validate", "--quiet", dossier)
    assert 0 == told.returncode, told.stderr


def test_lists(dossier):
    for name, tool in (("tagmanifest-sha256", "sha256sum"), ("manifest-sha256", "sha256sum"), ("manifest-blake3", "b3sum")):
        strict = ["--strict"] if tool == "sha256sum" else []
        told = run(tool, "--quiet", *strict, "--check", f"{name}.txt", cwd=dossier)
        assert (0, "") == (told.returncode, told.stdout), told.stderr


def test_ssh_keygen(archive, dossier):
    (signer,) = casebook.signers(archive)
    with (dossier / "tagmanifest-sha256.txt").open("rb") as signed:
        told = run(
            "ssh-keygen", "-Y", "verify", "-f", "data/proof/allowed_signers", "-I", signer.fingerprint, "-n",
            namespace(casebook.ORIGIN), "-s", "tagmanifest-sha256.txt.sig", cwd=dossier, stdin=signed,
        )  # fmt: skip
    assert 0 == told.returncode, told.stderr


def test_ro_crate(court):
    cache = os.environ.get("SIJILL_CRATE_CACHE", "")
    if not cache:
        absent("the cache of RO-Crate contexts ($SIJILL_CRATE_CACHE)")
    told = run(
        "rocrate-validator", "-y", "--disable-color", "validate", "--offline", "--cache-path", cache, "--no-paging",
        "--output-format", "json", court / "data",
    )  # fmt: skip
    assert 0 == told.returncode, told.stdout[-4000:] + told.stderr[-2000:]


def test_case_uco(court):
    path = court / "data/records/case-uco.jsonld"
    told = run("case_validate", path)
    assert 0 == told.returncode and "Conforms: True" in told.stdout, told.stdout[-3000:] + told.stderr
    graph = json.loads(path.read_text("utf-8"))["@graph"]
    shown = json.loads((court / "data/records/case.json").read_text("utf-8"))["items"]
    assert len(shown) == sum(one["@type"] == "case-investigation:ProvenanceRecord" for one in graph) > 5


def test_json_schemas(dossier, tmp_path):
    data = dossier / "data"
    lines = (data / "records/custody.jsonl").read_text("utf-8").splitlines()
    for number, line in enumerate(lines):
        (tmp_path / f"{number}.json").write_text(line, "utf-8")
    judged = {name: [data / f"records/{name}.json"] for name in ("case", "corroboration", "audit")}
    for name, files in {**judged, "custody": sorted(tmp_path.iterdir())}.items():
        told = run("check-jsonschema", "--schemafile", data / f"schemas/{name}.schema.json", *files)
        assert 0 == told.returncode, told.stdout[:3000]


def test_html(dossier):
    jar = from_npm("vnu-jar") / "build/dist/vnu.jar"
    pages = [dossier / "data" / name for name in ("index.html", "index.ar.html")]
    told = subprocess.run([judge("java"), "-jar", jar, "--errors-only", *pages], capture_output=True, text=True, check=False)
    assert 0 == told.returncode, told.stderr[:3000]


@pytest.mark.parametrize("name", ["index.html", "index.ar.html"])
def test_axe_in_a_browser(dossier, tmp_path, name):
    """The page as it is, but for the script that judges it: no violation, and nothing is fetched."""
    text = (dossier / "data" / name).read_text("utf-8")
    policy = re.search(r'<meta http-equiv="Content-Security-Policy"[^>]*>\n', text)
    assert policy
    axe = (from_npm("axe-core") / "axe.min.js").read_text("utf-8")
    ask = (
        "axe.run(document).then(r => { const pre = document.createElement('pre'); pre.id = 'axe';"
        " pre.textContent = JSON.stringify(r.violations.map(v => [v.id, v.nodes.slice(0, 3).map(n => n.html)]));"
        " document.body.append(pre); });"
    )
    page = tmp_path / name
    page.write_text(text.replace(policy[0], "").replace("</body>", f"<script>{axe}</script><script>{ask}</script></body>"), "utf-8")
    told = run(
        "chromium", "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
        "--virtual-time-budget=60000", "--timeout=120000", "--dump-dom", f"file://{page}",
    )  # fmt: skip
    found = re.search(r'<pre id="axe">(.*?)</pre>', told.stdout, re.DOTALL)
    assert found, told.stderr[-2000:]
    assert [] == json.loads(found[1].replace("&amp;", "&").replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", '"'))


@pytest.mark.parametrize("name", ["dossier.pdf", "dossier.ar.pdf"])
def test_pdf(dossier, name):
    path = dossier / "data" / name
    assert 0 == run("qpdf", "--check", path).returncode
    assert re.search(r"Tagged: +yes", run("pdfinfo", path).stdout)
    rows = run("pdffonts", path).stdout.splitlines()[2:]
    assert rows and all(re.search(r" yes yes yes +\d+ +\d+$", row) for row in rows), rows
    text = run("pdftotext", "-layout", path, "-").stdout
    assert "\u202e" not in text and "\\u{202E}" in text


@pytest.mark.parametrize(("name", "kind"), [("index.html", "html"), ("index.ar.html", "html"), ("dossier.ar.pdf", "pdf")])
def test_it_is_drawn(dossier, tmp_path, name, kind):
    """A picture of page and PDF: something is on it, and not only in one corner."""
    from PIL import Image

    picture = tmp_path / "shot.png"
    if kind == "html":
        run(
            "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--window-size=1100,1500",
            f"--user-data-dir={tmp_path / 'profile'}", f"--screenshot={picture}", f"file://{dossier / 'data' / name}",
        )  # fmt: skip
    else:
        run("pdftoppm", "-r", "50", "-f", "1", "-l", "1", "-singlefile", "-png", dossier / "data" / name, picture.with_suffix(""))
    with Image.open(picture) as shot:
        grey = shot.convert("L")
        width, height = grey.size
        parts = [grey.crop((0, height * n // 4, width, height * (n + 1) // 4)) for n in range(4)]
        assert all(len(part.getcolors(256) or ()) > 20 for part in parts)


def test_tables_hold_no_formula_and_no_turned_line(dossier):
    for name in ("exhibits.csv", "records/flights.csv"):
        text = (dossier / "data" / name).read_text("utf-8-sig")
        rows = list(csv.reader(io.StringIO(text, newline="")))
        heads = rows[0]
        for row in rows[1:]:
            for head, cell in zip(heads, row, strict=True):
                assert cell[:1] not in ("=", "+", "@") and (cell[:1] != "-" or head in ("lat", "lon")), (head, cell)
        assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b\ufeff]", text)


def test_the_exact_words_stand_in_the_records(archive, dossier):
    case = json.loads((dossier / "data/records/case.json").read_text("utf-8"))
    words = {f"D{number}": text for number, text in enumerate(MEAN)}
    shown = {item["fields"]["id"]: item["fields"]["title.en"] for item in case["items"] if item["fields"]["id"] in words}
    assert len(shown) >= len(words) - 2 and shown.items() <= words.items()
    (statement,) = [item for item in case["items"] if item["fields"]["id"] == "W1"]
    assert LONG == (dossier / "data" / statement["path"]).read_text("utf-8")
    page = (dossier / "data/index.html").read_text("utf-8")
    assert "more bytes" in page and len(page) < 3_000_000
    assert "<script" not in page and "{{ 7*7 }}" in page


def test_names_in_the_folder_are_safe_everywhere(dossier):
    names = [path.relative_to(dossier).as_posix() for path in dossier.rglob("*")]
    assert len(names) == len({name.casefold() for name in names})
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._/-]*", name) and len(name) < 100 for name in names)
