"""Which subscriptions an announcement fits: every way in which a reader may narrow."""

import pytest

from mailings.models import Frequency, Subscription
from partners.models import Term
from tests.factories import (
    AnnouncementFactory,
    PreferencesFactory,
    SubscriptionFactory,
    topic_called,
)

pytestmark = pytest.mark.django_db


def fits(announcement, subscription) -> bool:
    return Subscription.objects.fitting(announcement).filter(pk=subscription.pk).exists()


def test_who_chose_the_topic_and_narrowed_nothing_gets_it():
    assert fits(AnnouncementFactory(), SubscriptionFactory())


def test_another_topic_and_never_do_not_fit():
    announcement = AnnouncementFactory()
    assert not fits(announcement, SubscriptionFactory(topic=topic_called("events")))
    assert not fits(announcement, SubscriptionFactory(frequency=Frequency.NEVER))


@pytest.mark.parametrize(
    ("regions", "countries", "named", "expected"),
    [
        ([], [], [], True),
        ([], [], ["KE"], True),
        (["africa"], [], [], True),
        (["africa"], [], ["KE"], True),
        (["africa"], [], ["JP"], False),
        (["africa"], [], ["JP", "KE"], True),
        ([], ["JP"], ["JP"], True),
        ([], ["JP"], ["KE"], False),
        (["africa"], ["JP"], ["JP"], True),
        (["africa"], ["JP"], ["KE"], True),
        (["africa"], ["JP"], ["FR"], False),
    ],
)
def test_regions_and_countries(regions, countries, named, expected):
    subscription = SubscriptionFactory()
    PreferencesFactory(user=subscription.user, regions=regions).countries.set(countries)
    announcement = AnnouncementFactory()
    announcement.countries.set(named)
    assert fits(announcement, subscription) is expected


@pytest.mark.parametrize(
    ("chosen", "language", "expected"),
    [([], "fr", True), (["fr", "es"], "fr", True), (["es"], "fr", False)],
)
def test_languages(chosen, language, expected):
    subscription = SubscriptionFactory()
    PreferencesFactory(user=subscription.user, languages=chosen)
    assert fits(AnnouncementFactory(language=language), subscription) is expected


def test_expertise_where_a_group_holds_its_terms():
    term = Term.objects.exclude(parent=None).first()
    other = Term.objects.exclude(parent=None).exclude(parent=term.parent).first()
    announcement = AnnouncementFactory()
    announcement.terms.set([term])
    wants = {
        "the term": ([term], True),
        "its group": ([term.parent], True),
        "another": ([other], False),
        "one of both": ([other, term], True),
        "nothing special": ([], True),
    }
    for name, (terms, expected) in wants.items():
        subscription = SubscriptionFactory()
        PreferencesFactory(user=subscription.user).terms.set(terms)
        assert fits(announcement, subscription) is expected, name


def test_what_names_no_expertise_is_for_all():
    subscription = SubscriptionFactory()
    PreferencesFactory(user=subscription.user).terms.set([Term.objects.first()])
    assert fits(AnnouncementFactory(), subscription)
