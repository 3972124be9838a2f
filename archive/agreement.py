"""What is handed in for a case, held against what the archive has of it: new, the same, changed, or refused.

Every function gives the problems that it found and decides nothing; intake
refuses for any of them. Other bytes under a taken id, links of what was
withdrawn and claims of a merged case are never taken; other fields with a reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from archive.registered import Registered
from schemas.case import MERGED
from schemas.errors import Problem
from schemas.link import RESOLUTION
from schemas.sentences import say

if TYPE_CHECKING:
    from evidence.sheet import Submission

_OF_THE_BYTES = ("blake3", "sha256", "size", "media_type")


def refusals(
    submission: Submission, known: Registered, reason: str | None, recipients: Sequence[str], lang: str
) -> list[Problem]:
    """Name everything that is `known` of the case and does not let this be taken in; sentences are in `lang`.

    `reason` is why what changed changed; `recipients` are those an identity can be sealed to.
    """
    return [
        *changed_bytes(submission, known),
        *(_changes(submission, known, reason) or _merged_claims(submission, known, lang)),
        *_linked_to_withdrawn(submission, known, lang),
        *_unsealable(submission, known, recipients),
    ]


def changed_bytes(submission: Submission, known: Registered) -> list[Problem]:
    """Refuse other bytes under a taken item id, whatever the reason given."""
    problems = []
    for item in submission.items if known.records else ():
        old = known.find("item", item)
        if old is not None and old.fields.get("blake3") != item.get("blake3"):
            problems.append(
                Problem(
                    submission.places[str(item["id"])].where(),
                    "file: this id is taken by other bytes; give the new file an id of its own",
                )
            )
    return problems


def differing(new: Mapping[str, Any], old: Mapping[str, Any]) -> list[str]:
    """Give the names of the fields in which two revisions differ; an id that was given by registration does not."""
    ignore = {"case", *(field.name for field in (*RESOLUTION, *MERGED))} | ({"id"} if "id" not in new else set())
    return sorted(key for key in new.keys() | old.keys() if key not in ignore and new.get(key) != old.get(key))


def _changes(submission: Submission, known: Registered, reason: str | None) -> list[Problem]:
    """Name every record that changed since it was registered, unless a reason is given."""
    if reason or known.case is None:
        return []
    problems = []
    events = submission.events()
    for kind, number, record in submission.records():
        own = next(events) if kind == "item" else []
        old = known.case if kind == "case" else known.find(kind, record)
        fields = differing(record, old.fields) if old is not None else []
        if kind == "item":  # other bytes are refused with or without a reason, by `changed_bytes`
            fields = [name for name in fields if name not in _OF_THE_BYTES]
        had = known.custody.get(old.sub, []) if old is not None and kind == "item" else []
        if own[: len(had)] != [*map(orjson.loads, had)]:
            fields.append("custody")
        if fields:
            hint = "another case has this code, or " if kind == "case" else ""
            problems.append(
                Problem(
                    submission.where(kind, number or 1),
                    f"{hint}it changed since it was registered ({', '.join(fields)}); say why with --reason TEXT",
                )
            )
    return problems


def _linked_to_withdrawn(submission: Submission, known: Registered, lang: str) -> list[Problem]:
    """Refuse a new link of an item that was withdrawn; those that it had stay, and count for nothing."""
    gone = {name for (kind, name), old in known.records.items() if kind == "item" and old.withdrawn}
    return [
        Problem(submission.where("link", number), say("withdrawn-item", lang, item=link["item"]))
        for number, link in enumerate(submission.links if gone else (), 1)
        if link.get("item") in gone and known.find("link", link) is None
    ]


def _merged_claims(submission: Submission, known: Registered, lang: str) -> list[Problem]:
    """Refuse another claim of a case that was merged, which nothing would weigh; and another marking of one of two."""
    old, case = known.case, submission.case
    if old is not None and "merged_from" in old.fields and case.get("exercise") != old.fields.get("exercise"):
        told = {"case": case["code"], "taken": ", ".join(old.fields["merged_from"])}
        return [Problem(submission.where("case"), say("merged-exercise", lang, **told))]
    if old is None or "merged_into" not in old.fields:
        return []
    changed = differing(submission.case, old.fields)
    told = {"case": submission.case["code"], "into": old.fields["merged_into"], "fields": ", ".join(changed)}
    return [Problem(submission.where("case"), say("merged-claims", lang, **told))] if changed else []


def _unsealable(submission: Submission, known: Registered, recipients: Sequence[str]) -> list[Problem]:
    """Refuse a new file of an identity that nobody of this archive could open again."""
    if recipients:
        return []
    return [
        Problem(submission.where("source", number), "identity_file: no guardian of this archive can be sealed to")
        for number, source in enumerate(submission.sources, 1)
        if (name := str(source.get("id"))) in submission.identity_files
        if (old := known.records.get(("source", name))) is None or old.sub not in known.sealed
    ]
