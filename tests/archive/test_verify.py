"""Reading every object again: what is told of damage, loss and strangers, and for which items."""

import gc
import sqlite3
import tracemalloc

import pytest

from archive.database import INDEXES, TABLES
from archive.objects import ObjectStore
from archive.verify import EVERY_OBJECT, exit_status, named, object_rows, verify_objects
from schemas.errors import NotFound, UnreachableError


@pytest.fixture
def store(tmp_path):
    made = ObjectStore(tmp_path / "objects")
    made.create()
    return made


@pytest.fixture
def rows(store):
    """Two photographs and a log; the first photograph was handed in twice."""
    stored = [store.put_bytes(data) for data in (b"photograph", b"log", b"another photograph")]
    named = [("EX-1/V1", stored[0]), ("EX-2/V7", stored[0]), ("EX-1/F1", stored[1]), ("EX-1/V2", stored[2])]
    return sorted(((item, one.blake3, one.sha256, one.size) for item, one in named), key=lambda row: (row[1], row[0]))


def name_of(rows, item):
    return next(row[1] for row in rows if row[0] == item)


def test_a_whole_archive_holds(store, rows):
    """Each object is counted once, however many items name it."""
    assert {
        "format": "sijill-verify/1",
        "objects": 3,
        "bytes": len(b"photograph" + b"log" + b"another photograph"),
        "ok": True,
        "damaged": [],
        "missing": [],
        "unlisted": [],
        "unreadable": [],
        "quick": False,
    } == verify_objects(rows, store)


def test_an_empty_archive_holds(store):
    document = verify_objects([], store)

    assert (0, 0, True, 0) == (document["objects"], document["bytes"], document["ok"], exit_status(document))


@pytest.mark.parametrize("quick", [False, True])
def test_damage_is_told_for_every_item_that_it_touches(store, rows, quick):
    name = name_of(rows, "EX-1/V1")
    store.path(name).chmod(0o644)
    store.path(name).write_bytes(b"Photograph")

    document = verify_objects(rows, store, quick=quick)

    assert [("EX-1/V1", name), ("EX-2/V7", name)] == [(one["item"], one["object"]) for one in document["damaged"]]
    assert "the stored bytes give BLAKE3" in document["damaged"][0]["what"]
    assert (3, False, 1) == (document["objects"], document["ok"], exit_status(document))


def test_a_lost_object_is_missing_and_not_damaged(store, rows):
    name = name_of(rows, "EX-1/F1")
    store.path(name).unlink()

    document = verify_objects(rows, store)

    assert [{"item": "EX-1/F1", "object": name, "what": "missing"}] == document["missing"]
    assert ([], 1) == (document["damaged"], exit_status(document))


def test_a_link_to_the_right_bytes_is_damage(store, rows, tmp_path):
    name = name_of(rows, "EX-1/F1")
    store.path(name).rename(tmp_path / "elsewhere")
    store.path(name).symlink_to(tmp_path / "elsewhere")

    document = verify_objects(rows, store)

    assert [{"item": "EX-1/F1", "object": name, "what": "a link lies in its place"}] == document["damaged"]


def test_a_renamed_object_is_missing_where_it_was_and_damage_where_it_is(store, rows):
    """Whoever swaps two names is found twice."""
    name, other = name_of(rows, "EX-1/F1"), "0" * 64
    (store.folder / "00").mkdir()
    store.path(name).rename(store.path(other))

    document = verify_objects(rows, store)

    assert [name] == [one["object"] for one in document["missing"]]
    assert [other] == [one["object"] for one in document["unlisted"]]
    assert "the stored bytes give BLAKE3" in document["unlisted"][0]["what"]


def test_a_whole_object_that_nobody_names_is_a_warning(store, rows):
    """A crash between the objects and the record leaves such."""
    name = store.put_bytes(b"left by a crash").blake3

    document = verify_objects(rows, store)

    assert [{"object": name, "what": "whole"}] == document["unlisted"]
    assert (3, True, 0) == (document["objects"], document["ok"], exit_status(document))


def test_strangers_are_told_and_a_diverted_shelf_is_a_finding(store, rows, tmp_path):
    (store.folder / "notes.txt").touch()
    document = verify_objects(rows, store)
    assert ([{"object": "notes.txt", "what": "stranger"}], 0) == (document["unlisted"], exit_status(document))

    shelf = store.path(name_of(rows, "EX-1/F1")).parent
    shelf.rename(tmp_path / "elsewhere")
    shelf.symlink_to(tmp_path / "elsewhere")
    document = verify_objects(rows, store)
    assert ["EX-1/F1"] == [one["item"] for one in document["damaged"]]
    assert {"object": shelf.name, "what": "a link lies in the place of a folder of objects"} in document["unlisted"]


@pytest.mark.parametrize("column, value", [(2, "0" * 64), (3, 9999)])
def test_two_records_that_disagree_about_the_same_bytes_are_damage(store, rows, column, value):
    """Whichever of the two was altered, the other is told with it."""
    changed = list(rows)
    at = next(number for number, row in enumerate(rows) if row[0] == "EX-2/V7")
    changed[at] = tuple(value if number == column else part for number, part in enumerate(rows[at]))

    document = verify_objects(changed, store)

    assert ["EX-2/V7"] == [one["item"] for one in document["damaged"]]


def test_a_recorded_name_that_is_none_is_damage_and_opens_nothing(store, rows):
    changed = sorted([*rows, ("EX-1/X", "../../etc/passwd", "0" * 64, 1)], key=lambda row: row[1])

    document = verify_objects(changed, store)

    assert ["EX-1/X"] == [one["item"] for one in document["damaged"]]
    assert 4 == document["objects"]


def test_one_item_is_verified_without_looking_for_strangers(store, rows):
    store.put_bytes(b"left by a crash")

    document = verify_objects([row for row in rows if row[0] == "EX-1/F1"], store, whole=False)

    assert (1, [], True) == (document["objects"], document["unlisted"], document["ok"])


def test_rows_out_of_order_are_a_mistake_of_the_caller(store, rows):
    with pytest.raises(ValueError, match="order"):
        verify_objects(rows[::-1], store)


def test_a_store_that_is_away_is_not_an_archive_full_of_losses(store, rows):
    store.folder.rename(store.folder.with_name("elsewhere"))

    with pytest.raises(UnreachableError):
        verify_objects(rows, store)


def test_what_cannot_be_read_is_neither_whole_nor_damaged():
    document = {"damaged": [], "missing": [], "unlisted": [], "unreadable": [{"item": "EX-1/V1"}]}

    assert 3 == exit_status(document)
    assert 1 == exit_status({**document, "missing": [{}]})


# -- rows ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def database():
    connection = sqlite3.connect(":memory:")
    for table in ("record", "object"):
        connection.execute(TABLES[table])
    connection.execute(INDEXES["object_name"])
    connection.executemany(
        "INSERT INTO record(first, last, sub, kind, code, id, fields) VALUES (?,0,?,?,?,?,'{}')",
        [(0, "s0", "case", "EX-1", "EX-1"), (1, "s1", "item", "EX-1", "V1"), (2, "s2", "item", "EX-2", "V1")],
    )
    connection.executemany(
        "INSERT INTO object VALUES (?,?,?,?,?,?)",
        [
            (3, "c" * 64, "1" * 64, 5, "s1", "file"),
            (4, "a" * 64, "2" * 64, 6, "s2", "file"),
            (5, "b" * 64, "3" * 64, 7, "s0", "manifest"),
            (6, "d" * 64, "4" * 64, 8, None, "stamp"),
        ],
    )
    yield connection
    connection.close()


def test_rows_come_by_object_name_with_the_entry_that_names_each(database):
    assert [
        (4, "a" * 64, "2" * 64, 6),
        (5, "b" * 64, "3" * 64, 7),
        (3, "c" * 64, "1" * 64, 5),
        (6, "d" * 64, "4" * 64, 8),
    ] == list(object_rows(database))


def test_a_finding_bears_the_name_that_people_use(database, store):
    document = named(database, verify_objects(object_rows(database), store))
    assert ["EX-2/V1", "EX-1", "EX-1/V1", "entry 6"] == [one["item"] for one in document["missing"]]


def test_rows_of_an_item_and_of_a_case(database):
    assert ["EX-2/V1"] == [row[0] for row in object_rows(database, ["EX-2/V1"])]
    assert ["EX-1", "EX-1/V1"] == [row[0] for row in object_rows(database, ["EX-1"])]
    assert ["EX-2/V1", "EX-1", "EX-1/V1"] == [row[0] for row in object_rows(database, ["EX-1", "EX-2/V1"])]


def test_an_item_that_is_not_there_is_named(database):
    with pytest.raises(NotFound) as refused:
        list(object_rows(database, ["EX-1/V1", "EX-9/V1"]))
    assert "EX-9/V1" == refused.value.where


def test_the_index_gives_the_order(database):
    """Sorting a million rows would take memory that grows with them."""
    plan = " ".join(row[3] for row in database.execute("EXPLAIN QUERY PLAN " + EVERY_OBJECT))

    assert "object_name" in plan


def test_memory_stays_flat(tmp_path):
    """Ten times the objects take no more room: rows, names and answers pass by."""

    def peak(number):
        store = ObjectStore(tmp_path / str(number) / "objects")
        store.create()
        sources = tmp_path / str(number) / "sources"
        sources.mkdir()
        for n in range(number):
            (sources / str(n)).write_bytes(b"%d" % n)
        stored = sorted((one.blake3, one.sha256, one.size) for one in store.put_many(sorted(sources.iterdir())))
        packed = b"".join(bytes.fromhex(name + sha256) + size.to_bytes(2, "big") for name, sha256, size in stored)
        del stored
        rows = (
            ("EX-1/V1", packed[at : at + 32].hex(), packed[at + 32 : at + 64].hex(), packed[at + 65])
            for at in range(0, len(packed), 66)
        )
        gc.collect()
        tracemalloc.start()
        assert verify_objects(rows, store)["ok"]
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(300)
    assert peak(6000) < 1.2 * peak(600)
