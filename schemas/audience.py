"""Audiences: who may see which field, as a table that a lawyer can read.

The table is `audiences.toml`; a field that it does not name leaves for nobody.
Nothing here knows an item's consent or release: `archive.release` asks both.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from sys import intern

from schemas.errors import FormatError
from schemas.vocabulary import AUDIENCES

NOUNS = (
    "case", "source", "item", "statement", "imagery", "flight_log", "intercept", "document", "link", "relation",
    "custody", "reading", "rendition", "number", "file",
)  # fmt: skip


@cache
def table() -> Mapping[str, Mapping[str, frozenset[str]]]:
    """Give noun -> field -> audiences. Raises FormatError where the table names what does not exist."""
    text = (resources.files("schemas") / "audiences.toml").read_text("utf-8")
    data = tomllib.loads(text)
    if data.pop("format", None) != "sijill-audiences/1" or set(data) != set(NOUNS):
        raise FormatError("audiences.toml is not sijill-audiences/1 with its nouns")
    return {noun: {name: _words(noun, name, value) for name, value in fields.items()} for noun, fields in data.items()}


def _words(noun: str, name: str, value: str) -> frozenset[str]:
    words = frozenset(AUDIENCES) if value == "all" else frozenset(value.split())
    unknown = {word.rstrip("?") for word in words} - set(AUDIENCES)
    if unknown:
        raise FormatError(f"audiences.toml: {noun}.{name}: no such audience: {', '.join(sorted(unknown))}")
    return words


def may_see(audience: str, nouns: tuple[str, ...], field: str, *, released: bool = False) -> bool:
    """Tell whether `audience` may see `field` of the first noun that names it; unnamed is no.

    `released` says that the item's own release or consent answers yes.
    """
    parts = field.split(".")
    for noun in nouns:
        for length in range(len(parts), 0, -1):
            words = table()[noun].get(".".join(parts[:length]))
            if words is not None:
                return audience in words or (released and f"{audience}?" in words)
    return False


def allowed(
    audience: str, nouns: tuple[str, ...], fields: Mapping[str, object], *, released: bool = False
) -> dict[str, object]:
    """Give the fields that `audience` may see."""
    return {intern(name): value for name, value in fields.items() if may_see(audience, nouns, name, released=released)}
