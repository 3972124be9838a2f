"""The PDF of a dossier: archival and accessible by the word of other programs, the same bytes each time, no word lost."""

from __future__ import annotations

import json
import re
import time

import pytest

from archive.dossier.glyphs import Printable, coverage
from archive.dossier.pdf import LANGUAGES
from tests import casebook
from tests.archive.dossier_case import SECRET, archive_of, contents, hand_over, tables
from tests.judges import run

CODE = casebook.CODE


@pytest.fixture(scope="module")
def court(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pdf")
    archive = archive_of(folder)
    hand_over(archive, folder / "d")
    return archive, folder / "d"


@pytest.fixture(params=LANGUAGES)
def pdf(request, court):
    return court[1] / "data" / LANGUAGES[request.param]


def test_qpdf_finds_no_fault(pdf):
    told = run("qpdf", "--check", pdf)
    assert 0 == told.returncode, told.stdout + told.stderr


def test_it_is_tagged_and_titled(pdf):
    told = run("pdfinfo", pdf).stdout
    assert re.search(r"Tagged: +yes", told) and re.search(rf"Title: +{CODE}-d001", told), told
    assert "JavaScript:      no" in told


def test_every_font_lies_in_it(pdf):
    rows = run("pdffonts", pdf).stdout.splitlines()[2:]
    assert rows and all(re.search(r" yes yes yes +\d+ +\d+$", row) for row in rows), rows


def test_it_says_that_it_is_a_2a_and_ua_1(pdf):
    told = run("exiftool", "-s", "-XMP-pdfaid:all", "-XMP-pdfuaid:all", pdf).stdout
    assert {"Part": "2", "Conformance": "A"}.items() <= dict(re.findall(r"(\w+) +: (\w+)", told)).items() or (
        re.search(r"Conformance +: A", told) and len(re.findall(r"Part +: [12]", told)) == 2
    ), told


def test_pages_and_exhibits_are_numbered(court):
    told = run("pdftotext", "-layout", court[1] / "data/dossier.pdf", "-").stdout
    pages = told.rstrip("\f").split("\f")
    assert f"1 / {len(pages)}" in pages[0] and f"{len(pages)} / {len(pages)}" in pages[-1]
    assert all(f"{CODE}-00000{n}.001" in told for n in range(1, 9))
    assert "EXERCISE" in pages[3]
    assert SECRET not in told


def test_the_same_request_gives_the_same_bytes(court, tmp_path):
    from archive.dossier.pdf import render
    from archive.dossier.pdf_parts import Parts
    from archive.dossier.pdf_volumes import volumes
    from archive.handed_over import Request
    from archive.pictures import Copies
    from archive.release import gather

    archive, _ = court
    with Copies() as copies:
        dossier = gather(archive, CODE, Request("court", "x"), copies, date="2026-11-22T04:00:00Z")
        (tmp_path / "data").mkdir()
        made = [next(volumes(Parts(dossier, "ar", {}, "SHA256:x"))) for _ in range(2)]
        one, two = (render(volume, dossier.date, tmp_path / "data", lambda: None) for volume in made)
    assert one == two
    assert [] == list((tmp_path / "data").iterdir())


def test_what_no_font_shows_is_spelled_out_and_counted():
    printable = Printable()
    assert "a\\u{1F600}b\\u{202E}c\n\\u{FEFF}" == printable("a\U0001f600b\u202ec\n\ufeff")
    assert {"\\u{1F600}": 1, "\\u{202E}": 1, "\\u{FEFF}": 1} == dict(printable.spelled)
    assert all(ord(c) in coverage() for c in "aZ09éşğ’–…أهلًا؟،٣ﷺ")


def test_words_that_would_be_markup_stay_words(tmp_path):
    found = tables()
    markup = '#panic("x") $a$ @b // *c* _d_ [#read("/etc/passwd")] \\ `e` ﷽ 🚑 ⵣ \u202e \ufeff \x07'
    found["case"]["title"] = {"en": markup, "ar": markup}
    found["item"][0]["title"] = {"en": markup * 40}
    files = contents() | {"statements/w1.txt": (markup + "\n") * 3000}
    archive = casebook.new_archive(tmp_path)
    casebook.take(archive, casebook.write(tmp_path / "in", found, files))
    hand_over(archive, tmp_path / "d")
    told = run("pdftotext", "-layout", tmp_path / "d/data/dossier.pdf", "-").stdout
    assert '#panic("x") $a$ @b // *c* _d_ [#read("/etc/passwd")]' in told
    assert "\\u{1F691}" in told and "\\u{202E}" in told and "root:" not in told
    assert "Characters spelled out" in told
    case = json.loads((tmp_path / "d/data/records/case.json").read_text("utf-8"))
    assert markup == case["case"]["fields"]["title.en"]


def test_while_a_volume_is_set_the_line_goes_on_and_who_stops_it_leaves_no_process(monkeypatch):
    from archive.dossier import pdf

    ticks = []

    def tick():
        ticks.append(1)
        if len(ticks) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(pdf, "TICK_S", 0.05)
    monkeypatch.setattr(pdf, "_START", "import time; time.sleep(600)")
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        pdf._typeset(b"x" * 1_000_000, tick)
    assert 3 == len(ticks) and time.monotonic() - begun < 60


def test_a_typesetter_that_is_ended_is_said_with_what_to_do(court, tmp_path, monkeypatch):
    """As where memory is short: nothing is left, and the way round it is named."""
    from archive.dossier import pdf
    from schemas.errors import UnreachableError
    from tests.archive.dossier_case import hand_over

    killed = "import os, signal, sys; sys.stdin.buffer.read(); os.kill(os.getpid(), signal.SIGKILL)"
    monkeypatch.setattr(pdf, "_START", killed)
    with pytest.raises(UnreachableError, match="its process was ended, as where memory is short") as told:
        hand_over(court[0], tmp_path / "out" / "d")
    assert "--no-pdf" in told.value.hint
    assert [] == list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(("lang", "text", "printed"), [
    ("ar", "photo\u202egpj.exe", "\u2066photo\u2066\\u{202E}\u2069gpj.exe\u2069"),
    ("ar", "\u202eوادي (صارم)", "\u2067\u2066\\u{202E}\u2069وادي (صارم)\u2069"),
    ("ar", "two\nlines", "\u2066two\u2069\n\u2066lines\u2069"),
    ("en", "Statement of W-01", "Statement of W-01"),
    ("en", "وادي صارم", "\u2067وادي صارم\u2069"),
])  # fmt: skip
def test_a_text_turns_neither_our_words_nor_the_text_beside_it(court, lang, text, printed):
    """Its direction is that in which it was written, whatever of it had to be spelled out, and ends with it."""
    from archive.dossier.pdf_runs import Runs
    from archive.handed_over import Request
    from archive.pictures import Copies
    from archive.release import gather

    with Copies() as copies:
        dossier = gather(court[0], CODE, Request("court", "x"), copies, date="2026-11-22T04:00:00Z")
    assert printed == Runs(dossier, lang, {}, "SHA256:x").o(text)["t"]
