"""What entries disclose: every type and kind has its names and shapes, the same for Sijill and for a stranger's verifier."""

from __future__ import annotations

import pytest

from archive.dossier import verify
from schemas.disclosed import ACTS, LEFT_FOR, disclosed, misfit, worded
from schemas.entry import ABOUT, BODIES, KINDS, Entry
from schemas.vocabulary import VOCABULARY

KIND = "record.add record.edit record.link".split()
EVERY = [(t, kind) for t in BODIES if t != "commit" and not t.startswith("anchor.") for kind in (KINDS if t in KIND else ("",))]


def entry(t: str, kind: str = "", digests: int = 0) -> Entry:
    return Entry(9, t, "2026-11-22T04:00:00Z", "SHA256:x", "n", {"kind": kind} if kind else {}, "0" * 32, None,
                 tuple(str(n) for n in range(digests)))  # fmt: skip


def strangers(t: str, kind: str) -> tuple[dict[str, str], set[str]]:
    """Give what verify.py knows of a type: name -> shape, and the names that must be there."""
    shapes, must = {}, set()
    for group in filter(None, verify.FIELDS.get(kind or t, "").split("; ")):
        shape, _, names = group.partition(": ")
        shapes.update({name.rstrip("*"): shape for name in names.split()})
        must |= {name[:-1] for name in names.split() if name.endswith("*")}
    return {**shapes, **({"reason": "text"} if t == "record.edit" else {})}, must


@pytest.mark.parametrize(("t", "kind"), EVERY)
def test_a_stranger_knows_the_same_names(t, kind):
    must, may = disclosed(t, kind)
    assert (dict(may), set(must)) == strangers(t, kind)


@pytest.mark.parametrize(("t", "kind"), EVERY)
def test_a_stranger_knows_the_same_words(t, kind):
    theirs = dict(pair.split(":") for pair in verify.WORDS.get(kind or t, "").split())
    assert dict(worded(t, kind)) == theirs
    for words in theirs.values():
        assert tuple(verify.VOCABULARY[words].split()) == VOCABULARY.get(words, LEFT_FOR)


def test_a_stranger_knows_what_an_act_may_be_about():
    assert {t: tuple(kinds.split()) for t, kinds in verify.ABOUT.items()} == ABOUT


@pytest.mark.parametrize("t", ACTS)
def test_the_format_document_tells_them(t):
    from tests.test_project import ROOT

    row = next(line for line in (ROOT / "docs" / "format.md").read_text("utf-8").split("\n")
               if line.startswith("|") and f"`{t}`" in line.split("|")[1])  # fmt: skip
    assert all(f"`{name}`" in row for name in disclosed(t)[1]), row


@pytest.mark.parametrize(("t", "kind", "fields", "says"), [
    ("record.add", "case", {"code": "EX-1", "guilty": "yes"}, "discloses what no such entry does"),
    ("record.add", "case", {"code": 7}, "`code`"),
    ("record.add", "case", {"code": "EX-1", "occurred": "2019"}, "`occurred`"),
    ("record.add", "case", {"code": "EX-1", "occurred": {"earliest": "2019-02-30T00:00:00Z"}}, "`occurred`"),
    ("record.add", "item", {"case": "EX-1", "id": "V1"}, "does not say its kind"),
    ("record.add", "item", {"case": "EX-1", "id": "V1", "kind": "document", "size": -1}, "`size`"),
    ("record.link", "link", {"case": "EX-1", "id": "L1", "item": "V1", "facets": "what"}, "`facets`"),
    ("consent.set", "", {"audience": "court", "answer": ["yes"], "reason": "asked"}, "`answer`"),
    ("consent.set", "", {"audience": "court", "reason": "asked"}, "does not say its answer"),
    ("record.add", "source", {"case": "EX-1", "id": "S1", "kind": "oracle"}, "`kind` is no word of its vocabulary"),
    ("record.link", "link", {"case": "EX-1", "id": "L1", "item": "V1", "facets": ["what", "why"]}, "`facets` is no word"),
    ("consent.set", "", {"audience": "press", "answer": "yes", "reason": "asked"}, "`audience` is no word"),
    ("consent.set", "", {"audience": "court", "answer": "Yes", "reason": "asked"}, "`answer` is no word"),
    ("custody.prior", "", {"action": "steal"}, "`action` is no word"),
    ("custody.check", "", {"objects": True, "failed": [], "quick": False, "scope": []}, "`objects`"),
    ("blob.add", "", {"blake3": "0" * 64, "sha256": "../x", "size": 1}, "`sha256`"),
    ("reading.add", "", {"tool": "t", "version": "1", "rows_root": "0" * 64}, "what its rows were"),
    ("key.add", "", {}, "does not say its name"),
])  # fmt: skip
def test_what_no_such_entry_says_is_told(t, kind, fields, says):
    assert says in (misfit(entry(t, kind, len(fields)), fields) or "")
    text = verify.misfit(verify_entry(t, kind, fields), fields)
    assert says in (text or ""), text


def verify_entry(t, kind, fields):
    one = object.__new__(verify.Entry)
    one.t, one.body, one.sub, one.prev, one.sd = t, {"kind": kind} if kind else {}, "0" * 32, None, list(fields)
    return one


def test_what_was_erased_is_asked_for_by_nobody():
    assert misfit(entry("consent.set", digests=3), {}) is None
    assert verify.misfit(verify_entry("consent.set", "", "abc"), {}) is None
