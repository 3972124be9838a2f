"""The checkpoint rows of an archive, held against the tree while a replay makes it.

Each commit has one, of the tree with the commit in it, signed by the log key of
its time and by nobody else. Follows C2SP signed-note and tlog-checkpoint.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from archive import note
from schemas.errors import SijillError

if TYPE_CHECKING:
    from archive.replay import Replay


class Checkpoints:
    """The rows, read in step with the ledger."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._rows = iter(db.execute("SELECT size, note FROM checkpoint ORDER BY size"))
        self._next = next(self._rows, None)
        self.newest = b""

    def hold(self, replay: Replay, size: int) -> None:
        """Hold the row of a commit's size against the tree as it is now."""
        self._stray(replay, size)
        where = f"checkpoint {size}"
        if self._next is None or self._next[0] != size:
            replay.report("checkpoint-missing", where, "a commit without its checkpoint")
            return
        stored, self._next = self._next[1], next(self._rows, None)
        try:
            if type(stored) is not bytes:
                raise SijillError("it is stored as another type")
            self.newest = stored
            checkpoint = note.open_checkpoint(stored, replay.registry.log_vkey)
        except SijillError as error:
            replay.report("checkpoint-signature", where, error.message)
            return
        if len(note.SignedNote.parse(stored).signatures) != 1:
            replay.report("checkpoint-signature", where, "it carries lines by others than the log")
        if (checkpoint.origin, checkpoint.size) != (replay.registry.origin, size):
            replay.report("checkpoint-wrong", where, "it is for another origin or another size")
        elif checkpoint.root != replay.compact.root() and not replay.broken:
            replay.broken = True
            replay.report("checkpoint-root", f"entry {size - 1}", "it or its checkpoint is not what the log signed")

    def end(self, replay: Replay) -> None:
        """Report what is left when the ledger has ended."""
        self._stray(replay, None)

    def _stray(self, replay: Replay, below: int | None) -> None:
        while self._next is not None and (below is None or self._next[0] < below):
            replay.report("checkpoint-stray", f"checkpoint {self._next[0]}", "a checkpoint that no commit made")
            self._next = next(self._rows, None)
