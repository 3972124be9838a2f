"""The process that makes small pictures of evidence: limited, without network, told one path at a time.

Started by `archive.dossier.thumbnails` and by nobody else. A line of standard
input is a path as JSON text; the answer is four bytes of length and a JPEG, or
four zero bytes where none could be made. What it gives carries no metadata of
the original: pixels only, turned upright.
"""

from __future__ import annotations

import io
import json
import sys

LONGEST_SIDE = 480
MOST_PIXELS = 100_000_000
FORMATS = ("JPEG", "PNG", "WEBP", "TIFF", "GIF", "BMP")


def small(path: str) -> bytes:
    """Give a small JPEG of the picture at `path`. Raises whatever a decoder raises."""
    import warnings

    from PIL import Image, ImageOps

    from archive.reader_child import open_regular

    Image.MAX_IMAGE_PIXELS = MOST_PIXELS
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    with open_regular(path) as file, Image.open(file, formats=FORMATS) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise ValueError("more pixels than are decoded")
        picture.draft("RGB", (LONGEST_SIDE * 2, LONGEST_SIDE * 2))
        upright = ImageOps.exif_transpose(picture)
        if upright.mode in ("RGBA", "LA", "P", "PA"):
            upright = upright.convert("RGBA")
            ground = Image.new("RGBA", upright.size, "white")
            upright = Image.alpha_composite(ground, upright)
        upright = upright.convert("RGB")
        upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
        clean = Image.frombytes("RGB", upright.size, upright.tobytes())
    out = io.BytesIO()
    clean.save(out, "JPEG", quality=78, optimize=False, progressive=False)
    return out.getvalue()


def main() -> None:
    """Answer every line, until there is none."""
    from archive.reader_child import cut_network, limit, limit_next_file

    cut_network()
    limit()
    for line in sys.stdin.buffer:
        limit_next_file()
        try:
            answer = small(json.loads(line))
        except Exception:
            answer = b""
        sys.stdout.buffer.write(len(answer).to_bytes(4, "big") + answer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
