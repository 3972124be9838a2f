"""What holds of the tree as a whole: names of places that do not belong in it, modules that say what they are for."""

import ast
import subprocess
import tomllib

import pytest

from tests.casebook import ROOT

FLOORS = ("archive", "evidence", "schemas")
# Written in pieces, so that this file does not find itself.
REGISTRIES = ["py" + "pi.org", "python" + "hosted", "npm" + "js", "crates" + ".io", "proxy.go" + "lang", "deb" + "ian.org",
              "ana" + "conda.org", "art" + "ifactory", "nex" + "us/repository"]  # fmt: skip
WORKPLACE = [
    "/wo" + "rk/",
    "sub" + "agent",
    "anthr" + "opic",
    "cla" + "ude",
    "chat" + "gpt",
    "../sha" + "red",
    "plan/con" + "tracts",
]


def _tree():
    """Give every text file that is, or could be, committed."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = listed.stdout.splitlines()
    if not names:
        names = [str(p.relative_to(ROOT)) for p in ROOT.rglob("*") if p.is_file() and ".git" not in p.parts]
    for name in names:
        path = ROOT / name
        try:
            yield name, path.read_text("utf-8")
        except (UnicodeDecodeError, OSError):
            continue


@pytest.mark.parametrize("words", [REGISTRIES, WORKPLACE], ids=["registries", "workplace"])
def test_no_address_of_one_network_and_no_workplace_is_in_the_tree(words):
    """What is built elsewhere must not look for a host of ours, or tell where it was written."""
    found = [(name, word) for name, text in _tree() for word in words if word in text.lower()]
    assert found == []


def _modules():
    return [path for floor in FLOORS for path in sorted((ROOT / floor).rglob("*.py"))]


@pytest.mark.parametrize("path", _modules(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_a_module_says_what_it_is_for(path):
    """Every module opens with a sentence; none is called after what it is not."""
    assert ast.get_docstring(ast.parse(path.read_text("utf-8")))
    assert path.stem not in ("utils", "helpers", "common", "core", "manager", "misc")


def test_imports_go_down_and_never_up():
    """The same that import-linter holds, for those who run the tests alone."""
    order = {"schemas": 0, "evidence": 1, "archive": 2}
    climbs = []
    for path in _modules():
        floor = order[path.relative_to(ROOT).parts[0]]
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            named = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            named += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            climbs += [(path.name, name) for name in named if order.get(name.partition(".")[0], -1) > floor]
    assert climbs == []


def test_what_is_installed_is_declared():
    """Every package that the code imports stands in pyproject.toml, or in the standard library."""
    import sys

    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = [*project["dependencies"], *[one for extra in project["optional-dependencies"].values() for one in extra]]
    declared = {one.split("[")[0].split(">")[0].split("=")[0].strip().lower().replace("-", "_") for one in asked}
    declared |= {"pil"} if "pillow" in declared else set()
    declared |= {"markupsafe"} if "jinja2" in declared else set()
    strangers = set()
    for path in _modules():
        if path.name == "verify.py" and path.parent.name == "dossier":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            named = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            named += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            for name in named:
                top = name.partition(".")[0]
                known = top in sys.stdlib_module_names or top in FLOORS or top.lower() in declared
                if not known and top not in ("resource", "msvcrt", "_ctypes"):
                    strangers.add((path.name, top))
    assert strangers == set()
