"""What came of advice: two questions, the end of a request, stories, what goes with a person."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from advice import answering, conversing, drafting, erasing, outcomes, sending
from advice.models import AdviceRequest, Choice, Message, Outcome, Side, Story
from experts import listing
from partners.refusals import Refused
from tests.factories import NOW, AdviceRequestFactory, ExpertFactory, LeadFactory, PracticeFactory

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
LATER = NOW + 21 * DAY
HELPED = {"happened": "yes", "helped": "yes", "sentence": "The drums are safe.", "agrees": True}


def accepted(**values) -> Choice:
    request = AdviceRequestFactory(**values)
    place = request.places.create(number=1)
    expert = ExpertFactory(claimed=True)
    drafting.choose(request.pk, {place.pk: [(expert.pk, [])]}, request.requester, NOW)
    sending.send(request.pk, request.requester, NOW)
    choice = place.choices.get()
    return answering.accept(choice.pk, NOW)


def both(choice, **values):
    for side in (Side.REQUESTER, Side.EXPERT):
        outcomes.say(choice.pk, side, HELPED | values, LATER)


def status(choice) -> str:
    return AdviceRequest.objects.get(places__choices=choice).status


def test_the_last_word_of_both_sides_finishes_the_request():
    choice = accepted()
    outcomes.say(choice.pk, Side.REQUESTER, HELPED, LATER)
    assert status(choice) == AdviceRequest.Status.AGREED

    outcomes.say(choice.pk, Side.EXPERT, HELPED | {"happened": "not_yet"}, LATER)
    assert status(choice) == AdviceRequest.Status.AGREED
    outcomes.say(choice.pk, Side.EXPERT, HELPED, LATER)

    assert status(choice) == AdviceRequest.Status.DONE


def test_what_did_not_happen_did_not_help_and_is_no_story():
    choice = accepted()

    both(choice, happened="no")

    said = Outcome.objects.filter(choice=choice).values_list("helped", "agrees")
    assert list(said) == [("", False), ("", False)]
    assert not Story.objects.exists()


def test_what_happened_needs_a_word_on_whether_it_helped():
    with pytest.raises(Refused):
        outcomes.say(accepted().pk, Side.EXPERT, HELPED | {"helped": ""}, LATER)


def test_nothing_came_of_what_nobody_accepted():
    request = AdviceRequestFactory()
    place = request.places.create(number=1)
    choice = Choice.objects.create(place=place, expert=ExpertFactory(), order=1)

    with pytest.raises(Refused):
        outcomes.say(choice.pk, Side.REQUESTER, HELPED, LATER)


@pytest.mark.parametrize(
    ("requester", "expert", "is_story"),
    [(True, True, True), (True, False, False), (False, True, False), (False, False, False)],
)
def test_a_story_needs_both_sides(requester, expert, is_story):
    choice = accepted()
    outcomes.say(choice.pk, Side.REQUESTER, HELPED | {"agrees": requester}, LATER)
    outcomes.say(choice.pk, Side.EXPERT, HELPED | {"agrees": expert}, LATER)

    assert Story.objects.exists() is is_story


def test_a_story_goes_when_one_side_takes_its_word_back():
    choice = accepted()
    both(choice)

    outcomes.say(choice.pk, Side.EXPERT, HELPED | {"agrees": False}, LATER + DAY)

    assert not Story.objects.shown().exists()


def test_a_story_stands_on_the_pages_of_the_expert_the_country_and_the_practice_and_says_no_more():
    practice = PracticeFactory(status="published")
    choice = accepted(practice=practice, text="A secret list of our stores.")
    both(choice)
    pages = (
        reverse("story_list"),
        reverse("advice_home"),
        choice.expert.get_absolute_url(),
        reverse("country_detail", args=["uy"]),
        practice.get_absolute_url(),
    )

    for address in pages:
        page = Client().get(address).content.decode()
        assert "The drums are safe." in page, address
        assert "A secret list" not in page, address
        assert choice.place.request.requester.name not in page, address


def test_a_hidden_story_is_on_no_page_and_the_reason_is_in_the_log():
    choice = accepted()
    both(choice)

    outcomes.hide(Story.objects.get().pk, "Names a person.", LeadFactory(), LATER)

    assert "The drums are safe." not in Client().get(reverse("story_list")).content.decode()
    assert not choice.expert.choices.stories().exists()


def test_a_request_without_a_last_word_is_finished_after_120_days():
    choice = accepted()
    assert outcomes.finish_old(NOW + 119 * DAY) == 0

    assert outcomes.finish_old(NOW + 120 * DAY) == 1
    assert outcomes.finish_old(NOW + 120 * DAY) == 0

    assert status(choice) == AdviceRequest.Status.DONE


def test_what_an_expert_wrote_goes_with_the_erased_profile_and_what_was_done_stays():
    choice = accepted()
    conversing.say(choice.pk, Side.EXPERT, "My number is in the file.", [], NOW)
    conversing.say(choice.pk, Side.REQUESTER, "Thank you.", [], NOW)
    both(choice)
    Choice.objects.filter(pk=choice.pk).update(words="Private", why=["speaks Spanish"])
    listing.remove(choice.expert_id, None, LATER)
    assert erasing.forget_erased(LATER + 29 * DAY) == 0
    listing.erase_removed(LATER + 31 * DAY)

    erasing.forget_erased(LATER + 31 * DAY)

    choice.refresh_from_db()
    assert (choice.words, choice.why, choice.status) == ("", [], Choice.Status.ACCEPTED)
    texts = Message.objects.order_by("pk").values_list("side", "text")
    assert list(texts) == [("expert", ""), ("requester", "Thank you.")]
    assert not Story.objects.exists()
    assert Outcome.objects.get(side=Side.EXPERT).sentence == ""
    assert erasing.forget_erased(LATER + 32 * DAY) == 0
