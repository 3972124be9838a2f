"""Consent after intake: one answer, or a person's withdrawal, and what it means for what already left.

An answer is an entry on its item and never changes the record that was handed
in. A withdrawal is `no` for every audience. Dossiers that left before cannot
be called back by a program: they are named, and a notice is drafted.

Follows docs/dossier.md for what an answer lets out.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from archive import ledger
from archive.merged import weighed_as
from archive.show import Kept, find_item, records_of
from evidence.reason import Term, reason, told
from schemas.errors import InputError, NotFound
from schemas.sentences import say
from schemas.text import counted, nearest, visible
from schemas.vocabulary import AUDIENCES, VOCABULARY

if TYPE_CHECKING:
    from archive.open import Archive


@dataclass(frozen=True)
class Person:
    """One person or body: the pseudonym, its sources in every case, and all items that come from them."""

    pseudonym: str
    sources: tuple[Kept, ...]
    items: tuple[Kept, ...]


def find_person(db: Any, pseudonym: str) -> Person:
    """Give a person by pseudonym, over all cases. Raises NotFound, naming the nearest pseudonym."""
    rows = db.execute("SELECT DISTINCT code, fields FROM record WHERE kind = 'source' ORDER BY code").fetchall()
    known = [(code, json.loads(fields).get("pseudonym")) for code, fields in rows]
    codes = list(dict.fromkeys(code for code, name in known if name == pseudonym))
    if not codes:
        near = nearest(pseudonym, [str(name) for _, name in known if name])
        raise NotFound(
            f"no source has the pseudonym {visible(pseudonym)}",
            hint=f"did you mean {visible(near)}?" if near else "`sijill case show CODE` names the sources of a case",
        )
    sources: list[Kept] = []
    items: list[Kept] = []
    for code in codes:
        records = list(records_of(db, code))
        own = {one.id: one for one in records if one.kind == "source" and one.fields.get("pseudonym") == pseudonym}
        sources += own.values()
        items += [one for one in records if one.kind == "item" and one.fields.get("source") in own]
    return Person(pseudonym, tuple(sources), tuple(items))


def dossiers_with(db: Any, items: Sequence[Kept]) -> list[dict[str, Any]]:
    """Give every dossier that left with one of these items, oldest first."""
    wanted = {one.name for one in items} | {one.id for one in items}
    codes = {code for one in items for code in (one.code, weighed_as(db, one.code))}
    found = []
    rows = db.execute(
        "SELECT r.code, a.idx, a.at, a.fields FROM act a JOIN record r ON r.sub = a.sub"
        " WHERE a.t = 'export' ORDER BY a.idx"
    )
    for code, index, at, text in rows.fetchall():
        fields = json.loads(text)
        carried = [name for name in fields.get("items", []) if name in wanted] if code in codes else []
        if carried:
            found.append({
                "code": code, "number": fields.get("number"), "audience": fields.get("audience"),
                "recipient": fields.get("recipient"), "purpose": fields.get("purpose"), "left": at, "entry": index,
                "tagmanifest_sha256": fields.get("tagmanifest_sha256"), "items": carried,
            })  # fmt: skip
    return found


def answer(
    archive: Archive,
    signers: Sequence[ledger.Signer],
    *,
    item: str | None = None,
    person: str | None = None,
    audience: str | None = None,
    said: str = "no",
    withdraw: bool = False,
    reason: str = "",
) -> dict[str, Any]:
    """Record one answer for an item, or the withdrawal of an item or a whole person, in one commit.

    Gives `sijill-consent/1`: items, answers, and the dossiers that carried
    them. Raises IntegrityError, UnreachableError, InputError, NotFound, RefusedError (the guardian's role).
    """
    _check_call(item, person, audience, said, withdraw, reason)
    audiences = AUDIENCES if withdraw else (str(audience),)
    said = "no" if withdraw else said
    with ledger.writing(archive, signers) as act:
        items = (find_item(act.db, item),) if item is not None else find_person(act.db, str(person)).items
        if not items:
            raise NotFound(f"{visible(str(person))} has no item", hint="`sijill source show PSEUDONYM`")
        for one in items:
            for about in audiences:
                act.add("consent.set", sub=one.sub, fields={"audience": about, "answer": said, "reason": reason})
        left = dossiers_with(act.db, items) if said != "yes" else []
    assert act.receipt is not None
    return {
        "format": "sijill-consent/1", "items": [one.name for one in items], "audiences": list(audiences),
        "answer": said, "withdrawn": withdraw, "dossiers": [d for d in left if d["audience"] in audiences],
        **act.receipt.document(),
    }  # fmt: skip


def _check_call(
    item: str | None, person: str | None, audience: str | None, said: str, withdraw: bool, reason: str
) -> None:
    if (item is None) == (person is None):
        raise InputError("name an ITEM or a --person, one of the two", code="usage")
    if person is not None and not withdraw:
        raise InputError("for a whole person there is only --withdraw", code="usage")
    if not withdraw and audience not in AUDIENCES:
        near = nearest(audience or "", AUDIENCES)
        hint = f"did you mean {near}? " if near else ""
        raise InputError(f"there is no audience {visible(audience or '')}", hint=f"{hint}one of {', '.join(AUDIENCES)}")
    if said not in VOCABULARY["answer"]:
        raise InputError(f"an answer is one of {', '.join(VOCABULARY['answer'])}", code="usage")
    if not reason.strip():
        raise InputError("an answer needs its reason: who said so, when, how", hint="--reason TEXT")


def recall_notice(document: dict[str, Any]) -> str:
    """Draft a notice to those who have a dossier, in English and Arabic. Names no person and no item's content."""
    blocks = []
    for one in document["dossiers"]:
        items = ", ".join(one["items"])
        to = one["recipient"] or f"[name; audience {one['audience']}]"
        audience = told(Term("audience", one["audience"]), "ar")
        blocks.append(
            f"To: {to}\n"
            f"Dossier {one['code']}, number {one['number']}, of {one['left']}\n"
            f"(tagmanifest-sha256.txt: {one['tagmanifest_sha256']})\n\n"
            f"Consent to hand over the following to you has been withdrawn: {items}.\n"
            "Please stop using it, tell us who received it from you, and confirm in writing when your copies\n"
            "have been destroyed or sealed. The rest of the dossier is not affected.\n\n"
            "[date, name, office, signature]\n\n"
            f"إلى: {one['recipient'] or f'[الاسم؛ الجهة: {audience}]'}\n"
            f"ملف الأدلة {one['code']}، رقم {one['number']}، بتاريخ {one['left']}\n"
            f"(tagmanifest-sha256.txt: {one['tagmanifest_sha256']})\n\n"
            f"سُحبت الموافقة على تسليمكم ما يلي: {items}.\n"
            "نرجو التوقف عن استعماله، وإعلامنا بمن تسلّمه منكم، وتأكيد إتلاف نسخكم منه أو ختمها كتابةً.\n"
            "ولا يتأثر باقي الملف.\n\n"
            "[التاريخ، الاسم، الجهة، التوقيع]\n"
        )
    return ("-" * 72 + "\n").join(blocks)


def person_document(db: Any, pseudonym: str) -> dict[str, Any]:
    """Give `sijill-source/1`: every case, item and past dossier of one person. Raises NotFound."""
    person = find_person(db, pseudonym)
    return {
        "format": "sijill-source/1",
        "pseudonym": pseudonym,
        "sources": [{"id": one.name, "kind": one.fields.get("kind")} for one in person.sources],
        "cases": sorted({one.code for one in person.sources}),
        "items": [
            {"id": one.name, "kind": one.fields.get("kind"), "withdrawn": one.withdrawn is not None,
             "answers": answers_of(db, one)}
            for one in person.items
        ],
        "dossiers": dossiers_with(db, person.items),
    }  # fmt: skip


def answers_of(db: Any, item: Kept) -> dict[str, str]:
    """Give the answer that counts for each audience: the newest recorded one, else the one handed in."""
    noun = "consent" if item.fields.get("kind") == "statement" else "release"
    answers = {
        about: str(item.fields[f"{noun}.{about}"]) for about in AUDIENCES if f"{noun}.{about}" in item.fields
    }
    for (text,) in db.execute("SELECT fields FROM act WHERE sub = ? AND t = 'consent.set' ORDER BY idx", (item.sub,)):
        fields = json.loads(text)
        if fields.get("audience") in AUDIENCES:
            answers[fields["audience"]] = str(fields.get("answer"))
    return answers


def in_words(document: dict[str, Any], lang: str = "en") -> str:
    """Say what was recorded and what already left, in `lang`."""
    comma = told(reason("comma"), lang)
    about = say("everybody", lang)
    if not document["withdrawn"]:
        about = comma.join(told(Term("audience", one), lang) for one in document["audiences"])
    answer, items = told(Term("answer", document["answer"]), lang), comma.join(map(visible, document["items"]))
    lines = [say("consent-now", lang, answer=answer, about=about, items=items)]
    if document["dossiers"]:
        number = len(document["dossiers"])
        lines.append(say("consent-left", lang, dossiers=counted(number, "dossier"), number=number))
        for one in document["dossiers"]:
            to = say("event-to", lang, to=visible(str(one["recipient"]))) if one["recipient"] else ""
            lines.append("  " + say(
                "consent-dossier", lang, code=visible(one["code"]), number=one["number"], at=one["left"],
                audience=told(Term("audience", one["audience"]), lang), to=to,
                items=comma.join(map(visible, one["items"])),
            ))  # fmt: skip
    return "\n".join(lines)
