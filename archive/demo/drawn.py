"""The files of the demo that have to be made: photographs, a radio recording, a report.

Drawn, not photographed; every picture carries the word EXERCISE. The same
Pillow makes the same bytes each time: no clock and no chance is asked.
"""

from __future__ import annotations

import io
import wave
from pathlib import Path
from typing import Any

WIDTH, HEIGHT = 1280, 960
_RATE_HZ = 8000


def draw(folder: Path) -> None:
    """Make the demo's pictures, sound and report in `folder`."""
    for name in ("photos", "radio", "documents"):
        (folder / name).mkdir(exist_ok=True)
    near = _scene(near=True)
    exif = _exif("2025:03:09 14:55:12", "+03:00", (33.6204, 39.4112), ("Exercise", "EX-1"))
    (folder / "photos" / "IMG_0412.jpg").write_bytes(_jpeg(near, exif=exif))
    (folder / "photos" / "post-0412.jpg").write_bytes(_jpeg(near.resize((WIDTH // 2, HEIGHT // 2)), quality=70))
    exif = _exif("2025:03:09 15:21:40", None, None, ("Exercise", "EX-2"))
    (folder / "photos" / "DSC_7003.jpg").write_bytes(_jpeg(_scene(near=False), exif=exif))
    (folder / "radio" / "1419.wav").write_bytes(_radio())
    (folder / "documents" / "report.pdf").write_bytes(_report())


def _jpeg(picture: Any, *, exif: Any = None, quality: int = 88) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, **({"exif": exif} if exif is not None else {}))
    return out.getvalue()


def _scene(*, near: bool) -> Any:
    """Draw a low white clinic with a broken wing, a water tower, a road and smoke."""
    from PIL import Image, ImageDraw, ImageFilter, ImageFont

    picture = Image.new("RGB", (WIDTH, HEIGHT))
    pen = ImageDraw.Draw(picture)
    for y in range(HEIGHT):
        sky = y < 560
        shade = (150 + y // 8, 180 + y // 10, 215) if sky else (196 - (y - 560) // 8, 172 - (y - 560) // 8, 128)
        pen.line([(0, y), (WIDTH, y)], fill=shade)
    pen.polygon([(0, 760), (WIDTH, 640), (WIDTH, 720), (0, 900)], fill=(120, 116, 110))
    pen.rectangle([1090, 260, 1110, 600], fill=(90, 90, 96))
    pen.ellipse([1040, 190, 1160, 290], fill=(110, 116, 130))
    left, top, scale = (260, 380, 1.0) if near else (480, 470, 0.55)

    def box(x: float, y: float, w: float, h: float, fill: tuple[int, int, int]) -> None:
        pen.rectangle([left + x * scale, top + y * scale, left + (x + w) * scale, top + (y + h) * scale], fill=fill)

    box(0, 0, 490, 230, (232, 228, 216))
    broken = [
        (490, 0),
        (512, 30),
        (505, 62),
        (540, 84),
        (548, 128),
        (590, 140),
        (598, 176),
        (620, 186),
        (620, 230),
        (490, 230),
    ]
    pen.polygon([(left + x * scale, top + y * scale) for x, y in broken], fill=(196, 190, 178))
    for number in range(5):
        box(40 + number * 90, 70, 46, 60, (70, 84, 96))
    for number, (x, y, w, h) in enumerate(
        [(560, 196, 60, 30), (600, 206, 90, 36), (650, 226, 70, 24), (520, 214, 60, 26)]
    ):
        box(x, y, w, h, (150 - number * 12, 142 - number * 12, 130 - number * 12))
    box(200, -34, 60, 34, (232, 228, 216))
    box(222, -30, 16, 26, (190, 40, 40))
    smoke = Image.new("L", picture.size, 0)
    cloud = ImageDraw.Draw(smoke)
    for step in range(9):
        across, up, radius = left + (560 + step * 14) * scale, top - step * 42 * scale, (38 + step * 12) * scale
        cloud.ellipse([across - radius, up - radius, across + radius, up + radius], fill=190 - step * 14)
    picture.paste((66, 62, 60), (0, 0), smoke.filter(ImageFilter.GaussianBlur(14)))
    pen.text((24, 24), "EXERCISE - DRAWN, NOT A PHOTOGRAPH", fill=(150, 20, 20), font=ImageFont.load_default(34))
    return picture


def _exif(taken: str, offset: str | None, place: tuple[float, float] | None, camera: tuple[str, str]) -> Any:
    """Give EXIF as a camera writes it: local time, perhaps an offset, perhaps a position (degrees north, east)."""
    from PIL import Image

    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = camera[0], camera[1], 1
    own = exif.get_ifd(0x8769)
    own[0x9003] = own[0x9004] = taken
    if offset:
        own[0x9011] = offset
    if place is not None:
        gps = exif.get_ifd(0x8825)
        gps[0] = b"\x02\x03\x00\x00"
        gps[1], gps[2] = "N", _sexagesimal(place[0])
        gps[3], gps[4] = "E", _sexagesimal(place[1])
        gps[7], gps[29] = (11.0, 55.0, 10.0), "2025:03:09"
    return exif


def _sexagesimal(value_deg: float) -> tuple[float, float, float]:
    seconds = round(value_deg * 3600, 2)
    degrees, rest = divmod(seconds, 3600)
    minutes, second = divmod(rest, 60)
    return degrees, minutes, round(second, 2)


def _radio() -> bytes:
    """Give four seconds of hiss with two short tones: a radio that says nothing of anybody."""
    state, samples = 2025, bytearray()
    for number in range(4 * _RATE_HZ):
        state = (state * 1103515245 + 12345) % 2**31
        value = 128 + (state >> 16) % 24 - 12
        second = number / _RATE_HZ
        if 0.5 < second < 0.8 or 3.2 < second < 3.5:
            value += 50 if (number * 880 // _RATE_HZ) % 2 else -50
        samples.append(max(0, min(255, value)))
    out = io.BytesIO()
    with wave.open(out, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(1)
        sound.setframerate(_RATE_HZ)
        sound.writeframes(bytes(samples))
    return out.getvalue()


def _report() -> bytes:
    """Give a one-page PDF 1.4, written by hand."""
    lines = [
        "EXERCISE: AN INVENTED REPORT", "", "Association of Wadi Sarim (invented), 30 March 2025", "",
        "On Sunday 9 March 2025 two strikes hit the clinic of Wadi Sarim.",
        "The clinic's admissions list names nine people, two of them dead on arrival.",
        "We have no source of our own for these figures.",
    ]  # fmt: skip
    text = "BT /F1 14 Tf 72 740 Td 20 TL " + " ".join(f"({line}) Tj T*" for line in lines) + " ET"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
            " /Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        f"<< /Length {len(text)} >>\nstream\n{text}\nendstream",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out, places = "%PDF-1.4\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += f"{number} 0 obj\n{body}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    trailer = f"trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\nstartxref\n{len(out)}\n%%EOF\n"
    return f"{out}xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{trailer}".encode("ascii")
