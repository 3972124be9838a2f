"""Pictures with EXIF, made for the tests by Pillow and, where a fault is wanted, by hand."""

import io
import struct
import zlib

from PIL import Image

MAKE, MODEL, ORIENTATION, SOFTWARE, DATE_TIME = 0x010F, 0x0110, 0x0112, 0x0131, 0x0132
ORIGINAL, DIGITIZED, OFFSET_ORIGINAL, SUBSEC_ORIGINAL = 0x9003, 0x9004, 0x9011, 0x9291
GPS = {"lat_ref": 1, "lat": 2, "lon_ref": 3, "lon": 4, "alt_ref": 5, "alt": 6, "time": 7, "date": 29}
SOMEWHERE = {"lat_ref": "N", "lat": (35.0, 48.0, 43.2), "lon_ref": "E", "lon": (36.0, 36.0, 14.4)}


def exif_of(image=None, camera=None, gps=None):
    """EXIF with tags of IFD0, of the Exif directory, and of the GPS directory by the names above."""
    exif = Image.Exif()
    for tag, value in (image or {}).items():
        exif[tag] = value
    if camera:
        exif.get_ifd(0x8769).update(camera)
    if gps:
        exif.get_ifd(0x8825).update({GPS[name]: value for name, value in gps.items()})
    return exif


def picture(kind="JPEG", size=(8, 6), **tags):
    """A whole picture in format `kind`."""
    out = io.BytesIO()
    options = {"exif": exif_of(**tags)} if tags else {}
    Image.new("RGB", size, (120, 90, 60)).save(out, kind, **options)
    return out.getvalue()


def tiff_block(directories, order="<"):
    """A TIFF block by hand: `directories` are lists of (tag, type, count, value bytes), IFD0 first.

    A value longer than four bytes is put behind the directories; an int as value
    is written as the offset itself, wherever it points. The second and third
    directory are the Exif and the GPS directory.
    """
    sizes = [2 + 12 * (len(d) + (2 if n == 0 else 0)) + 4 for n, d in enumerate(directories)]
    starts = [8 + sum(sizes[:n]) for n in range(len(sizes))]
    first = list(directories[0])
    for tag, start in zip((0x8769, 0x8825), starts[1:], strict=False):
        first.append((tag, 4, 1, struct.pack(order + "I", start)))
    first += [(0xFFFE, 1, 1, b"\0")] * (len(directories[0]) + 2 - len(first))
    data_at = 8 + sum(sizes)
    data = b""
    out = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8)
    for directory in [first, *directories[1:]]:
        out += struct.pack(order + "H", len(directory))
        for tag, kind, count, value in directory:
            if isinstance(value, int):
                field = struct.pack(order + "I", value)
            elif len(value) <= 4:
                field = value.ljust(4, b"\0")
            else:
                field = struct.pack(order + "I", data_at + len(data))
                data += value + b"\0" * (len(value) % 2)
            out += struct.pack(order + "HHI", tag, kind, count) + field
        out += b"\0\0\0\0"
    return out + data


def ascii_tag(tag, text):
    data = text if isinstance(text, bytes) else text.encode() + b"\0"
    return tag, 2, len(data), data


def rationals_tag(tag, *pairs, order="<", kind=5):
    return tag, kind, len(pairs), b"".join(struct.pack(order + ("II" if kind == 5 else "ii"), *pair) for pair in pairs)


def with_block(block, jpeg=None):
    """A JPEG that has `block` as its EXIF."""
    jpeg = jpeg or picture()
    segment = b"Exif\0\0" + block
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + jpeg[2:]


def png_chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
