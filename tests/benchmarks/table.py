"""The Markdown of a run: the machine, a row a line, growth as ratios, and a plot of it in SVG."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.benchmarks.rounds import Grown, Outcome

LEAST_MEMORY = 80e6  # below it, memory is not judged
_COLOURS = ("#1b6ca8", "#b3541e", "#2e7d32", "#6a1b9a", "#a11d33", "#00695c", "#5d4037", "#37474f")


def machine() -> str:
    """Say what this ran on."""
    cpu = platform.processor() or "unknown processor"
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
        cpu = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    try:
        memory = f", {os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB"
    except (ValueError, OSError):
        memory = ""
    return (
        f"{os.cpu_count()} cores ({cpu}){memory}, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}"
    )


def rows(outcomes: Sequence[Outcome]) -> str:
    """Give the table of all rows; one that was not measured says why."""
    lines = [
        "| row | work | against | ratio | target | | cpu ratio | s, ours / peer | cpu s, ours / peer | peak MB, ours / peer |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for one in outcomes:
        row = one.row
        head = f"| {row.name} | {row.work} | {row.peer} |"
        target = "-" if row.target is None else f"{row.target:g}"
        if one.ours is None or one.theirs is None:
            lines.append(f"{head} {one.said.replace('|', '/')} | {target} | | | | | |")
            continue
        met = "" if row.target is None else "met" if one.ratio <= row.target else "**missed**"
        a, b = one.ours, one.theirs
        lines.append(
            f"{head} **{one.ratio:.2f}** | {target} | {met} | {one.cpu_ratio:.2f} | {a.wall:.3f} / {b.wall:.3f} |"
            f" {a.cpu:.3f} / {b.cpu:.3f} | {a.memory / 1e6:.0f} / {b.memory / 1e6:.0f} |"
        )
    return "\n".join(lines) + "\n"


def growth(all_grown: Sequence[Grown]) -> str:
    """Give the table of growth: cost for each unit and peak memory, as ratios to the smallest size."""
    lines = ["| row | work | size | s | cpu s | cost of one, x smallest | peak MB | x a tenth | |", "|---|---|---|---|---|---|---|---|---|"]
    for grown in all_grown:
        name, work = grown.growth.name, grown.growth.work
        for number, (size, one) in enumerate(grown.at):
            first_size, first = grown.at[0]
            before = grown.at[number - 1][1] if number else one
            memory = one.memory / before.memory
            limit = grown.growth.memory
            judged = number and limit is not None and one.memory >= LEAST_MEMORY
            met = "" if not judged else "flat" if memory <= limit else "**grows**"
            lines.append(
                f"| {name} | {work} | {size:,} {grown.growth.unit} | {one.wall:.2f} | {one.cpu:.2f} |"
                f" {one.cpu / size / (first.cpu / first_size):.2f} | {one.memory / 1e6:.0f} | {memory:.2f} | {met} |"
            )
        if grown.said:
            lines.append(f"| {name} | {work} | {grown.said.replace('|', '/')} | | | | | | |")
    return "\n".join(lines) + "\n"


def plot(all_grown: Sequence[Grown]) -> str:
    """Give an SVG of processor seconds (lines) over size, both in powers of ten; a straight line at 45 degrees is linear."""
    points = [(size, one.cpu) for grown in all_grown for size, one in grown.at]
    if not points:
        return ""
    low_x, high_x = (f(math.log10(size) for size, _ in points) for f in (min, max))
    low_y, high_y = (f(math.log10(max(cpu, 1e-3)) for _, cpu in points) for f in (min, max))
    low_x, low_y, high_x, high_y = math.floor(low_x), math.floor(low_y), math.ceil(high_x), math.ceil(high_y)
    step = min(640 / max(high_x - low_x, 1), 400 / max(high_y - low_y, 1))  # the same for both: 45 degrees is linear
    wide, high = (high_x - low_x) * step, (high_y - low_y) * step

    def at(size: float, cpu: float) -> tuple[float, float]:
        return 60 + (math.log10(size) - low_x) * step, 20 + high - (math.log10(max(cpu, 1e-3)) - low_y) * step

    parts = [
        (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide + 300:.0f} {high + 70:.0f}" font-family="sans-serif"'
        ' font-size="12"><title>Processor seconds over the size of the work</title>'),
        f'<rect x="0" y="0" width="{wide + 300:.0f}" height="{high + 70:.0f}" fill="white"/>',
    ]
    for power in range(low_x, high_x + 1):
        x, y = at(10**power, 10**low_y)
        parts.append(f'<path d="M{x:.1f} 20V{y:.1f}" stroke="#ddd"/><text x="{x:.1f}" y="{y + 18:.1f}" text-anchor="middle">{10**power:,}</text>')
    for power in range(low_y, high_y + 1):
        x, y = at(10**low_x, 10**power)
        parts.append(f'<path d="M60 {y:.1f}H{60 + wide:.1f}" stroke="#ddd"/><text x="54" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g} s</text>')
    for number, grown in enumerate(all_grown):
        if not grown.at:
            continue
        colour = _COLOURS[number % len(_COLOURS)]
        dots = [at(size, one.cpu) for size, one in grown.at]
        parts.append(f'<path d="M{"L".join(f"{x:.1f} {y:.1f}" for x, y in dots)}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{colour}"/>' for x, y in dots]
        parts.append(f'<text x="{wide + 80:.0f}" y="{34 + 18 * number}" fill="{colour}">{grown.growth.name} ({grown.growth.unit})</text>')
    parts.append(f'<text x="60" y="{high + 60:.0f}">processor seconds over size; parallel to the diagonal is linear</text></svg>')
    return "\n".join(parts) + "\n"
