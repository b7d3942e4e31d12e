"""Writing comments: the text with one's own comments in it, one comment, sending them all."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from documents import commenting, permissions, rounds
from documents.forms.rounds import CommentForm
from documents.models import Comment, CommentRound, Section
from documents.views.of_rounds import (
    labels_of,
    organisations_of,
    round_as_announced,
    round_of_commenters,
    text_of,
)
from documents.views.reading import direction, in_parts
from partners.pages import sign_in_where_hidden
from partners.refusals import Refused

_anything = require_http_methods(["GET", "HEAD", "POST"])


def _own(request, comment_round: CommentRound, pk: int) -> Comment:
    own = comment_round.comments.filter(author=request.user)
    return get_object_or_404(own.select_related("organisation", "question", "response"), pk=pk)


@dataclass
class Reading:
    """What parts/section.html asks: where one comments on a paragraph, and what one wrote there."""

    comment_round: CommentRound
    language: str  # that was asked for; empty: the original
    own: dict[str, list[Comment]]
    is_open: bool

    def comment_url(self, label: str) -> str | None:
        if not self.is_open:
            return None
        address = reverse("comment_add", args=[self.comment_round.pk])
        query = {"paragraph": label} | ({"language": self.language} if self.language else {})
        return f"{address}?{urlencode(query)}"


@require_safe
@sign_in_where_hidden
def round_text(request, pk):
    """The text of the version, with 'comment on' at each paragraph, and one's own comments."""
    comment_round = round_as_announced(request, pk)
    language = request.GET.get("language", "")
    translation = text_of(comment_round, language)
    if translation is None:
        raise Http404
    if translation.language != language:
        language = ""
    user, now = request.user, timezone.now()
    may = permissions.can_comment(user, comment_round)
    own: dict[str, list[Comment]] = {}
    if may:
        written = comment_round.comments.filter(author=user)
        for comment in written.exclude(status=Comment.Status.WITHDRAWN).order_by("pk"):
            own.setdefault(comment.paragraph or comment.section, []).append(comment)
    context = {
        "round": comment_round,
        "document": comment_round.version.document,
        "translation": translation,
        "languages": [
            one
            for one in comment_round.version.translations.filter(sections__isnull=False).distinct()
            if one.pk != translation.pk
        ],
        "direction": direction(translation.language),
        **in_parts(translation, request.GET.get("section", "")),
        "reading": Reading(comment_round, language, own, may and comment_round.takes_comments(now)),
        "takes_comments": comment_round.takes_comments(now),
        "can_comment": may,
        "state": rounds.state(comment_round, now),
        "drafts": commenting.drafts_of(comment_round, user).count() if may else 0,
    }
    return render(request, "documents/round_text.html", context)


def _quoted(comment_round: CommentRound, place: str, language: str) -> str:
    """The paragraph that is commented on; empty for a section or an unknown number."""
    translation = text_of(comment_round, language)
    if translation is None or not place:
        return ""
    section = Section.objects.filter(translation=translation, labels__contains=[place]).first()
    return dict(section.numbered)[place] if section else ""


def _form(request, comment_round: CommentRound, initial: dict) -> CommentForm:
    return CommentForm(
        request.POST or None,
        initial=initial,
        comment_round=comment_round,
        organisations=organisations_of(request.user),
        labels=labels_of(comment_round),
    )


@login_required
@_anything
def comment_add(request, pk):
    comment_round = round_of_commenters(request, pk)
    asked = request.GET
    place = (asked.get("paragraph") or asked.get("section") or "")[:20]
    page, question = asked.get("page", ""), asked.get("question", "")
    own = list(organisations_of(request.user)[:2])
    initial = {
        "place": place,
        "page": page if page.isdecimal() and len(page) < 6 else None,
        "type": Comment.Type.GENERAL,
        "organisation": own[0] if own else None,
        "question": comment_round.questions.filter(
            number=question if question.isdecimal() and len(question) < 5 else 0
        ).first(),
    }
    return _write(request, comment_round, None, _form(request, comment_round, initial), place)


@login_required
@_anything
def comment_edit(request, pk, comment_pk):
    comment_round = round_of_commenters(request, pk)
    comment = _own(request, comment_round, comment_pk)
    initial = {
        "seen": comment.changed_at.isoformat(),
        "place": comment.paragraph or comment.section,
        "page": comment.page,
        "type": comment.type,
        "text": comment.text,
        "proposed_text": comment.proposed_text,
        "organisation": comment.organisation_id,
        "question": comment.question_id,
    }
    form = _form(request, comment_round, initial)
    return _write(request, comment_round, comment, form, initial["place"])


def _write(request, comment_round: CommentRound, comment: Comment | None, form, place: str):
    """Show the form, or save what was typed. Nothing typed is lost, whatever is the answer."""
    now, other, status = timezone.now(), None, 200
    if request.method == "POST" and form.is_valid():
        try:
            saved = commenting.save(
                comment_round.pk,
                request.user,
                form.values(),
                now,
                comment.pk if comment else None,
                _seen(form) if comment else None,
            )
        except commenting.Late as late:
            messages.warning(request, str(late))
            return redirect("round_detail", comment_round.pk)
        except commenting.Collision as collision:
            other, status = collision.comment, 409
            form.data = form.data.copy()
            form.data["seen"] = other.changed_at.isoformat()
            form.add_error(None, str(collision))
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _said(saved))
            return redirect(_back(request, comment_round, saved))
    is_read_only = (
        not form.is_bound
        and comment is not None
        and not commenting.can_be_changed(comment_round, comment, now)
    )
    context = {
        "round": comment_round,
        "comment": comment,
        "form": form,
        "is_read_only": is_read_only,
        "own": [comment],
        "other": other,
        "quoted": _quoted(comment_round, place, request.GET.get("language", "")),
        "place": place,
        "is_over": comment_round.is_over(now),
        "can_drop": comment is not None
        and (
            comment.status == Comment.Status.DRAFT
            or (comment.status == Comment.Status.SENT and comment_round.takes_comments(now))
        ),
    }
    return render(request, "documents/comment_edit.html", context, status=status)


def _seen(form) -> datetime | None:
    try:
        return parse_datetime(form.cleaned_data["seen"])
    except ValueError:
        return None


def _said(comment: Comment) -> str:
    if comment.status == Comment.Status.SENT:
        return _("Saved. It stays sent as comment %(number)s.") % {"number": comment.number}
    return _("Saved as a draft. It is sent when you choose “Send all”.")


def _back(request, comment_round: CommentRound, comment: Comment) -> str:
    """To the paragraph in the text where there is one, else to the round."""
    if text_of(comment_round) and (comment.paragraph or comment.section):
        anchor = f"p-{comment.paragraph}" if comment.paragraph else f"s-{comment.section}"
        language = request.GET.get("language", "")
        query = f"?{urlencode({'language': language})}" if language else ""
        return f"{reverse('round_text', args=[comment_round.pk])}{query}#{anchor}"
    return comment_round.get_absolute_url()


@login_required
@require_POST
def comment_drop(request, pk, comment_pk):
    comment_round = round_of_commenters(request, pk)
    comment = _own(request, comment_round, comment_pk)
    try:
        commenting.drop(comment.pk, request.user, timezone.now())
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("Taken back."))
    return redirect(comment_round)


@login_required
@require_POST
def round_send(request, pk):
    """All drafts of this person; after the close they go to the Lead as late ones."""
    comment_round, now = round_of_commenters(request, pk), timezone.now()
    try:
        if comment_round.is_over(now):
            number = commenting.hand_in_late(comment_round.pk, request.user, now)
            words = ngettext(
                "%(n)s comment came too late. It is kept, and the Lead was asked to take it in.",
                "%(n)s comments came too late. They are kept, and the Lead was asked to take "
                "them in.",
                number,
            )
            messages.warning(request, words % {"n": number})
        else:
            number = commenting.send_all(comment_round.pk, request.user, now)
            words = ngettext(
                "%(n)s comment is sent. You can change it until %(closes)s.",
                "%(n)s comments are sent. You can change them until %(closes)s.",
                number,
            )
            closes = comment_round.closes_in_words
            messages.success(request, words % {"n": number, "closes": closes})
            for draft in commenting.drafts_of(comment_round, request.user):
                words = _("The draft on %(place)s has no words: write it or delete it.")
                place = draft.place or _("the whole text")
                messages.warning(request, words % {"place": place})
    except Refused as refusal:
        messages.warning(request, str(refusal))
    return redirect(comment_round)


@login_required
@require_POST
def round_no_comments(request, pk):
    comment_round = round_of_commenters(request, pk)
    try:
        commenting.no_comments(comment_round.pk, request.user, timezone.now())
    except Refused as refusal:
        messages.warning(request, str(refusal))
    else:
        messages.success(request, _("Thank you: noted that you have no comments."))
    return redirect(comment_round)
