"""Acts one at a time: an item, a link, a relation, a change of the case, a withdrawal, a resolution.

Each goes the way of a folder: read by the same rules, refused with the same
sentences, recorded as the same entries. Every change has its reason. A
contradiction is resolved by another person than the one who recorded it or
assessed it; both versions stay in the ledger.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import ledger, paper
from archive.database import blob
from archive.folder import Folder, look
from archive.intake import Taken, take
from archive.merged import weighed_as
from archive.operators import operators
from archive.registered import had
from archive.show import Kept, find_case, find_item, find_record, find_standing
from evidence import case_toml
from evidence.faults import Faults
from evidence.held import Held
from evidence.sheet import read_part
from schemas.case import named
from schemas.entry import Entry
from schemas.errors import InputError, NotFound, RefusedError
from schemas.sentences import say
from schemas.text import nearest, visible
from schemas.vocabulary import VOCABULARY

if TYPE_CHECKING:
    from archive.open import Archive

def add_items(
    archive: Archive, signers: Sequence[ledger.Signer], code: str, file: Path, *, lang: str = "en"
) -> Taken:
    """Add what a TOML file beside its files says: `[[source]]`, `[[item]]`, `[[link]]`, `[[relation]]`.

    Raises UnreachableError, InputError with every problem, NotFound, RefusedError.
    """
    shown = visible(str(file))
    faults = Faults()
    tables = case_toml.decode(paper.read(file), shown, faults)
    if tables is None:
        raise InputError(faults.found[0].line(lang), where=shown)
    known = ("source", "item", "link", "relation")
    for name, rows in tables.items():
        if name not in known or not isinstance(rows, Held):
            near = nearest(name, known)
            raise InputError(
                f"{shown}: {visible(name)} is no table that is added to a case", where=shown,
                hint=f"did you mean [[{near}]]?" if near else "write [[source]], [[item]], [[link]] or [[relation]]",
            )  # fmt: skip
    looked = look(file.parent)
    looked.files.pop(file.name, None)
    looked.warnings.clear()
    return _take_part(archive, signers, code, tables, looked, name=file.name, lang=lang)


def add_link(
    archive: Archive, signers: Sequence[ledger.Signer], name: str, row: Mapping[str, Any], *, lang: str = "en"
) -> Taken:
    """Add a link from an item `CODE/ID`; `row` holds the keys of `[[link]]`. Raises InputError, NotFound."""
    return _add(archive, signers, "link", name, row, lang)


def add_relation(
    archive: Archive, signers: Sequence[ledger.Signer], name: str, row: Mapping[str, Any], *, lang: str = "en"
) -> Taken:
    """Add a relation of an item `CODE/ID`; `row` holds the keys of `[[relation]]`. Raises InputError, NotFound."""
    return _add(archive, signers, "relation", name, row, lang)


def _add(
    archive: Archive, signers: Sequence[ledger.Signer], kind: str, name: str, row: Mapping[str, Any], lang: str
) -> Taken:
    with archive.reading() as db:
        item = find_item(db, name)
    if item.withdrawn is not None:
        raise InputError(f"{visible(item.name)} was withdrawn in entry {item.withdrawn}", where=item.name,
                         hint="a link to what was withdrawn counts for nothing")  # fmt: skip
    said = {key: value for key, value in row.items() if value not in (None, "", [])}
    if "of" in said:
        said["of"] = named(str(said["of"]), item.code, item.code)
    return _take_part(archive, signers, item.code, {kind: [{"item": item.id, **said}]}, Folder(Path()), lang=lang)


def link_from_match(archive: Archive, name: str, observation: str) -> dict[str, Any]:
    """Give what a link from a flight log says of one match: locator, facets and rationale, for an analyst to accept.

    `observation` is `LOG:ROW`, as `sijill match` shows it. Raises InputError, NotFound.
    """
    from archive.flights import match

    log, _, row = observation.rpartition(":")
    if not log or not row.isdecimal():
        raise InputError(
            f"{visible(observation)} is no observation", hint="LOG:ROW, as `sijill match` tells it", code="usage"
        )
    with archive.reading() as db:
        item = find_item(db, name)
        code = weighed_as(db, item.code)
        log = find_item(db, log).name
    if log != item.name:
        raise InputError(
            f"the observation is of {visible(log)}, the link of {visible(item.name)}",
            hint="a link is of the log's own item; hand the log in for this case too",
        )
    for one in match(archive, [code])["cases"][0]["matches"]:
        if one["log"] == log and str(one["row"]) == row:
            return {
                "locator": f"row {row}", "facets": ["when", "delivery"], "stance": "supports",
                "strength": "consistent_with", "rationale": _rationale(one),
            }  # fmt: skip
    raise NotFound(f"row {visible(row)} of {visible(log)} is no match of {code}",
                   hint=f"sijill match {code} lists the matches")  # fmt: skip


def _rationale(one: Mapping[str, Any]) -> str:
    side = "before" if one["offset_min"] < 0 else "after" if one["offset_min"] > 0 else "at"
    when = f"{abs(one['offset_min']):g} minutes {side} the claimed time" if side != "at" else "at the claimed time"
    return f"An aircraft logged {one['distance_km']:g} km away, {when}; consistent with the claim, no more."


def _take_part(
    archive: Archive,
    signers: Sequence[ledger.Signer],
    code: str,
    tables: Mapping[str, Any],
    looked: Folder,
    *,
    name: str = "",
    changes: Mapping[str, str] | None = None,
    reason: str | None = None,
    lang: str = "en",
) -> Taken:
    with archive.reading() as db:
        case = find_case(db, code)
        _not_withdrawn(case)
        submission = read_part(
            name or say("the-call", lang), case.fields, tables, looked.files, now=datetime.now(UTC), lang=lang,
            registered=lambda wanted: had(db, wanted), changes=changes,
        )  # fmt: skip
    return take(archive, looked, submission, signers, reason=reason, whole=False, lang=lang)


def _not_withdrawn(case: Kept) -> None:
    if case.withdrawn is not None:
        raise InputError(f"the case {visible(case.code)} was withdrawn in entry {case.withdrawn}", where=case.code)


def amend_case(
    archive: Archive, signers: Sequence[ledger.Signer], code: str, changes: Mapping[str, str], reason: str,
    *, lang: str = "en",
) -> Taken:  # fmt: skip
    """Change fields of a case by dotted name; an empty text takes one away, or a group. Raises InputError, NotFound."""
    _need(reason)
    if not changes:
        raise InputError("say what changes: KEY=VALUE", code="usage")
    if "code" in changes:
        raise InputError("the code of a case never changes", hint="other codes stand in other_codes")
    if any(name.startswith("merged_") for name in changes):
        raise InputError(
            "cases are merged by an act of its own", hint="sijill case merge CODE --into CODE --reason TEXT; "
            "to take it back: sijill case amend CODE merged_into= --reason TEXT, and nothing else in one call",
        )  # fmt: skip
    with archive.reading() as db:
        find_standing(db, code)
    return _take_part(archive, signers, code, {}, Folder(Path()), changes=changes, reason=reason, lang=lang)


def withdraw(
    archive: Archive, signers: Sequence[ledger.Signer], name: str, reason: str, kinds: Sequence[str]
) -> dict[str, Any]:
    """Withdraw a record `CODE/ID` of one of these kinds: it stays, and counts for nothing any more.

    Gives `sijill-withdrawn/1`. Raises IntegrityError, UnreachableError, InputError, NotFound, RefusedError.
    """
    _need(reason)
    with ledger.writing(archive, signers) as act:
        kept = find_record(act.db, name, kinds)
        if kept.withdrawn is not None:
            raise InputError(f"{visible(kept.name)} was withdrawn in entry {kept.withdrawn} already", where=kept.name)
        act.add("record.withdraw", sub=kept.sub, body={"kind": kept.kind}, fields={"reason": reason})
    assert act.receipt is not None
    return {"format": "sijill-withdrawn/1", "id": kept.name, "kind": kept.kind, **act.receipt.document()}


def resolve(
    archive: Archive, signers: Sequence[ledger.Signer], name: str, outcome: str, reason: str
) -> dict[str, Any]:
    """Resolve a contradiction, a link `CODE/ID`, in writing; `unresolved` leaves it open.

    Raises IntegrityError, UnreachableError, InputError (no contradiction; no such outcome) and RefusedError (the
    same person recorded or assessed it).
    """
    _need(reason)
    if outcome not in VOCABULARY["outcome"]:
        raise InputError(f"an outcome is one of {', '.join(VOCABULARY['outcome'])}", code="usage")
    with ledger.writing(archive, signers) as act:
        link = find_record(act.db, name, ("link",))
        if link.fields.get("stance") != "contradicts" or link.withdrawn is not None:
            raise InputError(f"{visible(link.name)} is no standing contradiction", where=link.name)
        _refuse_same_person(act, link, signers)
        fields = {
            **link.fields, "resolution": outcome, "resolution_reason": reason, "resolved_by": signers[0].name,
            "reason": reason,
        }  # fmt: skip
        act.add("record.edit", sub=link.sub, body={"kind": "link"}, fields=fields)
    assert act.receipt is not None
    return {"format": "sijill-resolution/1", "id": link.name, "outcome": outcome, **act.receipt.document()}


def _refuse_same_person(act: ledger.Act, link: Kept, signers: Sequence[ledger.Signer]) -> None:
    """Nobody resolves what they recorded or assessed themselves, under whichever of their keys."""
    keys = act.registry.keys
    leaf = act.db.execute("SELECT leaf FROM ledger WHERE idx = ?", (link.first,)).fetchone()[0]
    author = keys[Entry.parse(link.first, blob(leaf)).by].person
    names = {one.key.person: {one.name, one.person} for one in operators(act.db)}
    assessor = str(link.fields.get("assessor", "")).strip().casefold()
    for signer in signers:
        key = keys.get(signer.fingerprint)
        if key is None:
            continue
        own = {name.strip().casefold() for name in names.get(key.person, ())}
        if key.person == author or assessor in own:
            what = "recorded" if key.person == author else "assessed"
            raise RefusedError(
                f"{visible(signer.name)} {what} {visible(link.name)} and cannot resolve it",
                code="same-person", where=link.name, hint="let another person judge it (--as NAME)",
            )  # fmt: skip


def _need(reason: str) -> None:
    if not reason.strip():
        raise InputError("a change needs its reason", hint="--reason TEXT")
