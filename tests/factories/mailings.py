"""Announcements, and who wants to hear of them."""

from datetime import timedelta

import factory
from factory.django import DjangoModelFactory

from mailings.models import (
    Announcement,
    AnnouncementTopic,
    Campaign,
    Frequency,
    Preferences,
    Subscription,
)
from tests.factories import NOW
from tests.factories.partners import PartnerUserFactory


def topic_called(code: str = "projects") -> AnnouncementTopic:
    """One of the topics that every portal begins with."""
    return AnnouncementTopic.objects.get(code=code)


class AnnouncementFactory(DjangoModelFactory):
    """Published yesterday, for partners, about a project."""

    class Meta:
        model = Announcement

    topic = factory.LazyFunction(topic_called)
    title = factory.Sequence(lambda n: f"Announcement {n:02} (example)")
    text = "Two plants collect **lamps**."
    author = factory.SubFactory(PartnerUserFactory)
    status = Announcement.Status.PUBLISHED
    created_at = changed_at = submitted_at = NOW - timedelta(days=3)
    decided_at = published_at = NOW - timedelta(days=1)
    fictitious = True


class SubscriptionFactory(DjangoModelFactory):
    """A partner who wants to hear of projects at once."""

    class Meta:
        model = Subscription

    user = factory.SubFactory(PartnerUserFactory)
    topic = factory.LazyFunction(topic_called)
    frequency = Frequency.AT_ONCE
    since = changed_at = NOW - timedelta(days=30)


class PreferencesFactory(DjangoModelFactory):
    class Meta:
        model = Preferences

    user = factory.SubFactory(PartnerUserFactory)
    chosen_at = NOW - timedelta(days=30)


class CampaignFactory(DjangoModelFactory):
    class Meta:
        model = Campaign

    announcement = factory.SubFactory(AnnouncementFactory)
    frozen_at = changed_at = NOW - timedelta(days=1)
