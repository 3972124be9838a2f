"""The home of keys: what is encrypted, who may act, and a pin that only grows."""

import os
import subprocess
import sys

import pytest

from archive import durable
from archive.keys import Home, Pin, acting
from archive.signer import AgentSigner
from schemas.errors import InputError, RefusedError, SijillError
from tests.archive.test_operators import key
from tests.judges import judge


@pytest.fixture
def home(tmp_path, monkeypatch):
    for name in ("SIJILL_HOME", "SIJILL_OPERATOR", "SIJILL_PASSPHRASE"):
        monkeypatch.delenv(name, raising=False)
    return Home(tmp_path / "home")


def test_new_keys_are_encrypted_and_for_this_user_alone(home, monkeypatch):
    made = home.make_operator("mona", "a long sentence")
    home.make_log_key("log.example/1", "a long sentence")
    home.age_recipient("mona", "a long sentence")
    files = [path for path in home.folder.rglob("*") if path.is_file()]
    assert all(path.stat().st_mode & 0o077 == 0 for path in files)
    assert not any(b"AGE-SECRET-KEY" in path.read_bytes() for path in files)
    told = subprocess.run([judge("ssh-keygen"), "-y", "-P", "", "-f", home.folder / "operators" / "mona" / "key"],
                          capture_output=True, check=False)  # fmt: skip
    assert told.returncode != 0
    monkeypatch.setenv("SIJILL_PASSPHRASE", "a long sentence")
    assert Home(home.folder).signer("mona").fingerprint == made.fingerprint
    assert Home(home.folder).age_identity("mona").startswith("AGE-SECRET-KEY-1")


def test_a_wrong_or_missing_passphrase_is_a_refusal(home, monkeypatch):
    home.make_operator("mona", "a long sentence")
    monkeypatch.setenv("SIJILL_PASSPHRASE", "another")
    with pytest.raises(RefusedError, match="does not open"):
        Home(home.folder).signer("mona")
    monkeypatch.delenv("SIJILL_PASSPHRASE")
    monkeypatch.setattr(sys, "stdin", open(os.devnull, encoding="utf-8"))
    with pytest.raises(RefusedError, match="nobody can be asked") as error:
        Home(home.folder).signer("mona")
    sys.stdin.close()
    assert error.value.exit_status == 4


def test_who_acts_is_said_set_or_the_only_one(home, monkeypatch):
    with pytest.raises(RefusedError, match="no operator's key") as error:
        acting(None, home)
    assert str(home.folder) in error.value.where
    home.make_operator("mona", None)
    assert [one.name for one in acting(None, home)] == ["mona"]
    home.make_operator("karim", None)
    with pytest.raises(RefusedError, match="karim, mona"):
        acting(None, home)
    monkeypatch.setenv("SIJILL_OPERATOR", "karim, mona")
    assert [one.name for one in acting(None, home)] == ["karim", "mona"]
    assert [one.name for one in acting(["mona", "mona"], home)] == ["mona"]
    with pytest.raises(RefusedError, match="no key of an operator named lena"):
        acting(["lena"], home)


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "a\0b", "x" * 80, "-rf"])
def test_a_name_that_is_no_name_reaches_no_file(home, name):
    with pytest.raises(InputError):
        home.make_operator(name, None)
    assert not home.folder.exists()


def test_arabic_names_are_names(home):
    home.make_operator("منى", None)
    assert acting(None, home)[0].name == "منى"


def test_a_pin_only_grows_and_an_unreadable_one_is_told(home):
    assert home.pin("log.example/1") is None
    home.set_pin("log.example/1", 9, bytes(32))
    home.set_pin("log.example/1", 5, b"x" * 32)
    assert home.pin("log.example/1") == Pin(9, bytes(32))
    (path,) = (home.folder / "pins").iterdir()
    path.write_text("{}")
    with pytest.raises(RefusedError, match="pin"):
        home.pin("log.example/1")


def test_an_agent_signs_for_a_key_that_the_home_never_saw(home, tmp_path, monkeypatch):
    from archive import sshsig

    private = key(tmp_path, "agent-key")
    told = subprocess.run([judge("ssh-agent"), "-s"], capture_output=True, check=True).stdout.decode()
    settings = dict(line.split(";")[0].split("=") for line in told.splitlines() if "=" in line)
    try:
        monkeypatch.setenv("SSH_AUTH_SOCK", settings["SSH_AUTH_SOCK"])
        subprocess.run([judge("ssh-add"), "-q", private], check=True, capture_output=True)
        line = private.with_suffix(".pub").read_text().rsplit(" ", 1)[0]
        private.unlink()
        home.remember("lena", line, "agent")
        (signer,) = acting(["lena"], home)
        assert isinstance(signer, AgentSigner)
        armoured = signer.sign(b"text", "sijill-commit@v1")
        assert sshsig.fingerprint(sshsig.verify(b"text", "sijill-commit@v1", armoured)) == signer.fingerprint
        subprocess.run([judge("ssh-add"), "-q", "-D"], check=True, capture_output=True)
        with pytest.raises(RefusedError, match="did not sign"):
            signer.sign(b"text", "sijill-commit@v1")
    finally:
        os.kill(int(settings["SSH_AGENT_PID"]), 15)


@pytest.mark.parametrize("content", [b"", b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
                                     b"\x00\xff" * 100])  # fmt: skip
def test_what_is_no_key_is_a_refusal(home, tmp_path, content):
    (tmp_path / "key").write_bytes(content)
    with pytest.raises(SijillError):
        home.signer_from_file("x", tmp_path / "key")


def test_a_key_of_another_kind_is_not_taken(home, tmp_path):
    subprocess.run([judge("ssh-keygen"), "-q", "-t", "ecdsa", "-N", "", "-f", tmp_path / "ecdsa"], check=True)
    with pytest.raises(SijillError, match="Ed25519"):
        home.signer_from_file("x", tmp_path / "ecdsa")


def test_the_name_of_a_new_key_is_on_the_disk_before_anything_names_it(tmp_path, monkeypatch):
    """An act that names a log key must not outlive a power cut that the key's file does not."""
    synced = []
    monkeypatch.setattr(durable, "sync_folder", lambda folder: synced.append((folder, os.listdir(folder))))
    home = Home(tmp_path)

    home.make_log_key("sijill.example/field", None)

    kept = next(path for path in (tmp_path / "logs").iterdir())
    assert (str(kept), ["key"]) in synced and (str(tmp_path / "logs"), [kept.name]) in synced
