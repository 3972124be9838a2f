"""An invented case with a text of its own in every field that holds words, made from the tables of fields themselves.

A field added to `schemas` is in it without a change here. `canaries` says what
each text stands for: `item.statement.interviewer`, `custody.place`, `exif.artist`.
Of every kind there is an item that everybody may see, one of which nobody was
asked, and one whose owner is to be asked first.
"""

from __future__ import annotations

import io
import math
import zipfile
from collections.abc import Sequence
from typing import Any

from PIL import Image

from schemas.case import CASE
from schemas.custody import CUSTODY
from schemas.fields import Field
from schemas.item import BY_KIND, ITEM
from schemas.link import LINK, RELATION
from schemas.source import SOURCE
from schemas.vocabulary import AUDIENCES, VOCABULARY
from tests import casebook

YES = dict.fromkeys(AUDIENCES, "yes")
ASK = {"internal": "yes"} | dict.fromkeys(AUDIENCES[1:], "ask_first")
ANSWERS = {"yes": YES, "none": None, "ask": ASK}
SPAN = {"earliest": "2019-02-03T14:20", "latest": "2019-02-03T14:40"}


class Aviary:
    """Makes the case; keeps what each canary stands for: its answer (or ``), and its field."""

    def __init__(self) -> None:
        self.canaries: dict[str, tuple[str, str]] = {}
        self.answer = ""

    def sing(self, name: str) -> str:
        """Give a new text that stands for `name`."""
        text = f"Qz{len(self.canaries):04d}zQ"
        self.canaries[text] = (self.answer, name)
        return text

    def of(self, fields: Sequence[Field], path: str, *but: str) -> dict[str, Any]:
        """Give a table with every field but ids, files, answers and those named."""
        made = {f.name: self._value(f, f"{path}.{f.name}") for f in fields if f.name not in but}
        return {name: value for name, value in made.items() if value is not None}

    def _value(self, one: Field, name: str) -> Any:
        match one.type:
            case "text":
                return self.sing(name)
            case "words":
                return {"en": self.sing(name), "ar": self.sing(name)}
            case "textlist":
                return [self.sing(name)]
            case "time":
                return {"said": self.sing(name), **SPAN}
            case "place":
                return {"name": {"en": self.sing(name)}, "lat": 35.81237, "lon": 36.60417}
            case "word":
                return VOCABULARY[str(one.words)][0]
            case "wordlist":
                return list(VOCABULARY[str(one.words)][:2])
            case "group":
                return self.of(one.members, name, "lat", "lon")
            case "rows":
                return [self.of(one.members, name, "sha256")]
            case "range":
                return {"min": 2, "max": 3}
            case "zone":
                return "Asia/Damascus"
            case "yesno":
                return False
            case "whole" | "decimal":
                return 4
        return None

    def photograph(self) -> bytes:
        """Give a photograph that says of itself who, where and with what."""
        out, exif, seed = io.BytesIO(), Image.Exif(), len(self.canaries)
        tones = bytes(int(128 + 100 * math.sin(x / 9 + seed) * math.cos(y / 7)) for y in range(48) for x in range(64))
        picture = Image.merge("RGB", [Image.frombytes("L", (64, 48), tones)] * 3)
        exif[0x010F], exif[0x013B] = self.sing("exif.make"), self.sing("exif.artist")
        exif.get_ifd(0x8825).update({1: "N", 2: (35.0, 48.0, 43.2), 3: "E", 4: (36.0, 36.0, 14.4)})
        picture.save(out, "JPEG", exif=exif, comment=self.sing("jpeg.comment").encode())
        return out.getvalue()

    def film(self) -> bytes:
        """Give the head of an MP4 with a place in it."""
        place = self.sing("mp4.place").encode()
        return b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + (8 + len(place)).to_bytes(4, "big") + b"udta" + place

    def sound(self) -> bytes:
        """Give a WAVE with a chunk that names who recorded it."""
        name = self.sing("wave.artist").encode() + b"\0\0"
        name = name[: len(name) // 2 * 2]
        fmt = b"fmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x40\x1f\0\0\1\0\x08\0"
        info = b"LIST" + (12 + len(name)).to_bytes(4, "little") + b"INFOIART" + len(name).to_bytes(4, "little") + name
        body = b"WAVE" + fmt + info + b"data\4\0\0\0" + bytes([128, 129, 130, len(self.canaries) % 256])
        return b"RIFF" + len(body).to_bytes(4, "little") + body

    def paper(self) -> bytes:
        """Give a PDF with an author."""
        author = self.sing("pdf.author")
        return f"%PDF-1.4\n1 0 obj<</Author({author})>>endobj\ntrailer<</Info 1 0 R>>\n%%EOF\n".encode()

    def office(self) -> bytes:
        """Give a DOCX with a creator."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as packed:
            packed.writestr("[Content_Types].xml", "<Types/>")
            packed.writestr("docProps/core.xml", f"<creator>{self.sing('docx.creator')}</creator>")
            packed.writestr("word/document.xml", "<w/>")
        return out.getvalue()

    def log(self) -> bytes:
        """Give a flight log with a column that nobody mapped, and a row that cannot be read."""
        rows = [
            f"2019-02-03 14:{minute},35.82,36.51,Su-22,east,{self.sing(f'{row}.remarks')},{self.sing(f'{row}.unmapped')}"
            for minute, row in (("19", "row"), ("3?", "bad_row"))
        ]
        return "\n".join(("Time,Lat,Lon,Aircraft,Heading,Remarks,Watcher", *rows, "")).encode()

    def tables(self) -> tuple[dict[str, Any], dict[str, bytes]]:
        """Give the tables of the case and its files."""
        case = self.of(CASE, "case", "code", "seal_to", "casualties") | {"code": casebook.CODE, "exercise": True}
        found: dict[str, Any] = {"format": "sijill-intake/1", "case": case, "source": [], "item": [], "link": [], "relation": []}
        files: dict[str, bytes] = {}
        for self.answer in ANSWERS:
            self._sources(found)
            for name, kind, ending, data, own in self._items():
                self._item(found, files, f"{name}{self.answer}", kind, ending, data, own)
        self.answer = ""
        return found, files

    def _sources(self, found: dict[str, Any]) -> None:
        for letter, kind in (("W", "witness"), ("P", "spotter_post")):
            source = self.of(SOURCE, "source", "id", "part_of", "identity_file")
            found["source"].append(source | {"id": f"S{letter}{self.answer}", "kind": kind})

    def _items(self) -> list[tuple[str, str, str, bytes, dict[str, Any]]]:
        coverage = {"from": "2019-02-03T06:00", "to": "2019-02-03T20:00"}
        seen = {"medium": "photo", "persons_visible": "yes" if self.answer == "yes" else "no"}
        return [
            ("W", "statement", ".txt", self.sing("bytes").encode(), {}), ("V", "imagery", ".jpg", self.photograph(), seen),
            ("M", "imagery", ".mp4", self.film(), {"medium": "video"}),
            ("F", "flight_log", ".csv", self.log(), {"coverage": coverage}),
            ("R", "intercept", ".wav", self.sound(), {}), ("P", "document", ".pdf", self.paper(), {}),
            ("X", "document", ".docx", self.office(), {}), ("T", "document", ".txt", self.sing("bytes").encode(), {}),
        ]  # fmt: skip

    def _item(
        self, found: dict[str, Any], files: dict[str, bytes], name: str, kind: str, ending: str, data: bytes, own: dict[str, Any]
    ) -> None:
        fields = self.of(
            ITEM, "item", "id", "kind", "source", "file", "sha256", "custody", "release", "credibility", "zone"
        )
        path = f"f/{self.sing('item.file')}{ending}"
        files[path] = data
        fields |= self.of(BY_KIND[kind], f"item.{kind}", "columns", "coverage", "consent", "same_message_as", "duration_s")
        custody = [self.of(CUSTODY, "custody", "sha256") | {"action": "capture", "at": "2019-02-03T14:55"}]
        fields |= {"id": name, "kind": kind, "source": f"S{'P' if kind in ('flight_log', 'intercept') else 'W'}{self.answer}"}
        answers = ANSWERS[self.answer]
        asked = {} if answers is None else {"consent" if kind == "statement" else "release": answers}
        found["item"].append(fields | {"file": path, "custody": custody, **asked, **own})
        link = self.of(LINK, "link", "id", "item", "facets")
        found["link"].append(link | {"item": name, "facets": ["what"], "stance": "context"})
        relation = self.of(RELATION, "relation", "id", "item", "as", "of")
        found["relation"].append(relation | {"item": name, "as": "cites"})
