"""Distances and bearings between places, on the ellipsoid of WGS 84.

Positions are whole micro-degrees, north and east positive. Apart from
`evidence.where`, which reads what people write: who only measures loads none of it.

Follows C. F. F. Karney, "Algorithms for geodesics" (2013), through geographiclib, and for what is not far T. Vincenty.
"""

from __future__ import annotations

from functools import cache
from math import atan, atan2, cos, degrees, hypot, radians, sin, tan
from typing import Any

from schemas.extent import MICRO

Point = tuple[int, int]  # latitude and longitude, whole micro-degrees

_FLATTENING = 1 / 298.257223563  # WGS 84
_POLAR_RADIUS_KM = 6378.137 * (1 - _FLATTENING)
_SECOND_ECCENTRICITY = (1 - (1 - _FLATTENING) ** 2) / (1 - _FLATTENING) ** 2
_FAR_RAD, _POLAR = radians(60.0), 89_000_000  # beyond these the quick way is not used


def distance_km(here: Point, there: Point) -> float:
    """Give the length of the geodesic between two points, in kilometres."""
    return geodesic(here, there)[0]


def bearing_deg(here: Point, there: Point) -> float:
    """Give the bearing at `here` towards `there`: degrees clockwise from true north, 0 <= b < 360; 0 for one point."""
    return geodesic(here, there)[1]


def geodesic(here: Point, there: Point) -> tuple[float, float]:
    """Give distance in kilometres and bearing in degrees of the geodesic from `here` to `there`, WGS 84."""
    if here == there:
        return 0.0, 0.0
    return _vincenty(here, there) or _karney(here, there)


def _karney(here: Point, there: Point) -> tuple[float, float]:
    line = _wgs84().Inverse(here[0] / MICRO, here[1] / MICRO, there[0] / MICRO, there[1] / MICRO)
    return line["s12"] / 1000, line["azi1"] % 360.0


def _vincenty(here: Point, there: Point) -> tuple[float, float] | None:
    """Give the same to a tenth of a millimetre, twenty times quicker; None beyond a few thousand kilometres.

    T. Vincenty, "Direct and inverse solutions of geodesics on the ellipsoid" (1975). It does not converge
    for points nearly opposite each other, so those and all far ones are left to `_karney`.
    """
    apart = radians((there[1] - here[1]) / MICRO)
    if abs(apart) > _FAR_RAD or abs(here[0]) > _POLAR or abs(there[0]) > _POLAR:
        return None
    u1, u2 = (atan((1 - _FLATTENING) * tan(radians(point[0] / MICRO))) for point in (here, there))
    sin_u1, cos_u1, sin_u2, cos_u2 = sin(u1), cos(u1), sin(u2), cos(u2)
    angle = apart
    for _ in range(20):
        sin_angle, cos_angle = sin(angle), cos(angle)
        across, along = cos_u2 * sin_angle, cos_u1 * sin_u2 - sin_u1 * cos_u2 * cos_angle
        sin_sigma = hypot(across, along)
        cos_sigma = sin_u1 * sin_u2 + cos_u1 * cos_u2 * cos_angle
        if sin_sigma == 0:
            return None
        sigma = atan2(sin_sigma, cos_sigma)
        sin_alpha = cos_u1 * cos_u2 * sin_angle / sin_sigma
        squared = 1 - sin_alpha * sin_alpha
        middle = cos_sigma - 2 * sin_u1 * sin_u2 / squared if squared > 1e-12 else 0.0
        c = _FLATTENING / 16 * squared * (4 + _FLATTENING * (4 - 3 * squared))
        before, angle = (
            angle,
            apart
            + (1 - c)
            * _FLATTENING
            * sin_alpha
            * (sigma + c * sin_sigma * (middle + c * cos_sigma * (2 * middle * middle - 1))),
        )
        if abs(angle - before) < 1e-13:
            break
    else:
        return None
    k = squared * _SECOND_ECCENTRICITY
    a = 1 + k / 16384 * (4096 + k * (320 * k - 175 * k * k - 768))
    b = k / 1024 * (256 + k * (74 * k - 47 * k * k - 128))
    twice = 2 * middle * middle - 1
    last = b / 6 * middle * (4 * sin_sigma * sin_sigma - 3) * (4 * middle * middle - 3)
    less = b * sin_sigma * (middle + b / 4 * (cos_sigma * twice - last))
    return _POLAR_RADIUS_KM * a * (sigma - less), degrees(atan2(across, along)) % 360.0


@cache
def _wgs84() -> Any:
    from geographiclib.geodesic import Geodesic

    return Geodesic.WGS84
