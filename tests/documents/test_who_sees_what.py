"""Role by status by audience: page, file, old version, citation, text, search, export, feed, map.

The oracle is written out here, apart from the code: nobody sees more than it says, at any address.
"""

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from documents.models import Document, Practice, PracticeVersion
from partners.audience import Audience
from partners.models import Partner, Role
from tests.factories import (
    NOW,
    DocumentFactory,
    FileFactory,
    LeadFactory,
    PartnerUserFactory,
    PracticeFactory,
    PracticeVersionFactory,
    RoleFactory,
    SectionFactory,
    UserFactory,
    VersionFactory,
)

STATUSES = ("draft", "open", "published", "superseded", "archived")
AUDIENCES = ("public", "partners", "core")
ROLES = ("visitor", "person", "former partner", "partner", "core member", "owner", "lead")
BELONGS_TO = {
    "visitor": {"public"},
    "person": {"public"},
    "former partner": {"public"},
    "partner": {"public", "partners"},
    "core member": {"public", "partners", "core"},
    "owner": {"public"},
    "lead": {"public", "partners", "core"},
}
WORD = "zirconium"  # in the text of every file and in no other word


def may_see(role: str, status: str, audience: str) -> bool:
    """The rule, in one sentence: owner and Lead everything, others what was released to them."""
    if role in ("owner", "lead"):
        return True
    return status != "draft" and audience in BELONGS_TO[role]


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def _user(role: str):
    if role == "visitor":
        return None
    if role == "partner":
        return PartnerUserFactory()
    if role == "former partner":
        user = PartnerUserFactory()
        Partner.objects.filter(person=user).update(status=Partner.Status.WITHDRAWN)
        return user
    if role == "core member":
        return RoleFactory(kind=Role.Kind.CORE_MEMBER).user
    if role == "lead":
        return LeadFactory(totp=True)
    return UserFactory()


@pytest.fixture
def library(db):
    """A document of each status and audience, with two versions; the older has a file, too."""
    owner = UserFactory()
    documents = {}
    for status in STATUSES:
        for audience in AUDIENCES:
            document = DocumentFactory(
                bare=True, code=f"{status}-{audience}", owner=owner, audience=audience
            )
            for number in (1, 2):
                version = VersionFactory(
                    document=document, number=number, url=False, published=status != "draft"
                )
                file = FileFactory(version=version, content=f"{status} {audience}".encode())
                SectionFactory(
                    translation=file,
                    order=1,
                    paragraphs=[f"{WORD} one", f"{WORD} two"],
                )
            document.status = status
            document.save()
            documents[status, audience] = document
    return owner, documents


@pytest.mark.parametrize("role", ROLES)
def test_pages_files_and_old_versions_are_for_whom_the_document_is(library, role):
    owner, documents = library
    client = Client()
    user = owner if role == "owner" else _user(role)
    if user:
        client.force_login(user)
    answers, expected = {}, {}
    for (status, audience), document in documents.items():
        code = document.code
        for name, args in (
            ("document_detail", [code]),
            ("document_cite", [code, "text"]),
            ("version_detail", [code, 1]),
            ("version_file", [code, 1, "en"]),
            ("version_read", [code, 1, "en"]),
        ):
            address = reverse(name, args=args)
            answers[address] = client.get(address).status_code == 200
            expected[address] = may_see(role, status, audience)
    assert answers == expected


@pytest.mark.parametrize("role", ROLES)
def test_lists_search_and_exports_show_only_what_the_person_may_see(library, role):
    owner, documents = library
    client = Client()
    user = owner if role == "owner" else _user(role)
    if user:
        client.force_login(user)
    every = "&".join(f"status={status}" for status in STATUSES)
    page = client.get(f"{reverse('document_list')}?q={WORD}&{every}").content.decode()
    table = client.get(f"{reverse('document_export_csv')}?q={WORD}&{every}")
    rows = b"".join(table.streaming_content if table.streaming else [table.content]).decode()
    for (status, audience), document in documents.items():
        listed = status != "draft" and audience in BELONGS_TO[role] | (
            set(AUDIENCES) if role == "owner" else set()
        )
        assert (f'href="{document.get_absolute_url()}"' in page) == listed, (status, audience)
        assert (document.get_absolute_url() in rows) == listed, (status, audience)


def test_feed_and_sitemap_are_public_whoever_asks(library):
    _owner, documents = library
    client = Client()
    client.force_login(LeadFactory(totp=True))
    feed = client.get(reverse("document_feed")).content.decode()
    sitemap = client.get("/sitemap-documents.xml").content.decode()
    for (status, audience), document in documents.items():
        in_feed = audience == "public" and status in ("open", "published")
        assert (document.get_absolute_url() in feed) == in_feed, (status, audience)
        in_map = audience == "public" and status != "draft"
        assert (document.get_absolute_url() in sitemap) <= in_map, (status, audience)
    published = documents["published", "public"]
    assert f"{published.get_absolute_url()}<" in sitemap


@pytest.mark.parametrize("role", ["visitor", "partner", "owner", "lead"])
def test_practices_are_for_all_once_they_are_published_and_for_the_owner_before(db, role):
    owner = PartnerUserFactory()
    draft = PracticeFactory(published=False, owner=owner)
    published = PracticeFactory(owner=owner)
    PracticeVersionFactory(practice=published, number=2, title="Not yet")
    archived = PracticeFactory(owner=owner, status=Practice.Status.ARCHIVED)
    client = Client()
    user = owner if role == "owner" else _user(role)
    if user:
        client.force_login(user)

    def opens(name, *args):
        return client.get(reverse(name, args=args)).status_code == 200

    knows = role in ("owner", "lead")
    assert opens("practice_detail", draft.code) == knows
    assert opens("practice_version", draft.code, 1) == knows
    assert opens("practice_detail", published.code)
    assert opens("practice_version", published.code, 1)
    assert opens("practice_version", published.code, 2) == knows
    assert opens("practice_detail", archived.code)
    listed = client.get(reverse("practice_list")).content.decode()
    feed = client.get(reverse("practice_feed")).content.decode()
    book = client.get(reverse("practice_book")).content.decode()
    for text in (listed, feed, book):
        assert published.get_absolute_url() in text or published.current.title in text
        assert draft.versions.get().title not in text
        assert archived.current.title not in text
        assert "Not yet" not in text


def test_the_choices_are_those_of_the_models():
    assert set(STATUSES) == set(Document.Status.values)
    assert set(AUDIENCES) == set(Audience.values)
    assert PracticeVersion.Status.DRAFT in PracticeVersion.NEXT
