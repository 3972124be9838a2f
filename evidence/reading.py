"""A reading: what a named version of a tool says about some bytes, and what troubled it.

A reading is a claim, never the evidence: it is made after the bytes were hashed
and stored, and can be made again by another tool. Warnings are kept with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reading:
    """Facts and warnings together.

    `tool` is empty where no reader knows this type of file. `network` says
    whether the process that read it could reach a network: `cut`, `open`, or
    None where it was not read in a process of its own.
    """

    tool: str
    version: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    network: str | None = None
