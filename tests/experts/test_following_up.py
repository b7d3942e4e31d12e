"""The exceptions: who stays silent, what the Lead does about them, what contact persons answer."""

from datetime import timedelta

import pytest
import time_machine
from dateutil.relativedelta import relativedelta
from django.urls import reverse

from experts import confirmation, following_up, freshness, listing, reminders
from experts.models import Expert, FollowUp, Round
from mailings import delivery, suppression
from mailings.models import OutgoingMail, Reminder, Suppression
from partners.models import Assignment, Decision
from partners.refusals import Refused
from tests.factories import (
    NOW,
    ExpertFactory,
    OrganisationFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
DUE = NOW - timedelta(days=45)
CONFIRMED = DUE - relativedelta(months=12)
QUEUE = "/admin/?kind=silent"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


def silent_expert(**values) -> Expert:
    """An expert who did not answer three reminders, the last of which left 17 days ago."""
    expert = ExpertFactory(**({"confirmed_at": CONFIRMED} | values))
    for step, days in enumerate((0, 14, 28)):
        at = DUE + timedelta(days=days)
        reminder = Reminder.objects.create(
            topic=reminders.TOPIC, object_id=expert.pk, cycle=expert.confirmed_at, step=step, at=at
        )
        OutgoingMail.objects.create(
            kind=OutgoingMail.Kind.REMINDER,
            state=OutgoingMail.State.SENT,
            to=expert.email,
            template=reminders.TEMPLATE,
            reminder=reminder,
            created_at=at,
            next_try=at,
            finished_at=at,
        )
    return expert


def ask(expert, lead, name="Head of Office", email="office@example.org", now=NOW) -> FollowUp:
    return following_up.ask_contact(expert.pk, name, email, lead, now)


def together(client, step, experts, query="?kind=silent", **data):
    url = reverse("admin:queue_chosen", args=["silent"]) + query
    return client.post(url, {"step": step, "item": [one.pk for one in experts], **data})


def waiting(now=NOW) -> set[int]:
    return set(freshness.silent(now).values_list("pk", flat=True))


def rows_of(response) -> list:
    return [row.item.object.pk for row in response.context["rows"]]


# The whole way


@pytest.fixture
def eight(clock, mailoutbox) -> list[Expert]:
    """Forty are reminded by the scans of seven weeks; 32 confirm, each at another time."""
    experts = [ExpertFactory(confirmed_at=NOW - timedelta(days=366)) for _n in range(40)]
    for day in range(43):
        now = NOW + timedelta(days=day)
        clock.move_to(now)
        reminders.scan(now)
        for expert in experts[:32]:
            if expert.pk % 40 == day:
                confirmation.confirm(expert.pk, now)
        clock.move_to(now + timedelta(hours=9))
        delivery.deliver()
    for expert in experts[:32]:
        confirmation.confirm(expert.pk, NOW + timedelta(days=43))
    clock.move_to(NOW + timedelta(days=60))
    return experts[32:]


def test_if_32_of_40_confirm_the_queue_has_eight_rows(client, eight, lead):
    response = client.get("/admin/")

    assert sorted(rows_of(response)) == [expert.pk for expert in eight]
    assert response.context["need_you"] == 8
    assert response.context["figures"] == {"confirmed": 32, "actions": 0, "by_hand_before": 40}
    facts = response.context["rows"][0].item.facts
    assert [fate for _at, _by_hand, fate in facts["mails"]] == ["delivered"] * 3


@pytest.mark.parametrize("step", ["again", "leave", "unlist"])
def test_eight_are_handled_together_in_one_post(client, eight, lead, step):
    response = together(client, step, eight, reason="Nobody answered.")

    assert response.status_code == 302
    assert rows_of(client.get("/admin/")) == []
    assert client.get("/admin/").context["figures"]["actions"] == 8


def test_eight_contact_persons_are_asked_in_one_post(client, eight, lead, mailoutbox):
    mailoutbox.clear()
    page = together(client, "contact", eight)
    data = {"item": [expert.pk for expert in eight]}
    for expert in eight:
        data |= {
            f"item-{expert.pk}-name": f"Head {expert.pk}",
            f"item-{expert.pk}-email": f"head{expert.pk}@example.org",
        }

    response = client.post(page.url, data)

    assert response.url == QUEUE
    assert rows_of(client.get("/admin/")) == []
    assert sorted(mail.to[0] for mail in mailoutbox) == sorted(
        f"head{expert.pk}@example.org" for expert in eight
    )


# What a row says


def test_a_row_says_why_what_was_sent_and_what_leads_did(client, lead):
    expert = silent_expert(name="Expert 03 (example)")
    asked = ask(expert, lead)
    following_up.answer(asked.token, FollowUp.Answer.ADDRESS, "Write to new@example.org", NOW)

    page = client.get(QUEUE).content.decode()

    for words in (
        "Did not answer the reminders",
        f"{CONFIRMED.day} {CONFIRMED:%B %Y}",
        "delivered",
        "asked Head of Office (office@example.org)",
        "Has another address",
        "Write to new@example.org",
    ):
        assert words in page, words


def test_an_answer_that_came_after_a_new_round_began_is_shown_when_the_row_is_back(client, lead):
    expert = silent_expert()
    asked = ask(expert, lead)
    opened_at = NOW + timedelta(hours=1)
    Round.objects.create(opened_at=opened_at, opened_by=lead, deadline=NOW.date())
    answered_at = NOW + timedelta(hours=2)
    following_up.answer(asked.token, FollowUp.Answer.LEFT, "", answered_at)
    Expert.objects.filter(pk=expert.pk).update(email="")

    with time_machine.travel(answered_at, tick=False):
        (row,) = client.get(QUEUE).context["rows"]

    assert [one.answer for one in row.item.facts["done"]] == ["left"]


def test_mail_that_came_back_is_named(client, lead):
    expert = silent_expert()
    suppression.suppress(
        suppression.hash_of(expert.email), "", Suppression.Reason.BOUNCED, NOW - timedelta(days=3)
    )

    (row,) = client.get(QUEUE).context["rows"]

    assert row.item.facts["why"] == "Mail to the address comes back"
    assert row.item.facts["can_be_written_to"] is False


def test_boxes_are_ticked_so_that_two_clicks_handle_all(client, lead):
    silent_expert()

    assert [row.ticked for row in client.get(QUEUE).context["rows"]] == [True]


def test_five_rows_take_the_queries_of_one(client, lead, django_assert_max_num_queries):
    ask_again = [silent_expert() for _n in range(5)]
    for expert in ask_again[1:]:
        following_up.leave(expert.pk, lead, NOW)
    client.get(QUEUE)
    with django_assert_max_num_queries(60) as one:
        client.get(QUEUE)
    FollowUp.objects.update(until=NOW - timedelta(seconds=1))
    with django_assert_max_num_queries(60) as five:
        assert len(client.get(QUEUE).context["rows"]) == 5

    assert len(five) == len(one)


# Write again


def test_write_again_sends_one_mail_and_waits_as_long_as_between_reminders(lead, mailoutbox):
    expert = silent_expert()

    done = following_up.write_again(expert.pk, lead, NOW)

    assert done.until == NOW + timedelta(days=14)
    assert [mail.to for mail in mailoutbox] == [[expert.email]]
    assert Reminder.objects.get(step=None).by == lead
    assert waiting(NOW + timedelta(days=13)) == set()
    assert waiting(NOW + timedelta(days=15)) == {expert.pk}


def switched_off(expert):
    Expert.objects.filter(pk=expert.pk).update(reminders_off_at=NOW - timedelta(days=50))


def bounced(expert):
    reason = Suppression.Reason.BOUNCED
    suppression.suppress(suppression.hash_of(expert.email), "", reason, NOW)


def complained(expert):
    reason = Suppression.Reason.COMPLAINT
    suppression.suppress(suppression.hash_of(expert.email), reminders.TOPIC, reason, NOW)


def without_address(expert):
    Expert.objects.filter(pk=expert.pk).update(email="")


def written_to_today(expert):
    Reminder.objects.create(
        topic=reminders.TOPIC,
        object_id=expert.pk,
        cycle=CONFIRMED,
        step=None,
        at=NOW - timedelta(hours=23),
    )


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (switched_off, "This expert switched reminders off."),
        (bounced, "Not written to: mail to the address came back."),
        (complained, "Not written to: the person marked our mail as unwanted."),
        (
            without_address,
            "The profile has no e-mail address. Ask the organisation’s contact person.",
        ),
        (written_to_today, "A mail was sent in the last 24 hours. Write again tomorrow."),
    ],
)
def test_write_again_is_refused(lead, mailoutbox, change, why):
    expert = silent_expert()
    change(expert)

    with pytest.raises(Refused, match=why):
        following_up.write_again(expert.pk, lead, NOW)

    assert list(mailoutbox) == []
    assert FollowUp.objects.count() == 0


@pytest.mark.parametrize(
    "step",
    [
        following_up.write_again,
        following_up.leave,
        lambda pk, by, now: following_up.unlist(pk, by, "Silent.", now),
        lambda pk, by, now: following_up.ask_contact(pk, "Head", "head@example.org", by, now),
    ],
)
def test_nothing_is_done_about_who_confirmed_meanwhile_or_was_taken_up(lead, step):
    confirmed, taken = silent_expert(), silent_expert()
    confirmation.confirm(confirmed.pk, NOW)
    following_up.leave(taken.pk, lead, NOW)

    for expert in (confirmed, taken):
        with pytest.raises(Refused, match="This expert needs nothing now"):
            step(expert.pk, lead, NOW)

    assert Expert.objects.listed().count() == 2


# Leave, unlist


def test_leave_for_now_lasts_six_months(lead):
    expert = silent_expert(confirmed_at=CONFIRMED)

    done = following_up.leave(expert.pk, lead, NOW)

    assert done.until == NOW + relativedelta(months=6)
    assert waiting(done.until - timedelta(seconds=1)) == set()
    assert waiting(done.until + timedelta(seconds=1)) == {expert.pk}


def test_unlist_together_needs_a_reason_and_keeps_the_ticks(client, lead):
    first, second, third = silent_expert(), silent_expert(), silent_expert()

    response = together(client, "unlist", [first, third], reason=" ")

    assert response.context["together"].why == ["Give a reason: the other side is told."]
    assert {row.item.object.pk: row.ticked for row in response.context["rows"]} == {
        first.pk: True,
        second.pk: False,
        third.pk: True,
    }
    assert Expert.objects.listed().count() == 3


def test_a_reason_that_is_too_long_is_kept(client, lead):
    response = together(client, "unlist", [silent_expert()], reason="a" * 2001)

    assert response.context["together"].reason == "a" * 2001
    assert "a" * 2001 in response.content.decode()


def test_a_reason_is_kept_when_nothing_is_ticked(client, lead):
    silent_expert()

    response = together(client, "unlist", [], reason="Left the field.")

    assert response.context["together"].why == ["Nothing is ticked. Tick at least one item."]
    assert "Left the field." in response.content.decode()


def test_unlist_tells_each_expert_why(client, lead, mailoutbox):
    experts = [silent_expert(), silent_expert()]

    together(client, "unlist", experts, reason="Nobody answered.")

    assert Expert.objects.listed().count() == 0
    assert ["Nobody answered." in mail.body for mail in mailoutbox] == [True, True]


def test_who_is_refused_stays_ticked_and_the_others_are_done(client, lead):
    fine, off = silent_expert(), silent_expert()
    switched_off(off)

    response = together(client, "again", [fine, off])

    assert rows_of(response) == [off.pk]
    assert [row.ticked for row in response.context["rows"]] == [True]
    assert response.context["together"].why == [
        f"{off}, Japan: This expert switched reminders off."
    ]
    assert [str(said) for said in response.wsgi_request._messages] == ["Done: 1."]


def test_a_step_takes_the_expert_off_the_own_list_of_a_lead(client, lead):
    expert = silent_expert()
    client.post(reverse("admin:queue_assign", args=["silent", expert.pk]), {"lead": lead.pk})
    assert Assignment.objects.count() == 1

    client.post(reverse("admin:queue_decide", args=["silent", expert.pk]), {"step": "leave"})

    assert Assignment.objects.count() == 0
    assert list(Decision.objects.values_list("actor", "action")) == [(lead.pk, "left for now")]


# Ask the contact person: the Lead's side


def fill(client, experts, **fields):
    url = reverse("admin:queue_fill", args=["silent", "contact"])
    data = {"item": [expert.pk for expert in experts]}
    for name, value in fields.items():
        for expert, one in zip(experts, value, strict=True):
            data[f"item-{expert.pk}-{name}"] = one
    return client.post(url, data)


def shown(response) -> list[tuple]:
    return [
        (form["name"].value(), form["email"].value()) for _item, form in response.context["rows"]
    ]


def test_the_contact_person_of_the_organisation_is_filled_in(client, lead):
    contact = UserFactory(name="Head of Office", email="head@example.org")
    expert = silent_expert(organisation=OrganisationFactory(contact=contact))
    without = silent_expert()

    response = together(client, "contact", [expert, without])
    page = client.get(response.url)

    assert shown(page) == [("Head of Office", "head@example.org"), (None, None)]


def test_whom_the_lead_named_last_is_remembered(client, lead):
    organisation = OrganisationFactory(contact=UserFactory())
    first, second = (silent_expert(organisation=organisation) for _n in range(2))
    ask(first, lead, "New Head", "new@example.org")

    page = client.get(
        reverse("admin:queue_fill", args=["silent", "contact"]) + f"?item={second.pk}"
    )

    assert shown(page) == [("New Head", "new@example.org")]


def test_an_expert_is_not_asked_about_the_own_person():
    own = silent_expert(claimed=True)
    own.organisation.contact = own.user
    own.organisation.save()

    assert following_up.contacts([own]) == {}


def test_an_empty_row_is_left_out(client, lead, mailoutbox):
    first, second = silent_expert(), silent_expert()

    response = fill(client, [first, second], name=["Head", ""], email=["head@example.org", " "])

    assert response.status_code == 302
    assert [mail.to for mail in mailoutbox] == [["head@example.org"]]
    assert waiting() == {second.pk}


def test_nothing_is_sent_while_a_row_is_wrong_and_what_was_typed_stays(client, lead, mailoutbox):
    first, second = silent_expert(), silent_expert()

    response = fill(
        client, [first, second], name=["Head", "Chief"], email=["head@example.org", "x"]
    )

    assert shown(response) == [("Head", "head@example.org"), ("Chief", "x")]
    assert list(mailoutbox) == []
    assert waiting() == {first.pk, second.pk}


def test_a_refused_row_stays_and_the_others_are_asked(client, lead, mailoutbox):
    first, second = silent_expert(), silent_expert()

    response = fill(
        client, [first, second], name=["Head", "Self"], email=["head@example.org", second.email]
    )

    assert shown(response) == [("Self", second.email)]
    assert "This is the expert’s own address." in response.content.decode()
    assert [mail.to for mail in mailoutbox] == [["head@example.org"]]


def test_a_form_without_a_name_asks_nobody(client, lead):
    expert = silent_expert()

    response = fill(client, [expert], name=[""], email=[""])

    assert response.context["error"] == "Nothing is filled in. Fill in at least one row."


def test_one_question_at_a_time_for_one_expert(lead):
    expert = silent_expert()
    asked = ask(expert, lead)
    FollowUp.objects.update(until=NOW)  # as when a new cycle brings the row back

    with pytest.raises(Refused, match="Head of Office was asked on 24 November 2026"):
        ask(expert, lead, "Somebody Else", "else@example.org", NOW + timedelta(days=1))

    following_up.answer(asked.token, FollowUp.Answer.HERE, "", NOW + timedelta(days=1))
    ask(expert, lead, "Somebody Else", "else@example.org", NOW + timedelta(days=2))


def test_the_same_address_is_asked_about_one_expert_after_fourteen_days(lead):
    expert = silent_expert()
    asked = ask(expert, lead)
    following_up.answer(asked.token, FollowUp.Answer.HERE, "", NOW + timedelta(days=1))

    with pytest.raises(Refused, match="in the last 14 days"):
        ask(expert, lead, email="Office@Example.org", now=NOW + timedelta(days=13))

    ask(expert, lead, now=NOW + timedelta(days=14))


@pytest.mark.parametrize(
    ("name", "email", "why"),
    [
        (" ", "office@example.org", "Enter the name"),
        ("Head", "nowhere", "Enter the e-mail address"),
        ("Head", "a@example.org\nBcc: b@example.org", "Enter the e-mail address"),
    ],
)
def test_a_contact_person_has_a_name_and_an_address(lead, name, email, why):
    with pytest.raises(Refused, match=why):
        ask(silent_expert(), lead, name, email)


def test_an_address_that_does_not_work_is_not_asked(lead):
    reason = Suppression.Reason.BOUNCED
    suppression.suppress(suppression.hash_of("office@example.org"), "", reason, NOW)

    with pytest.raises(Refused, match="Mail to this address comes back"):
        ask(silent_expert(), lead)


def test_the_mail_has_public_facts_alone(lead, mailoutbox):
    expert = silent_expert(name="Expert 03 (example)", claimed=True)

    asked = ask(expert, lead)

    (mail,) = mailoutbox
    html = mail.alternatives[0][0]
    for part in (mail.body, html):
        assert asked.token in part
        assert expert.get_absolute_url() in part
        for private in (expert.email, expert.phone, CONFIRMED.strftime("%Y")):
            assert private not in part, private
    assert mail.subject == "Does Expert 03 (example) still work with you?"


def test_the_question_does_not_leave_when_nobody_needs_the_answer(lead, mailoutbox):
    expert = silent_expert()
    ask(expert, lead)
    confirmation.confirm(expert.pk, NOW + timedelta(seconds=1))

    assert list(mailoutbox) == []
    assert OutgoingMail.objects.latest("pk").answer == "Nobody needs the answer any more."


# Ask the contact person: the other side


def page_of(asked) -> str:
    return reverse("contact_person", args=[asked.token])


def test_opening_the_page_changes_nothing(client, lead):
    asked = ask(silent_expert(), lead)
    client.logout()

    for method in (client.get, client.head, client.get, client.get, client.get):
        response = method(page_of(asked))
        assert response.status_code == 200

    assert response["Referrer-Policy"] == "no-referrer"
    assert response["X-Robots-Tag"] == "noindex"
    assert "no-store" in response["Cache-Control"]
    asked.refresh_from_db()
    assert (asked.answer, asked.answered_at) == ("", None)


@pytest.mark.parametrize("answer", FollowUp.Answer.values)
def test_the_answer_brings_the_row_back_and_changes_no_profile(client, lead, answer):
    expert = silent_expert()
    before = Expert.objects.values().get(pk=expert.pk)
    asked = ask(expert, lead)
    assert waiting() == set()

    response = client.post(page_of(asked), {"answer": answer, "note": "new@example.org"})

    assert response.status_code == 200
    assert "Thank you" in response.content.decode()
    assert waiting() == {expert.pk}
    asked.refresh_from_db()
    assert (asked.answer, asked.note, asked.answered_at) == (answer, "new@example.org", NOW)
    assert Expert.objects.values().get(pk=expert.pk) == before


def test_the_answer_needs_the_forms_token_though_a_browser_says_that_it_comes_from_nowhere(
    lead, client
):
    """With no-referrer a browser says "Origin: null" (partners/quiet.py)."""
    asked = ask(silent_expert(), lead)
    client.logout()
    client.handler.enforce_csrf_checks = True

    answer = {"answer": "here"}
    assert client.post(page_of(asked), answer, headers={"origin": "null"}).status_code == 403
    client.get(page_of(asked))
    answer["csrfmiddlewaretoken"] = client.cookies["csrftoken"].value
    response = client.post(page_of(asked), answer, headers={"origin": "null"})

    assert response.status_code == 200
    asked.refresh_from_db()
    assert asked.answer == "here"


def answered(asked, expert):
    following_up.answer(asked.token, FollowUp.Answer.HERE, "", NOW)


def too_old(asked, expert):
    FollowUp.objects.filter(pk=asked.pk).update(at=NOW - timedelta(days=30))


def confirmed_since(asked, expert):
    confirmation.confirm(expert.pk, NOW + timedelta(seconds=1))


def off_the_list(asked, expert):
    listing.remove(expert.pk, None, NOW)


@pytest.mark.parametrize("kill", [answered, too_old, confirmed_since, off_the_list])
@pytest.mark.parametrize("method", ["get", "post"])
def test_a_dead_link_reveals_nothing(client, lead, kill, method):
    expert = silent_expert(name="Expert 03 (example)")
    asked = ask(expert, lead)
    kill(asked, expert)
    client.logout()

    request = getattr(client, method)
    response = request(page_of(asked), {"answer": "left"})
    unknown = request(reverse("contact_person", args=["0" * 32]), {"answer": "left"})

    assert (response.status_code, unknown.status_code) == (410, 410)
    page = response.content.decode()
    assert "Expert 03" not in page
    assert "Head of Office" not in page
    assert page.replace(asked.token, "") == unknown.content.decode().replace("0" * 32, "")
    assert not FollowUp.objects.filter(answer="left").exists()


def test_a_note_is_short(client, lead):
    asked = ask(silent_expert(), lead)

    response = client.post(page_of(asked), {"answer": "here", "note": "a" * 501})

    assert response.context["form"].errors.keys() == {"note"}
    with pytest.raises(Refused):
        following_up.answer(asked.token, FollowUp.Answer.HERE, "a" * 501, NOW)


def test_an_answer_is_one_of_three(client, lead):
    asked = ask(silent_expert(), lead)

    for answer in ("", "nonsense"):
        response = client.post(page_of(asked), {"answer": answer})
        assert response.context["form"].errors.keys() == {"answer"}


def test_a_removed_profile_takes_the_questions_about_it_along(lead):
    expert = silent_expert()
    ask(expert, lead)
    listing.remove(expert.pk, None, NOW)

    listing.erase_removed(NOW + timedelta(days=31))

    assert FollowUp.objects.count() == 0
