"""From sending to an end: who is asked when, and who is told."""

from datetime import timedelta

import pytest

from advice import answering, asking, drafting, leading, outcomes, sending
from advice.models import AdviceRequest, Block, Choice, ChoiceChange, ContactReveal, RequestChange
from experts import listing
from experts.models import Audience, Expert
from mailings.models import OutgoingMail
from partners.refusals import Refused
from tests.factories import (
    NOW,
    AdviceRequestFactory,
    ExpertFactory,
    LeadFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
Status = AdviceRequest.Status
Answer = Choice.Status


def draft(experts=3, **values) -> AdviceRequest:
    """A draft with so many experts chosen, each with a sign-in."""
    request = AdviceRequestFactory(**values)
    place = request.places.create(number=1)
    people = [ExpertFactory(claimed=True) for _ in range(experts)]
    wanted = {place.pk: [(expert.pk, ["speaks Spanish"]) for expert in people]}
    drafting.choose(request.pk, wanted, request.requester, NOW)
    return request


def sent(experts=3, **values) -> AdviceRequest:
    request = draft(experts, **values)
    return sending.send(request.pk, request.requester, NOW)


def answers(request) -> list[str]:
    choices = Choice.objects.filter(place__request=request).order_by("place__number", "order")
    return list(choices.values_list("status", flat=True))


def asked(request) -> Choice:
    return Choice.objects.get(place__request=request, status=Answer.ASKED)


def status(request) -> str:
    return AdviceRequest.objects.get(pk=request.pk).status


def told(request) -> list[str]:
    """What the requester was told, in order."""
    mails = OutgoingMail.objects.filter(
        template="advice/mail/request_news", context__request__pk=request.pk
    )
    return [mail.context["what"] for mail in mails.order_by("pk")]


def mails_to(expert) -> list[str]:
    mails = OutgoingMail.objects.filter(to=expert.email).order_by("pk")
    return [mail.context["what"] for mail in mails]


# Sending


def test_the_first_choice_is_asked_when_a_partner_sends():
    request = sent()

    assert status(request) == Status.ASKING
    assert answers(request) == [Answer.ASKED, Answer.CHOSEN, Answer.CHOSEN]
    assert told(request) == ["sent"]
    assert mails_to(asked(request).expert) == ["asked"]


def test_the_request_of_somebody_who_is_no_partner_waits_for_the_lead_and_nobody_is_asked():
    request = sent(requester=UserFactory())

    assert status(request) == Status.WAITING
    assert AdviceRequest.objects.get().waits_for == "no_partner"
    assert answers(request) == [Answer.CHOSEN] * 3


def test_the_lead_takes_it_on_and_the_choices_are_asked():
    request = sent(requester=UserFactory())

    leading.take_on(request.pk, LeadFactory(), NOW)

    assert status(request) == Status.ASKING
    assert answers(request)[0] == Answer.ASKED


def test_a_request_without_choices_is_left_to_the_lead():
    request = sent(experts=0)

    assert status(request) == Status.WAITING
    assert AdviceRequest.objects.get().waits_for == "left_to_lead"


def test_who_cannot_be_asked_any_more_is_passed_over():
    request = draft()
    first = Choice.objects.earliest("order").expert
    Expert.objects.filter(pk=first.pk).update(paused_until=NOW.date() + DAY)

    sending.send(request.pk, request.requester, NOW)

    assert answers(request) == [Answer.CALLED_OFF, Answer.ASKED, Answer.CHOSEN]


@pytest.mark.parametrize(
    "values",
    [
        {"country_id": None},
        {"text": ""},
        {"languages": []},
        {"remote_advice": False},
    ],
)
def test_what_is_not_complete_is_not_sent_and_stays_a_draft(values):
    request = draft(**values)

    with pytest.raises(Refused):
        sending.send(request.pk, request.requester, NOW)

    assert status(request) == Status.DRAFT


def test_nobody_sends_the_draft_of_somebody_else():
    request = draft()

    with pytest.raises(Refused):
        sending.send(request.pk, LeadFactory(), NOW)


def test_a_request_is_sent_once():
    request = sent()

    with pytest.raises(Refused):
        sending.send(request.pk, request.requester, NOW)

    assert told(request) == ["sent"]


def test_three_requests_a_day_are_enough_and_the_fourth_stays_a_draft():
    person = sent().requester
    for _ in range(2):
        sent(requester=person)
    fourth = draft(requester=person)

    with pytest.raises(Refused, match="3 requests"):
        sending.send(fourth.pk, person, NOW)
    sending.send(fourth.pk, person, NOW + DAY)

    assert status(fourth) == Status.ASKING


def test_who_is_blocked_sends_nothing_until_the_block_is_lifted():
    request = draft()
    block = Block.objects.create(
        user=request.requester, by=LeadFactory(), reason="Advertising", at=NOW
    )
    with pytest.raises(Refused):
        sending.send(request.pk, request.requester, NOW)

    block.lifted_at = NOW
    block.save()

    assert sending.send(request.pk, request.requester, NOW).status == Status.ASKING


# Answers


def test_an_expert_accepts_and_both_sides_get_to_know_each_other():
    request = sent()
    choice = asked(request)
    Expert.objects.filter(pk=choice.expert_id).update(email_audience=Audience.ACCEPTED)

    answering.accept(choice.pk, NOW + DAY, choice.expert.user)

    assert status(request) == Status.AGREED
    assert answers(request) == [Answer.ACCEPTED, Answer.CHOSEN, Answer.CHOSEN]
    assert told(request) == ["sent", "accepted"]
    reveals = ContactReveal.objects.order_by("pk").values_list("expert", "to", "of", "fields")
    assert list(reveals) == [
        (choice.expert_id, request.requester_id, None, "email"),
        (None, None, request.requester_id, "email"),
    ]


def test_an_address_for_the_lead_alone_is_not_given_to_the_requester():
    request = sent()

    answering.accept(asked(request).pk, NOW)

    assert not ContactReveal.objects.filter(expert__isnull=False).exists()


def test_after_a_no_the_next_is_asked_and_the_requester_hears_of_it():
    request = sent()
    first = asked(request)

    answering.decline(first.pk, Choice.Reason.TIME, "Too much to do.", NOW + DAY)

    assert answers(request) == [Answer.DECLINED, Answer.ASKED, Answer.CHOSEN]
    assert told(request) == ["sent", "declined"]
    assert asked(request).asked_at == NOW + DAY


def test_a_no_without_a_known_reason_is_refused():
    request = sent()

    with pytest.raises(Refused):
        answering.decline(asked(request).pk, "", "", NOW)

    assert answers(request)[0] == Answer.ASKED


def test_when_all_said_no_the_request_is_with_the_lead():
    request = sent()
    for _ in range(3):
        answering.decline(asked(request).pk, Choice.Reason.FIELD, "", NOW)

    assert status(request) == Status.WAITING
    assert AdviceRequest.objects.get().waits_for == "nobody_left"
    assert told(request)[-1] == "with_lead"


def test_a_colleague_of_the_list_is_asked_next():
    request = sent()
    colleague = ExpertFactory(claimed=True)

    answering.hand_on(asked(request).pk, colleague.pk, "", NOW)

    assert asked(request).expert == colleague
    assert Choice.objects.get(status=Answer.HANDED_ON).handed_to.expert == colleague
    assert status(request) == Status.ASKING


def test_handing_on_to_oneself_or_to_who_was_asked_before_is_refused():
    request = sent()
    first = asked(request)
    answering.decline(first.pk, Choice.Reason.TIME, "", NOW)
    second = asked(request)

    for wrong in (second.expert_id, first.expert_id):
        with pytest.raises(Refused):
            answering.hand_on(second.pk, wrong, "", NOW)


def test_who_is_away_until_a_day_is_paused_and_the_next_is_asked():
    request = sent()
    first = asked(request)

    answering.unavailable(first.pk, NOW.date() + 30 * DAY, NOW)

    assert Expert.objects.get(pk=first.expert_id).paused_until == NOW.date() + 30 * DAY
    assert answers(request) == [Answer.UNAVAILABLE, Answer.ASKED, Answer.CHOSEN]


@pytest.mark.parametrize("again", ["accept", "decline", "unavailable"])
def test_an_answer_counts_once(again):
    request = sent()
    first = asked(request)
    answering.decline(first.pk, Choice.Reason.TIME, "", NOW)
    steps = {
        "accept": lambda: answering.accept(first.pk, NOW),
        "decline": lambda: answering.decline(first.pk, Choice.Reason.TIME, "", NOW),
        "unavailable": lambda: answering.unavailable(first.pk, NOW.date() + DAY, NOW),
    }

    with pytest.raises(Refused):
        steps[again]()

    assert ChoiceChange.objects.filter(choice=first).count() == 2


# Time


def test_without_an_answer_the_next_is_asked_after_seven_days_and_not_before():
    request = sent()
    asking.move_on(NOW + 7 * DAY - timedelta(minutes=1))
    assert answers(request)[0] == Answer.ASKED

    asking.move_on(NOW + 7 * DAY)
    asking.move_on(NOW + 7 * DAY)

    assert answers(request) == [Answer.NO_ANSWER, Answer.ASKED, Answer.CHOSEN]
    assert told(request) == ["sent", "no_answer"]


def test_the_lead_is_told_after_14_days_decides_after_21_and_no_request_is_lost_by_day_30():
    request = sent(experts=3)
    history = {}
    for day in range(31):
        asking.move_on(NOW + day * DAY)
        history[day] = (status(request), asking.slow(NOW + day * DAY).exists())

    assert [day for day in history if history[day] == (Status.ASKING, False)] == list(range(14))
    assert [day for day in history if history[day] == (Status.ASKING, True)] == list(range(14, 21))
    assert [day for day in history if history[day][0] == Status.WAITING] == list(range(21, 31))
    assert answers(request) == [Answer.NO_ANSWER] * 3


def test_the_lead_decides_after_21_days_though_choices_are_left():
    request = sent(experts=3)
    asking.move_on(NOW + 7 * DAY)
    colleague = ExpertFactory(claimed=True)
    answering.hand_on(asked(request).pk, colleague.pk, "", NOW + 13 * DAY)
    asking.move_on(NOW + 20 * DAY)

    asking.move_on(NOW + 21 * DAY)

    assert status(request) == Status.WAITING
    assert AdviceRequest.objects.get().waits_for == "too_long"
    last = asked(request)
    answering.accept(last.pk, NOW + 22 * DAY)
    assert status(request) == Status.AGREED


def test_the_lead_lets_it_run_and_it_is_shown_no_more_before_day_21():
    request = sent()
    asking.move_on(NOW + 7 * DAY)

    leading.let_run(request.pk, LeadFactory(), NOW + 15 * DAY)

    assert not asking.slow(NOW + 16 * DAY).exists()


def test_a_holiday_of_the_expert_counts_at_once():
    request = sent()
    first = asked(request)
    listing.pause(first.expert_id, NOW.date() + 10 * DAY, NOW + DAY)

    asking.move_on(NOW + DAY)

    assert answers(request)[:2] == [Answer.UNAVAILABLE, Answer.ASKED]


def test_the_next_choice_takes_over_when_the_expert_who_helps_is_removed():
    request = sent()
    first = asked(request)
    answering.accept(first.pk, NOW)
    listing.remove(first.expert_id, None, NOW + 40 * DAY)

    asking.move_on(NOW + 40 * DAY)

    assert answers(request) == [Answer.CALLED_OFF, Answer.ASKED, Answer.CHOSEN]
    assert status(request) == Status.ASKING
    assert told(request) == ["sent", "accepted", "gone"]


def test_the_last_expert_who_helps_is_removed_and_the_lead_decides():
    request = sent(experts=1)
    answering.accept(asked(request).pk, NOW)
    listing.remove(Expert.objects.get().pk, None, NOW + DAY)

    asking.move_on(NOW + DAY)

    assert status(request) == Status.WAITING
    assert told(request)[-2:] == ["gone", "with_lead"]


# Teams


def _team() -> AdviceRequest:
    request = AdviceRequestFactory(team=True)
    places = [request.places.create(number=number) for number in (1, 2)]
    wanted = {place.pk: [(ExpertFactory(claimed=True).pk, [])] for place in places}
    drafting.choose(request.pk, wanted, request.requester, NOW)
    return sending.send(request.pk, request.requester, NOW)


def test_the_places_of_a_team_are_asked_for_at_the_same_time():
    request = _team()

    assert answers(request) == [Answer.ASKED, Answer.ASKED]


def test_a_team_is_complete_when_each_place_has_an_expert():
    request = _team()
    for number, choice in enumerate(Choice.objects.order_by("pk")):
        assert status(request) == Status.ASKING, number
        answering.accept(choice.pk, NOW)

    assert status(request) == Status.AGREED


def test_the_lead_lets_a_team_work_with_those_who_accepted():
    request = _team()
    first, second = Choice.objects.order_by("pk")
    answering.accept(first.pk, NOW)
    answering.decline(second.pk, Choice.Reason.TIME, "", NOW)
    assert status(request) == Status.WAITING

    leading.go_on_without(request.pk, LeadFactory(), NOW)

    assert status(request) == Status.AGREED
    assert told(request)[-1] == "part_of_team"


# The Lead


def test_the_lead_matches_and_the_experts_are_asked_in_order():
    request = sent(experts=0)
    place = request.places.get()
    people = [ExpertFactory(claimed=True) for _ in range(2)]

    wanted = {place.pk: [(one.pk, ["x"]) for one in people]}
    leading.choose(request.pk, wanted, LeadFactory(), NOW)

    assert asked(request).expert == people[0]
    assert status(request) == Status.ASKING


def test_the_lead_cannot_ask_the_same_expert_twice():
    request = sent(experts=1)
    choice = asked(request)
    asking.move_on(NOW + 7 * DAY)

    with pytest.raises(Refused, match="asked before"):
        leading.choose(
            request.pk, {choice.place_id: [(choice.expert_id, [])]}, LeadFactory(), NOW + 7 * DAY
        )


@pytest.mark.parametrize(
    ("step", "end"),
    [(leading.end_without_expert, Status.NOBODY), (leading.refuse, Status.REFUSED)],
)
def test_the_requester_hears_of_each_end_and_its_reason(step, end):
    request = sent(experts=0)
    with pytest.raises(Refused):
        step(request.pk, LeadFactory(), " ", NOW)

    step(request.pk, LeadFactory(), "Nobody of the list knows dental waste.", NOW)

    ended = AdviceRequest.objects.get(pk=request.pk)
    assert (ended.status, ended.ended_at) == (end, NOW)
    assert told(request)[-1] == str(end)


def test_who_was_asked_is_told_when_the_request_is_withdrawn():
    request = sent()
    expert = asked(request).expert

    asking.withdraw(request.pk, request.requester, "Solved.", NOW)

    assert answers(request) == [Answer.CALLED_OFF] * 3
    assert mails_to(expert) == ["asked", "called_off"]


def test_each_change_is_written_down_with_who_and_when():
    request = sent()
    choice = asked(request)
    answering.accept(choice.pk, NOW + DAY, choice.expert.user)
    outcomes.finish(request.pk, request.requester, NOW + 2 * DAY)

    changes = RequestChange.objects.filter(request=request).values_list("old", "new", "actor")
    assert list(changes) == [
        ("draft", "asking", request.requester_id),
        ("asking", "agreed", None),
        ("agreed", "done", request.requester_id),
    ]


def test_who_cannot_help_after_all_steps_back_and_the_next_is_asked():
    request = sent()
    first = asked(request)
    answering.accept(first.pk, NOW)

    answering.step_back(first.pk, "I changed my work.", NOW + 40 * DAY)

    assert answers(request) == [Answer.CALLED_OFF, Answer.ASKED, Answer.CHOSEN]
    assert status(request) == Status.ASKING
    assert told(request) == ["sent", "accepted", "stepped_back"]
    with pytest.raises(Refused):
        answering.step_back(first.pk, "", NOW + 40 * DAY)
