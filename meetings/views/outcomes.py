"""Decisions and actions: all of them with filters, one of them, and what is said about it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from documents.models import Document
from meetings import deciding, permissions, tabling
from meetings.filters import OutcomeFilter
from meetings.finding import organised
from meetings.forms.outcomes import OutcomeForm, ProgressForm
from meetings.models import Meeting, Outcome, OutcomeChange
from partners import mail
from partners.csv_files import csv_answer
from partners.pages import page_or_404, sign_in_where_hidden
from partners.refusals import Refused

PER_PAGE = 30


def _found(request, today) -> OutcomeFilter:
    seen = Outcome.objects.visible_to(request.user)
    with_names = tabling.sees_names(request.user)
    return OutcomeFilter(request.GET, seen, today=today, with_names=with_names)


@require_safe
def outcome_list(request):
    """All decisions and actions, those of the last meeting first."""
    today = timezone.now().date()
    found = _found(request, today)
    unknown = found.unknown()
    seen = found.queryset
    newest = tabling.loaded(found.qs).order_by("-meeting__starts_on", "-meeting", "number")
    page = page_or_404(newest, request, PER_PAGE)
    context = {
        "filter": found,
        "page": page,
        "rows": tabling.rows(page, request.user, today),
        "unknown": unknown,
        "facets": found.facets(),
        "total": seen.count(),
        "open": seen.open_actions().count(),
        "late": seen.late(today).count(),
        "query": request.GET.urlencode(),
    }
    return render(request, "meetings/outcome_list.html", context)


@require_safe
def outcome_export_csv(request):
    """The list with its filters: UTF-8 with a byte order mark; streamed, any length."""
    today = timezone.now().date()
    outcomes = _found(request, today).qs.order_by("-meeting__starts_on", "-meeting", "number")
    rows = tabling.table(outcomes, request.user, today)
    return csv_answer(rows, f"outcomes-{today}.csv")


@require_safe
@sign_in_where_hidden
def outcome_detail(request, pk: int):
    return _page(request, _visible(request, pk))


@login_required
@require_POST
def outcome_progress(request, pk: int):
    """Its owner, the responsible organisation, an organiser or the Lead says how far it is."""
    outcome, now = _visible(request, pk), timezone.now()
    if not permissions.can_report_progress(request.user, outcome, now.date()):
        raise PermissionDenied
    form = ProgressForm(request.POST, outcome=outcome, user=request.user)
    if form.is_valid():
        said = form.cleaned_data
        try:
            deciding.report_progress(
                outcome.pk,
                said["to"],
                said["words"],
                request.user,
                now,
                url=said["url"],
                document=said["document"],
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Thank you. It is noted, and everybody sees it here."))
            return redirect(outcome)
    return _page(request, outcome, form)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def outcome_add(request, code: str):
    """For organisers. From the minutes comes the item: `?item=12`, and where to go back to."""
    meeting = organised(request, code)
    initial = {"item": request.GET.get("item", "")}
    form = OutcomeForm(request.POST or None, meeting=meeting, initial=initial)
    if form.is_valid():
        try:
            outcome = deciding.add(meeting.pk, form.values(), request.user, timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            said = _("Noted as outcome %(number)s: %(text)s")
            messages.success(request, said % {"number": outcome.number, "text": outcome.text})
            place = f"#item-{outcome.item_id}" if outcome.item_id else "#outcomes"
            return redirect(reverse("minutes_edit", args=[meeting.code]) + place)
    context = {"meeting": meeting, "form": form, "outcome": None}
    return render(request, "meetings/outcome_edit.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def outcome_edit(request, pk: int):
    """Organisers of its meeting and the Lead correct it; its log keeps what stood there."""
    outcome = _visible(request, pk)
    meeting = outcome.meeting
    if not permissions.can_organise(request.user, meeting):
        raise PermissionDenied
    form = OutcomeForm(request.POST or None, meeting=meeting, outcome=outcome)
    if form.is_valid():
        try:
            deciding.change(outcome.pk, form.values(), request.user, timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect(outcome)
    context = {"meeting": meeting, "form": form, "outcome": outcome}
    return render(request, "meetings/outcome_edit.html", context)


def _visible(request, pk: int) -> Outcome:
    seen = Outcome.objects.visible_to(request.user)
    found = tabling.loaded(seen).select_related("meeting__series", "item__session", "document")
    return get_object_or_404(found, pk=pk)


def _page(request, outcome: Outcome, form: ProgressForm | None = None):
    user, today = request.user, timezone.now().date()
    if form is None and permissions.can_report_progress(user, outcome, today):
        form = ProgressForm(outcome=outcome, user=user)
    document = outcome.document
    if document is not None and not type(document).objects.visible_to(user).filter(pk=document.pk):
        document = None
    meeting_is_seen = Meeting.objects.visible_to(user).filter(pk=outcome.meeting_id).exists()
    context = {
        "outcome": outcome,
        "meeting": outcome.meeting,
        "meeting_is_seen": meeting_is_seen,
        "is_public": outcome.meeting.audience == "public" and meeting_is_seen,
        "row": tabling.rows([outcome], user, today)[0],
        "document": document,
        "changes": _changes(outcome, user),
        "with_names": tabling.sees_names(user),
        "can_change": permissions.can_organise(user, outcome.meeting),
        "canonical": mail.absolute(outcome.get_absolute_url()),
        "form": form,
    }
    return render(request, "meetings/outcome_detail.html", context)


def _changes(outcome: Outcome, user) -> list[OutcomeChange]:
    """The log, the last line first; without addresses of documents that the person may not see.

    They have no host, those elsewhere have one. An address tells the title.
    """
    changes = list(outcome.changes.select_related("by").order_by("-at", "-pk"))
    codes = [one.url.rstrip("/").rpartition("/")[2] for one in changes if one.url.startswith("/")]
    seen = Document.objects.visible_to(user).filter(code__in=codes).only("code")
    addresses = {one.get_absolute_url() for one in seen}
    for one in changes:
        if one.url.startswith("/") and one.url not in addresses:
            one.url = ""
    return changes
