"""The records of a case, parted as the decisions on its items say: what leaves, and what stays behind.

Decides nothing (`withholding` does) and hands nothing over (`release` does): it
says which links, relations and sources go with the items that leave, and with
which words the others would be spoken of.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archive.show import Kept
from archive.unsaid import files_of, words_of
from archive.withholding import Decision


class Parted:
    """What of a case leaves, in the order of its records: items, links, relations, and their sources."""

    def __init__(self, records: Sequence[Kept], decisions: Mapping[str, Decision]) -> None:
        self._records, self._decisions = records, decisions
        items = [r for r in records if r.kind == "item"]
        self.shown = [r for r in items if not decisions[r.sub].why]
        self.hidden = [r for r in items if decisions[r.sub].why]
        out = {r.label for r in self.hidden}
        self._links, self._relations = standing(records, "link"), standing(records, "relation")
        self.links = [r for r in self._links if r.names("item") not in out]
        self.relations = [r for r in self._relations if not {r.names("item"), r.names("of")} & out]
        self.source_names = self._sources()
        # what was withdrawn was said, and may be spoken of
        self._guarded = {r.label for r in self.hidden if decisions[r.sub].why != "withdrawn"}

    def sources(self) -> list[Kept]:
        """Give the sources of what leaves, and those they are part of."""
        return [r for r in self._records if r.kind == "source" and r.label in self.source_names]

    def _sources(self) -> set[str]:
        kept = {r.label: r for r in self._records if r.kind == "source" and not r.withdrawn}
        wanted: set[str] = set()
        waiting = [str(r.names("source")) for r in self.shown if "source" in r.fields]
        while waiting:
            name = waiting.pop()
            if name in kept and name not in wanted:
                wanted.add(name)
                waiting += [str(kept[name].names("part_of"))] if "part_of" in kept[name].fields else []
        return wanted

    def unsaid(self) -> set[str]:
        """Give the words that would speak of what stays: ids, pseudonyms, names of files, digests."""
        whole = [r for r in self.shown if self._decisions[r.sub].form == "original"]
        speaks = words_of(self._records, self._guarded, self.source_names)
        return {*speaks, *files_of(self.hidden, self.shown, whole)}

    def covered(self) -> set[str]:
        """Name the items that leave as a redacted copy."""
        return {r.label for r in self.shown if self._decisions[r.sub].rendition is not None}

    def not_shown(self) -> dict[str, int]:
        """Count what stays with the items that stay: links, relations, and links that contradict."""
        dropped = [r for r in self._links if r.names("item") in self._guarded]
        return {
            "links": len(self._links) - len(self.links),
            "relations": len(self._relations) - len(self.relations),
            "contradicting": sum(r.fields.get("stance") == "contradicts" for r in dropped),
        }


def standing(records: Sequence[Kept], kind: str) -> list[Kept]:
    """Give the records of a kind that were not withdrawn."""
    return [r for r in records if r.kind == kind and not r.withdrawn]
