"""Who could go, for a field of expertise, and why: asked in one place."""

from datetime import datetime

from django.db.models import Case, IntegerField, Value, When
from django.db.models.functions import Coalesce
from django.utils.formats import date_format
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from advice.availability import askable
from experts.models import Expert
from partners.models import Country, Term


def people_for(
    term_ids: list[int], text: str, country: Country, now: datetime, limit: int
) -> list[tuple[Expert, tuple[str, ...]]]:
    """Up to `limit` experts who can be asked and have one of the terms, the best first, with
    reasons.

    Who worked in the country goes before who lives in its region, then who travels on missions,
    then who confirmed last. The text of the need, which a ranking may read, changes nothing here.
    """
    labels = {term.pk: term.label for term in Term.objects.filter(pk__in=term_ids)}
    near = Case(
        When(worked_in__contains=[country.pk], then=Value(2)),
        When(region=country.region, then=Value(1)),
        default=Value(0),
        output_field=IntegerField(),
    )
    found = (
        askable(Expert.objects.all(), now)
        .filter(term_ids__overlap=term_ids)
        .select_related("country")
        .defer("search")
        .order_by(near.desc(), "-missions", Coalesce("confirmed_at", "created_at").desc(), "pk")
    )
    return [(expert, _reasons(expert, labels, country)) for expert in found[:limit]]


def _reasons(expert: Expert, labels: dict[int, str], country: Country) -> tuple[str, ...]:
    """Why this expert, in sentences."""
    shared = [label for key, label in labels.items() if key in expert.term_ids]
    reasons = [_("Expertise: %(terms)s") % {"terms": get_text_list(shared, _("and"))}]
    if country.pk in expert.worked_in:
        reasons.append(_("Worked in %(country)s") % {"country": country})
    elif expert.region == country.region:
        reasons.append(_("Lives in the same region"))
    if expert.missions:
        reasons.append(_("Can travel on missions"))
    if expert.confirmed_at:
        day = date_format(expert.confirmed_at, "YEAR_MONTH_FORMAT")
        reasons.append(_("Confirmed the profile in %(month)s") % {"month": day})
    return tuple(reasons)
