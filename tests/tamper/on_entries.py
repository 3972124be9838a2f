"""Attacks on the bytes, the order and the number of entries and commits; no key is stolen."""

from __future__ import annotations

import json
from typing import Any

from tests.tamper.attacker import Attacker, attack


@attack("commit-root", "they do not give the root that was signed", "signs another state of the ledger")
def entry_dated_otherwise(a: Attacker) -> None:
    """Give an entry another time, in the one form that entries have."""
    a.replace(a.first("record.add"), b'"at":"20', b'"at":"19')


@attack("commit-root", "they do not give the root that was signed", "signs another state of the ledger")
def nonce_changed(a: Attacker) -> None:
    """Change one character of an entry's nonce."""
    index = a.first("custody.prior")
    value = a.entry(index)
    a.change(index, {**value, "n": value["n"][::-1]})


@attack("commit-root", "they do not give the root that was signed", "is not the genesis that was given")
def genesis_lowers_nothing_but_its_roles(a: Attacker) -> None:
    """Let the table of roles in entry 0 allow registrars everything."""
    value = a.entry(0)
    value["body"]["roles"]["registrar"] += value["body"]["roles"]["root"]
    a.change(0, value)


@attack("entry-malformed", "not in canonical form", "is not in the one form an entry has")
def entry_spelled_otherwise(a: Attacker) -> None:
    """Put a blank between two tokens: the same JSON, other bytes."""
    a.replace(a.first("record.add"), b'{"_sd":[', b'{"_sd": [')


@attack("entry-malformed", "not in canonical form", "names a key twice")
def entry_with_a_key_twice(a: Attacker) -> None:
    """Name a key twice, so that two readers may read two entries."""
    a.replace(a.first("record.add"), b'"v":1', b'"v":1,"v":1')


@attack("entry-malformed", "type float", "holds what no entry may hold")
def entry_with_a_huge_integer(a: Attacker) -> None:
    """Let an entry follow one of an index that no machine counts to."""
    a.change(index := a.first("record.add"), {**a.entry(index), "prev": 10**40})


@attack("entry-malformed", "type float", "holds what no entry may hold")
def entry_with_a_float(a: Attacker) -> None:
    """Say version 1.0 for version 1."""
    a.replace(a.first("record.add"), b'"v":1', b'"v":1.0')


@attack("entry-malformed", "its version is unknown", "is not in the one form an entry has")
def entry_of_a_future_version(a: Attacker) -> None:
    """Claim a version of the format that no reader knows."""
    a.replace(a.first("record.add"), b'"v":1', b'"v":2')


@attack("entry-malformed", "its type is unknown", "is of an unknown type")
def entry_of_an_unknown_type(a: Attacker) -> None:
    """Give an entry a type that no role may write and no reader knows."""
    a.replace(a.first("record.add"), b'"t":"record.add"', b'"t":"record.bad"')


@attack("entry-malformed", "unknown ['note']", "has another body than its type")
def entry_with_an_unknown_key(a: Attacker) -> None:
    """Put a key into a body that its type does not have."""
    index = a.first("record.add")
    value = a.entry(index)
    a.change(index, {**value, "body": {**value["body"], "note": "seen"}})


@attack("entry-malformed", "not JSON", "is not strict JSON")
def entry_not_utf8(a: Attacker) -> None:
    """Put a byte that no UTF-8 text has into an entry."""
    a.replace(a.first("record.add"), b'"t":"record.add"', b'"t":"record.\xff"')


@attack("entry-malformed", "nested more than", "holds what no entry may hold")
def entry_nested_deeply(a: Attacker) -> None:
    """Nest an entry so deeply that a careless reader falls over."""
    a.change(a.first("record.add"), b'{"at":' + b"[" * 300 + b"]" * 300 + b"}")


@attack("entry-malformed", "larger than 32768 bytes", "holds what no entry may hold")
def entry_larger_than_any(a: Attacker) -> None:
    """Make an entry of many megabytes."""
    index = a.first("record.add")
    a.change(index, {**a.entry(index), "body": {"kind": "x" * 4_000_000}})


@attack("entry-malformed", "it is stored as another type", "stored as another type")
def entry_stored_as_text(a: Attacker) -> None:
    """Store the same characters as text instead of bytes, past the column's type."""
    a.untyped("ledger", "UPDATE ledger SET leaf = CAST(leaf AS TEXT) WHERE idx = 5")


@attack("entry-malformed", "it is stored as another type", "stored as another type")
def entry_stored_as_a_number(a: Attacker) -> None:
    """Store a number where bytes should be: read as a length it would ask for all memory."""
    a.untyped("ledger", "UPDATE ledger SET leaf = 4000000000000 WHERE idx = 5")


@attack("entry-malformed", "it is stored as another type", "stored as another type")
def entry_stored_as_nothing(a: Attacker) -> None:
    """Store NULL in an entry's place."""
    a.untyped("ledger", "UPDATE ledger SET leaf = NULL WHERE idx = 5")


@attack("entry-missing", "entries are gone, or indices were changed", "is gone, or indices were changed")
def entry_taken_out(a: Attacker) -> None:
    """Delete one entry in the middle, and what was beside it."""
    a.sql("DELETE FROM ledger WHERE idx = 20", "DELETE FROM private WHERE idx = 20")


@attack("commit-range", "it does not sign exactly", "does not sign exactly the entries before it")
def entry_taken_out_and_the_others_moved(a: Attacker) -> None:
    """Delete one entry and close the gap, so that no index is missing."""
    moved = [f"UPDATE {table} SET idx = -idx WHERE idx > 20" for table in ("ledger", "private")]
    back = [f"UPDATE {table} SET idx = -idx - 1 WHERE idx < 0" for table in ("ledger", "private")]
    a.sql("DELETE FROM ledger WHERE idx = 20", "DELETE FROM private WHERE idx = 20", *moved, *back)


@attack("entry-missing", "entries 0 to -2", "entry 0 is gone")
def entry_put_before_the_first(a: Attacker) -> None:
    """Put an entry at index -1."""
    a.sql("INSERT INTO ledger SELECT -1, leaf FROM ledger WHERE idx = 5")


@attack("commit-root", "they do not give the root that was signed", "signs another state of the ledger")
def entries_swapped(a: Attacker) -> None:
    """Let two entries of one commit change places."""
    one, two = a.first("record.link"), a.first("record.link", a.first("record.link"))
    leaf = a.leaf(one)
    a.change(one, a.leaf(two))
    a.change(two, leaf)


@attack("tail-uncommitted", "entries that no commit signs", "are signed by no commit")
def entry_added_without_a_commit(a: Attacker) -> None:
    """Append a copy of an entry, signed by nobody."""
    a.sql(f"INSERT INTO ledger SELECT {a.size}, leaf FROM ledger WHERE idx = 20")


@attack("tail-uncommitted", "entries that no commit signs", "are signed by no commit")
def last_commit_taken_out(a: Attacker) -> None:
    """Delete the last entry, which is a commit; its checkpoint too."""
    a.sql(f"DELETE FROM checkpoint WHERE size = {a.size}", f"DELETE FROM ledger WHERE idx = {a.size - 1}")


@attack("checkpoint-stray", "a checkpoint that no commit made", "belongs to no commit")
def tail_cut_off_carelessly(a: Attacker) -> None:
    """Delete the last act, and forget its checkpoint."""
    last = a.entry(a.size - 1)["body"]["first"]
    a.sql(f"DELETE FROM ledger WHERE idx >= {last}", f"DELETE FROM private WHERE idx >= {last}")


@attack("commit-range", "it does not sign exactly", "does not sign exactly the entries before it")
def commit_turned_into_a_record(a: Attacker) -> None:
    """Put another entry in a commit's place, so that two acts seem to be one."""
    index = a.first("commit", 20)
    a.change(index, a.leaf(index - 1))


@attack("entry-malformed", "malformed ['sigs']", "has a malformed member")
def commit_without_signatures(a: Attacker) -> None:
    """Take the signatures off a commit, as if it were of an older format."""
    _commit(a, sigs=[])


@attack("commit-signature", "the signature does not hold", "a signature does not fit its key and its text")
def commit_with_anothers_signature(a: Attacker) -> None:
    """Put the signature of another commit under this one."""
    _commit(a, sigs=a.entry(a.first("commit"))["body"]["sigs"])


@attack("commit-range", "it does not sign exactly", "does not sign exactly the entries before it")
def commit_counts_one_less(a: Attacker) -> None:
    """Let a commit say that it signs one entry less."""
    _commit(a, count=a.entry(_somewhere(a))["body"]["count"] - 1)


@attack("commit-root", "they do not give the root that was signed", "signs another state of the ledger")
def commit_states_another_root(a: Attacker) -> None:
    """Let a commit state the root of another commit."""
    _commit(a, root=a.entry(a.first("commit"))["body"]["root"])


@attack("checkpoint-root", "it or its checkpoint is not what the log signed", "is not for the entries that are here")
def commit_dated_otherwise(a: Attacker) -> None:
    """Date the last act and its commit back; the operator's signature covers no time, the log's does."""
    a.replace(_last_commit(a), b'"at":"20', b'"at":"19')


@attack("entry-malformed", "members that its type never has", "has a malformed member")
def commit_about_a_subject(a: Attacker) -> None:
    """Give a commit a subject, so that it hides in a record's history."""
    index = _somewhere(a)
    a.change(index, {**a.entry(index), "sub": a.entry(a.first("record.add"))["sub"]})


def _somewhere(a: Attacker) -> int:
    """Give the index of a commit in the middle."""
    return a.first("commit", 30)


def _last_commit(a: Attacker) -> int:
    return a.size - 1


def _commit(a: Attacker, **body: Any) -> None:
    index = _somewhere(a)
    value = json.loads(a.leaf(index))
    a.change(index, {**value, "body": {**value["body"], **body}})
