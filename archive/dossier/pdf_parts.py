"""The parts of a dossier's PDF as plain data: headings, paragraphs, tables, pictures, in their order.

Tells what the page tells, from the same contents and words. Every text of the
archive goes in as data with its direction, and with what no font can show
spelled out. One document has all of it; where that would be too much, the
`front` has everything but the pages and the custody of exhibits, and each
further `volume` those of some of them.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from archive.dossier import contents, map_drawing, places, timeline
from archive.dossier.axis import axis
from archive.dossier.page import position
from archive.dossier.pdf_exhibits import ExhibitPages
from archive.dossier.pdf_runs import Block, Run, apart, direction
from archive.dossier.wording import CASE_FACTS, facts, instant, span, word
from archive.handed_over import Exhibit, Shown, Withheld
from schemas.fields import in_language


class Parts(ExhibitPages):
    """Composes the documents of one dossier in one language."""

    def document(self) -> dict[str, Any]:
        """Give all of it as one document."""
        blocks = self._sections(self._exhibits(), self._custody())
        return self._document("", self._front(), self._finding(), [*blocks, *self.spelled()])

    def front(self) -> list[Block]:
        """Give everything but the pages and the custody of exhibits, which stand in further volumes."""
        return self._sections(self._exhibit_list(), self._custody_gaps())

    def first(self, volume: str, blocks: list[Block]) -> dict[str, Any]:
        """Give the document that begins the volumes; `volume` says which it is and of how many."""
        return self._document(volume, self._front(), self._finding(), blocks)

    def later(self, volume: str, holds: str, first: str, blocks: list[Block]) -> dict[str, Any]:
        """Give the document of a further volume, which says what it holds and leads back to the file `first`."""
        rows = [[self.say("volume_head"), [[self.w(volume)], [self.w(holds)]]], *self._front()[:2], self._front()[3]]
        leads = {"b": "note", "r": [self.w(self.say("front_stands_in") + " "), {**self.m(first), "in": first}]}
        return self._document(volume, rows, None, [leads, *blocks])

    def exhibits_of(self, group: Sequence[Exhibit | Withheld]) -> list[Block]:
        """Give the blocks of a volume that shows `group`: their pages, then their custody."""
        pages = [self.h1("exhibits"), self.note(self.say("exhibits_note"))]
        pages += [block for one in group for block in self.pages_of(one)]
        custody = [self.h1("custody"), self.note(self.say("custody_note")), *self.custody_of(group)]
        return kept([*pages, {"b": "end"}, *custody])

    def _document(
        self, volume: str, front: list[list[Any]], finding: dict[str, Any] | None, blocks: list[Block]
    ) -> dict[str, Any]:
        d, title = self.dossier, in_language(self.dossier.case.fields, "title", self.lang) or self.dossier.code
        other = "ar" if self.lang == "en" else "en"
        second = str(d.case.fields.get(f"title.{other}", ""))
        return {
            "lang": self.lang, "id": d.id, "volume": volume,
            "title": " · ".join([d.id, self.say("dossier"), *([volume] if volume else [])]), "author": [],
            "description": self.printable(title), "banner": self.say("exercise") if d.exercise else "",
            "exercise": self.say("exercise") if d.exercise else "",
            "kicker": [self.w(f"{self.say('dossier')} · "), self.x(d.id)], "heading": self.own(title),
            "second": {"t": apart(self.printable(second)), "d": direction(second), "lang": other},
            "front": front, "finding": finding, "blocks": blocks,
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

    def _sections(self, exhibits: Iterator[Block], custody: Iterator[Block]) -> list[Block]:
        before = (self._open(), self._corrected(), self._case(), self._claims(), self._timeline(), self._map())
        after = (self._method(), self._glossary(), self._verify())
        return kept([block for part in (*before, exhibits, custody, *after) for block in part])

    def _open(self) -> Iterator[Block]:
        d, say = self.dossier, self.say
        yield self.h2(say("open_contradictions"))
        found = contents.open_contradictions(d)
        if found:
            yield {"b": "alarm", "l": [self._contradiction(*one) for one in found]}
        else:
            yield self.p(say("no_contradictions"))
        yield self.h2(say("waivers"))
        waivers = d.assessment.get("waivers", ())
        if waivers:
            yield {"b": "alarm", "l": [
                [self.o(one["rule"]), *([self.w(": "), *self.r(one["reason"])] if one.get("reason") else [])]
                for one in waivers
            ]}  # fmt: skip
        else:
            yield self.p(say("no_waivers"))
        yield {"b": "volumes"}
        unfitting = d.assessment.get("consistency", ())
        if unfitting:
            yield self.h2(say("unfitting"))
            yield self.note(say("unfitting_means"))
            yield {"b": "list", "l": [
                [[*self.r(one["one"]), self.w(" – "), *self.r(one["other"]),
                  self.w(f" ({say('difference')}: "), *self.r(one["difference"]), self.w(")")]]
                for one in unfitting
            ]}  # fmt: skip
        yield self.h2(say("lacking"))
        lacking = contents.lacking(d)
        if lacking:
            yield self._lacking(lacking)
            if not any(r["because"] for r in lacking):
                yield self.note(say("reasons_untold"))
        else:
            yield self.p(say("nothing_lacking"))
        if d.withheld:
            more = " " + say("withheld_links", n=d.not_shown["links"]) if d.not_shown["links"] else ""
            yield self.p(say("withheld_note", n=len(d.withheld)) + more)
        if d.not_shown.get("contradicting"):
            yield {"b": "alarm", "l": [[self.w(say("withheld_contradicting", n=d.not_shown["contradicting"]))]]}
        yield self.note(say("not_complete"))
        yield self.h2(say("contents"))
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
            yield self.h1("corrections")
            yield self.p(self.say("corrections_note", id=self.correction["supersedes"]))
            told = contents.corrections(self.lang, self.correction)
            if told:
                yield {"b": "facts", "rows": [[name, [[self.o(line)] for line in lines]] for name, lines in told]}
            else:
                yield self.p(self.say("nothing_changed"))

    def _case(self) -> Iterator[Block]:
        yield self.h1("the_case")
        told = facts(self.lang, self.dossier.case.fields, CASE_FACTS)
        yield {"b": "facts", "rows": [[name, self.told(lines)] for name, lines in told]}
        for one in self.dossier.merged:
            title = in_language(one.fields, "title", self.lang)
            more = [self.w(" – "), self.o(title)] if title else []
            yield {"b": "h2", "r": [self.w(self.say("merged_case") + ": "), self.o(one.fields["code"]), *more]}
            yield self.note(self.say("merged_note"))
            told = facts(self.lang, one.fields, CASE_FACTS)
            yield {"b": "facts", "rows": [[name, self.told(lines)] for name, lines in told]}

    def _claims(self) -> Iterator[Block]:
        yield self.h1("claims")
        yield self.note(self.say("claims_note"))
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
            yield self.p(self.say("no_claims"))

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
        yield self.h1("timeline")
        found = timeline.moments(self.dossier)
        if not found:
            yield self.p(self.say("no_timeline"))
            return
        yield self.note(self.say("timeline_note"))
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
        yield self.h1("map")
        drawn = map_drawing.draw(places.points(self.dossier, self.lang), "")
        if drawn is None:
            yield self.p(self.say("no_map"))
            return
        for number, svg in enumerate(drawn.drawings):
            yield {"b": "svg", "svg": svg, "alt": self.say("map_alt"), "width": 78}
            if number:
                yield self.note(self.say("map_near"))
        yield self.note(
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

    def _exhibit_list(self) -> Iterator[Block]:
        yield self.h1("exhibits")
        yield self.note(self.say("exhibits_note"))
        yield self.list_of(contents.everything(self.dossier))

    def _exhibits(self) -> Iterator[Block]:
        yield from self._exhibit_list()
        for one in contents.everything(self.dossier):
            yield from self.pages_of(one)
        yield {"b": "end"}

    def _custody(self) -> Iterator[Block]:
        yield self.h1("custody")
        yield self.note(self.say("custody_note"))
        yield from self.custody_of(self.dossier.exhibits)

    def _custody_gaps(self) -> Iterator[Block]:
        """Name every gap in the custody that stands in further volumes, or say that there is none."""
        yield self.h1("custody")
        yield self.note(self.say("custody_in_volumes"))
        gaps = [(e, str(gap["what"])) for e in self.dossier.exhibits for gap in e.gaps]
        rows = [[[[self.x(e.bates, link=True)]], [[*self.r(what)]]] for e, what in gaps]
        heads = [self.say("exhibit_number"), self.say("gap")]
        yield {"b": "table", "cols": [28, 72], "heads": heads, "rows": rows} if rows else self.p(self.say("no_gaps"))

    def _method(self) -> Iterator[Block]:
        yield self.h1("method")
        yield self.p(self.say("method_note"))
        yield self.p(self.say("standard_file"))
        says = contents.asked(self.dossier, self.lang)
        rules, heads = self.dossier.assessment["rules"], ["rule", "answer_head", "says_head"]
        rows = [[self._rule(r), [[self.answer(r["answer"])]], [[self.o(says.get(r["id"], ""))]]] for r in rules]
        if reasoned := any(r["because"] for r in rules):
            heads.append("because_head")
            rows = [[*row, [self.r(r["because"])]] for row, r in zip(rows, rules, strict=True)]
        cols = [20, 17, 32, 31] if reasoned else [24, 20, 56]
        yield {"b": "table", "cols": cols, "heads": [self.say(h) for h in heads], "rows": rows}

    def _glossary(self) -> Iterator[Block]:
        yield self.h1("glossary")
        yield {"b": "facts", "rows": [
            [self.say(key), [[self.w(self.say(f"{key}_means"))]]] for key in contents.GLOSSARY
        ]}  # fmt: skip

    def _verify(self) -> Iterator[Block]:
        proof = self.dossier.proof
        yield self.h1("verify")
        yield self.p(self.say("verify_1"))
        yield {"b": "p", "r": [self.m("python3 -I verify.py")]}
        yield self.p(self.say("verify_2"))
        yield self.p(self.say("verify_3"))
        root = f"{proof.size} {base64.b64encode(proof.root).decode()}"
        values = {"genesis": proof.genesis.hex(), "log_key": proof.log_vkey, "root": root, "signer": self.signer}
        rows: list[list[Any]] = [[self.say(key), [[self.m(value)]]] for key, value in values.items()]
        rows.append([self.say("keys"), [[self.m(name)] for name, _ in proof.signers]])
        yield {"b": "facts", "rows": rows}
        for anchor in proof.anchors:
            yield self.p(self.say("anchored", time=instant(anchor.time), size=anchor.size))
        yield self.p(self.say("no_stamp"))
        yield self.note(self.say("page_note"))

    def spelled(self) -> list[Block]:
        """Say which characters were spelled out; called last, when all text has passed."""
        if not self.printable.spelled:
            return []
        told = sorted(self.printable.spelled.items())
        shown = ", ".join(f"{name} × {count}" for name, count in told[:60]) + (" …" if len(told) > 60 else "")
        return [self.h1("spelled_out"), self.p(self.say("spelled_note")), {"b": "p", "r": [self.m(shown)]}]


def kept(blocks: list[Block]) -> list[Block]:
    """Mark notes that come right under a heading: they stay with what follows, as the heading does."""
    for above, block in pairwise(blocks):
        if block["b"] == "note" and above["b"] in ("h1", "h2", "h3"):
            block["keep"] = True
    return blocks
