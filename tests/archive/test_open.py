"""The configuration of an archive is TOML, whoever reads it."""

import os
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.keys import Home
from archive.open import _settings, init
from schemas.errors import InputError, RefusedError

PLAIN = 'format = "sijill-archive/1"\norigin = "sijill.local/4f065111"\nobjects = "objects"\n'


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        PLAIN + "# a word of the owner's\n",
        PLAIN + 'standard = "a\\u0062c"\n',
        PLAIN + "standard = 'single'\n",
        PLAIN + 'standard = "ميثاق"\n',
        PLAIN.replace("\n", "\r\n"),
        PLAIN.replace(" = ", "="),
        PLAIN + "more = 1\n",
        "",
    ],
)
def test_settings_are_what_toml_says_they_are(text):
    assert _settings(text) == tomllib.loads(text)


@pytest.mark.parametrize(
    "text", [PLAIN + PLAIN, PLAIN + "standard = \n", PLAIN + 'standard = "a" "b"\n', "a." * 30_000 + "b = 1\n"]
)
def test_settings_that_are_no_toml_are_refused(text):
    with pytest.raises(ValueError):
        _settings(text)


PIECES = (
    *PLAIN.splitlines(),
    'origin = "a"\rstandard = "b"',
    'a"b',
    '= "',
    '"""',
    "\x00",
    "\\",
    "\u2028",
    "\x0b",
    "\n",
)


@given(st.lists(st.sampled_from(PIECES)))
def test_settings_are_read_as_toml_or_refused_as_toml(parts):
    text = "\n".join(parts)
    try:
        told = tomllib.loads(text)
    except ValueError:
        with pytest.raises(ValueError):
            _settings(text)
    else:
        assert _settings(text) == told


@pytest.mark.parametrize(
    "origin", ["a$(id).example", 'a"b.example', "a`b", "a'b", "a&b", "a b", "a+b", "%PATH%", "سجل", "a\nb", "-a"]
)
def test_an_origin_can_stand_in_notes_and_in_commands_of_any_shell(tmp_path, origin):
    """It is pasted with the commands of VERIFY.txt, and C2SP forbids a space and a plus in the name of a key."""
    made = {"operator": "mona", "no_passphrase": True, "home": Home(tmp_path / "home")}
    with pytest.raises(InputError, match="not an origin"):
        init(tmp_path / "a", origin=origin, **made)
    assert [] == list(tmp_path.iterdir())
    init(tmp_path / "a", origin="archive.example.org:443/field_1", **made)


def test_an_archive_whose_making_was_stopped_in_its_last_step_can_be_made_again_under_its_name(tmp_path, monkeypatch):
    """Its keys are there by then; nothing was seen of it that another must go on from."""
    home, rename = Home(tmp_path / "home"), os.rename

    def stopped(source, target, **more):
        if str(target) == str(tmp_path / "archive"):
            raise KeyboardInterrupt
        rename(source, target, **more)

    monkeypatch.setattr(os, "rename", stopped)
    with pytest.raises(KeyboardInterrupt):
        init(tmp_path / "archive", origin="sijill.example/field", no_passphrase=True, home=home)
    assert home.pin("sijill.example/field") is None and not (tmp_path / "archive").exists()
    monkeypatch.undo()

    archive = init(tmp_path / "archive", origin="sijill.example/field", no_passphrase=True, home=home).archive

    assert home.pin("sijill.example/field").size > 1
    with pytest.raises(RefusedError, match="a log key of sijill.example/field already"):
        init(tmp_path / "another", origin=archive.origin, no_passphrase=True, home=home)
