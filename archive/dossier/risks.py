"""What may still point to a person in a dossier that is about to leave. Warnings for people; decides nothing.

Looks at what leaves, as the `Dossier` holds it, and at nothing else.
"""

from __future__ import annotations

from collections import Counter

from archive.handed_over import Dossier


def risks(dossier: Dossier) -> list[str]:
    """Give one sentence a risk."""
    found = []
    roles = Counter(
        e.record.fields.get("witness_role") for e in dossier.exhibits if e.record.fields.get("kind") == "statement"
    )
    for exhibit in dossier.exhibits:
        fields = exhibit.record.fields
        if any("facts.gps.lat" in reading.fields for reading in exhibit.readings) and exhibit.path:
            found.append(f"{exhibit.bates}: the file holds the position of the camera and goes out as it is")
        if fields.get("kind") == "statement" and fields.get("witness_role") and roles[fields["witness_role"]] == 1:
            found.append(
                f"{exhibit.bates}: its witness is the only {fields['witness_role']} here; with place and time that may "
                "single out one person"
            )
        seen = fields.get("persons_visible") in ("yes", "unknown", None)
        if fields.get("kind") == "imagery" and seen and exhibit.path:
            found.append(f"{exhibit.bates}: persons may be recognised in it")
    return found
