"""SSH signatures: made with an operator's key, checked by anybody's `ssh-keygen -Y verify`.

Signs with Ed25519; checks Ed25519 and Ed25519 on a touch key. A key is taken
only in its canonical form and only from the prime-order group: a weak key lets
its owner deny a signature later. Absence of a signature is failure; nothing
here trusts a name or an id that came with the signature.

Follows OpenSSH PROTOCOL.sshsig, PROTOCOL.u2f and RFC 8032 (points); after the
C2SP test vectors for Ed25519.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from typing import TYPE_CHECKING

from schemas.errors import FormatError, IntegrityError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

PLAIN = b"ssh-ed25519"
TOUCH = b"sk-ssh-ed25519@openssh.com"
_MAGIC = b"SSHSIG"
_HEAD = "-----BEGIN SSH SIGNATURE-----\n"
_TAIL = "\n-----END SSH SIGNATURE-----\n"
_COLUMNS = 70
_HASHES = {b"sha512": "sha512", b"sha256": "sha256"}
_TOUCHED = 0x01

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P


class _Wire:
    """Reads the length-prefixed strings of RFC 4251 section 5."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at = data, 0

    def take(self, count: int) -> bytes:
        if self._at + count > len(self._data):
            raise FormatError("an SSH structure is cut short")
        self._at += count
        return self._data[self._at - count : self._at]

    def string(self) -> bytes:
        return self.take(int.from_bytes(self.take(4), "big"))

    def end(self) -> None:
        if self._at != len(self._data):
            raise FormatError("an SSH structure goes on behind its end")


def _string(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def base64_strict(text: str) -> bytes:
    """Read padded standard base64 in its one spelling. Raises FormatError."""
    try:
        data = base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        raise FormatError("not base64") from None
    if base64.b64encode(data).decode() != text:
        raise FormatError("base64 of another spelling")
    return data


def fingerprint(blob: bytes) -> str:
    """Give a public key's name as OpenSSH prints it: `SHA256:` and base64 without padding."""
    return "SHA256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode().rstrip("=")


def public_line(blob: bytes) -> str:
    """Give a public key as one OpenSSH line, `TYPE BASE64`, without a comment. Raises FormatError."""
    return f"{_parts(blob)[0].decode()} {base64.b64encode(blob).decode()}"


def parse_public_line(text: str) -> bytes:
    """Read an OpenSSH public key line; a comment behind it is left out. Gives its blob. Raises FormatError."""
    words = text.strip().split(" ", 2)
    if len(words) < 2:
        raise FormatError("not an OpenSSH public key", hint="it is one line: ssh-ed25519 AAAA…")
    blob = base64_strict(words[1])
    if _parts(blob)[0] != words[0].encode("utf-8", "replace"):
        raise FormatError("a public key line names another type than its key")
    return blob


def blob_of(point: bytes) -> bytes:
    """Give the OpenSSH blob of a raw Ed25519 public key of 32 bytes."""
    return _string(PLAIN) + _string(point)


def point_of(blob: bytes) -> bytes:
    """Give the raw Ed25519 point of a public key blob, whichever its type. Raises FormatError."""
    return _parts(blob)[1]


def _parts(blob: bytes) -> tuple[bytes, bytes, bytes]:
    """Give type, point and, of a touch key, application. Raises FormatError."""
    wire = _Wire(blob)
    kind, application = wire.string(), b""
    if kind not in (PLAIN, TOUCH):
        raise FormatError("a key of a type that Sijill does not take", hint="make one with `ssh-keygen -t ed25519`")
    point = wire.string()
    if kind == TOUCH:
        application = wire.string()
    wire.end()
    check_ed25519_point(point)
    return kind, point, application


def sign(message: bytes, namespace: str, key: Ed25519PrivateKey) -> str:
    """Give an armoured SSHSIG over `message` (hash SHA-512), the same bytes as ssh-keygen's."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    blob = blob_of(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
    space = namespace.encode()
    signature = _string(PLAIN) + _string(key.sign(_signed(space, b"sha512", message)))
    body = _MAGIC + (1).to_bytes(4, "big") + b"".join(map(_string, (blob, space, b"", b"sha512", signature)))
    return _armour(body)


def _signed(space: bytes, algorithm: bytes, message: bytes) -> bytes:
    hashed = hashlib.new(_HASHES[algorithm], message).digest()
    return _MAGIC + _string(space) + _string(b"") + _string(algorithm) + _string(hashed)


def _armour(body: bytes) -> str:
    text = base64.b64encode(body).decode()
    return _HEAD + "\n".join(text[i : i + _COLUMNS] for i in range(0, len(text), _COLUMNS)) + _TAIL


def verify(message: bytes, namespace: str, armoured: str) -> bytes:
    """Check an armoured SSHSIG; gives the blob of the key that signed.

    Raises FormatError (malformed, another namespace) or IntegrityError (the
    signature does not hold). A touch key must have been touched.
    """
    if type(armoured) is not str or not armoured.startswith(_HEAD) or not armoured.endswith(_TAIL):
        raise FormatError("not an SSH signature")
    body = base64_strict(armoured[len(_HEAD) : -len(_TAIL)].replace("\n", ""))
    if _armour(body) != armoured:
        raise FormatError("an SSH signature is not laid out as ssh-keygen does")
    wire = _Wire(body)
    if wire.take(6) != _MAGIC or wire.take(4) != (1).to_bytes(4, "big"):
        raise FormatError("not an SSH signature of version 1")
    blob, space, reserved, algorithm, signature = (wire.string() for _ in range(5))
    wire.end()
    if space != namespace.encode():
        raise FormatError("a signature was made for another purpose (namespace)")
    if reserved or algorithm not in _HASHES:
        raise FormatError("a signature uses what is not used here")
    _check_signature(blob, signature, _signed(space, algorithm, message))
    return blob


def _check_signature(blob: bytes, signature: bytes, signed: bytes) -> None:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    kind, point, application = _parts(blob)
    wire = _Wire(signature)
    if wire.string() != kind:
        raise FormatError("a signature is of another type than its key")
    raw = wire.string()
    if kind == TOUCH:
        rest = wire.take(5)
        if not rest[0] & _TOUCHED:
            raise IntegrityError("a touch key signed without being touched")
        signed = hashlib.sha256(application).digest() + rest + hashlib.sha256(signed).digest()
    wire.end()
    try:
        Ed25519PublicKey.from_public_bytes(point).verify(raw, signed)
    except InvalidSignature:
        raise IntegrityError("the signature does not hold") from None


_checked: set[bytes] = set()


def check_ed25519_point(point: bytes) -> None:
    """Refuse a public key that is not the canonical form of a point of the prime-order group. Raises FormatError."""
    if point in _checked:
        return
    if len(point) != 32:
        raise FormatError("an Ed25519 key is not of 32 bytes")
    number = int.from_bytes(point, "little")
    y, sign_bit = number & (1 << 255) - 1, number >> 255
    if y >= _P:
        raise FormatError("an Ed25519 key is not in canonical form")
    x = _x_of(y)
    if x is None or (x == 0 and sign_bit):
        raise FormatError("an Ed25519 key is no point of the curve")
    if x & 1 != sign_bit:
        x = _P - x
    if (x, y) == (0, 1) or not _is_neutral(_times(_ORDER, (x, y, 1, x * y % _P))):
        raise FormatError("a weak Ed25519 key: its point is not of prime order")
    if len(_checked) < 10_000:
        _checked.add(point)


def _x_of(y: int) -> int | None:
    """Give an x of the curve for y (RFC 8032 section 5.1.3), or None."""
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    return None if (x * x - square) % _P else x


def _plus(one: tuple[int, ...], two: tuple[int, ...]) -> tuple[int, int, int, int]:
    """Add points in extended coordinates (RFC 8032 section 5.1.4)."""
    a = (one[1] - one[0]) * (two[1] - two[0]) % _P
    b = (one[1] + one[0]) * (two[1] + two[0]) % _P
    c, d = 2 * one[3] * two[3] * _D % _P, 2 * one[2] * two[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(number: int, point: tuple[int, ...]) -> tuple[int, ...]:
    total: tuple[int, ...] = (0, 1, 1, 0)
    while number:
        if number & 1:
            total = _plus(total, point)
        point, number = _plus(point, point), number >> 1
    return total


def _is_neutral(point: tuple[int, ...]) -> bool:
    return point[0] % _P == 0 and (point[1] - point[2]) % _P == 0
