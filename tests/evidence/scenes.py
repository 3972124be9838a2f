"""Drawn scenes for the tests of likeness: light and dark of several sizes, no two the same, none of a real place."""

import io
import random

from PIL import Image, ImageOps


def scene(seed, size=(640, 480)):
    """Give a picture that is unlike the one of every other seed, as a Pillow image."""
    chance, picture = random.Random(seed), Image.new("L", size, 128)
    for cells, weight in ((3, 1.0), (6, 0.6), (12, 0.4), (24, 0.3), (48, 0.2)):
        few = (cells, max(cells * 3 // 4, 1))
        noise = Image.frombytes("L", few, chance.randbytes(few[0] * few[1])).resize(size, Image.Resampling.BICUBIC)
        picture = Image.blend(picture, noise, weight / (1 + weight))
    return ImageOps.autocontrast(picture).convert("RGB")


def saved(picture, kind="JPEG", **options):
    """Give the bytes of a picture."""
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()
