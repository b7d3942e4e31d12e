"""Announcements in the Lead's queue: what stands there, and what its buttons do."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from mailings import announcing
from mailings.models import Announcement, Campaign, ListRules, TrustedAuthor
from partners.models import Decision
from tests.factories import NOW, AnnouncementFactory, PartnerUserFactory
from tests.mailings.test_announcing import draft, handed_in, scheduled
from wmaportal import moderation

pytestmark = pytest.mark.django_db
Status = Announcement.Status
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def desk(client, lead):
    """A client in which the Lead has signed in."""
    return client


def waiting():
    return [(code, pk) for code, pk, _since in moderation.everything(NOW)]


def press(client, kind, announcement, step, **data):
    url = reverse("admin:queue_decide", args=[kind, announcement.pk])
    return client.post(url, {"step": step, **data})


def status_of(announcement):
    return Announcement.objects.get(pk=announcement.pk).status


def test_handed_in_ones_and_late_ones_stand_there_and_nothing_else():
    one, late = handed_in(), scheduled(NOW - 3 * HOUR)
    draft(), AnnouncementFactory(), scheduled(NOW - HOUR), scheduled(NOW + HOUR)
    assert sorted(waiting()) == [("announcements", one.pk), ("late-announcements", late.pk)]


def test_the_lead_reads_it_in_the_queue(desk):
    handed_in(title="Lamps of two cities", text="They collect **lamps**.")
    scheduled(NOW - 3 * HOUR, title="It was late")
    page = desk.get("/admin/").content.decode()
    assert "Lamps of two cities" in page and "They collect <strong>lamps</strong>." in page
    assert "It was late" in page


def test_five_announcements_take_the_queries_of_one(desk, django_assert_max_num_queries):
    handed_in().countries.set(["PE"])
    desk.get("/admin/")  # content types are remembered
    with django_assert_max_num_queries(60) as one:
        desk.get("/admin/")
    for _number in range(4):
        handed_in().countries.set(["PE", "KE"])
    with django_assert_max_num_queries(60) as five:
        desk.get("/admin/")
    assert len(five) == len(one)


def test_approve_takes_the_version_that_the_page_showed(desk):
    announcement = handed_in()
    for parts in ({}, {"part": "version-2"}, {"part": "version-x"}):
        press(desk, "announcements", announcement, "approve", **parts)
        assert status_of(announcement) == Status.SUBMITTED
    page = desk.get("/admin/").content.decode()
    assert 'name="part" value="version-1"' in page
    press(desk, "announcements", announcement, "approve", part="version-1")
    assert status_of(announcement) == Status.PUBLISHED
    assert Campaign.objects.count() == 1


def test_return_asks_for_a_reason(desk):
    announcement = handed_in()
    press(desk, "announcements", announcement, "give_back")
    assert status_of(announcement) == Status.SUBMITTED
    press(desk, "announcements", announcement, "give_back", reason="Who pays?")
    assert status_of(announcement) == Status.RETURNED


def test_let_through_approves_and_keeps_the_author(desk):
    announcement = handed_in()
    press(desk, "announcements", announcement, "let_through", part="version-1")
    assert status_of(announcement) == Status.PUBLISHED
    assert TrustedAuthor.objects.get().user == announcement.author


@pytest.mark.parametrize(
    ("kind", "make"),
    [("announcements", handed_in), ("late-announcements", lambda: scheduled(NOW - 3 * HOUR))],
)
def test_the_moment_is_asked_for_on_a_page_of_its_own(desk, kind, make):
    announcement = make()
    address = reverse("admin:queue_fill", args=[kind, "schedule"])
    page = desk.get(address, {"item": announcement.pk})
    assert page.status_code == 200
    prefix = f"item-{announcement.pk}"
    sent = {"item": announcement.pk, f"{prefix}-version": 1}
    past = desk.post(address, sent | {f"{prefix}-publish_at": "2026-11-24T08:00"})
    assert "This moment is past" in past.content.decode()
    desk.post(address, sent | {f"{prefix}-publish_at": "2026-11-25T08:00"})
    announcement.refresh_from_db()
    assert announcement.status == Status.SCHEDULED
    assert announcement.publish_at == NOW + 23 * HOUR
    assert not waiting()


def test_a_late_one_is_sent_or_returned(desk):
    first, second = scheduled(NOW - 3 * HOUR), scheduled(NOW - 3 * HOUR)
    press(desk, "late-announcements", first, "publish")
    press(desk, "late-announcements", second, "give_back", reason="The day is past.")
    assert (status_of(first), status_of(second)) == (Status.PUBLISHED, Status.RETURNED)


def test_other_words_are_proposed_on_a_page_and_stale_ones_refused(desk):
    announcement = handed_in()
    address = reverse("announcement_rewrite", args=[announcement.pk])
    assert desk.get(address).status_code == 200
    words = {"title": "A title", "text": "•\tA text"}
    stale = desk.post(address, words | {"version": 7})
    assert "A title" in stale.content.decode()
    assert status_of(announcement) == Status.SUBMITTED
    desk.post(address, words | {"version": 1})
    announcement.refresh_from_db()
    assert announcement.status == Status.EDITED
    assert (announcement.edit.title, announcement.edit.text) == ("A title", "- A text")
    assert desk.get(address).status_code == 302


# Admin


def test_a_new_text_of_the_rules_is_a_new_row_and_older_ones_stay(desk, lead):
    before = announcing.current_rules()
    address = reverse("admin:mailings_listrules_add")
    with time_machine.travel(before.published_at + HOUR, tick=False):
        assert before.text in desk.get(address).content.decode().replace("&#x27;", "'")
        desk.post(address, {"text": "Be brief."})
    newest = announcing.current_rules()
    assert (newest.text, newest.published_by) == ("Be brief.", lead)
    assert ListRules.objects.filter(pk=before.pk, text=before.text).exists()
    changing = reverse("admin:mailings_listrules_change", args=[before.pk])
    desk.post(changing, {"text": "Changed."})
    assert not ListRules.objects.filter(text="Changed.").exists()


def test_a_partner_is_let_through_by_address_and_no_more(desk, lead):
    partner = PartnerUserFactory()
    desk.post(reverse("admin:mailings_trustedauthor_add"), {"user": partner.email})
    row = TrustedAuthor.objects.get()
    assert (row.user, row.by) == (partner, lead)
    desk.post(reverse("admin:mailings_trustedauthor_delete", args=[row.pk]), {"post": "yes"})
    assert not TrustedAuthor.objects.exists()
    actions = Decision.objects.order_by("pk").values_list("action", flat=True)
    assert list(actions) == ["let through", "lets through no more"]
