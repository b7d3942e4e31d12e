"""The directory of good practices: what a query string asks for, which practices fit, how many."""

from collections import Counter
from datetime import datetime

from django.db.models import Count, F, IntegerField, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from documents import reviewing
from documents.models import Practice, PracticeVersion, Precondition, Requirement, UseReport
from partners.directory import finding
from partners.directory import words as searching
from partners.directory.facets import (
    AllFacet,
    ArrayFacet,
    CountryFacet,
    Facet,
    FacetSet,
    RegionFacet,
    TermFacet,
)
from partners.directory.index import Keeper
from partners.directory.pages import figure

OFTEN = 3  # reports from which a practice counts as used often

# The moment of a row is the one at which its review is due
_SOURCE = f"""
    SELECT p.id, extract(epoch FROM p.reviewed_at
            + interval '{reviewing.REVIEW_MONTHS} months')::float8 AS moment,
        v.kind, v.form, v.cost_band, v.country_id, v.region, v.term_ids, v.group_ids,
        v.condition_kinds, v.needs
    FROM documents_practice p JOIN documents_practiceversion v ON v.id = p.current_id
    WHERE p.status = 'published'
"""  # noqa: S608 (constants)


def _values(row: tuple) -> list[tuple]:
    kind, form, cost, country, region, terms, groups, condition_kinds, needs = row[2:]
    return [
        ("kind", kind),
        ("form", form),
        ("cost", cost),
        ("country", country),
        ("region", region),
        *(("term", key) for key in {*terms, *groups}),
        *(("condition", kind) for kind in condition_kinds),
        *(("without", key) for key in needs),
    ]


KEEPER = Keeper(_SOURCE, ("documents_practicechange", "object_id"), _values)


class WithoutFacet(AllFacet):
    """'Works without …': the practice does not need it. The index has those that do."""

    def condition(self, values, found):
        keys = [one.pk for one in found.requirements if one.code in values]
        return ~Q(current__needs__overlap=keys)

    def known(self, found):
        return {one.code for one in found.requirements}

    def sets(self, found, by_key):
        return {
            one.code: found.index.everybody & ~by_key.get(one.pk, 0) for one in found.requirements
        }

    def options(self, found):
        """Those that some practice needs: without the others, everything works."""
        shown, chosen = self.shown(found), found.chosen.get(self.name, [])
        everybody = found.index.everybody
        return [
            (one.code, one.label, False)
            for one in found.requirements
            if one.code in chosen
            or (one.code in shown and found.index.sets.get((self.name, one.pk), 0) & everybody)
        ]


class ReviewFacet(Facet):
    """Whether somebody said in time that the practice is still valid."""

    def condition(self, values, found):
        due = Q(pk__in=reviewing.due(Practice.objects.all(), found.now).values("pk"))
        wanted = {"due": due, "in_time": ~due}
        return _any(wanted[value] for value in values)

    def sets(self, found, by_key):
        in_time = found.index.after(found.now)
        return {"due": found.index.everybody & ~in_time, "in_time": in_time}


class UsedFacet(Facet):
    """How many told that they used it; counted at each request, as nothing else depends on it."""

    def condition(self, values, found):
        wanted = {
            "once": Q(pk__in=list(found.uses)),
            "often": Q(pk__in=found.used_often),
            "never": ~Q(pk__in=list(found.uses)),
        }
        return _any(wanted[value] for value in values)

    def sets(self, found, by_key):
        used = found.index.of(found.uses)
        return {
            "once": used,
            "often": found.index.of(found.used_often),
            "never": found.index.everybody & ~used,
        }


def _any(conditions) -> Q:
    wanted = Q()
    for condition in conditions:
        wanted |= condition
    return wanted


class PracticeFilter(FacetSet):
    term = TermFacet(label=_("Waste stream and step"), path="current__", starts_open=True)
    without = WithoutFacet(label=_("Works without"), starts_open=True, says_name=True)
    region = RegionFacet(label=_("Region"), field_name="current__region")
    country = CountryFacet(label=_("Country"), field_name="current__country_id")
    kind = Facet(label=_("Kind"), field_name="current__kind", choices=PracticeVersion.Kind.choices)
    cost = Facet(
        label=_("Cost"), field_name="current__cost_band", choices=PracticeVersion.CostBand.choices
    )
    condition = ArrayFacet(
        label=_("Has preconditions that are"),
        field_name="current__condition_kinds",
        choices=Precondition.Kind.choices,
        says_name=True,
    )
    used = UsedFacet(
        label=_("Used by others"),
        choices=[
            ("once", _("At least once")),
            ("often", _("Three times or more")),
            ("never", _("No report yet")),
        ],
        says_name=True,
    )
    review = ReviewFacet(
        label=_("Review"),
        choices=[("in_time", _("Reviewed in time")), ("due", _("Review due"))],
    )
    form = Facet(
        label=_("Length"), field_name="current__form", choices=PracticeVersion.Form.choices
    )

    class Meta:
        model = Practice
        fields = []


class Found(finding.Found):
    """One answer. What stands here is published and thus for everybody, whoever asks.

    `uses` has the number of reports of use by the practice's key, where there is one.
    """

    facet_set = PracticeFilter
    keeper = KEEPER
    sorts = {
        "fit": _("Best fit"),
        "reviewed": _("Last reviewed"),
        "title": _("Title"),
        "used": _("Most used"),
    }

    def prepare(self):
        self.requirements = list(Requirement.objects.all())
        reports = UseReport.objects.shown().order_by().values_list("practice")
        self.uses = Counter(dict(reports.annotate(number=Count("pk"))))
        self.used_often = [key for key, number in self.uses.items() if number >= OFTEN]

    def everything(self):
        return Practice.objects.published().visible_to(self.user)

    def matching(self, rows):
        return rows.filter(current__search=searching.Words(self.words))

    def keys_matching(self):
        return searching.ids_of(self.matching(Practice.objects.published()))

    def ordered(self, rows):
        rows = rows.select_related("current").defer("current__search")
        by_title = ("current__sort_title", "pk")
        if self.sort == "fit" and self.words:
            rows = rows.annotate(fit=searching.Rank(self.words, "current__search"))
            return rows.order_by("-fit", *by_title)
        if self.sort == "used":
            reports = UseReport.objects.shown().filter(practice=OuterRef("pk")).order_by()
            number = reports.values("practice").annotate(number=Count("pk")).values("number")
            used = Coalesce(Subquery(number), Value(0), output_field=IntegerField())
            return rows.annotate(used=used).order_by("-used", *by_title)
        if self.sort == "title":
            return rows.order_by(*by_title)
        return rows.order_by(F("reviewed_at").desc(), *by_title)

    def in_words(self, number):
        return ngettext("%(n)s practice", "%(n)s practices", number) % {"n": figure(number)}


def find(params: QueryDict, user, now: datetime) -> Found:
    """Answer a query string: `q`, `sort` and the filters, each any number of times."""
    return Found(params, user, now)
