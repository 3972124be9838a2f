"""Attacks on the tables made from the ledger, on the caches, and on the database file itself; no key is stolen."""

from __future__ import annotations

import shutil
import sqlite3

from archive.log_rows import ROWS
from tests.tamper.attacker import Attacker, attack

UNSEEN = "the tables made from the ledger are not compared"


def blind(says: str, code: str = "view-changed") -> object:
    """An attack on the view: verify.py does not compare it, and says so."""
    return attack(code, says, UNSEEN, stranger_status=0)


@blind("title.en")
def record_title_changed(a: Attacker) -> None:
    """Give a case another title in the table that people read."""
    a.sql("UPDATE record SET fields = replace(fields, 'Tel Marjan', 'Tel Sukkar') WHERE kind = 'case'")


@blind("it was changed (lat) behind")
def record_searched_elsewhere(a: Attacker) -> None:
    """Let a case be searched by another place than it tells."""
    a.sql("UPDATE record SET lat = lat + 1 WHERE kind = 'case'")


@blind("it was removed behind the ledger's back")
def record_removed(a: Attacker) -> None:
    """Remove a record from the table that people read."""
    a.sql("DELETE FROM record WHERE kind = 'item' AND id = 'V1'")


@blind("it was added behind the ledger's back")
def record_added(a: Attacker) -> None:
    """Add a record that no entry made."""
    names = "first, last, sub, kind, code, id, fields"
    a.sql(f"INSERT INTO record({names}) SELECT 90000, last, 'f00d', kind, code, 'X9', fields FROM record LIMIT 1")


@blind("it was changed (withdrawn) behind")
def record_withdrawn_silently(a: Attacker) -> None:
    """Mark an item as withdrawn."""
    a.sql("UPDATE record SET withdrawn = last WHERE kind = 'item' AND id = 'V1'")


@blind("it was changed (by) behind")
def act_by_another(a: Attacker) -> None:
    """Let another person have given custody, in the table that people read."""
    a.sql("UPDATE act SET by = 'SHA256:nobody' WHERE t = 'custody.prior'")


@blind("it was removed behind the ledger's back")
def answer_of_a_witness_removed(a: Attacker) -> None:
    """Remove a witness's refusal from the table that exports are decided by."""
    a.sql("DELETE FROM act WHERE t = 'consent.set'")


@blind("it was changed (sha256) behind")
def object_digest_changed(a: Attacker) -> None:
    """Record another SHA-256 for an object in the table that `verify` reads."""
    a.sql("UPDATE object SET sha256 = substr(sha256, 2) || substr(sha256, 1, 1) WHERE idx = (SELECT min(idx) FROM object)")


@attack("view-changed", "it was changed (id) behind", "non-TEXT value in record.id")
def record_name_as_bytes(a: Attacker) -> None:
    """Store an item's name as bytes: shown alike, found by no question."""
    a.untyped("record", "UPDATE record SET id = CAST(id AS BLOB) WHERE kind = 'item' AND id = 'V1'")


@blind("it was changed (at) behind")
def act_index_text_not_utf8(a: Attacker) -> None:
    """Put a byte that no UTF-8 text has into a text of the view."""
    a.sql("UPDATE act SET at = CAST(X'32303139FF' AS TEXT) WHERE t = 'custody.check'")


@blind("it was changed (code) behind")
def record_place_nothing(a: Attacker) -> None:
    """Store NULL where a case's code should be."""
    a.sql("UPDATE record SET code = NULL WHERE kind = 'item' AND id = 'V1'")


@blind("its rows are not those that were read from it", "observation-changed")
def flight_moved(a: Attacker) -> None:
    """Move one position by which a flight log is searched by a micro-degree."""
    a.sql(f"UPDATE observation SET lat = lat + 1 WHERE id % {ROWS} = 1")


@blind("its rows are not those that were read from it", "observation-changed")
def flight_told_otherwise(a: Attacker) -> None:
    """Let a row of a flight log say another time, where it is shown and not where it is searched."""
    a.sql("UPDATE observation SET value = replace(value, '\"said\":\"', '\"said\":\"0')")


@blind("its rows are not those that were read from it", "observation-changed")
def flight_removed(a: Attacker) -> None:
    """Remove one row of a flight log."""
    a.sql(f"DELETE FROM observation WHERE id % {ROWS} = 2")


@blind("rows of a flight log that the ledger does not know", "observation-changed")
def flight_log_invented(a: Attacker) -> None:
    """Add rows of a flight log that nobody handed in."""
    a.sql(f"INSERT INTO observation(id, earliest, value) VALUES ({90_000 * ROWS + 1}, 1549200000, '{{}}')")


@attack("observation-changed", "its rows are not those that were read from it", "non-INTEGER value in observation.lat")
def flight_position_as_text(a: Attacker) -> None:
    """Store a latitude as text: shown alike, near nothing."""
    a.untyped("observation", f"UPDATE observation SET lat = CAST(lat AS TEXT) WHERE id % {ROWS} = 1")


@attack("observation-changed", "its rows are not those that were read from it", "non-INTEGER value in observation.lat")
def flight_position_as_a_float(a: Attacker) -> None:
    """Store a latitude as a float."""
    a.untyped("observation", f"UPDATE observation SET lat = CAST(lat AS REAL) WHERE id % {ROWS} = 1")


# the database


@attack("schema", "it is not ours", "does not belong in the database")
def table_added(a: Attacker) -> None:
    """Add a table of one's own."""
    a.sql("CREATE TABLE shadow(a)")


@attack("schema", "it is not ours", "does not belong in the database")
def trigger_added(a: Attacker) -> None:
    """Let every new disclosure be changed as it is written."""
    a.sql("CREATE TRIGGER helper AFTER INSERT ON private BEGIN UPDATE private SET disclosures = '[]'; END")


@attack("schema", "it is missing", "ledger_no_update is missing")
def triggers_removed(a: Attacker) -> None:
    """Take away the triggers that keep the ledger append-only."""
    db = sqlite3.connect(a.folder / "sijill.db")
    db.execute("DROP TRIGGER ledger_no_update")
    db.close()


@attack("schema", "it is not as it was made", "does not belong in the database")
def view_in_a_tables_place(a: Attacker) -> None:
    """Put a view that never ends in the place of the ledger."""
    db = sqlite3.connect(a.folder / "sijill.db", isolation_level=None)
    db.execute("ALTER TABLE ledger RENAME TO hidden")
    db.execute(
        "CREATE VIEW ledger AS WITH RECURSIVE n(idx) AS (SELECT 0 UNION ALL SELECT idx + 1 FROM n)"
        " SELECT idx, X'00' AS leaf FROM n"
    )
    db.close()


@attack("schema", "it is not as it was made", UNSEEN, stranger_status=0)
def column_types_loosened(a: Attacker) -> None:
    """Make a table take any type from now on."""
    db = sqlite3.connect(a.folder / "sijill.db", isolation_level=None)
    db.execute("PRAGMA writable_schema=ON")
    db.execute("UPDATE sqlite_master SET sql = replace(sql, ' STRICT', '') WHERE name = 'act'")
    db.close()


@attack("schema", "it was set, and Sijill sets none", "user_version")
def header_number_set(a: Attacker) -> None:
    """Set a number in the header that another program would go by."""
    a.sql("PRAGMA user_version=7")


@attack("database-damaged", "missing from index record_name", UNSEEN, stranger_status=0)
def index_emptied(a: Attacker) -> None:
    """Let the index of names leave a record out: the row is there, and no question finds it."""
    db = sqlite3.connect(a.folder / "sijill.db", isolation_level=None)
    (text,) = db.execute("SELECT sql FROM sqlite_master WHERE name = 'record_name'").fetchone()
    db.execute("DROP INDEX record_name")
    db.execute("CREATE INDEX record_name ON record(code, kind, id) WHERE id <> 'V1'")
    db.execute("PRAGMA writable_schema=ON")
    db.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'record_name'", (text,))
    db.close()


@attack("database-damaged", "it could not be read further", "the database is damaged")
def page_overwritten(a: Attacker) -> None:
    """Overwrite the first page of the ledger's own table."""
    (page,) = a.rows("SELECT rootpage FROM sqlite_master WHERE name = 'ledger'")[0]
    with (a.folder / "sijill.db").open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xff" * 4096)


@attack("database-damaged", "the database cannot be read", "cannot be read", status=3, stranger_status=3)
def header_destroyed(a: Attacker) -> None:
    """Overwrite the head of the database file."""
    with (a.folder / "sijill.db").open("r+b") as file:
        file.write(b"\0" * 100)


@attack("journal", "it would be played back when the database is next opened", "sijill.db-journal is there")
def journal_planted(a: Attacker) -> None:
    """Plant a journal that would change pages when somebody next writes."""
    (a.folder / "sijill.db-journal").write_bytes(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + b"\0" * 504)


@attack("view-changed", "title.en", "its journal is read too", stranger_status=0)
def changes_left_in_the_journal(a: Attacker) -> None:
    """Leave a change in the write-ahead journal, where a reader of the file alone does not see it."""
    db = sqlite3.connect(a.folder / "sijill.db", isolation_level=None)
    db.execute("PRAGMA wal_autocheckpoint=0")
    db.execute("UPDATE record SET fields = replace(fields, 'Tel Marjan', 'Tel Sukkar') WHERE kind = 'case'")
    kept = a.folder.parent / "kept-journal"
    shutil.copyfile(a.folder / "sijill.db-wal", kept)
    before = (a.folder / "sijill.db").read_bytes()
    db.close()
    (a.folder / "sijill.db").write_bytes(before)
    kept.rename(a.folder / "sijill.db-wal")


@attack("tail-uncommitted", "entries that no commit signs", "are signed by no commit")
def entry_left_in_the_journal(a: Attacker) -> None:
    """Leave an entry of one's own in the write-ahead journal."""
    size = a.size
    db = sqlite3.connect(a.folder / "sijill.db", isolation_level=None)
    db.execute("PRAGMA wal_autocheckpoint=0")
    db.execute(f"INSERT INTO ledger SELECT {size}, leaf FROM ledger WHERE idx = 20")
    kept = a.folder.parent / "kept-journal"
    shutil.copyfile(a.folder / "sijill.db-wal", kept)
    before = (a.folder / "sijill.db").read_bytes()
    db.close()
    (a.folder / "sijill.db").write_bytes(before)
    kept.rename(a.folder / "sijill.db-wal")


# caches: nothing is proved by them


@attack("cache", "the hashes of subtrees are not those of the entries", UNSEEN, status=0, stranger_status=0)
def tile_poisoned(a: Attacker) -> None:
    """Change a hash of a subtree, so that proofs made from it are wrong."""
    a.sql("UPDATE tile SET hashes = zeroblob(length(hashes))")


@attack("cache", "the right edge of the tree is not that of the entries", UNSEEN, status=0, stranger_status=0)
def edge_poisoned(a: Attacker) -> None:
    """Change the right edge of the tree, which the next writer goes on from."""
    a.sql("UPDATE edge SET hashes = zeroblob(length(hashes))")
