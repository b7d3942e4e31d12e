"""Minutes beside the agenda: the page, one item, its earlier texts, open actions put back."""

from dataclasses import dataclass

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from meetings import carrying, deciding, minuting, tabling
from meetings.finding import organised
from meetings.forms.minutes import MinutesForm
from meetings.forms.outcomes import OutcomeForm
from meetings.minuting import Part, Place
from meetings.models import Meeting, Minutes, Outcome
from partners.models import Organisation
from partners.refusals import Refused

#: Under each item, for an outcome in one step; its own page has the agenda item besides
SMALL = ("kind", "text", "owner", "due_on")


@dataclass
class Written:
    """One item as the page shows it: its form, what it has brought, and what came in between."""

    place: Place
    form: MinutesForm
    outcome_form: OutcomeForm
    outcomes: list[tabling.Row]
    saved: Minutes | None = None  # by somebody else, meanwhile
    both: str = ""
    is_saved: bool = False


@login_required
@require_safe
def minutes_edit(request, code: str):
    """The agenda with a text field beside each item."""
    return _page(request, organised(request, code))


@login_required
@require_POST
def minutes_save(request, code: str, item: int):
    """One item. With htmx the page stays, and the answer is this item alone."""
    meeting = organised(request, code)
    parts = minuting.parts(meeting)
    place = _place_or_404(parts, item)
    form = MinutesForm(request.POST, item=item)
    written = None
    if form.is_valid():
        text, seen = form.cleaned_data["text"], form.cleaned_data["seen"]
        try:
            place.minutes = minuting.save(item, text, seen, request.user, timezone.now())
        except minuting.Conflict as conflict:
            written = _written(request, meeting, place, conflict, text)
        except Refused as refusal:
            form.add_error("text", str(refusal))
        else:
            if not request.htmx:
                messages.success(request, _("Saved: %(item)s") % {"item": place.item.title})
                address = reverse("minutes_edit", args=[meeting.code])
                return redirect(f"{address}#item-{item}")
            written = _written(request, meeting, place)
            written.is_saved = True
    written = written or _written(request, meeting, place, form=form)
    if request.htmx:
        takes_outcomes = deciding.takes_outcomes(meeting)
        context = {"meeting": meeting, "one": written, "takes_outcomes": takes_outcomes}
        return render(request, "meetings/parts/minutes_item.html", context)
    return _page(request, meeting, written, parts)


@login_required
@require_safe
def minutes_texts(request, code: str, item: int):
    """Every text that was saved under an item, the newest first."""
    meeting = organised(request, code)
    minutes = get_object_or_404(Minutes.objects.select_related("item"), item=item, meeting=meeting)
    context = {
        "meeting": meeting,
        "minutes": minutes,
        "texts": minutes.texts.select_related("by"),
        "tab": "minutes_edit",
    }
    return render(request, "meetings/minutes_texts.html", context)


@login_required
@require_POST
def carry_again(request, code: str):
    """Organisers want the item with the open actions back on the agenda."""
    meeting = organised(request, code)
    try:
        carrying.put_back(meeting.pk, timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The open actions stand on the draft agenda again."))
    return redirect("minutes_edit", meeting.code)


def _place_or_404(parts: list[Part], item: int) -> Place:
    places = {place.item.id: place for part in parts for place in part.places}
    if item not in places:
        raise Http404
    return places[item]


def _written(
    request,
    meeting: Meeting,
    place: Place,
    conflict: minuting.Conflict | None = None,
    typed: str = "",
    form: MinutesForm | None = None,
    outcomes: list[Outcome] | None = None,
) -> Written:
    if conflict:
        place.minutes = conflict.saved
    item, minutes = place.item.id, place.minutes
    # After a conflict what was typed stays in the field: saved once more, it takes the place of the
    # other text
    text = typed if conflict else minutes.text if minutes else ""
    initial = {"seen": minutes.version if minutes else 0, "text": text}
    if outcomes is None:
        outcomes = list(tabling.loaded(meeting.outcomes.filter(item=item)))
    return Written(
        place=place,
        form=form or MinutesForm(item=item, initial=initial),
        outcome_form=_small_form(meeting, item),
        outcomes=tabling.rows(outcomes, request.user, timezone.now().date()),
        saved=conflict.saved if conflict else None,
        both=f"{conflict.saved.text}\n\n{typed}" if conflict else "",
    )


def _small_form(meeting: Meeting, item: int) -> OutcomeForm:
    form = OutcomeForm(meeting=meeting, auto_id=f"id_{item}_outcome_%s")
    del form.fields["item"]
    form.fields["owner"].widget.attrs["list"] = "organisations"
    for name in SMALL:
        form.fields[name].help_text = ""
    return form


def _page(request, meeting: Meeting, changed: Written | None = None, parts=None):
    parts = minuting.parts(meeting) if parts is None else parts
    of_item: dict[int | None, list[Outcome]] = {}
    for outcome in tabling.loaded(meeting.outcomes.order_by("number")):
        of_item.setdefault(outcome.item_id, []).append(outcome)
    shown = []
    for part in parts:
        rows = []
        for place in part.places:
            item = place.item.id
            if changed and changed.place.item.id == item:
                rows.append(changed)
            else:
                found = of_item.get(item, [])
                rows.append(_written(request, meeting, place, outcomes=found))
        shown.append((part, rows))
    on_page = {place.item.id for part in parts for place in part.places}
    others = [one for item, found in of_item.items() if item not in on_page for one in found]
    context = {
        "meeting": meeting,
        "tab": "minutes_edit",
        "parts": shown,
        "others": tabling.rows(others, request.user, timezone.now().date()),
        "takes_outcomes": deciding.takes_outcomes(meeting),
        "open_actions": carrying.open_before(meeting).count(),
        "was_removed": carrying.was_removed(meeting),
        "organisations": Organisation.objects.partners().order_by("name"),
    }
    return render(request, "meetings/minutes_edit.html", context)
