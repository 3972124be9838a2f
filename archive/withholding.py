"""What may leave of an item, and why not: consent, release, kind of file, copies made for an audience.

Part of the one door `archive.release`, which alone calls it. An answer that is
missing or cannot be read withholds. A redacted copy never overrules a no; it
stands for a file that could not leave otherwise. What copies, translates or
derives from something withheld, or from something that leaves redacted, is
withheld with it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from archive.handed_over import WITHHELD, Rendition, Request
from archive.pictures import Copies, Made
from archive.show import Kept
from evidence.redaction import CLEANABLE
from schemas.audience import may_see

if TYPE_CHECKING:
    from archive.open import Archive
    from archive.workers import Saying

STRICT = ("partner", "public")  # those who get no file that could say more than what is seen or heard in it
PLAIN = frozenset(("text/plain", "text/csv", "text/tab-separated-values"))  # nothing in them but what is read
TIED = ("translation_of", "derived_from", "copy_of")
ALONE = ("withdrawn", "erased", "not_chosen", "unstrippable")  # say nothing of what is tied to the item
ASKED_FOR = ("document", "intercept", "statement")  # leave for the strict only where somebody answered


@dataclass(frozen=True)
class Decision:
    """One item: why it is withheld (a key of WITHHELD, and words), or in what form its file leaves."""

    why: str = ""
    said: str = ""
    released: bool = False  # its own consent or release says yes to this audience
    form: str = "none"  # original, stripped, redacted, none
    copy: Made | None = None
    rendition: Rendition | None = None


@dataclass
class Decisions:
    """The decisions on all items of a case, by subject."""

    archive: Archive
    db: Any
    request: Request
    copies: Copies
    progress: Saying | None = None
    made: dict[str, Decision] = field(default_factory=dict)

    def decide(self, items: Sequence[Kept], relations: Sequence[Kept]) -> Mapping[str, Decision]:
        """Decide on every item; `relations` are those that stand."""
        answers = {r.sub: self._asked(r) for r in items}
        renditions = {r.sub: self._rendition(r) for r in items}
        early = {r.sub: self._early(r, answers[r.sub], renditions[r.sub]) for r in items}
        early |= self._tied(items, relations, early, renditions)
        for done, item in enumerate(items):
            if self.progress is not None:
                self.progress("deciding what leaves", done, len(items))
            decision = early[item.sub] or self._form(item, answers[item.sub], renditions[item.sub])
            self.made[item.sub] = decision
        late = {sub: one if one.why else None for sub, one in self.made.items()}
        for sub, found in self._tied(items, relations, late, renditions).items():
            if found is not None and not self.made[sub].why:
                self.made[sub] = found
        return self.made

    def _early(self, item: Kept, answers: Sequence[str], rendition: Rendition | None) -> Decision | None:
        """Give why it may not leave, whatever its file is like; None where nothing says so."""
        if "erased" in item.fields:
            return Decision("erased")
        if item.withdrawn is not None:
            return Decision("withdrawn")
        kind = item.fields.get("kind")
        if kind is None or "id" not in item.fields:
            return Decision("erased")
        for answer in answers:
            if answer != "yes":
                return Decision(answer if answer in WITHHELD else "unclear")
        if self.request.audience in STRICT and not answers and rendition is None:
            shows = kind == "imagery" and (
                item.fields.get("medium") == "video" or item.fields.get("persons_visible") != "no"
            )
            if kind in ASKED_FOR or shows:
                return Decision("missing")
        if item.label in self.request.withhold:
            return Decision("asked", self.request.withhold[item.label])
        if self.request.items is not None and item.label not in self.request.items:
            return Decision("not_chosen")
        return None

    def _asked(self, item: Kept) -> list[str]:
        """Give every answer that counts for this audience: consent, release, and what was answered later."""
        audience, fields = self.request.audience, item.fields
        default = "yes" if audience == "internal" else "missing"
        answers = []
        if fields.get("kind") == "statement":
            answers.append(str(fields.get(f"consent.{audience}", default)))
        if any(name.startswith("release.") for name in fields):
            answers.append(str(fields.get(f"release.{audience}", default)))
        later = self._later_answer(item)
        if later is not None:
            answers[:1] = [later]
        return answers

    def _later_answer(self, item: Kept) -> str | None:
        """Give the newest answer recorded after intake for this audience, if there is one."""
        answer = None
        for (text,) in self.db.execute(
            "SELECT fields FROM act WHERE sub = ? AND t = 'consent.set' ORDER BY idx", (item.sub,)
        ):
            said = json.loads(text)
            about = said.get("audience")
            if about is None:
                answer = "unclear"
            elif about in (self.request.audience, "all", "*"):
                answer = str(said.get("answer", "unclear"))
        return answer

    def _rendition(self, item: Kept) -> Rendition | None:
        """Give the newest redacted copy that was made for this audience."""
        found, number = None, 0
        for index, body, text in self.db.execute(
            "SELECT idx, body, fields FROM act WHERE sub = ? AND t = 'blob.add' ORDER BY idx", (item.sub,)
        ):
            if json.loads(body).get("role") != "rendition":
                continue
            number += 1
            fields = json.loads(text)
            if fields.get("audience") == self.request.audience and "blake3" in fields:
                found = Rendition(index, number, fields)
        return found

    def _form(self, item: Kept, answers: Sequence[str], rendition: Rendition | None) -> Decision:
        """Say in what form the file of an item leaves that may leave."""
        released = bool(answers)
        audience, fields = self.request.audience, item.fields
        if rendition is not None:
            return Decision(released=released, form="redacted", rendition=rendition)
        if "blake3" not in fields:
            return Decision(released=released)
        kind, media_type = str(fields["kind"]), str(fields.get("media_type", ""))
        if not may_see(audience, ("file",), kind, released=released):
            # a log's rows leave without the log; of every other kind the file is the exhibit
            return Decision(released=released) if kind == "flight_log" else Decision("kind")
        if audience not in STRICT or media_type in PLAIN:
            return Decision(released=released, form="original")
        if media_type not in CLEANABLE:
            return Decision("unstrippable")
        made = self.copies.clean(self.archive.objects.path(str(fields["blake3"])), media_type)
        if isinstance(made, str):
            return Decision("unstrippable")
        return Decision(released=released, form="stripped", copy=made)

    def _tied(
        self, items: Sequence[Kept], relations: Sequence[Kept], known: Mapping[str, Decision | None],
        renditions: Mapping[str, Rendition | None],
    ) -> dict[str, Decision | None]:
        """Give the decisions as they are once what is tied to a guarded item is guarded too."""
        found = dict(known)
        ties = _Ties(items, relations)
        guarded = [sub for sub, one in known.items() if one is not None and one.why not in ALONE]
        _spread(guarded, ties.below, found, "rests_on", set())
        covered = {r.sub for r in items if renditions[r.sub] is not None and found[r.sub] is None}
        beside = {other for sub in covered for other in ties.around(sub)} - covered
        shown = [sub for sub in beside if found[sub] is None]
        for sub in shown:
            found[sub] = Decision("uncovered")
        _spread(shown, ties.below, found, "rests_on", covered)
        return found


class _Ties:
    """Which items show the same: by their bytes, or by a relation."""

    def __init__(self, items: Sequence[Kept], relations: Sequence[Kept]) -> None:
        sub_of = {r.label: r.sub for r in items}
        same: dict[Any, set[str]] = {}
        for item in items:
            if "sha256" in item.fields:
                same.setdefault(item.fields["sha256"], set()).add(item.sub)
        self._twins = {r.sub: same.get(r.fields.get("sha256"), set()) - {r.sub} for r in items}
        self._rest: dict[str, set[str]] = {}
        self._on: dict[str, set[str]] = {}
        for relation in relations:
            upper, lower = (sub_of.get(str(relation.names(side))) for side in ("item", "of"))
            if relation.fields.get("as") in TIED and upper and lower:
                self._rest.setdefault(lower, set()).add(upper)
                self._on.setdefault(upper, set()).add(lower)

    def below(self, sub: str) -> set[str]:
        """Give what has the same bytes or rests on it."""
        return self._twins[sub] | self._rest.get(sub, set())

    def around(self, sub: str) -> set[str]:
        """Give that, and what it rests on."""
        return self.below(sub) | self._on.get(sub, set())


def _spread(
    start: Sequence[str], below: Callable[[str], set[str]], found: dict[str, Decision | None], why: str, but: set[str]
) -> None:
    """Withhold whatever is below `start`, all the way down, save what is in `but`."""
    waiting, seen = list(start), set(start)
    while waiting:
        for other in below(waiting.pop()) - seen - but:
            found[other] = found.get(other) or Decision(why)
            seen.add(other)
            waiting.append(other)
