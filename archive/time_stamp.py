"""Time-stamps of outside authorities: a request over exact bytes, and an answer checked twice.

An answer proves that the bytes existed when the authority says. It is checked
by rfc3161-client and by `openssl ts`, each at the time of the stamp, against
roots that somebody chose: a certificate inside an answer is never an anchor.
An answer that the first cannot read (strict DER) rests on openssl alone, and
that is said. Nothing here speaks to a network.

Follows RFC 3161 and RFC 5816.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.errors import FormatError, IntegrityError, UnreachableError
from schemas.text import visible

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

LARGEST = 256 * 1024
MOST_ROOTS = 16
_SECONDS = 30
_SHA256 = "2.16.840.1.101.3.4.2.1"


class DoesNotHold(IntegrityError):
    """A time-stamp that can be read and proves nothing: other bytes, another authority, another question."""

    code = "stamp"


@dataclass(frozen=True)
class Stamp:
    """An answer that holds: when (UTC), by which policy, and which tools said so."""

    time: datetime
    policy: str
    checked_by: tuple[str, ...]


def request(data: bytes) -> bytes:
    """Give a request (DER) for SHA-256 of `data`, with a nonce and asking for certificates."""
    from rfc3161_client import HashAlgorithm, TimestampRequestBuilder

    built = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).nonce(nonce=True)
    return bytes(built.cert_request(cert_request=True).build().as_bytes())


def imprint(answer: bytes) -> bytes:
    """Give the SHA-256 that an answer stamps. Raises FormatError."""
    return _info(answer)[0]


def check(
    answer: bytes, data: bytes, roots: bytes, asked: bytes | None = None, *, policy: str | None = None
) -> Stamp:
    """Check an answer over `data` against PEM `roots`.

    `asked` is the request: its nonce, its policy and its imprint must come back. `policy` is the one (a dotted OID)
    that the answer must be given under. Raises FormatError (unreadable), DoesNotHold,
    UnreachableError (no tool could look).
    """
    if len(answer) > LARGEST:
        raise FormatError("larger than any time-stamp")
    found, time, given = _info(answer)
    if found != hashlib.sha256(data).digest():
        raise DoesNotHold("the time-stamp is over other bytes")
    if policy is not None and policy != given:
        raise DoesNotHold(f"the time-stamp is given under the policy {given}")
    trusted = certificates(roots)
    spoke = (_by_library(answer, data, trusted, asked), _by_openssl(answer, data, trusted, time, asked))
    by = tuple(tool for tool in spoke if tool is not None)
    if not by:
        raise UnreachableError("no tool here can check this time-stamp", hint="install openssl")
    return Stamp(time, given, by)


def certificates(pem: bytes) -> list[Certificate]:
    """Read the roots that somebody chose, each once. Raises FormatError.

    A whole store of a system is refused: under it any of a hundred authorities could have given the answer.
    """
    from cryptography.x509 import load_pem_x509_certificates

    hint = "give the authority's own root certificate"
    try:
        read = list(dict.fromkeys(load_pem_x509_certificates(pem)))
    except ValueError:
        raise FormatError("the roots are no PEM certificates", hint=hint) from None
    if len(read) > MOST_ROOTS:
        raise FormatError(f"{len(read)} certificates are more than one authority has", hint=hint)
    return read


def pem(roots: Sequence[Certificate]) -> bytes:
    """Give certificates as PEM, and nothing else that stood in their file."""
    from cryptography.hazmat.primitives.serialization import Encoding

    return b"".join(one.public_bytes(Encoding.PEM) for one in roots)


def named(roots: bytes) -> tuple[str, ...]:
    """Say whose PEM roots are: the subject of each and SHA-256 of the certificate, as authorities publish it.

    Raises FormatError.
    """
    from cryptography.hazmat.primitives.hashes import SHA256

    return tuple(
        f"{visible(one.subject.rfc4514_string())}, SHA-256 {one.fingerprint(SHA256()).hex()}"
        for one in certificates(roots)
    )


def _decode(answer: bytes) -> Any:
    """Give the answer as rfc3161-client reads it, or None where it cannot."""
    from rfc3161_client import decode_timestamp_response

    try:
        return decode_timestamp_response(answer)
    except ValueError:
        return None


def _request(asked: bytes) -> Any:
    """Read a request. Raises FormatError."""
    from rfc3161_client._rust import parse_timestamp_request  # the package names no other way to read one

    try:
        return parse_timestamp_request(asked)
    except ValueError:
        raise FormatError("not a time-stamp request (RFC 3161)") from None


def _info(answer: bytes) -> tuple[bytes, datetime, str]:
    """Give imprint, time and policy, by the library or else by openssl. Raises FormatError."""
    decoded = _decode(answer)
    if decoded is None:
        return _info_by_openssl(answer)
    try:
        info = decoded.tst_info
        algorithm = info.message_imprint.hash_algorithm.dotted_string
        found = bytes(info.message_imprint.message), info.gen_time.astimezone(UTC), info.policy.dotted_string
    except (ValueError, AttributeError, TypeError):
        raise FormatError("the answer holds no time-stamp: the authority refused") from None
    if algorithm != _SHA256:
        raise FormatError("the time-stamp is not over SHA-256")
    return found


def _info_by_openssl(answer: bytes) -> tuple[bytes, datetime, str]:
    with _files(answer=answer) as paths:
        done = _openssl("ts", "-reply", "-in", paths["answer"], "-text")
    if done is None or done.returncode:
        raise FormatError("not a time-stamp answer (RFC 3161)")
    text = done.stdout.decode("utf-8", "replace")
    fields = dict(line.split(": ", 1) for line in text.splitlines() if ": " in line and not line.startswith(" "))
    hashed = b"".join(
        bytes.fromhex("".join(line.split(" - ", 1)[1][:48].replace("-", " ").split()))
        for line in text.splitlines()
        if line.startswith("    00")
    )
    try:
        if fields["Hash Algorithm"] != "sha256":
            raise FormatError("the time-stamp is not over SHA-256")
        stamp = " ".join(fields["Time stamp"].replace("GMT", "").split())
        form = "%b %d %H:%M:%S.%f %Y" if "." in stamp else "%b %d %H:%M:%S %Y"
        return hashed, datetime.strptime(stamp, form).replace(tzinfo=UTC), fields["Policy OID"]
    except (KeyError, ValueError):
        raise FormatError("not a time-stamp answer (RFC 3161)") from None


def _by_library(answer: bytes, data: bytes, trusted: list[Certificate], asked: bytes | None) -> str | None:
    from importlib.metadata import version

    from rfc3161_client import VerificationError, VerifierBuilder

    decoded = _decode(answer)
    if decoded is None:
        return None
    builder = VerifierBuilder() if asked is None else VerifierBuilder.from_request(_request(asked))
    roots = [one for one in trusted if one.issuer == one.subject] or trusted
    for one in trusted:
        builder = builder.add_root_certificate(one) if one in roots else builder.add_intermediate_certificate(one)
    try:
        builder.build().verify_message(decoded, data)
    except (VerificationError, ValueError, TypeError) as error:
        raise DoesNotHold(f"the time-stamp does not hold: {_reason(str(error))}") from None
    return f"rfc3161-client {version('rfc3161-client')}"


def _reason(said: str) -> str:
    """Give the words of an error for people, without the lists of the libraries under it."""
    last = re.findall(r'reason: "([^"]*)"', said)
    words = re.search(r"Verify error: ?([^\"]+)", said)
    return visible(words[1] if words else last[-1] if last else said)[-160:]


def _by_openssl(
    answer: bytes, data: bytes, trusted: list[Certificate], time: datetime, asked: bytes | None
) -> str | None:
    at = str(int(time.timestamp()))
    with _files(answer=answer, data=data, roots=pem(trusted), asked=asked or b"") as paths:
        what = ["-queryfile", paths["asked"]] if asked else ["-data", paths["data"]]
        done = _openssl(
            "ts", "-verify", *what, "-in", paths["answer"], "-CAfile", paths["roots"], "-untrusted", paths["roots"],
            "-attime", at,
        )  # fmt: skip
        if done is None:
            return None
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise DoesNotHold(f"the time-stamp does not hold: openssl says {_reason(said[-1]) if said else 'no'}")
        named = _openssl("version")
    return " ".join(named.stdout.decode("ascii", "replace").split()[:2]) if named is not None else "openssl"


@contextlib.contextmanager
def _files(**contents: bytes) -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="sijill-stamp-") as folder:
        for name, data in contents.items():
            (Path(folder) / name).write_bytes(data)
        yield {name: str(Path(folder) / name) for name in contents}


def _openssl(*arguments: str) -> subprocess.CompletedProcess[bytes] | None:
    """Run openssl; None where it is not installed or does not answer."""
    program = shutil.which("openssl")
    if program is None:
        return None
    try:
        return subprocess.run([program, *arguments], capture_output=True, timeout=_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
