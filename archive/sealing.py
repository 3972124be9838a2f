"""Sealing: a witness's identity, encrypted so that only its guardians can open it.

The plain text is padded, since age shows length. age names no sender; the
ledger entry does. Sealed bytes lie among the objects, never in the ledger or a
dossier, and their plain text is never written to disk by Sijill.

Follows age-encryption.org/v1 with X25519 recipients; padding in docs/format.md.
"""

from __future__ import annotations

from collections.abc import Sequence

from schemas.errors import FormatError, InputError

STEP = 1024
_HEAD = b"sijill-sealed/1\n"
AGE = (b"age-encryption.org/v1\n", b"-----BEGIN AGE ENCRYPTED FILE-----")


def is_sealed(data: bytes) -> bool:
    """Tell whether these bytes are an age file already."""
    return data.startswith(AGE)


def pad(data: bytes) -> bytes:
    """Give `data` with its length before it and zeros behind it, a multiple of 1 KiB."""
    text = _HEAD + f"{len(data)}\n".encode() + data
    return text + bytes(-len(text) % STEP)


def unpad(text: bytes) -> bytes:
    """Give what `pad` was handed. Raises FormatError."""
    if not text.startswith(_HEAD):
        raise FormatError("the opened bytes were not sealed by Sijill")
    length, _, rest = text[len(_HEAD) :].partition(b"\n")
    if not length.isdigit() or int(length) > len(rest) or rest[int(length) :].strip(b"\0"):
        raise FormatError("the opened bytes are not padded as they should be")
    return rest[: int(length)]


def recipient(text: str) -> str:
    """Give `text` if it is an age X25519 recipient. Raises InputError."""
    import pyrage

    try:
        pyrage.x25519.Recipient.from_str(text)
    except pyrage.RecipientError:
        raise InputError("not an age X25519 recipient", hint="it begins with age1") from None
    return text


def seal(data: bytes, recipients: Sequence[str]) -> bytes:
    """Encrypt `data` to every recipient (`age1…`). Raises InputError for a recipient that is none."""
    import pyrage

    try:
        keys = [pyrage.x25519.Recipient.from_str(recipient) for recipient in recipients]
    except pyrage.RecipientError as error:
        raise InputError("a recipient is not an age X25519 recipient", hint="it begins with age1") from error
    if not keys:
        raise InputError(
            "there is nobody to seal to: no guardian of this archive has an age recipient",
            hint="name recipients with `seal_to` in the case, or add a guardian",
        )
    return bytes(pyrage.encrypt(pad(data), keys))


def unseal(sealed: bytes, identity: str) -> bytes:
    """Decrypt with one age identity (`AGE-SECRET-KEY-1…`). Raises FormatError."""
    import pyrage

    try:
        return unpad(bytes(pyrage.decrypt(sealed, [pyrage.x25519.Identity.from_str(identity)])))
    except (pyrage.DecryptError, pyrage.IdentityError) as error:
        raise FormatError("this identity does not open it") from error
