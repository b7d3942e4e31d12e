"""The directory of experts: what a query asks for, who fits, how many each value would give."""

from datetime import datetime

from django.db.models import F, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from experts import listing_index
from experts.filters import ExpertFilter
from experts.models import Expert, Policy
from partners.directory import finding
from partners.directory import words as searching
from partners.directory.pages import figure

FACETS = tuple(ExpertFilter.base_filters)


class Found(finding.Found):
    """One answer. While nobody chose a freshness, the lapsed are left out."""

    facet_set = ExpertFilter
    keeper = listing_index.KEEPER
    sorts = {"fit": _("Best fit"), "name": _("Name"), "confirmed": _("Last confirmed")}

    def prepare(self):
        self.policy = Policy.current()
        self.limits = self.policy.limits(self.now)

    @property
    def experts(self) -> QuerySet[Expert]:
        return self.results

    def everything(self):
        return Expert.objects.listed().visible_to(self.user)

    def matching(self, rows):
        """In whose profile all words stand (a name, a subject, a country)."""
        return rows.filter(search=searching.Words(self.words))

    def keys_matching(self):
        return searching.ids_of(self.matching(Expert.objects.listed()))

    def ordered(self, rows):
        rows = rows.select_related("organisation")
        if self.sort == "confirmed":
            return rows.order_by(F("confirmed_at").desc(nulls_last=True), "sort_name", "pk")
        if self.sort == "fit" and self.words:
            rows = rows.annotate(fit=searching.Rank(self.words))
            return rows.order_by("-fit", "sort_name", "pk")
        return rows.order_by("sort_name", "pk")

    def in_words(self, number):
        return ngettext("%(n)s expert", "%(n)s experts", number) % {"n": figure(number)}

    def hidden_in_words(self, number):
        text = ngettext("Add %(n)s lapsed profile", "Add %(n)s lapsed profiles", number)
        return text % {"n": figure(number)}


def find(params: QueryDict, user, now: datetime) -> Found:
    """Answer a query string: `q`, `sort` and the filters of `FACETS`, each any number of times."""
    return Found(params, user, now)
