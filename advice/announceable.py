"""What countries need, and calls for experts, as announcements (mailings/drafts.py)."""

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from advice.models import Call, Need
from mailings.drafts import Announceable, Draft
from partners.models import Country


def of_need(key: int, user) -> Draft | None:
    """A need that stands in the register."""
    need = Need.objects.visible_to(user).published().filter(pk=key).first()
    if need is None:
        return None
    return Draft(
        topic="needs",
        title=need.title,
        text=need.description,
        path=need.get_absolute_url(),
        countries=(need.country_id,) if need.country_id else (),
        terms=tuple(need.terms.values_list("pk", flat=True)),
    )


def of_call(key: int, user) -> Draft | None:
    """A call for experts that is open."""
    call = Call.objects.running(timezone.now().date()).filter(pk=key).first()
    if call is None:
        return None
    return Draft(
        topic="experts",
        title=_("Experts are wanted: %(term)s") % {"term": call.term},
        text=_("If you know this field, apply to be on the Resource Persons List."),
        path=reverse("supply_and_demand"),
        closes_on=call.ends_on,
        countries=_of_region(call.region),
        terms=(call.term_id,),
    )


def _of_region(region: str) -> tuple[str, ...]:
    """All countries of a region; none, which means all, where the call is for every region."""
    return tuple(Country.objects.filter(region=region).values_list("pk", flat=True))


THINGS: Announceable = {"need": of_need, "call": of_call}
