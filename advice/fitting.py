"""What goes with a need: experts who could be asked about it, practices that others can copy."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Q, QuerySet

from advice.models import Need
from advice.supply import current_experts
from documents.models import Practice
from experts.models import Expert


def experts(need: Need, now: datetime) -> QuerySet[Expert]:
    """Current experts with one of the terms; a group stands for each term in it."""
    terms = need.term_ids
    return current_experts(now).filter(Q(term_ids__overlap=terms) | Q(group_ids__overlap=terms))


def practices(terms: Iterable[int], number: int) -> QuerySet[Practice]:
    """Published practices about these terms (keys), those that share most of them first."""
    terms = list(terms)
    shared = Count("current__practiceterm", filter=Q(current__practiceterm__term__in=terms))
    return (
        Practice.objects.published()
        .filter(current__term_ids__overlap=terms)
        .annotate(shared=shared)
        .select_related("current__country")
        .defer("current__search")
        .order_by("-shared", "current__sort_title", "pk")[:number]
    )
