"""The drafting team at work: the list of comments, one answer, the end of a round."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.paginator import Paginator
from django.http import HttpRequest, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from documents import answer_overview, answering, matrices, permissions
from documents.forms.answers import AnswerForm, BulkForm, CancelForm, FilterForm, FinishForm
from documents.models import Comment, CommentRound, Section
from documents.views.of_rounds import round_or_404
from partners.keys import keys_in
from partners.pages import page_or_404
from partners.refusals import NotAllowed, Refused

PER_PAGE = 50
OTHERS_AT_MOST = 20  # on the same paragraph
UNANSWERED_AT_MOST = 100  # named before the end of a round

_anything = require_http_methods(["GET", "HEAD", "POST"])


def _round_of_team(request: HttpRequest, pk: int) -> CommentRound:
    """The round, for its drafting team and the Lead. Raises Http404, PermissionDenied."""
    comment_round = round_or_404(request, pk)
    if not permissions.can_answer(request.user, comment_round):
        raise NotAllowed(_("Only the drafting team answers comments."))
    return comment_round


def _round_of_lead(request: HttpRequest, pk: int) -> CommentRound:
    comment_round = round_or_404(request, pk)
    if not permissions.can_open_rounds(request.user):
        raise NotAllowed(_("Only the Lead ends a round."))
    return comment_round


def _comments():
    return Comment.objects.select_related(
        "organisation", "author", "assigned_to", "question", "response__by"
    )


# The list


@login_required
@_anything
def answer_list(request, pk):
    """All comments of a round with filters; one answer, or one person, for what is ticked."""
    comment_round, now = _round_of_team(request, pk), timezone.now()
    team = answering.team_of(comment_round, now)
    bulk = BulkForm(request.POST if request.method == "POST" else None, team=team)
    chosen = _chosen(request.POST)
    if bulk.is_valid():
        try:
            said = _together(bulk, comment_round, chosen, request.user, now)
        except Refused as refusal:
            bulk.add_error(None, str(refusal))
        else:
            messages.success(request, said)
            return redirect(_same_list(request))
    briefs = answer_overview.of(comment_round)
    form = FilterForm(request.GET, briefs=briefs, team=team, user=request.user)
    fitting = form.fitting(briefs)
    if request.method == "POST":  # the list may be shorter by now, and what was typed is kept
        page = Paginator(fitting, PER_PAGE).get_page(request.GET.get("page"))
    else:
        page = page_or_404(fitting, request, PER_PAGE)
    shown = [one.pk for one in page]
    of_round = {one.pk for one in briefs}
    shown += [key for key in chosen if key in of_round and key not in shown]  # ticks are kept
    comments = _comments().in_bulk(shown)
    context = {
        "round": comment_round,
        "rows": [(comments[key], key in chosen) for key in shown if key in comments],
        "page": page,
        "progress": answer_overview.progress(briefs),
        "changed": sum(one.changed_since for one in briefs),
        "late": answering.undecided(comment_round).count(),
        "filters": form,
        "has_filters": any(request.GET.get(name) for name in form.fields),
        "bulk": bulk,
        "goes_on": comment_round.status == CommentRound.Status.OPEN,
        "takes_comments": comment_round.takes_comments(now),
        "can_finish": permissions.can_open_rounds(request.user),
    }
    return render(request, "documents/answer_list.html", context)


def _same_list(request: HttpRequest) -> str:
    """The list with its filters; from the first page where the step took comments out of it."""
    query = request.GET.copy()
    if query.get("answered") or query.get("assigned"):
        query.pop("page", None)
    return f"{request.path}?{query.urlencode()}".rstrip("?")


def _chosen(sent: QueryDict) -> list[int]:
    """The comments that were ticked; what is no key is left out."""
    return keys_in(sent.getlist("comment"))


def _together(bulk: BulkForm, comment_round: CommentRound, chosen: list[int], user, now) -> str:
    """Do what the button says with the chosen comments; returns the sentence about it."""
    if bulk.do == BulkForm.ASSIGN:
        number = answering.assign(comment_round.pk, chosen, bulk.person, user, now)
        return ngettext("%(n)s comment assigned.", "%(n)s comments assigned.", number) % {
            "n": number
        }
    said = bulk.cleaned_data
    number = answering.answer_many(
        comment_round.pk, chosen, said["verdict"], said["reason"], user, now
    )
    return ngettext("%(n)s comment answered.", "%(n)s comments answered.", number) % {"n": number}


# One answer


@login_required
@_anything
def answer_edit(request, pk, comment_pk):
    """A comment with what it is about, and its answer; 409 when somebody else was quicker."""
    comment_round = _round_of_team(request, pk)
    sent = comment_round.comments.exclude(status=Comment.Status.DRAFT)
    comment = get_object_or_404(_comments().filter(pk__in=sent), pk=comment_pk)
    form = AnswerForm(request.POST or None, initial=_initial(comment))
    status = 200
    if form.is_valid():
        said = form.cleaned_data
        try:
            answering.answer(
                comment.pk,
                said["verdict"],
                said["reason"],
                request.user,
                timezone.now(),
                seen=said["seen"],
            )
        except answering.Collision as collision:
            comment = _comments().get(pk=comment_pk)
            form = AnswerForm({**request.POST.dict(), "seen": answering.stamp(comment)})
            form.add_error(None, str(collision))
            status = 409
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return _after_answer(request, comment_round, comment)
    can_be_answered = (
        comment_round.status == CommentRound.Status.OPEN and comment.status == Comment.Status.SENT
    )
    response = getattr(comment, "response", None)
    context = {
        "round": comment_round,
        "comment": comment,
        "form": form if can_be_answered or form.is_bound else None,
        "response": response,
        "collided": status == 409,
        "changed_since": response is not None and response.at < comment.changed_at,
        "section": _section(comment_round, comment),
        "others": _others(comment_round, comment),
        "progress": answer_overview.progress(answer_overview.of(comment_round)),
    }
    return render(request, "documents/answer_edit.html", context, status=status)


def _initial(comment: Comment) -> dict:
    response = getattr(comment, "response", None)
    return {
        "verdict": response.verdict if response else "",
        "reason": response.reason if response else "",
        "seen": answering.stamp(comment),
    }


def _after_answer(request: HttpRequest, comment_round: CommentRound, comment: Comment):
    """To the next comment that waits for this person, or back to the list."""
    briefs = answer_overview.of(comment_round)
    progress = answer_overview.progress(briefs)
    messages.success(
        request,
        _("Saved: the answer to comment %(number)s. %(answered)s of %(total)s are answered.")
        % {
            "number": comment.number,
            "answered": progress.answered,
            "total": progress.total,
        },
    )
    if "next" in request.POST:
        following = answer_overview.next_unanswered(briefs, comment.pk, request.user.pk)
        if following:
            return redirect("answer_edit", comment_round.pk, following.pk)
        if progress.waiting:
            messages.info(request, _("What is left is assigned to other people."))
    return redirect("answer_list", comment_round.pk)


def _section(comment_round: CommentRound, comment: Comment) -> dict | None:
    """What the comment is about: its paragraph, else the whole section; None without a text."""
    if not (comment.paragraph or comment.section):
        return None
    sections = matrices.sections_of(comment_round)
    found: Section | None = None
    if comment.paragraph:
        found = sections.filter(labels__contains=[comment.paragraph]).first()
    found = found or sections.filter(label=comment.section).first()
    if found is None:
        return None
    quoted = [one for one in found.numbered if one[0] == comment.paragraph]
    return {"heading": found, "quoted": quoted, "whole": [] if quoted else found.numbered}


def _others(comment_round: CommentRound, comment: Comment) -> list[Comment]:
    """What others said about the same place, with the answers that they got."""
    same = {"paragraph": comment.paragraph, "section": comment.section, "page": comment.page}
    if comment.paragraph:
        same = {"paragraph": comment.paragraph}
    others = comment_round.comments.sent().exclude(pk=comment.pk).filter(**same)
    return list(
        others.select_related("organisation", "response").order_by("number")[:OTHERS_AT_MOST]
    )


# The end


@login_required
@_anything
def round_finish(request, pk):
    """What still stands against the end, who gets a mail, and the Lead's button."""
    comment_round, now = _round_of_lead(request, pk), timezone.now()
    if comment_round.status != CommentRound.Status.OPEN:
        messages.info(request, _("Only a round that is open can be finished."))
        return redirect(comment_round)
    obstacles = answering.obstacles_to_finish(comment_round, now)
    sent = request.POST if request.method == "POST" else None  # an empty form is an answer
    readers = comment_round.readers_of_responses.label
    form = FinishForm(sent, readers=readers, with_override=bool(obstacles))
    if form.is_valid():
        said = form.cleaned_data
        try:
            answering.finish(
                comment_round.pk, request.user, now, said.get("override", ""), said["public"]
            )
        except Refused as refusal:
            form.add_error("override" if "override" in form.fields else None, str(refusal))
        else:
            messages.success(
                request, _("The round is finished. Everybody who sent comments gets one mail.")
            )
            return redirect(comment_round)
    briefs = answer_overview.of(comment_round)
    waiting = [one for one in briefs if not one.verdict]
    context = {
        "round": comment_round,
        "form": form,
        "obstacles": obstacles,
        "progress": answer_overview.progress(briefs),
        "waiting": waiting[:UNANSWERED_AT_MOST],
        "more": max(0, len(waiting) - UNANSWERED_AT_MOST),
        "changed": [one for one in briefs if one.changed_since],
        "late": answering.undecided(comment_round).count(),
        "late_url": f"{reverse('admin:index')}?kind=comments_late",
        "people": answering.commenters(comment_round).count(),
    }
    return render(request, "documents/round_finish.html", context)


@login_required
@_anything
def round_cancel(request, pk):
    """The Lead ends a round without answers, with a reason that all commenters read."""
    comment_round = _round_of_lead(request, pk)
    if CommentRound.Status.CANCELLED not in CommentRound.NEXT.get(comment_round.status, ()):
        messages.info(request, _("This round has ended already."))
        return redirect(comment_round)
    form = CancelForm(request.POST or None)
    if form.is_valid():
        try:
            answering.cancel(
                comment_round.pk, form.cleaned_data["reason"], request.user, timezone.now()
            )
        except Refused as refusal:
            form.add_error("reason", str(refusal))
        else:
            messages.success(request, _("The round is cancelled. Who wrote comments is told why."))
            return redirect(comment_round)
    context = {
        "round": comment_round,
        "form": form,
        "people": answering.told_when_cancelled(comment_round).count(),
    }
    return render(request, "documents/round_cancel.html", context)
