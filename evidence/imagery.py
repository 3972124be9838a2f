"""Facts of an image: its size, when and where its camera says it was taken, and with what.

Every fact is a claim of the file, read by named versions of ExifRead and
Pillow; none is checked against the world here. A fact that is not there is
None; one that could not be read is None and has a warning that names the tag.
No pixel is decoded, so a file cut short in its pixels reads as a whole one.
Values in MakerNotes, XMP and IPTC are not looked at.

Positions are WGS 84 degrees as the file gives them (Exif's GPSMapDatum is
almost never anything else), rounded to a millionth of a degree; altitude is in
metres, negative below the sea. Follows CIPA DC-008 (Exif 3.0).
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, BinaryIO

from evidence.clock import captured, clock_warning, gps_time, other_times
from evidence.exif import Tags, quoted, read_tags
from evidence.exif_block import Block, find_block, in_bytes
from evidence.reading import Reading
from schemas.extent import MICRO

MOST_PIXELS = 178_956_970  # what Pillow refuses to decode; larger sizes are told with a warning
LONGEST_SIDE = 2**32 - 1  # pixels: what all formats but BigTIFF can say, and no camera makes
MOST_WARNINGS = 40
SMALL = 1 << 20  # bytes; up to here a file is read once into memory, but for JPEG, whose header is walked in place
IMAGE_TYPES = frozenset(
    "image/" + kind
    for kind in ("jpeg", "png", "apng", "webp", "avif", "gif", "tiff", "bmp", "heic", "heif", "x-canon-cr2")
)
_FLAT = ("captured", "gps", "camera")


def no_facts() -> dict[str, Any]:
    """Give the facts of a file of which nothing is known: every fact is there, and None."""
    return {
        "width": None,
        "height": None,
        "orientation": None,
        "captured": None,
        "other_times": {},
        "gps": None,
        "camera": {"make": None, "model": None, "software": None},
    }


def read_image(data: bytes | BinaryIO, media_type: str) -> Reading:
    """Read the facts of an image, as `media_type` says it is. Never raises for what the bytes say.

    A type that is not in `IMAGE_TYPES` gives a reading by no tool, without facts; of another image with a warning.
    """
    if media_type not in IMAGE_TYPES:
        return Reading("", "", no_facts(), unread(media_type))
    file = io.BytesIO(data) if isinstance(data, bytes) else data
    size = file.seek(0, io.SEEK_END)
    if size <= SMALL and media_type != "image/jpeg" and not isinstance(data, bytes):
        file.seek(0)
        file = io.BytesIO(file.read())
    facts = no_facts()
    trouble: list[str] = []
    try:
        found = find_block(file, media_type, size)
        info = _dimensions(file, media_type, found.size, facts, trouble)
        trouble += found.warnings
        block = found.block or _block_of_pillow(info)
        if block is not None:
            tags = read_tags(block)
            if media_type == "image/avif" and "Orientation" not in tags.entries:
                _turned(info, tags)
            _tell(tags, facts)
            trouble += tags.warnings
    except (OSError, MemoryError, RecursionError):
        raise
    except Exception as error:  # a reader that trips over a file must not take the file with it
        facts = no_facts() | {"width": facts["width"], "height": facts["height"]}
        trouble.append(f"EXIF could not be read: the reader failed ({type(error).__name__})")
    if len(trouble) > MOST_WARNINGS:
        trouble[MOST_WARNINGS:] = [f"and {len(trouble) - MOST_WARNINGS} more warnings"]
    return Reading("ExifRead, Pillow", _versions(), facts, tuple(dict.fromkeys(trouble)))


def unread(media_type: str) -> tuple[str, ...]:
    """Say that nobody looked into an image of a type that has no reader here, so that None is not taken for absent."""
    if not media_type.startswith("image/") or media_type in IMAGE_TYPES:
        return ()
    return (f"{media_type} has no reader here; size, EXIF, times and position were not looked for",)


def warm_up() -> None:
    """Import now what reads every EXIF block, before a process gives up what it does not need.

    Pillow is loaded by the first file whose header alone does not tell its size, if there is one: it takes as long to
    load as everything else.
    """
    import evidence.second_reader  # noqa: F401

    _versions()


def canonical_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Give facts as they stand in a record: dotted names, micro-degrees, decimals as text, nothing that is None."""
    flat: dict[str, Any] = {}
    for name, value in facts.items():
        if name in _FLAT and value is not None:
            flat |= {f"{name}.{member}": part for member, part in value.items() if part is not None}
        elif name == "other_times":
            if value:
                flat[name] = [[tag, text] for tag, text in sorted(value.items())]
        elif value is not None:
            flat[name] = value
    for name in ("gps.lat", "gps.lon"):
        if name in flat:
            flat[name] = round(flat[name] * MICRO)
    if "gps.altitude_m" in flat:
        flat["gps.altitude_m"] = f"{flat['gps.altitude_m']:.3f}".rstrip("0").rstrip(".")
    return flat


def facts_for_people(canonical: Mapping[str, Any]) -> dict[str, Any]:
    """Undo `canonical_facts`: the facts exactly as they were read, with None for what is not there."""
    facts = no_facts()
    for name in ("width", "height", "orientation"):
        facts[name] = canonical.get(name)
    if "captured.local" in canonical:
        facts["captured"] = {part: canonical.get(f"captured.{part}") for part in _CAPTURED}
    if "gps.lat" in canonical:
        altitude = canonical.get("gps.altitude_m")
        facts["gps"] = {
            "lat": canonical["gps.lat"] / MICRO,
            "lon": canonical["gps.lon"] / MICRO,
            "altitude_m": None if altitude is None else float(altitude),
            "time_utc": canonical.get("gps.time_utc"),
        }
    facts["camera"] = {part: canonical.get(f"camera.{part}") for part in facts["camera"]}
    facts["other_times"] = dict(canonical.get("other_times", ()))
    return facts


_CAPTURED = ("local", "offset", "earliest", "latest")


@cache
def _versions() -> str:
    from exifread import __version__ as exifread_version
    from PIL import __version__ as pillow_version

    return f"ExifRead {exifread_version}, Pillow {pillow_version}"


def _openers() -> dict[str, Callable[[BinaryIO], Any]]:
    """Give Pillow's reader of each type: opened by name, so that no other of its readers ever sees the bytes."""
    from PIL import (
        AvifImagePlugin,
        BmpImagePlugin,
        GifImagePlugin,
        JpegImagePlugin,
        PngImagePlugin,
        TiffImagePlugin,
        WebPImagePlugin,
    )

    return {
        "image/jpeg": JpegImagePlugin.JpegImageFile,
        "image/png": PngImagePlugin.PngImageFile,
        "image/apng": PngImagePlugin.PngImageFile,
        "image/webp": WebPImagePlugin.WebPImageFile,
        "image/avif": AvifImagePlugin.AvifImageFile,
        "image/gif": GifImagePlugin.GifImageFile,
        "image/tiff": TiffImagePlugin.TiffImageFile,
        "image/bmp": BmpImagePlugin.BmpImageFile,
    }


_OPENERS: dict[str, Callable[[BinaryIO], Any]] = {}


def _dimensions(
    file: BinaryIO,
    media_type: str,
    said: tuple[int, int] | None,
    facts: dict[str, Any],
    trouble: list[str],
) -> Mapping[str, Any]:
    """Put width and height into `facts`: as the header `said`, else as Pillow reads them; gives Pillow's `info`."""
    kind = media_type.removeprefix("image/").upper()
    info: dict[str, Any] = {}
    if said is None or media_type == "image/avif":
        if not _OPENERS:
            _OPENERS.update(_openers())
        opener = _OPENERS.get(media_type)
        if opener is None:
            trouble.append(f"width and height: the {kind} boxes do not tell them")
            return info
        file.seek(0)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                image = opener(file)
                said, info = said or image.size, dict(image.info)
                if media_type == "image/tiff":  # Pillow turns it as Orientation says; the other types it leaves
                    said = image.tag_v2[0x0100], image.tag_v2[0x0101]
        except (MemoryError, RecursionError):
            raise
        except Exception as error:
            trouble.append(f"width and height: the {kind} header could not be read ({type(error).__name__})")
            return info
    width, height = said
    if not all(type(side) is int and 0 < side <= LONGEST_SIDE for side in said):
        told = f"{width} x {height}" if type(width) is type(height) is int else "what is no whole number"
        trouble.append(f"width and height: the {kind} header says {told}; not read")
        return info
    facts["width"], facts["height"] = width, height
    if width * height > MOST_PIXELS:
        pixels = f"{width} x {height} pixels"
        trouble.append(f"width and height: the {kind} header says {pixels}, more than is safe to decode; nothing was")
    return info


def _block_of_pillow(info: Mapping[str, Any]) -> Block | None:
    """Take the EXIF bytes that Pillow gives: of an AVIF as written, or made of how its boxes turn it."""
    data = info.get("exif")
    return in_bytes(data) if isinstance(data, bytes) and data else None


def _turned(info: Mapping[str, Any], tags: Tags) -> None:
    """Take the orientation of an AVIF whose EXIF has none: Pillow gives that of its boxes (irot, imir) as EXIF."""
    if block := _block_of_pillow(info):
        entry = read_tags(block).entries.get("Orientation")
        if entry is not None:
            tags.entries["Orientation"] = entry


def _tell(tags: Tags, facts: dict[str, Any]) -> None:
    orientation = tags.number("Orientation")
    if orientation is not None and not 1 <= orientation <= 8:
        tags.trouble("Orientation", f"{orientation} is not 1 to 8")
        orientation = None
    facts["orientation"] = orientation
    facts["captured"] = captured(tags)
    facts["other_times"] = other_times(tags)
    time = gps_time(tags, facts["other_times"])
    facts["gps"] = _position(tags, time)
    facts["camera"] = {
        "make": tags.text("Make"),
        "model": tags.text("Model"),
        "software": tags.text("Software"),
    }
    if warning := clock_warning(facts["captured"], time):
        tags.warnings.append(warning)


def _position(tags: Tags, time: str | None) -> dict[str, Any] | None:
    """Give the GPS position, or None; an impossible one, 0,0 and half a position have a warning."""
    lat = _degrees(tags, "GPSLatitude", "N", "S", 90)
    lon = _degrees(tags, "GPSLongitude", "E", "W", 180)
    altitude = _altitude(tags)
    if lat is None or lon is None:
        there = [name for name in ("GPSLatitude", "GPSLongitude") if name in tags.entries]
        if len(there) == 1:
            tags.warnings.append(f"EXIF {there[0]} stands without its other half; no position was read")
        return None
    if lat == lon == 0:
        tags.warnings.append("EXIF GPSLatitude and GPSLongitude are 0,0, which devices write for unknown; not read")
        return None
    return {"lat": lat, "lon": lon, "altitude_m": altitude, "time_utc": time}


def _degrees(tags: Tags, name: str, positive: str, negative: str, most: int) -> float | None:
    ref = tags.text(name + "Ref")
    pairs = tags.rationals(name, 3)
    if pairs is None:
        return None
    if ref is None:
        if name + "Ref" not in tags.entries or tags.entries[name + "Ref"].raw is not None:
            tags.trouble(name, f"has no {name}Ref")
        return None
    if ref not in (positive, negative):
        tags.trouble(name + "Ref", f"{quoted(ref)} is neither {positive} nor {negative}")
        return None
    degrees, minutes, seconds = (top / bottom for top, bottom in pairs)
    whole = degrees + minutes / 60 + seconds / 3600
    if min(degrees, minutes, seconds) < 0 or minutes > 60 or seconds > 60 or whole > most:
        shown = " ".join(f"{part:g}" for part in (degrees, minutes, seconds))
        tags.trouble(name, f"{shown} is no possible position")
        return None
    return round(whole if ref == positive else -whole, 6) + 0.0


def _altitude(tags: Tags) -> float | None:
    pairs = tags.rationals("GPSAltitude", 1)
    if pairs is None:
        return None
    below = 0
    if "GPSAltitudeRef" in tags.entries:
        ref = tags.number("GPSAltitudeRef")
        if ref is None or ref > 3 or ref < 0:
            if ref is not None:
                tags.trouble("GPSAltitudeRef", f"{ref} is not 0 to 3")
            return None
        below = ref % 2
    metres = pairs[0][0] / pairs[0][1]
    if not -1_000_000 < metres < 1_000_000:
        tags.trouble("GPSAltitude", f"{metres:g} m is no possible altitude")
        return None
    return round(-metres if below else metres, 3) + 0.0
