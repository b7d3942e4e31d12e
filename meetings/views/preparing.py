"""The Lead begins a meeting; organisers change its facts; its status moves."""

from datetime import datetime

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from meetings import announcing
from meetings.finding import organised
from meetings.forms.meetings import CancelForm, MeetingForm
from meetings.models import Meeting
from partners.refusals import Refused

Status = Meeting.Status
#: An organiser of one meeting gets no say in others of a series, and opens nothing to more people
OF_THE_LEAD = ("organisers", "series", "audience")
#: Status → the step that leads there without further words, and what is said then.
STEPS = {
    Status.ANNOUNCED: (announcing.announce, gettext_lazy("Announced. Its audience sees it now.")),
    Status.HELD: (announcing.close, gettext_lazy("Marked as held.")),
}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
@permission_required("meetings.add_meeting", raise_exception=True)
def meeting_add(request):
    now = timezone.now()
    form = MeetingForm(request.POST or None, initial={"time_zone": "UTC"})
    if form.is_valid():
        values, organisers = _split(form)
        meeting = announcing.begin(values, organisers, request.user, now)
        messages.success(request, _("The draft is saved. Only organisers see it."))
        return redirect("meeting_prepare", meeting.code)
    return render(request, "meetings/meeting_add.html", {"form": form})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def meeting_edit(request, code: str):
    """The facts. Who organises, the series and who sees it are the Lead's to say."""
    meeting = organised(request, code)
    form = MeetingForm(request.POST or None, meeting=meeting)
    if not request.user.has_perm("meetings.change_meeting"):
        for name in OF_THE_LEAD:
            del form.fields[name]
    seen_at = meeting.changed_at
    if request.method == "POST":
        seen_at = _moment(request.POST.get("seen_at", "")) or seen_at
    if form.is_valid():
        values, organisers = _split(form)
        try:
            announcing.change(meeting.pk, values, organisers, seen_at, request.user, timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
            seen_at = meeting.changed_at  # once more is a choice
        else:
            messages.success(request, _("Saved."))
            return redirect("meeting_prepare", meeting.code)
    context = {"meeting": meeting, "form": form, "seen_at": seen_at.isoformat()}
    return render(request, "meetings/meeting_edit.html", context)


def _split(form: MeetingForm) -> tuple[dict, list | None]:
    values = dict(form.cleaned_data)
    return values, values.pop("organisers", None)


def _moment(words: str) -> datetime | None:
    try:
        found = parse_datetime(words)
    except ValueError:
        return None
    return found if found and timezone.is_aware(found) else None


@login_required
@require_safe
def meeting_prepare(request, code: str):
    """The organisers' overview: what is there, what comes next."""
    meeting = organised(request, code)
    today = meeting.day_at(timezone.now())
    context = {
        "meeting": meeting,
        "tab": "meeting_prepare",
        "can_announce": Status.ANNOUNCED in Meeting.NEXT.get(meeting.status, ()),
        "can_close": meeting.status == Status.ANNOUNCED and today >= meeting.starts_on,
        "can_cancel": meeting.status == Status.ANNOUNCED,
        "done": _done(meeting),
    }
    return render(request, "meetings/meeting_prepare.html", context)


def _done(meeting: Meeting) -> list[tuple[str, bool, str]]:
    """(what, whether it is there, name of the page) in the order in which meetings are made."""
    newest = meeting.versions.order_by("-number").values_list("number", flat=True).first()
    return [
        (_("Days, place, host"), bool(meeting.host), "meeting_edit"),
        (_("Agenda: sessions and items"), meeting.sessions.exists(), "agenda_edit"),
        (_("Agenda published"), newest is not None, "agenda_edit"),
        (_("Papers"), meeting.papers.exists(), "paper_manage"),
        (_("Registration"), hasattr(meeting, "desk"), "desk_edit"),
        (_("Questions to partners"), meeting.questions.exists(), "question_manage"),
        (_("Minutes"), meeting.minutes.exists(), "minutes_edit"),
        (_("Decisions and actions"), meeting.outcomes.exists(), "minutes_edit"),
        (_("Report"), hasattr(meeting, "report"), "report_edit"),
    ]


@login_required
@require_POST
def meeting_move(request, code: str):
    """`to`: announced or held."""
    meeting = organised(request, code)
    to = request.POST.get("to", "")
    if to not in STEPS:
        messages.error(request, _("This button is not known."))
        return redirect("meeting_prepare", code)
    step, said = STEPS[to]
    try:
        step(meeting.pk, request.user, timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect("meeting_prepare", code)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def meeting_cancel(request, code: str):
    meeting = organised(request, code)
    if meeting.status != Status.ANNOUNCED:
        messages.error(request, _("Only an announced meeting can be cancelled."))
        return redirect("meeting_prepare", code)
    form = CancelForm(request.POST or None)
    if form.is_valid():
        try:
            announcing.cancel(meeting.pk, form.cleaned_data["reason"], request.user, timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Cancelled. Registrants are told."))
            return redirect(meeting)
    context = {"meeting": meeting, "form": form}
    return render(request, "meetings/meeting_cancel.html", context)
