"""Viewer by audience by state: page, file, list, search, feeds, calendar, site map, home, country.

The oracle is written out here, apart from the code: nobody reads more than it says, anywhere.
"""

from datetime import timedelta

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.test import Client
from django.urls import reverse

from mailings.models import Announcement, AnnouncementFile
from partners.models import Membership, Partner
from tests.factories import (
    NOW,
    TODAY,
    AnnouncementFactory,
    LeadFactory,
    MembershipFactory,
    OrganisationFactory,
    PartnerFactory,
    PartnerUserFactory,
    RoleFactory,
    SecretariatFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

AUDIENCES = ("public", "partners", "core")
STATES = ("draft", "submitted", "returned", "edited", "scheduled", "published", "withdrawn")
#: Viewer → the audiences to which the viewer belongs
BELONGS_TO = {
    "visitor": {"public"},
    "person": {"public"},
    "applicant": {"public"},
    "partner": {"public", "partners"},
    "former partner": {"public"},
    "former member": {"public"},
    "core member": {"public", "partners", "core"},
    "former core member": {"public"},
    "secretariat": {"public", "partners", "core"},
    "lead": {"public", "partners", "core"},
    "former lead": {"public"},
    "author": {"public", "partners"},
    "former author": {"public"},
    "inactive author": {"public"},
}
OWNS = {"author", "former author"}


def may_open(viewer: str, audience: str, status: str) -> bool:
    """Its page and its files."""
    if viewer in OWNS or (viewer == "lead" and status != "draft"):
        return True
    return status == "published" and audience in BELONGS_TO[viewer]


def stands_in_lists(viewer: str, audience: str, status: str) -> bool:
    """The archive, the search and the page of a country."""
    return status == "published" and (audience in BELONGS_TO[viewer] or viewer in OWNS)


def stands_for_everybody(audience: str, status: str) -> bool:
    """Feeds, calendar, site map and home say the same to each viewer."""
    return status == "published" and audience == "public"


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def person(viewer: str):
    """Somebody who stands so to the partnership; None: not signed in."""
    yesterday = TODAY - timedelta(days=1)
    if viewer == "visitor":
        return None
    if viewer in ("partner", "author"):
        return PartnerUserFactory()
    if viewer == "inactive author":
        return PartnerUserFactory(is_active=False)
    if viewer == "secretariat":
        return SecretariatFactory()
    if viewer == "lead":
        return LeadFactory()
    user = UserFactory()
    if viewer in ("former partner", "former author"):
        PartnerFactory(person=user, status=Partner.Status.WITHDRAWN)
    elif viewer == "applicant":
        PartnerFactory(person=user, status=Partner.Status.APPLIED)
    elif viewer == "former member":
        house = OrganisationFactory()
        PartnerFactory(person=None, organisation=house)
        MembershipFactory(
            user=user, organisation=house, status=Membership.Status.APPROVED, to_on=yesterday
        )
    elif viewer == "core member":
        RoleFactory(user=user)
    elif viewer.startswith("former"):
        kind = "lead" if viewer == "former lead" else "core_member"
        RoleFactory(user=user, kind=kind, to_on=yesterday)
    return user


def announced(audience: str, status: str, author=None) -> Announcement:
    """With a file, a country and a closing date, so that it may stand everywhere."""
    fields = {"author": author} if author else {}
    found = AnnouncementFactory(
        title=f"Announced {audience} {status}",
        audience=audience,
        status=status,
        closes_on=TODAY + timedelta(days=9),
        publish_at=NOW + timedelta(days=1) if status == "scheduled" else None,
        published_at=NOW - timedelta(days=1) if status in ("published", "withdrawn") else None,
        **fields,
    )
    found.countries.set(["KE"])
    kept = AnnouncementFile(
        announcement=found,
        name="lamps.txt",
        media_type="text/plain; charset=utf-8",
        size=5,
        sha256="0" * 64,
    )
    kept.file.save("lamps.txt", ContentFile(b"lamps"))
    return found


PLACES = {
    "list": "/announcements/",
    "search": "/search/?q=announced",
    "country": "/countries/ke/",
    "feed": "/announcements/feed/",
    "topic feed": "/announcements/feed/projects/",
    "calendar": "/announcements/dates.ics",
    "home": "/",
    "sitemap": "/sitemap-announcements.xml",
}
FOR_EVERYBODY = ("feed", "topic feed", "calendar", "home", "sitemap")


def where_it_stands(client: Client, announcements) -> dict[Announcement, set[str]]:
    """The places of PLACES in which each of them is found."""
    said = {name: client.get(address).content.decode() for name, address in PLACES.items()}
    return {
        one: {
            name
            for name, text in said.items()
            if (one.get_absolute_url() in text if name == "sitemap" else one.title in text)
        }
        for one in announcements
    }


def opened(client: Client, announcement: Announcement) -> set[str]:
    """Of page and file, what this viewer can open."""
    addresses = {
        "page": announcement.get_absolute_url(),
        "file": announcement.files.get().get_absolute_url(),
    }
    return {name for name, url in addresses.items() if client.get(url).status_code == 200}


def client_of(user) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    return client


@pytest.mark.parametrize("viewer", BELONGS_TO)
def test_who_reads_which_announcement_where(viewer):
    user = person(viewer)
    author = user if viewer.endswith("author") else None
    announcements = {
        (audience, status): announced(audience, status, author)
        for audience in AUDIENCES
        for status in STATES
    }
    client = client_of(user)
    found = where_it_stands(client, announcements.values())

    for (audience, status), announcement in announcements.items():
        expected = set()
        if may_open(viewer, audience, status):
            expected |= {"page", "file"}
        if stands_in_lists(viewer, audience, status):
            expected |= {"list", "search", "country"}
        if stands_for_everybody(audience, status):
            expected |= set(FOR_EVERYBODY)
        assert opened(client, announcement) | found[announcement] == expected, (audience, status)


@pytest.mark.parametrize("viewer", ["visitor", "partner", "lead", "author"])
def test_what_is_withdrawn_is_gone_from_everywhere_at_once(viewer):
    user = person(viewer)
    announcement = announced("public", "published", user if viewer == "author" else None)
    client = client_of(user)
    feed = client.get(PLACES["feed"])
    before = where_it_stands(client, [announcement])[announcement]

    Announcement.objects.filter(pk=announcement.pk).update(
        status=Announcement.Status.WITHDRAWN, withdrawn_at=NOW, reason="It is cancelled."
    )

    assert before == set(PLACES)
    assert where_it_stands(client, [announcement])[announcement] == set()
    assert opened(client, announcement) == (
        {"page", "file"} if viewer in ("author", "lead") else set()
    )
    again = client.get(PLACES["feed"], headers={"If-None-Match": feed["ETag"]})
    assert again.status_code == 200
    assert announcement.title not in again.content.decode()


def test_a_visitor_is_sent_to_sign_in_whether_it_is_there_or_not():
    hidden = announced("partners", "published")
    client = Client()

    answers = {
        client.get(url)["Location"].partition("?")[0]
        for url in (
            hidden.get_absolute_url(),
            hidden.files.get().get_absolute_url(),
            "/announcements/999999/",
        )
    }

    assert answers == {reverse("account_login")}


def test_a_file_is_read_under_its_own_announcement_alone():
    public, hidden = announced("public", "published"), announced("core", "published")

    answer = client_of(person("partner")).get(
        reverse("announcement_file", args=[public.pk, hidden.files.get().pk])
    )

    assert answer.status_code == 404


def test_only_what_is_for_everybody_may_be_kept_by_others():
    client = client_of(person("lead"))
    said = [
        client.get(announced(*one).files.get().get_absolute_url())["Cache-Control"]
        for one in (("public", "published"), ("partners", "published"), ("public", "withdrawn"))
    ]

    assert said == ["no-cache", "private, no-cache", "private, no-cache"]
