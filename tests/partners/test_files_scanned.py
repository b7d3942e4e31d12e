"""The virus scanner: asked over a true socket in clamd's protocol; nothing passes without it."""

import socketserver
import struct
import threading
from contextlib import contextmanager

import pytest
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile

from partners import files

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class Clamd(socketserver.StreamRequestHandler):
    """INSTREAM as clamd does it: blocks with their length in front, an empty one at the end."""

    limit = 10 * 2**20

    def handle(self):
        if self.rfile.readline() != b"nINSTREAM\n":
            return
        content = b""
        while length := struct.unpack("!L", self.rfile.read(4))[0]:
            content += self.rfile.read(length)
            if len(content) > self.limit:
                self.wfile.write(b"INSTREAM size limit exceeded. ERROR\n")
                return
        self.server.seen.append(content)
        found = EICAR in content
        self.wfile.write(b"stream: Eicar-Test-Signature FOUND\n" if found else b"stream: OK\n")


class HangsUp(socketserver.StreamRequestHandler):
    def handle(self):
        self.rfile.readline()


@contextmanager
def server(kind, address, handler):
    with kind(address, handler) as running:
        running.seen = []
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield running
        finally:
            running.shutdown()
            thread.join()


@pytest.fixture
def clamd(settings):
    with server(socketserver.TCPServer, ("127.0.0.1", 0), Clamd) as running:
        settings.CLAMD_ADDRESS = f"tcp://127.0.0.1:{running.server_address[1]}"
        yield running


def check(content: bytes) -> files.Checked:
    return files.check_document(SimpleUploadedFile("a.txt", content))


def test_a_clean_file_is_taken_after_all_of_it_was_read(clamd):
    content = b"Waste of mercury. " * 10_000

    assert check(content).content.read() == content
    assert clamd.seen == [content]


def test_what_is_found_is_refused_by_its_name(clamd):
    with pytest.raises(ValidationError, match="found Eicar-Test-Signature"):
        check(b"words\n" + EICAR)


def test_a_scanner_on_a_unix_socket_is_asked(settings, tmp_path):
    path = tmp_path / "clamd.ctl"
    settings.CLAMD_ADDRESS = f"unix://{path}"
    with server(socketserver.UnixStreamServer, str(path), Clamd) as running:
        check(b"words")
        with pytest.raises(ValidationError, match="found Eicar"):
            check(EICAR)
    assert running.seen == [b"words", EICAR]


def test_nothing_is_stored_while_the_scanner_is_away(settings, clamd, caplog):
    clamd.server_close()

    with pytest.raises(ValidationError, match="cannot be checked for viruses now"):
        check(b"words")
    assert "cannot be asked" in caplog.text


def test_nothing_is_stored_when_the_scanner_hangs_up(settings, caplog):
    with server(socketserver.TCPServer, ("127.0.0.1", 0), HangsUp) as running:
        settings.CLAMD_ADDRESS = f"tcp://127.0.0.1:{running.server_address[1]}"
        with pytest.raises(ValidationError, match="cannot be checked for viruses now"):
            check(b"words")
    assert caplog.records


def test_nothing_is_stored_that_is_too_long_for_the_scanner(clamd, monkeypatch):
    monkeypatch.setattr(Clamd, "limit", 1000)

    with pytest.raises(ValidationError, match="cannot be checked for viruses now"):
        check(b"words" * 1000)


def test_an_address_that_is_none_is_a_mistake_of_the_operator(settings):
    settings.CLAMD_ADDRESS = "clamd.example.org"
    with pytest.raises(ImproperlyConfigured):
        check(b"words")
