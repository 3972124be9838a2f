"""Asking an authority by its address: one that answers, and every way in which one does not."""

import socket
import socketserver
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from archive import authority as asking
from archive.anchor import attach, request
from schemas.errors import InputError, UnreachableError
from tests.archive.authority import Authority
from tests.casebook import filled_archive, signers


class Desk(BaseHTTPRequestHandler):
    """The authority's address: hands what it is sent to openssl, or does what `server.manner` says."""

    def do_POST(self):
        asked = self.rfile.read(int(self.headers["Content-Length"]))
        manner, folder = self.server.manner, self.server.folder
        if manner == "broken":
            self.send_error(500)
            return
        (folder / "asked").write_bytes(asked)
        body = self.server.authority.answer(folder / "asked", folder / "answer").read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", "text/html" if manner == "page" else "application/timestamp-reply")
        self.end_headers()
        try:
            self.wfile.write(body if manner != "endless" else bytes(1_000_000))
        except OSError:
            pass

    def log_message(self, *told):
        pass


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    server = HTTPServer(("127.0.0.1", 0), Desk)
    server.authority, server.folder, server.manner = Authority(folder / "one"), folder, ""
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def url_of(server):
    return f"http://127.0.0.1:{server.server_address[1]}/tsr"


def test_an_authority_is_asked_by_its_address_and_its_answer_kept(tmp_path, desk):
    desk.manner = ""
    archive = filled_archive(tmp_path)
    document = request(archive, tmp_path / "now.tsq", url_of(desk))
    assert document["answer"] == str(tmp_path / "now.tsr")
    kept = attach(archive, signers(archive), tmp_path / "now.tsr", desk.authority.roots, tmp_path / "now.tsq")
    assert len(kept["checked_by"]) == 2
    with pytest.raises(InputError, match="already"):
        request(archive, tmp_path / "now.tsq", url_of(desk))


@pytest.mark.parametrize(("manner", "said"), [("broken", "500"), ("page", "text/html"), ("endless", "too long")])
def test_what_is_no_answer_is_told_and_not_kept(desk, manner, said):
    desk.manner = manner
    with pytest.raises(UnreachableError, match=said) as error:
        asking.ask(url_of(desk), b"question")
    assert "another way" in error.value.hint


class Mute(socketserver.BaseRequestHandler):
    """Answers with what `server.line` holds, and then nothing; or drips for ever."""

    def handle(self):
        self.request.recv(4096)
        try:
            self.request.sendall(self.server.line)
            while self.server.drips:
                self.request.sendall(b"x")
                threading.Event().wait(0.05)
        except OSError:
            pass


@pytest.mark.parametrize(
    ("line", "drips"),
    [(b"", False), (b"nonsense\r\n\r\n", False), (b"HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\nshort", False),
     (b"HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\n\r\n", True)],
)  # fmt: skip
def test_a_broken_or_a_dripping_line_ends_in_a_sentence(line, drips, monkeypatch):
    monkeypatch.setattr(asking, "WAIT_S", 1)
    with socketserver.TCPServer(("127.0.0.1", 0), Mute) as server:
        server.line, server.drips = line, drips
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        with pytest.raises(UnreachableError, match="did not answer|no time-stamp authority"):
            asking.ask(f"http://127.0.0.1:{server.server_address[1]}/", b"question")
        server.drips = False
        thread.join()


@pytest.mark.parametrize("url", ["ftp://x.example/", "file:///etc/passwd", "tsa.example.org", "", "http//x"])
def test_only_the_web_is_asked(url):
    with pytest.raises(InputError):
        asking.ask(url, b"question")


@pytest.mark.parametrize("url", ["http://", "http://[::1", "http://x.example:port/", "http://a b/", "http://\u0000/"])
def test_an_address_that_is_none_is_told(url):
    with pytest.raises(UnreachableError):
        asking.ask(url, b"question")


def test_nobody_there_is_told():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(UnreachableError, match="did not answer"):
        asking.ask(f"http://127.0.0.1:{port}/", b"question")
