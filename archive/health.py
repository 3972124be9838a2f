"""The health of an archive on one page: what was last verified, anchored, copied, and what waits for somebody.

Reads the view and the home; believes both, and repairs nothing. An audit is
what tells whether they can be believed.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import ledger
from archive.checked import recorded_checks
from archive.copies import known_copies
from archive.head import checkpoint_note
from archive.open import PREDECESSOR
from archive.read_again import ReadAgain
from archive.registry import registry_of
from archive.transfer import waiting_for
from schemas.sentences import say
from schemas.text import counted, visible

if TYPE_CHECKING:
    from archive.open import Archive

SOON = timedelta(days=90)


def health(archive: Archive) -> dict[str, Any]:
    """Give `sijill-health/1`. Raises IntegrityError."""
    with archive.reading() as db:
        size, _ = checkpoint_note(db)
        whole = [one for one in recorded_checks(db) if not one.scope and not one.quick]
        anchors = [json.loads(text) for (text,) in db.execute("SELECT fields FROM act WHERE t = 'anchor.time'")]
        waiting = _waiting(db)
        alone = _alone(db)
        again = ReadAgain(archive).state(db)
        (last,) = db.execute("SELECT max(at) FROM act").fetchone()
    stamped = [one for one in anchors if "time" in one]
    newest = max(stamped, key=lambda one: one["time"], default=None)
    return {
        "format": "sijill-health/1",
        "entries": size,
        "verified": {"at": whole[-1].at, "failed": len(whole[-1].failed)} if whole else None,
        "read_again": again,
        "anchor": {"time": newest["time"], "size": newest["size"], "entries_after": size - newest["size"]}
        if newest else None,
        "certificates_ending": _ending(stamped),
        "sealed_to_one": alone,
        "copies": [{**one, "behind": size - one["size"]} for one in known_copies(archive) if not _older(one)],
        "not_accepted": waiting,
        "clock_behind": last if last and last > ledger.now() else None,
    }  # fmt: skip


def _older(one: dict[str, Any]) -> bool:
    """Tell the archive that this one goes on from, which never follows, from a copy that should."""
    return Path(one["path"]).name == PREDECESSOR


def _waiting(db: Any) -> list[dict[str, str]]:
    rows = db.execute(
        "SELECT DISTINCT a.sub, r.code || '/' || r.id FROM act a JOIN record r ON r.sub = a.sub"
        " WHERE a.t = 'custody.transfer' ORDER BY 2"
    ).fetchall()
    found = []
    for sub, name in rows:
        waits = waiting_for(db, sub)
        if waits is not None:
            found.append({"item": name, "to": waits[0]})
    return found


def _alone(db: Any) -> list[str]:
    """Give the sources whose identity one guardian of today alone can open."""
    living = {key.age for key in registry_of(db).keys.values() if key.age and key.revoked is None}
    newest: dict[str, list[str]] = {}
    rows = db.execute(
        "SELECT r.code || '/' || r.id, a.fields FROM act a JOIN record r ON r.sub = a.sub"
        " WHERE a.t IN ('seal.put','seal.reseal') ORDER BY a.idx"
    )
    for name, text in rows.fetchall():
        newest[name] = json.loads(text).get("recipients", [])
    return sorted(name for name, recipients in newest.items() if recipients and len(living & set(recipients)) <= 1)


def _ending(stamped: list[dict[str, Any]]) -> list[dict[str, str]]:
    """Give the roots of kept time-stamps that end soon or have ended: stamp again before they do."""
    from cryptography.x509 import load_pem_x509_certificates

    found = {}
    for one in stamped:
        try:
            certificates = load_pem_x509_certificates(one.get("roots", "").encode())
        except ValueError:
            continue
        for certificate in certificates:
            if certificate.not_valid_after_utc < datetime.now(UTC) + SOON:
                found[certificate.subject.rfc4514_string()] = f"{certificate.not_valid_after_utc:%Y-%m-%dT%H:%M:%SZ}"
    return [{"certificate": name, "ends": ends} for name, ends in sorted(found.items())]


def in_words(document: dict[str, Any], lang: str = "en") -> str:
    """Say all of it, what is missing first, in `lang`."""
    seen, anchor, again = document["verified"], document["anchor"], document["read_again"]
    lines = [say("health-verified-never", lang)]
    if seen:
        number = seen["failed"]
        failed = say("health-failed", lang, items=counted(number, "item"), number=number) if number else ""
        lines = [say("health-verified", lang, at=seen["at"], failed=failed)]
    since = again["since"] or say("health-never", lang)
    lines.append(say("health-read-again", lang, since=since, never=again["never"]))
    lines.append(
        say("health-anchored", lang, at=anchor["time"], **_entries(anchor["entries_after"])) if anchor
        else say("health-anchored-never", lang)
    )  # fmt: skip
    for one in document["certificates_ending"]:
        lines.append(say("health-ending", lang, certificate=visible(one["certificate"]), ends=one["ends"]))
    for one in document["copies"]:
        gone = "" if one["there"] else say("health-gone", lang)
        lines.append(say("health-copy", lang, path=visible(one["path"]), gone=gone, **_entries(one["behind"])))
    if not document["copies"]:
        lines.append(say("health-copy-none", lang))
    lines += [say("health-sealed", lang, name=visible(name)) for name in document["sealed_to_one"]]
    for one in document["not_accepted"]:
        lines.append(say("health-waiting", lang, item=visible(one["item"]), to=visible(one["to"])))
    if document["clock_behind"]:
        lines.append(say("health-clock", lang, at=document["clock_behind"]))
    return "\n".join(lines)


def _entries(number: int) -> dict[str, Any]:
    return {"entries": counted(number, "entry", "entries"), "number": number}
