"""Needs, requests for advice, missions."""

from datetime import timedelta

import factory
from factory.django import DjangoModelFactory

from advice.models import AdviceRequest, Choice, Mission, Need, Place
from partners.models import Term
from tests.factories import NOW
from tests.factories.experts import ExpertFactory
from tests.factories.partners import PartnerUserFactory


def _keys(terms) -> list[int]:
    """Of codes or Term objects."""
    codes = [term for term in terms if isinstance(term, str)]
    keys = [term.pk for term in terms if not isinstance(term, str)]
    return keys + list(Term.objects.filter(code__in=codes).values_list("pk", flat=True))


class NeedFactory(DjangoModelFactory):
    """An open need of Uruguay; `terms` are codes or Term objects."""

    class Meta:
        model = Need

    country_id = "UY"
    title = factory.Sequence(lambda n: f"Need {n:02} (example)")
    description = "The mercury-cell plant has to be taken down."
    source = Need.Source.MEETING
    year = 2018
    status = Need.Status.OPEN
    submitted_at = NOW - timedelta(days=30)
    terms = ("industry-chlor-alkali-decommissioning",)

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        keys = _keys(kwargs.pop("terms"))
        need = super()._create(model_class, *args, **kwargs)
        need.terms.set(keys)
        need.refresh_from_db()
        return need


class AdviceRequestFactory(DjangoModelFactory):
    """A draft of a partner in Uruguay, ready to be sent; `terms` are codes or Term objects."""

    class Meta:
        model = AdviceRequest

    requester = factory.SubFactory(PartnerUserFactory)
    country_id = "UY"
    text = "Our plant for chlorine stops. We must take the cells down and store the mercury safely."
    languages = factory.LazyFunction(lambda: ["es", "en"])
    remote_advice = True
    created_at = changed_at = since = NOW - timedelta(hours=1)
    sent_at = None
    asking_since = factory.SelfAttribute("sent_at")
    terms = ("products-lamps",)

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        keys = _keys(kwargs.pop("terms"))
        request = super()._create(model_class, *args, **kwargs)
        request.set_terms(keys)
        return request


class PlaceFactory(DjangoModelFactory):
    class Meta:
        model = Place

    request = factory.SubFactory(AdviceRequestFactory)
    number = factory.Sequence(lambda n: n % 30_000 + 1)


class ChoiceFactory(DjangoModelFactory):
    """An expert with a sign-in who waits for the turn in a draft's only place."""

    class Meta:
        model = Choice

    place = factory.SubFactory(PlaceFactory)
    expert = factory.SubFactory(ExpertFactory, claimed=True)
    order = factory.Sequence(lambda n: n % 30_000 + 1)
    chosen_at = NOW


class MissionFactory(DjangoModelFactory):
    """A planned mission to Uruguay."""

    class Meta:
        model = Mission

    title = factory.Sequence(lambda n: f"Mission {n:02} (example)")
    country_id = "UY"
    year = 2026
    status = Mission.Status.PLANNED
    created_at = NOW - timedelta(days=10)
