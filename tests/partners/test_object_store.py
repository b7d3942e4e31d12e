"""Files in a bucket: the storage of S3_BUCKET against a server that speaks S3."""

import json
import os
import subprocess
import sys
import threading
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

import pytest
import requests
from django.core.files.base import ContentFile
from django.db import transaction
from django.utils import timezone
from storages.backends.s3 import S3Storage

from documents.models import Translation
from partners import file_check
from partners.models import FileFinding
from tests.factories import FileFactory
from wmaportal.local import servers

pytestmark = pytest.mark.django_db
CONTENT = b"%PDF-1.4 in a bucket"
AGE = "Mon, 02 Nov 2026 08:00:00 GMT"


class _Bucket(BaseHTTPRequestHandler):
    """Objects, their lists, and signed addresses with the headers that these ask for."""

    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status: int, body: bytes = b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def asked(self) -> tuple[str, dict[str, str]]:
        """(key, parameters); whoever has not signed is refused."""
        address = urlsplit(self.path)
        bucket, _slash, key = unquote(address.path).lstrip("/").partition("/")
        assert bucket == "portal-files"
        said = {name: values[0] for name, values in parse_qs(address.query).items()}
        signed = self.headers.get("Authorization", "").startswith("AWS4-HMAC-SHA256")
        if not signed and "X-Amz-Signature" not in said:
            self.answer(403)
            return "", {"refused": "yes"}
        return key, said

    def do_PUT(self):
        key, said = self.asked()
        if "refused" not in said:
            self.server.objects[key] = self.rfile.read(int(self.headers["Content-Length"]))
            self.answer(200, ETag='"1"')

    def do_DELETE(self):
        key, said = self.asked()
        if "refused" not in said:
            self.server.objects.pop(key, None)
            self.answer(204)

    def do_GET(self):
        key, said = self.asked()
        if "refused" in said:
            return
        if not key:
            self.answer(200, self.listed(said.get("prefix", "")), Content_Type="application/xml")
        elif key not in self.server.objects:
            self.answer(404, b"<Error><Code>NoSuchKey</Code></Error>")
        else:
            wanted = {
                "Content_Type": said.get("response-content-type", "binary/octet-stream"),
                "Content_Disposition": said.get("response-content-disposition", "inline"),
            }
            self.answer(200, self.server.objects[key], ETag='"1"', Last_Modified=AGE, **wanted)

    do_HEAD = do_GET

    def listed(self, prefix: str) -> bytes:
        found = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>1</Size></Contents>"
            for key in sorted(self.server.objects)
            if key.startswith(prefix) and "/" not in key.removeprefix(prefix)
        )
        return (
            f"<ListBucketResult><IsTruncated>false</IsTruncated>{found}</ListBucketResult>".encode()
        )


@pytest.fixture(scope="module")
def store():
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Bucket)
    server.objects = {}
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def bucket(store, settings, monkeypatch):
    """The objects of the bucket, which is the portal's storage."""
    address = f"http://127.0.0.1:{store.server_address[1]}"
    for name, value in {
        "AWS_ENDPOINT_URL_S3": address,
        "AWS_ACCESS_KEY_ID": "portal",
        "AWS_SECRET_ACCESS_KEY": "of-the-test",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    said = subprocess.run(
        [
            sys.executable,
            "-c",
            "import json; from wmaportal.settings import STORAGES; print(json.dumps(STORAGES))",
        ],
        env=os.environ | {"S3_BUCKET": "portal-files"},
        cwd=servers.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    chosen = json.loads(said.stdout)["default"]
    settings.STORAGES = settings.STORAGES | {"default": chosen}
    store.objects.clear()
    return store.objects


def test_a_file_is_stored_privately_and_its_reader_is_sent_to_a_signed_address(bucket, client):
    text = FileFactory(content=CONTENT)

    assert isinstance(text.file.storage, S3Storage)
    assert bucket == {text.file.name: CONTENT}
    assert text.file.size == len(CONTENT)
    with Translation.objects.get().file.open() as stored:
        assert stored.read() == CONTENT
    answer = client.get(text.get_absolute_url())
    assert answer.status_code == 302
    assert answer["Cache-Control"] == "private, no-store"
    assert parse_qs(urlsplit(answer["Location"]).query)["X-Amz-Expires"] == ["60"]
    got = requests.get(answer["Location"], timeout=5)
    assert got.content == CONTENT
    assert got.headers["Content-Type"] == "application/pdf"
    assert got.headers["Content-Disposition"].startswith("attachment")
    bare = answer["Location"].partition("?")[0]
    assert requests.get(bare, timeout=5).status_code == 403


def test_an_object_goes_with_a_transaction_that_does_not_commit(bucket):
    with transaction.atomic():
        FileFactory(content=CONTENT)
        assert len(bucket) == 1
        transaction.set_rollback(True)

    assert bucket == {}


def test_the_nightly_check_compares_the_bucket_with_the_rows(bucket):
    lost, kept = FileFactory(content=CONTENT), FileFactory(content=CONTENT)
    folder = kept.file.name.rpartition("/")[0]
    del bucket[lost.file.name]
    kept.file.storage.save(f"{folder}/orphan.pdf", ContentFile(b"x"))

    file_check.check(timezone.now() + timedelta(days=30))

    found = set(FileFinding.objects.values_list("kind", "path"))
    assert found == {
        (FileFinding.Kind.MISSING, lost.file.name),
        (FileFinding.Kind.ORPHAN, f"{folder}/orphan.pdf"),
    }
