"""The media type of evidence bytes, from their first bytes; the name only decides between kinds of text and of ZIP.

A media type is a guess about form. It never says that the bytes are whole,
and nothing is refused because of it. Magic numbers are those of the `filetype`
library; text is told by having no control characters (WHATWG MIME Sniffing 5).
"""

from __future__ import annotations

import re
from typing import Any

from filetype.match import match
from filetype.types import TYPES
from filetype.types.document import ZippedDocumentBase
from filetype.types.video import Mkv, Webm

HEAD = 8192  # bytes of a file that `media_type` needs to see
UNKNOWN = "application/octet-stream"

_TEXT_WITH_MAGIC = {"application/pdf", "application/rtf", "application/postscript"}
_TEXT_BY_NAME = {
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".json": "application/json",
    ".geojson": "application/geo+json",
    ".html": "text/html",
    ".htm": "text/html",
    ".xml": "application/xml",
    ".kml": "application/vnd.google-earth.kml+xml",
    ".gpx": "application/gpx+xml",
    ".svg": "image/svg+xml",
    ".md": "text/markdown",
    ".eml": "message/rfc822",
    ".toml": "application/toml",
    ".srt": "application/x-subrip",
    ".vtt": "text/vtt",
}
_OFFICE = "application/vnd.openxmlformats-officedocument."
_ZIP_PARTS = {
    b"xl/": _OFFICE + "spreadsheetml.sheet",
    b"word/": _OFFICE + "wordprocessingml.document",
    b"ppt/": _OFFICE + "presentationml.presentation",
}
_ZIP_BY_NAME = {
    ".xlsx": _OFFICE + "spreadsheetml.sheet",
    ".docx": _OFFICE + "wordprocessingml.document",
    ".pptx": _OFFICE + "presentationml.presentation",
    ".kmz": "application/vnd.google-earth.kmz",
}
_BRANDS = {
    b"avif": "image/avif",
    b"avis": "image/avif",
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"heim": "image/heic",
    b"heis": "image/heic",
    b"hevc": "image/heic",
    b"mif1": "image/heif",
    b"msf1": "image/heif",
    b"crx ": "image/x-canon-cr3",
    b"qt  ": "video/quicktime",
}
_MORE_MAGIC = {  # what `filetype` does not know: BigTIFF, raw files of cameras, JPEG XL
    b"II+\0": "image/tiff",
    b"MM\0+": "image/tiff",
    b"FUJIFILMCCD-RAW": "image/x-fuji-raf",
    b"IIU\0": "image/x-panasonic-rw2",
    b"IIRO": "image/x-olympus-orf",
    b"IIRS": "image/x-olympus-orf",
    b"MMOR": "image/x-olympus-orf",
    b"\xff\x0a": "image/jxl",
    b"\0\0\0\x0cJXL \r\n\x87\n": "image/jxl",
}
_BY_NAME = {
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".gif": "image/gif",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".bmp": "image/bmp",
    ".heic": "image/heic",
    ".heif": "image/heif",
    ".mp4": "video/mp4",
    ".mov": "video/quicktime",
    ".pdf": "application/pdf",
    ".wav": "audio/x-wav",
    ".mp3": "audio/mpeg",
} | _ZIP_BY_NAME
_ZIP = b"PK\x03\x04"
# The kinds that look through the whole head, and begin as a ZIP or as Matroska does: of others nobody asks them.
_SEARCHED = (_ZIP, b"\x1aE\xdf\xa3")
_UNSEARCHED = tuple(kind for kind in TYPES if not isinstance(kind, ZippedDocumentBase | Mkv | Webm))
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
_ALIKE = [{"image/heic", "image/heif"}, {"image/png", "image/apng"}, {"video/mp4", "video/quicktime", "video/x-m4v"}]


def media_type(head: bytes, name: str = "") -> str:
    """Guess the media type of a file from its first `HEAD` bytes; `name` need not be there."""
    suffix = _suffix(name)
    if not head:
        return UNKNOWN
    magic = _magic(head)
    if _is_text(head):
        if magic in _TEXT_WITH_MAGIC:
            return magic
        return _text(head, suffix)
    if head[4:8] == b"ftyp":
        return _brand(head) or magic or UNKNOWN
    if head.startswith(_ZIP):
        return _zip(head, suffix, magic)
    return magic or UNKNOWN


def name_warning(found: str, name: str) -> str | None:
    """Say that a file's bytes are not what its name promises; None where they agree or the name promises nothing."""
    promised = _BY_NAME.get(_suffix(name))
    if promised is None or promised == found or any({promised, found} <= alike for alike in _ALIKE):
        return None
    what = "of no known type" if found == UNKNOWN else found
    return f"the name ends in {_suffix(name)} ({promised}), but the bytes are {what}"


def _suffix(name: str) -> str:
    stem, dot, suffix = name.rpartition(".")
    return "." + suffix.lower() if dot and stem else ""


def _magic(head: bytes) -> str | None:
    for start, kind in _MORE_MAGIC.items():
        if head.startswith(start):
            return kind
    try:
        guess: Any = match(head, TYPES if head.startswith(_SEARCHED) else _UNSEARCHED)
    except Exception:  # a matcher of the library that trips over short or odd bytes knows nothing of them
        return None
    return None if guess is None else str(guess.mime)


def _is_text(head: bytes) -> bool:
    """Tell text (UTF-8, UTF-16 with a mark, or an 8-bit encoding without control characters) from everything else."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return len(head) % 2 == 0 or len(head) >= HEAD
    if head.startswith(b"\xff\xd8\xff"):
        return False
    return _CONTROL.search(head) is None


def _text(head: bytes, suffix: str) -> str:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:64].lower()
    if not suffix or suffix == ".txt":
        if start.startswith((b"<!doctype html", b"<html")):
            return "text/html"
        if start.startswith(b"<?xml"):
            return "application/xml"
    return _TEXT_BY_NAME.get(suffix, "text/plain")


def _brand(head: bytes) -> str | None:
    """Read the major brand of an ISO base media file, and of `mif1` files the compatible brands (ISO/IEC 14496-12)."""
    size = min(int.from_bytes(head[:4], "big"), len(head))
    found = _BRANDS.get(head[8:12])
    if found == "image/heif":
        compatible = {head[at : at + 4] for at in range(16, size - 3, 4)}
        if b"avif" in compatible:
            return "image/avif"
        if compatible & {b"heic", b"heix"}:
            return "image/heic"
    return found


def _zip(head: bytes, suffix: str, magic: str | None) -> str:
    if suffix in _ZIP_BY_NAME:
        return _ZIP_BY_NAME[suffix]
    if magic and magic != "application/zip":
        return magic
    if b"[Content_Types].xml" in head:
        for part, kind in _ZIP_PARTS.items():
            if part in head:
                return kind
    return "application/zip"
