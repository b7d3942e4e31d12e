"""What the portal knows of a country, from every floor: for the list of countries and for each."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, QuerySet

from advice import fitting, supply
from advice.models import AdviceRequest, Mission, Need
from documents.models import Document, Practice
from mailings import permissions, presenting
from mailings.models import Announcement
from meetings.country import statements_of
from meetings.models import Meeting
from partners.models import Country, Organisation, Region

#: Of each list; the rest stands in the lists of the portal.
MOST = 20
PRACTICES_FOR_NEEDS = 4


def by_region(user, now: datetime) -> list[tuple[Region, list[dict]]]:
    """All countries in their regions, each with its numbers: the same queries however many."""
    numbers = {
        "needs": _numbers(Need.objects.visible_to(user).unmet()),
        "experts": _numbers(supply.current_experts(now)),
        "practices": _numbers(Practice.objects.published(), "current__country"),
        "missions": _numbers(Mission.objects.visible_to(user)),
    }
    rows: dict[str, list[dict]] = {region.value: [] for region in Region}
    for country in Country.objects.all():
        found = {name: counts.get(country.pk, 0) for name, counts in numbers.items()}
        rows[country.region].append({"country": country, "any": any(found.values()), **found})
    return [(region, rows[region.value]) for region in Region]


def _numbers(things: QuerySet, path: str = "country") -> dict[str, int]:
    return dict(things.order_by().values_list(path).annotate(number=Count("pk")))


def things(code: str, user) -> dict[str, QuerySet]:
    """What each floor has about a country that this person may see, by the word for one of it."""
    return {
        "need": Need.objects.visible_to(user).published().filter(country=code).defer("search"),
        "practice": Practice.objects.published()
        .filter(current__country=code)
        .select_related("current")
        .defer("current__search"),
        "document": Document.objects.visible_to(user)
        .filter(
            status__in=(Document.Status.OPEN, Document.Status.PUBLISHED),
            countries__contains=[code],
        )
        .defer("search"),
        "mission": Mission.objects.visible_to(user).filter(country=code),
        "meeting": Meeting.objects.visible_to(user).announced().filter(country=code),
        "announcement": Announcement.objects.published()
        .visible_to(user)
        .filter(countries=code)
        .defer("search"),
    }


def everything(country: Country, user, now: datetime) -> dict:
    """The context of a country's page: what this person may see, each list with its whole number.

    Asks the same number of questions, however much there is.
    """
    code = country.pk
    of_country = things(code, user)
    needs = of_country["need"]
    experts = supply.current_experts(now)
    here = experts.filter(country=country)
    houses = Organisation.objects.partners().filter(country=country)
    return {
        "needs": _first(needs.newest_first().prefetch_related("terms")),
        "unmet": needs.unmet().count(),
        "experts": _first(
            here.select_related("organisation")
            .prefetch_related("terms")
            .defer("search", "experience")
            .order_by("sort_name", "pk")
        ),
        "worked_here": experts.filter(worked_in__contains=[code]).exclude(country=country).count(),
        "practices": _first(of_country["practice"].order_by("current__sort_title", "pk")),
        "for_needs": _for_needs(needs.unmet(), country),
        "documents": _first(of_country["document"].order_by("-year", "sort_title", "pk")),
        "missions": _first(of_country["mission"].prefetch_related("areas")),
        "statements": _first(statements_of(country, user, now.date())),
        "meetings": _first(of_country["meeting"]),
        "announcements": _announcements(of_country["announcement"], user, now),
        "organisations": _first(houses.order_by("name", "pk")),
        "stories": _first(AdviceRequest.objects.filter(country=country).stories()),
        "requests": AdviceRequest.objects.sent().filter(country=country).count(),
    }


def _first(things: QuerySet) -> dict:
    """`rows` and their whole number `total`."""
    return {"rows": things[:MOST], "total": things.count()}


def _announcements(found: QuerySet[Announcement], user, now: datetime) -> dict:
    """As their archive shows them, and their whole number."""
    first = found.with_all_of_a_row()[:MOST]
    with_names = permissions.sees_names(user)
    return {
        "rows": presenting.rows(first, now.date(), with_names),
        "total": found.count(),
    }


def _for_needs(needs: QuerySet[Need], country: Country) -> list[Practice]:
    """Practices of other countries about what is needed here."""
    terms: set[int] = set().union(*needs.values_list("term_ids", flat=True))
    found: Iterable[Practice] = fitting.practices(terms, PRACTICES_FOR_NEEDS + MOST)
    others = [one for one in found if one.current.country_id != country.pk]
    return others[:PRACTICES_FOR_NEEDS]
