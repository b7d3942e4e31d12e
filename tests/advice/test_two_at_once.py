"""Two who act at the same moment, on true connections: one after the other, or one is refused."""

import threading
from datetime import timedelta

import pytest
from django.db import connection

from advice import answering, asking, drafting, leading, sending
from advice.models import AdviceRequest, Choice, ChoiceChange, RequestChange
from mailings.models import OutgoingMail
from partners.refusals import Refused
from tests.factories import NOW, AdviceRequestFactory, ExpertFactory, LeadFactory

pytestmark = pytest.mark.django_db(transaction=True)
DAY = timedelta(days=1)


def sent(experts=2, **values) -> AdviceRequest:
    request = AdviceRequestFactory(**values)
    place = request.places.create(number=1)
    people = [(ExpertFactory(claimed=True).pk, []) for _ in range(experts)]
    drafting.choose(request.pk, {place.pk: people}, request.requester, NOW)
    return sending.send(request.pk, request.requester, NOW)


def at_once(*steps) -> list:
    """What each step gave, or the Refused that it raised; all begin at the same moment."""
    barrier, results = threading.Barrier(len(steps)), [None] * len(steps)

    def run(number, step):
        barrier.wait()
        try:
            results[number] = step()
        except Refused as refusal:
            results[number] = refusal
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=one) for one in enumerate(steps)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def the_asked(request) -> Choice:
    return Choice.objects.get(place__request=request, status=Choice.Status.ASKED)


def test_accepting_and_withdrawing_at_once_gives_one_of_the_two():
    request = sent()
    choice = the_asked(request)

    at_once(
        lambda: answering.accept(choice.pk, NOW),
        lambda: asking.withdraw(request.pk, request.requester, "", NOW),
    )

    request.refresh_from_db()
    choice.refresh_from_db()
    assert request.status == AdviceRequest.Status.WITHDRAWN
    assert choice.status in (Choice.Status.ACCEPTED, Choice.Status.CALLED_OFF)
    told = OutgoingMail.objects.filter(template="advice/mail/expert_news", to=choice.expert.email)
    assert told.filter(context__what="called_off").count() == 1


def test_two_tabs_answer_at_once_and_one_answer_counts():
    request = sent()
    choice = the_asked(request)

    results = at_once(
        lambda: answering.accept(choice.pk, NOW),
        lambda: answering.decline(choice.pk, Choice.Reason.TIME, "", NOW),
    )

    assert sum(isinstance(one, Refused) for one in results) == 1
    assert ChoiceChange.objects.filter(choice=choice).count() == 2


def test_an_answer_and_the_end_of_the_seven_days_at_once_leave_one_asked_or_one_accepted():
    request = sent()
    choice = the_asked(request)

    at_once(
        lambda: answering.accept(choice.pk, NOW + 7 * DAY),
        lambda: asking.move_on(NOW + 7 * DAY),
    )

    open_ones = Choice.objects.filter(
        place__request=request, status__in=(Choice.Status.ASKED, Choice.Status.ACCEPTED)
    )
    assert open_ones.count() == 1


def test_three_schedulers_at_once_ask_the_next_expert_once():
    request = sent(experts=3)

    at_once(*[lambda: asking.move_on(NOW + 7 * DAY)] * 3)

    asked = OutgoingMail.objects.filter(template="advice/mail/request_asked")
    assert asked.count() == 2
    assert the_asked(request).order == 2


def test_two_leads_match_at_once_and_one_is_refused():
    request = sent(experts=0)
    place = request.places.get()
    leads, people = [LeadFactory(), LeadFactory()], [ExpertFactory(), ExpertFactory()]

    results = at_once(
        *(
            lambda lead=lead, one=one: leading.choose(
                request.pk, {place.pk: [(one.pk, [])]}, lead, NOW
            )
            for lead, one in zip(leads, people, strict=True)
        )
    )

    assert sum(isinstance(one, Refused) for one in results) == 1
    assert Choice.objects.filter(place=place).count() == 1


def test_sending_in_two_tabs_at_once_sends_once():
    request = AdviceRequestFactory()
    place = request.places.create(number=1)
    drafting.choose(request.pk, {place.pk: [(ExpertFactory().pk, [])]}, request.requester, NOW)

    at_once(*[lambda: sending.send(request.pk, request.requester, NOW)] * 2)

    assert RequestChange.objects.filter(request=request).count() == 1
    assert OutgoingMail.objects.filter(template="advice/mail/request_asked").count() == 1


def test_the_limit_of_a_person_holds_for_requests_sent_at_once():
    first = AdviceRequestFactory()
    drafts = [first] + [AdviceRequestFactory(requester=first.requester) for _ in range(4)]

    results = at_once(
        *(lambda one=one: sending.send(one.pk, first.requester, NOW) for one in drafts)
    )

    assert sum(isinstance(one, Refused) for one in results) == 2
    assert AdviceRequest.objects.sent().count() == sending.SENT_A_DAY
