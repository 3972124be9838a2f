"""Asking a time-stamp authority over HTTP: one request out, one answer back, within a minute.

The only place of Sijill that speaks to a network, and only where a person
named the address. What leaves is a digest and a nonce. The answer is not
judged here.

Follows RFC 3161 section 3.4.
"""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request

from archive import time_stamp
from schemas.errors import InputError, UnreachableError
from schemas.text import visible

WAIT_S = 60
_ANSWER = "application/timestamp-reply"


def ask(url: str, asked: bytes) -> bytes:
    """Send a request (DER) to an authority; gives its answer. Raises InputError (no such URL) or UnreachableError."""
    where, hint = visible(url), "send the .tsq another way and attach the answer"
    if not url.startswith(("http://", "https://")):
        raise InputError("a time-stamp authority is named by http:// or https://", where=where)
    headers = {"Content-Type": "application/timestamp-query", "Accept": _ANSWER}
    try:
        call = urllib.request.Request(url, asked, headers)  # noqa: S310
        with urllib.request.urlopen(call, timeout=WAIT_S) as reply:  # noqa: S310
            kind = str(reply.headers.get_content_type())
            answer = _whole(reply)
    except (OSError, ValueError, http.client.HTTPException) as error:
        told: object = error
        if isinstance(error, urllib.error.HTTPError):
            error.close()
        elif isinstance(error, urllib.error.URLError):
            told = error.reason
        why = visible(str(told) or type(error).__name__)[:120]
        raise UnreachableError(f"the authority did not answer ({why})", where=where, hint=hint) from error
    if kind != _ANSWER:
        raise UnreachableError(f"what answered is no time-stamp authority ({visible(kind)})", where=where, hint=hint)
    return answer


def _whole(reply: http.client.HTTPResponse) -> bytes:
    """Read an answer to its end, but neither for ever nor without limit. Raises OSError."""
    until, answer = time.monotonic() + WAIT_S, b""
    while part := reply.read1(16 * 1024):
        answer += part
        if len(answer) > time_stamp.LARGEST or time.monotonic() > until:
            raise OSError("too long an answer")
    return answer
