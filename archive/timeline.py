"""Every clock of a case on one axis: what is claimed, said, photographed, logged and heard.

A thin use of the dossier's own axis, for the archive's people: nothing is
corrected and nothing merged, and what two clocks disagree on stands twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datetime import datetime

    from archive.open import Archive
    from archive.workers import Saying


def timeline(archive: Archive, code: str, progress: Saying | None = None) -> dict[str, Any]:
    """Give `sijill-timeline/1`: moments in order, with bounds in UTC. Raises InputError, NotFound."""
    from archive.dossier.timeline import moments
    from archive.handed_over import Request
    from archive.ledger import now
    from archive.pictures import Copies
    from archive.release import gather

    with Copies() as copies:
        dossier = gather(
            archive, code, Request("internal"), copies, date=now(), weigh=lambda _db, _code: (b"", {}),
            progress=progress,
        )  # fmt: skip
        found = [
            {
                "clock": one.clock, "earliest": _utc(one.earliest), "latest": _utc(one.latest), "said": one.said,
                "item": one.exhibit.name if one.exhibit else None, "text": one.text, "unzoned": one.unzoned,
            }
            for one in moments(dossier)
        ]  # fmt: skip
    return {"format": "sijill-timeline/1", "code": code, "moments": found}


def _utc(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"
