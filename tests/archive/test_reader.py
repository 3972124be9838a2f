"""The children that parse evidence: limited, replaceable, and never believed further than their answers have a form."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from archive import reader as reader_module
from archive import reader_child
from archive.reader import Reader, _checked
from evidence.imagery import no_facts, read_image
from schemas.errors import UnreachableError
from tests.evidence.pictures import ORIGINAL, picture

SAID = "2019:02:03 14:55:10"
ROOT = Path(reader_module.__file__).resolve().parents[1]


@pytest.fixture
def folder(tmp_path):
    for number in range(40):
        (tmp_path / f"{number:02d}.jpg").write_bytes(picture(size=(8 + number, 6), camera={ORIGINAL: SAID}))
    return tmp_path


def jobs(folder):
    return [(path.name, path, "image/jpeg") for path in sorted(folder.glob("*.jpg"))]


def child_that(monkeypatch, does):
    """Start children that answer every job by running `does`, in which `job` is the job's number in its process."""
    start = (
        "import sys, time, os\nsys.path.insert(0, sys.argv[1])\n"
        "from archive import reader_child\nreader_child_answer = reader_child.answer\njob = -1\n"
        "def answer(said):\n    global job\n    job += 1\n    name = os.path.basename(said['path'])\n"
        f"    {does}\n    return reader_child_answer(said)\n"
        "reader_child.answer = answer\nreader_child.main()\n"
    )
    monkeypatch.setattr(reader_module, "_START", start)


def test_a_child_reads_what_the_reader_reads(folder):
    """The same facts and warnings as in this process, in the order of the call."""
    with Reader() as reader:
        read = list(reader.read(jobs(folder)))

    assert [name for name, _, _ in jobs(folder)] == [name for name, _ in read]
    for name, reading in read:
        expected = read_image((folder / name).read_bytes(), "image/jpeg")
        assert (expected.facts, expected.warnings, expected.version) == (
            reading.facts,
            reading.warnings,
            reading.version,
        )
        assert reading.network in {"cut", "open"}


def test_types_that_nobody_reads_start_no_child(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with Reader() as reader:
        read = list(reader.read([("v", tmp_path / "v.mp4", "video/mp4"), ("t", tmp_path / "t.txt", "text/plain")]))

    assert [("v", no_facts(), ()), ("t", no_facts(), ())] == [(key, r.facts, r.warnings) for key, r in read]


@pytest.mark.parametrize(
    ("does", "told"),
    [
        ("if name == '05.jpg': os.kill(os.getpid(), 11)", "the reader was ended by SIGSEGV"),
        ("if name == '05.jpg': os._exit(3)", "the reader ended with status 3"),
        ("if name == '05.jpg': raise MemoryError", "the reader ended with status 1"),
        ("if name == '05.jpg': print('x' * 100_000, flush=True)", "the reader said more than it may"),
        ("if name == '05.jpg': print('[]', flush=True)", "not the form of a reading"),
    ],
)
def test_a_file_that_breaks_its_child_breaks_no_other(folder, monkeypatch, does, told):
    child_that(monkeypatch, does)
    with Reader() as reader:
        read = dict(reader.read(jobs(folder)))

    assert no_facts() == read["05.jpg"].facts
    assert told in read["05.jpg"].warnings[0]
    if "form" not in told:
        assert [name for name, reading in read.items() if reading.warnings] == ["05.jpg"]
        assert read["06.jpg"].facts["width"] == 14


def test_a_file_that_takes_too_long_is_given_up(folder, monkeypatch):
    child_that(monkeypatch, "if name in ('05.jpg', '20.jpg'): time.sleep(60)")
    with Reader(seconds=0.5) as reader:
        read = dict(reader.read(jobs(folder)))

    late = {name: reading for name, reading in read.items() if reading.warnings}
    assert {"05.jpg", "20.jpg"} == late.keys()
    expected = ("the reader was stopped after 0.5 s; nothing is known of this file",)
    assert expected == late["05.jpg"].warnings
    assert len(read) == 40


def test_a_child_that_cannot_start_is_said_once(folder, monkeypatch):
    monkeypatch.setattr(reader_module, "_START", "raise SystemExit(9)")
    with Reader() as reader, pytest.raises(UnreachableError, match="cannot be started"):
        list(reader.read(jobs(folder)))


def test_a_caller_who_stops_early_leaves_no_answers_to_the_next(folder):
    with Reader() as reader:
        for name, _ in reader.read(jobs(folder)):
            assert name == "00.jpg"
            break
        again = dict(reader.read(jobs(folder)[30:]))

    assert again["30.jpg"].facts["width"] == 38


def test_no_child_is_left_behind(folder):
    with Reader() as reader:
        list(reader.read(jobs(folder)))
        processes = [child._process for child in reader._children]

    assert all(process.poll() is not None for process in processes)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no FIFOs here")
def test_a_fifo_or_a_missing_file_is_a_warning_not_a_wait(tmp_path):
    os.mkfifo(tmp_path / "fifo.jpg")
    with Reader() as reader:
        read = dict(reader.read([(n, tmp_path / n, "image/jpeg") for n in ("fifo.jpg", "gone.jpg")]))

    assert read["fifo.jpg"].warnings == ("the file could not be opened by the reader (not a regular file)",)
    assert "No such file" in read["gone.jpg"].warnings[0]


def test_names_that_are_not_utf8_are_read(tmp_path):
    name = os.fsdecode(b"caf\xe9 \n.jpg")
    try:
        (tmp_path / name).write_bytes(picture())
    except OSError:
        pytest.skip("this file system has no such names")
    with Reader() as reader:
        ((_, reading),) = reader.read([(1, tmp_path / name, "image/jpeg")])

    assert reading.warnings == ()


def in_child(code):
    """Run `code` in a process that has given up what a child gives up; gives what it printed."""
    start = "import sys; sys.path.insert(0, sys.argv[1]); from archive import reader_child as c; "
    done = subprocess.run(
        [sys.executable, "-I", "-B", "-c", start + "print(c.cut_network()); c.limit(); " + code, str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout.split()


needs_limits = pytest.mark.skipif(sys.platform == "win32", reason="no limits of this kind here")


@needs_limits
def test_a_child_has_no_more_memory_than_it_was_given():
    assert in_child("\ntry:\n  b' ' * (2 << 30)\nexcept MemoryError: print('none')")[1:] == ["none"]


@needs_limits
def test_a_child_writes_no_file(tmp_path):
    code = f"\nopen({str(tmp_path / 'x')!r}, 'wb', 0).write(b'x')\nprint('written')"
    assert "written" not in in_child(code)
    assert (tmp_path / "x").stat().st_size == 0


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="namespaces are Linux's")
def test_a_child_whose_network_is_cut_reaches_not_even_this_machine():
    cut, found = in_child(
        "\nimport socket\ns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n"
        "try:\n  s.connect(('127.0.0.1', 9)); print('reached')\nexcept OSError: print('nothing')"
    )
    assert (cut == "True") == (found == "nothing")


def test_processor_time_is_counted_for_each_file(monkeypatch):
    resource = pytest.importorskip("resource")
    asked = []
    monkeypatch.setattr(resource, "setrlimit", lambda name, limits: asked.append((name, limits[0])))
    reader_child.limit_next_file()

    used = resource.getrusage(resource.RUSAGE_SELF)
    ((name, soft),) = asked
    assert name == resource.RLIMIT_CPU
    assert 0 <= soft - (used.ru_utime + used.ru_stime) - reader_child.CPU_SECONDS <= 1


def answer(**changes):
    return json.dumps({"tool": "t", "version": "1", "facts": no_facts(), "warnings": []} | changes).encode()


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"7",
        b"[1]",
        b"{}",
        b"[" * 5000,
        answer(facts={}),
        answer(facts=no_facts() | {"extra": 1}),
        answer(facts=no_facts() | {"width": "8"}),
        answer(facts=no_facts() | {"width": True}),
        answer(facts=no_facts() | {"width": 2**60}),
        answer(facts=no_facts() | {"gps": {"lat": 1.0, "lon": 1.0, "altitude_m": None}}),
        answer(facts=no_facts() | {"gps": {"lat": float("nan"), "lon": 1.0, "altitude_m": None, "time_utc": None}}),
        answer(facts=no_facts() | {"camera": None}),
        answer(facts=no_facts() | {"camera": {"make": "x" * 5000, "model": None, "software": None}}),
        answer(facts=no_facts() | {"other_times": {"DateTime": 7}}),
        answer(facts=no_facts() | {"other_times": {"a\0b": "x"}}),
        answer(warnings="many"),
        answer(warnings=["x"] * 1000),
        answer(warnings=[7]),
        answer(tool="\ud800"),
        answer(tool=7),
    ],
)
def test_an_answer_without_the_form_of_a_reading_is_not_taken(line):
    reading = _checked(line, "cut")

    assert no_facts() == reading.facts
    assert "not the form of a reading" in reading.warnings[0]


def test_an_answer_with_the_form_of_a_reading_is_taken():
    assert _checked(answer(facts=no_facts() | {"width": 8}), "cut").facts["width"] == 8


def test_reading_loads_no_database_and_no_command_line():
    code = "import sys; import archive.read; print([m for m in ('sqlite3', 'typer', 'PIL', 'exifread') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout

    assert out.strip() == "[]"
