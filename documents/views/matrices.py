"""The matrix of a round: on a page that prints well, as XLSX and as CSV."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from documents import matrices, permissions
from documents.models import Comment, CommentRound
from experts.exporting import TYPES
from partners.pages import sign_in_where_hidden
from partners.refusals import NotAllowed


def _round(request: HttpRequest, pk: int) -> tuple[CommentRound, bool]:
    """The round, and whether all its comments are shown; else one's own alone.

    Who commented reads that for ever, also when the round is for others by now. Raises Http404,
    PermissionDenied.
    """
    rounds, user = CommentRound.objects.select_related("version__document"), request.user
    visible = rounds.visible_to(user).filter(pk=pk).first()
    if visible and matrices.shows_all(visible, user):
        return visible, True
    if not user.is_authenticated:
        raise Http404
    own = Comment.objects.sent().filter(author=user, round=pk)
    found = rounds.filter(pk__in=own.values("round")).first()
    if found:
        return found, False
    if visible is None:
        raise Http404
    raise NotAllowed(
        _("Comments and answers of this round are not shown to everybody, or not yet.")
    )


@require_safe
@sign_in_where_hidden
def round_matrix(request, pk):
    """Comments and answers: the public response page, and one's own for each commenter."""
    comment_round, sees_all = _round(request, pk)
    user = request.user
    own = matrices.comments(comment_round, user, own=True) if user.is_authenticated else []
    context = {
        "round": comment_round,
        "rows": matrices.rows(comment_round, user) if sees_all else [],
        "names": dict(matrices.COLUMNS),
        "figures": matrices.figures(comment_round) if sees_all else None,
        "own": own,
        "sees_all": sees_all,
        "with_answers": matrices.shows_answers(comment_round, user),
        "can_answer": permissions.can_answer(user, comment_round),
    }
    return render(request, "documents/round_matrix.html", context)


@require_safe
@sign_in_where_hidden
def matrix_xlsx(request, pk):
    return _file(request, pk, "xlsx", matrices.as_xlsx)


@require_safe
@sign_in_where_hidden
def matrix_csv(request, pk):
    return _file(request, pk, "csv", matrices.as_csv)


def _file(request: HttpRequest, pk: int, kind: str, write) -> HttpResponse:
    comment_round, _sees_all = _round(request, pk)
    name = matrices.name_of(comment_round, kind)
    return HttpResponse(
        write(comment_round, request.user),
        content_type=TYPES[kind],
        headers={
            "Content-Disposition": content_disposition_header(True, name),
            "Cache-Control": "private, no-store",
        },
    )
