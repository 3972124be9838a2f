"""Signed notes, checkpoints and inclusion proofs as files that other tools read.

A checkpoint says: the log of this origin has this size and this root. It is
signed by the log's own key, not by an operator's. Reading is strict: numbers
in plain ASCII digits, base64 in its one spelling, no extension lines.
Signatures by keys that were not asked for are carried, never trusted.

Follows C2SP signed-note, tlog-checkpoint 1.0.0 and tlog-proof v1.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from archive.sshsig import base64_strict, check_ed25519_point
from schemas.errors import FormatError, IntegrityError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

ED25519 = 0x01  # signs a note's text
COSIGNATURE = 0x04  # signs it with a time, as a witness does
_NOT = {
    ED25519: "not an Ed25519 verifier key",
    COSIGNATURE: "not the verifier key of an Ed25519 witness (cosignature/v1)",
}
LARGEST = 64 * 1024
LARGEST_SIZE = 2**53 - 1
PROOF_HEAD = "c2sp.org/tlog-proof@v1"
_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,15})\Z", re.ASCII)
_SIGNATURE = re.compile("— ([^\\s+]+) ([A-Za-z0-9+/]+={0,2})\\Z")
_SURROGATE = re.compile("[\ud800-\udfff]")
_VKEY = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})\Z")


def number(text: str) -> int:
    """Read a whole number in its one ASCII spelling, at most 2^53-1. Raises FormatError."""
    if not _NUMBER.match(text) or int(text) > LARGEST_SIZE:
        raise FormatError("not a whole number in plain digits")
    return int(text)


@dataclass(frozen=True)
class Verifier:
    """The public half of an Ed25519 key: `NAME+ID+KEY`; `kind` says what it signs, by C2SP's byte."""

    name: str
    key_id: bytes
    point: bytes
    kind: int = ED25519

    @classmethod
    def parse(cls, vkey: str, kind: int = ED25519) -> Verifier:
        """Read a C2SP verifier key of that kind. Raises FormatError."""
        match = _VKEY.match(vkey) if not _SURROGATE.search(vkey) else None
        typed = base64_strict(match[3]) if match else b""
        if match is None or len(typed) != 33 or typed[0] != kind:
            raise FormatError(_NOT[kind], hint="it looks like example.org/log+1a2b3c4d+AbC…")
        check_ed25519_point(typed[1:])
        verifier = cls.of(match[1], typed[1:], kind)
        if verifier.key_id.hex() != match[2]:
            raise FormatError("a verifier key's id does not fit its name and key")
        return verifier

    @classmethod
    def of(cls, name: str, point: bytes, kind: int = ED25519) -> Verifier:
        """Give the verifier of a raw Ed25519 public key under a name."""
        return cls(name, hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + point).digest()[:4], point, kind)

    def vkey(self) -> str:
        """Give the verifier key as text."""
        return f"{self.name}+{self.key_id.hex()}+{base64.b64encode(bytes([self.kind]) + self.point).decode()}"

    def holds(self, text: bytes, signature: bytes) -> bool:
        """Tell whether a raw signature of 64 bytes over `text` is by this key."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(self.point).verify(signature, text)
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True)
class Signature:
    """One signature line of a note: who says to have signed, and the bytes."""

    name: str
    key_id: bytes
    signature: bytes


@dataclass(frozen=True)
class SignedNote:
    """A text, ending in a newline, and the signature lines under it; nothing checked yet."""

    text: str
    signatures: tuple[Signature, ...]

    @classmethod
    def parse(cls, note: bytes) -> SignedNote:
        """Read a signed note. Raises FormatError."""
        if len(note) > LARGEST:
            raise FormatError("a signed note is larger than any that Sijill takes")
        try:
            whole = note.decode("utf-8")
        except UnicodeDecodeError:
            raise FormatError("a signed note is not UTF-8") from None
        text, gap, tail = whole.rpartition("\n\n")
        if not gap or not tail.endswith("\n") or re.search("[\x00-\x09\x0b-\x1f\x7f]", whole):
            raise FormatError("a signed note is not a text, a blank line, and signature lines")
        return cls(text + "\n", tuple(_signature(line) for line in tail[:-1].split("\n")))


def _signature(line: str) -> Signature:
    match = _SIGNATURE.match(line)
    raw = base64_strict(match[2]) if match else b""
    if match is None or len(raw) < 5:
        raise FormatError("a signature line of a note is malformed")
    return Signature(match[1], raw[:4], raw[4:])


@dataclass(frozen=True)
class Checkpoint:
    """A log's state: origin, how many entries, and the root over them (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Give the three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """Read the text of a checkpoint; extension lines are refused. Raises FormatError."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3] or not lines[0]:
            raise FormatError("a checkpoint is not three lines: origin, size, root")
        root = base64_strict(lines[2])
        if len(root) != 32:
            raise FormatError("a checkpoint's root is not of 32 bytes")
        return cls(lines[0], number(lines[1]), root)


def vkey_of(name: str, key: Ed25519PrivateKey) -> str:
    """Give the verifier key of a private log key."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return Verifier.of(name, key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).vkey()


def sign_checkpoint(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> bytes:
    """Give the checkpoint as a note signed by the log's key, under the origin's name."""
    verifier = Verifier.parse(vkey_of(checkpoint.origin, key))
    text = checkpoint.text()
    signature = base64.b64encode(verifier.key_id + key.sign(text.encode())).decode()
    return f"{text}\n— {checkpoint.origin} {signature}\n".encode()


def open_checkpoint(note: bytes, vkey: str) -> Checkpoint:
    """Give the checkpoint that the log of `vkey` signed.

    Raises FormatError (malformed) or IntegrityError: not exactly one signature
    by this key, one that does not hold, or another origin than the key's.
    """
    verifier, signed = Verifier.parse(vkey), SignedNote.parse(note)
    checkpoint = Checkpoint.parse(signed.text)
    own = [s for s in signed.signatures if (s.name, s.key_id) == (verifier.name, verifier.key_id)]
    if len(own) != 1:
        raise IntegrityError("the checkpoint is not signed, once, by this log's key")
    if not verifier.holds(signed.text.encode(), own[0].signature):
        raise IntegrityError("the log's signature on the checkpoint does not hold")
    if checkpoint.origin != verifier.name:
        raise IntegrityError("the checkpoint is of another log than its key")
    return checkpoint


@dataclass(frozen=True)
class TlogProof:
    """That entry `index` lies in the log of a checkpoint: the audit path and the checkpoint's exact bytes.

    `extra` is carried by the format and authenticated by nothing.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint_note: bytes
    extra: bytes | None = None

    def write(self) -> bytes:
        """Give the proof as its file's bytes."""
        lines = [PROOF_HEAD]
        if self.extra is not None:
            lines.append("extra " + base64.b64encode(self.extra).decode())
        lines.append(f"index {self.index}")
        lines += [base64.b64encode(hashed).decode() for hashed in self.hashes]
        return "".join(line + "\n" for line in lines).encode() + b"\n" + self.checkpoint_note

    @classmethod
    def parse(cls, data: bytes) -> TlogProof:
        """Read a proof strictly. Raises FormatError."""
        head, gap, checkpoint = data.partition(b"\n\n")
        try:
            lines = head.decode("ascii").split("\n")
        except UnicodeDecodeError:
            raise FormatError("a proof is not plain text") from None
        if not gap or lines.pop(0) != PROOF_HEAD:
            raise FormatError(f"not a proof: its first line is not {PROOF_HEAD}")
        extra = base64_strict(lines.pop(0)[6:]) if lines and lines[0].startswith("extra ") else None
        if not lines or not lines[0].startswith("index "):
            raise FormatError("a proof does not say its index")
        index = number(lines.pop(0)[6:])
        hashes = tuple(map(base64_strict, lines))
        if len(hashes) > 63 or any(len(hashed) != 32 for hashed in hashes):
            raise FormatError("a proof holds what is no hash")
        return cls(index, hashes, checkpoint, extra)
