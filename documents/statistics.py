"""Figures and the newest of the floor for the home page: what everybody may see, whoever asks."""

from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, F, Q, QuerySet

from documents.models import CommentRound, Document, LimitValue, Practice
from partners.audience import Audience

EVERYBODY = AnonymousUser()


def figures() -> dict[str, int]:
    """`documents` in the library, `practices` and `countries` that they come from."""
    practices = Practice.objects.published().aggregate(
        practices=Count("pk"), countries=Count("current__country", distinct=True)
    )
    current = (Document.Status.OPEN, Document.Status.PUBLISHED)
    documents = Document.objects.visible_to(EVERYBODY).filter(status__in=current)
    return practices | {"documents": documents.count()}


def open_rounds(now: datetime) -> QuerySet[CommentRound]:
    """Rounds that take comments now, the first to close first.

    Those of partners are named here too, as an invitation to join; not those on a document that
    everybody may not see, as a round is named after its document.
    """
    rounds = CommentRound.objects.taking_comments(now).filter(
        Q(version=None) | Q(version__document__audience=Audience.PUBLIC),
        audience__in=(Audience.PUBLIC, Audience.PARTNERS),
    )
    return rounds.order_by("closes_at", "pk")


def newest_documents(number: int) -> QuerySet[Document]:
    """Documents by the day on which their newest version was published."""
    documents = Document.objects.visible_to(EVERYBODY).filter(
        status__in=(Document.Status.OPEN, Document.Status.PUBLISHED)
    )
    return (
        documents.defer("search")
        .select_related("current")
        .order_by(F("current__published_at").desc(), F("year").desc(nulls_last=True), "sort_title")[
            :number
        ]
    )


def newest_practices(number: int) -> QuerySet[Practice]:
    """Practices by the day of their last review."""
    practices = Practice.objects.published().select_related("current__country")
    return practices.defer("current__search").order_by("-reviewed_at", "pk")[:number]


def limits_in_force() -> QuerySet[LimitValue]:
    """Values that hold today, the newest first."""
    limits = LimitValue.objects.exclude(status=LimitValue.Status.SUPERSEDED)
    return limits.filter(value__isnull=False).order_by("-decided_on", "pk")
