"""Runs of text for the PDF: our own words, texts of the archive with their direction, numbers, digests.

Each run is plain data; what no font can show is spelled out on the way. A text
of the archive is isolated from the line it stands in (Unicode UAX 9, X5a to
X6a), so that it turns neither our words nor the text beside it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from archive.dossier import contents
from archive.dossier.glyphs import Printable
from archive.dossier.wording import Line, in_directions, say, spelled_apart
from archive.handed_over import Dossier
from evidence.reason import in_language

Block = dict[str, Any]
Run = dict[str, str]
_OPEN, _CLOSE = {"ltr": "\u2066", "rtl": "\u2067"}, "\u2069"


class Runs:
    """Makes the runs of one dossier in one language, and counts what it spelled out."""

    def __init__(
        self, dossier: Dossier, lang: str, thumbnails: Mapping[str, str], signer: str,
        correction: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.dossier, self.lang, self.thumbnails, self.signer = dossier, lang, thumbnails, signer
        self.correction = correction
        self.printable = Printable()
        self.say = partial(say, lang)
        self.by_name = {e.record.label: e.bates for e in dossier.exhibits}
        self.numbers = {e.bates for e in contents.everything(dossier)}

    def w(self, text: str, kind: str = "w") -> Run:
        """Give our own words."""
        return {"t": self.printable(text), "k": kind}

    def o(self, text: object, kind: str = "o") -> Run:
        """Give a text of the archive, in its own direction."""
        return {"t": self.own(str(text)), "k": kind}

    def own(self, text: str) -> str:
        """Give a text of the archive as it is printed: in its own direction, which it does not hand on."""
        shown = self.printable(text)
        if self.lang == "en" and shown.isascii():
            return shown
        return "\n".join(isolated(apart(line), direction(text)) for line in shown.split("\n"))

    def r(self, text: str) -> list[Run]:
        """Give a reason of the evaluator, in the language of the document and in its direction."""
        shown = self.printable(in_language(text, self.lang))
        if self.lang == "en" and shown.isascii():
            return [{"t": shown, "k": "o"}]
        pieces = (isolated(piece, "ltr") if alone else piece for piece, alone in in_directions(shown, self.lang))
        return [{"t": isolated("".join(pieces), "rtl" if self.lang == "ar" else "ltr"), "k": "o"}]

    def n(self, text: str) -> Run:
        """Give a side remark."""
        return self.w(text, "n")

    def m(self, text: str) -> Run:
        """Give a digest or another text of a machine."""
        return {"t": self.printable(text), "k": "m", "d": "ltr"}

    def x(self, number: str, *, link: bool = False) -> Run:
        """Give an exhibit number, leading to its exhibit."""
        shown = self.printable(number)
        alone = isolated(shown, "ltr") if self.lang == "ar" else shown
        return {"t": alone, "k": "x", "d": "ltr", **({"to": number} if link else {})}

    def exhibit(self, name: object) -> Run:
        """Give the number of an exhibit that is named by its id or number."""
        number = self.by_name.get(str(name), str(name))
        return self.x(number, link=True) if number in self.numbers else self.o(name)

    def answer(self, answer: str) -> Run:
        """Give an answer of the weighing."""
        return self.w(self.say(f"answer_{answer}"), f"answer-{answer}")

    def told(self, given: Sequence[Line]) -> list[list[Run]]:
        """Give lines of labels and texts as the facts of a record have them."""
        found = []
        for line in given:
            row: list[Run] = []
            for number, (name, text) in enumerate(line):
                row += [self.w(" · ")] if number else []
                row += [self.n(f"{name}: ")] if name else []
                row += [self.o(text)] if text else []
            found.append(row)
        return found

    def h1(self, key: str) -> Block:
        """Give the heading of a section, by the key of its words."""
        return {"b": "h1", "t": self.say(key)}

    def h2(self, text: str) -> Block:
        """Give a heading below it, in our own words."""
        return {"b": "h2", "r": [self.w(text)]}

    def p(self, text: str) -> Block:
        """Give a paragraph of our own words."""
        return {"b": "p", "r": [self.w(text)]}

    def note(self, text: str) -> Block:
        """Give a side remark of our own words."""
        return {"b": "note", "r": [self.w(text)]}


def isolated(text: str, way: str) -> str:
    """Give a line in its direction, isolated from what stands before and after it."""
    return f"{_OPEN[way]}{text}{_CLOSE}"


def apart(text: str) -> str:
    """Give a line in which characters that were spelled out stand in their own direction: in Arabic they would turn."""
    return "".join(isolated(piece, "ltr") if spelled else piece for piece, spelled in spelled_apart(text))


def direction(text: str) -> str:
    """Give the direction of a text as it was written, by its first strong character: ltr or rtl."""
    for character in text[:2000]:
        kind = unicodedata.bidirectional(character)
        if kind in ("L", "R", "AL"):
            return "ltr" if kind == "L" else "rtl"
    return "ltr"
