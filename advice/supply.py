"""Supply and demand: which expertise countries need, and who on the list has it, by region."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import Count, F, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from advice import calling
from advice.models import Call, Need, NeedTerm
from experts.models import Expert, ExpertTerm, Policy
from partners.csv_files import neutral
from partners.models import Region, Term


@dataclass
class Row:
    """One term, or a group of terms with all that stands in it; numbers by code of the region.

    A need that asks for two terms of a group counts once for the group; so does an expert.
    """

    term: Term
    needs: Counter = field(default_factory=Counter)
    experts: Counter = field(default_factory=Counter)
    calls: list[Call] = field(default_factory=list)

    @property
    def is_group(self) -> bool:
        return self.term.parent_id is None

    @property
    def unmet(self) -> int:
        return self.needs.total()

    @property
    def found(self) -> int:
        return self.experts.total()

    @property
    def by_region(self) -> list[tuple[Region, int, int]]:
        """(region, experts, unmet needs), in the order of the regions."""
        return [(one, self.experts[one], self.needs[one]) for one in Region]

    @property
    def is_short(self) -> bool:
        """Fewer experts than needs, in all the world."""
        return self.found < self.unmet

    @property
    def short_in(self) -> list[Region]:
        """Regions with more needs than experts of their own."""
        return [one for one in Region if self.needs[one] > self.experts[one]]

    @property
    def can_call(self) -> list[tuple[str, str]]:
        """(code, name) of regions where experts are missing and no call runs.

        An empty code stands for all regions.
        """
        running = {call.region for call in self.calls}
        offered = [("", _("All regions"))] if self.is_short else []
        offered += [(one.value, str(one.label)) for one in self.short_in]
        return [(code, name) for code, name in offered if code not in running]


def current_experts(now: datetime) -> QuerySet[Expert]:
    """Who counts as supply: on the list, and confirmed in time."""
    return Expert.objects.listed().not_lapsed(Policy.current().limits(now))


def rows(now: datetime) -> list[Row]:
    """Every term of the vocabulary in its order, each group before its terms."""
    terms = list(Term.objects.defer("words", "description"))
    by_parent: dict[int | None, list[Term]] = {}
    for term in terms:
        by_parent.setdefault(term.parent_id, []).append(term)
    found = {
        term.pk: Row(term)
        for group in by_parent.get(None, [])
        for term in (group, *by_parent.get(group.pk, []))
    }
    needs = NeedTerm.objects.filter(need__in=Need.objects.unmet().order_by().values("pk"))
    experts = ExpertTerm.objects.filter(expert__in=current_experts(now).order_by().values("pk"))
    for name, links in (("needs", needs), ("experts", experts)):
        for key, region, number in _counted(links, name.removesuffix("s")):
            if key in found:  # a term may be younger than what was read
                getattr(found[key], name)[region] = number
    for call in calling.running(now):
        if call.term_id in found:
            found[call.term_id].calls.append(call)
    return list(found.values())


def _counted(links: QuerySet, thing: str) -> Iterator[tuple[int, str, int]]:
    """(term, region, number of things) of each term, and of each group with what is in it."""
    counted = links.order_by().annotate(region=F(f"{thing}__region"))
    number = Count(thing, distinct=True)
    groups = counted.annotate(key=Coalesce("term__parent_id", "term_id"))
    yield from groups.values_list("key", "region").annotate(number=number)
    terms = counted.filter(term__parent__isnull=False)
    yield from terms.values_list("term_id", "region").annotate(number=number)


def table(now: datetime) -> Iterator[list]:
    """The header, then a list for each term, in English as a file goes from hand to hand."""
    yield [
        "Group",
        "Expertise",
        "Code",
        "Unmet needs",
        "Current experts",
        *(f"Experts in {region.label}" for region in Region),
        *(f"Unmet needs in {region.label}" for region in Region),
        "Experts are missing",
        "Call for nominations",
    ]
    group = ""
    for row in rows(now):
        if row.is_group:
            group = row.term.label_en
        yield [
            neutral(group),
            neutral("" if row.is_group else row.term.label_en),
            row.term.code,
            row.unmet,
            row.found,
            *(experts for _region, experts, _needs in row.by_region),
            *(needs for _region, _experts, needs in row.by_region),
            "yes" if row.is_short else "",
            "; ".join(call.get_region_display() or "All regions" for call in row.calls),
        ]
