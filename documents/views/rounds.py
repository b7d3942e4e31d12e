"""Comment rounds: the list, one round, and the Lead's steps before comments come in."""

from datetime import timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from documents import matrices, permissions, rounds
from documents.forms.rounds import RoundForm
from documents.models import Comment, CommentRound, Document
from documents.views.of_rounds import round_as_announced, round_or_404
from partners.audience import Audience
from partners.pages import sign_in_where_hidden
from partners.refusals import Refused

PER_PAGE = 20
TAKES_WEEKS = 6  # what the form proposes between opening and close


@require_safe
def round_list(request):
    """What takes comments first, by its close; then all others, the newest first."""
    now = timezone.now()
    visible = CommentRound.objects.visible_to(request.user).select_related("version__document")
    taking = visible.taking_comments(now).order_by("closes_at", "pk")
    others = visible.exclude(pk__in=taking.order_by().values("pk"))
    page = Paginator(others.order_by("-closes_at", "-pk"), PER_PAGE).get_page(
        request.GET.get("page")
    )
    context = {
        "taking": _rows(taking, request.user, now),
        "page": page,
        "others": _rows(page.object_list, request.user, now),
        "can_add": permissions.can_open_rounds(request.user),
    }
    return render(request, "documents/round_list.html", context)


def _rows(found, user, now) -> list[dict]:
    """A round with its state in words, and how many comments of this person are in it."""
    found = list(found)
    own = {}
    if user.is_authenticated:
        counted = (
            Comment.objects.filter(round__in=found, author=user)
            .values("round")
            .annotate(
                drafts=Count("pk", filter=Q(status=Comment.Status.DRAFT)),
                sent=Count("pk", filter=Q(status=Comment.Status.SENT)),
            )
        )
        own = {row["round"]: row for row in counted}
    return [
        {
            "round": one,
            "state": rounds.state(one, now),
            "own": own.get(one.pk),
        }
        for one in found
    ]


@require_safe
@sign_in_where_hidden
def round_detail(request, pk):
    comment_round, user, now = round_as_announced(request, pk), request.user, timezone.now()
    can_comment = permissions.can_comment(user, comment_round)
    can_answer = permissions.can_answer(user, comment_round)
    own = []
    if user.is_authenticated:
        own = list(
            comment_round.comments.filter(author=user)
            .select_related("organisation", "question", "response")
            .order_by("pk")
        )
    drafts = [one for one in own if one.status == Comment.Status.DRAFT]
    context = {
        "round": comment_round,
        "document": comment_round.version.document if comment_round.version_id else None,
        "state": rounds.state(comment_round, now),
        "questions": comment_round.questions.all(),
        "takes_comments": comment_round.takes_comments(now),
        "is_late": comment_round.status == CommentRound.Status.OPEN
        and now >= comment_round.closes_at,
        "can_comment": can_comment,
        "can_answer": can_answer,
        "can_change": permissions.can_open_rounds(user)
        and comment_round.status in (CommentRound.Status.PREPARED, CommentRound.Status.OPEN),
        "drafts": drafts,
        "sent": [one for one in own if one.status == Comment.Status.SENT],
        "others": [
            one for one in own if one.status not in (Comment.Status.DRAFT, Comment.Status.SENT)
        ],
        "invitee": comment_round.invitees.filter(user=user).first() if user.pk else None,
        "has_text": _has_text(comment_round),
        "shows_matrix": can_answer or matrices.rows(comment_round, user)
        if comment_round.status == CommentRound.Status.FINISHED
        else can_answer,
        "figures": _figures(comment_round) if can_answer else None,
    }
    return render(request, "documents/round_detail.html", context)


def _has_text(comment_round: CommentRound) -> bool:
    """Can the version be read in the browser, paragraph by paragraph?"""
    version = comment_round.version
    return version is not None and version.translations.filter(sections__isnull=False).exists()


def _figures(comment_round: CommentRound) -> dict[str, int]:
    invited = comment_round.invitees.aggregate(
        invited=Count("pk"),
        done=Count("pk", filter=Q(done_at__isnull=False)),
        without=Count("pk", filter=Q(has_no_comments=True)),
    )
    sent = comment_round.comments.sent()
    return invited | sent.aggregate(
        comments=Count("pk"),
        answered=Count("response"),
        organisations=Count("organisation", distinct=True),
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def round_add(request):
    if not permissions.can_open_rounds(request.user):
        raise PermissionDenied
    now = timezone.now()
    begin = now.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
    end = (begin + timedelta(weeks=TAKES_WEEKS)).replace(hour=23, minute=59)
    initial = {"opens_at": begin, "closes_at": end, "document": request.GET.get("document", "")}
    document = Document.objects.filter(code=initial["document"]).first()
    if document:
        initial["title"] = _("Comments on: %(title)s") % {"title": document.title[:180]}
    form = RoundForm(request.POST or None, initial=initial)
    if form.is_valid():
        comment_round = rounds.prepare(
            form.values(),
            form.cleaned_data["questions"],
            form.cleaned_data["team"],
            request.user,
            now,
        )
        messages.success(request, _("The round is prepared. Nobody sees it yet: open it now."))
        return redirect("round_open", comment_round.pk)
    return render(request, "documents/round_edit.html", {"form": form, "round": None})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def round_edit(request, pk):
    comment_round = round_or_404(request, pk)
    if not permissions.can_open_rounds(request.user):
        raise PermissionDenied
    if comment_round.status not in (CommentRound.Status.PREPARED, CommentRound.Status.OPEN):
        messages.warning(request, _("This round is over: it does not change any more."))
        return redirect(comment_round)
    form = RoundForm(request.POST or None, comment_round=comment_round)
    if form.is_valid():
        try:
            rounds.change(
                comment_round.pk,
                form.values(),
                form.cleaned_data["questions"],
                form.cleaned_data["team"],
                request.user,
                timezone.now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect(comment_round)
    return render(request, "documents/round_edit.html", {"form": form, "round": comment_round})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def round_open(request, pk):
    """GET shows who will be asked, POST opens."""
    comment_round, now = round_or_404(request, pk), timezone.now()
    if not permissions.can_open_rounds(request.user):
        raise PermissionDenied
    if comment_round.status != CommentRound.Status.PREPARED:
        return redirect(comment_round)
    problem = ""
    if request.method == "POST":
        try:
            number = rounds.open_round(comment_round.pk, request.user, now)
        except Refused as refusal:
            problem = str(refusal)
        else:
            words = ngettext(
                "The round is open. %(n)s person is asked by mail.",
                "The round is open. %(n)s people are asked by mail.",
                number,
            )
            messages.success(request, words % {"n": number})
            return redirect(comment_round)
    context = {
        "round": comment_round,
        "problem": problem,
        "people": Audience(comment_round.audience).people(now).count(),
        "edit_url": reverse("round_edit", args=[comment_round.pk]),
    }
    return render(request, "documents/round_open.html", context)
