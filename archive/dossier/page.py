"""The page of a dossier: one HTML file a language, without script, that reads without a network.

Takes a `Dossier` and nothing wider. Every text of the archive stands in a
`<bdi>` with control and direction characters spelled out, so that no name can
turn the line it stands in.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial
from importlib import resources
from typing import IO, Any

from archive.dossier import contents, map_drawing, places, timeline
from archive.dossier.axis import axis
from archive.dossier.wording import (
    CASE_FACTS,
    ITEM_FACTS,
    LANGUAGES,
    facts,
    in_directions,
    instant,
    reader_name,
    reading_facts,
    say,
    span,
    spelled_apart,
    when,
    word,
)
from archive.handed_over import Dossier
from evidence.reason import in_language as said_in
from schemas.fields import in_language
from schemas.sentences import retold
from schemas.text import visible


def position(point: places.Point) -> str:
    """Give a position in degrees, to as many places as it was told with."""
    lat, lon = point.degrees
    digits = 1 if point.kind == "coarse" else 6
    return f"{lat:.{digits}f}, {lon:.{digits}f}"


@cache
def _environment() -> Any:
    from jinja2 import Environment

    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["own"] = _own
    environment.globals |= {"position": position, "retold": retold}
    environment.globals.update({f.__name__: f for f in (span, when, facts, reading_facts, word, instant, reader_name)})
    return environment


def _own(text: object, lang: str | None = None) -> Any:
    """Give a text of the archive, isolated from the line it stands in."""
    return _isolated(spelled_apart(visible(str(text), lines=True)), lang)


def _isolated(pieces: Iterable[tuple[str, bool]], lang: str | None) -> Any:
    """Isolate a text from its line; those of its pieces that run from left to right by themselves are not broken."""
    from markupsafe import Markup, escape

    tongue = Markup(' lang="{}" dir="{}"').format(lang, "rtl" if lang == "ar" else "ltr") if lang else ""
    alone = Markup('<bdi class="alone" dir="ltr">{}</bdi>')
    text = Markup("").join(alone.format(piece) if ltr else escape(piece) for piece, ltr in pieces)
    return Markup("<bdi{}>{}</bdi>").format(tongue, text)


def writer(
    dossier: Dossier, lang: str, thumbnails: Mapping[str, str], signer: str,
    correction: Mapping[str, Any] | None = None,
) -> Callable[[IO[str]], None]:  # fmt: skip
    """Give what writes the page in `lang`, piece by piece.

    `thumbnails` are paths below data/ by exhibit number, `signer` is a fingerprint,
    `correction` what changed since a dossier that this one supersedes.
    """
    made = _environment().from_string((resources.files("archive.dossier") / "index.html.j2").read_text("utf-8"))
    context = _context(dossier, lang) | {"thumbnails": thumbnails, "signer": signer}
    context["correction"] = correction
    context["corrections"] = contents.corrections(lang, correction) if correction else []
    context["sections"] = [name for name in contents.SECTIONS if correction or name != "corrections"]

    def write(file: IO[str]) -> None:
        stream = made.stream(context)
        stream.enable_buffering(64)
        file.writelines(stream)

    return write


def _reason(lang: str, text: str) -> Any:
    """Give a reason of the evaluator in `lang`, isolated as a text of the archive is, since it holds such."""
    return _isolated(in_directions(visible(said_in(text, lang), lines=True), lang), lang)


def _context(dossier: Dossier, lang: str) -> dict[str, Any]:
    found = timeline.moments(dossier)
    return {
        "d": dossier, "lang": lang, "direction": "rtl" if lang == "ar" else "ltr", "say": partial(say, lang),
        "other": "ar" if lang == "en" else "en", "pages": LANGUAGES, "everything": contents.everything(dossier),
        "by_name": {e.record.label: e for e in dossier.exhibits},
        "numbers": {e.bates: e for e in dossier.exhibits},
        "moments": found, "axis": axis(found, lang, dossier.code),
        "map": map_drawing.draw(places.points(dossier, lang), say(lang, "map_alt")), "glossary": contents.GLOSSARY,
        "case_facts": CASE_FACTS, "item_facts": ITEM_FACTS, "title": partial(in_language, lang=lang),
        "claims": contents.claims(dossier), "open_contradictions": contents.open_contradictions(dossier),
        "lacking": contents.lacking(dossier), "standard": dossier.standard_named, "says": contents.asked(dossier, lang),
        "reason": partial(_reason, lang),
        "root": base64.b64encode(dossier.proof.root).decode(), "who": partial(contents.who, dossier, lang),
        "event_name": partial(contents.event_name, lang), "event_time": contents.event_time,
        "gap_before": contents.gap_before, "relations_of": partial(contents.relations_of, dossier),
        "text_of": contents.text_of, "translations_of": partial(contents.translations_of, dossier),
    }  # fmt: skip
