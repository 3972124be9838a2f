"""Lets the RO-Crate judge work without a network: puts the published context into its cache of answers.

    python crate_cache.py CONTEXT.json CACHE       run with the judge's own environment
"""

import sys
from io import BytesIO
from pathlib import Path

from requests.adapters import HTTPAdapter
from requests_cache import CachedSession
from urllib3 import HTTPResponse


class FromFile(HTTPAdapter):
    """Answers every request with one file."""

    def send(self, request, **_):
        answer = HTTPResponse(
            body=BytesIO(Path(sys.argv[1]).read_bytes()), status=200, headers={"Content-Type": "application/ld+json"},
            preload_content=False, decode_content=False,
        )  # fmt: skip
        return self.build_response(request, answer)


if __name__ == "__main__":
    session = CachedSession(cache_name=sys.argv[2], expire_after=-1, backend="sqlite", allowable_methods=("GET",))
    session.mount("https://w3id.org/ro/crate/", FromFile())
    for version in ("1.1", "1.2"):
        session.get(f"https://w3id.org/ro/crate/{version}/context").raise_for_status()
