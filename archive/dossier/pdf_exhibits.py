"""The pages of exhibits in a dossier's PDF, and the tables of their custody: as plain data, in their order.

Each exhibit begins a page of its own, from which its pages are numbered. A
text stands there whole, up to what a volume holds; beyond that it is said how
much more there is and in which file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from archive.dossier import contents
from archive.dossier.pdf_runs import Block, Run, Runs, apart, direction
from archive.dossier.wording import ITEM_FACTS, facts, instant, reader_name, reading_facts, word
from archive.handed_over import Event, Exhibit, Withheld
from schemas.fields import in_language
from schemas.sentences import retold

TOGETHER = 50  # exhibits whose custody stands in one table: one for each takes a third more memory, and paper


class ExhibitPages(Runs):
    """Composes what a dossier shows of its exhibits, in one language."""

    def list_of(self, everything: Sequence[Exhibit | Withheld]) -> Block:
        """Give the list of exhibits as a table, or that there is none."""
        heads = [self.say(head) for head in ("exhibit_number", "what_head", "file_here")]
        rows = [self._listed(one) for one in everything]
        return {"b": "table", "cols": [28, 47, 25], "heads": heads, "rows": rows} if rows else (
            self.p(self.say("no_exhibits"))
        )

    def pages_of(self, one: Exhibit | Withheld) -> Iterator[Block]:
        """Give the pages of one exhibit, or of one that is withheld."""
        yield from self._hidden(one) if isinstance(one, Withheld) else self._exhibit(one)

    def custody_of(self, exhibits: Sequence[Exhibit | Withheld]) -> Iterator[Block]:
        """Give the custody of exhibits as tables; of what is withheld there is none."""
        heads = ("when_head", "event_head", "who_head", "to_head", "purpose_head", "basis_head")
        shown = [one for one in exhibits if isinstance(one, Exhibit)]
        for start in range(0, len(shown), TOGETHER):
            rows = [row for e in shown[start : start + TOGETHER] for row in self._held(e)]
            yield {"b": "table", "cols": [24, 16, 22, 11, 15, 12], "heads": [self.say(h) for h in heads], "rows": rows}

    def _listed(self, one: Exhibit | Withheld) -> list[Any]:
        number = [[self.x(one.bates, link=True)]]
        if isinstance(one, Withheld):
            return [number, [[self.w(self.say("withheld"))]], []]
        return [number, [self._name(one)], [[self.w(self.say(f"form_{one.form}"))]]]

    def _name(self, e: Exhibit) -> list[Run]:
        title = in_language(e.record.fields, "title", self.lang)
        kind = word(self.lang, "item_kind", str(e.record.fields["kind"]))
        return [self.w(kind + " "), self.o(e.name), *([self.w(" – "), self.o(title)] if title else [])]

    def _hidden(self, one: Withheld) -> Iterator[Block]:
        yield {"b": "exhibit", "number": one.bates, "r": [self.x(one.bates), self.w("  " + self.say("withheld"))]}
        said = [self.w(" "), self.o(one.said)] if one.said else []
        yield {"b": "p", "r": [self.w(self.say(f"why_{one.why}")), *said]}
        yield {"b": "note", "r": [self.w(self.say("salted") + " "), self.m(one.digest)]}

    def _exhibit(self, e: Exhibit) -> Iterator[Block]:
        f = e.record.fields
        yield {"b": "exhibit", "number": e.bates, "r": [self.x(e.bates), self.w("  "), *self._name(e)]}
        if f.get("graphic"):
            yield self.note(self.say("graphic"))
        elif e.bates in self.thumbnails:
            alt = self.say("thumb_alt", bates=e.bates)
            yield {"b": "picture", "path": f"/{self.thumbnails[e.bates]}", "alt": alt, "width": 60}
        yield {"b": "facts", "rows": self._facts_of(e)}
        if not e.file:
            yield self.note(self.say("no_file"))
        yield from self._texts(e)
        for reading in e.readings:
            yield from self._reading(reading.fields)
        related = contents.relations_of(self.dossier, e)
        if related:
            yield {"b": "h3", "r": [self.w(self.say("relations"))]}
            yield {"b": "list", "l": [[self._relation(r)] for r in related]}

    def _facts_of(self, e: Exhibit) -> list[list[Any]]:
        f, say = e.record.fields, self.say
        source = [self.w(say("unknown_source"))]
        if e.source:
            named = e.source.get("pseudonym") or e.source["id"]
            source = [self.o(named), self.w(f" ({word(self.lang, 'source_kind', str(e.source['kind']))})")]
        revised = [self.w(" (" + say("revised", n=e.record.revisions) + ")")] if e.record.revisions else []
        rows: list[list[Any]] = [
            *([[say("also_numbered"), [[self.o(f"{scheme}: {number}")] for scheme, number in e.aliases.items()]]]
              if e.aliases else []),
            [say("source"), [source]],
            [say("registered"), [[self.o(instant(e.record.received)), *revised]]],
            *([name, self.told(lines)] for name, lines in facts(self.lang, f, ITEM_FACTS)),
        ]  # fmt: skip
        if f.get("file"):
            rows.append([say("original_name"), [[self.o(f["file"])]]])
        if e.file:
            size = self.w(f"{say(f'form_{e.form}')} · {say('bytes', n=e.file.digests.size)}")
            rows.append([say("file_here"), [[size], [self.m(e.path or "")]]])
            rows.append(["SHA-256", [[self.m(e.file.digests.sha256)]]])
            rows.append(["BLAKE3", [[self.m(e.file.digests.blake3)]]])
        if e.original:
            rows.append([say("original_digest"), [[self.m(e.original)]]])
        if e.rendition and e.rendition.fields.get("reason"):
            rows.append([say("redacted_why"), [[self.o(e.rendition.fields["reason"])]]])
        return rows

    def _texts(self, e: Exhibit) -> Iterator[Block]:
        f, own = e.record.fields, contents.text_of(e, contents.TEXT_PRINTED)
        if own:
            yield from self._text(self.say("text"), e, *own)
            for other in contents.translations_of(self.dossier, e):
                translated = contents.text_of(other, contents.TEXT_PRINTED)
                if translated:
                    yield from self._text(f"{self.say('translation')} {other.bates}", other, *translated)
        for key in ("transcript", "translation"):
            if f.get(key):
                yield {"b": "h3", "r": [self.w(self.say(key))]}
                yield self._quote(str(f[key]), "")

    def _text(self, head: str, e: Exhibit, text: str, more: int) -> Iterator[Block]:
        yield {"b": "h3", "r": [self.w(head)]}
        yield self._quote(text, str(e.record.fields.get("language", "")))
        if more:
            yield self.note(self.say("text_goes_on", n=more))

    def _quote(self, text: str, lang: str) -> Block:
        way = direction(text)
        known = lang if lang in ("ar", "en") else "ar" if way == "rtl" else "en"
        return {"b": "quote", "t": apart(self.printable(text.strip("\n"))), "d": way, "lang": known}

    def _reading(self, fields: Mapping[str, Any]) -> Iterator[Block]:
        told, warnings = reading_facts(self.lang, fields), fields.get("warnings", ())
        if not told and not warnings:
            return
        yield {"b": "h3", "r": [self.w(self.say("read_from"))]}
        rows: list[list[Any]] = [[name, [[self.o(value)]]] for name, value in told]
        if warnings:
            rows.append([self.say("warnings"), [self.r(retold(warning, self.lang)) for warning in warnings]])
        yield {"b": "facts", "rows": rows}
        if fields.get("tool"):
            yield self.note(self.say("read_by", tool=reader_name(fields)))

    def _relation(self, r: Mapping[str, Any]) -> list[Run]:
        found = [self.exhibit(r["item"]), self.w(f" {word(self.lang, 'relation', str(r['as']))} ")]
        found += [self.exhibit(r["of"])] if r.get("of") else [self.o(r["external"])] if r.get("external") else []
        return [*found, *([self.w(": "), self.o(r["reason"])] if r.get("reason") else [])]

    def _held(self, e: Exhibit) -> list[Any]:
        """Give the rows of one exhibit's custody, under its number."""
        note = [self.n("  " + self.say("no_gap"))] if not e.gaps else []
        rows: list[Any] = [{"of": [self.x(e.bates), self.w("  "), self.o(e.name), *note]}]
        for number, event in enumerate(e.custody):
            rows += [self.gap(what) for what in contents.gap_before(e, number)]
            own = event.fields or {}
            basis = (self.say("told") + " · " if event.told else "") + self.say("entry", n=event.entry)
            rows.append([
                [[self.o(contents.event_time(event))]], [[self.w(contents.event_name(self.lang, event))]],
                [self._who(event)],
                [[self.o(own["to"])]] if own.get("to") else [],
                [[self.o(own["purpose"])]] if own.get("purpose") else [], [[self.w(basis)]],
            ])  # fmt: skip
        rows += [self.gap(what) for what in contents.gap_before(e, len(e.custody))]
        return rows

    def _who(self, event: Event) -> list[Run]:
        if event.told or event.by in self.dossier.operators:
            return [self.o(contents.who(self.dossier, self.lang, event))]
        return [self.w(self.say("operator_key", key="")), self.m(event.by[:18] + "…")]

    def gap(self, what: str) -> list[Any]:
        """Give a gap in somebody's custody as a row of its own."""
        return [[[self.w(self.say("gap") + ": "), *self.r(what)]]]
