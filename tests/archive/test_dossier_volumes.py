"""A long dossier's PDF in volumes: nothing is lost between them, each stands by itself, and memory has an end."""

from __future__ import annotations

import re
import subprocess
import sys
from itertools import pairwise

import pytest

from archive.dossier import pdf, pdf_volumes, verify
from archive.dossier.pdf_parts import Parts
from archive.dossier.pdf_volumes import LANGUAGES, cut, file_name, volumes, weight
from archive.dossier.verification import PAYLOAD, verify_dossier
from archive.handed_over import Request
from archive.pictures import Copies
from archive.release import gather
from schemas.errors import UnreachableError
from tests import casebook
from tests.archive.dossier_case import archive_of, contents, hand_over, tables
from tests.judges import run

CODE = casebook.CODE
SMALL = 1500  # so much that the casebook's few exhibits fill several volumes


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return archive_of(tmp_path_factory.mktemp("volumes"))


@pytest.fixture(scope="module")
def long(archive, tmp_path_factory):
    folder = tmp_path_factory.mktemp("long") / "d"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pdf_volumes, "MOST", SMALL)
        hand_over(archive, folder)
    return folder


@pytest.fixture
def dossier(archive):
    with Copies() as copies:
        yield gather(archive, CODE, Request("court", "x"), copies, date="2026-11-22T04:00:00Z")


def files(folder, lang):
    there = {path.name for path in (folder / "data").glob("dossier*.pdf")}
    found = [name for name in (file_name(lang, number) for number in range(1, 100)) if name in there]
    assert len(found) > 3 and found == [file_name(lang, number) for number in range(1, len(found) + 1)]
    return [folder / "data" / name for name in found]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_volume_is_archival_and_says_which_it_is(long, lang):
    found = files(long, lang)
    for number, path in enumerate(found, 1):
        told = run("qpdf", "--check", path)
        assert 0 == told.returncode, told.stdout + told.stderr
        told = run("pdfinfo", path).stdout
        assert re.search(r"Tagged: +yes", told)
        said = f"Volume {number} of {len(found)}" if lang == "en" else f"الجزء {number} من {len(found)}"
        assert re.search(rf"Title: +{CODE}-d001 .* {said}", told), told


def test_every_exhibit_has_its_pages_in_one_volume_and_the_first_says_which(long):
    found = files(long, "en")
    told = [run("pdftotext", "-layout", path, "-").stdout for path in found]
    pages = [re.findall(rf"{CODE}-\d{{6}}\.001$", text, re.MULTILINE) for text in told]
    assert [f"{CODE}-{rank:06d}.001" for rank in range(1, 9)] == [number for one in pages for number in one]
    assert all(path.name in told[0] for path in found)
    assert "Open contradictions" in told[0] and not any("Open contradictions" in text for text in told[1:])
    assert all("dossier.pdf" in text for text in told[1:])
    assert "GAP" in "".join(told) or "No exhibit has a gap" in "".join(told)


def test_both_verifiers_hold_a_dossier_of_several_volumes_for_sound(long):
    assert verify_dossier(long)["ok"]
    answer = subprocess.run([sys.executable, "-I", long / "verify.py"], capture_output=True, text=True, check=False)
    assert 0 == answer.returncode, answer.stdout


@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("dossier.2.pdf", True), ("dossier.10.ar.pdf", True), ("dossier.9999.pdf", True), ("dossier.1.pdf", False),
        ("dossier.02.pdf", False), ("dossier.ar.2.pdf", False), ("dossier.2.pdf.exe", False), ("dossier.2.fr.pdf", False),
    ],
)  # fmt: skip
def test_both_verifiers_know_the_names_of_volumes(name, may):
    assert (may, may) == (PAYLOAD.match(f"data/{name}") is not None, verify.may_lie(f"data/{name}"))


@pytest.mark.parametrize("most", [200, 700, 1500, 4000])
def test_a_cut_loses_nothing_skips_no_heading_and_keeps_within_its_measure(dossier, monkeypatch, most):
    monkeypatch.setattr(pdf_volumes, "MOST", most)
    parts = Parts(dossier, "en", {}, "SHA256:x")
    whole = parts.front()
    made = cut(whole, parts)

    def entries(blocks):
        told = [block for block in blocks if block["b"] not in ("h1", "h2", "h3")]
        return [entry for block in told for entry in block.get("rows", block.get("l", [block]))]

    assert entries(whole) == [entry for blocks in made for entry in entries(blocks)]
    assert len(made) > 1 or sum(map(weight, whole)) <= most
    for blocks in made:
        levels = [1, *(int(block["b"][1]) for block in blocks if block["b"] in ("h1", "h2", "h3"))]
        assert all(below <= above + 1 for above, below in pairwise(levels)), levels
        alone = [block for block in blocks if block["b"] not in ("h1", "h2", "h3", "volumes")]
        assert sum(map(weight, blocks)) <= most + 200 or 1 == len(alone), blocks


def test_the_same_dossier_gives_the_same_volumes(dossier, monkeypatch):
    monkeypatch.setattr(pdf_volumes, "MOST", SMALL)
    one, two = (list(volumes(Parts(dossier, "ar", {}, "SHA256:x"))) for _ in range(2))
    assert one == two and len(one) > 3


def test_a_long_statement_stands_in_the_pdf_to_its_last_word(tmp_path):
    """The page shows its beginning, and how much more there is."""
    text = "I heard it circle over the hill.\n" * 3000 + "And then it was quiet."
    archive = casebook.new_archive(tmp_path)
    casebook.take(archive, casebook.write(tmp_path / "in", tables(), contents() | {"statements/w1.txt": text.encode()}))
    hand_over(archive, tmp_path / "d")
    told = run("pdftotext", "-layout", tmp_path / "d/data/dossier.pdf", "-").stdout
    assert 3000 == told.count("I heard it circle over the hill.") and "And then it was quiet." in told
    assert re.search(rf"{CODE}-\d{{6}}\.050$", told, re.MULTILINE)
    page = (tmp_path / "d/data/index.html").read_text("utf-8")
    assert "And then it was quiet." not in page and "The text goes on in the file" in page


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems limit no address space")
def test_a_volume_that_takes_more_memory_than_it_may_is_said_with_what_to_do(archive, tmp_path, monkeypatch):
    less = "import archive.dossier.typeset_child as child; child.MEMORY_BYTES = 120 << 20; main()"
    monkeypatch.setattr(pdf, "_START", pdf._START.replace("main()", less))
    with pytest.raises(UnreachableError, match="it takes more than the 2048 MiB of memory that it may") as told:
        hand_over(archive, tmp_path / "out" / "d")
    assert "--no-pdf" in told.value.hint
    assert [] == list((tmp_path / "out").iterdir())
