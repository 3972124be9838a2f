"""Who signs: an operator whose private key is in hand, or one whose key ssh-agent or a token holds.

A private key is read and written in OpenSSH's form, with a passphrase or
without. Nothing here knows where keys lie, asks anybody, or keeps anything.

Follows OpenSSH's key format (PROTOCOL.key) and agent (by ssh-keygen).
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import sshsig
from schemas.errors import FormatError, RefusedError
from schemas.text import visible

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


@dataclass(frozen=True)
class KeySigner:
    """An operator whose private key is in hand."""

    name: str
    public_line: str
    fingerprint: str
    key: Any = field(repr=False)

    @classmethod
    def of(cls, name: str, key: Ed25519PrivateKey) -> KeySigner:
        """Give the operator of that name with this key."""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        blob = sshsig.blob_of(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
        return cls(name, sshsig.public_line(blob), sshsig.fingerprint(blob), key)

    def sign(self, message: bytes, namespace: str) -> str:
        """Give an armoured SSHSIG."""
        return sshsig.sign(message, namespace, self.key)


@dataclass(frozen=True)
class AgentSigner:
    """An operator whose key ssh-agent or a token holds; ssh-keygen speaks to it."""

    name: str
    public_line: str
    fingerprint: str
    public_file: Path

    def sign(self, message: bytes, namespace: str) -> str:
        """Give an armoured SSHSIG. Raises RefusedError where the agent does not sign."""
        command = ["ssh-keygen", "-Y", "sign", "-n", namespace, "-f", str(self.public_file)]
        try:
            done = subprocess.run(command, input=message, capture_output=True, timeout=120, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            why = f"ssh-keygen did not sign for {self.name} ({type(error).__name__})"
            raise RefusedError(why, code="key") from None
        if done.returncode:
            said = visible(done.stderr.decode(errors="replace").strip().split("\n")[-1])
            raise RefusedError(
                f"ssh-agent did not sign for {self.name}: {said}", code="key",
                hint="add the key with ssh-add, or touch the token when it blinks",
            )  # fmt: skip
        return done.stdout.decode()


def written(key: Ed25519PrivateKey, passphrase: str | None) -> bytes:
    """Give a private key as a file, encrypted where there is a passphrase."""
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    locked = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, locked)


def opened(data: bytes, path: Path, passphrase: Callable[[], str]) -> Ed25519PrivateKey:
    """Read a private key; `passphrase` is asked for one that is encrypted, `path` says where it is in words.

    Raises FormatError, RefusedError (a wrong passphrase), and what `passphrase` raises.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_ssh_private_key

    try:
        key = load_ssh_private_key(data, None)
    except TypeError:  # what the library raises for an encrypted key
        try:
            key = load_ssh_private_key(data, passphrase().encode())
        except ValueError:
            raise wrong_passphrase(path) from None
    except Exception as error:  # unsupported types and formats come as several classes
        raise FormatError(
            f"not an OpenSSH private key ({type(error).__name__})", where=str(path),
            hint="make one with `ssh-keygen -t ed25519`",
        ) from None  # fmt: skip
    if not isinstance(key, Ed25519PrivateKey):
        raise FormatError("not an Ed25519 key", where=str(path), hint="make one with `ssh-keygen -t ed25519`")
    return key


def wrong_passphrase(path: Path) -> RefusedError:
    """Give the refusal of a passphrase that does not open the key at `path`."""
    return RefusedError("the passphrase does not open this key", code="key", where=str(path))
