"""What of the library, comment rounds and good practices can be announced (mailings/drafts.py)."""

from django.utils import timezone

from documents.models import CommentRound, Document, Practice
from mailings.drafts import Announceable, Draft
from partners.audience import Audience
from partners.models import Country


def of_document(key: int, user) -> Draft | None:
    """A document that has a published version."""
    found = Document.objects.visible_to(user).released().filter(pk=key)
    document = found.defer("search").first()
    if document is None:
        return None
    return Draft(
        topic="documents",
        title=document.title,
        text=document.summary,
        path=document.get_absolute_url(),
        audience=Audience(document.audience),
        countries=_known(document.countries),
        terms=tuple(document.terms.values_list("pk", flat=True)),
    )


def of_round(key: int, user) -> Draft | None:
    """A comment round that takes comments."""
    now = timezone.now()
    found = CommentRound.objects.visible_to(user).taking_comments(now).filter(pk=key)
    comment_round = found.first()
    if comment_round is None:
        return None
    return Draft(
        topic="documents",
        title=comment_round.title,
        text=comment_round.invitation,
        path=comment_round.get_absolute_url(),
        audience=Audience(comment_round.audience),
        closes_on=comment_round.closes_at.date(),
    )


def of_practice(key: int, user) -> Draft | None:
    """A good practice that is published."""
    found = Practice.objects.visible_to(user).filter(status=Practice.Status.PUBLISHED, pk=key)
    practice = found.select_related("current").first()
    if practice is None:
        return None
    version = practice.current
    return Draft(
        topic="documents",
        title=version.title,
        text=version.summary,
        path=practice.get_absolute_url(),
        countries=(version.country_id,) if version.country_id else (),
        terms=tuple(version.terms.values_list("pk", flat=True)),
    )


def _known(codes: list[str]) -> tuple[str, ...]:
    return tuple(Country.objects.filter(pk__in=codes).values_list("pk", flat=True))


THINGS: Announceable = {
    "document": of_document,
    "round": of_round,
    "practice": of_practice,
}
