"""The drawing of every clock on one axis, as SVG, for page and PDF alike."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from archive.dossier.timeline import Bar, Moment, drawing
from archive.dossier.wording import say

_FONT = 'font-family="Noto Serif, Noto Naskh Arabic, Georgia, serif" fill="#16191d"'


def axis(found: Sequence[Moment], lang: str, code: str = "") -> str:
    """Draw the moments near the claimed event; empty where the case claims no time, or nothing lies near it.

    Exhibits of the case `code` are named by the rank in their numbers, those of others by the whole number.
    """
    bars, ticks, claim = drawing(found)
    if claim is None or not bars:
        return ""
    height = len(bars) * 26
    parts = [f'<rect x="{claim[0]}" y="-8" width="{claim[1]}" height="{height + 12}" fill="#cfe0f2"/>']
    for x, text in ticks:
        parts.append(f'<path d="M{x} -8V{height + 4}" stroke="#b9bfc6" fill="none"/>')
        parts.append(f'<text x="{x}" y="-14" text-anchor="middle" font-size="17" {_FONT}>{text}</text>')
    for bar in bars:
        colour = "#1d3c63" if bar.moment.clock == "claim" else "#6b7f99"
        parts.append(f'<rect x="{bar.x}" y="{bar.y * 26 + 3}" width="{bar.width}" height="17" rx="2" fill="{colour}"/>')
        name = escape(_name(bar, code, lang))
        parts.append(f'<text x="1012" y="{bar.y * 26 + 17}" font-size="17" {_FONT}>{name}</text>')
    alt = escape(say(lang, "timeline_alt"))
    wide = 1044 + max(360, *(10 * len(_name(bar, code, lang)) for bar in bars))
    head = f'<svg xmlns="http://www.w3.org/2000/svg" class="axis" viewBox="-24 -40 {wide} {height + 52}" role="img"'
    return f'{head} aria-label="{alt}">' + "".join(parts) + "</svg>"


def _name(bar: Bar, code: str, lang: str) -> str:
    """Give the label of a bar: its clock, whose it is, and how many alike it stands for."""
    moment, exhibit = bar.moment, bar.moment.exhibit
    whose = exhibit.bates.removeprefix(f"{code}-") if exhibit else moment.text
    parts = [say(lang, f"clock_{moment.clock}"), *([whose] if whose else [])]
    return " · ".join(parts) + (f" (×{bar.alike})" if bar.alike > 1 else "")
