"""The text that a PDF still yields: every string that any content stream in it shows, reachable or not.

Reads all streams, those of earlier revisions and of pages that are no longer
shown among them, since whoever opens the file can read them too. Made for one
question, whether removed text is gone; it lays out nothing and drops blanks.

Follows ISO 32000-1: 7.3 (objects), 7.4 (filters), 9.4 (text), 9.10 (ToUnicode).
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from collections.abc import Iterator, Mapping

MOST_BYTES = 256 * 1024 * 1024  # of all streams together, decompressed
_OBJECT = re.compile(rb"(\d+)\s+\d+\s+obj\b(.*?)(?=endobj|\d+\s+\d+\s+obj\b|\Z)", re.DOTALL)
_STREAM = re.compile(rb"\A(.*?)\bstream\r?\n(.*?)(?:\r?\n)?endstream", re.DOTALL)
_PAIR = re.compile(rb"/([^\s/<>\[\]()]+)\s+(\d+)\s+\d+\s+R")
_TOKEN = re.compile(
    rb"\((?:\\.|[^\\()]|\((?:\\.|[^\\()])*\))*\)|<[0-9A-Fa-f\s]*>|/[^\s/<>\[\]()]+|[A-Za-z'\"*]+|[\[\]]", re.DOTALL
)
_RANGE = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>\s*(?:<([0-9A-Fa-f]+)>|\[([^\]]*)\])")
_INFORMATION = re.compile(
    rb"/(Author|Title|Subject|Keywords|Creator|Producer)\s*(\((?:\\.|[^\\()])*\)|<[0-9A-Fa-f\s]*>)", re.DOTALL
)
_CHAR = re.compile(rb"<([0-9A-Fa-f]+)>\s*<([0-9A-Fa-f]+)>")
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_SKIPPED = (b"DCTDecode", b"JPXDecode", b"CCITTFaxDecode", b"JBIG2Decode")  # pictures

Codes = Mapping[bytes, str]


class CannotTell(ValueError):
    """What the file yields cannot be told: encrypted, too large, or packed in a way that is not read here."""


def pdf_text(data: bytes) -> str:
    """Give everything that the file yields as text, without blanks. Raises CannotTell."""
    if re.search(rb"/Encrypt\b", data):
        raise CannotTell("it is encrypted")
    objects, streams = _objects(data)
    fonts = _fonts(objects, streams)
    return "".join(part for stream in streams.values() for part in _shown(stream, fonts))


def pdf_metadata(data: bytes) -> dict[str, str]:
    """Give what the file says of its making: the strings of its information dictionaries and XMP. Raises CannotTell."""
    objects, streams = _objects(data)
    found: dict[str, str] = {}
    for body in [data, *objects.values()]:
        for name, text in _INFORMATION.findall(body):
            found[name.decode()] = _readable(_string(text))
    for stream in streams.values():
        for match in re.finditer(rb"<dc:creator>(.*?)</dc:creator>", stream, re.DOTALL):
            found["dc:creator"] = re.sub(r"<[^>]*>|\s", "", match[1].decode("utf-8", "replace"))
    return {name: text for name, text in found.items() if text.strip()}


def _objects(data: bytes) -> tuple[dict[int, bytes], dict[int, bytes]]:
    """Give every object's dictionary and every stream, decompressed; objects inside object streams too."""
    objects: dict[int, bytes] = {}
    streams: dict[int, bytes] = {}
    room = MOST_BYTES
    for match in _OBJECT.finditer(data):
        number, body = int(match[1]), match[2]
        found = _STREAM.match(body)
        objects[number] = objects.get(number, b"") + (found[1] if found else body)
        if found is None:
            continue
        raw = _unpacked(found[1], found[2], room)
        if raw is None:
            continue
        room -= len(raw)
        while number in streams:  # an earlier revision: it can still be read
            number += 1_000_000_000
        streams[number] = raw
        if b"/ObjStm" in found[1]:
            for inner, text in _inside(found[1], raw):
                objects[inner] = objects.get(inner, b"") + text
    return objects, streams


def _unpacked(head: bytes, raw: bytes, room: int) -> bytes | None:
    filters = re.findall(rb"/(\w+Decode|LZW|Fl|AHx|A85)\b", head)
    for name in filters:
        if name in _SKIPPED:
            return None
        if name in (b"FlateDecode", b"Fl"):
            raw = _inflated(raw, room)
        elif name == b"ASCIIHexDecode":
            raw = bytes.fromhex(re.sub(rb"[^0-9A-Fa-f]", b"", raw.split(b">")[0])[: len(raw) // 2 * 2].decode())
        elif name == b"ASCII85Decode":
            try:
                raw = base64.a85decode(re.sub(rb"\s", b"", raw).removesuffix(b"~>"))
            except (ValueError, binascii.Error):
                raise CannotTell("a part of it is packed in a way that cannot be read") from None
        else:
            raise CannotTell("a part of it is packed in a way that is not read here")
    return raw


def _inflated(raw: bytes, room: int) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        found = unpacker.decompress(raw, room)
    except zlib.error:
        raise CannotTell("a part of it is packed in a way that cannot be read") from None
    if unpacker.unconsumed_tail:
        raise CannotTell("it unpacks to more than is looked at")
    return found


def _inside(head: bytes, raw: bytes) -> Iterator[tuple[int, bytes]]:
    first = re.search(rb"/First\s+(\d+)", head)
    if first is None:
        return
    start = int(first[1])
    numbers = [int(word) for word in raw[:start].split() if word.isdigit()]
    places = [*numbers[1::2], len(raw) - start]
    for number, begin, end in zip(numbers[::2], places, places[1:], strict=False):
        yield number, raw[start + begin : start + end]


def _fonts(objects: Mapping[int, bytes], streams: Mapping[int, bytes]) -> dict[bytes, list[Codes]]:
    """Give, by the name that content streams use, the character maps that this name may mean."""
    maps: dict[int, Codes] = {}
    for number, body in objects.items():
        for told in re.findall(rb"/ToUnicode\s+(\d+)\s+\d+\s+R", body):
            if int(told) in streams:
                maps[number] = _codes(streams[int(told)])
    names: dict[bytes, list[Codes]] = {}
    for body in objects.values():
        for name, number in _PAIR.findall(body):
            codes = maps.get(int(number))
            if codes is not None and codes not in names.setdefault(name, []):
                names[name].append(codes)
    return names


def _codes(stream: bytes) -> Codes:
    found: dict[bytes, str] = {}
    for block in re.findall(rb"beginbfchar(.*?)endbfchar", stream, re.DOTALL):
        for code, text in _CHAR.findall(block):
            found[_hex(code)] = _hex(text).decode("utf-16-be", "replace")
    for block in re.findall(rb"beginbfrange(.*?)endbfrange", stream, re.DOTALL):
        for low, high, text, several in _RANGE.findall(block):
            width, start = len(_hex(low)), int(low, 16)
            count = min(int(high, 16) - start + 1, 65_536)
            listed = re.findall(rb"<([0-9A-Fa-f]+)>", several)
            for step in range(count):
                code = (start + step).to_bytes(width, "big")
                if listed:
                    found[code] = _hex(listed[step]).decode("utf-16-be", "replace") if step < len(listed) else ""
                else:
                    raw = _hex(text)
                    last = (int.from_bytes(raw, "big") + step).to_bytes(len(raw), "big") if raw else b""
                    found[code] = last.decode("utf-16-be", "replace")
    return found


def _hex(text: bytes) -> bytes:
    return bytes.fromhex((text + b"0" * (len(text) % 2)).decode())


def _shown(stream: bytes, fonts: Mapping[bytes, list[Codes]]) -> Iterator[str]:
    """Give what the text operators of one stream show, read with each map of its font."""
    if not re.search(rb"\bBT\b", stream):
        return
    font: list[Codes] = []
    name, waiting = b"", list[bytes]()
    runs: dict[int, list[str]] = {}
    for match in _TOKEN.finditer(stream):
        token = match[0]
        if token[:1] in (b"(", b"<"):
            waiting.append(_string(token))
        elif token[:1] == b"/":
            name = token[1:]
        elif token == b"Tf":
            font = fonts.get(name, [])
        elif token in (b"Tj", b"TJ", b"'", b'"'):
            for raw in waiting:
                if not font:
                    runs.setdefault(-1, []).append(raw.decode("latin-1"))
                for number, codes in enumerate(font):
                    runs.setdefault(number, []).append(_mapped(raw, codes))
            waiting = []
        elif token not in (b"[", b"]"):
            waiting = []
    for parts in runs.values():
        yield re.sub(r"\s+", "", "".join(parts))
        yield "\n"


def _mapped(raw: bytes, codes: Codes) -> str:
    width = max((len(code) for code in codes), default=1)
    return "".join(codes.get(raw[at : at + width], "") for at in range(0, len(raw), width))


def _string(token: bytes) -> bytes:
    if token[:1] == b"<":
        return _hex(re.sub(rb"\s", b"", token[1:-1]))
    return re.sub(rb"\\([0-7]{1,3}|\r\n|.)", _unescaped, token[1:-1], flags=re.DOTALL)


def _unescaped(match: re.Match[bytes]) -> bytes:
    code = match[1]
    if code[:1].isdigit():
        return bytes([int(code, 8) & 0xFF])
    return b"" if code in (b"\n", b"\r", b"\r\n") else _ESCAPES.get(code, code)


def _readable(raw: bytes) -> str:
    return raw[2:].decode("utf-16-be", "replace") if raw.startswith(b"\xfe\xff") else raw.decode("latin-1")
