"""What waits for one person on the floor, for 'My page': rounds, answers, practices, documents."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from documents import address_check, document_reminders, reviewing
from documents.models import (
    Comment,
    CommentRound,
    Document,
    ExternalAddress,
    Practice,
    PracticeVersion,
    Proposal,
)


@dataclass(frozen=True)
class Waiting:
    """One thing that waits; `kind` is the colour of the badge with the `state`."""

    title: str
    url: str
    text: str = ""
    state: str = ""
    kind: str = "info"


def for_person(user, now: datetime) -> list[Waiting]:
    """In the order of urgency: rounds that close, answers to write, practices, documents."""
    return [
        *_to_comment(user, now),
        *_to_answer(user, now),
        *_practices(user, now),
        *_documents(user, now),
        *_addresses(user),
    ]


def kept_by(user) -> list[Waiting]:
    """What this person keeps or proposed, in whatever state: practices, documents, proposals."""
    practices = Practice.objects.filter(owner=user).prefetch_related(
        Prefetch("versions", PracticeVersion.objects.defer("search").order_by("-number"))
    )
    kept = []
    for practice in practices.order_by("pk"):
        newest = practice.versions.all()[0]
        is_shown = newest.pk == practice.current_id
        state = practice.get_status_display() if is_shown else newest.get_status_display()
        title = newest.title or _("no title")
        kept.append(Waiting(title, practice.get_absolute_url(), _("Good practice"), state))
    for document in Document.objects.owned_by(user).defer("search").order_by("sort_title"):
        state, kind = document.get_status_display(), document.get_kind_display()
        kept.append(Waiting(document.title, document.get_absolute_url(), kind, state))
    for proposal in Proposal.objects.filter(proposed_by=user).order_by("-proposed_at"):
        state, kind = proposal.get_status_display(), proposal.get_kind_display()
        kept.append(Waiting(str(proposal), proposal.get_absolute_url(), kind, state))
    return kept


def _to_comment(user, now: datetime) -> list[Waiting]:
    """Rounds in which this person was asked and has not answered."""
    rounds: QuerySet[Any] = (
        CommentRound.objects.visible_to(user)
        .taking_comments(now)
        .filter(invitees__user=user, invitees__done_at=None)
        .annotate(
            drafts=Count(
                "comments",
                filter=Q(comments__author=user, comments__status=Comment.Status.DRAFT),
                distinct=True,
            )
        )
        .order_by("closes_at", "pk")
    )
    waiting = []
    for one in rounds:
        left = (one.closes_at - now).days
        text = _("Comments close on %(moment)s.") % {"moment": one.closes_in_words}
        if one.drafts:
            text += " " + ngettext(
                "You have %(n)s comment in draft. It is not sent yet.",
                "You have %(n)s comments in draft. They are not sent yet.",
                one.drafts,
            ) % {"n": one.drafts}
        state = ngettext("%(n)s day left", "%(n)s days left", left) % {"n": left}
        waiting.append(
            Waiting(
                _("Comment: %(title)s") % {"title": one.title},
                one.get_absolute_url(),
                text,
                state if left else _("Closes today"),
                "warn",
            )
        )
    return waiting


def _to_answer(user, now: datetime) -> list[Waiting]:
    """Rounds whose drafting team this person is in, with comments that nobody answered."""
    unanswered = Q(comments__status=Comment.Status.SENT, comments__response=None)
    rounds: QuerySet[Any] = (
        CommentRound.objects.filter(status=CommentRound.Status.OPEN, team=user)
        .annotate(
            unanswered=Count("comments", filter=unanswered, distinct=True),
            own=Count("comments", filter=unanswered & Q(comments__assigned_to=user), distinct=True),
        )
        .filter(unanswered__gt=0)
        .order_by("closes_at", "pk")
    )
    waiting = []
    for one in rounds:
        text = ngettext(
            "%(n)s comment has no answer yet.",
            "%(n)s comments have no answer yet.",
            one.unanswered,
        ) % {"n": one.unanswered}
        if one.own:
            text += " " + _("Given to you: %(n)s.") % {"n": one.own}
        waiting.append(
            Waiting(
                _("Answer comments: %(title)s") % {"title": one.title},
                reverse("answer_list", args=[one.pk]),
                text,
                _("Drafting team"),
            )
        )
    return waiting


def _practices(user, now: datetime) -> list[Waiting]:
    waiting = []
    unfinished = (PracticeVersion.Status.DRAFT, PracticeVersion.Status.RETURNED)
    for version in (
        PracticeVersion.objects.filter(practice__owner=user, status__in=unfinished)
        .exclude(practice__status=Practice.Status.ARCHIVED)
        .select_related("practice")
        .defer("search")
        .order_by("-changed_at")
    ):
        returned = version.status == PracticeVersion.Status.RETURNED
        waiting.append(
            Waiting(
                _("Finish your practice: %(title)s") % {"title": version.title or _("no title")},
                reverse("practice_edit", args=[version.practice.code]),
                _("The reviewer wrote what is missing.") if returned else "",
                version.get_status_display(),
                "warn" if returned else "info",
            )
        )
    due = reviewing.due(Practice.objects.filter(owner=user), now)
    for practice in due.select_related("current").defer("current__search").order_by("due_at"):
        waiting.append(
            Waiting(
                _("Is this practice still valid? %(title)s") % {"title": practice},
                practice.get_absolute_url(),
                _("It was last reviewed on %(day)s.")
                % {"day": date_format(practice.reviewed_at, "j F Y")},
                _("Review due"),
                "warn",
            )
        )
    return waiting


def _documents(user, now: datetime) -> list[Waiting]:
    """Documents that this person keeps and that are past their day of review."""
    documents = document_reminders.due(now).filter(owner=user).defer("search")
    return [
        Waiting(
            _("Look through your document: %(title)s") % {"title": document},
            document.get_absolute_url(),
            _("It was to be reviewed by %(day)s.")
            % {"day": date_format(document.review_by, "j F Y")},
            _("Review due"),
            "warn",
        )
        for document in documents.order_by("review_by", "pk")
    ]


def _addresses(user) -> list[Waiting]:
    """Documents and practices that this person keeps, with an address that does not answer."""
    dead = ExternalAddress.objects.dead()
    documents = address_check.documents_at(dead).filter(owner=user)
    practices = address_check.practices_at(dead).filter(owner=user).select_related("current")
    return [
        Waiting(
            _("An address does not answer: %(title)s") % {"title": one},
            one.get_absolute_url(),
            _("Look whether it has moved, and enter the new one."),
            _("Dead link"),
            "warn",
        )
        for one in (*documents, *practices.defer("current__search"))
    ]
