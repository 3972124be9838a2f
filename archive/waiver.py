"""Waivers: a rule of a standard set aside for one case, by two persons, with a reason and an end.

A waived rule counts as undetermined and never as met, and is shown wherever
the result is. After its last day it is as if it had never been.

Source: docs/standards.md, "Waivers".
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from archive import ledger
from archive.show import find_standing
from evidence.reason import Sentence, Several, reason, sentence
from schemas.errors import InputError
from schemas.standard import Standard
from schemas.text import nearest, visible

if TYPE_CHECKING:
    from archive.open import Archive

_DAY = re.compile(r"\d{4}-\d\d-\d\d\Z", re.ASCII)


def waive(
    archive: Archive,
    signers: Sequence[ledger.Signer],
    code: str,
    rule: str,
    standard: Standard,
    reason: str,
    until: str,
) -> dict[str, Any]:
    """Set a rule aside for a case until the end of a day, UTC.

    Raises IntegrityError, UnreachableError, InputError, NotFound, RefusedError.
    """
    if not reason.strip():
        raise InputError("a waiver needs its reason", hint="--reason TEXT")
    known = [one.id for one in standard.rules]
    if rule not in known:
        near = nearest(rule, known)
        raise InputError(
            f"{standard.id} has no rule {visible(rule)}",
            hint=f"did you mean {near}?" if near else f"its rules: {', '.join(known)}",
        )
    if last_day(until) < datetime.now(UTC).date():
        raise InputError(f"{visible(until)} has passed", hint="--until YYYY-MM-DD, a day to come")
    with ledger.writing(archive, signers) as act:
        case = find_standing(act.db, code)
        fields = {
            "rule": rule, "standard": standard.id, "reason": reason, "until": until,
            "ordered_by": [signer.name for signer in signers],
        }  # fmt: skip
        act.add("waiver.set", sub=case.sub, fields=fields)
    assert act.receipt is not None
    return {"format": "sijill-waiver/1", "code": code, **fields, **act.receipt.document()}


def last_day(text: str) -> date:
    """Read a day. Raises InputError."""
    try:
        if not _DAY.match(text):
            raise ValueError
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{visible(text)} is no day", hint="--until YYYY-MM-DD") from None


def in_force(acts: Sequence[tuple[str, Mapping[str, Any]]], standard: str | None, today: date) -> dict[str, Sentence]:
    """Give rule -> why, for the waivers among a case's acts that count today; the newest of a rule counts.

    Raises InputError.
    """
    newest = {}
    for t, said in acts:
        if t == "waiver.set" and "rule" in said and standard in (None, said.get("standard")):
            newest[str(said["rule"])] = said
    return {
        rule: sentence(reason(
            "waived-why", reason=str(said["reason"]), until=str(said["until"]),
            by=Several("and", [str(name) for name in said.get("ordered_by", ())]),
        ))
        for rule, said in newest.items()
        if last_day(str(said["until"])) >= today
    }


def acts_of(db: Any, sub: str) -> list[tuple[str, dict[str, Any]]]:
    """Give the waivers recorded for a case, oldest first."""
    rows = db.execute("SELECT t, fields FROM act WHERE sub = ? AND t = 'waiver.set' ORDER BY idx", (sub,)).fetchall()
    return [(t, json.loads(fields)) for t, fields in rows]
