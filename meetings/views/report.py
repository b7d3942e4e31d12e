"""The report of a meeting: its page and file, its words, and the Lead's steps with it."""

from datetime import datetime, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from meetings import permissions, report_phases, report_printing, reporting
from meetings.finding import organised, visible
from meetings.forms.report import AmendmentsForm, ReportForm
from meetings.models import Meeting, Report
from partners import serving
from partners.audience import Audience
from partners.pages import sign_in_where_hidden
from partners.refusals import Refused

WEEKS = 4  # that the form proposes for amendments


@require_safe
@sign_in_where_hidden
def report_detail(request, code: str):
    """As it follows from the rows at this moment."""
    meeting, now = visible(request, code), timezone.now()
    report = _report_or_404(request, meeting)
    can_organise = permissions.can_organise(request.user, meeting)
    context = {
        "meeting": meeting,
        "report": report,
        "content": reporting.content(report, request.user, now),
        "can_organise": can_organise,
        "document": _document(request, report),
        "is_public": report.status == Report.Status.FINAL and meeting.audience == "public",
    }
    return render(request, "meetings/report_detail.html", context)


@require_safe
@sign_in_where_hidden
def report_pdf(request, code: str):
    """The file that was published; until it is final, organisers get it as it is now."""
    meeting, now = visible(request, code), timezone.now()
    report = _report_or_404(request, meeting)
    name = f"report-{meeting.code}.pdf"
    is_final = report.status == Report.Status.FINAL
    if is_final or not permissions.can_organise(request.user, meeting):
        kept = report.published.translations.get(is_original=True)
        response = serving.serve(request, kept.file, kept.media_type, name, kept.sha256)
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response
    content = reporting.printed(report, Audience(meeting.audience), now)
    said = _("Draft of %(day)s") % {"day": date_format(now, "j F Y")}
    try:
        made = report_printing.pdf(content, said)
    except report_printing.Busy as busy:
        html = render_to_string("503.html", {"reason": str(busy), "minutes": 1})
        return HttpResponse(
            html, status=503, headers={"Retry-After": "60", "Cache-Control": "no-store"}
        )
    return HttpResponse(
        made,
        content_type="application/pdf",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "private, no-cache",
        },
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def report_edit(request, code: str):
    """Organisers write what no row says."""
    meeting = organised(request, code)
    report = _report_of(meeting)
    initial = {
        "seen": report.version,
        "introduction": report.introduction,
        "closing": report.closing,
    }
    form, other = ReportForm(request.POST or None, initial=initial), None
    if form.is_valid():
        said = form.cleaned_data
        try:
            report_phases.save(
                meeting.pk,
                said["introduction"],
                said["closing"],
                said["seen"],
                request.user,
                timezone.now(),
            )
        except report_phases.Collision as collision:
            other = collision.saved
            typed = said | {"seen": other.version}
            form = ReportForm(initial=typed)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved. Look at the report."))
            return redirect("report_edit", meeting.code)
    return _page(request, meeting, report, form, other=other)


@login_required
@require_POST
def report_open(request, code: str):
    """The Lead opens it for amendments."""
    meeting, now = _of_lead(request, code), timezone.now()
    report = _report_of(meeting)
    form = AmendmentsForm(request.POST, meeting=meeting, now=now, prefix="open")
    if form.is_valid():
        said = form.cleaned_data
        try:
            report_phases.open_amendments(
                meeting.pk,
                said["audience"],
                said["closes_at"],
                said["invitation"],
                request.user,
                now,
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The draft is in the library. People are asked."))
            return redirect("report_edit", meeting.code)
    return _page(request, meeting, report, amendments=form)


@login_required
@require_POST
def report_finish(request, code: str):
    """The Lead makes it final."""
    meeting = _of_lead(request, code)
    return _step(
        request, meeting, report_phases.make_final, _("The final report is in the library.")
    )


@login_required
@require_POST
def report_take_back(request, code: str):
    """The Lead makes it a draft again."""
    meeting = _of_lead(request, code)
    return _step(request, meeting, report_phases.take_back, _("The report is a draft again."))


def _step(request, meeting: Meeting, step, done: str):
    try:
        step(meeting.pk, request.user, timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, done)
    return redirect("report_edit", meeting.code)


def _of_lead(request, code: str) -> Meeting:
    meeting = organised(request, code)
    if not permissions.can_publish_report(request.user):
        raise PermissionDenied
    return meeting


def _report_of(meeting: Meeting) -> Report:
    found = Report.objects.filter(meeting=meeting).select_related(*report_phases.FILED).first()
    return found or Report(meeting=meeting)


def _report_or_404(request, meeting: Meeting) -> Report:
    """Organisers see it before anybody wrote a word of it."""
    seen = Report.objects.visible_to(request.user).select_related(
        *report_phases.FILED, "document__current"
    )
    report = seen.filter(meeting=meeting).first()
    if report is not None:
        report.meeting = meeting
        return report
    if not permissions.can_organise(request.user, meeting):
        raise Http404
    return Report(meeting=meeting)


def _document(request, report: Report):
    """The document of the library, where this reader may see it."""
    if report.published is None:
        return None
    document = report.published.document
    return type(document).objects.visible_to(request.user).filter(pk=document.pk).first()


def _page(
    request,
    meeting: Meeting,
    report: Report,
    form: ReportForm | None = None,
    amendments: AmendmentsForm | None = None,
    other: Report | None = None,
):
    now = timezone.now()
    if form is None:
        initial = {
            "seen": report.version,
            "introduction": report.introduction,
            "closing": report.closing,
        }
        form = ReportForm(initial=initial)
    can_publish = permissions.can_publish_report(request.user)
    next_ones = Report.NEXT[report.status] if can_publish else ()
    if amendments is None and Report.Status.AMENDMENTS in next_ones:
        amendments = AmendmentsForm(
            meeting=meeting, now=now, prefix="open", initial=_proposed(meeting, now)
        )
    context = {
        "meeting": meeting,
        "report": report,
        "form": form if report.status != Report.Status.FINAL else None,
        "other": other,
        "amendments": amendments,
        "can_finish": Report.Status.FINAL in next_ones,
        "can_take_back": Report.Status.DRAFT in next_ones,
        "is_over": meeting.is_over(meeting.day_at(now)),
        "document": _document(request, report),
        "tab": "report_edit",
    }
    return render(request, "meetings/report_edit.html", context)


def _proposed(meeting: Meeting, now: datetime) -> dict:
    closes = (now + timedelta(weeks=WEEKS)).replace(hour=23, minute=59, second=0, microsecond=0)
    return {
        "audience": meeting.audience,
        "closes_at": closes,
        "invitation": _("Please read the draft report, and propose what should be said otherwise."),
    }
