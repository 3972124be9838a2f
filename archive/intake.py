"""Intake: one folder a case, taken in whole or not at all.

The folder is looked through and read into records; everything wrong with it is
told at once and nothing is recorded. Then the bytes are stored and made
durable, readers look at the stored bytes in limited children, and one act of
the ledger records what is new. A crash before that act leaves at most objects
that nothing names.

The folder is only read. Format: docs/intake.md.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from archive import ledger, sealing
from archive.agreement import changed_bytes, differing, refusals
from archive.draft import Draft
from archive.folder import Folder, check_manifest, look
from archive.readings import Findings, read_files, record_reading
from archive.registered import SAME, Known, Registered, had, registered
from archive.seal import recipients_of
from archive.sheets import Sheets
from archive.storing import Tally, growth_of, named, stopped, store
from evidence.held import Held
from evidence.sheet import Submission, read_submission
from schemas.case import MERGED
from schemas.errors import InputError, Problem
from schemas.sentences import retold, say
from schemas.text import visible

if TYPE_CHECKING:
    from archive.objects import Stored
    from archive.open import Archive
    from archive.workers import Saying



SOON_DURABLE_BYTES = 1 << 30


@dataclass
class Taken:
    """What an intake did: items as they stand, warnings, and the receipt of the act (None if nothing was new)."""

    code: str
    items: Held = field(default_factory=Held)
    there: set[str] = field(default_factory=set)  # ids of the items that were there already
    observations: int = 0
    rows_unreadable: list[dict[str, Any]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    receipt: ledger.Receipt | None = None
    head: tuple[int, str] = (0, "")
    dry_run: bool = False
    stored: Tally = field(default_factory=Tally)

    def document(self) -> dict[str, Any]:
        """Give the `sijill-intake-result/1` document; its items are held packed, and are written as a list."""
        entries = {"first": self.head[0], "count": 0}
        checkpoint = {"size": self.head[0], "root": self.head[1]}
        return {
            "format": "sijill-intake-result/1",
            "case": self.code,
            "items": self.items,
            "observations": self.observations,
            "rows_unreadable": self.rows_unreadable,
            "warnings": self.warnings,
            "stored": asdict(self.stored),
            "dry_run": self.dry_run,
            **({"entries": entries, "checkpoint": checkpoint} if self.receipt is None else self.receipt.document()),
        }


def intake(
    archive: Archive,
    folder: Path,
    signers: Sequence[ledger.Signer],
    *,
    reason: str | None = None,
    dry_run: bool = False,
    lang: str = "en",
    progress: Saying | None = None,
) -> Taken:
    """Take one folder in; sentences on the folder are in `lang`.

    Raises InputError with every problem, RefusedError, or UnreachableError.
    """
    looked = look(folder)
    with archive.reading() as db, Sheets() as sheets:
        submission = read_submission(
            looked.texts, looked.files, now=datetime.now(UTC), lang=lang, registered=lambda code: had(db, code),
            opened=sheets.book, progress=progress and (lambda rows: progress("reading the sheets", rows)),
        )  # fmt: skip
    looked.texts.clear()
    return take(archive, looked, submission, signers, reason=reason, dry_run=dry_run, lang=lang, progress=progress)


def take(
    archive: Archive,
    looked: Folder,
    submission: Submission,
    signers: Sequence[ledger.Signer],
    *,
    reason: str | None = None,
    dry_run: bool = False,
    whole: bool = True,
    lang: str = "en",
    progress: Saying | None = None,
) -> Taken:
    """Take in what a folder, or one act (`whole` is false then), hands in. Raises as `intake`; Stopped for a Ctrl-C."""
    if problems := [*looked.problems, *submission.problems]:
        _refuse(looked, problems + _wrong_besides(archive, looked, submission, lang), lang)
    code = str(submission.case["code"])
    with archive.reading() as db:
        before, recipients = registered(db, code), _recipients(db, submission)
    growth = growth_of(looked, submission, before)
    tally = Tally()
    problems = _stored(archive, looked, submission, tally, dry_run=dry_run, growth=growth, progress=progress)
    looked.files.clear()  # of a very large folder they take as much as the records
    problems += refusals(submission, before, reason, recipients, lang)
    gone = _gone(submission, before) if whole and before.records else []
    flushing = nullcontext(None) if dry_run else archive.objects.syncing()
    with flushing as durable:
        readings = read_files(archive, looked, submission, before, dry_run=dry_run, progress=progress, lang=lang)
        with readings.files:
            _refuse(looked, problems + readings.problems, lang)
            taken = Taken(code, dry_run=dry_run, stored=tally)
            if durable is not None:
                writing = _Writing(archive, looked, submission, readings, taken, reason, recipients, progress, before)
                _record(archive, signers, writing, growth, durable, lang)
            _tell(taken, submission, before, readings, gone, lang)
    seen = [retold(warning, lang) for warning in looked.warnings]
    taken.warnings = [*seen, *submission.warnings, *readings.warnings, *taken.warnings]
    return taken


def _wrong_besides(archive: Archive, looked: Folder, submission: Submission, lang: str) -> list[Problem]:
    """Look at the files of a folder that is refused already, so that what is wrong with them is told with the rest."""
    submission.items = Held(
        item for item in submission.items
        if {"id", "kind", "file"} <= item.keys() and looked.files.get(str(item["file"]), "") is None
    )  # fmt: skip
    problems = _stored(archive, looked, submission, Tally(), dry_run=True)
    with archive.reading() as db:
        before = registered(db, str(submission.case.get("code", "")))
    problems += changed_bytes(submission, before)
    submission.items = Held(item for item in submission.items if item["kind"] == "flight_log")
    readings = read_files(archive, looked, submission, before, dry_run=True, lang=lang)
    with readings.files:
        return problems + readings.problems


def _record(
    archive: Archive, signers: Sequence[ledger.Signer], writing: _Writing, growth: int, durable: Callable[[], None],
    lang: str,
) -> None:  # fmt: skip
    """Write the one act, on what is registered by the time the lock is held; `durable` waits for the objects.

    Where they are many bytes nobody else is made to wait for them.
    """
    submission, taken = writing.submission, writing.taken
    if taken.stored.bytes - taken.stored.already_bytes > SOON_DURABLE_BYTES:
        if writing.progress is not None:
            writing.progress("making the files durable", 0)
        durable()
    with ledger.writing(archive, signers, growth=growth) as act:
        if act.head.size != writing.known.size:  # somebody wrote meanwhile
            if writing.reason is not None:  # it is for changes to what was known, and to nothing else
                act.nothing_since(writing.known.size, taken.code, code=taken.code)
            writing.known = known = registered(act.db, taken.code)
            problems = refusals(submission, known, writing.reason, writing.recipients, lang)
            _refuse(writing.looked, problems, lang)
        act.add_all(writing.drafts(act))
        durable()
        archive.objects.sync_new()  # what the act itself put: a manifest, sealed identities
    taken.receipt = act.receipt
    if act.receipt is None:
        taken.head = (act.head.size, base64.b64encode(act.head.edge.root()).decode())


def _refuse(looked: Folder, problems: Sequence[Problem], lang: str = "en") -> None:
    if problems:
        # an act of one thing comes from no folder
        code = ("refused-folder" if looked.folder.name else "refused-act") + ("-one" if len(problems) == 1 else "")
        raise InputError(
            say(code, lang, count=len(problems)),
            code="intake-refused",
            where=visible(str(looked.folder)),
            hint=say("refused-hint", lang),
            problems=problems,
        )


def _stored(
    archive: Archive, looked: Folder, submission: Submission, tally: Tally, *, dry_run: bool, growth: int = 0,
    progress: Saying | None = None,
) -> list[Problem]:  # fmt: skip
    """Store the files, and complete each item as its bytes are there. Raises as `store`; Stopped for a Ctrl-C."""
    files = named(submission)
    try:
        stored = store(archive, looked, files, tally, dry_run=dry_run, growth=growth, progress=progress)
        return _complete(looked, submission, files, stored)
    except KeyboardInterrupt:
        if dry_run:
            raise
        raise stopped(looked, files, tally) from None


def _complete(
    looked: Folder, submission: Submission, files: Mapping[str, int], stored: Iterator[Stored]
) -> list[Problem]:
    """Give each item what its bytes are, as they are `stored` in the order of `files` (-> how many items name each).

    Tells digests that are not what was said of them.
    """
    problems, completed = [], Held()
    several: dict[str, Stored] = {}  # what another item will ask for again
    digests: dict[str, str] = {}
    for item in submission.items.drain():
        name = item.get("file")
        if isinstance(name, str):
            one = several.get(name) or next(stored)
            if files[name] > 1:
                several[name] = one
            if looked.manifest is not None:
                digests[name] = one.sha256
            said = item.get("sha256")
            if isinstance(said, str) and said.lower() != one.sha256:
                where = submission.places[str(item["id"])].where()
                problems.append(Problem(where, f"sha256: {visible(name)} does not have the digest that was given"))
            item |= {"sha256": one.sha256, "blake3": one.blake3, "size": one.size, "media_type": one.judged}
        completed.append(item)
    for _ in stored:  # the manifest itself
        pass
    submission.items = completed
    return problems + check_manifest(looked, digests)


def _recipients(db: Any, submission: Submission) -> list[str]:
    """Give whom identities are sealed to: the case's `seal_to`, else every guardian's recipient."""
    return list(submission.seal_to) if submission.seal_to else recipients_of(db)


@dataclass
class _Writing:
    """The one act: what is new, in the order case, sources, items, links, relations."""

    archive: Archive
    looked: Folder
    submission: Submission
    readings: Findings
    taken: Taken
    reason: str | None
    recipients: Sequence[str]
    progress: Saying | None
    known: Registered
    act: ledger.Act = field(init=False)

    def drafts(self, act: ledger.Act) -> Iterator[Draft]:
        """Give what is to be added. Each is asked for before the next: what is `known` changes with it."""
        self.act = act
        case = yield from self._record("case", self.submission.case)
        yield from self._manifest(case)
        submission, events = self.submission, self.submission.events()
        said = (("link", submission.links), ("relation", submission.relations))
        self.known.reserved = {(kind, str(one["id"])) for kind, records in said for one in records if "id" in one}
        total = len(submission.sources) + len(submission.items) + len(submission.links) + len(submission.relations)
        for number, (kind, _, record) in enumerate(islice(submission.records(), 1, None)):
            if self.progress is not None:
                self.progress("recording", number, total)
            sub = yield from self._record(kind, record)
            if kind == "source":
                yield from self._seal(str(record["id"]), sub, self.recipients)
            elif kind == "item":
                yield from self._item(record, sub, next(events))

    def _record(self, kind: str, record: dict[str, Any]) -> Generator[Draft, None, str]:
        """Give a record, or a revision of it, as it is recorded; returns its subject."""
        old = self.known.case if kind == "case" else self.known.find(kind, record)
        body = {"kind": kind}
        if old is not None:
            if kind == "item":
                self.taken.there.add(str(record["id"]))
            before = old.fields
            if kind != "case":
                fields = {**record, "id": before["id"], "case": self.taken.code}
            else:  # what a merge said of it stands
                fields = record | {one.name: before[one.name] for one in MERGED if one.name in before}
            if differing(record, before):
                yield Draft("record.edit", old.sub, body, {**fields, "reason": self.reason})
                self.known.revise(kind, old, fields)
            return old.sub
        sub = ledger.subject()
        fields = dict(record)
        if kind != "case":
            fields["case"] = self.taken.code
            fields.setdefault("id", self.known.free_id(kind) if kind in ("link", "relation") else "")
            if kind in SAME:  # of others none comes twice
                self.known.add(kind, str(fields["id"]), Known(sub, orjson.dumps(fields)))
        yield Draft("record.link" if kind in ("link", "relation") else "record.add", sub, body, fields)
        return sub

    def _item(self, record: Mapping[str, Any], sub: str, events: Sequence[Mapping[str, Any]]) -> Iterator[Draft]:
        name = str(record["id"])
        had = self.known.custody.get(sub, [])
        for event in events[len(had) :]:
            yield Draft("custody.prior", sub, fields=event)
        found = self.readings.by_item.get(name)
        if found is not None and name not in self.taken.there:  # else another intake recorded it meanwhile
            reading, count = record_reading(
                self.act, sub, found, self.taken.rows_unreadable, name, self.progress
            )
            self.taken.observations += count
            yield reading

    def _manifest(self, case: str) -> Iterator[Draft]:
        name = self.looked.manifest_name
        if name is None:
            return
        one: Stored = self.archive.objects.put_bytes(self.looked.path(name).read_bytes())
        if one.blake3 not in self.known.manifests:
            fields = {"blake3": one.blake3, "sha256": one.sha256, "size": one.size, "name": "manifest-sha256.txt"}
            yield Draft("blob.add", case, {"role": "manifest"}, fields)

    def _seal(self, source: str, sub: str, recipients: Sequence[str]) -> Iterator[Draft]:
        name = self.submission.identity_files.get(source)
        if name is None or sub in self.known.sealed:
            return
        data = self.looked.path(name).read_bytes()
        sealed = data if sealing.is_sealed(data) else sealing.seal(data, recipients)
        one = self.archive.objects.put_bytes(sealed)
        fields = {"blake3": one.blake3, "sha256": one.sha256, "size": one.size, "recipients": list(recipients)}
        yield Draft("seal.put", sub, fields=fields)


def _tell(
    taken: Taken, submission: Submission, before: Registered, readings: Findings, gone: Sequence[str], lang: str
) -> None:
    """Fill in the items as they stand and the warnings that depend on what was there before."""
    if taken.dry_run:
        for name, found in readings.by_item.items():
            taken.observations += found.count_rows(taken.rows_unreadable, name)
    for name, found in readings.by_item.items():
        if found.log:  # what it says of its rows is known when they were read
            taken.warnings += [f"{taken.code}/{name}: {visible(retold(said, lang))}" for said in found.told]
    into = before.case.fields.get("merged_into") if before.case is not None else None
    taken.warnings += [say("merged", lang, case=taken.code, into=into)] if into is not None else []
    if gone:
        named = ", ".join(gone[:10]) + (", …" if len(gone) > 10 else "")
        taken.warnings.append(say("gone", lang, count=len(gone), named=named, case=taken.code))
    taken.warnings += [
        say("open-identity", lang, source=visible(source), file=visible(name))
        for source, name in submission.identity_files.items()
    ]
    for item in submission.items:
        new = item["id"] not in taken.there and not (taken.dry_run and before.find("item", item) is not None)
        digests = {key: item.get(key) for key in ("sha256", "blake3", "size", "media_type")}
        taken.items.append({"id": f"{taken.code}/{item['id']}", "kind": item["kind"], **digests, "new": new})


def _gone(submission: Submission, before: Registered) -> list[str]:
    """Name the records of before that the folder no longer holds."""
    told = {(kind, str(record.get("id"))) for kind, _, record in submission.records()}
    told |= {
        (kind, str(old.fields["id"]))
        for kind, _, record in submission.records()
        if kind in ("link", "relation") and (old := before.find(kind, record)) is not None
    }
    return [
        f"{kind} {name}" for (kind, name), old in before.records.items()
        if (kind, name) not in told and not old.withdrawn
    ]  # fmt: skip


