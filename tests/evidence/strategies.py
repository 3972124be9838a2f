"""Generated cases and standards: small, tangled on purpose, with every kind of record and every gap.

A case is made by a plain random generator from a size and a seed, both of which
hypothesis draws: it makes thousands a minute, and a failing one shrinks in size.
"""

from random import Random

from hypothesis import strategies as st

from evidence.corroboration import Case, FlightAnswer, Item, Link, Relation
from schemas.standard import Rule, Standard

FACETS = ("what", "when", "where")
KINDS = ("statement", "imagery", "imagery", "flight_log", "intercept", "document", "document")
WORDS = ("integrity_failed", "consent_withdrawn", "derived", "untranslated", "disposed")
JOINS = ("copy_of", "same_speaker", "same_camera", "translation_of")
PEOPLE = ("A-1", "A-2", "A-3")
INSTANTS = [f"2031-05-{day:02d}T{hour:02d}:00:00Z" for day in range(1, 20) for hour in (0, 11)]
FLIGHTS = (FlightAnswer((), False), FlightAnswer((), True), FlightAnswer(("F row 1",), True))


def make_time(r):
    first, last = sorted([r.choice(INSTANTS), r.choice(INSTANTS)])
    return {"said": "then", "earliest": first, "latest": last, "precision": "hour", "basis": "testimony"}


def make_custody(r):
    events, holder = [], r.choice(PEOPLE)
    for number in range(r.choice([0, 1, 2, 2, 3])):
        action = r.choice(["transfer", "copy", "transfer", "receive"]) if number else r.choice(["capture", "receive"])
        event = {"action": action if r.random() < 0.9 else "transfer", "by": holder if r.random() < 0.9 else "A-9"}
        if event["action"] == "transfer" and r.random() < 0.85:
            holder = event["to"] = r.choice(PEOPLE)
        events.append(event)
    return tuple(events)


def make_item(r, number, sources):
    record = {"id": f"E{number}", "kind": r.choice(KINDS)}
    if record["kind"] == "imagery":
        record["medium"] = r.choice(["photo", "satellite"])
    source = r.choice([*sources, *sources, None])
    if source:
        record["source"] = source
    if r.random() < 0.6:
        digest = r.choice("abcdefghijklm") * 4
        record |= {"file": "f", "sha256": digest, "blake3": digest}
        if r.random() < 0.15:
            del record["blake3"]
    for name in ("translation", "source_url", "access_point"):
        if r.random() < 0.7:
            record[name] = "x"
    if r.random() < 0.7:
        record["consent.given"] = make_time(r)
    if r.random() < 0.7:
        record["claimed.time"] = make_time(r)
    out = {r.choice(WORDS)} & {"integrity_failed", "consent_withdrawn", "disposed"} if r.random() < 0.25 else ()
    present = r.choice([True] * 8 + [False, None])
    return Item(record["id"], record, number, frozenset(out), r.random() < 0.1, make_custody(r), present)


def make_link(r, number, names):
    return Link(
        f"L{number}",
        r.choice(names),
        tuple(r.sample(FACETS, r.choice([1, 2, 3, 3]))),
        r.choice(["supports"] * 8 + ["contradicts", "context"]),
        r.choice(["direct", "consistent_with", "circumstantial"]),
        r.choice(PEOPLE),
        r.choice([None, *PEOPLE, *PEOPLE]),
        r.choice([None, None, "unresolved", "explained"]),
        r.random() < 0.1,
    )


def make_relation(r, number, names, kinds):
    item, other = r.sample(names, 2)
    kind = r.choice(kinds)
    if kind not in JOINS and r.random() < 0.5:
        return Relation(f"R{number}", item, kind, None, r.choice("XYZUVW"))
    return Relation(f"R{number}", item, kind, other)


def make_case(size, seed):
    r = Random(seed)
    sources = {
        f"S{n}": {"id": f"S{n}", "pseudonym": f"P-{n}"} for n in range(max(1, r.choice([size, size // 2, 2 * size])))
    }
    names = list(sources)
    for source in sources.values():
        if r.random() < 0.1:
            source["part_of"] = r.choice([*names, "S-undeclared"])
        if r.random() < 0.03:
            source["pseudonym"] = "P-0"
    items = [make_item(r, n, names) for n in range(size)]
    r.shuffle(items)
    ids = [item.id for item in items]
    record = {"code": "EX-1"}
    for name, values in {
        "delivery": ["air_fixed_wing", "air_fixed_wing", "ground", "unknown"],
        "military_presence": ["none_reported", "not_asked"],
        "place.lat": [35000000],
        "place.lon": [36000000],
        "actor_response.position": ["not_asked", "denied"],
        "protected_status": [["functioning"], ["functioning", "marked_emblem"], []],
    }.items():
        if r.random() < 0.75:
            record[name] = r.choice(values)
    if r.random() < 0.75:
        record["occurred"] = make_time(r)
    lineage = ("cites", "cites", "derived_from")
    kinds = r.choice([lineage, lineage, JOINS, (*lineage, *JOINS)])
    relations = r.choice([0, 1, size // 2, size, 2 * size]) if size > 1 else 0
    answer = r.choice(FLIGHTS)
    return Case(
        record,
        items,
        sources,
        [make_link(r, n, ids) for n in range(r.choice([size, 2 * size]))] if ids else [],
        [make_relation(r, n, ids, kinds) for n in range(relations)],
        lambda *_: answer,
        r.choice([{}, {}, {}, {"r0": "hospital records burnt"}]),
    )


CLASSES = ("testimony", "imagery_ground", "imagery_satellite", "flight", "intercept", "document")
COUNTING = {
    "independent": lambda r: r.randint(1, 5),
    "classes": lambda r: r.randint(1, 4),
    "one_of": lambda r: r.sample(CLASSES, r.choice([1, 2])),
    "direct": lambda r: r.randint(1, 3),
    "reviewed": lambda r: True,
    "item_set": lambda r: r.sample(["source_url", "access_point", "claimed"], r.choice([1, 2])),
}
CASE_FIELDS = ("military_presence", "actor_response.position", "actor_response", "place", "occurred")
OTHER = {
    "set": lambda r: r.sample(CASE_FIELDS, 2),
    "custody": lambda r: "unbroken",
    "digests": lambda r: r.sample(["sha256", "blake3"], r.choice([1, 2])),
    "originals": lambda r: "present",
    "consent": lambda r: "recorded",
    "flight": lambda r: {"within_km": 20, "before_min": 75, "after_min": 35},
    "disjoint": lambda r: r.sample(FACETS, 2),
    "satellite": lambda r: r.choice(
        [{"before": True, "after_within_days": 3}, {"before": True}, {"after_within_days": 3}]
    ),
}
APPLIES = (
    {},
    {},
    {"delivery": ("air_fixed_wing", "drone")},
    {"delivery": ("unknown", "ground")},
    {"protected_status": ("marked_emblem",), "military_presence": ("none_reported",)},
)


def make_rule(r, number):
    style = r.choice(["facets", "facets", "any", "none"])
    tests = dict(OTHER) if style == "none" else {**OTHER, "open_contradictions": lambda r: 0}
    if style == "facets" and r.random() < 0.8:
        tests = COUNTING | {"open_contradictions": lambda r: 0}
    facets = {"facets": tuple(r.sample(FACETS, r.choice([1, 2]))), "any": ("*",), "none": ()}[style]
    names = r.sample(sorted(tests), r.choice([1, 1, 2, 3]) if len(tests) > 2 else 1)
    return Rule(
        f"r{number}",
        {name: tests[name](r) for name in names},
        r.choice(["occurrence", "attribution", "handling"]),
        facets,
        r.choice(APPLIES),
        r.choice(["not_met", "not_met", "undetermined", "warn"]),
    )


def make_standard(rules, seed):
    r = Random(seed)
    exclude = tuple(r.sample(WORDS, r.choice([0, 2, 5])))
    return Standard("generated", "1", tuple(make_rule(r, n) for n in range(rules)), exclude=exclude)


SEEDS = st.integers(0, 2**40)
cases = lambda most=9: st.builds(make_case, st.integers(0, most), SEEDS)  # noqa: E731
standards = lambda most=5: st.builds(make_standard, st.integers(1, most), SEEDS)  # noqa: E731
