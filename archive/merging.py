"""Merging: two cases that were one attack are weighed as one, and a merge that was wrong is taken back.

Nothing is moved and no record of evidence is written again: the record of the
one case says into which it went and why, that of the other says what it takes
in, in one commit. Codes, ids and exhibit numbers stay. What the merged case
claimed, its waivers and its recorded assessments stay in the ledger and weigh
on nothing any more.

Follows docs/format.md, "Merged cases".
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from archive import ledger
from archive.merged import family, weighed_as
from archive.show import Kept, find_case, gathered
from archive.waiver import acts_of, in_force
from evidence.reason import Sentence, Several, fields, reason, sentence
from schemas.case import MERGED, named
from schemas.errors import InputError
from schemas.text import visible

if TYPE_CHECKING:
    from archive.open import Archive

_OWN = {"code", "exercise", "title", "summary", "other_codes", "seal_to", "zone", *(one.name for one in MERGED)}


def merge(archive: Archive, signers: Sequence[ledger.Signer], code: str, into: str, reason: str) -> dict[str, Any]:
    """Merge the case `code` into the case `into`; gives `sijill-merge/1`.

    Raises IntegrityError, UnreachableError, NotFound, RefusedError, or InputError: no reason, one of them is
    withdrawn or merged already, they are one, or only one is an exercise.
    """
    _need(reason)
    with ledger.writing(archive, signers) as act:
        one, other = find_case(act.db, code), find_case(act.db, into)
        _check(act.db, one, other)
        warnings = list(_left_behind(act.db, one, other))
        _edit(act, one, {**one.fields, "merged_into": into, "merged_reason": reason}, reason)
        _edit(act, other, {**other.fields, "merged_from": [*other.fields.get("merged_from", ()), code]}, reason)
        act.flush()
        taken = family(act.db, into)[1:]
        items = sum(record.kind == "item" and record.withdrawn is None for record in gathered(act.db, into))
    assert act.receipt is not None
    return {
        "format": "sijill-merge/1", "code": code, "into": into, "reason": reason, "takes_in": taken, "items": items,
        "warnings": warnings, **act.receipt.document(),
    }  # fmt: skip


def take_back(archive: Archive, signers: Sequence[ledger.Signer], code: str, reason: str) -> dict[str, Any]:
    """Take the merge of a case back, so that it is weighed on its own again; gives `sijill-merge/1`, `into` null.

    Raises IntegrityError, UnreachableError, NotFound, RefusedError, or InputError: no reason, not merged, or
    relations tie it to what it leaves.
    """
    _need(reason)
    with ledger.writing(archive, signers) as act:
        one = find_case(act.db, code)
        above = str(one.fields.get("merged_into", ""))
        if weighed_as(act.db, code) == code:
            raise InputError(f"the case {visible(code)} is merged into no other", where=code)
        across = list(_across(act.db, code))
        if across:
            told = ", ".join(map(visible, across))
            raise InputError(
                f"{len(across)} relations tie {visible(code)} to what it would leave: {told}",
                where=code, code="tied", hint=f"sijill relation withdraw {visible(across[0])} --reason TEXT",
            )  # fmt: skip
        other = find_case(act.db, above)
        mine = {name: value for name, value in one.fields.items() if name not in ("merged_into", "merged_reason")}
        left = [name for name in other.fields.get("merged_from", ()) if name != code]
        theirs = {name: value for name, value in other.fields.items() if name != "merged_from"}
        _edit(act, one, mine, reason)
        _edit(act, other, theirs | ({"merged_from": left} if left else {}), reason)
    assert act.receipt is not None
    return {
        "format": "sijill-merge/1", "code": code, "into": None, "before": above, "reason": reason, "warnings": [],
        **act.receipt.document(),
    }  # fmt: skip


def _check(db: Any, one: Kept, other: Kept) -> None:
    code, into = visible(one.code), visible(other.code)
    if one.code == other.code:
        raise InputError(f"{code} cannot be merged into itself", where=one.code, hint="name the other case")
    for case in (one, other):
        if case.withdrawn is not None:
            raise InputError(
                f"the case {visible(case.code)} was withdrawn in entry {case.withdrawn}", where=case.code,
                hint="only cases that stand are merged",
            )  # fmt: skip
    went, goes = weighed_as(db, one.code), weighed_as(db, other.code)
    if went != one.code:
        raise InputError(
            f"{code} was merged into {visible(str(one.fields['merged_into']))} already", where=one.code, code="merged",
            hint=f"to take that back: sijill case amend {code} merged_into= --reason TEXT",
        )  # fmt: skip
    if goes == one.code:
        raise InputError(
            f"{into} was merged into {code}: neither case would be left to be weighed", where=other.code, code="cycle",
            hint=f"to turn it round, first: sijill case amend {into} merged_into= --reason TEXT",
        )  # fmt: skip
    if goes != other.code:
        raise InputError(
            f"{into} was itself merged into {visible(goes)}", where=other.code, code="merged",
            hint=f"sijill case merge {code} --into {visible(goes)} --reason TEXT",
        )  # fmt: skip
    if bool(one.fields.get("exercise")) != bool(other.fields.get("exercise")):
        which = code if one.fields.get("exercise") else into
        raise InputError(
            f"{which} is an exercise and the other is not; an invented case is never weighed with a real one",
            where=one.code, code="exercise", hint="correct the wrong one with `sijill case amend CODE exercise=…`",
        )  # fmt: skip


def _left_behind(db: Any, one: Kept, other: Kept) -> Iterator[Sentence]:
    """Say what of the merged case weighs on nothing from now on."""
    code, into = visible(one.code), visible(other.code)
    names = {name.partition(".")[0] for name in one.fields if one.fields[name] != other.fields.get(name)} - _OWN
    if names:
        told = Several("comma", fields(sorted(names)))
        command = f"sijill case amend {into} KEY=VALUE --reason TEXT"
        yield sentence(reason("merge-claims", code=code, into=into, names=told, command=command))
    for rule in in_force(acts_of(db, one.sub), None, datetime.now(UTC).date()):
        yield sentence(reason("merge-waiver", rule=visible(rule), code=code, into=into))
    (left,) = db.execute("SELECT count(*) FROM act WHERE sub = ? AND t = 'export'", (one.sub,)).fetchone()
    if left:
        yield sentence(reason("merge-dossiers", count=left, code=code, into=into))


def _across(db: Any, code: str) -> Iterator[str]:
    """Name the standing relations between what a case holds or takes in and the rest of what it is weighed with."""
    mine = set(family(db, code))
    for record in gathered(db, weighed_as(db, code)):
        ends = [record.names(name) for name in ("item", "of")]
        if record.kind == "relation" and record.withdrawn is None and None not in ends:
            sides = {named(str(end), record.seen_from, "").partition("/")[0] in mine for end in ends}
            if len(sides) == 2:
                yield record.name


def _edit(act: ledger.Act, case: Kept, fields: dict[str, Any], reason: str) -> None:
    act.add("record.edit", sub=case.sub, body={"kind": "case"}, fields={**fields, "reason": reason})


def _need(reason: str) -> None:
    if not reason.strip():
        raise InputError("a merge needs its reason", hint="--reason TEXT")
