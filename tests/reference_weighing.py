"""A second evaluator, slow and plain, written from the published rules of weighing and not from the first one.

It merges sets until nothing changes, walks every path, and tries every subset
of items. It shares no code with `evidence` beyond the shapes of its input.
"""

from datetime import datetime, timedelta
from itertools import combinations

CLASS = {"statement": "testimony", "flight_log": "flight", "intercept": "intercept", "document": "document"}


def merged(names, pairs):
    """Partition names: whatever a pair ties lands in one set."""
    parts = [{name} for name in names]
    for a, b in pairs:
        one = next(p for p in parts if a in p)
        two = next(p for p in parts if b in p)
        if one is not two:
            one |= two
            parts.remove(two)
    return [frozenset(part) for part in parts]


def fold(answers):
    answers = list(answers)
    if "not_met" in answers:
        return "not_met"
    return "undetermined" if "undetermined" in answers else "met"


class Reference:
    def __init__(self, standard, case):
        self.standard, self.case = standard, case
        self.items = {item.id: item for item in case.items}
        self.order = [item.id for item in case.items]
        self.groups = self._groups()
        self.rests = self._rests()

    # independence

    def _source_of(self, item):
        return item.record.get("source") or None

    def _joined(self, a, b):
        """Tell whether two items are joined directly."""
        one, two = self.items[a], self.items[b]
        if self._source_of(one) is None or self._source_of(two) is None:
            if self._source_of(one) == self._source_of(two):
                return True
        elif self._same_house(self._source_of(one), self._source_of(two)):
            return True
        for name in ("sha256", "blake3"):
            if one.record.get(name) and one.record.get(name) == two.record.get(name):
                return True
        return any(
            r.as_ in ("copy_of", "same_speaker", "same_camera", "translation_of") and {r.item, r.of} == {a, b}
            for r in self.case.relations
        )

    def _same_house(self, a, b):
        names = {a, b, *self.case.sources}
        for record in self.case.sources.values():
            names |= {record["part_of"]} if record.get("part_of") else set()
        pairs = [(s, r["part_of"]) for s, r in self.case.sources.items() if r.get("part_of")]
        for s, r in self.case.sources.items():
            for t, q in self.case.sources.items():
                if s < t and r.get("pseudonym") and r.get("pseudonym") == q.get("pseudonym"):
                    pairs.append((s, t))
        return any({a, b} <= part for part in merged(sorted(names), pairs))

    def _groups(self):
        pairs = [(a, b) for a, b in combinations(self.order, 2) if self._joined(a, b)]
        return merged(self.order, pairs)

    def group(self, name):
        return next(group for group in self.groups if name in group)

    def _rests(self):
        edges = set()
        for r in self.case.relations:
            if r.as_ in ("cites", "derived_from"):
                under = self.group(r.of) if r.of is not None else ("external", r.external)
                if self.group(r.item) != under:
                    edges.add((self.group(r.item), under))
        return edges

    def _reach(self, start):
        seen, todo = set(), [start]
        while todo:
            node = todo.pop()
            for a, b in self.rests:
                if a == node and b not in seen:
                    seen.add(b)
                    todo.append(b)
        return seen

    def roots(self, name):
        """An end is what leads nowhere but back to itself; a root set is the ends, each as the knot it lies in."""
        mine = self.group(name)
        ends = set()
        for node in {mine} | self._reach(mine):
            onward = self._reach(node)
            if all(node in self._reach(other) for other in onward):
                ends.add(frozenset({node} | onward))
        return ends

    def largest(self, names):
        names = [name for name in self.order if name in names]
        roots = {name: self.roots(name) for name in names}
        for size in range(len(names), 0, -1):
            for some in combinations(names, size):
                if all(roots[a].isdisjoint(roots[b]) for a, b in combinations(some, 2)):
                    return list(some)
        return []

    # what counts

    def live(self):
        return [
            link
            for link in self.case.links
            if not link.withdrawn and link.item in self.items and not self.items[link.item].withdrawn
        ]

    def barred(self, name):
        item = self.items[name]
        mine = [r for r in self.case.relations if r.item == name]
        out = set(item.excluded)
        if any(r.as_ == "derived_from" and r.of is not None for r in mine):
            out.add("derived")
        if item.record["kind"] == "intercept" and not item.record.get("translation"):
            out.add("untranslated")
        return any(r.as_ == "translation_of" for r in mine) or bool(out & set(self.standard.exclude))

    def counted(self, facet):
        names = {li.item for li in self.live() if li.stance == "supports" and facet in li.facets}
        return [name for name in self.order if name in names and not self.barred(name)]

    def linked(self, facet):
        names = {li.item for li in self.live() if facet in (None, "*") or facet in li.facets}
        return [self.items[name] for name in self.order if name in names]

    def klass(self, name):
        pairs = [
            (a, b)
            for a, b in combinations(self.order, 2)
            if any(r.as_ == "copy_of" and {r.item, r.of} == {a, b} for r in self.case.relations)
            or any(
                self.items[a].record.get(d) and self.items[a].record.get(d) == self.items[b].record.get(d)
                for d in ("sha256", "blake3")
            )
        ]
        part = next(p for p in merged(self.order, pairs) if name in p)
        record = self.items[next(n for n in self.order if n in part)].record
        if record["kind"] == "imagery":
            return "imagery_satellite" if record["medium"] == "satellite" else "imagery_ground"
        return CLASS[record["kind"]]

    def there(self, record, name):
        inside = [v for k, v in record.items() if k == name or k.startswith(name + ".")]
        return [v for v in inside if v not in (None, "", [])]

    # tests

    def test(self, name, want, facet):
        return getattr(self, "_" + name)(want, facet)

    def _independent(self, want, facet):
        return "met" if len(self.largest(self.counted(facet))) >= want else "not_met"

    def _classes(self, want, facet):
        return "met" if len({self.klass(n) for n in self.counted(facet)}) >= want else "not_met"

    def _one_of(self, want, facet):
        return "met" if {self.klass(n) for n in self.counted(facet)} & set(want) else "not_met"

    def _direct(self, want, facet):
        direct = [
            n
            for n in self.counted(facet)
            if any(
                li.item == n and li.stance == "supports" and facet in li.facets and li.strength == "direct"
                for li in self.live()
            )
        ]
        return "met" if len(self.largest(direct)) >= want else "not_met"

    def _reviewed(self, want, facet):
        links = [
            li
            for li in self.live()
            if li.stance == "supports" and facet in li.facets and li.item in self.counted(facet)
        ]
        return "met" if all(li.reviewed_by and li.reviewed_by != li.assessor for li in links) else "not_met"

    def _open_contradictions(self, want, facet):
        standing = [
            li
            for li in self.live()
            if li.stance == "contradicts"
            and (facet == "*" or facet in li.facets)
            and li.resolution in (None, "unresolved")
        ]
        return "not_met" if standing else "met"

    def _set(self, want, facet):
        for name in want:
            if not [v for v in self.there(self.case.record, name) if v != "not_asked"]:
                return "not_met"
        return "met"

    def _custody(self, want, facet):
        return fold(self._one_custody(item.custody) for item in self.linked(facet))

    def _one_custody(self, events):
        if not events:
            return "undetermined"
        if events[0]["action"] not in ("capture", "receive"):
            return "not_met"
        holder, doubt = None, False
        for event in events:
            if event["action"] in ("capture", "receive"):
                holder = event["by"]
            if event["action"] == "transfer":
                if holder is None:
                    doubt = True
                elif holder != event["by"]:
                    return "not_met"
                holder = event.get("to")
        return "undetermined" if doubt or holder is None else "met"

    def _digests(self, want, facet):
        files = [item for item in self.linked(facet) if item.record.get("file")]
        return "met" if all(item.record.get(d) for item in files for d in want) else "not_met"

    def _originals(self, want, facet):
        answers = []
        for item in self.linked(facet):
            if item.record.get("file"):
                bad = item.present is False or "integrity_failed" in item.excluded
                answers.append("not_met" if bad else "undetermined" if item.present is None else "met")
        return fold(answers)

    def _consent(self, want, facet):
        statements = [item for item in self.linked(facet) if item.record["kind"] == "statement"]
        return "met" if all(self.there(item.record, "consent.given") for item in statements) else "not_met"

    def _flight(self, want, facet):
        record = self.case.record
        occurred = record.get("occurred") or {}
        if not (
            occurred.get("earliest") and occurred.get("latest") and "place.lat" in record and "place.lon" in record
        ):
            return "undetermined"
        seen = self.case.flights(want["within_km"], want["before_min"], want["after_min"])
        return "met" if seen.near else "not_met" if seen.covered else "undetermined"

    def _item_set(self, want, facet):
        return (
            "met" if all(self.there(self.items[n].record, f) for n in self.counted(facet) for f in want) else "not_met"
        )

    def _disjoint(self, want, facet):
        return "not_met" if set(self.counted(want[0])) & set(self.counted(want[1])) else "met"

    def _satellite(self, want, facet):
        occurred = self.case.record.get("occurred") or {}
        if not (occurred.get("earliest") and occurred.get("latest")):
            return "undetermined"
        first, last = (datetime.fromisoformat(occurred[k]) for k in ("earliest", "latest"))
        images = []
        for item in self.linked(facet):
            if item.record["kind"] == "imagery" and item.record["medium"] == "satellite":
                time = item.record.get("claimed.time")
                images.append(tuple(datetime.fromisoformat(time[k]) for k in ("earliest", "latest")) if time else None)
        sides = []
        if want.get("before"):
            sure = any(i and i[1] < first for i in images)
            maybe = any(i is None or i[0] < first for i in images)
            sides.append("met" if sure else "undetermined" if maybe else "not_met")
        if "after_within_days" in want:
            end = last + timedelta(days=want["after_within_days"])
            sure = any(i and last < i[0] and i[1] <= end for i in images)
            maybe = any(i is None or (i[1] > last and i[0] <= end) for i in images)
            sides.append("met" if sure else "undetermined" if maybe else "not_met")
        return fold(sides)

    # rules

    def applies(self, rule):
        answers = []
        for name, wanted in rule.applies_when.items():
            value = self.case.record.get(name)
            members = value if isinstance(value, list) else [] if value is None else [value]
            known = [m for m in members if m != "unknown" or "unknown" in wanted]
            if any(m in wanted for m in known):
                answers.append("met")
            elif not members or len(known) < len(members):
                answers.append("undetermined")
            else:
                answers.append("not_met")
        return fold(answers)

    def rule(self, rule, facet):
        applies = self.applies(rule)
        if applies == "not_met":
            return "does_not_apply"
        if rule.id in self.case.waivers:
            return "waived"
        answer = "undetermined"
        if applies == "met":
            answer = fold([self.test(name, want, facet) for name, want in rule.needs.items()])
        if rule.otherwise == "warn":
            return "met" if answer == "met" else "warn"
        return rule.otherwise if answer == "not_met" else answer

    def rules(self):
        return [(r.id, facet, self.rule(r, facet)) for r in self.standard.rules for facet in (r.facets or (None,))]

    def verdict(self, name):
        weighed = []
        for rule in self.standard.rules:
            if rule.verdict == name:
                weighed += [self.rule(rule, facet) for facet in (rule.facets or (None,))]
        weighed = ["undetermined" if a == "waived" else a for a in weighed if a not in ("warn", "does_not_apply")]
        return fold(weighed) if weighed else "undetermined"

    def meets(self):
        kinds = {rule.verdict for rule in self.standard.rules}
        if self.standard.grades and not kinds & {"occurrence", "handling"}:
            return None
        handled = "handling" not in kinds or self.verdict("handling") == "met"
        return self.verdict("occurrence") == "met" and handled
