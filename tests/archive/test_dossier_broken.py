"""Every change of a dossier is noticed, by both verifiers alike.

The two share no code: `verify.py` is written from the format document. Each row
is one change; those that are signed anew are what only a dishonest operator
could do, and even then entries, numbers and withheld values cannot be bent.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from blake3 import blake3

from archive.dossier import verification, verify
from tests import casebook
from tests.archive.dossier_case import archive_of, hand_over, seal, seal_tags, sign

CODE = casebook.CODE


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    return archive_of(tmp_path_factory.mktemp("archive"))


@pytest.fixture(scope="module")
def sound(archive, tmp_path_factory):
    out = tmp_path_factory.mktemp("sound") / "d"
    hand_over(archive, out)
    return out


@pytest.fixture
def dossier(sound, tmp_path):
    return Path(shutil.copytree(sound, tmp_path / "d"))


def first(folder: Path, pattern: str) -> Path:
    return min(folder.glob(pattern))


def change(path: Path, old: bytes, new: bytes) -> None:
    data = path.read_bytes()
    assert old in data, (path, old)
    path.write_bytes(data.replace(old, new, 1))


def flip(path: Path, at: int = 0) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))


def swap(one: Path, two: Path) -> None:
    data = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(data)


def edit_json(path: Path, edit) -> None:
    value = json.loads(path.read_text("utf-8"))
    edit(value)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", "utf-8")


def describe(d: Path) -> None:
    """Let the crate say the size and digest that every file now has, as whoever signs anew can."""
    def again(crate):
        for one in crate["@graph"]:
            if "sha256" in one:
                data = (d / "data" / one["@id"]).read_bytes()
                one.update(sha256=hashlib.sha256(data).hexdigest(), contentSize=str(len(data)))

    edit_json(d / CRATE, again)


def item(case, name):
    return next(one for one in case["items"] if one["fields"]["id"] == name)


def drop_exhibit(d: Path) -> None:
    edit_json(d / "data/records/case.json", lambda case: case["items"].remove(item(case, "V1")))
    (d / f"data/items/{CODE}-000002.jpg").unlink()
    lines = (d / "data/exhibits.csv").read_bytes().split(b"\r\n")
    (d / "data/exhibits.csv").write_bytes(b"\r\n".join(x for x in lines if b"000002" not in x))


def drop_entry(d: Path, kind: str) -> None:
    index = json.loads((d / "data/records/case.json").read_text("utf-8"))[kind][0]["entry"]
    for end in ("json", "tlog-proof"):
        (d / f"data/proof/entries/{index}.{end}").unlink()


def drop_event(d: Path) -> None:
    path = d / "data/records/custody.jsonl"
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[1:]))


def to_link(path: Path) -> None:
    outside = path.parents[3] / "outside"
    path.rename(outside)
    path.symlink_to(outside)


PLAIN = {
    "flip a byte of an original": lambda d: flip(first(d, "data/items/*.jpg"), 40),
    "cut an original short": lambda d: first(d, "data/items/*").write_bytes(b""),
    "an original grown beyond any disk": lambda d: os.truncate(first(d, "data/items/*"), 1 << 38),
    "a manifest grown beyond any disk": lambda d: os.truncate(d / "manifest-sha256.txt", 1 << 38),
    "a checkpoint grown beyond any disk": lambda d: os.truncate(d / f"{PROOF}/checkpoint", 1 << 38),
    "remove an original": lambda d: first(d, "data/items/*").unlink(),
    "swap two exhibits": lambda d: swap(*sorted(d.glob("data/items/*.txt"))[:2]),
    "a link for a file": lambda d: to_link(first(d, "data/items/*.jpg")),
    "edit bag-info": lambda d: change(d / "bag-info.txt", b"court", b"Court"),
    "remove a manifest": lambda d: (d / "manifest-sha256.txt").unlink(),
    "remove the BLAKE3 manifest": lambda d: (d / "manifest-blake3.txt").unlink(),
    "remove bagit.txt": lambda d: (d / "bagit.txt").unlink(),
    "CRLF in a tag file": lambda d: change(d / "bagit.txt", b"\n", b"\r\n"),
    "CRLF in a manifest": lambda d: change(d / "manifest-sha256.txt", b"\n", b"\r\n"),
    "edit VERIFY.txt": lambda d: change(d / "VERIFY.txt", b"telephone", b"e-mail"),
    "edit verify.py": lambda d: change(d / "verify.py", b"return 0 if", b"return 0 or"),
    "a file more in the payload": lambda d: (d / "data/items/x.jpg").write_bytes(b"x"),
    "a file more in the proof": lambda d: (d / "data/proof/x").write_bytes(b"x"),
    "a file more in the root": lambda d: (d / "README.txt").write_bytes(b"x"),
    "a time-stamp that nobody made": lambda d: (d / "tagmanifest-sha256.txt.tsr").write_bytes(b"x"),
    "a hidden file": lambda d: (d / ".DS_Store").write_bytes(b"x"),
    "an empty folder": lambda d: (d / "data/items/more").mkdir(),
    "an empty folder in the root": lambda d: (d / "more").mkdir(),
    "a name that differs in case alone": lambda d: (d / "data/EXHIBITS.CSV").write_bytes(b"x"),
    "tag manifest removed": lambda d: (d / "tagmanifest-sha256.txt").unlink(),
    "signature removed": lambda d: (d / "tagmanifest-sha256.txt.sig").unlink(),
    "signature emptied": lambda d: (d / "tagmanifest-sha256.txt.sig").write_bytes(b""),
    "signature of a commit in its place": lambda d: shutil.copy(
        first(d, "data/proof/commits/*.sig"), d / "tagmanifest-sha256.txt.sig"
    ),
    "CRLF in the signature": lambda d: change(d / "tagmanifest-sha256.txt.sig", b"\n", b"\r\n"),
}

SEALED = {  # all manifests and the Oxum rewritten, as anyone can: only the signature notices
    "an exhibit dropped": drop_exhibit,
    "custody edited": lambda d: change(d / "data/records/custody.jsonl", b"desk A", b"desk B"),
    "an event of custody dropped": drop_event,
    "the page edited": lambda d: change(d / "data/index.html", b"does not meet", b"meets"),
    "a file added and listed": lambda d: (d / "data/items/x.jpg").write_bytes(b"x"),
    "the assessment edited": lambda d: change(
        d / "data/records/corroboration.json", b'"meets": false', b'"meets": true'
    ),
    "a thumbnail exchanged": lambda d: first(d, "data/derived/*").write_bytes(casebook.photograph((9, 9, 9))),
}

PROOF = "data/proof"
SIGNED = {  # and signed anew by the operator: what is proved still binds
    "an exhibit dropped": drop_exhibit,
    "custody edited": lambda d: change(d / "data/records/custody.jsonl", b"desk A", b"desk B"),
    "an event of custody dropped": drop_event,
    "a fact of the case edited": lambda d: change(d / "data/records/case.json", b"Tel Marjan", b"Tel Marwan"),
    "a number turned into true": lambda d: edit_json(
        d / "data/records/case.json", lambda c: item(c, "V1")["fields"].update(size=True)
    ),
    "a field added": lambda d: edit_json(
        d / "data/records/case.json", lambda c: c["case"]["fields"].update(summary="x")
    ),
    "a field left out": lambda d: edit_json(
        d / "data/records/case.json", lambda c: c["case"]["fields"].pop("delivery")
    ),
    "a record left out": lambda d: edit_json(d / "data/records/case.json", lambda c: c["links"].pop()),
    "a record shown as another kind": lambda d: edit_json(
        d / "data/records/case.json", lambda c: c["links"][0].update(kind="relation")
    ),
    "an earlier time of an event": lambda d: change(
        d / "data/records/custody.jsonl", b'"recorded_at": "2', b'"recorded_at": "1'
    ),
    "an event told of another exhibit": lambda d: change(
        d / "data/records/custody.jsonl", f'"bates": "{CODE}-000001"'.encode(), f'"bates": "{CODE}-000002"'.encode()
    ),
    "exhibits renumbered": lambda d: change(d / "data/records/case.json", b"-000008", b"-000009"),
    "an original exchanged": lambda d: (d / f"data/items/{CODE}-000002.jpg").write_bytes(
        casebook.photograph((1, 1, 1))
    ),
    "a title edited in the list": lambda d: change(d / "data/exhibits.csv", b"HYPERLINK", b"hyperlink"),
    "a row of the list dropped": lambda d: (d / "data/exhibits.csv").write_bytes(
        b"\r\n".join((d / "data/exhibits.csv").read_bytes().split(b"\r\n")[:-2]) + b"\r\n"
    ),
    "a row of the list twice": lambda d: (d / "data/exhibits.csv").write_bytes(
        (d / "data/exhibits.csv").read_bytes() + (d / "data/exhibits.csv").read_bytes().split(b"\r\n")[1] + b"\r\n"
    ),
    "a withheld exhibit with another digest": lambda d: edit_json(
        d / "data/records/case.json", lambda c: c["withheld"][0].update(digest="A" * 43)
    ),
    "a withheld exhibit left out": lambda d: edit_json(d / "data/records/case.json", lambda c: c["withheld"].pop()),
    "a disclosure edited": lambda d: flip(d / f"{PROOF}/disclosures.txt", 40),
    "a disclosure dropped": lambda d: (d / f"{PROOF}/disclosures.txt").write_bytes(
        b"".join((d / f"{PROOF}/disclosures.txt").read_bytes().splitlines(keepends=True)[1:])
    ),
    "a disclosure twice": lambda d: (d / f"{PROOF}/disclosures.txt").write_bytes(
        (d / f"{PROOF}/disclosures.txt").read_bytes().splitlines(keepends=True)[0]
        + (d / f"{PROOF}/disclosures.txt").read_bytes()
    ),
    "an entry edited": lambda d: change(first(d, f"{PROOF}/entries/5.json"), b'"at":"2', b'"at":"1'),
    "an entry spelled otherwise": lambda d: change(first(d, f"{PROOF}/entries/5.json"), b'"v":1', b'"v": 1'),
    "a shown entry dropped": lambda d: drop_entry(d, "links"),
    "an entry in the midst of its chain dropped": lambda d: drop_entry(d, "items"),
    "the genesis dropped": lambda d: [(d / f"{PROOF}/entries/0.{end}").unlink() for end in ("json", "tlog-proof")],
    "two proofs swapped": lambda d: swap(d / f"{PROOF}/entries/12.tlog-proof", d / f"{PROOF}/entries/13.tlog-proof"),
    "a proof edited": lambda d: flip(d / f"{PROOF}/entries/12.tlog-proof", 45),
    "a proof dropped": lambda d: (d / f"{PROOF}/entries/12.tlog-proof").unlink(),
    "the checkpoint edited": lambda d: flip(d / f"{PROOF}/checkpoint", 30),
    "the log key exchanged": lambda d: (d / f"{PROOF}/log.vkey").write_text("x+00000000+AAAA\n"),
    "a commit's signature edited": lambda d: flip(first(d, f"{PROOF}/commits/*.sig"), 80),
    "a commit's lines edited": lambda d: flip(first(d, f"{PROOF}/commits/*.txt"), 20),
    "a commit's file more": lambda d: (d / f"{PROOF}/commits/3.sig").write_bytes(b"x"),
    "a commit's file dropped": lambda d: first(d, f"{PROOF}/commits/*.sig").unlink(),
    "a signer more": lambda d: (d / f"{PROOF}/allowed_signers").write_bytes(
        (d / f"{PROOF}/allowed_signers").read_bytes() * 2
    ),
    "a file of the proof that proves nothing": lambda d: (d / f"{PROOF}/entries/99.tlog-proof").write_bytes(b"x"),
    "a leaf renamed in capitals": lambda d: (d / f"{PROOF}/entries/5.json").rename(d / f"{PROOF}/entries/5.JSON"),
    "case.json of another format": lambda d: change(d / "data/records/case.json", b"dossier-case/1", b"dossier-case/9"),
    "no signers": lambda d: (d / f"{PROOF}/allowed_signers").write_bytes(b""),
    "case.json names a key twice": lambda d: change(
        d / "data/records/case.json", b'{\n "format"', b'{\n "format": 1,\n "format"'
    ),
    "case.json is nested without end": lambda d: (d / "data/records/case.json").write_bytes(b"[" * 200_000),
    "case.json is not UTF-8": lambda d: (d / "data/records/case.json").write_bytes(b"\xff\xfe{}"),
}

MAP = "data/map.geojson"
CRATE = "data/ro-crate-metadata.json"
TOLD = {  # and signed anew: told a second time, otherwise than the records and the proof say
    "a place of the map moved": lambda d: edit_json(
        d / MAP, lambda m: m["features"][0]["geometry"].update(coordinates=[36.7, 35.8])
    ),
    "a place of the map renamed": lambda d: change(d / MAP, b"Tel Marjan", b"Tel Marwan"),
    "a place of the map dropped": lambda d: edit_json(d / MAP, lambda m: m["features"].pop(0)),
    "a flight on the map moved": lambda d: edit_json(
        d / MAP, lambda m: m["features"][-1]["geometry"].update(coordinates=[36.7, 35.8])
    ),
    "an aircraft on the map exchanged": lambda d: change(d / MAP, b"Su-22", b"Su-24"),
    "a rounded place beside the exact one": lambda d: edit_json(
        d / MAP, lambda m: m["features"].append({**m["features"][0], "properties": {"kind": "coarse"}})
    ),
    "a row of a log dropped": lambda d: (d / "data/records/flights.csv").write_bytes(
        b"".join((d / "data/records/flights.csv").read_bytes().splitlines(keepends=True)[:-1])
    ),
    "another state of the ledger": lambda d: edit_json(
        d / "data/records/case.json", lambda c: c["ledger"].update(size=c["ledger"]["size"] - 1)
    ),
    "another genesis": lambda d: edit_json(
        d / "data/records/audit.json", lambda a: a.update(genesis="0" * 64)
    ),
    "a time-stamp that is not there": lambda d: edit_json(
        d / "data/records/audit.json", lambda a: a["anchors"].append({"size": 3, "time": "", "tsr_sha256": "0" * 64})
    ),
    "an exercise that says it is none": lambda d: edit_json(
        d / "data/records/case.json", lambda c: c["dossier"].update(exercise=False)
    ),
    "no word of an exercise in bag-info": lambda d: change(
        d / "bag-info.txt", b"Sijill-Exercise: yes, an invented case\n", b""
    ),
    "another audience in bag-info": lambda d: change(d / "bag-info.txt", b"court", b"public"),
    "a seal of another state": lambda d: change(d / "bag-info.txt", b"Sijill-Seal: ", b"Sijill-Seal: 1"),
    "an exhibit called by another name": lambda d: edit_json(
        d / "data/records/case.json", lambda c: c["items"][0].update(exhibit=f"{CODE}/W7")
    ),
    "an exhibit received earlier": lambda d: edit_json(
        d / "data/records/case.json", lambda c: c["items"][0].update(received="2019-02-03T00:00:00Z")
    ),
    "an exhibit of another class": lambda d: edit_json(
        d / "data/records/case.json", lambda c: c["items"][0].update({"class": "document"})
    ),
    "a member that no record has": lambda d: edit_json(
        d / "data/records/case.json", lambda c: c["links"][0].update(note="reviewed")
    ),
    "a capture called a receipt": lambda d: change(
        d / "data/records/custody.jsonl", b'"premis": "capture"', b'"premis": "transfer"'
    ),
    "events of custody in another order": lambda d: (d / "data/records/custody.jsonl").write_bytes(
        b"".join(reversed((d / "data/records/custody.jsonl").read_bytes().splitlines(keepends=True)))
    ),
    "a registration left out of the custody": lambda d: (d / "data/records/custody.jsonl").write_bytes(
        b"".join(
            line for line in (d / "data/records/custody.jsonl").read_bytes().splitlines(keepends=True)
            if b'"record.add"' not in line or b"-000008" not in line
        )
    ),
    "another standard": lambda d: change(d / "data/records/standard.toml", b"\n", b"\n\n"),
    "the weighing of another case": lambda d: edit_json(
        d / "data/records/corroboration.json", lambda c: c["case"].update(code="EX-2019-0002")
    ),
    "another digest in the crate": lambda d: edit_json(
        d / CRATE, lambda c: c["@graph"][-1].update(sha256="0" * 64)
    ),
}  # fmt: skip

STRANGE = {  # and signed anew: nothing binds them, and no dossier has such a file
    "a record that nothing binds": lambda d: (d / "data/records/confession.json").write_bytes(b"{}"),
    "a page more": lambda d: (d / "data/index.fr.html").write_bytes(b"<p>"),
    "a folder that no dossier has": lambda d: ((d / "data/more").mkdir(), (d / "data/more/x.txt").write_bytes(b"x")),
    "a schema of another name": lambda d: (d / "data/schemas/x.schema.json").write_bytes(b"{}"),
    "a load file in a folder of its own": lambda d: (
        (d / "data/loadfile/x").mkdir(parents=True),
        (d / "data/loadfile/x/y.dat").write_bytes(b"x"),
    ),
}


def answers(folder: Path):
    """Give both verifiers' answers, check by check."""
    ours, theirs = verification.check(folder), verify.check(str(folder))
    mine = {c["id"]: c["ok"] for c in ours.checks if c["id"] != "manifest-blake3"}  # which one of them cannot compute
    other = {name: held for name, held, _ in theirs.checks if name != "manifest-blake3"}
    return mine, other, ours, theirs


def noticed_by_both(folder: Path):
    mine, other, ours, theirs = answers(folder)
    assert mine == other, (ours.findings, theirs.findings)
    assert not ours.ok and not theirs.ok
    return {one["code"] for one in ours.findings}


def test_both_agree_that_a_sound_one_is_sound(sound):
    mine, other, ours, theirs = answers(sound)
    assert mine == other
    assert ours.ok and theirs.ok


@pytest.mark.parametrize("name", PLAIN)
def test_a_change_is_noticed(dossier, name):
    PLAIN[name](dossier)
    noticed_by_both(dossier)


@pytest.mark.parametrize("name", SEALED)
def test_a_change_with_every_manifest_rewritten_is_noticed_by_the_signature(dossier, name):
    SEALED[name](dossier)
    seal(dossier)
    assert "signature" in noticed_by_both(dossier)


@pytest.mark.parametrize("name", SIGNED)
def test_a_change_that_an_operator_signed_is_noticed_by_the_proof(archive, dossier, name):
    SIGNED[name](dossier)
    seal(dossier)
    sign(dossier, casebook.signers(archive)[0])
    noticed = noticed_by_both(dossier) - {"signature"}  # without a proved genesis nobody may sign either
    assert noticed and not {"manifest-sha256", "tagmanifest", "layout", "bagit"} & noticed


@pytest.mark.parametrize("name", TOLD)
def test_what_is_told_again_otherwise_is_noticed_whoever_signed_it(archive, dossier, name):
    crate = (dossier / CRATE).read_bytes()
    TOLD[name](dossier)
    if (dossier / CRATE).read_bytes() == crate:
        describe(dossier)
    seal(dossier)
    sign(dossier, casebook.signers(archive)[0])
    assert noticed_by_both(dossier) == {"told"}


@pytest.mark.parametrize("seed", range(24))
def test_both_notice_any_edit_of_a_record_that_an_operator_signed(archive, dossier, seed):
    chance = random.Random(seed)
    name = chance.choice(("records/case.json", "records/audit.json", "map.geojson"))
    document = json.loads((dossier / "data" / name).read_bytes())
    edit_somewhere(document, chance)
    (dossier / "data" / name).write_text(json.dumps(document), "utf-8")
    describe(dossier)
    seal(dossier)
    sign(dossier, casebook.signers(archive)[0])
    noticed_by_both(dossier)


def edit_somewhere(document, chance: random.Random) -> None:
    """Drop one value of a JSON document, give it another name, or put something else in its place."""
    places = []
    waiting = [document]
    while waiting:
        one = waiting.pop()
        members = list(one) if isinstance(one, dict) else list(range(len(one)))
        places += [(one, member) for member in members]
        waiting += [one[member] for member in members if isinstance(one[member], (dict, list))]
    holder, member = chance.choice(places)
    what = chance.choice(("drop", "rename", "null", "number", "text", "list"))
    if what == "drop" or (what == "rename" and isinstance(holder, list)):
        del holder[member]
    elif what == "rename":
        holder[f"{member}2"] = holder.pop(member)
    else:
        other = {"null": None, "number": -1, "text": "x", "list": ["x"]}[what]
        holder[member] = other if holder[member] != other else 0


@pytest.mark.parametrize("name", STRANGE)
def test_a_file_that_no_dossier_has_is_noticed_whoever_signed_it(archive, dossier, name):
    STRANGE[name](dossier)
    seal(dossier)
    sign(dossier, casebook.signers(archive)[0])
    assert "layout" in noticed_by_both(dossier)


def test_a_python_too_old_says_so_and_blames_no_dossier(sound, monkeypatch, capsys):
    monkeypatch.setattr(verify.sys, "version_info", (3, 8, 18))
    assert verify.main([str(sound)]) == 3
    assert "3.9 or later" in capsys.readouterr().err


def test_modes_and_times_are_nobodys_business(dossier):
    for path in dossier.rglob("*"):
        os.utime(path, (1, 1))
        path.chmod(0o755)
    assert verification.check(dossier).ok and verify.check(str(dossier)).ok


def test_a_key_that_the_ledger_does_not_know_signs_in_vain(dossier, tmp_path):
    from archive.keys import Home

    stranger = Home(tmp_path / "stranger").first_signer("stranger", None, None)
    sign(dossier, stranger)
    assert {"signature"} == noticed_by_both(dossier)


def test_a_signature_for_another_purpose_does_not_count(archive, dossier):
    signed = casebook.signers(archive)[0].sign((dossier / "tagmanifest-sha256.txt").read_bytes(), "file")
    (dossier / "tagmanifest-sha256.txt.sig").write_text(signed)
    assert {"signature"} == noticed_by_both(dossier)


def test_a_wrong_blake3_of_an_exhibit_is_noticed_by_both_and_of_another_file_by_sijill(archive, dossier):
    """The standard library has no BLAKE3: `verify.py` compares what was recorded, and only exhibits have a record."""
    listed = dossier / "manifest-blake3.txt"
    original = dossier / f"data/items/{CODE}-000002.jpg"
    page = dossier / "data/index.html"
    for path, theirs_ok in ((original, False), (page, True)):
        digest = blake3(path.read_bytes()).hexdigest().encode()
        change(listed, digest, digest[::-1])
        seal_tags(dossier)
        sign(dossier, casebook.signers(archive)[0])
        assert not verification.check(dossier).ok
        assert theirs_ok == verify.check(str(dossier)).ok
        change(listed, digest[::-1], digest)


def test_the_same_file_says_it_with_its_exit_status(dossier):
    flip(first(dossier, "data/items/*.jpg"), 40)
    answer = subprocess.run([sys.executable, "-I", dossier / "verify.py"], capture_output=True, text=True, check=False)
    assert 1 == answer.returncode
    assert "BROKEN" in answer.stdout and "Traceback" not in answer.stderr


LONG = pytest.mark.skipif("SIJILL_LONG" not in os.environ, reason="a long sweep: SIJILL_LONG=1 pytest -m long")


@pytest.mark.parametrize(
    "step", [pytest.param(9973, id="sample"), pytest.param(97, marks=[pytest.mark.long, LONG], id="many")]
)
def test_every_flipped_byte_is_noticed_by_both(sound, tmp_path, step):
    """A byte here and there of every file, one at a time; modes and times are not bytes."""
    folder = Path(shutil.copytree(sound, tmp_path / "d"))
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    at = 0
    for path in files:
        size = path.stat().st_size
        while at < size:
            flip(path, at)
            assert not verify.check(str(folder)).ok, (path, at)
            assert not verification.check(folder).ok, (path, at)
            flip(path, at)
            at += step
        at -= size


def renumber(d: Path) -> None:
    edit_json(d / "data/records/case.json", lambda c: item(c, "V1")["numbers"][0]["fields"].update(number="P-9"))


def edit_copy(d: Path, **values) -> None:
    edit_json(d / "data/records/case.json", lambda c: item(c, "V1").update(values))


COPIED = {  # a dossier with a redacted copy and a court's number, signed anew by the operator
    "the redacted copy exchanged": lambda d: first(d, "data/derived/*-r1.jpg").write_bytes(
        casebook.photograph((1, 1, 1))
    ),
    "the redacted copy removed": lambda d: first(d, "data/derived/*-r1.jpg").unlink(),
    "the copy passed off as the original": lambda d: edit_copy(d, form="original"),
    "the copy passed off as merely stripped": lambda d: edit_copy(d, form="stripped"),
    "a file that is said not to be here": lambda d: edit_copy(d, form="none"),
    "an unknown form": lambda d: edit_copy(d, form="whole"),
    "another original": lambda d: edit_copy(d, original="A" * 43),
    "the digest of the copy edited": lambda d: edit_json(
        d / "data/records/case.json", lambda c: item(c, "V1")["rendition"]["fields"].update(size=1)
    ),
    "the entry of another act": lambda d: edit_json(
        d / "data/records/case.json",
        lambda c: item(c, "V1")["rendition"].update(entry=item(c, "V1")["entry"], fields=item(c, "V1")["fields"]),
    ),
    "a reason for redacting edited": lambda d: edit_json(
        d / "data/records/case.json", lambda c: item(c, "V1")["rendition"]["fields"].update(reason="nothing")
    ),
    "a court's number edited": renumber,
    "the list says that it is whole": lambda d: change(d / "data/exhibits.csv", b",yes,", b",no,"),
    "a picture of nothing": lambda d: (d / "data/derived/x-t1.jpg").write_bytes(casebook.photograph((3, 3, 3))),
}


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    from archive.dossier.build import Extras
    from archive.numbering import number
    from archive.redact import cover

    folder = tmp_path_factory.mktemp("copied")
    archive = archive_of(folder)
    cover(archive, f"{CODE}/V1", "court", [(4, 4, 9, 9)], "box", "a face", casebook.signers(archive))
    (folder / "map.csv").write_text("exhibit,number\nV1,P-1\n")
    number(archive, CODE, "Court", folder / "map.csv", casebook.signers(archive))
    hand_over(archive, folder / "d", extras=Extras(pdf=False))
    return archive, folder / "d"


def test_a_dossier_with_a_copy_is_sound(copied):
    mine, other, ours, theirs = answers(copied[1])
    assert mine == other and ours.ok and theirs.ok, (ours.findings, theirs.findings)


@pytest.mark.parametrize("name", COPIED)
def test_a_change_around_a_copy_is_noticed_by_the_proof(copied, tmp_path, name):
    archive, sound = copied
    folder = Path(shutil.copytree(sound, tmp_path / "d"))
    COPIED[name](folder)
    seal(folder)
    sign(folder, casebook.signers(archive)[0])
    noticed = noticed_by_both(folder) - {"signature"}
    assert noticed and not {"manifest-sha256", "tagmanifest", "layout", "bagit"} & noticed
