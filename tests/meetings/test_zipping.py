"""All papers as one ZIP: names, contents, what is missing, and that nothing is kept in memory."""

import io
import tracemalloc
import zipfile
from datetime import timedelta

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.urls import reverse

from meetings import zipping
from tests.factories import (
    NOW,
    DocumentFactory,
    FileFactory,
    LeadFactory,
    MeetingFactory,
    VersionFactory,
)
from tests.factories.papers import PaperFactory, PaperVersionFactory

pytestmark = pytest.mark.django_db
MEGABYTE = 2**20


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def meeting():
    return MeetingFactory(title="Meeting of 2027 (example)")


def fetch(client, meeting) -> zipfile.ZipFile:
    response = client.get(reverse("paper_zip", args=[meeting.code]))
    assert (response.streaming, response["Content-Type"]) == (True, "application/zip")
    archive = zipfile.ZipFile(io.BytesIO(b"".join(response.streaming_content)))
    assert archive.testzip() is None
    return archive


def contents(archive: zipfile.ZipFile) -> list[str]:
    raw = archive.read("CONTENTS.txt")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    return raw.decode("utf-8-sig").splitlines()


def test_the_newest_approved_version_of_each_paper_is_in_it(client, meeting):
    paper = PaperFactory(meeting=meeting, title="Logistics", number=4)
    for words in ("one", "two"):
        PaperVersionFactory(paper=paper, words=words)
    PaperVersionFactory(paper=paper, words="three", approved_at=None)

    archive = fetch(client, meeting)

    assert archive.namelist() == ["S0-4 Logistics.txt", "CONTENTS.txt"]
    assert archive.read("S0-4 Logistics.txt") == b"two"


def test_what_is_packed_already_is_stored_as_it_is(client, meeting):
    for kind in ("application/pdf", "text/plain; charset=utf-8"):
        PaperVersionFactory(paper__meeting=meeting, media_type=kind, words="mercury " * 100)

    first, second, _contents = fetch(client, meeting).infolist()

    assert (first.compress_type, first.compress_size) == (zipfile.ZIP_STORED, 800)
    assert (second.compress_type, second.compress_size < 100) == (zipfile.ZIP_DEFLATED, True)


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Lamps", "S0-1 Lamps.pdf"),
        ("Lamps / tubes", "S0-1 Lamps-tubes.pdf"),
        ("../../etc/passwd", "S0-1 ..-..-etc-passwd.pdf"),
        ('What: "is" <this>? *', "S0-1 What_ _is_ _this__ _.pdf"),
        ("Report v1.2", "S0-1 Report v1.2.pdf"),
        ("slides.pptx", "S0-1 slides.pdf"),
        ("環境省", "S0-1 環境省.pdf"),
        ("Ends with dots...", "S0-1 Ends with dots.pdf"),
        ("a\u202eb\x07c", "S0-1 abc.pdf"),
        ("é" * 300, "S0-1 " + "é" * 87 + ".pdf"),
    ],
)
def test_names_are_safe_on_any_system(meeting, title, name):
    paper = PaperFactory.build(meeting=meeting, number=1, title=title)

    assert zipping.name_of(paper, "pdf") == name


def test_the_contents_name_all_papers_and_where_the_others_are(client, meeting):
    PaperVersionFactory(paper__meeting=meeting, paper__title="Logistics")
    elsewhere = DocumentFactory(code="gaps", title="Gaps")
    PaperFactory(meeting=meeting, title="Gaps", document=elsewhere)
    PaperFactory(meeting=meeting, title="Old", is_only_named=True)
    PaperFactory(meeting=meeting, title="Awaited")

    archive = fetch(client, meeting)

    assert contents(archive) == [
        "Meeting of 2027 (example)",
        "9 to 10 March 2027, Conference centre (example), Bangkok, Thailand",
        f"http://localhost:8000/meetings/{meeting.code}/",
        "Papers that you may read, as they were on 24 November 2026, 16:00 Bangkok (UTC+7).",
        "",
        "S0-1 Logistics",
        "  File: S0-1 Logistics.txt",
        "",
        "S0-2 Gaps",
        "  In the library: http://localhost:8000/library/gaps/",
        "",
        "S0-3 Old",
        "  Known by its name alone.",
    ]


def test_the_file_of_a_document_of_the_library_is_in_it(client, meeting):
    document = DocumentFactory(code="gaps", bare=True)
    FileFactory(version=VersionFactory(document=document, url=False), content=b"%PDF gaps")
    PaperFactory(meeting=meeting, title="Gaps", document=document)

    archive = fetch(client, meeting)

    assert archive.read("S0-1 Gaps.pdf") == b"%PDF gaps"
    assert contents(archive)[-2:] == [
        "  File: S0-1 Gaps.pdf",
        "  In the library: http://localhost:8000/library/gaps/",
    ]


def test_a_file_that_the_store_has_lost_is_named_and_the_others_arrive(client, meeting):
    versions = [PaperVersionFactory(paper__meeting=meeting) for _n in range(3)]
    lost = versions[1]
    lost.file.storage.delete(lost.file.name)

    archive = fetch(client, meeting)

    names = [f"{one.paper}.txt" for one in (versions[0], versions[2])]
    assert archive.namelist() == [*names, "CONTENTS.txt"]
    said = contents(archive)
    assert said[said.index(str(lost.paper)) + 1] == (
        "  The portal cannot find the file. Please tell the organisers."
    )


class Breaks(io.BytesIO):
    """A file that can be read until its second block."""

    def read(self, size=-1):
        if self.tell():
            raise OSError("the disk is gone")
        return super().read(size)


def test_a_file_that_breaks_off_is_named_and_the_zip_stays_whole(meeting):
    versions = [PaperVersionFactory(paper__meeting=meeting, words="m" * 100_000) for _n in "12"]
    found = zipping.entries(meeting, LeadFactory())

    class Store:
        def open(self, name, mode):
            return Breaks(b"m" * 100_000)

    found[0].file.storage = Store()
    made = b"".join(zipping.stream(meeting, found, NOW))

    archive = zipfile.ZipFile(io.BytesIO(made))
    assert archive.testzip() is None
    assert len(archive.read(f"{versions[1].paper}.txt")) == 100_000
    said = contents(archive)
    assert said[said.index(str(versions[0].paper)) + 1] == (
        f"  {versions[0].paper}.txt is not complete: the file broke off. Please fetch it again."
    )


def test_memory_stays_the_same_for_any_size(meeting):
    for _n in range(3):
        paper = PaperFactory(meeting=meeting)
        PaperVersionFactory(
            paper=paper,
            media_type="application/pdf",
            file=ContentFile(bytes(20 * MEGABYTE), name="large.pdf"),
        )
    found = zipping.entries(meeting, LeadFactory())
    tracemalloc.start()
    try:
        size = sum(map(len, zipping.stream(meeting, found, NOW)))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert size > 60 * MEGABYTE
    assert peak < 2 * MEGABYTE


def test_a_reader_who_goes_away_leaves_no_file_open(meeting):
    PaperVersionFactory(paper__meeting=meeting, words="m" * 1_000_000)
    found = zipping.entries(meeting, LeadFactory())
    opened = []
    store = found[0].file.storage

    class Store:
        def open(self, name, mode):
            opened.append(store.open(name, mode))
            return opened[0]

    found[0].file.storage = Store()
    made = zipping.stream(meeting, found, NOW)
    for _n in range(3):
        next(made)

    made.close()

    assert [one.closed for one in opened] == [True]


def test_head_says_what_it_is_and_makes_nothing(client, meeting):
    answer = client.head(reverse("paper_zip", args=[meeting.code]))

    assert (answer.status_code, answer["Content-Disposition"], answer.content) == (
        200,
        f'attachment; filename="{meeting.code}-papers.zip"',
        b"",
    )


def test_a_zip_is_not_packed_once_more(client, meeting):
    PaperVersionFactory(paper__meeting=meeting, added_at=NOW - timedelta(days=1))

    answer = client.get(
        reverse("paper_zip", args=[meeting.code]), headers={"Accept-Encoding": "gzip"}
    )

    assert answer.has_header("Content-Encoding") is False
