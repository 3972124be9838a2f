"""Links and relations: what an item bears on, and how items hang together.

A link is one item's bearing on what the case claims. A relation ties items
that are one source, or an item to what it rests on. Neither says that
anything is true.
"""

from __future__ import annotations

from schemas.fields import Field

LINK = (
    Field("id", "id"),
    Field("item", "id", required=True),
    Field("facets", "wordlist", required=True, words="facet"),
    Field("stance", "word", required=True, words="stance"),
    Field("strength", "word", required=True, words="strength"),
    Field("rationale", required=True),
    Field("assessor", required=True),
    Field("locator"),
    Field("reviewed_by"),
)

RELATION = (
    Field("id", "id"),
    Field("item", "id", required=True),
    Field("as", "word", required=True, words="relation"),
    Field("of", "item"),
    Field("external"),
    Field("reason"),
)

RESOLUTION = (  # of a contradiction: recorded later, never handed in
    Field("resolution", "word", words="outcome"),
    Field("resolution_reason"),
    Field("resolved_by"),
)
LEANS = ("derived_from", "cites")  # relations by which an item rests on what it names
SAME_LINK = ("item", "locator", "facets", "stance", "assessor")  # what makes a link the same as an earlier one
SAME_RELATION = ("item", "as", "of", "external")
