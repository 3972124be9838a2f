"""The parts of a dossier's PDF as plain data: headings, paragraphs, tables, pictures, in their order.

Tells what the page tells, from the same contents and words. Every text of the
archive goes in as data with its direction, and with what no font can show
spelled out.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from archive.dossier import contents, map_drawing, places, timeline
from archive.dossier.axis import axis
from archive.dossier.page import position
from archive.dossier.pdf_runs import Block, Run, Runs, apart, direction
from archive.dossier.wording import (
    CASE_FACTS,
    ITEM_FACTS,
    facts,
    instant,
    reader_name,
    reading_facts,
    span,
    word,
)
from archive.handed_over import Event, Exhibit, Shown, Withheld
from schemas.fields import in_language
from schemas.sentences import retold

TOGETHER = 50  # exhibits whose custody stands in one table: one for each takes a third more memory, and paper


class Parts(Runs):
    """Composes the document of one dossier in one language."""

    def document(self) -> dict[str, Any]:
        """Give the whole document."""
        d, title = self.dossier, in_language(self.dossier.case.fields, "title", self.lang) or self.dossier.code
        other = "ar" if self.lang == "en" else "en"
        second = str(d.case.fields.get(f"title.{other}", ""))
        blocks = _kept([block for part in self._sections() for block in part])
        return {
            "lang": self.lang, "id": d.id, "title": f"{d.id} · {self.say('dossier')}", "author": [],
            "description": self.printable(title), "banner": self.say("exercise") if d.exercise else "",
            "exercise": self.say("exercise") if d.exercise else "",
            "kicker": [self.w(f"{self.say('dossier')} · "), self.x(d.id)], "heading": self.own(title),
            "second": {"t": apart(self.printable(second)), "d": direction(second), "lang": other},
            "front": self._front(), "finding": self._finding(), "blocks": [*blocks, *self._spelled()],
        }  # fmt: skip

    # the front page

    def _front(self) -> list[list[Any]]:
        d, say = self.dossier, self.say
        who = [self.w(say(f"for_{d.audience}")), *([self.w(" · "), self.o(d.recipient)] if d.recipient else [])]
        return [
            [say("case_code"), [[self.o(d.code)]]], [say("prepared_for"), [who]],
            [say("purpose"), [[self.o(d.purpose) if d.purpose else self.w(say("not_stated"))]]],
            [say("date"), [[self.o(instant(d.date))]]],
            [say("ledger_state"), [[self.o(d.proof.origin), self.w(" · " + say("entries", n=d.proof.size))]]],
        ]  # fmt: skip

    def _finding(self) -> dict[str, Any]:
        d, say = self.dossier, self.say
        meets = {None: "meets_none", True: "meets_yes", False: "meets_no"}[d.assessment["meets"]]
        standard = d.standard_named
        rows: list[list[Any]] = [
            [say(f"verdict_{verdict}"), [[self.answer(answer)]]] for verdict, answer in d.assessment["verdicts"].items()
        ]
        named = [self.o(standard["id"]), self.w(f" · {say('version')} "), self.o(standard["version"])]
        rows.append([say("standard_used"), [named, [self.m(f"SHA-256 {standard['sha256']}")]]])
        says, careful = [self.w(say(meets))], [self.w(say("careful"))]
        return {"title": say("finding"), "says": says, "careful": careful, "rows": rows}

    # the sections

    def _sections(self) -> Iterator[Iterator[Block]]:
        yield self._open()
        yield self._corrected()
        yield self._case()
        yield self._claims()
        yield self._timeline()
        yield self._map()
        yield self._exhibits()
        yield self._custody()
        yield self._method()
        yield self._glossary()
        yield self._verify()

    def _open(self) -> Iterator[Block]:
        d, say = self.dossier, self.say
        yield self._h2(say("open_contradictions"))
        found = contents.open_contradictions(d)
        if found:
            yield {"b": "alarm", "l": [self._contradiction(*one) for one in found]}
        else:
            yield self._p(say("no_contradictions"))
        yield self._h2(say("waivers"))
        waivers = d.assessment.get("waivers", ())
        if waivers:
            yield {"b": "alarm", "l": [
                [self.o(one["rule"]), *([self.w(": "), *self.r(one["reason"])] if one.get("reason") else [])]
                for one in waivers
            ]}  # fmt: skip
        else:
            yield self._p(say("no_waivers"))
        unfitting = d.assessment.get("consistency", ())
        if unfitting:
            yield self._h2(say("unfitting"))
            yield self._note(say("unfitting_means"))
            yield {"b": "list", "l": [
                [[*self.r(one["one"]), self.w(" – "), *self.r(one["other"]),
                  self.w(f" ({say('difference')}: "), *self.r(one["difference"]), self.w(")")]]
                for one in unfitting
            ]}  # fmt: skip
        yield self._h2(say("lacking"))
        lacking = contents.lacking(d)
        if lacking:
            yield self._lacking(lacking)
            if not any(r["because"] for r in lacking):
                yield self._note(say("reasons_untold"))
        else:
            yield self._p(say("nothing_lacking"))
        if d.withheld:
            more = " " + say("withheld_links", n=d.not_shown["links"]) if d.not_shown["links"] else ""
            yield self._p(say("withheld_note", n=len(d.withheld)) + more)
        if d.not_shown.get("contradicting"):
            yield {"b": "alarm", "l": [[self.w(say("withheld_contradicting", n=d.not_shown["contradicting"]))]]}
        yield self._note(say("not_complete"))
        yield self._h2(say("contents"))
        yield {"b": "contents"}

    def _lacking(self, rules: Sequence[Mapping[str, Any]]) -> Block:
        """Give the table of what is not met: what is asked, the answer, why, and what would meet it."""
        heads, says = ["rule", "answer_head"], contents.asked(self.dossier, self.lang)
        head = self.n(self.say("says_head") + ": ")
        asked = [[[head, self.o(says[r["id"]], "n")]] if says.get(r["id"]) else [] for r in rules]
        rows = [
            [[*self._rule(r), *more], [[self.answer(r["answer"])]]] for r, more in zip(rules, asked, strict=True)
        ]
        if any(r["because"] for r in rules):
            heads += ["because_head", "would_meet"]
            rows = [[*row, [self.r(r["because"])], [self.r(r["lacks"] or "–")]]
                    for row, r in zip(rows, rules, strict=True)]  # fmt: skip
        return {
            "b": "table", "cols": [28, 14, 29, 29][: len(heads)], "heads": [self.say(h) for h in heads], "rows": rows,
        }  # fmt: skip

    def _contradiction(self, facet: str, name: str, link: Shown | None) -> list[Run]:
        claim = word(self.lang, "facet", facet)
        head = [self.w(claim[:1].upper() + claim[1:] + ": ")]
        if link is None:
            return [*head, *self.r(name)]
        why = link.fields.get("rationale")
        more = [self.w(" – "), self.o(why)] if why else []
        return [*head, self.exhibit(link.names["item"]), *more, self.w(" ("), self.o(name), self.w(")")]

    def _rule(self, rule: Mapping[str, Any]) -> list[list[Run]]:
        facet = rule.get("facet")
        if not facet or facet == rule["id"]:
            return [[self.o(rule["id"], "b")]]
        named = self.say("any_claim") if facet == "*" else word(self.lang, "facet", facet)
        return [[self.o(rule["id"], "b")], [self.n(named)]]

    def _corrected(self) -> Iterator[Block]:
        if self.correction is not None:
            yield self._h1("corrections")
            yield self._p(self.say("corrections_note", id=self.correction["supersedes"]))
            told = contents.corrections(self.lang, self.correction)
            if told:
                yield {"b": "facts", "rows": [[name, [[self.o(line)] for line in lines]] for name, lines in told]}
            else:
                yield self._p(self.say("nothing_changed"))

    def _case(self) -> Iterator[Block]:
        yield self._h1("the_case")
        told = facts(self.lang, self.dossier.case.fields, CASE_FACTS)
        yield {"b": "facts", "rows": [[name, self.told(lines)] for name, lines in told]}
        for one in self.dossier.merged:
            title = in_language(one.fields, "title", self.lang)
            more = [self.w(" – "), self.o(title)] if title else []
            yield {"b": "h2", "r": [self.w(self.say("merged_case") + ": "), self.o(one.fields["code"]), *more]}
            yield self._note(self.say("merged_note"))
            told = facts(self.lang, one.fields, CASE_FACTS)
            yield {"b": "facts", "rows": [[name, self.told(lines)] for name, lines in told]}

    def _claims(self) -> Iterator[Block]:
        yield self._h1("claims")
        yield self._note(self.say("claims_note"))
        claims = contents.claims(self.dossier)
        for facet, weight, stances in claims:
            name = word(self.lang, "facet", facet)
            head = [self.w(name[:1].upper() + name[1:])]
            head += [self.n(" (" + self.say("independent", n=weight["independent"]) + ")")] if weight else []
            yield {"b": "h2", "r": head}
            for stance in ("contradicts", "supports", "context"):
                if stances[stance]:
                    yield {"b": "h3", "r": [self.w(self.say(stance))]}
                    yield {"b": "list", "l": [self._link(link) for link in stances[stance]]}
            if weight and weight.get("left_out"):
                yield {"b": "h3", "r": [self.w(self.say("left_out"))]}
                yield {"b": "list", "l": [
                    [[self.exhibit(one["item"]), *([self.w(": "), *self.r(one["because"])] if one["because"] else [])]]
                    for one in weight["left_out"]
                ]}  # fmt: skip
        if not claims:
            yield self._p(self.say("no_claims"))

    def _link(self, link: Shown) -> list[list[Run]]:
        f = link.fields
        head = [self.exhibit(link.names["item"])]
        head += [self.w(" · "), self.o(f["locator"])] if f.get("locator") else []
        head.append(self.w(" · " + word(self.lang, "strength", str(f["strength"]))))
        found = [head, *([[self.o(f["rationale"])]] if f.get("rationale") else [])]
        if f.get("resolution"):
            told = [self.w(f"{self.say('resolved')}: {word(self.lang, 'outcome', str(f['resolution']))}")]
            why = f.get("resolution_reason")
            found.append([*told, *([self.w(" – "), self.o(why)] if why else [])])
        by = [self.say("judgement", id=link.label)]
        if f.get("assessor"):
            second = self.say("reviewed_by", who=f["reviewed_by"]) if f.get("reviewed_by") else self.say("not_reviewed")
            by += [self.say("assessed_by", who=f["assessor"]), second]
        found.append([self.n(" · ".join(by))])
        return found

    def _timeline(self) -> Iterator[Block]:
        yield self._h1("timeline")
        found = timeline.moments(self.dossier)
        if not found:
            yield self._p(self.say("no_timeline"))
            return
        yield self._note(self.say("timeline_note"))
        drawn = axis(found, self.lang, self.dossier.code)
        if drawn:
            yield {"b": "svg", "svg": drawn, "alt": self.say("timeline_alt"), "width": 100}
        yield {
            "b": "table", "cols": [30, 22, 48],
            "heads": [self.say("when_head"), self.say("clock_head"), self.say("what_head")],
            "rows": [self._moment(m) for m in found],
        }  # fmt: skip

    def _moment(self, m: timeline.Moment) -> list[Any]:
        what = [self.x(m.exhibit.bates, link=True), self.w(" ")] if m.exhibit else []
        what += [self.w(self.say("log_row", n=m.row) + " ")] if m.row is not None else []
        what += [self.o(m.text), self.w(" ")] if m.text else []
        if m.said and not m.day.startswith(m.said):
            what += [self.n(self.say("said") + ": "), self.o(m.said, "n")]
        what += [self.n(" " + self.say("no_offset"))] if m.unzoned else []
        return [[[self.o(m.day or span(m.earliest, m.latest))]], [[self.w(self.say(f"clock_{m.clock}"))]],
                [what] if what else []]  # fmt: skip

    def _map(self) -> Iterator[Block]:
        yield self._h1("map")
        drawn = map_drawing.draw(places.points(self.dossier, self.lang), "")
        if drawn is None:
            yield self._p(self.say("no_map"))
            return
        for number, svg in enumerate(drawn.drawings):
            yield {"b": "svg", "svg": svg, "alt": self.say("map_alt"), "width": 78}
            if number:
                yield self._note(self.say("map_near"))
        yield self._note(
            self.say("map_note") + (" " + self.say("map_beyond", n=drawn.beyond) if drawn.beyond else "")
        )
        heads = ("mark_head", "what_head", "position_head", "uncertain_head")
        yield {
            "b": "table", "cols": [8, 48, 26, 18], "heads": [self.say(head) for head in heads],
            "rows": [self._point(mark, point) for mark, point in drawn.marks],
        }  # fmt: skip

    def _point(self, mark: str, point: places.Point) -> list[Any]:
        what = [self.w(self.say(f"point_{point.kind}"))]
        what += [self.w(" · "), self.x(point.exhibit.bates, link=True)] if point.exhibit else []
        what += [self.w(" " + self.say("log_row", n=point.row))] if point.row is not None else []
        what += [self.w(" · "), self.o(point.text)] if point.text else []
        told = self.o(f"± {point.radius_m} m") if point.radius_m else self.w(self.say("not_told"))
        return [[[self.w(mark, "b")]], [what], [[self.o(position(point))]], [[told]]]

    def _exhibits(self) -> Iterator[Block]:
        yield self._h1("exhibits")
        yield self._note(self.say("exhibits_note"))
        everything = contents.everything(self.dossier)
        rows = [self._listed(one) for one in everything]
        heads = [self.say(head) for head in ("exhibit_number", "what_head", "file_here")]
        if rows:
            yield {"b": "table", "cols": [28, 47, 25], "heads": heads, "rows": rows}
        else:
            yield self._p(self.say("no_exhibits"))
        for one in everything:
            yield from self._hidden(one) if isinstance(one, Withheld) else self._exhibit(one)
        yield {"b": "end"}

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
            yield self._note(self.say("graphic"))
        elif e.bates in self.thumbnails:
            alt = self.say("thumb_alt", bates=e.bates)
            yield {"b": "picture", "path": f"/{self.thumbnails[e.bates]}", "alt": alt, "width": 60}
        yield {"b": "facts", "rows": self._facts_of(e)}
        if not e.file:
            yield self._note(self.say("no_file"))
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
        f, own = e.record.fields, contents.text_of(e)
        if own:
            yield from self._text(self.say("text"), e, *own)
            for other in contents.translations_of(self.dossier, e):
                translated = contents.text_of(other)
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
            yield self._note(self.say("text_goes_on", n=more))

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
            yield self._note(self.say("read_by", tool=reader_name(fields)))

    def _relation(self, r: Mapping[str, Any]) -> list[Run]:
        found = [self.exhibit(r["item"]), self.w(f" {word(self.lang, 'relation', str(r['as']))} ")]
        found += [self.exhibit(r["of"])] if r.get("of") else [self.o(r["external"])] if r.get("external") else []
        return [*found, *([self.w(": "), self.o(r["reason"])] if r.get("reason") else [])]

    def _custody(self) -> Iterator[Block]:
        yield self._h1("custody")
        yield self._note(self.say("custody_note"))
        heads = ("when_head", "event_head", "who_head", "to_head", "purpose_head", "basis_head")
        for start in range(0, len(self.dossier.exhibits), TOGETHER):
            rows = [row for e in self.dossier.exhibits[start : start + TOGETHER] for row in self._held(e)]
            yield {"b": "table", "cols": [24, 16, 22, 11, 15, 12], "heads": [self.say(h) for h in heads], "rows": rows}

    def _held(self, e: Exhibit) -> list[Any]:
        """Give the rows of one exhibit's custody, under its number."""
        note = [self.n("  " + self.say("no_gap"))] if not e.gaps else []
        rows: list[Any] = [{"of": [self.x(e.bates), self.w("  "), self.o(e.name), *note]}]
        for number, event in enumerate(e.custody):
            rows += [self._gap(what) for what in contents.gap_before(e, number)]
            own = event.fields or {}
            basis = (self.say("told") + " · " if event.told else "") + self.say("entry", n=event.entry)
            rows.append([
                [[self.o(contents.event_time(event))]], [[self.w(contents.event_name(self.lang, event))]],
                [self._who(event)],
                [[self.o(own["to"])]] if own.get("to") else [],
                [[self.o(own["purpose"])]] if own.get("purpose") else [], [[self.w(basis)]],
            ])  # fmt: skip
        rows += [self._gap(what) for what in contents.gap_before(e, len(e.custody))]
        return rows

    def _who(self, event: Event) -> list[Run]:
        if event.told or event.by in self.dossier.operators:
            return [self.o(contents.who(self.dossier, self.lang, event))]
        return [self.w(self.say("operator_key", key="")), self.m(event.by[:18] + "…")]

    def _gap(self, what: str) -> list[Any]:
        return [[[self.w(self.say("gap") + ": "), *self.r(what)]]]

    def _method(self) -> Iterator[Block]:
        yield self._h1("method")
        yield self._p(self.say("method_note"))
        yield self._p(self.say("standard_file"))
        says = contents.asked(self.dossier, self.lang)
        yield {
            "b": "table", "cols": [20, 17, 32, 31],
            "heads": [self.say(h) for h in ("rule", "answer_head", "says_head", "because_head")],
            "rows": [
                [self._rule(r), [[self.answer(r["answer"])]], [[self.o(says.get(r["id"], ""))]],
                 [self.r(r["because"])]]
                for r in self.dossier.assessment["rules"]
            ],
        }  # fmt: skip

    def _glossary(self) -> Iterator[Block]:
        yield self._h1("glossary")
        yield {"b": "facts", "rows": [
            [self.say(key), [[self.w(self.say(f"{key}_means"))]]] for key in contents.GLOSSARY
        ]}  # fmt: skip

    def _verify(self) -> Iterator[Block]:
        proof = self.dossier.proof
        yield self._h1("verify")
        yield self._p(self.say("verify_1"))
        yield {"b": "p", "r": [self.m("python3 -I verify.py")]}
        yield self._p(self.say("verify_2"))
        yield self._p(self.say("verify_3"))
        root = f"{proof.size} {base64.b64encode(proof.root).decode()}"
        values = {"genesis": proof.genesis.hex(), "log_key": proof.log_vkey, "root": root, "signer": self.signer}
        rows: list[list[Any]] = [[self.say(key), [[self.m(value)]]] for key, value in values.items()]
        rows.append([self.say("keys"), [[self.m(name)] for name, _ in proof.signers]])
        yield {"b": "facts", "rows": rows}
        for anchor in proof.anchors:
            yield self._p(self.say("anchored", time=instant(anchor.time), size=anchor.size))
        yield self._p(self.say("no_stamp"))
        yield self._note(self.say("page_note"))

    def _spelled(self) -> list[Block]:
        """Say which characters were spelled out; called last, when all text has passed."""
        if not self.printable.spelled:
            return []
        told = sorted(self.printable.spelled.items())
        shown = ", ".join(f"{name} × {count}" for name, count in told[:60]) + (" …" if len(told) > 60 else "")
        return [self._h1("spelled_out"), self._p(self.say("spelled_note")), {"b": "p", "r": [self.m(shown)]}]

    def _h1(self, key: str) -> Block:
        return {"b": "h1", "t": self.say(key)}

    def _h2(self, text: str) -> Block:
        return {"b": "h2", "r": [self.w(text)]}

    def _p(self, text: str) -> Block:
        return {"b": "p", "r": [self.w(text)]}

    def _note(self, text: str) -> Block:
        return {"b": "note", "r": [self.w(text)]}


def _kept(blocks: list[Block]) -> list[Block]:
    """Mark notes that come right under a heading: they stay with what follows, as the heading does."""
    for above, block in pairwise(blocks):
        if block["b"] == "note" and above["b"] in ("h1", "h2", "h3"):
            block["keep"] = True
    return blocks
