"""Pictures and sound made fit to leave: small ones, copies without metadata, copies with parts covered.

A copy is made from decoded pixels, so that nothing beside them comes along: no
EXIF, no preview, no bytes behind the end. It is turned upright first; boxes are
in pixels of the upright picture, from its top left corner. Nothing here changes
an original, and no copy is evidence.

Follows RIFF/WAVE (the chunks `fmt `, `fact` and `data` are what is heard).
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, BinaryIO

MOST_PIXELS = 100_000_000
LONGEST_SIDE = 320  # of a small picture, in pixels
BLUR_BLOCKS = 3  # a blurred box keeps at most so many tones a side: no face, no letter
PICTURES = frozenset(f"image/{kind}" for kind in ("jpeg", "png", "webp", "tiff", "gif", "bmp"))
SOUND = frozenset(("audio/wav", "audio/x-wav", "audio/wave"))
CLEANABLE = PICTURES | SOUND
HEARD = (b"fmt ", b"fact", b"data")
HOW = ("box", "blur")
_EVEN = ("RGB", "L", "CMYK")  # modes whose pixels can be averaged as they are
_FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP")

Box = tuple[int, int, int, int]  # x, y, width, height


class CannotCopy(ValueError):
    """No copy can be made; the message says why and holds no text of the file."""


def small(file: BinaryIO) -> bytes:
    """Give a small JPEG of a picture. Raises CannotCopy, or whatever a decoder raises."""
    from PIL import Image

    with opened(file) as picture:
        whole = picture if picture.mode in _EVEN else upright(picture)
        # A gap of 1 lets a JPEG be decoded no larger than needed.
        whole.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.BICUBIC, reducing_gap=1.0)
        return _jpeg(upright(whole), 78)


def clean(file: BinaryIO, media_type: str) -> bytes:
    """Give a copy with nothing but what is seen or heard. Raises CannotCopy, or whatever a decoder raises.

    A JPEG stays one, other pictures become PNG; sound stays WAVE, sample for sample.
    """
    if media_type in SOUND:
        return clean_wave(file.read())
    return _written(*_pixels(file))


def covered(file: BinaryIO, boxes: Sequence[Box], how: str) -> bytes:
    """Give a clean copy with `boxes` covered (`box`: black; `blur`: a few tones). Raises CannotCopy."""
    picture, kind = _pixels(file)
    for box in boxes:
        x, y, width, height = box
        if min(x, y) < 0 or min(width, height) < 1:
            raise CannotCopy("a box needs a place and a size in whole pixels")
        if x + width > picture.width or y + height > picture.height:
            raise CannotCopy(f"a box reaches beyond the picture, which is {picture.width} x {picture.height} upright")
        picture.paste(_cover(picture, box, how), (x, y))
    return _written(picture, kind)


def same_pixels(one: BinaryIO, two: BinaryIO) -> bool:
    """Tell whether two pictures show the same, pixel by pixel."""
    first, second = _pixels(one)[0], _pixels(two)[0]
    return bool(first.size == second.size and first.tobytes() == second.tobytes())


def clean_wave(data: bytes) -> bytes:
    """Give a WAVE file with the chunks that are heard and no other. Raises CannotCopy."""
    if data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise CannotCopy("it is no WAVE file")
    kept, at = [], 12
    while at + 8 <= len(data):
        name, size = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if at + 8 + size > len(data):
            raise CannotCopy("it is cut short")
        if name in HEARD:
            kept.append(data[at : at + 8 + size] + bytes(size % 2))
        at += 8 + size + size % 2
    if not {b"fmt ", b"data"} <= {chunk[:4] for chunk in kept}:
        raise CannotCopy("it holds no sound")
    body = b"WAVE" + b"".join(kept)
    return b"RIFF" + len(body).to_bytes(4, "little") + body


def opened(file: BinaryIO) -> Any:
    """Open a picture, none of it decoded yet. Raises CannotCopy (too many pixels), or whatever a decoder raises."""
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    picture = Image.open(file, formats=_FORMATS)
    if picture.width * picture.height > MOST_PIXELS:
        picture.close()
        raise CannotCopy("it has more pixels than are decoded")
    return picture


def upright(picture: Any) -> Any:
    """Give a picture turned as it is meant to be seen, in RGB; what shows through it is white."""
    from PIL import Image, ImageOps

    turned = ImageOps.exif_transpose(picture)
    if turned.mode in ("RGBA", "LA", "P", "PA"):
        turned = turned.convert("RGBA")
        turned = Image.alpha_composite(Image.new("RGBA", turned.size, "white"), turned)
    return turned.convert("RGB")


def _pixels(file: BinaryIO) -> tuple[Any, str]:
    with opened(file) as picture:
        if getattr(picture, "n_frames", 1) != 1 and picture.format != "MPO":
            raise CannotCopy("it holds several pictures")
        return upright(picture), str(picture.format)


def _written(picture: Any, kind: str) -> bytes:
    if kind in ("JPEG", "MPO"):
        return _jpeg(picture, 92)
    out = io.BytesIO()
    _bare(picture).save(out, "PNG")
    return out.getvalue()


def _jpeg(picture: Any, quality: int) -> bytes:
    out = io.BytesIO()
    _bare(picture).save(out, "JPEG", quality=quality, optimize=False, progressive=False)
    return out.getvalue()


def _bare(picture: Any) -> Any:
    """Give the same pixels in a picture that was never read from a file."""
    from PIL import Image

    return Image.frombytes("RGB", picture.size, picture.tobytes())


def _cover(picture: Any, box: Box, how: str) -> Any:
    from PIL import Image

    x, y, width, height = box
    if how == "box":
        return Image.new("RGB", (width, height), "black")
    part = picture.crop((x, y, x + width, y + height))
    few = part.resize((min(BLUR_BLOCKS, width), min(BLUR_BLOCKS, height)), Image.Resampling.BOX)
    return few.resize((width, height), Image.Resampling.BICUBIC)


def done(file: BinaryIO, job: Mapping[str, Any]) -> bytes:
    """Do what a job asks for: small, clean (media_type) or cover (boxes, how). Raises CannotCopy."""
    match job["do"]:
        case "small":
            return small(file)
        case "clean":
            return clean(file, str(job["media_type"]))
        case _:
            return covered(file, [tuple(box) for box in job["boxes"]], str(job["how"]))
