"""Marks of pictures and texts, by which `evidence.likeness` tells how alike two of them are.

Made from the bytes of one item, in a process that is limited. A picture that
is nearly of one tone and a text of few letters have no mark: they would look
like everything. A mark gives back neither the picture nor the text, but it is
made of them, and leaves for nobody.

A picture's mark is difference hashes (is a cell brighter than the one right of
it, and than the one below: 2 x 64 bits), of the upright picture and of parts of
it, so that a cut-out is found too. A text's mark is the smallest hashes of its
runs of letters, folded as `schemas.words` compares them (Broder, On the
resemblance and containment of documents, 1997).
"""

from __future__ import annotations

import hashlib
import re
import struct
from typing import Any, BinaryIO

from evidence.likeness import FEW_WORDS, FLAT, NO_TEXT, RUN
from evidence.pdf_text import CannotTell
from evidence.reason import told
from evidence.redaction import PICTURES, opened, upright
from evidence.remnants import text_of
from schemas.words import plain

_GREY = (72, 64)  # pixels from which all hashes of a picture are taken
_PARTS = [(low / 10, (low + length) / 10) for length in (10, 9, 8, 7) for low in range(11 - length)]
_LEAST_TOLD, _LEAST_SIDE = 24, 8  # bits that tell something, and those of them on either side
_STEP = 2  # levels of grey between two cells; less is noise
_SKETCH, _LEAST_LETTERS, _MOST_LETTERS = 512, 100, 2_000_000


def mark(file: BinaryIO, media_type: str) -> bytes:
    """Give the mark of a picture or a text. Raises CannotTell, CannotCopy, or whatever a decoder raises."""
    if media_type in PICTURES:
        return picture_mark(file)
    text = text_of(file.read(), media_type)
    if text is None:
        raise CannotTell("files of this type are not compared")
    return text_mark(text)


def picture_mark(file: BinaryIO) -> bytes:
    """Give 16 bytes for the whole picture, then 16 for each part of it that is not of one tone. Raises CannotTell."""
    from PIL import Image

    with opened(file) as picture:
        picture.draft("L", _GREY)
        grey = upright(picture).convert("L").resize(_GREY, Image.Resampling.BOX)
    found = []
    for left, right in _PARTS:
        for top, bottom in _PARTS:
            if abs((right - left) - (bottom - top)) < 0.31:
                found.append(_look(grey, (left * _GREY[0], top * _GREY[1], right * _GREY[0], bottom * _GREY[1])))
    if found[0] is None:
        raise CannotTell(told(FLAT))
    return b"".join(one for one in found if one is not None)


def _look(grey: Any, box: tuple[float, float, float, float]) -> bytes | None:
    """Give the 128 bits of a part, or None where too few of them tell anything."""
    from PIL import Image

    beside = grey.resize((9, 8), Image.Resampling.BILINEAR, box=box).tobytes()
    below = grey.resize((8, 9), Image.Resampling.BILINEAR, box=box).tobytes()
    steps = [beside[at] - beside[at + 1] for row in range(0, 72, 9) for at in range(row, row + 8)]
    steps += [below[at] - below[at + 8] for at in range(64)]
    down, up = sum(step >= _STEP for step in steps), sum(step <= -_STEP for step in steps)
    if down + up < _LEAST_TOLD or min(down, up) < _LEAST_SIDE:
        return None
    bits = 0
    for step in steps:
        bits = bits << 1 | (step > 0)
    return bits.to_bytes(16, "big")


def text_mark(text: str) -> bytes:
    """Give the number of different runs of letters, and the smallest of their hashes. Raises CannotTell."""
    letters = re.sub(r"[\W_]+", "", plain(text[: 2 * _MOST_LETTERS]))[:_MOST_LETTERS]
    if len(letters) < _LEAST_LETTERS:
        raise CannotTell(told(FEW_WORDS if letters else NO_TEXT))
    runs = {letters[at : at + RUN] for at in range(len(letters) - RUN + 1)}
    hashes = sorted(hashlib.blake2b(run.encode(), digest_size=8).digest() for run in runs)
    return struct.pack(">I", len(hashes)) + b"".join(hashes[:_SKETCH])
