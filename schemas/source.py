"""A source: the person, body or device that evidence comes from, under a pseudonym.

The true name of a source is never a field. It lies in a sealed file or
nowhere. A pseudonym names one person or body across all cases of an archive.
"""

from __future__ import annotations

from schemas.fields import Field

SOURCE = (
    Field("id", "id", required=True),
    Field("kind", "word", required=True, words="source_kind"),
    Field("pseudonym", required=True),
    Field("part_of", "id"),
    Field("identity_file", "file"),
    Field("place", "place"),
    Field("notes"),
)
