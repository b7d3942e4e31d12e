"""Pages on which organisers write the items of an agenda and put them in order."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from meetings import agenda, agenda_editing
from meetings.agenda_editing import ChangedMeanwhile
from meetings.finding import organised
from meetings.forms import agenda as forms
from meetings.forms.differing import differences
from meetings.models import Item, Meeting, Session
from partners.refusals import Refused


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def item_add(request, code: str, pk: int):
    """`pk` is that of the session."""
    meeting = organised(request, code)
    session = meeting.sessions.filter(pk=pk).first()
    if session is None:
        messages.error(request, _("This session is not on the agenda any more."))
        return redirect("agenda_edit", code)
    form, rows = _forms(request, meeting, None)
    if form.is_valid() and rows.is_valid():
        try:
            item = agenda_editing.add_item(meeting.pk, session.pk, _values(form, rows))
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The item is added: %s.") % item)
            if "another" in request.POST:
                return redirect("item_add", code, session.pk)
            return _to_draft(meeting, item, "to")
    return render(request, "meetings/item_add.html", _context(meeting, session, form, rows))


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def item_edit(request, code: str, pk: int):
    meeting = organised(request, code)
    item = _item(meeting, pk)
    if item is None:
        return _gone(request, meeting)
    stored, collided = agenda_editing.values_of_item(item), False
    form, rows = _forms(request, meeting, item)
    if form.is_valid() and rows.is_valid():
        seen = request.POST.get("seen", "")
        try:
            agenda_editing.edit_item(meeting.pk, item.pk, _values(form, rows), seen)
        except ChangedMeanwhile:
            collided = True
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The item is saved: %s.") % form.cleaned_data["title"])
            return _to_draft(meeting, item, "to")
    context = _context(meeting, item.session, form, rows) | {"item": item, "collided": collided}
    if request.method == "POST" and not collided:
        context["seen"] = request.POST.get("seen", "")
    else:
        context["seen"] = agenda_editing.fingerprint(stored)
    if collided:
        context["differences"] = _differences(form, rows, stored)
    return render(request, "meetings/item_edit.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def item_remove(request, code: str, pk: int):
    meeting = organised(request, code)
    item = _item(meeting, pk)
    if item is None:
        return _gone(request, meeting)
    if request.method == "POST":
        try:
            agenda_editing.remove_item(meeting.pk, item.pk)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("The item is removed: %s.") % item)
        return redirect("agenda_edit", code)
    newest = agenda.newest(meeting)
    rows = newest.content if newest else []
    is_published = any(one["uid"] == str(item.uid) for row in rows for one in row["items"])
    context = {"meeting": meeting, "item": item, "is_published": is_published, "newest": newest}
    return render(request, "meetings/item_remove.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def item_move(request, code: str, pk: int):
    """The buttons of the draft send `way`; the form of this page, and dragging, a place."""
    meeting = organised(request, code)
    way = request.POST.get("way", "")
    if way in ("up", "down"):
        try:
            item = agenda_editing.shift_item(meeting.pk, pk, down=way == "down")
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("agenda_edit", code)
        return _moved(request, meeting, item, way)
    item = _item(meeting, pk)
    if item is None:
        return _gone(request, meeting)
    data = request.POST if request.method == "POST" else None
    form = forms.PlaceForm(data, meeting=meeting, item=item)
    if form.is_valid():
        session, position = form.cleaned_data["session"], form.cleaned_data["position"]
        try:
            item = agenda_editing.move_item(meeting.pk, item.pk, session.pk, position)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return _moved(request, meeting, item, "to")
    context = {"meeting": meeting, "item": item, "form": form}
    return render(request, "meetings/item_move.html", context)


def _item(meeting: Meeting, pk: int) -> Item | None:
    found = Item.objects.filter(session__meeting=meeting, pk=pk)
    return found.select_related("session").first()


def _gone(request, meeting: Meeting):
    messages.error(request, _("This item is not on the agenda any more."))
    return redirect("agenda_edit", meeting.code)


def _forms(request, meeting: Meeting, item: Item | None):
    data = request.POST if request.method == "POST" else None
    initial = {}
    if item is not None:
        initial = agenda_editing.values_of_item(item)
        initial["questions"] = "\n".join(initial["questions"])
    form = forms.ItemForm(data, initial=initial)
    return form, forms.presenters(data, meeting, item)


def _values(form: forms.ItemForm, rows: forms.PresenterRows) -> dict:
    return form.cleaned_data | {"presenters": rows.rows()}


def _context(
    meeting: Meeting, session: Session, form: forms.ItemForm, rows: forms.PresenterRows
) -> dict:
    return {
        "meeting": meeting,
        "session": session,
        "form": form,
        "rows": rows,
        "problems": forms.problems(form, *rows.forms),
    }


def _differences(form: forms.ItemForm, rows: forms.PresenterRows, stored: dict) -> list:
    found = differences(form, stored)
    here, there = (
        "\n".join(one["name"] for one in people) for people in (stored["presenters"], rows.rows())
    )
    if here != there:
        found.append((_("Presenters"), here or "–", there or "–"))
    return found


def _moved(request, meeting: Meeting, item: Item, way: str):
    said = _("“%(title)s” is now number %(position)s of its session.")
    messages.success(request, said % {"title": item.title, "position": item.position})
    return _to_draft(meeting, item, way)


def _to_draft(meeting: Meeting, item: Item, way: str):
    """The draft with the focus on a control of the item."""
    return redirect(f"{reverse('agenda_edit', args=[meeting.code])}?moved={item.pk}&way={way}")
