"""The map of a dossier as a drawing: points, circles of uncertainty, a scale, a grid. No borders, no background.

Plain geometry in SVG, the same for page and PDF. The projection is flat, with
true scale at the middle of the drawing; what lies too far out to be drawn is
counted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from archive.dossier.places import Point

WIDTH, HEIGHT = 1000.0, 620.0
MARGIN = 60.0
METRES_A_DEGREE = 111_195.0  # of latitude, on the mean sphere; the drawing is no finer
FARTHEST_M = 60_000.0  # from the middle of the case
LEAST_M = 600.0  # across, however near the points lie
LEAST_UNITS = 25.0  # a circle smaller than that is drawn again from near
LABEL_UNITS = 22.0  # marks nearer than that share a label
MARKS = {
    "claim": "#8f1d14", "public": "#8f1d14", "coarse": "#8f1d14", "strike": "#8f1d14", "source": "#1d3c63",
    "camera": "#14532d", "radio": "#6b4a00", "flight": "#4a525b",
}  # fmt: skip


@dataclass(frozen=True)
class Map:
    """The drawings (wide, and near where circles would be too small to see), the marks, and how many lie beyond."""

    drawings: list[str]
    marks: list[tuple[str, Point]]
    beyond: int


def draw(points: Sequence[Point], alt: str) -> Map | None:
    """Draw what lies near the case, or near the first point where the case has none; None where there is no point."""
    if not points:
        return None
    middle = points[0].degrees
    near = [p for p in points if _metres(middle, p.degrees) <= FARTHEST_M]
    letters: dict[tuple[str, int, int], str] = {}
    for point in near:
        letters.setdefault((point.kind, point.lat, point.lon), str(len(letters) + 1))
    marks = [(letters[p.kind, p.lat, p.lon], p) for p in near]
    drawings = [_drawing(marks, alt)]
    radii = [p.radius_m for p in near if p.radius_m]
    close = [(mark, p) for mark, p in marks if radii and _metres(middle, p.degrees) <= 5 * max(radii)]
    if radii and max(radii) * _Frame(near).scale < LEAST_UNITS and close:
        drawings.append(_drawing(close, alt))
    return Map(drawings, marks, len(points) - len(near))


def _drawing(marks: Sequence[tuple[str, Point]], alt: str) -> str:
    frame = _Frame([p for _, p in marks])
    parts = [*frame.grid()]
    labels: list[tuple[float, float, list[str]]] = []
    for mark, point in marks:
        x, y = frame.place(point)
        parts += _shape(point, x, y, (point.radius_m or 0) * frame.scale)
        beside = next((label for label in labels if math.hypot(label[0] - x, label[1] - y) < LABEL_UNITS), None)
        if beside is None:
            labels.append((x, y, [mark]))
        elif mark not in beside[2]:
            beside[2].append(mark)
    parts += [
        f'<text x="{x + 11:.1f}" y="{y - 8:.1f}" font-size="19" font-weight="bold" {_FONT}>{", ".join(names)}</text>'
        for x, y, names in labels
    ]
    size = f'viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" class="map" {size} role="img" aria-label="{escape(alt)}">'
    return head + "".join([*parts, frame.bar()]) + "</svg>"


def _metres(one: tuple[float, float], two: tuple[float, float]) -> float:
    north = (one[0] - two[0]) * METRES_A_DEGREE
    east = (one[1] - two[1]) * METRES_A_DEGREE * math.cos(math.radians((one[0] + two[0]) / 2))
    return math.hypot(north, east)


def _shape(point: Point, x: float, y: float, radius: float) -> list[str]:
    colour, parts = MARKS[point.kind], []
    if radius:
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" fill="{colour}" fill-opacity="0.10" '
            f'stroke="{colour}" stroke-dasharray="6 4"/>'
        )
    if point.kind == "flight":
        parts.append(f'<path d="M{x - 7:.1f} {y:.1f}h14M{x:.1f} {y - 7:.1f}v14" stroke="{colour}" stroke-width="3"/>')
    else:
        parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{colour}"/>')
    return parts


_FONT = 'font-family="Noto Serif, Georgia, serif" fill="#16191d"'


class _Frame:
    """The part of the world that is drawn, in degrees and in units of the drawing."""

    def __init__(self, near: Sequence[Point]) -> None:
        lats, lons = [p.degrees[0] for p in near], [p.degrees[1] for p in near]
        self.lat, self.lon = (min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2
        self.east = METRES_A_DEGREE * max(math.cos(math.radians(self.lat)), 0.01)
        reach = min(max((p.radius_m or 0) for p in near), FARTHEST_M)
        wide = max((max(lons) - min(lons)) * self.east + 2 * reach, LEAST_M)
        high = max((max(lats) - min(lats)) * METRES_A_DEGREE + 2 * reach, LEAST_M)
        self.scale = min((WIDTH - 2 * MARGIN) / wide, (HEIGHT - 2 * MARGIN) / high)  # units a metre

    def place(self, point: Point) -> tuple[float, float]:
        """Give the place of a point in the drawing."""
        return self.at(*point.degrees)

    def at(self, lat: float, lon: float) -> tuple[float, float]:
        """Give the place of a position (degrees, WGS 84) in the drawing, in units of it from the upper left."""
        return (
            WIDTH / 2 + (lon - self.lon) * self.east * self.scale,
            HEIGHT / 2 - (lat - self.lat) * METRES_A_DEGREE * self.scale,
        )

    def grid(self) -> list[str]:
        """Give a frame and the lines of round degrees, with their numbers at the edge."""
        parts = [f'<rect x="0" y="0" width="{WIDTH:.0f}" height="{HEIGHT:.0f}" fill="#ffffff" stroke="#b9bfc6"/>']
        across = WIDTH / self.scale / self.east
        step = next(s for s in (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 360) if across / s <= 6)
        digits = max(0, -math.floor(math.log10(step)))
        down = HEIGHT / self.scale / METRES_A_DEGREE
        for name, middle, reach in (("lon", self.lon, across / 2), ("lat", self.lat, down / 2)):
            numbers = range(math.ceil((middle - reach) / step), math.floor((middle + reach) / step) + 1)
            parts += [self._line(name, number * step, digits) for number in numbers]
        return parts

    def _line(self, name: str, degrees: float, digits: int) -> str:
        text = f"{degrees:.{digits}f}°"
        if name == "lon":
            x, _ = self.at(self.lat, degrees)
            return (
                f'<path d="M{x:.1f} 0V{HEIGHT:.0f}" stroke="#dfe2e6" fill="none"/>'
                f'<text x="{x + 4:.1f}" y="17" font-size="14" {_FONT}>{text}</text>'
            )
        _, y = self.at(degrees, self.lon)
        return (
            f'<path d="M0 {y:.1f}H{WIDTH:.0f}" stroke="#dfe2e6" fill="none"/>'
            f'<text x="5" y="{y - 4:.1f}" font-size="14" {_FONT}>{text}</text>'
        )

    def bar(self) -> str:
        """Give a scale bar of a round length, and an arrow to the north."""
        most = 220 / self.scale
        power = 10 ** math.floor(math.log10(most))
        metres = int(max(step * power for step in (1, 2, 5) if step * power <= most))
        length = metres * self.scale
        text = f"{metres // 1000} km" if metres >= 1000 else f"{metres} m"
        x, y = WIDTH - 30 - length, HEIGHT - 24
        return (
            f'<path d="M{x:.1f} {y - 8:.0f}v8h{length:.1f}v-8" stroke="#16191d" stroke-width="2" fill="none"/>'
            f'<text x="{x + length / 2:.1f}" y="{y - 12:.0f}" font-size="17" text-anchor="middle" {_FONT}>{text}</text>'
            f'<path d="M{WIDTH - 30:.0f} 62V24m-8 12l8-12l8 12" stroke="#16191d" stroke-width="2" fill="none"/>'
            f'<text x="{WIDTH - 30:.0f}" y="80" font-size="15" text-anchor="middle" {_FONT}>N</text>'
        )
