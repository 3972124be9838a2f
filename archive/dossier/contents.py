"""What a dossier tells, in the order in which it is told: claims with what bears on each, custody, texts.

Shared by page and PDF, so that both tell the same. Takes a `Dossier` and
nothing wider.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from archive.dossier.bag import stored
from archive.dossier.wording import instant, label, say, when, word
from archive.handed_over import Dossier, Event, Exhibit, Shown, Withheld
from archive.withholding import PLAIN
from schemas.sentences import in_words
from schemas.vocabulary import VOCABULARY

SECTIONS = (
    "finding", "corrections", "the_case", "claims", "timeline", "map", "exhibits", "custody", "method", "glossary",
    "verify",
)  # fmt: skip
GLOSSARY = (
    "exhibit_number", "original", "digest", "salted_digest", "metadata", "ledger", "checkpoint", "custody_word",
    "independent_word", "corroboration", "standard_word", "contradiction", "waiver", "withheld_word", "redacted_word",
    "utc", "uncertainty",
)  # fmt: skip
TEXT_SHOWN = 12_000  # characters of a text exhibit that are shown on the page
TEXT_PRINTED = 1_000_000  # and in the PDF: some 350 pages of a typewriter
_EVENTS = {
    "record.add": "accession", "custody.transfer": "transfer_event", "custody.accept": "accept_event",
    "custody.check": "check_event",
}  # fmt: skip


def everything(dossier: Dossier) -> list[Exhibit | Withheld]:
    """Give all exhibits by their numbers, those withheld among them."""
    both: list[Exhibit | Withheld] = [*dossier.exhibits, *dossier.withheld]
    return sorted(both, key=lambda one: one.rank)


def asked(dossier: Dossier, lang: str) -> dict[str, str]:
    """Give what each rule of the standard asks; a sentence of a packaged standard in `lang`, another as it stands."""
    return {rule: in_words(says, lang) for rule, says in dossier.standard_says.items()}


def lacking(dossier: Dossier) -> list[Mapping[str, Any]]:
    """Give the rules that are not met."""
    return [r for r in dossier.assessment.get("rules", ()) if r["answer"] not in ("met", "does_not_apply")]


def text_of(exhibit: Exhibit, most: int = TEXT_SHOWN) -> tuple[str, int] | None:
    """Give the first `most` characters of a text exhibit as it leaves, and how many bytes more there are.

    None for other kinds.
    Raises IntegrityError, UnreachableError.
    """
    file = exhibit.file
    if file is None or file.media_type not in PLAIN or exhibit.record.fields.get("kind") == "flight_log":
        return None
    with stored(file.source, exhibit.name) as opened:
        head = opened.read(4 * most)
    text = head.decode("utf-8-sig", "replace")[:most]
    return text, max(file.digests.size - len(text.encode()) - (3 if head.startswith(b"\xef\xbb\xbf") else 0), 0)


def translations_of(dossier: Dossier, exhibit: Exhibit) -> list[Exhibit]:
    """Give the exhibits that are translations of this one."""
    by_label = {e.record.label: e for e in dossier.exhibits}
    return [
        by_label[r.names["item"]]
        for r in dossier.relations
        if r.fields.get("as") == "translation_of"
        and r.names.get("of") == exhibit.record.label
        and r.names["item"] in by_label
    ]


def corrections(lang: str, found: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    """Give what changed since the dossier that is superseded, as (what, lines)."""
    told = [
        (say(lang, f"corrected_{name}"), [", ".join(found[name])])
        for name in ("added", "removed", "now_withheld", "no_longer_withheld")
        if found[name]
    ]
    changed = [f"{one['bates']}: {', '.join(_parts(lang, one))}" for one in found["changed"]]
    told += [(say(lang, "corrected_changed"), changed)] if changed else []
    if found["case_fields"]:
        names = ", ".join(label(lang, name) for name in found["case_fields"])
        told.append((say(lang, "corrected_case"), [names]))
    for kind in ("links", "relations"):
        ways = [f"{say(lang, f'way_{way}')}: {', '.join(ids)}" for way, ids in found[kind].items() if ids]
        told += [(say(lang, f"corrected_{kind}"), ways)] if ways else []
    if found["verdicts"]:
        told.append((say(lang, "corrected_verdicts"), [
            f"{say(lang, f'verdict_{name}')}: {_answer(lang, one['old'])} – {_answer(lang, one['new'])}"
            for name, one in found["verdicts"].items()
        ]))  # fmt: skip
    if found["standard_changed"]:
        told.append((say(lang, "standard_used"), [say(lang, "corrected_standard")]))
    return told


def _answer(lang: str, answer: str | None) -> str:
    return say(lang, f"answer_{answer}") if answer else "–"


def _parts(lang: str, one: Mapping[str, Any]) -> list[str]:
    parts = [label(lang, name) for name in one.get("fields", ())]
    parts += [say(lang, "corrected_file")] if "file" in one or "form" in one else []
    return [*parts, *([say(lang, "corrected_reason")] if "reason" in one else [])]


def claims(dossier: Dossier) -> list[tuple[str, Any, dict[str, list[Shown]]]]:
    """Give (facet, its weight, links by stance) for every facet that an exhibit was linked to."""
    found = []
    weights = dossier.assessment.get("facets", {})
    for facet in VOCABULARY["facet"]:
        links = [link for link in dossier.links if facet in link.fields.get("facets", ())]
        if links:
            stances = {s: [li for li in links if li.fields.get("stance") == s] for s in VOCABULARY["stance"]}
            found.append((facet, weights.get(facet, {}), stances))
    return found


def open_contradictions(dossier: Dossier) -> list[tuple[str, str, Shown | None]]:
    """Give (facet, id, link) for every contradiction that the assessment holds open; None where it is withheld."""
    links = {link.label: link for link in dossier.links}
    return [
        (facet, name, links.get(str(name)))
        for facet, weight in dossier.assessment.get("facets", {}).items()
        for name in weight.get("contradictions", ())
    ]


def who(dossier: Dossier, lang: str, event: Event) -> str:
    """Give who did something: a code as told, an operator's name where it may be seen, else the key."""
    if event.told:
        return event.by
    return dossier.operators.get(event.by) or say(lang, "operator_key", key=event.by)


def event_name(lang: str, event: Event) -> str:
    """Give what happened, in words."""
    if event.told:
        return word(lang, "custody_action", str((event.fields or {}).get("action", "")))
    return say(lang, _EVENTS[event.event])


def event_time(event: Event) -> str:
    """Give when it happened: a told time with its words, or the time of the entry."""
    return when(event.at) if event.told else instant(str(event.at))


def gap_before(exhibit: Exhibit, number: int) -> list[str]:
    """Give the gaps that stand before event `number` (from 0) of an exhibit's custody, as sentences."""
    return [gap["what"] for gap in exhibit.gaps if gap.get("before") == number]


def relations_of(dossier: Dossier, exhibit: Exhibit) -> list[Mapping[str, Any]]:
    """Give the relations in which an exhibit stands, on either side, with items called as this case calls them."""
    return [{**r.fields, **r.names} for r in dossier.relations if exhibit.record.label in r.names.values()]
