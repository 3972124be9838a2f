"""What differs between two dossiers of one case: exhibits, fields, answers. Names of fields only, never their values.

Compares records as they stand in a dossier (`case.json`, `corroboration.json`),
so that whoever has both folders sees the same. Gives plain values; decides
nothing about who may see them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.case import named

Record = Mapping[str, Any]


def differences(old: Record, new: Record, old_weighed: Record, new_weighed: Record) -> dict[str, Any]:
    """Give what `new` has more, less or otherwise than `old`, exhibits by their numbers."""
    before, after = _exhibits(old), _exhibits(new)
    both, changed = sorted(before.keys() & after.keys()), []
    for number in both:
        what = _changed(before[number], after[number])
        if what:
            changed.append({"bates": number, **what})
    return {
        "added": sorted(after.keys() - before.keys()),
        "removed": sorted(before.keys() - after.keys()),
        "now_withheld": [n for n in both if _hidden(after[n]) and not _hidden(before[n])],
        "no_longer_withheld": [n for n in both if _hidden(before[n]) and not _hidden(after[n])],
        "changed": changed,
        "case_fields": _fields(old["case"]["fields"], new["case"]["fields"]),
        "links": _others(old, new, "links"), "relations": _others(old, new, "relations"),
        "meets": {"old": old_weighed["case"]["meets"], "new": new_weighed["case"]["meets"]},
        "verdicts": _answers(old_weighed["case"]["verdicts"], new_weighed["case"]["verdicts"]),
        "rules": _answers(_rules(old_weighed), _rules(new_weighed)),
        "standard_changed": old_weighed["standard"] != new_weighed["standard"],
    }  # fmt: skip


def nothing(found: Record) -> bool:
    """Tell whether there is no difference at all."""
    lists = ("added", "removed", "now_withheld", "no_longer_withheld", "changed", "case_fields", "verdicts", "rules")
    same = not any(found[name] for name in lists) and found["meets"]["old"] == found["meets"]["new"]
    others = any(found[kind][way] for kind in ("links", "relations") for way in ("added", "removed", "changed"))
    return same and not others and not found["standard_changed"]


def _exhibits(case: Record) -> dict[str, Record]:
    return {str(one["bates"]): one for one in [*case["items"], *case["withheld"]]}


def _hidden(one: Record) -> bool:
    return "fields" not in one


def _changed(old: Record, new: Record) -> dict[str, Any]:
    if _hidden(old) or _hidden(new):
        return {"reason": True} if _hidden(old) and _hidden(new) and old.get("reason") != new.get("reason") else {}
    found: dict[str, Any] = {}
    fields = _fields(old["fields"], new["fields"])
    if fields:
        found["fields"] = fields
    if old.get("form") != new.get("form"):
        found["form"] = {"old": old.get("form"), "new": new.get("form")}
    one, two = (_digest(side) for side in (old, new))
    if one != two:
        found["file"] = True
    return found


def _digest(one: Record) -> Any:
    made = one.get("rendition")
    return (made["fields"] if made else one["fields"]).get("sha256")


def _fields(old: Record, new: Record) -> list[str]:
    return sorted(name for name in {*old, *new} if old.get(name) != new.get(name))


def _others(old: Record, new: Record, kind: str) -> dict[str, list[str]]:
    before, after = ({_label(one["fields"], new): one["fields"] for one in side[kind]} for side in (old, new))
    return {
        "added": sorted(after.keys() - before.keys()), "removed": sorted(before.keys() - after.keys()),
        "changed": sorted(name for name in before.keys() & after.keys() if before[name] != after[name]),
    }  # fmt: skip


def _label(fields: Record, new: Record) -> str:
    """Give the id of a record as the case of the newer dossier calls it."""
    code = str(new["case"]["fields"]["code"])
    return named(str(fields.get("id")), str(fields.get("case", code)), code)


def _rules(weighed: Record) -> dict[str, str]:
    return {f"{one['id']} {one['facet'] or ''}".strip(): one["answer"] for one in weighed["case"]["rules"]}


def _answers(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, Any]:
    return {
        name: {"old": old.get(name), "new": new.get(name)}
        for name in sorted({*old, *new})
        if old.get(name) != new.get(name)
    }
