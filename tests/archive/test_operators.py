"""Who may act: by key, by person, by role, at each place of the ledger."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from archive import ledger, registry, sshsig
from archive.audit import audit
from archive.dossier import verify as second
from archive.founding import KEY_NAMESPACE, possession_text
from archive.keys import Home, acting
from archive.log_key import rotate
from archive.open import init
from archive.operators import add, grant, operators, revoke, set_threshold
from schemas.entry import BODIES, ROLES
from schemas.errors import FormatError, InputError, NotFound, RefusedError
from tests.casebook import OPERATOR, new_archive, signers
from tests.judges import judge


def key(folder: Path, name: str) -> Path:
    """Make an OpenSSH key as its owner would, with its public line beside it."""
    path = folder / name
    private = Ed25519PrivateKey.generate()
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    path.chmod(0o600)
    path.with_suffix(".pub").write_bytes(
        private.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH) + b" owner\n"
    )
    return path


@pytest.fixture
def house(tmp_path):
    """An archive with its first operator, and the folder where keys lie."""
    return new_archive(tmp_path), tmp_path


def by(archive, *names):
    return [archive.home.signer(name) for name in names]


def codes(archive):
    return [finding.code for finding in audit(archive).findings if finding.severity == "finding"]


def both_hold(archive):
    """The audit and the second verifier find nothing."""
    assert codes(archive) == []
    assert second.check_archive(str(archive.folder)).ok


def test_a_private_key_is_remembered_and_never_copied(house):
    archive, folder = house
    add(archive, signers(archive), "karim", key(folder, "karim"), roles=["registrar"])
    kept = archive.home.folder / "operators" / "karim"
    assert sorted(path.name for path in kept.iterdir()) == ["held", "key.pub"]
    with ledger.writing(archive, by(archive, "karim")) as act:
        act.add("record.add", sub=ledger.subject(), body={"kind": "case"}, fields={"code": "X-1", "title.en": "x"})
    both_hold(archive)


def test_a_public_key_comes_with_the_word_of_its_owner(house, tmp_path):
    archive, folder = house
    private = key(folder, "lena")
    with pytest.raises(InputError, match="needs the proof"):
        add(archive, signers(archive), "lena", private.with_suffix(".pub"))
    held = archive.home.signer_from_file("lena", private)
    for name, text in (("wrong", b"another text"), ("right", possession_text(archive.origin, "lena", held.fingerprint))):
        (tmp_path / name).write_text(held.sign(text, KEY_NAMESPACE))
    with pytest.raises(Exception, match="does not hold"):
        add(archive, signers(archive), "lena", private.with_suffix(".pub"), proof=tmp_path / "wrong")
    add(archive, signers(archive), "lena", private.with_suffix(".pub"), proof=tmp_path / "right")
    both_hold(archive)
    assert acting(None, archive.home)[0].name == OPERATOR  # hers is not in this home: who acts is no question


def test_a_key_in_an_agent_proves_itself_on_the_spot_and_acts_later(house, tmp_path, agent):
    archive, folder = house
    private = key(folder, "lena")
    agent("-q", private)
    private.unlink()
    add(archive, signers(archive), "lena", private.with_suffix(".pub"), roles=["auditor"])
    with ledger.writing(archive, acting(["lena"], archive.home)) as act:
        act.add("audit.note", sub=ledger.subject(), fields={"outcome": "seen"})
    both_hold(archive)
    agent("-q", "-D")
    with pytest.raises(RefusedError, match="ssh-agent did not sign"), ledger.writing(archive, acting(["lena"], archive.home)) as act:
        act.add("audit.note", sub=ledger.subject(), fields={"outcome": "seen"})


def test_a_name_that_another_key_bears_in_this_home_is_refused_before_anything_is_recorded(house):
    archive, folder = house
    archive.home.make_operator("lena", None)
    before = archive.database.read_bytes()
    with pytest.raises(RefusedError, match="another key in this home"):
        add(archive, signers(archive), "lena", key(folder, "lena"))
    assert archive.database.read_bytes() == before


@pytest.fixture
def agent(monkeypatch):
    """An agent of its own; gives what runs ssh-add on it."""
    told = subprocess.run([judge("ssh-agent"), "-s"], capture_output=True, check=True).stdout.decode()
    settings = dict(line.split(";")[0].split("=") for line in told.splitlines() if "=" in line)
    monkeypatch.setenv("SSH_AUTH_SOCK", settings["SSH_AUTH_SOCK"])
    yield lambda *more: subprocess.run([judge("ssh-add"), *more], check=True, capture_output=True)
    os.kill(int(settings["SSH_AGENT_PID"]), 15)


@pytest.mark.parametrize("point", [bytes(32), b"\x01" + bytes(31), (2**255 - 18).to_bytes(32, "little"), b"\xff" * 32])
def test_a_weak_key_is_refused_before_anything_else(house, point):
    archive, folder = house
    import base64

    blob = sshsig.blob_of(point)
    (folder / "weak.pub").write_text(f"ssh-ed25519 {base64.b64encode(blob).decode()}\n")
    with pytest.raises(FormatError, match="Ed25519 key"):
        add(archive, signers(archive), "weak", folder / "weak.pub", proof=folder / "absent")


def test_one_key_one_person_ever(house):
    archive, folder = house
    private = key(folder, "karim")
    add(archive, signers(archive), "karim", private)
    revoke(archive, signers(archive), "karim", reason="left")
    with pytest.raises(InputError, match="known here already"):
        add(archive, signers(archive), "karim again", private)


def test_a_person_with_two_keys_counts_once(house):
    archive, folder = house
    add(archive, signers(archive), "one", key(folder, "one"), person="K.", roles=["root"])
    add(archive, signers(archive), "two", key(folder, "two"), person="K.", roles=["root"])
    set_threshold(archive, signers(archive), 2)
    with pytest.raises(RefusedError, match="root of 2 persons") as refused:
        grant(archive, by(archive, "one", "two"), "two", ["auditor"])
    assert refused.value.exit_status == 4
    grant(archive, [*signers(archive), *by(archive, "two")], "two", ["auditor"])
    both_hold(archive)


def test_a_threshold_that_nobody_could_meet_is_refused(house):
    archive, folder = house
    with pytest.raises(InputError, match="between 1 and 1"):
        set_threshold(archive, signers(archive), 2)
    with pytest.raises(RefusedError, match="would leave 0"):
        revoke(archive, signers(archive), signers(archive)[0].name, reason="tired")


def test_a_role_counts_from_the_next_command_until_it_is_revoked(house):
    archive, folder = house
    add(archive, signers(archive), "karim", key(folder, "karim"))
    note = [("audit.note", {"outcome": "seen"})]

    def act_as_karim():
        with ledger.writing(archive, by(archive, "karim")) as act:
            for t, fields in note:
                act.add(t, sub=ledger.subject(), fields=fields)

    with pytest.raises(RefusedError, match="auditor"):
        act_as_karim()
    grant(archive, signers(archive), "karim", ["auditor"])
    act_as_karim()
    revoke(archive, signers(archive), "karim", role="auditor", reason="moved on")
    with pytest.raises(RefusedError, match="auditor"):
        act_as_karim()
    both_hold(archive)


def test_what_a_stolen_key_signed_is_disputed_and_stays(house):
    archive, folder = house
    add(archive, signers(archive), "karim", key(folder, "karim"), roles=["auditor"])
    sizes = []
    for _ in range(2):
        with ledger.writing(archive, by(archive, "karim")) as act:
            act.add("audit.note", sub=ledger.subject(), fields={"outcome": "seen"})
        sizes.append(act.receipt.size)
    revoke(archive, signers(archive), "karim", reason="laptop stolen", bad_from=sizes[0])
    found = [finding for finding in audit(archive).findings if finding.code == "disputed"]
    assert [finding.where for finding in found] == [f"entries {sizes[0]} to {sizes[1] - 1}"]
    assert not second.check_archive(str(archive.folder)).ok
    with pytest.raises(RefusedError, match="no active key"):
        with ledger.writing(archive, by(archive, "karim")) as act:
            act.add("audit.note", sub=ledger.subject(), fields={"outcome": "again"})


def test_a_name_that_is_not_there_names_the_nearest(house):
    archive, _ = house
    with pytest.raises(NotFound) as error:
        grant(archive, signers(archive), signers(archive)[0].name[:-1], ["auditor"])
    assert signers(archive)[0].name in error.value.hint


@pytest.mark.parametrize("t", [t for t in BODIES if t not in ("genesis", "commit")])
def test_each_type_is_refused_to_every_role_but_its_own(t):
    """The same rules refuse before writing and find in an audit."""
    from schemas.entry import Entry

    known = registry.Registry(roles=ROLES, root_threshold=1)
    for number, role in enumerate(ROLES):
        held = registry.Key(role, "", f"person {number}", "", 1)
        held.roles.add(role)
        known.keys[role] = held
    entry = Entry(9, t, "2026-01-01T00:00:00Z", "x", "n" * 22, {})
    may = {role for role in ROLES if not known.refusals([entry], [role])}
    own = {role for role, types in ROLES.items() if t in types}
    if t == "erase":
        assert may == set()
        assert not known.refusals([entry], ["guardian", "root"])
        assert known.refusals([entry], ["guardian", "registrar"])
        return
    if t in registry.BY_TWO:
        assert may == set()
        assert all(not known.refusals([entry], [role, "root"]) for role in own)
        return
    assert own <= may
    assert may - own <= {"registrar"}
    assert (may - own == set()) or t in registry.FIRST_BY_REGISTRAR


def test_two_signatures_by_one_key_count_once(house):
    archive, _ = house
    one = signers(archive)[0]
    with pytest.raises(RefusedError, match="twice"):
        with ledger.writing(archive, [one, one]) as act:
            act.add("audit.note", sub=ledger.subject(), fields={"outcome": "x"})


def test_the_log_key_is_replaced_by_one_that_the_old_one_signs_for(house):
    archive, _ = house
    before = operators_key(archive)
    rotate(archive, signers(archive), no_passphrase=True)
    assert operators_key(archive) != before
    with ledger.writing(archive, signers(archive)) as act:
        act.add("audit.note", sub=ledger.subject(), fields={"outcome": "x"})
    both_hold(archive)


def operators_key(archive):
    with archive.reading() as db:
        return registry.registry_of(db).log_vkey


def test_a_lost_log_key_is_replaced_by_the_root_and_that_shows_for_ever(house):
    import shutil

    archive, _ = house
    shutil.rmtree(archive.home.folder / "logs")
    with pytest.raises(RefusedError, match="does not hold the log key"):
        grant(archive, signers(archive), signers(archive)[0].name, ["auditor"])
    rotate(archive, signers(archive), lost=True, no_passphrase=True)
    assert "logkey-lost" in [finding.code for finding in audit(archive).findings]
    both_hold(archive)


def test_a_rotation_cut_short_leaves_a_home_that_can_write(house):
    """Killed after the commit and before the new key took the old one's place."""
    archive, _ = house
    archive.home.make_next_log_key(archive.origin, None)
    with ledger.writing(archive, signers(archive)) as act:
        act.add("audit.note", sub=ledger.subject(), fields={"outcome": "before"})
    taken = archive.home.take_next_log_key
    archive.home.take_next_log_key = lambda *_: None
    rotate(archive, signers(archive), no_passphrase=True)
    archive.home.take_next_log_key = taken
    with ledger.writing(archive, signers(archive)) as act:
        act.add("audit.note", sub=ledger.subject(), fields={"outcome": "after"})
    both_hold(archive)


def test_the_key_of_a_rotation_cut_short_outlives_another_that_is_refused(house, monkeypatch):
    """The new key of the first is the only one that can write; the second must not be laid over it."""
    archive, _ = house
    monkeypatch.setattr(archive.home, "take_next_log_key", lambda *_: None)
    rotate(archive, signers(archive), no_passphrase=True)
    monkeypatch.undo()
    archive.home.set_pin(archive.origin, 1 << 40, bytes(32))  # this computer has seen more: every act is refused
    with pytest.raises(RefusedError, match="older copy"):
        rotate(archive, signers(archive), no_passphrase=True)
    shutil.rmtree(archive.home.folder / "pins")

    with ledger.writing(archive, signers(archive)) as act:
        act.add("audit.note", sub=ledger.subject(), fields={"outcome": "after"})
    both_hold(archive)


def test_a_forged_rotation_is_found(house):
    """A root who signs a new log key without the old one, and does not say that it was lost."""
    from archive import note

    archive, _ = house
    new = archive.home.make_next_log_key(archive.origin, None)
    vkey = note.vkey_of(archive.origin, new)
    with archive.reading() as db:
        old = registry.registry_of(db).log_vkey
    sig = sshsig.sign(registry.rotation_text(archive.origin, old, vkey), registry.LOGKEY_NAMESPACE, new)
    with ledger.writing(archive, signers(archive)) as act:
        act.add("logkey.rotate", body={"log_vkey": vkey, "new_sig": sig, "old_sig": sig})
    assert "registry" in codes(archive)
    assert not second.check_archive(str(archive.folder)).ok


def test_the_backup_of_keys_opens_with_its_passphrase_alone(house, monkeypatch, tmp_path):
    from archive.backup import backup, restore
    from archive.keys import Home

    archive, _ = house
    monkeypatch.setenv("SIJILL_PASSPHRASE", "a long sentence")
    backup(archive.home, tmp_path / "keys.age")
    assert b"OPENSSH" not in (tmp_path / "keys.age").read_bytes()
    monkeypatch.setenv("SIJILL_PASSPHRASE", "another")
    with pytest.raises(RefusedError, match="does not open"):
        restore(Home(tmp_path / "elsewhere"), tmp_path / "keys.age")
    monkeypatch.setenv("SIJILL_PASSPHRASE", "a long sentence")
    again = Home(tmp_path / "back")
    restore(again, tmp_path / "keys.age")
    assert again.operators() == archive.home.operators()
    assert again.pin(archive.origin) == archive.home.pin(archive.origin)
    with pytest.raises(InputError, match="keys already"):
        restore(again, tmp_path / "keys.age")


def test_the_list_says_who_holds_what(house):
    archive, folder = house
    add(archive, signers(archive), "karim", key(folder, "karim"), roles=["auditor", "anchor"], person="K.")
    with archive.reading() as db:
        shown = [one.document() for one in operators(db)]
    assert [one["name"] for one in shown][-1] == "karim"
    assert shown[-1]["roles"] == ["anchor", "auditor"]
    assert json.loads(json.dumps(shown)) == shown


@pytest.mark.parametrize("more", [{"guardians": ["age1nonsense"]}, {"recovery": Path("nowhere")}])
def test_an_archive_is_not_begun_with_a_guardian_or_a_recovery_key_that_is_none(tmp_path, more):
    home = Home(tmp_path / "home")
    with pytest.raises((InputError, RefusedError)):
        init(tmp_path / "archive", no_passphrase=True, home=home, **more)
    assert not (tmp_path / "archive").exists() and not home.folder.exists()
