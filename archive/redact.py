"""Redacting: a copy with parts covered or removed that stands for an original before one audience.

The original is not touched; the copy is an object of its own, and its entry
says for whom, how and why. The copy is looked into before it is taken: one that
still holds what was to go is refused. Whether it covers the right places is for
the one who makes it to see.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import ledger, paper
from archive.limited import NoAnswer
from archive.pictures import Pictures
from archive.show import Kept, find_item
from archive.workers import summed
from evidence.media import HEAD, media_type
from evidence.redaction import HOW, PICTURES, Box
from schemas.errors import InputError, IntegrityError, NotFound, Problem, UnreachableError
from schemas.text import nearest, visible
from schemas.vocabulary import AUDIENCES

if TYPE_CHECKING:
    from archive.open import Archive
    from archive.workers import Saying

MOST_BYTES = 256 * 1024 * 1024


def cover(
    archive: Archive, name: str, audience: str, boxes: Sequence[Box], how: str, reason: str,
    signers: Sequence[ledger.Signer], *, progress: Saying | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Cover `boxes` (pixels of the upright picture) of an item for an audience; gives `sijill-redact/1`.

    Raises NotFound, InputError, IntegrityError, RefusedError or UnreachableError; then nothing was recorded.
    """
    item, original = _start(archive, name, audience, reason, progress)
    kind = str(item.fields.get("media_type", ""))
    if kind not in PICTURES or how not in HOW:
        raise InputError(
            f"{item.name} is no picture that boxes can be drawn on", where=item.name,
            hint="redact it in any tool, then: sijill redact ITEM --with FILE", code="redact",
        )  # fmt: skip
    with Pictures() as pictures:
        try:
            made = pictures.covered(original, boxes, how)
        except NoAnswer as error:
            raise InputError(f"{item.name}: {error}; nothing was recorded", where=item.name, code="redact") from error
    fields = {"how": how, "boxes": [list(box) for box in boxes]}
    return _enter(archive, item, made, audience, reason, fields, signers)


def replace(
    archive: Archive, name: str, audience: str, file: Path, reason: str, signers: Sequence[ledger.Signer],
    *, gone: Sequence[str] = (), progress: Saying | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Take a copy made in any tool for an audience; gives `sijill-redact/1`.

    `gone` are words that must not be in it any more. Raises NotFound,
    InputError (the copy still holds what it must not), IntegrityError,
    RefusedError or UnreachableError; then nothing was recorded.
    """
    item, original = _start(archive, name, audience, reason, progress)
    shown, data = visible(str(file)), paper.read(file, MOST_BYTES)
    kind = media_type(data[:HEAD], file.name)
    types = (str(item.fields.get("media_type", "")), kind)
    with Pictures() as pictures:
        try:
            reasons = pictures.refusals((original, types[0]), (file, kind), gone)
        except NoAnswer as error:
            reasons = [f"what it holds cannot be told: {error}"]
    if reasons:
        raise InputError(
            f"{shown} cannot stand for {item.name}: {'; '.join(reasons)}", where=shown, code="redact",
            hint="remove it in the tool that made the copy, not only cover it",
            problems=[Problem(shown, reason) for reason in reasons],
        )  # fmt: skip
    return _enter(archive, item, data, audience, reason, {"how": "replaced"}, signers)


def _start(
    archive: Archive, name: str, audience: str, reason: str, progress: Saying | None
) -> tuple[Kept, Path]:
    if audience not in AUDIENCES:
        near = nearest(audience, AUDIENCES)
        said = f"there is no audience {visible(audience)}" + (f"; did you mean {near}?" if near else "")
        raise InputError(said, code="audience", hint="one of: " + ", ".join(AUDIENCES))
    if not reason.strip():
        raise InputError("a redaction needs a reason", code="reason", hint="say it with --reason TEXT")
    with archive.reading() as db:
        item = find_item(db, name)
    if item.withdrawn is not None or "blake3" not in item.fields:
        raise NotFound(f"{item.name} has no file that could be redacted", where=item.name)
    digest, size = str(item.fields["blake3"]), int(item.fields["size"])
    step = summed(progress, "reading the original", size)
    found = next(archive.objects.check_many([(digest, str(item.fields["sha256"]), size)], progress=step))
    if progress is not None:
        progress("looking into the copy", 0)
    if found.what == "unreadable":
        raise UnreachableError(
            f"{item.name}: its stored bytes cannot be read ({found.detail}); nothing was recorded", where=item.name,
            hint="look at the disk and the permissions of the store", code="object-unreadable",
        )  # fmt: skip
    if found.what != "ok":
        raise IntegrityError(
            f"{item.name}: its stored bytes are {found.what}; nothing was recorded", where=item.name,
            hint="run `sijill audit`; restore the object from a copy",
        )  # fmt: skip
    return item, archive.objects.path(digest)


def _enter(
    archive: Archive, item: Kept, data: bytes, audience: str, reason: str, how: dict[str, Any],
    signers: Sequence[ledger.Signer],
) -> dict[str, Any]:  # fmt: skip
    """Store the copy and enter it. A crash between leaves an object that nobody names."""
    stored = archive.objects.put_bytes(data)
    archive.objects.sync()
    fields = {
        "blake3": stored.blake3, "sha256": stored.sha256, "size": stored.size,
        "media_type": media_type(data[:HEAD]), "audience": audience, "reason": reason.strip(), **how,
    }  # fmt: skip
    with ledger.writing(archive, signers) as act:
        if stored.blake3 == item.fields["blake3"]:
            raise InputError("it is the original itself, byte for byte", where=item.name, code="redact")
        act.nothing_since(item.last + 1, item.name, sub=item.sub)
        act.add("blob.add", sub=item.sub, body={"role": "rendition"}, fields=fields)
    assert act.receipt is not None
    rendition = {name: fields[name] for name in ("blake3", "sha256", "size", "media_type", "how")}
    return {
        "format": "sijill-redact/1", "item": item.name, "audience": audience, "reason": reason.strip(),
        "rendition": rendition, "answer": _answer(item, audience), **act.receipt.document(),
    }  # fmt: skip


def _answer(item: Kept, audience: str) -> str | None:
    """Give what consent or release says to this audience, None where nobody answered."""
    noun = "consent" if item.fields.get("kind") == "statement" else "release"
    answer = item.fields.get(f"{noun}.{audience}")
    if answer is None and any(name.startswith(f"{noun}.") for name in item.fields):
        return "missing"
    return None if answer is None else str(answer)
