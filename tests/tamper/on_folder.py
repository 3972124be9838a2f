"""Attacks on the objects, the settings and the other files of the archive folder; no key is stolen."""

from __future__ import annotations

import shutil

from blake3 import blake3

from tests.tamper.attacker import NOTHING, PIN, Attacker, attack


def _writable(a: Attacker) -> None:
    for path in (a.folder / "objects").rglob("*"):
        if not path.is_symlink():
            path.chmod(0o700 if path.is_dir() else 0o600)


@attack("object-damaged", "its bytes are not those taken in", "is not what was taken in")
def object_changed(a: Attacker) -> None:
    """Change one byte of a stored file, and leave its size."""
    _writable(a)
    path = a.objects()[0]
    data = bytearray(path.read_bytes())
    data[0] ^= 1
    path.write_bytes(data)


@attack("object-damaged", "its bytes are not those taken in", "is not what was taken in")
def object_cut_short(a: Attacker) -> None:
    """Cut the end off a stored file."""
    _writable(a)
    path = a.objects()[0]
    path.write_bytes(path.read_bytes()[:-1])


@attack("object-damaged", "its bytes are not those taken in", "is not what was taken in")
def objects_swapped(a: Attacker) -> None:
    """Let two stored files change places."""
    _writable(a)
    one, two, *_ = a.objects()
    first = one.read_bytes()
    one.write_bytes(two.read_bytes())
    two.write_bytes(first)


@attack("object-missing", "it is gone, by no order", "is gone")
def object_removed(a: Attacker) -> None:
    """Remove a stored file."""
    a.objects()[0].unlink()


@attack("object-damaged", "a link lies in its place", "is a link or no file")
def object_made_a_link(a: Attacker) -> None:
    """Put a link to the very same bytes in a stored file's place."""
    path = a.objects()[0]
    path.rename(a.folder / "aside")
    path.symlink_to(a.folder / "aside")


@attack("object-damaged", "a folder lies in its place", "is a link or no file")
def object_made_a_folder(a: Attacker) -> None:
    """Put a folder in a stored file's place."""
    path = a.objects()[0]
    path.unlink()
    path.mkdir()


@attack("object-damaged", "its folder is a link or no folder", "is a link or no f")
def shelf_made_a_link(a: Attacker) -> None:
    """Put a link in the place of a folder of objects."""
    shelf = a.objects()[0].parent
    shelf.rename(a.folder / "aside")
    shelf.symlink_to(a.folder / "aside")


@attack("object-alien", "it does not belong here", "are named by no entry", stranger_status=0)
def object_under_a_false_name(a: Attacker) -> None:
    """Put bytes among the objects under a digest that is not theirs; verify.py has no BLAKE3, and says so."""
    (a.folder / "objects" / "00").mkdir()
    (a.folder / "objects" / "00" / ("00" * 32)).write_bytes(b"planted")


@attack("object-alien", "it does not belong here", "is a link or no file, and named by no entry")
def link_among_the_objects(a: Attacker) -> None:
    """Put a link out of the archive among the objects."""
    (a.folder / "objects" / "00").mkdir()
    (a.folder / "objects" / "00" / ("00" * 32)).symlink_to("/etc/hostname")


@attack("object-unlisted", "an object that nothing names", "are named by no entry", status=0, stranger_status=0)
def object_that_nobody_names(a: Attacker) -> None:
    """Put a whole object there that no entry names: told, and no fault, for a crash does it too."""
    name = blake3(b"planted").hexdigest()
    (a.folder / "objects" / name[:2]).mkdir(exist_ok=True)
    (a.folder / "objects" / name[:2] / name).write_bytes(b"planted")


@attack("object-unread", "the object store cannot be read", "is gone", status=3)
def object_store_removed(a: Attacker) -> None:
    """Take the whole object store away."""
    _writable(a)
    shutil.rmtree(a.folder / "objects")


@attack("erase-unfinished", "the next act removes them", "erase.pending")
def list_of_removals_planted(a: Attacker) -> None:
    """Plant a list of objects for the next writer to remove."""
    (a.folder / "erase.pending").write_text(a.objects()[0].name + "\n")


def _setting(a: Attacker, old: str, new: str) -> None:
    path = a.folder / "sijill.toml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


@attack("origin", "its origin is not the one that entry 0 states", "another format or origin than entry 0")
def origin_renamed(a: Attacker) -> None:
    """Rename the archive in its settings, so that no pin of it is found."""
    _setting(a, 'origin = "sijill.example/casebook"', 'origin = "sijill.example/elsewhere"')


@attack("location", "sijill.db lies in this folder, and sijill.toml names another", "`database` is elsewhere",
        stranger_status=3)  # fmt: skip
def database_repointed(a: Attacker) -> None:
    """Let the settings name an honest database elsewhere, while another lies in the folder."""
    shutil.copyfile(a.folder / "sijill.db", a.folder.parent / "aside.db")
    _setting(a, "sqlite:///sijill.db", "sqlite:///../aside.db")


@attack("location", "objects lies in this folder, and sijill.toml names another", "`objects` is elsewhere",
        stranger_status=3)  # fmt: skip
def objects_repointed(a: Attacker) -> None:
    """Let the settings name honest objects elsewhere, while others lie in the folder."""
    shutil.copytree(a.folder / "objects", a.folder.parent / "aside")
    _setting(a, 'objects = "objects"', 'objects = "../aside"')


@attack("location-outside", "it lies elsewhere", "is a link", status=0, stranger_status=3)
def database_made_a_link(a: Attacker) -> None:
    """Move the database out and leave a link to it."""
    (a.folder / "sijill.db").rename(a.folder.parent / "aside.db")
    (a.folder / "sijill.db").symlink_to(a.folder.parent / "aside.db")


@attack("database-damaged", "no database at", "cannot be read", status=3, stranger_status=3)
def database_removed(a: Attacker) -> None:
    """Take the database away and leave the rest: there is an archive, and nobody can look at it."""
    (a.folder / "sijill.db").unlink()


@attack("origin", "its format is not sijill-archive/1", "another format or origin than entry 0", status=2)
def settings_of_a_future_format(a: Attacker) -> None:
    """Claim a format that no reader knows."""
    _setting(a, "sijill-archive/1", "sijill-archive/9")


@attack("verifier", "it is not there, or of another version, or was changed", "holds", status=0, stranger_status=0)
def verifier_replaced(a: Attacker) -> None:
    """Put a verify.py into the folder that always says that all holds: told, for an older version differs too."""
    (a.folder / "verify.py").write_text('print("Everything that was checked holds.")\n')


@attack("pin", "the end was cut off, or this is an older copy", "this is an older copy", stranger_status=0, knows=PIN)
def older_copy_put_back(a: Attacker) -> None:
    """Put the folder back as it was some acts ago, whole in itself."""
    shutil.rmtree(a.folder)
    shutil.copytree(a.honest.older, a.folder)


@attack("pin-none", "an older copy would not be noticed", "only what was kept outside can tell", status=0,
        stranger_status=0, knows=NOTHING)  # fmt: skip
def older_copy_shown_to_a_newcomer(a: Attacker) -> None:
    """Show an older copy to somebody who has never seen the archive: said in words that it could not be noticed."""
    shutil.rmtree(a.folder)
    shutil.copytree(a.honest.older, a.folder)
