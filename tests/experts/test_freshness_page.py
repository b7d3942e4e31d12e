"""The Lead's freshness page, the list behind each number, the dry run, and the policy."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from dateutil.relativedelta import relativedelta
from django.contrib.contenttypes.models import ContentType
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from experts import freshness, reminders, statistics
from experts.admin.freshness import Curve
from experts.models import Confirmation, Edit, Expert, Policy, Round
from mailings import suppression
from mailings.models import OutgoingMail, Reminder, Suppression
from partners import decisions
from partners.models import Decision
from tests.factories import NOW, TODAY, ExpertFactory, UserFactory

pytestmark = pytest.mark.django_db
DAY, TINY = timedelta(days=1), timedelta(microseconds=1)
YEAR = NOW - relativedelta(months=12)
PAGE, DRY_RUN = "admin:experts_expert_freshness", "admin:experts_expert_reminders_today"


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def reminded(expert, step, at, state="sent"):
    reminder = Reminder.objects.create(
        topic="profile",
        object_id=expert.pk,
        cycle=expert.confirmed_at or expert.created_at,
        step=step,
        at=at,
    )
    OutgoingMail.objects.create(
        kind="reminder", state=state, to=expert.email, reminder=reminder, finished_at=at
    )
    return reminder


def confirmed(expert, at, reminder=None, outside=None):
    Confirmation.objects.create(
        expert=expert, at=at, channel="mail", reminder=reminder, outside_requests=outside
    )
    if expert.confirmed_at is None or expert.confirmed_at < at:
        Expert.objects.filter(pk=expert.pk).update(confirmed_at=at)
        expert.confirmed_at = at


def number_of_list(client, url) -> int:
    answer = client.get(url)
    assert answer.status_code == 200, url
    return answer.context["cl"].result_count


def a_list_of_all_sorts():
    """One in each group, and two fresh."""
    off = NOW - 9 * DAY
    made = [
        ExpertFactory(),
        ExpertFactory(),
        ExpertFactory(confirmed_at=YEAR),
        *[ExpertFactory(confirmed_at=YEAR - 30 * DAY) for _each in range(3)],
        ExpertFactory(confirmed_at=YEAR - 60 * DAY),
        ExpertFactory(confirmed_at=YEAR - DAY),
        ExpertFactory(confirmed_at=YEAR - DAY, reminders_off_at=off),
        ExpertFactory(confirmed_at=YEAR - DAY, paused_until=TODAY + DAY),
        ExpertFactory(confirmed_at=None, country_id="KE"),
    ]
    for expert, days in zip(made[3:7], ([1], [15, 1], [29, 15, 1], [59, 45, 31]), strict=True):
        for step, ago in enumerate(days):
            reminded(expert, step, NOW - ago * DAY)
    bounced = suppression.hash_of(made[7].email)
    suppression.suppress(bounced, "", Suppression.Reason.BOUNCED, NOW)
    ExpertFactory(status=Expert.Status.UNLISTED, confirmed_at=YEAR)
    return made


# The page


def test_every_number_of_the_groups_opens_its_list(client, lead):
    made = a_list_of_all_sorts()

    page = client.get(reverse(PAGE))

    groups = page.context["groups"]
    assert {group.value: number for group, number, _url in groups} == {
        "fresh": 2,
        "due": 1,
        "once": 1,
        "twice": 1,
        "three": 1,
        "unconfirmed": 1,
        "bounced": 1,
        "off": 1,
        "paused": 1,
        "new": 1,
    }
    assert page.context["total"] == len(made)
    for _group, number, url in groups:
        assert number_of_list(client, url) == number
        assert f'href="{url}"' in page.text
    assert page.context["fresh"] == number_of_list(client, page.context["fresh_url"]) == 2


def test_the_list_of_a_group_shows_due_date_and_last_reminder_and_takes_other_filters(client, lead):
    a_list_of_all_sorts()
    reminded_once = freshness.parted(NOW).get(group="once")
    url = reverse("admin:experts_expert_changelist")

    once = client.get(url, {"group": "once"})
    assert [expert.pk for expert in once.context["cl"].result_list] == [reminded_once.pk]
    assert "25 October 2026" in once.text  # due, a year after the confirmation
    assert "23 November 2026" in once.text  # the last reminder
    for order in range(1, 10):
        assert client.get(url, {"group": "once", "o": str(order)}).status_code == 200

    assert number_of_list(client, f"{url}?group=new&region=africa") == 1
    assert number_of_list(client, f"{url}?group=new&region=europe") == 0
    assert number_of_list(client, f"{url}?group=fresh&status__exact=unlisted") == 0
    assert number_of_list(client, f"{url}?group=once&q={reminded_once.email}") == 1
    assert "Last reminder" not in client.get(url).text
    export = client.get(reverse("admin:experts_importrun_export"), {"group": "fresh"})
    assert export.context["number"] == 2


def test_answers_are_counted_by_step_and_open_their_lists(client, lead):
    since = YEAR + DAY
    first, second, third, notice, again, unasked, old = (ExpertFactory() for _each in range(7))
    for step, expert in enumerate((first, second, third)):
        confirmed(expert, since, reminded(expert, step, since - DAY), outside=step)
    confirmed(notice, since, reminded(notice, Reminder.NOTICE, since - DAY))
    confirmed(again, since, reminded(again, None, since - DAY))
    confirmed(unasked, since, outside=4)
    confirmed(unasked, since + DAY)  # twice in the cycle: one expert
    confirmed(old, YEAR, outside=9)
    reminded(old, 0, since, state="failed")
    reminded(unasked, 0, since)

    page = client.get(reverse(PAGE))

    rows = [(row["name"], row["told"], row["said"]) for row in page.context["answers"]]
    assert rows == [
        ("By themselves, without a reminder", None, 1),
        ("After reminder 1", 1, 1),
        ("After reminder 2", 0, 1),
        ("After reminder 3", 0, 1),
        ("After the notice before unlisting", 0, 1),
        ("After the Lead wrote again", None, 1),
    ]
    for row in page.context["answers"]:
        assert number_of_list(client, row["url"]) == row["said"]
    assert page.context["outside"] == {"number": 7, "experts": 4}
    assert number_of_list(client, page.context["outside_url"]) == 4


def test_a_round_begins_the_cycle_of_the_answers(client, lead):
    early, late = ExpertFactory(), ExpertFactory()
    confirmed(early, NOW - 40 * DAY)
    confirmed(late, NOW - 10 * DAY)
    decisions.record(lead, "unlisted", early, NOW - 35 * DAY)
    decisions.record(lead, "wrote again", early, NOW - 5 * DAY)
    decisions.record(None, "unlisted for silence", early, NOW - 5 * DAY)
    decisions.record(lead, "approved", UserFactory(), NOW - 5 * DAY)  # not about the list

    whole_year = client.get(reverse(PAGE))
    Round.objects.create(
        opened_at=NOW - 30 * DAY, opened_by=lead, deadline=TODAY + timedelta(days=12)
    )
    page = client.get(reverse(PAGE))

    assert [whole_year.context["answers"][0]["said"], whole_year.context["actions"]] == [2, 2]
    assert [page.context["answers"][0]["said"], page.context["actions"]] == [1, 1]
    assert "by hand it was 40" in page.text
    assert number_of_list(client, page.context["answers"][0]["url"]) == 1
    assert "open since 25 October 2026; its deadline is 6 December 2026" in page.text


@pytest.mark.parametrize(
    ("ages", "words"),
    [
        ([], "none yet"),
        ([1], "1 day"),
        ([1, 59, 400], "59 days"),
        ([1, 5, 99, 400], "99 days"),
        ([61], "2 months"),
        ([800], "26 months"),
    ],
)
def test_the_median_age_stands_in_words(client, lead, ages, words):
    for days in ages:
        ExpertFactory(confirmed_at=NOW - days * DAY)
    ExpertFactory(confirmed_at=None)

    page = client.get(reverse(PAGE))

    expected = {"99 days": "3 months"}.get(words, words)
    assert f"<dt>median age of the confirmations</dt><dd>{expected}</dd>" in page.text


def test_an_empty_list_has_a_page(client, lead):
    page = client.get(reverse(PAGE))

    assert page.status_code == 200
    assert page.context["total"] == 0
    assert "0 of 0" in page.text


def listed_in_bulk(number):
    Expert.objects.bulk_create(
        Expert(
            name=f"Expert {place:03} (example)",
            status=Expert.Status.LISTED,
            country_id="JP",
            email=f"many{place}@example.org",
            approved_at=NOW - 900 * DAY,
            created_at=NOW - 900 * DAY,
            confirmed_at=NOW - (place * 11 % 700) * DAY,
        )
        for place in range(number)
    )
    for expert in Expert.objects.filter(email__startswith="many").order_by("pk"):
        reminded(expert, 0, NOW - 20 * DAY)
        confirmed(expert, expert.confirmed_at)


def test_forty_and_four_hundred_experts_take_the_same_queries(
    client, lead, django_assert_max_num_queries
):
    urls = [
        reverse(PAGE),
        reverse("admin:experts_expert_changelist") + "?group=once",
        reverse(DRY_RUN),
    ]
    taken = []
    for number in (40, 400):
        Reminder.objects.all().delete()
        Expert.objects.all().delete()
        listed_in_bulk(number)
        for url in urls:
            client.get(url)
            with django_assert_max_num_queries(40) as queries:
                assert client.get(url).status_code == 200
            taken.append(len(queries))

    assert taken[:3] == taken[3:]


def test_the_page_is_linked_from_the_queue_the_list_and_the_policy(client, lead):
    for name, *key in (
        ("admin:index",),
        ("admin:experts_expert_changelist",),
        ("admin:experts_policy_change", 1),
    ):
        assert f'href="{reverse(PAGE)}"' in client.get(reverse(name, args=key)).text


# The curve


def test_the_moments_are_the_ends_of_months_and_now():
    found = statistics.months_back(datetime(2026, 3, 31, 12, tzinfo=UTC), 3)

    assert found == [
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 2, 1, tzinfo=UTC),
        datetime(2026, 3, 1, tzinfo=UTC),
        datetime(2026, 3, 31, 12, tzinfo=UTC),
    ]
    first = datetime(2026, 3, 1, tzinfo=UTC)
    assert statistics.months_back(first, 2)[-1] == first


def test_a_confirmation_counts_for_twelve_months_from_its_moment_on():
    at = datetime(2025, 6, 1, tzinfo=UTC)
    expert = ExpertFactory(confirmed_at=None, approved_at=NOW - 900 * DAY)
    confirmed(expert, at)
    ExpertFactory(confirmed_at=at, approved_at=NOW - 900 * DAY)  # no row of its own
    year = relativedelta(months=12)
    moments = [at - TINY, at, at + year - TINY, at + year]

    assert [fresh for _at, fresh, _listed in statistics.fresh_over_time(moments)] == [0, 2, 2, 0]


def test_the_last_value_of_the_curve_is_the_number_of_today(client, lead):
    a_list_of_all_sorts()

    page = client.get(reverse(PAGE))

    today = statistics.figures(NOW)
    assert page.context["curve"].reached == (today["confirmed"], today["total"])
    assert page.context["curve"].rows[0] == ("24 November 2026", 2, 11)
    assert page.context["curve"].rows[1][0] == "End of October 2026"
    assert len(page.context["curve"].rows) == 25
    assert page.text.count('<circle class="dot"') == 25
    assert ">2 of 11</text>" in page.text


some_days = st.integers(0, 1100)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    people=st.lists(
        st.tuples(some_days, st.lists(some_days, max_size=4, unique=True), st.booleans()),
        max_size=5,
    )
)
def test_the_curve_is_what_counting_by_hand_gives(db, people):
    Expert.objects.all().delete()
    facts = []
    for place, (since, days, has_rows) in enumerate(people):
        expert = Expert.objects.create(
            name=f"Expert {place}",
            status=Expert.Status.LISTED,
            country_id="JP",
            approved_at=NOW - since * DAY,
        )
        at = sorted(NOW - ago * DAY for ago in days)
        if has_rows:
            for one in at:
                confirmed(expert, one)
        elif at:
            at = at[-1:]
            Expert.objects.filter(pk=expert.pk).update(confirmed_at=at[-1])
        facts.append((expert.approved_at, at))
    moments = statistics.months_back(NOW, 24)

    found = statistics.fresh_over_time(moments)

    assert found == [
        (
            moment,
            sum(
                listed <= moment
                and any(moment - relativedelta(months=12) < one <= moment for one in at)
                for listed, at in facts
            ),
            sum(listed <= moment for listed, _at in facts),
        )
        for moment in moments
    ]


def test_the_drawing_begins_at_zero_and_spaces_time_truly(lead):
    start = datetime(2026, 1, 1, tzinfo=UTC)
    over_time = [(start, 0, 40), (start + 31 * DAY, 20, 40), (start + 59 * DAY, 40, 40)]
    opened = Round(opened_at=start + 10 * DAY)

    curve = Curve(over_time, [opened])

    assert curve.grid == [
        (0, "220.0"),
        (10, "170.0"),
        (20, "120.0"),
        (30, "70.0"),
        (40, "20.0"),
    ]
    assert curve.path == "M52.0 220.0 L347.3 120.0 L614.0 20.0"
    assert curve.end == ("614.0", "20.0")
    assert curve.rounds[0]["x"] == "147.3"


# The dry run


def tables():
    """All rows that a scan could touch."""
    return [
        list(model.objects.order_by("pk").values())
        for model in (Expert, Reminder, OutgoingMail, Confirmation, Policy, Decision, Edit)
    ]


def rows_of(client, **query):
    """All rows of the dry run, through its pages."""
    found, number = [], 1
    while True:
        page = client.get(reverse(DRY_RUN), query | {"page": number})
        found += page.context["rows"]
        if not page.context["page"].has_next():
            return found
        number += 1


def test_the_dry_run_says_what_the_scan_then_does_and_writes_nothing(client, lead):
    a_list_of_all_sorts()
    ExpertFactory(confirmed_at=NOW - relativedelta(months=36))
    gone = ExpertFactory(confirmed_at=NOW - relativedelta(months=37), approved_at=NOW - 1200 * DAY)
    Reminder.objects.create(
        topic="profile",
        object_id=gone.pk,
        cycle=gone.confirmed_at,
        step=Reminder.NOTICE,
        at=NOW - 31 * DAY,
    )
    OutgoingMail.objects.create(
        kind="moderation",
        state="sent",
        reminder=Reminder.objects.get(object_id=gone.pk),
        finished_at=NOW - 31 * DAY,
    )
    listed_in_bulk(120)
    before = tables()

    page = client.get(reverse(DRY_RUN))
    rows = rows_of(client)

    assert tables() == before
    written = [row for row in rows if row.planned.verdict == "write"]
    assert rows[: len(written)] == written  # they come first
    assert len(rows) == page.context["number"] == sum(n for *_words, n in page.context["counts"])
    leaving = [expert.pk for expert in page.context["leaving"]]
    known = set(Reminder.objects.values_list("pk", flat=True))
    done = reminders.scan(NOW)
    new = Reminder.objects.exclude(pk__in=known)
    assert sorted(new.values_list("object_id", "step")) == sorted(
        (row.planned.object_id, row.planned.step) for row in written
    )
    assert done["reminders"] + done["notices"] == len(written) > 50
    unlisted = Expert.objects.filter(unlisted_for=Expert.UnlistedFor.SILENCE)
    assert list(unlisted.values_list("pk", flat=True)) == leaving == [gone.pk]


def test_the_dry_run_says_why_not_and_what_comes_next(client, lead):
    made = a_list_of_all_sorts()

    page = client.get(reverse(DRY_RUN))

    found = {
        row.expert.pk: (row.planned.verdict.value, row.mail, row.next)
        for row in page.context["rows"]
    }
    assert found == {
        made[2].pk: ("write", "Reminder 1 of 3", "8 December 2026"),
        made[3].pk: ("soon", "Reminder 3 of 3", "7 December 2026"),
        made[4].pk: ("soon", "Reminder 3 of 3", "7 December 2026"),
        made[5].pk: ("done", "Reminder 3 of 3", "in your queue from 7 December 2026"),
        made[6].pk: ("done", "Reminder 3 of 3", "in your queue from 7 November 2026"),
        made[7].pk: ("bounced", "Reminder 1 of 3", "stands in your queue"),
        made[8].pk: ("off", "Reminder 1 of 3", "stands in your queue"),
        made[9].pk: ("paused", "Reminder 1 of 3", "again when the pause ends, 25 November 2026"),
    }
    assert "Switched reminders off" in page.text
    only = client.get(reverse(DRY_RUN), {"verdict": "off"})
    assert [row.expert.pk for row in only.context["rows"]] == [made[8].pk]
    assert len(client.get(reverse(DRY_RUN), {"verdict": "magic"}).context["rows"]) == 8


def test_the_dry_run_names_the_first_reminder_before_its_day(client, lead):
    Policy(pk=1, reminder_days=[7, 21, 35]).save()
    ExpertFactory(confirmed_at=YEAR - DAY)

    row = client.get(reverse(DRY_RUN)).context["rows"][0]

    assert (row.planned.verdict, row.mail, row.next) == (
        "later",
        "Reminder 1 of 3",
        "30 November 2026",
    )


def test_the_dry_run_looks_ahead_to_a_day(client, lead):
    expert = ExpertFactory(confirmed_at=YEAR + 10 * DAY)

    assert client.get(reverse(DRY_RUN)).context["rows"] == []
    assert client.get(reverse(DRY_RUN), {"on": "2026-12-03"}).context["rows"] == []
    there = client.get(reverse(DRY_RUN), {"on": "2026-12-04"})
    assert [row.expert.pk for row in there.context["rows"]] == [expert.pk]
    assert "Friday, 4 December 2026" in there.text


@pytest.mark.parametrize(
    ("on", "said"),
    [
        ("soon", "Give a day as in 2026-11-24."),
        ("2026-02-30", "Give a day as in 2026-11-24."),
        ("2026-11-23", "Choose a day from 24 November 2026 to 23 January 2027."),
        ("2027-01-24", "Choose a day from 24 November 2026 to 23 January 2027."),
        ("99999-01-01", "Give a day as in 2026-11-24."),
    ],
)
def test_a_day_that_cannot_be_looked_at_is_refused_in_words(client, lead, on, said):
    page = client.get(reverse(DRY_RUN), {"on": on})

    assert page.status_code == 200
    assert page.text.count(said) == 2  # on top and at the field
    assert "rows" not in page.context


# The policy

GOOD = {
    "fresh_months": 12,
    "due_days": 42,
    "reminder_days": "0, 14, 28",
    "reminders_a_year": 3,
    "days_between": 14,
    "spread_minutes": 480,
    "stale_months": 24,
    "lapsed_months": 36,
    "notice_days": 30,
    "never_months": 12,
    "first_round_ended_on": "",
    "leave_months": 6,
}


def save(client, **changes):
    return client.post(
        reverse("admin:experts_policy_change", args=[1]), GOOD | changes, follow=True
    )


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("reminder_days", "", "This field is required."),
        ("reminder_days", "0, 5, 10, 15, 20, 25, 30", "Give one to six days."),
        ("reminder_days", "0, 28, 14", "Give the days in order, each larger than the one before."),
        ("reminder_days", "0, 0, 14", "Give the days in order, each larger than the one before."),
        ("reminder_days", "0, 14, 42", "The last reminder has to come before the time"),
        ("reminder_days", "-1, 14", "Ensure this value is greater than or equal to 0."),
        ("reminder_days", "0; 14", "Enter a whole number."),
        ("reminders_a_year", 0, "Give at least 1: with 0 nobody would be reminded."),
        ("stale_months", 12, "This has to be longer than “fresh for”."),
        ("lapsed_months", 24, "This has to be longer than “stale until”."),
        ("due_days", 400, "The time of the reminders has to end before “stale until”."),
        ("notice_days", 700, "The notice has to come after the time of the reminders."),
        ("notice_days", 0, "Ensure this value is greater than or equal to 1."),
        ("spread_minutes", 1441, "Ensure this value is less than or equal to 1440."),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused_at_its_field(client, lead, field, value, said):
    page = save(client, **{field: value})

    errors = page.context["adminform"].form.errors
    assert set(errors) == {field}
    assert said in " ".join(errors[field])
    assert Policy.objects.count() == 0


def test_a_saved_policy_says_when_it_applies_and_stands_in_the_log(client, lead):
    page = save(client, reminder_days="0, 7, 14", due_days=35)

    assert Policy.current().reminder_days == [0, 7, 14]
    assert f'Changes apply to the next scan. <a href="{reverse(DRY_RUN)}">' in page.text
    assert "less than 14 days apart" in page.text
    decision = Decision.objects.get(content_type=ContentType.objects.get_for_model(Policy))
    assert decision.action == "changed policy"
    assert "due_days: 35" in decision.reason


def test_more_steps_than_a_year_allows_are_saved_with_a_warning(client, lead):
    page = save(client, reminder_days="0, 14, 28, 41")

    assert Policy.current().reminder_days == [0, 14, 28, 41]
    assert "There are 4 reminders, but nobody gets more than 3 in 12 months" in page.text
