"""Words planted in announcements of each audience and state: a crawl finds each only where it may.

What is crawled are the pages that know of announcements; which of them say what to whom in which
state, tests/mailings/test_announcement_audience.py looks at one by one.
"""

# ruff: noqa: F401, F811 (fixtures are imported)
import pytest
from django.core.files.base import ContentFile
from django.test import Client
from django.utils import timezone

from mailings.models import Announcement, AnnouncementEdit, AnnouncementFile
from partners.audience import Audience
from partners.models import User
from tests.factories import AnnouncementFactory, PartnerUserFactory
from tests.wmaportal.test_private_fields_stay_private import crawl
from tests.worlds import read_only_world, world, world_in_transaction

Status = Announcement.Status
AUDIENCES = {str(one) for one in Audience}
STATES = {str(one) for one in Status if one != Status.PUBLISHED}
NAME, ADDRESS = "Zqname Author (example)", "zqaddress@private.test"
#: Beside these nobody reads anything. The author's address stands on the author's own page, and in
#: the list of people of a mailing, for the Lead.
MAY_READ = {
    "visitor": {"public"},
    "person": {"public"},
    "partner": {"public", "partners", "name"},
    "expert": {"public"},
    "secretariat": {"public", "partners", "core", "name"},
    "former": {"public"},
    "lead": AUDIENCES | (STATES - {"draft"}) | {"name", "address"},
    "author": AUDIENCES | STATES | {"name", "address"},
}
#: What lies beside announcements is crawled elsewhere
SKIP = "^/(?!(announcements|my|countries/ke)/|$)"

SAY_THE_SAME_TO_ALL = {"/", "/announcements/feed/", "/announcements/dates.ics"}


def word(name: str) -> str:
    return f"zq{name}zq"


@pytest.fixture(scope="module")
def planted(world_in_transaction) -> list[Announcement]:
    """One for each audience, and one in each other state; each with its word in all its parts."""
    now = timezone.now()
    author = PartnerUserFactory(email=ADDRESS, name=NAME)
    found = []
    for name in sorted(AUDIENCES | STATES):
        is_shown = name in AUDIENCES
        status = Status.PUBLISHED if is_shown else Status(name)
        announcement = AnnouncementFactory(
            title=f"{word(name)} (example)",
            text=f"It is {word(name)}.",
            author=author,
            audience=name if is_shown else Audience.PUBLIC,
            status=status,
            who_may_apply=word(name),
            reason=word(name),
            links=[f"https://example.org/{word(name)}"],
            closes_on=now.date(),
            publish_at=now if status == Status.SCHEDULED else None,
            published_at=now if status in (Status.PUBLISHED, Status.WITHDRAWN) else None,
        )
        if status == Status.EDITED:
            AnnouncementEdit.objects.create(
                announcement=announcement, title=word(name), text=word(name), by=author
            )
        announcement.countries.set(["KE"])
        content = word(name).encode()
        kept = AnnouncementFile(
            announcement=announcement,
            name=f"{word(name)}.txt",
            media_type="text/plain; charset=utf-8",
            size=len(content),
            sha256="0" * 64,
        )
        kept.file.save("lamps.txt", ContentFile(content))
        found.append(announcement)
    return found


@pytest.mark.parametrize("role", MAY_READ)
def test_planted_words_are_read_by_their_audience_alone(role, planted, read_only_world):
    if role == "author":
        client = Client(SERVER_NAME="localhost")
        client.force_login(User.objects.get(email=ADDRESS))
    else:
        client = read_only_world.client(role)
    marks = {name: word(name) for name in AUDIENCES | STATES}
    marks |= {"name": "Zqname", "address": ADDRESS}
    start = ["/", "/my/", "/countries/ke/", "/announcements/"]
    for one in planted:
        start += [one.get_absolute_url(), one.files.get().get_absolute_url()]
    found: dict[str, set[str]] = {}
    for address, words in crawl(client, start, SKIP):
        for name, mark in marks.items():
            if mark in words:
                found.setdefault(name, set()).add(address)

    assert set(found) == MAY_READ[role], found
    for name, addresses in found.items():
        assert name == "public" or not addresses & SAY_THE_SAME_TO_ALL, name
    assert found["public"] >= SAY_THE_SAME_TO_ALL
    if role == "lead":
        assert all("/mailing/readers" in one for one in found["address"]), found["address"]


@pytest.mark.parametrize("role", ["visitor", "partner", "secretariat", "lead"])
def test_a_search_for_a_word_finds_what_is_published_for_the_reader_alone(
    role, planted, read_only_world
):
    client = read_only_world.client(role)
    reads = MAY_READ[role] & AUDIENCES

    for address in ("/search/", "/announcements/"):
        found = {
            name
            for name in AUDIENCES | STATES
            if f"{word(name)} (example)</a>"
            in client.get(address, {"q": word(name)}).content.decode()
        }
        assert found == reads, address
