"""The published ledger: C2SP tiles that fit their checkpoint, brought up to date, never another history."""

import hashlib
import struct

import pytest

from archive.publish import publish, tile_path
from schemas.errors import InputError, IntegrityError
from tests.casebook import CODE, case, files, filled_archive, take, write


def _leaves(mirror):
    """Read every entry back from the bundles, as a stranger would."""
    paths = [path for path in (mirror / "tile" / "entries").rglob("*") if path.is_file()]
    full = sorted(path for path in paths if ".p" not in path.parent.name)
    partial = sorted((path for path in paths if path.parent.name.endswith(".p")), key=lambda path: int(path.name))
    for path in [*full, *partial[-1:]]:
        data = path.read_bytes()
        while data:
            (length,) = struct.unpack(">H", data[:2])
            yield data[2 : 2 + length]
            data = data[2 + length :]


def _root(hashes):
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return hashlib.sha256(b"\1" + _root(hashes[:split]) + _root(hashes[split:])).digest()


def _fits(mirror):
    """Tell whether bundles, level 0 and checkpoint say the same."""
    import base64

    lines = (mirror / "checkpoint").read_text("utf-8").splitlines()
    hashes = [hashlib.sha256(b"\0" + leaf).digest() for leaf in _leaves(mirror)]
    return int(lines[1]) == len(hashes) and base64.b64decode(lines[2]) == _root(hashes)


@pytest.mark.parametrize(
    ("level", "n", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 1234067, 256, "tile/0/x001/x234/067"),
        ("entries", 999, 17, "tile/entries/999.p/17"),
        (2, 1000, 1, "tile/2/x001/000.p/1"),
    ],
)
def test_tiles_are_named_as_c2sp_says(level, n, width, path):
    """Three digits a level, `x` before all but the last."""
    assert tile_path(level, n, width) == path


def test_a_mirror_is_written_and_brought_up_to_date(tmp_path):
    """The bundles give the signed root, before and after another act."""
    archive, mirror = filled_archive(tmp_path), tmp_path / "mirror"
    first = publish(archive, mirror)
    assert _fits(mirror)
    assert publish(archive, mirror)["written"] == 0
    tables = case()
    for number in range(300):
        tables["source"].append({"id": f"X{number}", "kind": "account", "pseudonym": f"account {number}"})
    take(archive, write(tmp_path / "in", tables, files()))
    second = publish(archive, mirror)
    assert second["size"] > first["size"] + 256
    assert _fits(mirror)
    tile = (mirror / "tile" / "1" / "000.p" / str(second["size"] // 256)).read_bytes()
    level0 = (mirror / "tile" / "0" / "000").read_bytes()
    assert tile[:32] == _root([level0[i : i + 32] for i in range(0, len(level0), 32)])


def test_nothing_published_names_anybody(tmp_path):
    """Names, codes, pseudonyms and places are disclosures and stay."""
    archive, mirror = filled_archive(tmp_path), tmp_path / "mirror"
    publish(archive, mirror)
    data = b"".join(path.read_bytes() for path in mirror.rglob("*") if path.is_file())
    for word in (CODE, "W-017", "post 7", "Tel Marjan", "tester", "w1.txt"):
        assert word.encode() not in data


def test_a_mirror_of_another_history_is_left_as_it_is(tmp_path):
    """Two archives under one folder: a finding, and nothing overwritten."""
    mirror = tmp_path / "mirror"
    publish(filled_archive(tmp_path / "one"), mirror)
    before = {path: path.read_bytes() for path in mirror.rglob("*") if path.is_file()}
    with pytest.raises(IntegrityError, match="another history"):
        publish(filled_archive(tmp_path / "two"), mirror)
    assert before == {path: path.read_bytes() for path in mirror.rglob("*") if path.is_file()}


def test_a_changed_tile_is_a_finding(tmp_path):
    """What a mirror already has is compared, not believed."""
    archive, mirror = filled_archive(tmp_path), tmp_path / "mirror"
    publish(archive, mirror)
    tile = next(path for path in (mirror / "tile" / "0").rglob("*") if path.is_file())
    tile.write_bytes(b"\0" + tile.read_bytes()[1:])
    with pytest.raises(IntegrityError):
        publish(archive, mirror)


def test_a_folder_of_something_else_is_refused(tmp_path):
    """Nothing is written among somebody's files."""
    archive = filled_archive(tmp_path)
    with pytest.raises(InputError, match="no published ledger"):
        publish(archive, tmp_path)


def test_a_mirror_lives_on_when_the_log_has_a_new_key(tmp_path):
    """Its older checkpoint is by the older key, which signed for the new one: no other history."""
    from archive.log_key import rotate
    from tests.casebook import signers

    archive, mirror = filled_archive(tmp_path), tmp_path / "mirror"
    before = publish(archive, mirror)
    rotate(archive, signers(archive), no_passphrase=True)
    after = publish(archive, mirror)
    assert before["log_vkey"] != after["log_vkey"] and before["size"] < after["size"]
    assert _fits(mirror)


def test_a_publication_cut_short_is_ended_by_the_next(tmp_path):
    """Killed before its first checkpoint was in place, it leaves tiles and a file that has no name yet."""
    archive, mirror = filled_archive(tmp_path), tmp_path / "mirror"
    publish(archive, mirror)
    (mirror / "checkpoint").rename(mirror / "checkpoint.part")
    publish(archive, mirror)
    assert _fits(mirror) and not (mirror / "checkpoint.part").exists()


def test_a_link_in_a_mirror_leads_nobody_out_of_it(tmp_path):
    """What is written goes to new files, never through a link that lay there."""
    archive, mirror, secret = filled_archive(tmp_path), tmp_path / "mirror", tmp_path / "secret"
    secret.write_text("of somebody else")
    mirror.mkdir()
    (mirror / "checkpoint.part").symlink_to(secret)
    publish(archive, mirror)
    assert "of somebody else" == secret.read_text()
    assert not (mirror / "checkpoint").is_symlink() and _fits(mirror)


@pytest.mark.parametrize("change", ["DELETE FROM ledger WHERE idx = 5", "UPDATE ledger SET leaf = X'00' WHERE idx = 5"])
def test_a_ledger_that_was_changed_is_not_published(tmp_path, change):
    """Nothing is written before all of it is known to give the signed root."""
    import sqlite3

    archive, mirror = filled_archive(tmp_path), tmp_path / "mirror"
    db = sqlite3.connect(archive.database, isolation_level=None)
    for name in ("ledger_no_update", "ledger_no_delete"):
        db.execute(f"DROP TRIGGER {name}")
    db.execute(change)
    db.close()
    with pytest.raises(IntegrityError):
        publish(archive, mirror)
    assert not mirror.exists()
