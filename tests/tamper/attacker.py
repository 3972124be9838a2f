"""What an attacker holds: the archive folder, its database, and, where an attack says so, stolen keys.

`Attacker` writes past every rule: around triggers and column types, with
entries put in, taken out or changed, and with commits and checkpoints signed
again by whatever key was stolen. An attack is a function with the code and the
sentence that the audit must answer with; see `attack`.
"""

from __future__ import annotations

import base64
import contextlib
import json
import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive import disclosure, ledger, merkle, note
from archive.keys import Home
from archive.signer import KeySigner
from archive.view import Projection
from schemas.entry import Entry
from schemas.errors import SijillError
from tests.casebook import OPERATOR, ORIGIN
from tests.tamper.honest import THIEF, Honest

NOTHING, PIN, KEPT = "nothing", "pin", "kept checkpoint"


@dataclass(frozen=True)
class Attack:
    """One attack: what it does, with what in hand, and what must be answered.

    `says` is a part of the sentence of the audit under `code`; `stranger` one
    of what verify.py prints with exit `stranger_status`. `knows` is what the
    auditor brings: nothing, the pin, or a checkpoint kept elsewhere.
    """

    name: str
    does: str
    run: Callable[[Attacker], None]
    code: str
    says: str
    status: int
    stranger: str
    stranger_status: int
    knows: str


ATTACKS: dict[str, Attack] = {}


def attack(
    code: str, says: str, stranger: str, *, status: int = 1, stranger_status: int = 1, knows: str = NOTHING
) -> Callable[[Callable[[Attacker], None]], Callable[[Attacker], None]]:
    """Register an attack under its function's name; its docstring says what it does."""

    def register(run: Callable[[Attacker], None]) -> Callable[[Attacker], None]:
        name, does = run.__name__, (run.__doc__ or "").strip()
        assert does and name not in ATTACKS
        ATTACKS[name] = Attack(name, does, run, code, says, status, stranger, stranger_status, knows)
        return run

    return register


class Attacker:
    """Full access to a copy of the honest archive."""

    def __init__(self, folder: Path, honest: Honest) -> None:
        self.folder, self.honest = folder, honest
        self.home = Home(honest.home)

    # the database

    def sql(self, *statements: str | tuple[str, tuple[Any, ...]]) -> None:
        """Run statements with no trigger in the way; none is left missing."""
        db = sqlite3.connect(self.folder / "sijill.db", isolation_level=None)
        triggers = db.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for name, _ in triggers:
            db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            db.execute(*((statement,) if isinstance(statement, str) else statement))
        for _, text in triggers:
            db.execute(text)
        self._close(db)

    def untyped(self, table: str, *statements: str | tuple[str, tuple[Any, ...]]) -> None:
        """Run statements while a table's types are not enforced, then let its definition be as it was."""
        db = sqlite3.connect(self.folder / "sijill.db", isolation_level=None)
        (text,) = db.execute("SELECT sql FROM sqlite_master WHERE name = ?", (table,)).fetchone()
        loose = text.replace(" STRICT, WITHOUT ROWID", " WITHOUT ROWID").replace(" STRICT", "").replace(" NOT NULL", "")
        loose = re.sub(r" (BLOB|TEXT|INTEGER|REAL)(?! PRIMARY KEY)", "", loose)
        self._redefine(db, table, loose)
        db = sqlite3.connect(self.folder / "sijill.db", isolation_level=None)
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            if table == "ledger":
                db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            db.execute(*((statement,) if isinstance(statement, str) else statement))
        if table == "ledger":
            from archive.database import TRIGGERS

            for trigger in TRIGGERS.values():
                db.execute(trigger)
        self._redefine(db, table, text)

    def _redefine(self, db: sqlite3.Connection, table: str, text: str) -> None:
        db.execute("PRAGMA writable_schema=ON")
        db.execute("UPDATE sqlite_master SET sql = ? WHERE name = ?", (text, table))
        self._close(db)

    def _close(self, db: sqlite3.Connection) -> None:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        db.close()

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Ask the database."""
        db = sqlite3.connect(self.folder / "sijill.db")
        try:
            return db.execute(sql).fetchall()
        finally:
            db.close()

    # the ledger

    @property
    def size(self) -> int:
        """Give the number of entries."""
        return int(self.rows("SELECT max(idx) + 1 FROM ledger")[0][0])

    def entry(self, index: int) -> dict[str, Any]:
        """Give an entry as its JSON says it."""
        value: dict[str, Any] = json.loads(self.leaf(index))
        return value

    def leaf(self, index: int) -> bytes:
        """Give an entry's bytes."""
        return bytes(self.rows(f"SELECT leaf FROM ledger WHERE idx = {index}")[0][0])

    def first(self, t: str, after: int = -1) -> int:
        """Give the index of the first entry of a type behind `after`."""
        text = f"SELECT idx FROM ledger WHERE idx > {after} AND instr(leaf, CAST('\"t\":\"{t}\"' AS BLOB)) LIMIT 1"
        return int(self.rows(text)[0][0])

    def change(self, index: int, leaf: bytes | dict[str, Any]) -> None:
        """Put other bytes in an entry's place."""
        self.sql(("UPDATE ledger SET leaf = ? WHERE idx = ?", (spell(leaf), index)))

    def replace(self, index: int, old: bytes, new: bytes) -> None:
        """Change bytes inside an entry."""
        leaf = self.leaf(index)
        assert old in leaf
        self.change(index, leaf.replace(old, new, 1))

    def disclosures(self, index: int) -> list[str]:
        """Give the disclosure strings beside an entry."""
        found: list[str] = json.loads(self.rows(f"SELECT disclosures FROM private WHERE idx = {index}")[0][0])
        return found

    def disclose(self, index: int, strings: list[str] | str) -> None:
        """Put other disclosures beside an entry."""
        text = strings if isinstance(strings, str) else json.dumps(strings, separators=(",", ":"))
        self.sql(("INSERT OR REPLACE INTO private VALUES (?,?)", (index, text)))

    # stolen keys

    def thief(self) -> KeySigner:
        """Give the stolen operator key: a registrar's."""
        signer = self.home.signer(THIEF)
        assert isinstance(signer, KeySigner)
        return signer

    def chief(self) -> KeySigner:
        """Give the key of the first operator, where an attack steals that one."""
        signer = self.home.signer(OPERATOR)
        assert isinstance(signer, KeySigner)
        return signer

    def append(
        self,
        entries: list[dict[str, Any]],
        *signers: KeySigner,
        log: bool = True,
        fields: list[dict[str, Any]] | None = None,
        commit: dict[str, Any] | None = None,
        namespace: str = ledger.COMMIT_NAMESPACE,
        origin: str = ORIGIN,
    ) -> int:
        """Append an act as the real writer would, with whatever is said; gives the index of its first entry."""
        first, by = self.size, signers[0].fingerprint
        at = str(self.entry(first - 1)["at"])
        leaves: list[bytes] = []
        for number, one in enumerate(entries):
            said = (fields or [{}] * len(entries))[number]
            strings = [disclosure.make(name, value) for name, value in said.items()]
            entry = {"at": at, "body": {}, "by": by, "n": ledger.nonce(), "v": 1, **one}
            if strings:
                entry["_sd"] = sorted(map(disclosure.digest, strings))
                self.disclose(first + number, strings)
            leaves.append(spell(entry))
        self._insert(first, leaves)
        self._view(first, leaves, fields or [{}] * len(entries))
        compact = self.tree()
        text = ledger.commit_text(origin, first, len(entries), compact.root())
        body = {
            "first": first, "count": len(entries), "root": base64.b64encode(compact.root()).decode(),
            "sigs": [{"by": one.fingerprint, "sig": one.sign(text, namespace)} for one in signers],
        }  # fmt: skip
        at = str(json.loads(leaves[0])["at"]) if leaves else at
        last = {"at": at, "body": body, "by": by, "n": ledger.nonce(), "t": "commit", "v": 1, **(commit or {})}
        self._insert(first + len(entries), [spell(last)])
        if log:
            self.checkpoint()
        return first

    def _view(self, first: int, leaves: list[bytes], fields: list[dict[str, Any]]) -> None:
        """Make the rows of the view as well, so that only the act itself can betray it."""
        rows: list[tuple[str, tuple[Any, ...]]] = []
        projection = Projection(
            lambda statement, many: rows.extend((statement.replace("INSERT", "INSERT OR IGNORE"), one) for one in many)
        )
        for number, leaf in enumerate(leaves):
            with contextlib.suppress(SijillError):
                projection.add(Entry.parse(first + number, leaf), fields[number])
        projection.flush()
        self.sql(*rows)

    def _insert(self, first: int, leaves: list[bytes]) -> None:
        self.sql(*(("INSERT INTO ledger VALUES (?,?)", (first + n, leaf)) for n, leaf in enumerate(leaves)))

    def tree(self) -> merkle.CompactRange:
        """Give the tree of the entries that are here now."""
        compact = merkle.CompactRange()
        compact.extend(bytes(leaf) for (leaf,) in self.rows("SELECT leaf FROM ledger ORDER BY idx"))
        return compact

    def checkpoint(self) -> bytes:
        """Sign the state with the stolen log key, and put it where checkpoints are."""
        compact = self.tree()
        key = self.home.log_keys(ORIGIN)[0]
        stored = note.sign_checkpoint(note.Checkpoint(ORIGIN, compact.size, compact.root()), key)
        self.sql(("INSERT OR REPLACE INTO checkpoint VALUES (?,?)", (compact.size, stored)))
        (self.folder / "checkpoint").write_bytes(stored)
        return stored

    def cut(self, size: int) -> None:
        """Cut the ledger off as if nothing behind `size` had ever been."""
        self.sql(
            f"DELETE FROM ledger WHERE idx >= {size}", f"DELETE FROM private WHERE idx >= {size}",
            f"DELETE FROM checkpoint WHERE size > {size}",
        )  # fmt: skip

    # objects

    def objects(self) -> list[Path]:
        """Give the files of the object store, in order."""
        return sorted(path for path in (self.folder / "objects").glob("??/*") if path.is_file())


def spell(entry: bytes | dict[str, Any]) -> bytes:
    """Give an entry in its one form, or the bytes as they are."""
    if isinstance(entry, bytes):
        return entry
    return json.dumps(entry, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
