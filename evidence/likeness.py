"""What looks like what: pictures by how they look, texts by the runs of letters they share. Suggested, never joined.

    V2 looks like V1: 3 of 128 bits of how they look differ
    D2 shares its text with D1: 93 of 100 runs of 24 letters of D1 stand in D2 too

Two marks tell how alike two items are, and nothing more: a person decides, by
recording a relation. Of many copies each is told with one other, and what has
the same bytes or a relation already is not told again. A translation, a
recording, and one scene taken from two places are not found by this.

`evidence.likeness_marks` says what a mark is, and makes them; nothing here opens
a file or remembers anything.
"""

from __future__ import annotations

import shlex
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from evidence.docket import Case, Relation
from evidence.reason import Reason, reason, told
from evidence.redaction import PICTURES
from schemas.case import named
from schemas.text import visible

BITS = 128
WHOLE_BITS, PART_BITS = 15, 20  # so many may differ: of two whole pictures, of one and a part of the other
RUN = 24  # letters: about five words
SHARE = 0.5  # of the runs of the shorter text
MOST_CUT = 300  # pictures of one case among which parts are looked for
COMPARED = ("imagery", "document", "statement")  # two who heard one radio message are no copies
TEXTS = frozenset((
    "text/plain", "text/markdown", "text/html", "text/csv", "text/tab-separated-values", "application/pdf",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
))  # fmt: skip
NOT_LOOKED_AT = reason("likeness-when-named", command="`sijill check CODE`")
WHY = tuple(reason(f"likeness-{code}") for code in ("flat", "no-text", "few-words", "no-time", "large", "gone"))
FLAT, NO_TEXT, FEW_WORDS, NO_TIME, LARGE, GONE = WHY

_LEAST_RUNS = 8  # that must be known of both for a share to be told
_BAND = 16  # bits; of 8 bands one differs in at most one bit where two marks differ in at most WHOLE_BITS
_COMMON = 50  # copies of one picture, or texts that share a run; beyond, each is compared with the first alone
_KEPT_FROM_US = {"consent_withdrawn", "disposed"}


def form_of(media_type: str) -> str | None:
    """Give how a file of this type is compared: `picture`, `text`, or None."""
    return "picture" if media_type in PICTURES else "text" if media_type in TEXTS else None


# -- two marks


def bits_apart(one: bytes, other: bytes) -> tuple[int, str] | None:
    """Give how many bits two pictures differ in, and what they are: `whole`, or which is a `part`: `one` or `other`.

    None where they do not look alike.
    """
    first, second = _bits(one), _bits(other)
    apart = (first[0] ^ second[0]).bit_count()
    if apart <= WHOLE_BITS:
        return apart, "whole"
    part, which = min(
        (min(((a ^ b).bit_count() for b in many), default=BITS), name)
        for a, many, name in ((first[0], second[1:], "one"), (second[0], first[1:], "other"))
    )
    return (part, which) if part <= PART_BITS else None


def _bits(one: bytes) -> list[int]:
    return [int.from_bytes(one[at : at + 16], "big") for at in range(0, len(one), 16)]


def share(one: bytes, other: bytes) -> float | None:
    """Give the share of the runs of the shorter text that stand in the other; None where too few can be compared."""
    return _share(_runs(one), _runs(other))


Runs = tuple[int, frozenset[bytes], bytes]  # how many, the smallest hashes, the largest of those


def _runs(one: bytes) -> Runs:
    count, hashes = struct.unpack(">I", one[:4])[0], [one[at : at + 8] for at in range(4, len(one), 8)]
    return count, frozenset(hashes), hashes[-1] if count > len(hashes) else b"\xff" * 8


def _share(one: Runs, other: Runs) -> float | None:
    bound = min(one[2], other[2])  # below it both are known whole
    shorter, longer = sorted((one, other), key=lambda runs: runs[0])
    known = [run for run in shorter[1] if run <= bound]
    return sum(run in longer[1] for run in known) / len(known) if len(known) >= _LEAST_RUNS else None


# -- many


@dataclass(frozen=True)
class Thing:
    """An item that is compared; `mark` is None where it could not be, and `why` says so. `rank`: its registration."""

    code: str
    id: str
    rank: int
    form: str
    digest: str
    media_type: str = ""
    mark: bytes | None = None
    why: Any = field(default_factory=lambda: NOT_LOOKED_AT)  # a reason, or what a decoder said

    @property
    def name(self) -> str:
        """Give its name in the archive, `CODE/ID`."""
        return named(self.id, self.code, "")


@dataclass(frozen=True)
class Likeness:
    """An item, an earlier one that it looks like, by how much, and the relation that would say so."""

    item: Thing
    like: Thing
    apart: int | None = None  # bits of a picture
    part: str = "whole"
    share: float | None = None  # of the runs of the shorter text

    @property
    def reason(self) -> Reason:
        """Say it, carefully."""
        one, other = self.item, self.like
        near = reason("likeness-far", id=other.id, code=other.code) if one.code != other.code else other.id
        if self.share is not None:
            return reason("likeness-text", a=one.id, b=near, share=round(100 * self.share), run=RUN)
        return reason(f"likeness-{self.part}", a=one.id, b=near, apart=self.apart, bits=BITS)

    @property
    def command(self) -> str:
        """Give the command that makes it a relation, should a person find that it is one."""
        one, other = self.item, self.like
        of = ["--of", named(other.id, other.code, one.id.rpartition("/")[0] or one.code)]
        of = of if one.code == other.code else ["--external", other.name]
        return shlex.join(["sijill", "relation", "add", one.name, "--type", "copy_of", *of, "--reason", "…"])

    def document(self) -> dict[str, Any]:
        """Give the member of `suggestions`."""
        found: dict[str, Any] = {"item": self.item.name, "like": self.like.name, "form": self.item.form}
        if self.share is not None:
            found |= {"share_percent": round(100 * self.share), "run_letters": RUN}
        else:
            found |= {"bits_apart": self.apart, "of_bits": BITS, "part": self.part != "whole"}
        return {**found, "because": told(self.reason), "command": self.command}


@dataclass
class Likenesses:
    """What was found among some items, how many were compared, and which could not be."""

    suggestions: list[Likeness] = field(default_factory=list)
    compared: int = 0
    not_compared: list[tuple[str, Any]] = field(default_factory=list)  # item, because
    looked: bool = True  # whether anybody has looked at all

    def of(self, name: str) -> Likenesses:
        """Give what is told of one item."""
        about = [one for one in self.suggestions if name in (one.item.name, one.like.name)]
        return Likenesses(about, self.compared, [one for one in self.not_compared if one[0] == name], self.looked)

    def document(self) -> dict[str, Any] | None:
        """Give the member `likeness`; None where nobody has looked."""
        if not self.looked:
            return None
        return {
            "compared": self.compared,
            "not_compared": [{"item": name, "because": told(why)} for name, why in self.not_compared],
            "suggestions": [one.document() for one in self.suggestions],
        }

    def text(self, lang: str = "en") -> str:
        """Say it in words; empty where nothing is to be told."""
        lines = []
        if self.suggestions:
            lines.append(told(reason("likeness-head"), lang))
            lines += [f"  {told(one.reason, lang)}\n    {one.command}" for one in self.suggestions]
        failed = [f"  {name}: {told(why, lang)}" for name, why in self.not_compared if why != NOT_LOOKED_AT]
        lines += [told(reason("likeness-failed"), lang), *failed] if failed else []
        return visible("".join(f"{line}\n" for line in lines), lines=True)


def why_of(text: str) -> Any:
    """Give the reason that a limited process said in English; what it is none of stays as it is."""
    return next((one for one in WHY if told(one) == text), text)


def things(case: Case) -> list[Thing]:
    """Give the items of a case that are compared. What is withdrawn, erased, or withheld from the team never is."""
    code = str(case.record.get("code", ""))
    found = []
    for item in case.items:
        kind, digest = item.record.get("kind"), item.record.get("blake3")
        form = form_of(str(item.record.get("media_type", "")))
        if kind not in COMPARED or not digest or form is None or item.withdrawn or item.excluded & _KEPT_FROM_US:
            continue
        if item.record.get("release.internal") != "no":
            media_type = str(item.record["media_type"])
            found.append(Thing(code, item.id, item.index, form, str(digest), media_type))
    return found


def pairs_of(code: str, relations: Iterable[Relation]) -> list[tuple[str, str]]:
    """Give the pairs of items, by their names in the archive, that relations of a case are about."""
    return [
        (named(one.item, code, ""), named(one.of, code, "") if one.of is not None else str(one.external))
        for one in relations
    ]


def likenesses(
    every: Sequence[Thing], joined: Iterable[tuple[str, str]] = (), undone: Iterable[tuple[str, str]] = ()
) -> Likenesses:
    """Give what looks alike and is not joined yet, in the order of registration; of many copies each with one other.

    `joined` are pairs that a relation is about; `undone` those whose relation was withdrawn: somebody judged that
    they are not one, and they are not suggested again.
    """
    marked = sorted((thing for thing in every if thing.mark is not None), key=lambda thing: (thing.rank, thing.name))
    pairs = [*_pictures([one for one in marked if one.form == "picture"])]
    pairs += _texts([one for one in marked if one.form == "text"])
    house, first = _Houses(), dict[str, Thing]()
    for pair in joined:
        house.join(*pair)
    for thing in marked:
        house.join(first.setdefault(thing.digest, thing).name, thing.name)
    refused = {frozenset(pair) for pair in undone}
    found = [
        one
        for one in sorted(pairs, key=_in_order)
        if frozenset((one.item.name, one.like.name)) not in refused and house.join(one.item.name, one.like.name)
    ]
    missing = [(thing.name, thing.why) for thing in every if thing.mark is None]
    return Likenesses(found, len(marked), missing)


def _in_order(one: Likeness) -> tuple[int, str, int, str]:
    return one.item.rank, one.item.name, one.like.rank, one.like.name


class _Houses:
    """Names that belong together, however they came to."""

    def __init__(self) -> None:
        self._parent: dict[str, str] = {}

    def _find(self, name: str) -> str:
        while (parent := self._parent.get(name, name)) != name:
            self._parent[name] = self._parent.get(parent, parent)
            name = parent
        return name

    def join(self, one: str, other: str) -> bool:
        """Put two together; tells whether they were not yet."""
        first, second = self._find(one), self._find(other)
        self._parent[first] = second
        return first != second


def _pictures(pictures: Sequence[Thing]) -> Iterator[Likeness]:
    """Compare whole pictures over all cases, and with parts of each other within a case of at most MOST_CUT."""
    looks = [int.from_bytes((one.mark or b"")[:16], "big") for one in pictures]
    for late, early in _close(looks):
        yield Likeness(pictures[late], pictures[early], (looks[late] ^ looks[early]).bit_count())
    of_case: dict[str, list[Thing]] = {}
    for one in pictures:
        of_case.setdefault(one.code, []).append(one)
    for mine in of_case.values():
        for first, second in combinations(mine, 2) if len(mine) <= MOST_CUT else ():
            found = bits_apart(second.mark or b"", first.mark or b"")
            if found is not None and found[1] != "whole":
                yield Likeness(second, first, *found)


def _close(looks: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Give every pair (later, earlier) of at most WHOLE_BITS bits apart, without comparing each with each.

    Of more than _COMMON that look like one, those beyond stand behind it, and are compared with no later one.
    """
    turned = [1 << bit for bit in range(_BAND)]
    tables: list[dict[int, list[int]]] = [{} for _ in range(BITS // _BAND)]
    copies: Counter[int] = Counter()
    for place, look in enumerate(looks):
        bands = [look >> (number * _BAND) & 0xFFFF for number in range(len(tables))]
        near: set[int] = set()
        for band, table in zip(bands, tables, strict=True):
            for key in (band, *(band ^ one for one in turned)):
                near.update(table.get(key, ()))
        close = sorted(one for one in near if (look ^ looks[one]).bit_count() <= WHOLE_BITS)
        yield from ((place, one) for one in close)
        copies.update(close[:1])
        if not close or copies[close[0]] <= _COMMON:
            for band, table in zip(bands, tables, strict=True):
                table.setdefault(band, []).append(place)


def _texts(texts: Sequence[Thing]) -> Iterator[Likeness]:
    runs = [_runs(one.mark or b"") for one in texts]
    owners: dict[bytes, list[int]] = {}
    shared: Counter[tuple[int, int]] = Counter()
    for place, (_, hashes, _) in enumerate(runs):
        for run in hashes:
            mine = owners.setdefault(run, [])
            shared.update((place, one) for one in (mine if len(mine) < _COMMON else mine[:1]))
            mine.append(place)
    for (late, early), count in shared.items():
        part = _share(runs[late], runs[early]) if count >= _LEAST_RUNS // 2 else None
        if part is not None and part >= SHARE:
            yield Likeness(texts[late], texts[early], share=part)

