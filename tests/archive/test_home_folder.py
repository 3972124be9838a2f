"""Where the home of keys lies: where this computer's other programs keep theirs, unless the user names a folder."""

import platformdirs
import pytest

from archive.home_folder import home_folder

SETTINGS = [
    {"HOME": "/home/mona"},
    {"HOME": "/home/mona", "XDG_CONFIG_HOME": "/srv/settings"},
    {"HOME": "/home/mona", "XDG_CONFIG_HOME": "settings"},
    {"HOME": "/home/mona", "XDG_CONFIG_HOME": ""},
    {"HOME": "/home/mona/", "XDG_CONFIG_HOME": "/srv//settings/"},
    {"HOME": "/"},
    {"HOME": "mona"},
    {"HOME": ""},
    {},
]


@pytest.mark.parametrize("settings", SETTINGS)
def test_the_home_lies_where_the_library_says(settings, monkeypatch):
    for name in ("HOME", "XDG_CONFIG_HOME", "SIJILL_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    assert home_folder() == platformdirs.user_config_path("sijill").absolute()


def test_a_folder_that_the_user_names_comes_first(monkeypatch, tmp_path):
    monkeypatch.setenv("SIJILL_HOME", str(tmp_path))
    assert home_folder() == tmp_path
