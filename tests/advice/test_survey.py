"""The survey of 2014, run again: opened, asked about by mail, answered, counted, forgotten."""

from datetime import date, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse

from advice import survey_reminders, survey_results, survey_waiting, surveying
from advice.forms.survey import SurveyForm
from advice.models import Survey, SurveyAnswer, SurveyLink
from experts import listing
from experts.models import Expert
from mailings import delivery, topics
from mailings.models import OutgoingMail, Reminder, StopLink
from partners.models import Decision
from partners.refusals import Refused
from tests.factories import NOW, TODAY, ExpertFactory, LeadFactory, UserFactory
from wmaportal import housekeeping, reminding

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
SAID = {
    "received": 2,
    "countries": ["VN"],
    "about": "Lamps",
    "answered": SurveyAnswer.Answered.ALL,
    "result": "A plan was written.",
    "why_not": "",
    "stays": True,
}
NOT_ASKED = {
    **SAID,
    "received": 0,
    "countries": [],
    "about": "",
    "answered": "",
    "result": "",
    "why_not": SurveyAnswer.WhyNot.NO_NEED,
}


@pytest.fixture
def survey() -> Survey:
    return surveying.open("Survey of 2026", TODAY + 28 * DAY, LeadFactory(), NOW)


def _scan(now) -> int:
    return survey_reminders.scan(now)["surveys"]


def _deliver(now):
    """What is due leaves at that moment."""
    OutgoingMail.objects.filter(state="queued").update(next_try=now)
    with time_machine.travel(now, tick=False):
        delivery.deliver()


def _link(expert: Expert) -> str:
    """The address in the newest mail to this expert."""
    return reverse(
        "survey_by_link", args=[SurveyLink.objects.filter(expert=expert).latest("pk").token]
    )


def _asked(survey) -> Expert:
    """An expert without a sign-in who got the mail."""
    expert = ExpertFactory()
    _scan(NOW)
    _deliver(NOW)
    return expert


# That of 2014


def test_the_survey_of_2014_is_there_from_the_beginning():
    [held] = survey_results.held(LeadFactory(), NOW)

    assert (held.asked, held.of) == (5, 40)
    assert (held.survey.opened_at.year, held.survey.was_held_before) == (2014, True)
    assert held.survey.source_text == "Survey among resource persons, 2014"
    assert not held.survey.is_open(NOW)


def test_the_database_refuses_more_asked_than_listed_and_two_open_ones(survey):
    for values in ({"asked_then": 3}, {"asked_then": 3, "listed_then": 2}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Survey.objects.create(title="x", closes_on=TODAY, closed_at=NOW, **values)
    with pytest.raises(IntegrityError), transaction.atomic():
        Survey.objects.create(title="x", closes_on=TODAY)


# Open and close


@pytest.mark.parametrize("days", [-1, 0, 6, 91])
def test_a_survey_lasts_7_to_90_days(days):
    with pytest.raises(Refused, match="Choose a day from"):
        surveying.open("x", TODAY + days * DAY, LeadFactory(), NOW)


@pytest.mark.parametrize("days", [7, 90])
def test_a_survey_knows_how_many_were_on_the_list_and_the_log_knows_who_opened_it(days):
    ExpertFactory()
    ExpertFactory(status="unlisted")
    lead = LeadFactory()

    survey = surveying.open("Survey of 2026", TODAY + days * DAY, lead, NOW)

    assert survey.listed_then == 1
    assert Decision.objects.get(action="opened a survey").actor == lead


def test_one_survey_is_open_at_a_time(survey):
    with pytest.raises(Refused, match="open already"):
        surveying.open("Another", TODAY + 10 * DAY, LeadFactory(), NOW)

    after = NOW + 29 * DAY
    surveying.open("Another", after.date() + 10 * DAY, LeadFactory(), after)

    assert surveying.current(after).title == "Another"
    survey.refresh_from_db()
    assert survey.closed_on == survey.closes_on


def test_the_last_day_counts_and_the_portal_closes_it_after_that(survey):
    last = NOW + 28 * DAY
    assert surveying.current(last) == survey
    assert housekeeping.keep_house(last)["surveys closed"] == 0

    assert surveying.current(last + DAY) is None
    assert housekeeping.keep_house(last + DAY)["surveys closed"] == 1
    assert housekeeping.keep_house(last + DAY)["surveys closed"] == 0


def test_closing_early_ends_answers_and_mails(survey):
    expert = ExpertFactory()
    _scan(NOW)
    later = NOW + timedelta(hours=1)

    surveying.close(survey.pk, LeadFactory(), later)

    assert _scan(NOW + 7 * DAY) == 0
    _deliver(later)
    assert OutgoingMail.objects.get().state == "skipped"
    with pytest.raises(Refused):
        surveying.answer(survey.pk, expert.pk, SAID, later)
    with pytest.raises(Refused):
        surveying.close(survey.pk, LeadFactory(), later)


# Mails


def test_each_expert_on_the_list_is_written_to_three_times_and_never_twice(survey):
    ExpertFactory()
    ExpertFactory(claimed=True)
    ExpertFactory(status="unlisted")
    counts = {}
    for day in range(28):
        now = NOW + day * DAY
        counts[day] = _scan(now)
        assert _scan(now) == 0
        _deliver(now)

    assert {day: n for day, n in counts.items() if n} == {0: 2, 7: 2, 14: 2}
    assert OutgoingMail.objects.filter(state="sent").count() == 6


def test_the_daily_scan_of_all_apps_asks_the_survey(survey):
    ExpertFactory()

    assert reminding.scan(NOW)["surveys"] == 1


def test_without_an_open_survey_nobody_is_written_to():
    ExpertFactory()

    assert _scan(NOW) == 0


@pytest.mark.parametrize(
    "values",
    [
        {"status": "withdrawn"},
        {"status": "unlisted"},
        {"paused_until": TODAY + DAY},
        {"reminders_off_at": NOW},
        {"email": ""},
    ],
)
def test_who_left_paused_or_switched_off_is_not_written_to(survey, values):
    ExpertFactory(**values)

    assert _scan(NOW) == 0
    assert not Reminder.objects.exists()


@pytest.mark.parametrize(
    "values",
    [
        {"status": "withdrawn"},
        {"paused_until": TODAY + DAY},
        {"reminders_off_at": NOW},
        {"email": ""},
    ],
)
def test_a_mail_that_waits_stops_when_its_reason_goes(survey, values):
    expert = ExpertFactory()
    _scan(NOW)
    Expert.objects.filter(pk=expert.pk).update(**values)

    _deliver(NOW)

    assert OutgoingMail.objects.get().state == "skipped"


def test_an_answer_ends_the_mails_those_that_wait_as_well(survey):
    expert = ExpertFactory()
    _scan(NOW)
    surveying.answer(survey.pk, expert.pk, SAID, NOW)

    _deliver(NOW)

    assert OutgoingMail.objects.get().state == "skipped"
    assert _scan(NOW + 7 * DAY) == 0


def test_the_link_at_the_foot_of_the_mail_stops_questions_to_the_address(survey, client):
    expert = _asked(survey)
    stop = StopLink.objects.get(topic=survey_reminders.TOPIC)

    client.post(reverse("mail_stop", args=[stop.token]), {"stop": "1"})

    assert topics.get(survey_reminders.TOPIC).is_stopped(expert.pk)
    assert _scan(NOW + 7 * DAY) == 0


def test_the_lead_sees_beforehand_whom_a_survey_would_reach():
    ExpertFactory()
    ExpertFactory(paused_until=TODAY + DAY)

    assert survey_reminders.preview(NOW) == {"write": 1, "paused": 1}
    assert not Reminder.objects.exists()


@pytest.mark.parametrize("code", ["en", "fr", "es"])
def test_the_mail_and_its_page_are_in_the_experts_language(survey, client, code):
    expert = ExpertFactory(mail_language=code)
    _scan(NOW)
    _deliver(NOW)

    with time_machine.travel(NOW + DAY, tick=False):
        answer = client.get(_link(expert))

    assert OutgoingMail.objects.get().language == code
    assert answer.headers["Content-Language"] == code


# Answer


def test_an_answer_can_be_changed_until_the_survey_closes(survey):
    expert = ExpertFactory()
    surveying.answer(survey.pk, expert.pk, SAID, NOW)

    surveying.answer(survey.pk, expert.pk, NOT_ASKED, NOW + DAY)

    row = SurveyAnswer.objects.get()
    assert (row.received, row.why_not, row.at) == (0, "no_need", NOW + DAY)
    with pytest.raises(Refused, match="closed"):
        surveying.answer(survey.pk, expert.pk, SAID, NOW + 29 * DAY)


def test_who_is_not_on_the_list_does_not_answer(survey):
    with pytest.raises(Refused, match="not on the list"):
        surveying.answer(survey.pk, ExpertFactory(status="unlisted").pk, SAID, NOW)


def _form(**typed) -> SurveyForm:
    form = SurveyForm({"received": "0", "stays": "yes", **typed}, answer=None)
    form.is_valid()
    return form


def test_no_request_is_an_answer_of_two_fields():
    form = _form()

    assert form.errors == {}
    assert form.cleaned_data | {"why_not": "no_need"} == NOT_ASKED


def test_the_form_takes_countries_by_name():
    form = _form(received="2", countries="Viet Nam, kenya", answered="some")

    assert form.cleaned_data["countries"] == ["VN", "KE"]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"received": ""}, "received"),
        ({"received": "-1"}, "received"),
        ({"received": "501"}, "received"),
        ({"stays": ""}, "stays"),
        ({"received": "1", "answered": ""}, "answered"),
        ({"received": "1", "answered": "all", "why_not": "no_need"}, "why_not"),
        ({"about": "Lamps"}, "about"),
        ({"countries": "Kenya"}, "countries"),
        ({"received": "1", "answered": "all", "countries": "Atlantis"}, "countries"),
        ({"answered": "maybe"}, "answered"),
    ],
)
def test_what_does_not_fit_is_said_beside_its_field(typed, field):
    assert list(_form(**typed).errors) == [field]


def test_what_the_form_takes_the_database_takes(survey):
    for typed in ({}, {"received": "3", "answered": "none", "countries": "Kenya"}):
        expert = ExpertFactory()
        row = surveying.answer(survey.pk, expert.pk, _form(**typed).cleaned_data, NOW)
        try:
            row.full_clean()
        except ValidationError as error:  # pragma: no cover
            pytest.fail(str(error))


# By link


POST = {"received": "1", "answered": "all", "stays": "no"}


def test_reading_the_page_of_the_mail_changes_nothing_and_the_button_answers(survey, client):
    expert = _asked(survey)
    with time_machine.travel(NOW + DAY, tick=False):
        for ask in (client.get, client.head, client.options):
            ask(_link(expert))
        assert not SurveyAnswer.objects.exists()
        first = client.get(_link(expert))

        sent = client.post(_link(expert), POST)
        page = client.get(_link(expert)).content.decode()

    assert (first.headers["Referrer-Policy"], first.headers["X-Robots-Tag"]) == (
        "no-referrer",
        "noindex",
    )
    assert (sent.status_code, sent.url) == (302, _link(expert))
    assert SurveyAnswer.objects.get().expert == expert
    assert "Thank you. Your answer is kept." in page


def test_not_to_stay_shows_how_to_leave_and_removes_nothing(survey, client):
    expert = _asked(survey)
    with time_machine.travel(NOW + DAY, tick=False):
        client.post(_link(expert), POST)
        page = client.get(_link(expert)).content.decode()

    assert reverse("expert_remove") in page
    expert.refresh_from_db()
    assert expert.status == Expert.Status.LISTED


def test_a_wrong_form_by_link_keeps_what_was_typed(survey, client):
    expert = _asked(survey)
    with time_machine.travel(NOW + DAY, tick=False):
        page = client.post(_link(expert), {"received": "1", "about": "Lamps & more", "stays": "no"})

    assert 'value="Lamps &amp; more"' in page.content.decode()
    assert not SurveyAnswer.objects.exists()


@pytest.mark.parametrize("what", ["old", "address", "unlisted"])
def test_a_dead_link_offers_a_fresh_one_which_goes_to_the_address_of_today(survey, client, what):
    expert = _asked(survey)
    address = _link(expert)
    if what == "old":
        SurveyLink.objects.update(expires_at=NOW)
    elif what == "address":
        Expert.objects.filter(pk=expert.pk).update(email="new@example.org")
    else:
        Expert.objects.filter(pk=expert.pk).update(status="unlisted")
    with time_machine.travel(NOW + DAY, tick=False):
        dead = client.get(address)
        refused = client.post(address, POST)
        client.post(f"{address}fresh/")
        client.post(f"{address}fresh/")  # at most one in ten minutes
    _deliver(NOW + DAY)

    assert (dead.status_code, refused.status_code) == (410, 410)
    assert not SurveyAnswer.objects.exists()
    sent = OutgoingMail.objects.filter(reminder__step=None, state="sent")
    assert [mail.to for mail in sent] == {
        "old": [expert.email],
        "address": ["new@example.org"],
        "unlisted": [],
    }[what]
    if sent:
        with time_machine.travel(NOW + DAY, tick=False):
            assert client.get(_link(expert)).status_code == 200


def test_the_answer_to_an_unknown_link_is_the_same_as_to_a_known_one(survey, client):
    expert = _asked(survey)
    with time_machine.travel(NOW + DAY, tick=False):
        known = client.post(f"{_link(expert)}fresh/")
        unknown = client.post(reverse("survey_by_link_fresh", args=["nobody"]))

    assert known.content.replace(_link(expert).encode(), b"") == unknown.content.replace(
        reverse("survey_by_link", args=["nobody"]).encode(), b""
    )


def test_a_link_to_a_closed_survey_leads_to_its_results(survey, client):
    expert = _asked(survey)
    with time_machine.travel(NOW + 29 * DAY, tick=False):
        answer = client.get(_link(expert))

    assert answer.status_code == 410
    assert survey.get_absolute_url() in answer.content.decode()


# Signed in


@time_machine.travel(NOW, tick=False)
def test_an_expert_who_is_signed_in_answers_from_my_page(survey, client):
    expert = ExpertFactory(claimed=True)
    client.force_login(expert.user)
    assert reverse("survey_answer") in client.get(reverse("my_page")).content.decode()

    assert client.get(reverse("survey_answer")).status_code == 200
    assert not SurveyAnswer.objects.exists()
    client.post(reverse("survey_answer"), POST)

    assert SurveyAnswer.objects.get().expert == expert
    assert survey_waiting.for_person(expert.user, NOW) == []


def test_the_survey_waits_for_experts_of_the_list_alone(survey):
    unlisted = ExpertFactory(claimed=True, status="unlisted")

    assert survey_waiting.for_person(UserFactory(), NOW) == []
    assert survey_waiting.for_person(unlisted.user, NOW) == []
    assert len(survey_waiting.for_person(ExpertFactory(claimed=True).user, NOW)) == 1


def test_who_is_no_expert_of_the_list_has_no_survey(survey, client):
    client.force_login(UserFactory())

    assert client.get(reverse("survey_answer")).status_code == 404


# Results


def _answers(survey, *said: dict):
    for one in said:
        surveying.answer(survey.pk, ExpertFactory().pk, one, NOW)


def test_results_are_counted_beside_2014(survey):
    leaves = {**NOT_ASKED, "stays": False}
    _answers(survey, SAID, {**SAID, "answered": "none", "received": 5}, NOT_ASKED, leaves)
    lead = LeadFactory(totp=True)

    whole = survey_results.of(survey, is_whole=True)
    held = survey_results.held(lead, NOW + 29 * DAY)

    assert (whole.answers, whole.asked, whole.received, whole.leave.number) == (4, 2, 7, 1)
    assert [(name, cell.number) for name, cell in whole.countries] == [("Viet Nam", 2)]
    assert [cell.number for _name, cell in whole.answered] == [1, 0, 1]
    assert [cell.number for _name, cell in whole.why_not] == [0, 0, 2, 0, 0]
    assert [(one.asked, one.of) for one in held] == [(2, 4), (5, 40)]


def test_everybody_sees_totals_when_it_is_over_and_no_words_of_experts(survey, client):
    _answers(survey, SAID, SAID, NOT_ASKED)
    with time_machine.travel(NOW + DAY, tick=False):
        assert client.get(survey.get_absolute_url()).status_code == 404

    with time_machine.travel(NOW + 29 * DAY, tick=False):
        page = client.get(survey.get_absolute_url()).content.decode()

    assert "2 of 3 experts who answered" in page
    assert "A plan was written." not in page
    assert "fewer than 3" in page
    assert "Viet Nam" not in page, "named by two only"


@time_machine.travel(NOW + DAY, tick=False)
def test_the_lead_sees_results_and_words_at_once(survey, lead, client):
    _answers(survey, SAID)

    page = client.get(survey.get_absolute_url()).content.decode()

    assert "A plan was written." in page
    assert "fewer than 3" not in page


def test_the_number_of_queries_does_not_follow_the_answers(
    survey, lead, client, django_assert_max_num_queries
):
    def count():
        with time_machine.travel(NOW + DAY, tick=False), django_assert_max_num_queries(60) as seen:
            client.get(survey.get_absolute_url())
        return len(seen)

    _answers(survey, SAID)
    count()
    one = count()
    _answers(survey, SAID, NOT_ASKED, SAID)

    assert count() == one


# Erased


def test_the_answer_of_an_erased_profile_goes_with_it(survey):
    expert = _asked(survey)
    other = ExpertFactory()
    surveying.answer(survey.pk, expert.pk, SAID, NOW)
    surveying.answer(survey.pk, other.pk, SAID, NOW)
    listing.remove(expert.pk, None, NOW + DAY)
    before = NOW + DAY + listing.ERASE_AFTER - timedelta(hours=1)
    assert housekeeping.keep_house(before)["answers of erased profiles dropped"] == 0

    after = before + timedelta(hours=2)
    assert housekeeping.keep_house(after)["answers of erased profiles dropped"] == 1

    assert [row.expert for row in SurveyAnswer.objects.all()] == [other]
    assert not SurveyLink.objects.filter(expert=expert).exists()
    assert surveying.forget_erased(after) == 0


# Admin


@time_machine.travel(NOW, tick=False)
def test_the_lead_opens_and_closes_a_survey_in_admin(lead, client):
    ExpertFactory()
    last = TODAY + 28 * DAY

    opened = client.post(
        reverse("admin:advice_survey_add"), {"title": "Survey of 2026", "closes_on": f"{last}"}
    )
    survey = surveying.current(NOW)
    assert opened.url == reverse("admin:advice_survey_change", args=[survey.pk])
    assert survey.closes_on == date(2026, 12, 22)

    client.post(reverse("admin:advice_survey_close", args=[survey.pk]))

    assert surveying.current(NOW) is None


@time_machine.travel(NOW, tick=False)
def test_a_day_that_is_too_near_keeps_the_title_typed(lead, client):
    typed = {"title": "My survey", "closes_on": f"{TODAY}"}
    page = client.post(reverse("admin:advice_survey_add"), typed).content.decode()

    assert "Choose a day from" in page
    assert 'value="My survey"' in page
    assert surveying.current(NOW) is None
