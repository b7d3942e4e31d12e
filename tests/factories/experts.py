"""Resource persons."""

import factory
from dateutil.relativedelta import relativedelta
from factory.django import DjangoModelFactory

from experts.models import Expert
from partners.models import Term
from tests.factories import NOW
from tests.factories.partners import OrganisationFactory, UserFactory


class ExpertFactory(DjangoModelFactory):
    """A listed expert in Japan who confirmed three months before `NOW`.

    `terms` are codes or Term objects. `claimed=True` gives the expert a sign-in with the profile's
    address; else the profile has none, like an imported one.
    """

    class Meta:
        model = Expert

    class Params:
        claimed = factory.Trait(
            user=factory.SubFactory(
                UserFactory,
                email=factory.SelfAttribute("..email"),
                name=factory.SelfAttribute("..name"),
            )
        )

    name = factory.Sequence(lambda n: f"Expert {n:02} (example)")
    status = Expert.Status.LISTED
    approved_at = NOW - relativedelta(years=1)
    confirmed_at = NOW - relativedelta(months=3)
    created_at = NOW - relativedelta(years=1)
    position = "Head of section"
    organisation = factory.SubFactory(OrganisationFactory)
    country_id = "JP"
    terms = ("products-lamps", "handling-collection")
    languages = factory.LazyFunction(lambda: ["en", "ja"])
    summary = "Set up lamp collection in four cities."
    experience = "Ten years of work on spent lamps and thermometers."
    worked_in = factory.LazyFunction(lambda: ["VN"])
    remote_advice = True
    email = factory.Sequence(lambda n: f"expert{n:02}@example.org")
    phone = factory.Sequence(lambda n: f"+81 3 5550 {n:04}")

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        terms = kwargs.pop("terms")
        codes = [term for term in terms if isinstance(term, str)]
        keys = [term.pk for term in terms if not isinstance(term, str)]
        keys += Term.objects.filter(code__in=codes).values_list("pk", flat=True)
        expert = super()._create(model_class, *args, term_ids=sorted(set(keys)), **kwargs)
        expert.set_terms(keys)
        expert.refresh_from_db()  # what triggers keep
        return expert
