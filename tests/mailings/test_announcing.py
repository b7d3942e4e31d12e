"""The life of an announcement: each step, who may take it, and which ways there are."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction

from mailings import announcing, duplicates, pasted, readership, tasks
from mailings.models import (
    Announcement,
    Campaign,
    ListRules,
    OutgoingMail,
    TrustedAuthor,
)
from partners.files import check_document
from partners.models import Decision
from partners.refusals import Refused
from tests.factories import (
    NOW,
    AnnouncementFactory,
    ExpertFactory,
    LeadFactory,
    MembershipFactory,
    OrganisationFactory,
    PartnerUserFactory,
    PreferencesFactory,
    SubscriptionFactory,
    UserFactory,
    topic_called,
)

pytestmark = pytest.mark.django_db
Status = Announcement.Status
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def lead():
    return LeadFactory()


def values(**others):
    found = {
        "topic": topic_called("projects"),
        "title": "Lamps of two cities",
        "text": "Two plants collect **lamps**.",
        "language": "en",
        "audience": "partners",
        "organisation": None,
        "links": [],
        "begins_on": None,
        "ends_on": None,
        "closes_on": None,
        "amount": None,
        "currency": "",
        "who_may_apply": "",
        "countries": [],
        "terms": [],
    }
    return found | others


def draft(**others):
    return AnnouncementFactory(
        status=Status.DRAFT, submitted_at=None, decided_at=None, published_at=None, **others
    )


def handed_in(**others):
    return AnnouncementFactory(
        status=Status.SUBMITTED, decided_at=None, published_at=None, **others
    )


def scheduled(at=NOW + HOUR, **others):
    return AnnouncementFactory(status=Status.SCHEDULED, published_at=None, publish_at=at, **others)


def accept(user):
    announcing.accept_rules(announcing.current_rules().pk, user, NOW)


def mails():
    return list(OutgoingMail.objects.order_by("pk").values_list("template", "to"))


def campaigns():
    return list(Campaign.objects.order_by("pk").values_list("announcement", flat=True))


def refused(step, *arguments, **named) -> str:
    with pytest.raises(Refused) as raised, transaction.atomic():
        step(*arguments, **named)
    return str(raised.value)


# Writing


def test_a_partner_begins_a_draft_that_nobody_else_sees(lead):
    author = PartnerUserFactory()
    saved = announcing.save(None, values(countries=["PE"]), 0, author, NOW)
    assert (saved.status, saved.version, saved.author) == (Status.DRAFT, 1, author)
    assert [country.pk for country in saved.countries.all()] == ["PE"]
    seen = Announcement.objects
    assert list(seen.visible_to(author)) == [saved]
    assert not seen.visible_to(lead) and not seen.visible_to(PartnerUserFactory())


def test_only_partners_write_and_in_the_topic_of_the_lead_the_lead_alone(lead):
    assert refused(announcing.save, None, values(), 0, UserFactory(), NOW)
    of_lead = values(topic=topic_called("lead"))
    assert refused(announcing.save, None, of_lead, 0, PartnerUserFactory(), NOW)
    assert announcing.save(None, of_lead, 0, lead, NOW).author == lead


def test_a_second_window_loses_nothing_and_overwrites_nothing():
    author = PartnerUserFactory()
    pk = announcing.save(None, values(), 0, author, NOW).pk
    announcing.save(pk, values(title="From the first"), 1, author, NOW)
    with pytest.raises(announcing.Collision):
        announcing.save(pk, values(title="From the second"), 1, author, NOW)
    announcement = Announcement.objects.get(pk=pk)
    assert (announcement.title, announcement.version) == ("From the first", 2)


@pytest.mark.parametrize(
    "status", [status for status in Status if status not in Announcement.WRITTEN]
)
def test_what_is_handed_in_or_out_is_not_written_on(status):
    announcement = AnnouncementFactory(status=status, publish_at=NOW)
    assert refused(announcing.save, announcement.pk, values(), 1, announcement.author, NOW)


def test_nobody_writes_on_an_announcement_of_somebody_else(lead):
    pk = draft().pk
    for other in (lead, PartnerUserFactory()):
        assert refused(announcing.save, pk, values(), 1, other, NOW)
        assert refused(announcing.submit, pk, other, NOW)


def test_what_the_topic_does_not_ask_for_is_not_kept():
    day = NOW.date()
    all_of_it = {"begins_on": day, "ends_on": day, "closes_on": day}
    all_of_it |= {"amount": 5, "currency": "USD", "who_may_apply": "Cities"}
    author = PartnerUserFactory()
    kept = {}
    for code in ("projects", "events", "finance"):
        asked = values(topic=topic_called(code), **all_of_it)
        saved = announcing.save(None, asked, 0, author, NOW)
        kept[code] = {name for name in all_of_it if getattr(saved, name)}
    assert kept == {
        "projects": set(),
        "events": {"begins_on", "ends_on"},
        "finance": {"closes_on", "amount", "currency", "who_may_apply"},
    }


def test_one_writes_for_an_organisation_of_ones_own_alone():
    author, house = PartnerUserFactory(), OrganisationFactory()
    assert refused(announcing.save, None, values(organisation=house), 0, author, NOW)
    MembershipFactory(user=author, organisation=house)
    saved = announcing.save(None, values(organisation=house), 0, author, NOW)
    assert saved.organisation == house


def test_five_files_at_most_and_a_removed_one_is_gone(django_capture_on_commit_callbacks):
    author = PartnerUserFactory()

    def files(number):
        names = [SimpleUploadedFile(f"plan {n}.txt", b"A plan") for n in range(number)]
        return [check_document(one) for one in names]

    saved = announcing.save(None, values(), 0, author, NOW, files(4))
    assert refused(announcing.save, saved.pk, values(), 1, author, NOW, files(2))
    first = saved.files.first()
    storage, name = first.file.storage, first.file.name
    with django_capture_on_commit_callbacks(execute=True):
        announcing.save(saved.pk, values(), 1, author, NOW, files(2), [first.pk])
    assert saved.files.count() == 5
    assert not storage.exists(name)


def test_a_draft_is_deleted_with_its_files_and_nothing_else_is(
    lead, django_capture_on_commit_callbacks
):
    author = PartnerUserFactory()
    files = [check_document(SimpleUploadedFile("plan.txt", b"A plan"))]
    pk = announcing.save(None, values(), 0, author, NOW, files).pk
    file = Announcement.objects.get(pk=pk).files.get().file
    for other in (lead, PartnerUserFactory()):
        assert refused(announcing.drop, pk, other)
    with django_capture_on_commit_callbacks(execute=True):
        announcing.drop(pk, author)
    assert not Announcement.objects.exists() and not file.storage.exists(file.name)
    for status in Status:
        if status != Status.DRAFT:
            kept = AnnouncementFactory(status=status, publish_at=NOW)
            assert refused(announcing.drop, kept.pk, kept.author)


def test_nobody_begins_more_than_twenty_in_a_day():
    author = PartnerUserFactory()
    for _number in range(announcing.BEGUN_A_DAY):
        draft(author=author, created_at=NOW - HOUR)
    assert refused(announcing.save, None, values(), 0, author, NOW)
    Announcement.objects.update(created_at=NOW - 25 * HOUR)
    assert announcing.save(None, values(), 0, author, NOW)


# Rules


def test_the_rules_of_today_are_accepted_before_the_first_post_and_after_each_change():
    announcement = draft()
    author = announcement.author
    assert "rules" in refused(announcing.submit, announcement.pk, author, NOW)
    accept(author)
    assert announcing.has_accepted_rules(author)
    old = announcing.current_rules()
    ListRules.objects.create(text="Other rules.", published_at=old.published_at + HOUR)
    assert not announcing.has_accepted_rules(author)
    assert refused(announcing.accept_rules, old.pk, author, NOW)
    assert refused(announcing.submit, announcement.pk, author, NOW)
    accept(author)
    assert announcing.submit(announcement.pk, author, NOW).status == Status.SUBMITTED


# Submitting


def test_what_is_handed_in_waits_for_the_lead_and_nothing_leaves():
    announcement = draft()
    accept(announcement.author)
    announcing.submit(announcement.pk, announcement.author, NOW)
    announcement.refresh_from_db()
    assert (announcement.status, announcement.submitted_at) == (Status.SUBMITTED, NOW)
    assert campaigns() == mails() == []


def test_an_event_is_not_handed_in_without_its_first_day():
    announcement = draft(topic=topic_called("events"))
    accept(announcement.author)
    assert "first day" in refused(announcing.submit, announcement.pk, announcement.author, NOW)


def test_who_is_no_partner_any_more_hands_nothing_in():
    author = UserFactory()
    announcement = draft(author=author)
    accept(author)
    assert "partners" in refused(announcing.submit, announcement.pk, author, NOW)


def test_of_an_author_who_is_let_through_it_is_published_at_once(lead):
    announcement = draft()
    author = announcement.author
    accept(author)
    TrustedAuthor.objects.create(user=author, by=lead)
    announcing.submit(announcement.pk, author, NOW)
    announcement.refresh_from_db()
    assert (announcement.status, announcement.decided_by) == (Status.PUBLISHED, lead)
    assert announcement.published_at == NOW
    assert campaigns() == [announcement.pk]


# What the Lead decides


def test_approving_publishes_begins_one_mailing_and_tells_the_author(lead):
    announcement = handed_in()
    announcing.approve(announcement.pk, lead, NOW, seen=1)
    announcement.refresh_from_db()
    assert (announcement.status, announcement.published_at) == (Status.PUBLISHED, NOW)
    assert (announcement.decided_by, announcement.decided_at) == (lead, NOW)
    assert campaigns() == [announcement.pk]
    assert mails() == [("mailings/mail/announcement_published", announcement.author.email)]
    assert Decision.objects.filter(action="approved", object_id=announcement.pk).count() == 1
    assert refused(announcing.approve, announcement.pk, lead, NOW)


def test_words_that_changed_since_the_lead_read_them_are_not_approved(lead):
    announcement = handed_in()
    announcing.give_back(announcement.pk, lead, "Who pays?", NOW, seen=1)
    author = announcement.author
    accept(author)
    announcing.save(announcement.pk, values(text="Other words."), 1, author, NOW)
    announcing.submit(announcement.pk, author, NOW)
    for step in (announcing.approve, announcing.let_through):
        assert "changed" in refused(step, announcement.pk, lead, NOW, seen=1)
    late = {"publish_at": NOW + HOUR, "now": NOW, "seen": 1}
    assert "changed" in refused(announcing.schedule, announcement.pk, lead, **late)
    words = ("A title", "A text", lead, NOW)
    assert "changed" in refused(announcing.edit_for_author, announcement.pk, *words, seen=1)
    assert announcing.approve(announcement.pk, lead, NOW, seen=2).status == Status.PUBLISHED


def test_returning_needs_a_reason_which_the_author_gets_and_can_write_on(lead):
    announcement = handed_in()
    assert refused(announcing.give_back, announcement.pk, lead, "  ", NOW)
    announcing.give_back(announcement.pk, lead, "Who pays?", NOW)
    announcement.refresh_from_db()
    assert (announcement.status, announcement.reason) == (Status.RETURNED, "Who pays?")
    assert mails() == [("mailings/mail/announcement_returned", announcement.author.email)]
    announcing.save(announcement.pk, values(), 1, announcement.author, NOW)
    accept(announcement.author)
    assert announcing.submit(announcement.pk, announcement.author, NOW).reason == ""


def test_letting_a_partner_through_is_kept_once(lead):
    first, author = handed_in(), None
    author = first.author
    announcing.let_through(first.pk, lead, NOW)
    announcing.let_through(handed_in(author=author).pk, LeadFactory(), NOW)
    assert [row.by for row in TrustedAuthor.objects.filter(user=author)] == [lead]
    assert Decision.objects.filter(action="let through", object_id=author.pk).count() == 1


# The Lead's words


def test_the_words_of_the_lead_are_published_when_the_author_agrees(lead):
    announcement = handed_in()
    announcing.edit_for_author(announcement.pk, "A title", "A text.", lead, NOW, seen=1)
    announcement.refresh_from_db()
    assert announcement.status == Status.EDITED and announcement.title != "A title"
    assert mails() == [("mailings/mail/announcement_edited", announcement.author.email)]
    assert campaigns() == []
    announcing.agree(announcement.pk, announcement.author, NOW + HOUR)
    announcement.refresh_from_db()
    assert (announcement.title, announcement.text) == ("A title", "A text.")
    assert (announcement.status, announcement.decided_by) == (Status.PUBLISHED, lead)
    assert announcement.version == 2
    assert campaigns() == [announcement.pk]


def test_an_author_who_keeps_the_own_words_waits_for_the_lead_again(lead):
    announcement = handed_in()
    before = (announcement.title, announcement.text)
    announcing.edit_for_author(announcement.pk, "A title", "A text.", lead, NOW)
    announcing.disagree(announcement.pk, announcement.author, NOW)
    announcement = Announcement.objects.get(pk=announcement.pk)
    assert (announcement.title, announcement.text) == before
    assert announcement.status == Status.SUBMITTED
    announcing.edit_for_author(announcement.pk, "Another", "A text.", lead, NOW)
    assert announcement.edit.title == "Another"


def test_only_the_author_answers_and_only_an_edit_that_waits(lead):
    announcement = handed_in()
    assert refused(announcing.agree, announcement.pk, announcement.author, NOW)
    own = (announcement.title, announcement.text)
    assert "no word" in refused(announcing.edit_for_author, announcement.pk, *own, lead, NOW)
    announcing.edit_for_author(announcement.pk, "A title", "A text.", lead, NOW)
    for other in (lead, PartnerUserFactory()):
        assert refused(announcing.agree, announcement.pk, other, NOW)
        assert refused(announcing.disagree, announcement.pk, other, NOW)
    assert refused(announcing.approve, announcement.pk, lead, NOW)


# Scheduling


def test_a_scheduled_one_leaves_at_its_moment_and_not_before(lead):
    announcement = handed_in()
    announcing.schedule(announcement.pk, lead, NOW + HOUR, NOW, seen=1)
    assert announcing.publish_due(NOW + HOUR - timedelta(seconds=1)) == 0
    assert campaigns() == []
    assert announcing.publish_due(NOW + HOUR) == 1
    assert announcing.publish_due(NOW + HOUR) == 0
    announcement.refresh_from_db()
    assert (announcement.status, announcement.decided_by) == (Status.PUBLISHED, lead)
    assert campaigns() == [announcement.pk]
    assert mails() == [("mailings/mail/announcement_published", announcement.author.email)]


def test_a_moment_that_is_past_or_far_off_is_refused(lead):
    announcement = handed_in()
    for moment in (NOW, NOW - HOUR, NOW + timedelta(days=400)):
        assert refused(announcing.schedule, announcement.pk, lead, moment, NOW)


def test_what_is_more_than_two_hours_late_is_not_sent_but_stands_before_the_lead(lead):
    pk = scheduled(NOW).pk
    late = NOW + announcing.MAY_BE_LATE + timedelta(seconds=1)
    assert announcing.publish_due(late) == 0
    assert list(announcing.late(late)) == [Announcement.objects.get(pk=pk)]
    assert not announcing.late(late - timedelta(seconds=1))
    announcing.schedule(pk, lead, late + HOUR, late)
    assert not announcing.late(late)
    assert announcing.publish_due(late + HOUR) == 1


def test_a_late_one_can_be_sent_by_hand_or_returned(lead):
    first, second = scheduled(NOW), scheduled(NOW)
    late = NOW + 3 * HOUR
    assert refused(announcing.publish, first.pk, None, late)
    announcing.publish(first.pk, lead, late)
    announcing.give_back(second.pk, lead, "The day is past.", late)
    assert campaigns() == [first.pk]
    second.refresh_from_db()
    assert (second.status, second.publish_at) == (Status.RETURNED, None)


@pytest.mark.parametrize("status", [one for one in Status if one != Status.SCHEDULED])
def test_only_what_is_scheduled_is_published_by_itself(status, lead):
    announcement = AnnouncementFactory(status=status, publish_at=NOW)
    assert refused(announcing.publish, announcement.pk, lead, NOW)
    assert announcing.publish_due(NOW) == 0
    assert campaigns() == []


def test_workers_look_every_minute_for_what_is_due(settings):
    pk = scheduled(NOW).pk
    beat = settings.CELERY_BEAT_SCHEDULE["publish announcements"]
    assert beat["task"] == tasks.publish_announcements.name and beat["schedule"] == 60
    tasks.publish_announcements()
    assert campaigns() == [pk]


# Taking it back


def test_the_author_and_the_lead_withdraw_what_is_published_or_scheduled(lead):
    first, second = AnnouncementFactory(), scheduled()
    announcing.withdraw(first.pk, first.author, "", NOW)
    assert mails() == []
    assert refused(announcing.withdraw, second.pk, lead, "", NOW)
    announcing.withdraw(second.pk, lead, "Not about waste.", NOW)
    assert mails() == [("mailings/mail/announcement_withdrawn", second.author.email)]
    for one in (first, second):
        one.refresh_from_db()
        assert (one.status, one.withdrawn_at) == (Status.WITHDRAWN, NOW)
    assert announcing.publish_due(NOW + HOUR) == 0
    assert not Announcement.objects.visible_to(PartnerUserFactory())


def test_the_mailing_of_a_withdrawn_one_is_stopped(lead):
    announcement = handed_in()
    announcing.approve(announcement.pk, lead, NOW)
    announcing.withdraw(announcement.pk, announcement.author, "", NOW)
    assert announcement.campaign.status == Campaign.Status.STOPPED


def test_nobody_else_withdraws_and_not_from_another_state():
    announcement = AnnouncementFactory()
    assert refused(announcing.withdraw, announcement.pk, PartnerUserFactory(), "No", NOW)
    for other in (draft(), handed_in()):
        assert refused(announcing.withdraw, other.pk, other.author, "No", NOW)


# Ways


def test_postgresql_refuses_the_ways_that_no_step_goes():
    for status in Status:
        announcement = AnnouncementFactory(status=status, publish_at=NOW)
        for other in Status:
            is_way = other == status or other in Announcement.NEXT.get(status, ())
            try:
                with transaction.atomic():
                    Announcement.objects.filter(pk=announcement.pk).update(status=other)
                    transaction.set_rollback(True)
            except IntegrityError:
                assert not is_way, (status, other)
            else:
                assert is_way, (status, other)


@pytest.mark.django_db(transaction=True)
def test_two_moderators_who_approve_at_once_begin_one_mailing():
    announcement, leads = handed_in(), [LeadFactory(), LeadFactory()]
    ready, said = threading.Barrier(2), []

    def approve(lead):
        try:
            ready.wait(10)
            announcing.approve(announcement.pk, lead, NOW, seen=1)
            said.append("approved")
        except Refused:
            said.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=approve, args=[lead]) for lead in leads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(said) == ["approved", "refused"]
    assert campaigns() == [announcement.pk]
    assert Decision.objects.filter(action="approved").count() == 1


# What surrounds the writing


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("Two\u00a0plants\u200b", "Two plants"),
        ("•\tLamps\r\n•\tBatteries\r\n", "- Lamps\n- Batteries"),
        ("•\tLamps\n\t◦\tOf cities", "- Lamps\n  - Of cities"),
        ("• Lamps\no\tOf cities\no\tOf farms", "- Lamps\n  - Of cities\n  - Of farms"),
        ("o clock is a word", "o clock is a word"),
        ("One line\x0bAnother\u2028A third", "One line\nAnother\nA third"),
        ("End  \n\n\n\nNew", "End\n\nNew"),
        ("- Kept\n1. Kept", "- Kept\n1. Kept"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_pasted_text_becomes_markdown(typed, expected):
    assert pasted.cleaned(typed) == expected
    assert pasted.cleaned(expected) == expected


def test_open_announcements_with_nearly_the_same_title_are_pointed_out():
    title = "Training on mercury waste in Nairobi"
    same = AnnouncementFactory(title="Training in Nairobi on mercury wastes")
    AnnouncementFactory(title="A fund for cities")
    past = AnnouncementFactory(title=title, topic=topic_called("events"), begins_on="2026-01-05")
    hidden = AnnouncementFactory(title=title, audience="core")
    draft(title=title)
    partner = PartnerUserFactory()
    own = draft(title=title, author=partner)
    assert duplicates.near(own, partner, NOW.date()) == [same]
    assert past not in duplicates.near(hidden, partner, NOW.date())


def test_who_would_get_it_by_number_and_by_region():
    announcement = draft()
    announcement.countries.set(["KE"])
    for number, (country, frequency) in enumerate(
        [("JP", "at_once"), ("KE", "at_once"), ("KE", "daily"), ("PE", "never"), ("PE", "weekly")]
    ):
        reader = SubscriptionFactory(frequency=frequency).user
        house = OrganisationFactory(country_id=country)
        MembershipFactory(user=reader, organisation=house)
        if number == 4:
            PreferencesFactory(user=reader, regions=["america"])
    SubscriptionFactory()
    SubscriptionFactory(user=UserFactory())  # no partner: not of the audience
    SubscriptionFactory(topic=topic_called("events"))
    found = readership.of(announcement, NOW)
    assert (found.at_once, found.in_digest) == (3, 1)
    assert found.regions == [("East Asia", 1), ("Africa", 2), ("Region not known", 1)]


def test_a_readers_region_is_that_of_the_listed_profile_before_that_of_the_organisation():
    announcement = draft()
    for status in ("listed", "withdrawn"):
        reader = SubscriptionFactory().user
        house = OrganisationFactory(country_id="KE")
        MembershipFactory(user=reader, organisation=house)
        ExpertFactory(user=reader, status=status, country_id="PE")
    SubscriptionFactory()
    found = readership.of(announcement, NOW)
    assert found.regions == [
        ("Africa", 1),
        ("America", 1),
        ("Region not known", 1),
    ]
