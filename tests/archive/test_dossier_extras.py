"""What a dossier may carry beside its records, and what two dossiers or two audiences differ in."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from archive import durable
from archive.dossier import verification, verify
from archive.dossier.build import Extras
from archive.dossier.compare import compare, diff
from archive.dossier.export import Place, export
from archive.dossier.loadfile import HEADS
from archive.dossier.timeline import DRAWN, Moment, drawing
from archive.dossier.whole import export_all
from archive.handed_over import Request
from schemas.errors import InputError, UnreachableError
from tests import casebook
from tests.archive.dossier_case import SECRET, archive_of, contents, hand_over, tables

CODE = casebook.CODE


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return archive_of(tmp_path_factory.mktemp("extras"))


@pytest.fixture(scope="module")
def first(archive, tmp_path_factory):
    out = tmp_path_factory.mktemp("first") / "d"
    hand_over(archive, out, extras=Extras(case_uco=True, load_file=True, pdf=False))
    return out


def test_positions_leave_as_geojson_with_what_they_claim_of_their_accuracy(first):
    found = json.loads((first / "data/map.geojson").read_text("utf-8"))
    assert "FeatureCollection" == found["type"]
    claim = found["features"][0]
    assert [36.604, 35.812] == claim["geometry"]["coordinates"]
    assert ("claim", 100) == (claim["properties"]["kind"], claim["properties"]["uncertainty_m"])
    assert {"flight"} == {f["properties"]["kind"] for f in found["features"][1:]}


def test_the_public_map_is_coarse(archive, tmp_path):
    hand_over(archive, tmp_path / "d", "public", extras=Extras(pdf=False))
    found = json.loads((tmp_path / "d/data/map.geojson").read_text("utf-8"))
    (place,) = [f for f in found["features"] if f["properties"]["kind"] != "flight"]
    assert [36.6, 35.8] == place["geometry"]["coordinates"]
    assert ("coarse", 10_000) == (place["properties"]["kind"], place["properties"]["uncertainty_m"])
    assert "35.812" not in (tmp_path / "d/data/index.html").read_text("utf-8")


def test_the_load_file_has_a_line_an_exhibit_and_its_own_signs_nowhere_else(first):
    text = (first / f"data/loadfile/{CODE}.dat").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    lines = text.decode("utf-8-sig").split("\r\n")
    assert "" == lines.pop() and 9 == len(lines)
    rows = [[cell[1:-1] for cell in line.split("\u0014")] for line in lines]
    assert list(HEADS) == rows[0] and all(len(HEADS) == len(row) for row in rows)
    photo = dict(zip(HEADS, rows[2], strict=True))
    assert f"{CODE}-000002" == photo["BEGBATES"] and f"items\\{CODE}-000002.jpg" == photo["NATIVELINK"]
    assert "withheld" in rows[4][-1] and SECRET not in text.decode()


def test_the_graph_names_every_exhibit_that_leaves_and_the_same_each_time(first, archive, tmp_path):
    text = (first / "data/records/case-uco.jsonld").read_text("utf-8")
    graph = json.loads(text)["@graph"]
    numbers = {one["case-investigation:exhibitNumber"] for one in graph if "case-investigation:exhibitNumber" in one}
    assert 6 == len(numbers) and SECRET not in text
    assert len(graph) == len({one["@id"] for one in graph})


def test_the_draft_of_a_declaration_names_every_digest_and_nobody(first):
    for name, word in (("declaration.txt", "DRAFT"), ("declaration.ar.txt", "مسودة")):
        text = (first / "data" / name).read_text("utf-8")
        assert text.startswith(word)
        case = json.loads((first / "data/records/case.json").read_text("utf-8"))
        assert all(item["fields"]["sha256"] in text for item in case["items"] if "path" in item)
        assert all(one["bates"] in text for one in case["withheld"])
        assert casebook.OPERATOR not in text


def test_a_dossier_that_supersedes_another_says_what_changed(tmp_path):
    archive = archive_of(tmp_path)
    hand_over(archive, tmp_path / "one", extras=Extras(pdf=False))
    changed = tables()
    changed["case"]["delivery"] = "drone"
    changed["item"][1]["title"] = "now with a title"
    changed["item"].append({"id": "D9", "kind": "document", "doc_type": "press"})
    casebook.take(archive, casebook.write(tmp_path / "in", changed, contents()), reason="misread")
    document = hand_over(archive, tmp_path / "two", supersedes=tmp_path / "one", withhold={"V2": "by order"})
    found = json.loads((tmp_path / "two/data/records/correction.json").read_text("utf-8"))
    assert (f"{CODE}-d001", [f"{CODE}-000009"], [f"{CODE}-000007"], ["delivery"]) == (
        found["supersedes"], found["added"], found["now_withheld"], found["case_fields"],
    )
    assert [{"bates": f"{CODE}-000002", "fields": ["title.und"]}] == found["changed"]
    assert document["supersedes"] == f"{CODE}-d001"
    for page in ("index.html", "index.ar.html"):
        assert 'id="corrections"' in (tmp_path / "two/data" / page).read_text("utf-8")
    assert "now with a title" not in json.dumps(found)
    assert verification.check(tmp_path / "two").ok and verify.check(str(tmp_path / "two")).ok
    compared = compare(tmp_path / "one", tmp_path / "two")
    assert not compared["same"] and compared["added"] == found["added"]


def test_what_cannot_be_superseded_is_refused_before_anything_is_written(archive, first, tmp_path):
    head = (archive.folder / "checkpoint").read_bytes()
    broken = tmp_path / "broken"
    broken.mkdir()
    for audience, old in (("internal", first), ("court", broken), ("court", tmp_path / "nowhere")):
        with pytest.raises((InputError, UnreachableError)):
            hand_over(archive, tmp_path / "d", audience, supersedes=old)
    assert head == (archive.folder / "checkpoint").read_bytes() and ["broken"] == [p.name for p in tmp_path.iterdir()]


def test_a_dossier_is_the_same_as_itself(first):
    assert compare(first, first)["same"]


def test_dossiers_of_two_cases_are_not_compared(first, tmp_path):
    other = archive_of(tmp_path)
    hand_over(other, tmp_path / "d", extras=Extras(pdf=False))
    with pytest.raises(InputError, match="two cases"):
        compare(first, tmp_path / "d")


def test_two_audiences_of_one_case_side_by_side(archive):
    head = (archive.folder / "checkpoint").read_bytes()
    found = diff(archive, CODE, "internal", "court", "2026-01-01T00:00:00Z")
    rows = {row["bates"][-1]: row["leaves"] for row in found["exhibits"]}
    assert {"4", "6"} == rows.keys()
    assert "original" == rows["4"][0] and "asked first" in rows["4"][1]
    assert "notes" in found["fields"]["item"][0] and "consent.court" not in found["fields"]["item"][0]
    assert head == (archive.folder / "checkpoint").read_bytes()
    same = diff(archive, CODE, "court", "court", "2026-01-01T00:00:00Z")
    assert ([], {}) == (same["exhibits"], same["fields"])


def test_an_audience_that_does_not_exist_is_named(archive):
    with pytest.raises(InputError, match="did you mean public"):
        diff(archive, CODE, "court", "publik", "2026-01-01T00:00:00Z")


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_an_export_that_is_told_to_end_leaves_nothing_behind(tmp_path):
    """SIGTERM tidies up as Ctrl-C does."""
    from tests.archive import hostile_case

    hostile_case.archive_of(tmp_path, 60)
    out = tmp_path / "out" / "d"
    call = ["--archive", tmp_path / "archive", "dossier", "export", CODE, "--for", "internal", "--out", out]
    with subprocess.Popen(
        [sys.executable, "-m", "archive.cli", *map(str, call)], env=casebook.environment(tmp_path / "home"),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    ) as started:  # fmt: skip
        while started.poll() is None and not list(tmp_path.glob("out/.d.sijill-*/data/items/*")):
            time.sleep(0.01)
        started.send_signal(signal.SIGTERM)
        told = started.communicate(timeout=60)[1].decode()
    assert (130, True) == (started.returncode, "nothing is half recorded" in told)
    assert [] == list((tmp_path / "out").iterdir())


def test_many_pictures_of_one_clock_are_one_bar_and_what_is_claimed_is_always_drawn():
    """A drawing of two thousand bars is none; the list beside it has them all."""
    start = datetime(2019, 2, 3, 12, 20, tzinfo=UTC)
    claim = Moment("claim", start, start + timedelta(minutes=20))
    camera = [Moment("camera", start - timedelta(hours=5), start + timedelta(hours=5)) for _ in range(2000)]
    gps = [Moment("gps", start + timedelta(seconds=n), start + timedelta(seconds=n)) for n in range(300)]

    bars, _, _ = drawing(sorted([claim, *camera, *gps], key=lambda m: m.earliest))
    assert DRAWN == len(bars) and claim in [bar.moment for bar in bars]
    bars, _, _ = drawing([*camera, claim])
    assert [("camera", 2000), ("claim", 1)] == [(bar.moment.clock, bar.alike) for bar in bars]


@pytest.mark.parametrize("whole", [False, True])
def test_a_disk_that_loses_what_was_written_is_told_before_the_ledger_says_that_it_left(tmp_path, monkeypatch, whole):
    """A dossier, or an export of everything: the ledger names no bytes that a power cut could take."""
    archive = casebook.filled_archive(tmp_path)
    before, out = casebook.entries(archive), tmp_path / "out" / "d"

    def hand_out():
        if whole:
            return export_all(archive, out, casebook.signers(archive), purpose="kept")
        request = Request("internal")
        return export(archive, casebook.CODE, request, Place(out), casebook.signers(archive), extras=Extras(pdf=False))

    def lost(watch):
        watch.close()
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(durable.Watch, "sync", lost)
    with pytest.raises(UnreachableError, match="did not take"):
        hand_out()
    assert casebook.entries(archive) == before and [] == [*out.parent.iterdir()]

    monkeypatch.undo()
    hand_out()
    assert casebook.entries(archive) > before
