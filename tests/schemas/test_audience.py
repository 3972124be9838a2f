"""Who may see which field: the table is whole, and what it does not name leaves for nobody."""

from __future__ import annotations

import pytest

from schemas.audience import allowed, may_see, table
from schemas.case import CASE, MERGED
from schemas.custody import CUSTODY
from schemas.fields import flat_names
from schemas.item import BY_KIND, ITEM, STORED
from schemas.link import LINK, RELATION, RESOLUTION
from schemas.source import SOURCE
from schemas.vocabulary import AUDIENCES

NOUNS = {"case": (*CASE, *MERGED), "source": SOURCE, "item": ITEM, "link": (*LINK, *RESOLUTION), "relation": RELATION, "custody": CUSTODY, **BY_KIND}


@pytest.mark.parametrize("noun", sorted(NOUNS))
def test_every_field_of_a_record_has_an_answer(noun):
    """A new field must be thought of: it is named in the table, or this test names it."""
    known = table()[noun]
    unnamed = [field.name for field in NOUNS[noun] if field.name not in known]
    assert [] == unnamed


@pytest.mark.parametrize("noun", sorted(NOUNS))
def test_the_table_names_no_field_that_does_not_exist(noun):
    """A slip of the pen in the table would withhold, or worse, show another field."""
    names = {name for field in NOUNS[noun] for name in (field.name, *flat_names([field]))}
    names |= {"case", *STORED} | ({f.name for f in ITEM} if noun in BY_KIND else set())
    names |= {"outcome"} if noun == "custody" else set()
    assert set() == set(table()[noun]) - names


def test_a_field_that_nobody_thought_of_leaves_for_nobody():
    assert not any(may_see(audience, ("item",), "shoe_size") for audience in AUDIENCES)


def test_the_identity_of_a_source_and_its_post_leave_for_nobody():
    fields = {"identity_file": "x", "place.lat": 1, "place.name.en": "x", "id": "S1"}
    assert [{"id": "S1"}] * len(AUDIENCES) == [allowed(audience, ("source",), fields) for audience in AUDIENCES]


def test_the_court_is_not_told_how_a_witness_answered_for_others():
    fields = {"consent.court": "yes", "consent.public": "no", "consent.given": {}, "risk_level": "high", "file": "x"}
    assert {"consent.court": "yes", "consent.given": {}} == allowed("court", ("statement", "item"), fields)


def test_a_partner_sees_a_transcript_only_where_its_release_says_yes():
    assert not may_see("partner", ("intercept", "item"), "transcript")
    assert may_see("partner", ("intercept", "item"), "transcript", released=True)
    assert not may_see("partner", ("item",), "notes", released=True)
