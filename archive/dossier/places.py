"""Every place that may leave, as points with their uncertainty; drawn as a map and written as GeoJSON.

Takes a `Dossier` and nothing wider, so that what the map shows is what its
audience may see. Nothing is merged or corrected, and no border is drawn.

Positions are WGS 84, whole micro-degrees, north and east positive. Follows
RFC 7946.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from archive.dossier.tables import rows_between
from archive.dossier.timeline import AFTER, BEFORE
from archive.handed_over import Dossier, Exhibit
from schemas.extent import MICRO, bounds
from schemas.fields import in_language

MOST_FLIGHTS = 100
_OF_RECORD = (("claimed", "source"), ("coordinates_heard", "radio"))


@dataclass(frozen=True, slots=True)
class Point:
    """One position that one source tells. `radius_m` is the accuracy that it claims for itself, None for none."""

    kind: str  # claim, public, coarse, strike, source, camera, radio, flight
    lat: int
    lon: int
    radius_m: int | None = None
    exhibit: Exhibit | None = None
    text: str = ""
    row: int | None = None  # of a flight log

    @property
    def degrees(self) -> tuple[float, float]:
        """Give latitude and longitude in degrees."""
        return self.lat / MICRO, self.lon / MICRO


def points(dossier: Dossier, lang: str = "en") -> list[Point]:
    """Give every position, those of the case first, then those of cases that were merged into it; names in `lang`."""
    found = _claimed(dossier.case.fields, "", lang)
    if dossier.coarse is not None:
        lat, lon, radius = dossier.coarse
        found.append(Point("coarse", lat, lon, radius))
    for one in dossier.merged:
        found += _claimed(one.fields, str(one.fields["code"]), lang)
    for exhibit in dossier.exhibits:
        for name, kind in _OF_RECORD:
            found += _group(kind, exhibit.record.fields, name, exhibit)
        for reading in exhibit.readings:
            found += _group("camera", reading.fields, "facts.gps", exhibit)
    found += _flights(dossier)
    return [point for point in found if abs(point.lat) <= 90 * MICRO and abs(point.lon) <= 180 * MICRO]


def _claimed(case: Mapping[str, Any], code: str, lang: str) -> list[Point]:
    """Give what a case claims; `code` tells one that was merged into the case from the case itself."""
    found: list[Point] = []
    for kind, name in (("claim", "place"), ("public", "place_public")):
        found += _group(kind, case, name, text=f"{code} {in_language(case, f'{name}.name', lang)}".strip())
    for strike in case.get("strikes", ()):
        found += _group("strike", strike, "place", text=f"{code} {strike.get('label', '')}".strip())
    return found


def _group(
    kind: str, fields: Mapping[str, Any], name: str, exhibit: Exhibit | None = None, text: str = ""
) -> Iterator[Point]:
    lat, lon, radius = (fields.get(f"{name}.{part}") for part in ("lat", "lon", "accuracy_m"))
    if type(lat) is int and type(lon) is int:
        yield Point(kind, lat, lon, _metres(radius), exhibit, text)


def _metres(text: Any) -> int | None:
    try:
        return round(float(str(text))) if text is not None else None
    except (ValueError, OverflowError):
        return None


def _flights(dossier: Dossier) -> Iterator[Point]:
    start, end = bounds(dossier.case.fields.get("occurred"))
    if start is None or end is None:
        return
    by_number = {exhibit.bates: exhibit for exhibit in dossier.exhibits}
    span = int((start - BEFORE).timestamp()), int((end + AFTER).timestamp())
    for number, row in rows_between(dossier, *span, MOST_FLIGHTS):
        if "lat" in row and "lon" in row:
            text = str(row.get("aircraft_type", ""))
            yield Point("flight", row["lat"], row["lon"], None, by_number[number], text, row["row"])


def geojson(found: Sequence[Point]) -> dict[str, Any]:
    """Give map.geojson: a point a position, in degrees, with its uncertainty in metres where one is claimed.

    The features are made as they are asked for.
    """
    return {"type": "FeatureCollection", "features": (_feature(p) for p in found)}


def _feature(point: Point) -> dict[str, Any]:
    lat, lon = point.degrees
    properties: dict[str, Any] = {"kind": point.kind}
    if point.exhibit is not None:
        properties["exhibit"] = point.exhibit.bates
    if point.row is not None:
        properties["row"] = point.row
    if point.text:
        properties["text"] = point.text
    if point.radius_m is not None:
        properties["uncertainty_m"] = point.radius_m
    return {
        "type": "Feature", "geometry": {"type": "Point", "coordinates": [lon, lat]}, "properties": properties,
    }  # fmt: skip
