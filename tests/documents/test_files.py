"""Downloads: who gets which file, in parts, once for the same bytes, and how they are counted."""

import hashlib
import random
from urllib.parse import urlencode

import pytest
import time_machine
from django.core.files.storage import InMemoryStorage
from django.test import RequestFactory
from django.urls import reverse

from documents import downloads
from documents.models import Document, DownloadCount, Translation
from partners import serving
from partners.audience import Audience
from partners.models import Partner, Role
from tests.factories import (
    NOW,
    DocumentFactory,
    FileFactory,
    LeadFactory,
    PartnerUserFactory,
    RoleFactory,
    UserFactory,
    VersionFactory,
)

pytestmark = pytest.mark.django_db
CONTENT = random.Random(5).randbytes(300_000)


@pytest.fixture(autouse=True)
def _files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def file():
    return FileFactory(content=CONTENT, file_name="Méthode.pdf")


@pytest.fixture
def get(client, file):
    """The answer for this file, with headers by their names."""
    return lambda **headers: client.get(
        file.get_absolute_url(), headers={name.replace("_", "-"): headers[name] for name in headers}
    )


def of(response) -> bytes:
    return response.getvalue()


# Who may


def people(owner) -> dict:
    former = PartnerUserFactory()
    Partner.objects.filter(person=former).update(status=Partner.Status.WITHDRAWN)
    return {
        "visitor": None,
        "person": UserFactory(),
        "former partner": former,
        "partner": PartnerUserFactory(),
        "core member": RoleFactory(kind=Role.Kind.CORE_MEMBER).user,
        "owner": owner,
        "lead": LeadFactory(totp=True),
    }


ALL = {"visitor", "person", "former partner", "partner", "core member", "owner", "lead"}
READERS = {
    Audience.PUBLIC: ALL,
    Audience.PARTNERS: {"partner", "core member", "owner", "lead"},
    Audience.CORE: {"core member", "owner", "lead"},
}


def test_a_file_goes_to_whom_its_document_and_version_are_for_and_to_nobody_else(client):
    """Role by status by audience, for the newest version, an older one, and one that waits."""
    owner, got, expected = UserFactory(), {}, {}
    addresses = {}
    for audience in Audience:
        for status in Document.Status:
            document = DocumentFactory(
                bare=True, owner=owner, audience=audience, code=f"{status}-{audience}"
            )
            for number, published in ((1, True), (2, True), (3, False)):
                version = VersionFactory(
                    document=document, number=number, published=published, url=False
                )
                one = FileFactory(version=version, content=b"words")
                addresses[status, audience, number] = one.get_absolute_url()
            Document.objects.filter(pk=document.pk).update(status=status)
    for role, user in people(owner).items():
        client.logout()
        if user:
            client.force_login(user)
        for (status, audience, number), address in addresses.items():
            waits = number == 3 or status == Document.Status.DRAFT
            may = role in ({"owner", "lead"} if waits else READERS[audience])
            expected[role, status, audience, number] = 200 if may else 404
            got[role, status, audience, number] = client.head(address).status_code

    assert got == expected


def test_an_address_elsewhere_is_no_file_and_nobody_is_sent_there(client):
    version = VersionFactory()

    assert (
        client.get(Translation.objects.get(version=version).get_absolute_url()).status_code == 404
    )


def test_a_file_that_is_gone_is_not_found(get, file):
    file.file.storage.delete(file.file.name)

    assert get().status_code == 404


# What comes


def test_no_browser_runs_or_shows_what_comes(get, file):
    response = get(accept_encoding="gzip")

    assert of(response) == CONTENT
    assert {name: response.get(name) for name in HEADERS} == HEADERS
    assert response["ETag"] == f'"{hashlib.sha256(CONTENT).hexdigest()}"'


HEADERS = {
    "Content-Type": "application/pdf",
    "Content-Disposition": "attachment; filename*=utf-8''M%C3%A9thode.pdf",
    "Content-Length": "300000",
    "Content-Encoding": None,
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "X-Content-Type-Options": "nosniff",
    "Accept-Ranges": "bytes",
    "Cache-Control": "no-cache",
}


def test_what_is_not_for_everybody_stays_out_of_shared_caches(get, file, client):
    Document.objects.update(audience=Audience.PARTNERS)
    client.force_login(PartnerUserFactory())

    assert get()["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=5-9", 5, 9),
        ("bytes=299999-", 299_999, 299_999),
        ("bytes=100000-999999999", 100_000, 299_999),
        ("bytes=-10", 299_990, 299_999),
        ("bytes=-999999", 0, 299_999),
    ],
)
def test_a_part_comes_as_it_was_asked_for(get, asked, first, last):
    response = get(range=asked)

    assert (response.status_code, of(response)) == (206, CONTENT[first : last + 1])
    assert response["Content-Range"] == f"bytes {first}-{last}/300000"
    assert response["Content-Length"] == str(last - first + 1)


@pytest.mark.parametrize("asked", ["bytes=300000-", "bytes=400000-500000", "bytes=-0"])
def test_a_part_behind_the_end_is_416(get, asked):
    response = get(range=asked)

    assert (response.status_code, response["Content-Range"]) == (416, "bytes */300000")


@pytest.mark.parametrize(
    "asked",
    ["bytes=9-5", "bytes=-", "bytes=a-b", "lines=1-2", "bytes=0-1,5-9", "bytes=1_0-", "bytes=٣-"],
)
def test_what_is_no_single_range_gets_the_whole(get, asked):
    response = get(range=asked.encode().decode("latin-1"))

    assert (response.status_code, of(response)) == (200, CONTENT)


def test_a_download_that_broke_off_goes_on_and_gives_the_same_bytes(get):
    begun = get()
    have = b"".join(block for _n, block in zip(range(2), begun.streaming_content, strict=False))
    assert 0 < len(have) < len(CONTENT)

    rest = get(range=f"bytes={len(have)}-", if_range=begun["ETag"])

    assert have + of(rest) == CONTENT


def test_a_part_of_other_bytes_is_never_sent(get):
    """If-Range: the reader has a piece of something else."""
    assert get(range="bytes=5-9", if_range='"other"').status_code == 200
    assert get(range="bytes=5-9", if_range="Tue, 01 Jan 2019 00:00:00 GMT").status_code == 200
    assert get(range="bytes=5-9", if_range=get()["Last-Modified"]).status_code == 206


def test_who_has_the_bytes_gets_304_and_only_while_they_may_see_them(get):
    tag = get()["ETag"]
    response = get(if_none_match=tag)
    assert (response.status_code, response["ETag"], of(response)) == (304, tag, b"")
    assert get(if_modified_since=response["Last-Modified"]).status_code == 304
    assert get(if_none_match='"other"').status_code == 200
    assert get(if_match='"other"').status_code == 412

    Document.objects.update(audience=Audience.CORE)

    assert get(if_none_match=tag).status_code == 404


def test_head_says_what_get_would(client, file):
    address = file.get_absolute_url()
    response = client.head(address)

    assert (response.status_code, of(response)) == (200, b"")
    assert {name: response.get(name) for name in HEADERS} == HEADERS
    assert client.head(address, headers={"range": "bytes=5-9"})["Content-Length"] == "5"
    assert client.post(address).status_code == 405


def test_the_proxy_sends_the_bytes_where_it_is_told_to(get, file, settings):
    settings.X_ACCEL_PREFIX = "/protected/"

    response = get(range="bytes=5-9")

    assert (response.status_code, of(response)) == (200, b"")
    assert response["X-Accel-Redirect"] == f"/protected/{file.file.name}"
    assert response["Content-Disposition"] == HEADERS["Content-Disposition"]
    assert get(if_none_match=response["ETag"]).status_code == 304
    # It reads the range, so that the portal's status tells nothing
    assert not DownloadCount.objects.exists()
    get(range="bytes=0-")
    assert DownloadCount.objects.get().number == 1


def test_a_store_without_paths_serves_the_same(monkeypatch, settings):
    settings.X_ACCEL_PREFIX = "/protected/"
    monkeypatch.setattr(Translation._meta.get_field("file"), "storage", InMemoryStorage())
    file = FileFactory(content=CONTENT)
    request = RequestFactory().get("/", headers={"range": "bytes=70000-"})

    response = serving.serve(request, file.file, "application/pdf", "a.pdf", file.sha256)

    assert (response.status_code, of(response)) == (206, CONTENT[70_000:])


class SigningStore(InMemoryStorage):
    """As an object store's: an address with a signature, for some seconds."""

    querystring_auth = True

    def url(self, name, parameters=None, expire=None):
        return f"https://store.example/{name}?{urlencode(parameters)}&expire={expire}"


def test_an_object_store_sends_an_attachment_itself_for_a_minute(monkeypatch, client):
    monkeypatch.setattr(Translation._meta.get_field("file"), "storage", SigningStore())
    file = FileFactory(content=CONTENT)

    response = client.get(file.get_absolute_url())
    client.get(file.get_absolute_url(), headers={"range": "bytes=100-"})
    Document.objects.update(audience=Audience.CORE)

    assert (response.status_code, response["Cache-Control"]) == (302, "private, no-store")
    assert response["Location"] == (
        f"https://store.example/{file.file.name}?ResponseContentType=application%2Fpdf"
        "&ResponseContentDisposition=attachment%3B+filename%3D%22guideline.pdf%22&expire=60"
    )
    assert DownloadCount.objects.get().number == 1
    assert client.get(file.get_absolute_url()).status_code == 404


# How it is counted


def test_a_download_counts_once_and_nothing_else_does(get, client, file):
    tag = get()["ETag"]
    get(range="bytes=0-99")
    for headers in ({"if_none_match": tag}, {"range": "bytes=100-"}, {"range": "bytes=999999-"}):
        get(**headers)
    client.head(file.get_absolute_url())

    assert list(DownloadCount.objects.values_list("day", "number")) == [(NOW.date(), 2)]


def test_downloads_are_summed_over_days_and_languages_of_a_version(client, file):
    other = FileFactory(version=file.version, language="fr", is_original=False)
    unread = FileFactory()
    for one in (file, other, other):
        client.get(one.get_absolute_url())
    with time_machine.travel(NOW.replace(day=25)):
        client.get(file.get_absolute_url())

    with_none = [file.version_id, unread.version_id]
    assert downloads.total(with_none) == {file.version_id: 4}


def test_a_download_asks_few_queries(client, file, django_assert_max_num_queries):
    with django_assert_max_num_queries(2):
        client.get(reverse("version_file", args=[file.version.document.code, 1, "en"]))
