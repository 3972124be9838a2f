"""`sijill demo DIR`: an invented case, made here and taken through everything an archive does.

The place, the people and the attack do not exist; every page that leaves says
so. The files of the case are made in DIR (`drawn` draws the pictures), then
the same functions run that a user's commands run. Keys lie in DIR/home,
without a passphrase, and are worth nothing. Writes only below DIR.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from schemas.errors import InputError, UnreachableError
from schemas.sentences import reasons, say
from schemas.text import visible

if TYPE_CHECKING:
    from archive.open import Archive

CODE = "EX-2025-0001"
OPERATOR = "demo"
ORIGIN = "sijill.example/demo"
Say = Callable[[str], None]


@dataclass
class Step:
    """One command that the demo ran: as one would type it, its exit status, and what it showed."""

    command: str
    exit: int
    document: dict[str, Any] = field(default_factory=dict)


@dataclass
class Shown:
    """What the demo made and did."""

    folder: Path
    steps: list[Step] = field(default_factory=list)

    @property
    def exit_status(self) -> int:
        """0 where every step did what it should."""
        return max((step.exit for step in self.steps), default=3)

    def document(self) -> dict[str, Any]:
        """Give the `sijill-demo/1` document."""
        places = {"case_files": "case-files", "home": "home", "archive": "archive", "dossier": "dossier"}
        return {
            "format": "sijill-demo/1",
            "case": CODE,
            "exercise": True,
            "folder": str(self.folder),
            **{name: str(self.folder / place) for name, place in places.items()},
            "steps": [{"command": s.command, "exit": s.exit, "document": s.document} for s in self.steps],
        }


def demo(folder: Path, say: Say = lambda _: None) -> Shown:
    """Build the invented case in `folder` and run it through.

    Raises UnreachableError, InputError where it is not empty.
    """
    folder = folder.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(
            f"{visible(str(folder))} is not empty",
            where=visible(str(folder)),
            hint="name a folder that does not exist yet, or remove this one if it is an earlier demo",
        )
    shown = Shown(folder)
    say("making the files of an invented case")
    make_case(folder / "case-files")
    say("making an archive with its keys")
    archive = _init(shown)
    for sentence, step in (
        ("taking the case in", _intake),
        ("weighing it against the minimum standard", _check),
        ("reading the stored evidence again", _verify),
        ("auditing the ledger", _audit),
        ("writing a dossier for a court", _export),
        ("verifying the dossier as the other side would", _verify_dossier),
    ):
        say(sentence)
        step(shown, archive)
    return shown


def make_case(folder: Path) -> None:
    """Make the intake folder of the invented case. Raises UnreachableError where it cannot be written."""
    from archive.demo.drawn import draw

    try:
        with resources.as_file(resources.files("archive.demo") / "case") as packaged:
            shutil.copytree(packaged, folder)
        draw(folder)
    except OSError as error:
        where = visible(str(folder))
        raise UnreachableError(f"{where} could not be made ({error.strerror})", where=where) from error


def _init(shown: Shown) -> Archive:
    from archive.keys import Home
    from archive.open import init

    made = init(
        shown.folder / "archive",
        origin=ORIGIN,
        operator=OPERATOR,
        no_passphrase=True,
        home=Home(shown.folder / "home"),
    )
    shown.steps.append(Step(f"sijill init archive --origin {ORIGIN} --no-passphrase", 0, made.document()))
    return made.archive


def _signers(archive: Archive) -> Any:
    from archive.keys import acting

    return acting([OPERATOR], archive.home)


def _intake(shown: Shown, archive: Archive) -> None:
    from archive.intake import intake

    taken = intake(archive, shown.folder / "case-files", _signers(archive))
    shown.steps.append(Step("sijill intake case-files", 0, taken.document()))


def _check(shown: Shown, archive: Archive) -> None:
    from archive.assess import check

    document = check(archive, [CODE]).document()
    meets = document["cases"][0]["meets"]
    shown.steps.append(Step(f"sijill check {CODE}", 0 if meets else 1, document))


def _verify(shown: Shown, archive: Archive) -> None:
    from archive.verify import exit_status, named, object_rows, verify_objects

    with archive.reading() as db:
        document = named(db, verify_objects(object_rows(db), archive.objects))
    shown.steps.append(Step("sijill verify", exit_status(document), document))


def _audit(shown: Shown, archive: Archive) -> None:
    from archive.audit import audit

    report = audit(archive)
    shown.steps.append(Step("sijill audit", report.exit_status, report.document()))


def _export(shown: Shown, archive: Archive) -> None:
    from archive.dossier.export import Place, export
    from archive.handed_over import Request

    request = Request("court", "exercise: shown by sijill demo")
    document = export(archive, CODE, request, Place(shown.folder / "dossier"), _signers(archive))
    command = f'sijill dossier export {CODE} --for court --out dossier --purpose "exercise: shown by sijill demo"'
    shown.steps.append(Step(command, 0, document))


def _verify_dossier(shown: Shown, archive: Archive) -> None:
    from archive.dossier.verification import verify_dossier

    document = verify_dossier(shown.folder / "dossier", log_vkey=_log_vkey(archive))
    shown.steps.append(Step("sijill dossier verify dossier", 0 if document["ok"] else 1, document))


def _log_vkey(archive: Archive) -> str:
    """Give the log's key as the other side would have got it by another way."""
    from archive.registry import registry_of

    with archive.reading() as db:
        return registry_of(db).log_vkey


def in_words(document: dict[str, Any], lang: str = "en") -> str:
    """Say on one page what was done, what it showed, and where to look next."""
    by_command = {step["command"].split()[1]: step["document"] for step in document["steps"]}
    weighed, audited, words = by_command["check"]["cases"][0], by_command["audit"], reasons(lang)
    given = weighed["verdicts"].items()
    verdicts = [f"{words[f'verdict-{name}']} {words[f'answer-{answer}']}" for name, answer in given]
    copies = [one for facet in weighed["facets"].values() for one in facet["left_out"] if one["item"] == "V2"]
    wrong = sum(1 for one in audited["findings"] if one["severity"] == "finding")
    page = say(
        "demo-page", lang,
        folder=visible(document["folder"]),
        case=CODE,
        items=len(by_command["intake"]["items"]),
        entries=by_command["intake"]["entries"]["count"],
        meets=say("demo-meets" if weighed["meets"] else "demo-below", lang),
        verdicts=words["comma"].join(verdicts),
        copy=say("demo-copy", lang, one=copies[0]["item"]) if copies else "",
        objects=next(s["document"]["objects"] for s in document["steps"] if s["command"] == "sijill verify"),
        audited=audited["entries"],
        found=say("demo-findings", lang, count=wrong) if wrong else say("demo-nothing-wrong", lang),
    )  # fmt: skip
    failed = [say("demo-failed", lang, command=s["command"], exit=s["exit"]) for s in document["steps"] if s["exit"]]
    return "\n\n".join([page, *failed])
