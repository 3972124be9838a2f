"""Names of persons that an archive knows in clear, looked for in what leaves: warnings before anything is written.

Knows operators, and those whom the records of the case name as interviewer,
interpreter, translator, analyst or holder. A name that leaves in a field of its
own is no secret of this dossier. A name is found in any case, in every usual
spelling and behind the prefixes that an Arabic word takes up. What is sealed is
not known here, and a name in other letters is not found: people read. No
warning repeats a name.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from archive.handed_over import Dossier, Exhibit
from archive.pictures import Copies
from archive.unsaid import Hidden
from evidence.naming import Names
from evidence.reason import FIELD, Sentence, Term, reason, sentence

if TYPE_CHECKING:
    from archive.workers import Saying

MOST_BYTES = 16 << 20  # of a file that is searched
PERSONS = ("interviewer", "interpreter", "translator", "checked_by", "assessor", "reviewed_by")
_HOLDERS = ("by", "to")
_SHORTEST, _SHORTEST_IN_FILES = 3, 4  # letters; the text of a file is compared without its blanks


def known(db: Any, code: str) -> set[str]:
    """Give the names that operators have and that records and custody of a case hold."""
    found = {str(name) for (name,) in db.execute("SELECT id FROM record WHERE kind = 'key' AND id IS NOT NULL")}
    for (text,) in db.execute("SELECT fields FROM record WHERE code = ? AND kind IN ('item', 'link')", (code,)):
        found |= _named(json.loads(text), PERSONS)
    for (text,) in db.execute(
        "SELECT a.fields FROM record r JOIN act a ON a.sub = r.sub WHERE r.code = ? AND r.kind = 'item'"
        " AND a.t IN ('custody.prior', 'custody.transfer')", (code,),
    ):  # fmt: skip
        found |= _named(json.loads(text), _HOLDERS)
    return {name for name in found if len(name) >= _SHORTEST}


def _named(fields: Mapping[str, Any], names: Iterable[str]) -> set[str]:
    return {str(fields[name]) for name in names if fields.get(name)}


def told_otherwise(
    dossier: Dossier, names: Iterable[str], copies: Copies, progress: Saying | None = None
) -> Iterator[Sentence]:
    """Say of each text that leaves, and of each file with text, that it names somebody whose name does not leave."""
    staying = sorted(set(names) - _leaving(dossier))
    if not staying:
        return
    exact, spelled = Hidden(staying), Names(staying)
    texts: list[tuple[Any, Mapping[str, Any]]] = [(reason("the-case-itself"), dossier.case.fields)]
    texts += [(e.bates, e.record.fields) for e in dossier.exhibits]
    texts += [
        (reason(f"of-{r.kind}", id=str(r.fields.get("id"))), r.fields)
        for r in (*dossier.sources, *dossier.links, *dossier.relations)
    ]
    for where, fields in texts:
        for name, value in fields.items():
            if name not in PERSONS and (exact.spoken_in(value) or spelled.spoken_in(value)):
                yield sentence(reason("named-in-field", where=where, field=Term(FIELD, name)))
    for done, exhibit in enumerate(dossier.exhibits):
        if progress is not None:
            progress("looking for names that stay", done, len(dossier.exhibits))
        yield from _in_file(exhibit, staying, copies)


def _in_file(exhibit: Exhibit, names: Iterable[str], copies: Copies) -> Iterator[Sentence]:
    """Look into a file that goes out as it is, in a child process with limits."""
    file = exhibit.file
    if file is None or exhibit.form != "original" or not _holds_text(file.media_type):
        return
    wanted = [name for name in names if len("".join(name.split())) >= _SHORTEST_IN_FILES]
    if not wanted:
        return
    small = file.digests.size <= MOST_BYTES
    found = copies.spoken(file.source, file.media_type, wanted) if small else None
    if found is None:
        yield sentence(reason("named-untold", where=exhibit.bates))
    elif found:
        yield sentence(reason("named-in-file", where=exhibit.bates))


def _holds_text(media_type: str) -> bool:
    return media_type.startswith("text/") or media_type == "application/pdf" or "officedocument" in media_type


def _leaving(dossier: Dossier) -> set[str]:
    """Give the names that this dossier tells in their own fields."""
    found = set(dossier.operators.values())
    for record in (*(e.record for e in dossier.exhibits), *dossier.links):
        found |= _named(record.fields, PERSONS)
    for exhibit in dossier.exhibits:
        for event in exhibit.custody:
            found |= _named(event.fields or {}, _HOLDERS) | ({event.by} if event.told else set())
    return found
