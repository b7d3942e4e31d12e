"""What the views of a round ask first: the round and for whom it is, its text, who may speak."""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from documents import permissions, statistics
from documents.models import CommentRound, Translation
from partners.models import Organisation
from partners.refusals import NotAllowed


def round_or_404(request, pk: int) -> CommentRound:
    """The round with its document, for whoever may see it."""
    found = CommentRound.objects.visible_to(request.user).select_related("version__document")
    return get_object_or_404(found, pk=pk)


def round_as_announced(request, pk: int) -> CommentRound:
    """As `round_or_404`; who signed in and followed the home page to a round for partners is told.

    Raises PermissionDenied with the way to take part; the home page names such rounds to everybody.
    """
    try:
        return round_or_404(request, pk)
    except Http404:
        named = statistics.open_rounds(timezone.now()).filter(pk=pk)
        if request.user.is_authenticated and named.exists():
            raise NotAllowed(
                _(
                    "This round asks partners. If your organisation is one, choose “I belong to "
                    "it” on its page; if not, it can become one."
                )
            ) from None
        raise


def round_of_commenters(request, pk: int) -> CommentRound:
    """The round, for whoever may comment in it; others who see it are refused."""
    comment_round = round_or_404(request, pk)
    if not permissions.can_comment(request.user, comment_round):
        raise PermissionDenied
    return comment_round


def text_of(comment_round: CommentRound, language: str = "") -> Translation | None:
    """The text to read: in the language asked for, else the original; None where there is none."""
    if not comment_round.version_id:
        return None
    texts = list(
        comment_round.version.translations.filter(sections__isnull=False)
        .distinct()
        .order_by("-is_original", "language")
    )
    chosen = [text for text in texts if text.language == language]
    return next(iter(chosen or texts), None)


def labels_of(comment_round: CommentRound) -> dict[str, list[str]] | None:
    """{section: its paragraphs} of the original; None for a text that the portal does not have."""
    translation = text_of(comment_round)
    if translation is None:
        return None
    return dict(translation.sections.order_by("order").values_list("label", "labels"))


def organisations_of(user):
    """Those to which the person belongs today."""
    return Organisation.objects.of(user, timezone.now().date()).order_by("name")
