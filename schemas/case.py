"""A case: what is said to have happened, where, when, to what, and by whom.

A case claims; it is the items and links that support or contradict. Casualties
are ranges, never a number picked from them.
"""

from __future__ import annotations

from schemas.fields import Field

STRIKE = (
    Field("label"),
    Field("time", "time"),
    Field("place", "place"),
    Field("delivery", "word", words="delivery"),
    Field("munition"),
)

CASE = (
    Field("code", "id", required=True),
    Field("title", "words", required=True),
    Field("exercise", "yesno"),
    Field("zone", "zone"),
    Field("occurred", "time"),
    Field("place", "place"),
    Field("place_public", "place"),
    Field("object_type", "word", words="object_type"),
    Field("delivery", "word", words="delivery"),
    Field("protected_status", "wordlist", words="protected_status"),
    Field("military_presence", "word", words="military_presence"),
    Field("killed", "range"),
    Field("injured", "range"),
    Field("casualties", "ranges", words="casualty_category"),
    Field(
        "alleged_actor",
        "group",
        members=(Field("actor"), Field("basis"), Field("confidence", "word", words="confidence")),
    ),
    Field(
        "actor_response",
        "group",
        members=(
            Field("asked_on", "time"),
            Field("replied_on", "time"),
            Field("position", "word", words="position"),
        ),
    ),
    Field("strikes", "rows", members=STRIKE),
    Field("violation_type", "wordlist", words="violation_type"),
    Field("summary", "words"),
    Field("other_codes", "textlist"),
    Field("seal_to", "textlist"),
)

MERGED = (  # two cases that were one attack: recorded by a merge on both, never handed in
    Field("merged_into", "id"),  # the case that this one is weighed with from then on
    Field("merged_reason"),
    Field("merged_from", "textlist"),  # the codes of the cases that this one takes in
)


def named(name: str, said_in: str, seen_from: str) -> str:
    """Give what a record of one case is called in another: its id in its own, `CODE/ID` everywhere else.

    `name` is an id of the case `said_in`, or already `CODE/ID`. Ids hold no `/`.
    """
    code, slash, short = name.rpartition("/")
    code = code if slash else said_in
    return short if code == seen_from else f"{code}/{short}"
