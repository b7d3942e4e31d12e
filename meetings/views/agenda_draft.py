"""Pages on which organisers write the agenda: the draft, its sessions, and publishing."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from meetings import agenda, agenda_editing, agenda_warnings, publishing_agenda
from meetings.agenda_editing import ChangedMeanwhile
from meetings.finding import organised
from meetings.forms.agenda import PublishForm, SessionForm
from meetings.forms.differing import differences
from meetings.models import Meeting, Session
from partners.refusals import Refused


@login_required
@require_safe
def agenda_edit(request, code: str):
    """The draft with the times that follow. `?moved=5&way=down` says where the focus goes."""
    meeting = organised(request, code)
    newest = agenda.newest(meeting)
    content = agenda.content(meeting, newest.content if newest else None)
    sessions = agenda.read(content, meeting)
    first = sessions[0].items[:1] if sessions else []
    last = sessions[-1].items[-1:] if sessions else []
    context = {
        "meeting": meeting,
        "tab": "agenda_edit",
        "sessions": sessions,
        "newest": newest,
        "is_changed": newest is None or content != newest.content,
        "warnings": agenda_warnings.of(sessions, meeting),
        "first": first[0].id if first else None,
        "last": last[0].id if last else None,
    }
    context["focus"] = _focus(request, context)
    return render(request, "meetings/agenda_edit.html", context)


def _focus(request, context: dict) -> str:
    """The control of the moved item that was pressed, or the other one at an edge: "5-down"."""
    moved, way = request.GET.get("moved", ""), request.GET.get("way", "")
    if way == "up" and moved == str(context["first"]):
        way = "down"
    elif way == "down" and moved == str(context["last"]):
        way = "up"
    return f"{moved}-{way}"


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def session_add(request, code: str):
    meeting = organised(request, code)
    before = meeting.sessions.order_by("day", "begins_at", "number").last()
    initial = {
        "number": agenda_editing.next_number(meeting),
        "day": before.day if before else meeting.starts_on,
        "room": before.room if before else "",
    }
    form = SessionForm(request.POST or None, meeting=meeting, initial=initial)
    if form.is_valid():
        try:
            session = agenda_editing.add_session(meeting.pk, form.cleaned_data)
        except Refused as refusal:
            form.add_error("number", str(refusal))
        else:
            messages.success(request, _("The session is added. Now add its items."))
            return _to_draft(meeting, session)
    return render(request, "meetings/session_add.html", {"meeting": meeting, "form": form})


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def session_edit(request, code: str, pk: int):
    meeting = organised(request, code)
    session = _session(meeting, pk)
    if session is None:
        return _gone(request, meeting)
    stored, collided = agenda_editing.values_of_session(session), False
    form = SessionForm(request.POST or None, meeting=meeting, initial=stored)
    if form.is_valid():
        try:
            agenda_editing.edit_session(
                meeting.pk, session.pk, form.cleaned_data, request.POST.get("seen", "")
            )
        except ChangedMeanwhile:
            collided = True
        except Refused as refusal:
            form.add_error("number", str(refusal))
        else:
            messages.success(request, _("The session is saved."))
            return _to_draft(meeting, session)
    context = {
        "meeting": meeting,
        "session": session,
        "form": form,
        "seen": _seen(request, stored, collided),
        "collided": collided,
        "differences": differences(form, stored) if collided else [],
    }
    return render(request, "meetings/session_edit.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def session_remove(request, code: str, pk: int):
    meeting = organised(request, code)
    session = _session(meeting, pk)
    if session is None:
        return _gone(request, meeting)
    if request.method == "POST":
        try:
            agenda_editing.remove_session(meeting.pk, session.pk)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("The session is removed: %s.") % session)
        return redirect("agenda_edit", code)
    context = {"meeting": meeting, "session": session, "items": session.items.all()}
    return render(request, "meetings/session_remove.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def agenda_publish(request, code: str):
    """What would be different, and the button that publishes it."""
    meeting = organised(request, code)
    draft = publishing_agenda.draft(meeting)
    initial = {"changes": draft.words, "is_telling": draft.is_noticed}
    data = request.POST if request.method == "POST" and not draft.is_empty else None
    form = PublishForm(data, is_first=draft.newest is None, initial=initial)
    if form.is_valid():
        said = form.cleaned_data
        try:
            version = publishing_agenda.publish(
                meeting.pk,
                request.POST.get("seen", ""),
                said.get("changes", ""),
                said["is_telling"],
                request.user,
                timezone.now(),
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
            draft = publishing_agenda.draft(meeting)  # as it is by now
        else:
            messages.success(request, _("Version %s of the agenda is published.") % version.number)
            return redirect(meeting)
    context = {
        "meeting": meeting,
        "tab": "agenda_edit",
        "draft": draft,
        "form": form,
        "nothing": str(publishing_agenda.nothing(draft)) if draft.is_empty else "",
    }
    return render(request, "meetings/agenda_publish.html", context)


def _session(meeting: Meeting, pk: int) -> Session | None:
    return meeting.sessions.filter(pk=pk).first()


def _gone(request, meeting: Meeting):
    """A colleague has removed it: the draft says so, and shows what is there."""
    messages.error(request, _("This session is not on the agenda any more."))
    return redirect("agenda_edit", meeting.code)


def _seen(request, stored: dict, collided: bool) -> str:
    """Which values the form is about: after an error those that it was opened with."""
    if request.method == "POST" and not collided:
        return request.POST.get("seen", "")
    return agenda_editing.fingerprint(stored)


def _to_draft(meeting: Meeting, session: Session):
    response = redirect("agenda_edit", meeting.code)
    response["Location"] += f"#session-{session.pk}"
    return response
