"""The form of a profile, sent and answered: the same signed in and by the link in a mail."""

from dataclasses import dataclass, field
from datetime import datetime

from django.http import HttpRequest

from experts import editing
from experts.forms import ExpertForm
from experts.models import Change, Expert
from partners.models import User
from partners.refusals import Refused


@dataclass
class Attempt:
    """The form as the page shows it; `saved` once it went through.

    `differences` are (field, what stands there now, what was typed) after a collision.
    """

    form: ExpertForm
    saved: editing.Saved | None = None
    collided: bool = False
    differences: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def status(self) -> int:
        return 409 if self.collided else 200

    def context(self, request: HttpRequest) -> dict:
        """What templates/experts/parts/edit_form.html needs."""
        return {
            "form": self.form,
            "collided": self.collided,
            "differences": self.differences,
            # A browser does not fill it in again
            "photo_is_lost": bool(request.FILES.get("photo")),
        }


def attempt(
    request: HttpRequest, expert: Expert, by: User | None, now: datetime, masked: bool = False
) -> Attempt:
    """Save what was sent, if anything was. `masked`: the phone number is not shown."""
    form = ExpertForm(request.POST or None, request.FILES or None, expert=expert, masked=masked)
    if not form.is_valid():
        return Attempt(form)
    try:
        saved = editing.submit(
            expert.pk,
            form.values(),
            form.cleaned_data["version"],
            by,
            now,
            form.cleaned_data.get("reason", ""),
        )
    except editing.Collision:
        expert.refresh_from_db()
        again = _again(request, expert, masked)
        return Attempt(again, collided=True, differences=_differences(form, expert))
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return Attempt(form)
    return Attempt(form, saved)


def _differences(form: ExpertForm, expert: Expert) -> list[tuple[str, str, str]]:
    typed = form.values()
    typed.pop("photo", None)
    if form.masked:
        typed.pop("phone", None)
    house = typed.pop("organisation")
    house_now = expert.organisation.name if expert.organisation else ""
    pairs = [
        Change(field=name, before=editing.value_of(expert, name), after=value)
        for name, value in typed.items()
    ]
    names = editing.Names.of(pairs)
    rows = [
        (
            editing.label(pair.field),
            editing.in_words(pair.field, pair.before, names),
            editing.in_words(pair.field, pair.after, names),
        )
        for pair in pairs
        if pair.before != pair.after
    ]
    if house_now.casefold() != (house.name if house else "").casefold():
        rows.append((editing.label("organisation"), house_now, house.name if house else ""))
    return rows


def _again(request: HttpRequest, expert: Expert, masked: bool) -> ExpertForm:
    """The form with what was typed, on top of the newer profile: saving once more settles it."""
    data = request.POST.copy()
    data["version"] = expert.version
    return ExpertForm(data, expert=expert, masked=masked)
