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
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.errors import FormatError, IntegrityError, UnreachableError

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

LARGEST = 256 * 1024
_SECONDS = 30
_SHA256 = "2.16.840.1.101.3.4.2.1"


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


def check(answer: bytes, data: bytes, roots: bytes, asked: bytes | None = None) -> Stamp:
    """Check an answer over `data` against PEM `roots`; `asked` is the request, whose nonce openssl holds against it.

    Raises FormatError (unreadable), IntegrityError (it does not hold), UnreachableError (no tool could look).
    """
    if len(answer) > LARGEST:
        raise FormatError("larger than any time-stamp")
    found, time, policy = _info(answer)
    if found != hashlib.sha256(data).digest():
        raise IntegrityError("the time-stamp is over other bytes")
    certificates = _certificates(roots)
    by = []
    read = _by_library(answer, data, certificates)
    if read is not None:
        by.append(read)
    read = _by_openssl(answer, data, certificates, time, asked)
    if read is not None:
        by.append(read)
    if not by:
        raise UnreachableError("no tool here can check this time-stamp", hint="install openssl")
    return Stamp(time, policy, tuple(by))


def _certificates(pem: bytes) -> list[Certificate]:
    from cryptography.x509 import load_pem_x509_certificates

    try:
        return load_pem_x509_certificates(pem)
    except ValueError:
        hint = "give the authority's own root certificate"
        raise FormatError("the roots are no PEM certificates", hint=hint) from None


def _decode(answer: bytes) -> Any:
    """Give the answer as rfc3161-client reads it, or None where it cannot."""
    from rfc3161_client import decode_timestamp_response

    try:
        return decode_timestamp_response(answer)
    except ValueError:
        return None


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


def _by_library(answer: bytes, data: bytes, certificates: list[Certificate]) -> str | None:
    from importlib.metadata import version

    from rfc3161_client import VerificationError, VerifierBuilder

    decoded = _decode(answer)
    if decoded is None:
        return None
    builder = VerifierBuilder()
    roots = [one for one in certificates if one.issuer == one.subject] or certificates
    for certificate in certificates:
        add = builder.add_root_certificate if certificate in roots else builder.add_intermediate_certificate
        with contextlib.suppress(ValueError):  # the same certificate twice in the file
            builder = add(certificate)
    try:
        builder.build().verify_message(decoded, data)
    except (VerificationError, ValueError, TypeError) as error:
        raise IntegrityError(f"the time-stamp does not hold: {str(error)[:200]}") from None
    return f"rfc3161-client {version('rfc3161-client')}"


def _by_openssl(
    answer: bytes, data: bytes, certificates: list[Certificate], time: datetime, asked: bytes | None
) -> str | None:
    from cryptography.hazmat.primitives.serialization import Encoding

    pem = b"".join(one.public_bytes(Encoding.PEM) for one in certificates)
    at = str(int(time.timestamp()))
    with _files(answer=answer, data=data, roots=pem, asked=asked or b"") as paths:
        what = ["-queryfile", paths["asked"]] if asked else ["-data", paths["data"]]
        done = _openssl(
            "ts", "-verify", *what, "-in", paths["answer"], "-CAfile", paths["roots"], "-untrusted", paths["roots"],
            "-attime", at,
        )  # fmt: skip
        if done is None:
            return None
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip().splitlines()
            raise IntegrityError(f"the time-stamp does not hold: openssl says {said[-1][-160:] if said else 'no'}")
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
