"""Attacks on what is kept beside the entries, and on the checkpoints; no key is stolen."""

from __future__ import annotations

import base64
import json
import shutil

from archive import disclosure
from tests.tamper.attacker import Attacker, attack


def _item(a: Attacker) -> int:
    """Give the index of an entry with disclosures that name an object."""
    return int(a.rows("SELECT idx FROM object WHERE role = 'file' ORDER BY idx LIMIT 1")[0][0])


def _changed(string: str, name: str, value: object) -> str:
    salt, _, _ = disclosure.read(string)
    return disclosure.make(name, value, salt)


@attack("disclosure-changed", "never committed to", "one that the entry never committed to")
def value_changed(a: Attacker) -> None:
    """Let a witness say another day, under the same salt."""
    index = _item(a)
    a.disclose(index, [_changed(s, "kind", "document") if ',"kind",' in _text(s) else s for s in a.disclosures(index)])


def _text(string: str) -> str:
    return disclosure.from_base64url(string).decode()


@attack("disclosure-changed", "never committed to", "one that the entry never committed to")
def values_swapped_between_entries(a: Attacker) -> None:
    """Let two records change all that they say."""
    one, two = a.first("record.link"), a.first("record.link", a.first("record.link"))
    first = a.disclosures(one)
    a.disclose(one, a.disclosures(two))
    a.disclose(two, first)


@attack("disclosure-changed", "never committed to", "one that the entry never committed to")
def value_spelled_otherwise(a: Attacker) -> None:
    """Encode a disclosure again with a blank in it: the same value, another digest."""
    index = _item(a)
    first, *rest = a.disclosures(index)
    spelled = _text(first).replace('","', '", "', 1).encode()
    a.disclose(index, [base64.urlsafe_b64encode(spelled).decode().rstrip("="), *rest])


@attack("disclosure-malformed", "base64url of another spelling", "base64 of another spelling")
def value_with_loose_bits(a: Attacker) -> None:
    """Set the bits of the last character that no byte uses."""
    index = next(i for (i,) in a.rows("SELECT idx FROM private") if any(len(s) % 4 == 2 for s in a.disclosures(i)))
    strings = a.disclosures(index)
    at = next(n for n, s in enumerate(strings) if len(s) % 4 == 2)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    strings[at] = strings[at][:-1] + alphabet[alphabet.index(strings[at][-1]) + 1]
    a.disclose(index, strings)


@attack("disclosure-malformed", "not a list of disclosures in its one form", "are not in their one form")
def list_spelled_otherwise(a: Attacker) -> None:
    """Write the list of an entry's disclosures with blanks."""
    a.disclose(_item(a), json.dumps(a.disclosures(_item(a))))


@attack("disclosure-malformed", "not a list of disclosures in its one form", "is not strict JSON")
def list_not_utf8(a: Attacker) -> None:
    """Put a byte that no UTF-8 text has into the list."""
    text = f"UPDATE private SET disclosures = CAST(X'5B22FF225D' AS TEXT) WHERE idx = {_item(a)}"
    a.sql(text)


@attack("disclosure-malformed", "they are stored as another type", "stored as another type")
def list_stored_as_bytes(a: Attacker) -> None:
    """Store the list as bytes instead of text, past the column's type."""
    a.untyped("private", f"UPDATE private SET disclosures = CAST(disclosures AS BLOB) WHERE idx = {_item(a)}")


@attack("disclosure-malformed", "not a list of disclosures in its one form", "is not strict JSON")
def list_nested_deeply(a: Attacker) -> None:
    """Nest the list so deeply that a careless reader falls over."""
    a.disclose(_item(a), "[" * 200_000)


@attack("disclosure-missing", "1 are gone, by no order", "1 are gone, by no order")
def value_taken_out(a: Attacker) -> None:
    """Remove one value of a record, as if it had been erased."""
    a.disclose(_item(a), a.disclosures(_item(a))[1:])


@attack("disclosure-missing", "are gone, by no order", "are gone, by no order")
def values_of_an_entry_taken_out(a: Attacker) -> None:
    """Remove all values of a record with their row."""
    a.sql(f"DELETE FROM private WHERE idx = {_item(a)}")


@attack("disclosure-changed", "or said twice", "or a name twice")
def value_said_twice(a: Attacker) -> None:
    """List one disclosure a second time."""
    strings = a.disclosures(_item(a))
    a.disclose(_item(a), [*strings, strings[0]])


@attack("disclosure-stray", "no such entry", "disclosures of entries that do not exist")
def values_beside_no_entry(a: Attacker) -> None:
    """Keep values for an entry that nobody wrote."""
    a.disclose(90_000, a.disclosures(_item(a)))


@attack("disclosure-stray", "its entry has none", "it has none")
def values_beside_a_commit(a: Attacker) -> None:
    """Keep an empty list beside an entry that has no disclosures."""
    a.disclose(a.first("commit"), "[]")


# checkpoints


@attack("checkpoint-wrong", "it is for another origin or another size", "it is not for the entries that are here")
def checkpoints_swapped(a: Attacker) -> None:
    """Let two checkpoints change places."""
    (one, first), (two, second) = a.rows("SELECT size, note FROM checkpoint ORDER BY size LIMIT 2")
    a.sql(("UPDATE checkpoint SET note = ? WHERE size = ?", (second, one)),
          ("UPDATE checkpoint SET note = ? WHERE size = ?", (first, two)))  # fmt: skip


@attack("checkpoint-missing", "a commit without its checkpoint", "has no checkpoint")
def checkpoint_taken_out(a: Attacker) -> None:
    """Delete one checkpoint."""
    a.sql("DELETE FROM checkpoint WHERE size = (SELECT min(size) FROM checkpoint)")


@attack("checkpoint-stray", "a checkpoint that no commit made", "belongs to no commit")
def checkpoint_put_in(a: Attacker) -> None:
    """Put a checkpoint in for a size at which no act ended."""
    a.sql("INSERT INTO checkpoint SELECT 3, note FROM checkpoint LIMIT 1")


@attack("checkpoint-signature", "the log's signature on the checkpoint does not hold", "does not fit its key")
def checkpoint_signature_changed(a: Attacker) -> None:
    """Change the log's signature on a checkpoint."""
    size, stored = a.rows("SELECT size, note FROM checkpoint ORDER BY size LIMIT 1")[0]
    head, _, last = bytes(stored).rpartition(b" ")
    raw = bytearray(base64.b64decode(last))
    raw[20] ^= 1
    a.sql(("UPDATE checkpoint SET note = ? WHERE size = ?", (head + b" " + base64.b64encode(raw) + b"\n", size)))


@attack("checkpoint-signature", "is not signed, once, by this log's key", "not signed by its log")
def checkpoint_unsigned(a: Attacker) -> None:
    """Put a signature by somebody else in the place of the log's."""
    size, stored = a.rows("SELECT size, note FROM checkpoint ORDER BY size LIMIT 1")[0]
    other = bytes(stored).replace("— sijill.example/casebook".encode(), "— sijill.example/nobody".encode())
    a.sql(("UPDATE checkpoint SET note = ? WHERE size = ?", (other, size)))


@attack("checkpoint-signature", "it carries lines by others than the log", "or by others too")
def checkpoint_with_a_line_more(a: Attacker) -> None:
    """Add a signature line by nobody to a checkpoint of the database."""
    line = "— sijill.example/nobody AAAAAAAA\n".encode()
    a.sql(("UPDATE checkpoint SET note = CAST(note || ? AS BLOB) WHERE size = (SELECT min(size) FROM checkpoint)", (line,)))


@attack("checkpoint-signature", "it is stored as another type", "stored as another type")
def checkpoint_stored_as_a_number(a: Attacker) -> None:
    """Store a number where the note should be."""
    a.untyped("checkpoint", "UPDATE checkpoint SET note = 4000000000000 WHERE size = (SELECT min(size) FROM checkpoint)")


@attack("checkpoint-file", "it is not there", "the file `checkpoint` is not there")
def checkpoint_file_removed(a: Attacker) -> None:
    """Remove the file `checkpoint`."""
    (a.folder / "checkpoint").unlink()


@attack("checkpoint-file", "is not signed, once, by this log's key", "the file checkpoint: ")
def checkpoint_file_of_another_log(a: Attacker) -> None:
    """Put another log's checkpoint in the file's place."""
    stored = (a.folder / "checkpoint").read_bytes()
    (a.folder / "checkpoint").write_bytes(stored.replace(b"sijill.example/casebook", b"sijill.example/another1"))


@attack("checkpoint-older", "entries", "is older than the ledger, and fits it", status=0, stranger_status=0)
def checkpoint_file_older(a: Attacker) -> None:
    """Put an older checkpoint of this very log back: told, and no fault, for a crash does it too."""
    shutil.copyfile(a.honest.kept, a.folder / "checkpoint")


@attack("checkpoint-file", "its bytes are not those of the database", "its bytes are not those of the database")
def checkpoint_file_with_a_line_more(a: Attacker) -> None:
    """Add a signature line by nobody to the file."""
    with (a.folder / "checkpoint").open("ab") as file:
        file.write("— sijill.example/nobody AAAAAAAA\n".encode())
