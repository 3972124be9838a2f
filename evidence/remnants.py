"""What a redacted copy still holds of its original: its bytes, its metadata, the text that was to be removed.

Answers with reasons to refuse the copy, and with none where there is no reason.
A copy that cannot be looked into is refused too: cannot tell is never yes. The
reasons name what was found, never its words. Whether the right places are
covered is for people to see.
"""

from __future__ import annotations

import codecs
import html
import io
import re
import zipfile
from collections.abc import Sequence

from evidence.pdf_text import CannotTell, pdf_metadata, pdf_text
from evidence.redaction import HEARD, PICTURES, SOUND, CannotCopy, same_pixels
from schemas.words import plain

RUN = 6  # characters: so long a run of the original's text must be gone somewhere
MOST_ZIP_BYTES = 64 * 1024 * 1024
_TEXT = ("text/plain", "text/csv", "text/tab-separated-values")
_MARKUP = ("text/markdown", "text/html")
_FILM = ("video/mp4", "video/quicktime", "video/x-m4v", "audio/mp4")
_FILM_TAGS = (b"\xa9xyz", b"loci", b"com.apple.quicktime.location", b"\xa9mak", b"\xa9mod", b"\xa9nam", b"\xa9ART")
_TIFF_TAGS = (270, 271, 272, 305, 306, 315, 316, 700, 33432, 33723, 34665, 34853)
_INFO = ("exif", "xmp", "comment", "photoshop", "XML:com.adobe.xmp", "Raw profile type exif")
_NAMES_OF_PEOPLE = re.compile(rb"<(dc:creator|cp:lastModifiedBy)>\s*[^<\s][^<]*<")


def refusals(
    original: bytes, original_type: str, copy: bytes, copy_type: str, gone: Sequence[str] = ()
) -> list[str]:
    """Give every reason why `copy` cannot stand for `original`; `gone` are words that must not be in it any more."""
    if copy == original:
        return ["it is the original itself, byte for byte"]
    if original in copy:
        return ["it holds the original, byte for byte, within it"]
    try:
        return [*_metadata(copy, copy_type), *_shown(original, original_type, copy, copy_type, gone)]
    except (CannotTell, CannotCopy) as error:
        return [f"what it holds cannot be told: {error}"]


def _metadata(data: bytes, media_type: str) -> list[str]:
    """Give what a copy says beside what is seen, heard or read in it."""
    found: list[str] = []
    if media_type in PICTURES:
        found = _of_picture(data)
    elif media_type == "application/pdf":
        found = [f"the PDF's {name}" for name in pdf_metadata(data) if name in ("Author", "dc:creator", "Keywords")]
    elif media_type in SOUND:
        found = ["chunks beside the sound"] if _other_chunks(data) else []
    elif media_type == "audio/mpeg":
        found = ["ID3 tags"] if data.startswith(b"ID3") or data[-128:-125] == b"TAG" else []
    elif media_type in _FILM:
        found = ["tags of place, device or title"] if any(tag in data for tag in _FILM_TAGS) else []
    elif "officedocument" in media_type:
        found = ["names of its authors"] if any(_NAMES_OF_PEOPLE.search(part) for part in _parts(data)) else []
    elif media_type not in _TEXT:
        raise CannotTell("a copy is looked into as a picture, PDF, plain text, office document, WAVE, MP3 or MP4")
    return [f"it carries metadata: {what}" for what in found]


def _of_picture(data: bytes) -> list[str]:
    from PIL import Image

    with Image.open(io.BytesIO(data)) as picture:
        told = [name for name in _INFO if picture.info.get(name)]
        told += ["text chunks"] if getattr(picture, "text", None) else []
        if picture.format == "TIFF":
            told += [f"tag {tag}" for tag in _TIFF_TAGS if tag in picture.getexif()]
        elif picture.getexif() and "exif" not in told:
            told.append("exif")
        if getattr(picture, "n_frames", 1) > 1:
            told.append("several pictures")
    if data.startswith(b"\xff\xd8") and len(data) - data.rfind(b"\xff\xd9") > 16:
        told.append("bytes behind its end")
    return told


def _other_chunks(data: bytes) -> bool:
    at = 12
    while at + 8 <= len(data):
        if data[at : at + 4] not in HEARD:
            return True
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    return at < len(data)


def _shown(original: bytes, original_type: str, copy: bytes, copy_type: str, gone: Sequence[str]) -> list[str]:
    if original_type in PICTURES and copy_type in PICTURES:
        same = same_pixels(io.BytesIO(original), io.BytesIO(copy))
        return ["it shows the same as the original, pixel by pixel"] if same else []
    text = text_of(copy, copy_type)
    if text is None:
        return []
    left = sum(1 for words in gone if _plain(words) and _plain(words) in text)
    if left:
        return [f"it still yields {left} of the {len(gone)} texts that must be gone"]
    try:
        before = text_of(original, original_type)
    except CannotTell:
        return []  # nothing to compare with; the copy itself can be read
    if before and _runs(before) <= _runs(text):
        return ["it still yields every word of the original: text that is only covered is not removed"]
    return []


def text_of(data: bytes, media_type: str) -> str | None:
    """Give all text that a file yields, without blanks; None for kinds that hold none. Raises CannotTell."""
    if media_type == "application/pdf":
        return pdf_text(data)
    if media_type in _TEXT or media_type in _MARKUP:
        wide = data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        text = data.decode("utf-16" if wide else "utf-8-sig", "replace")
        return _plain(_seen(text) if media_type == "text/html" else text)
    if "officedocument" in media_type:
        words = [part.decode("utf-8", "replace") for part in _parts(data, but="docProps/")]
        return _plain("".join(re.sub(r"<[^>]*>", "", part) for part in words))
    return None


def spoken(data: bytes, media_type: str, names: Sequence[str]) -> list[str]:
    """Give those of `names` that the text of a file holds, blanks, case and spelling aside. Raises CannotTell."""
    text = plain(text_of(data, media_type) or "").replace("_", "")
    return [name for name in names if plain(name).replace("_", "") in text]


def _seen(page: str) -> str:
    """Give the text of a page of HTML, without scripts, styles and marks."""
    return html.unescape(re.sub(r"(?is)<(script|style)\b.*?</\1\s*>|<!--.*?-->|<[^>]*>", "", page))


def _plain(text: str) -> str:
    return re.sub(r"\s+", "", text)


def _runs(text: str) -> set[str]:
    runs = {line[at : at + RUN] for line in text.split("\n") for at in range(max(len(line) - RUN + 1, 1))}
    return runs - {""}


def _parts(data: bytes, but: str = "\0") -> list[bytes]:
    """Give the XML parts of an office document, those with deleted text and comments among them."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            every = [one for one in packed.infolist() if not one.filename.startswith(but)]
            listed = [one for one in every if one.filename.endswith((".xml", ".rels"))]
            if sum(one.file_size for one in listed) > MOST_ZIP_BYTES:
                raise CannotTell("it unpacks to more than is looked at")
            return [packed.read(one) for one in listed]
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError, OSError, ValueError):
        raise CannotTell("its parts cannot be unpacked") from None
