"""The expert's own changes: shown at once, or held for the Lead; noticed when two collide."""

import json
from dataclasses import dataclass
from datetime import date, datetime

from django.core.files.base import File
from django.db import transaction
from django.utils.translation import gettext as _

from experts import confirmation, presenting
from experts.models import Audience, Change, Edit, Expert
from experts.telling import tell
from partners import decisions, languages
from partners.models import Organisation, Term, User
from partners.refusals import Refused

State = Change.State


class Collision(Refused):
    """Somebody else saved this profile meanwhile."""


@dataclass(frozen=True)
class NewOrganisation:
    """An organisation that the portal may not know yet: made when the profile is saved."""

    name: str
    country: str

    def found_or_made(self) -> Organisation:
        known = Organisation.objects.filter(name__iexact=self.name).order_by("pk")
        here = known.filter(country=self.country).first() or known.first()
        return (
            here or Organisation.objects.get_or_create(name=self.name, country_id=self.country)[0]
        )


@dataclass(frozen=True)
class Saved:
    """What became of a saving: names of fields that are shown now, and that wait for the Lead."""

    expert: Expert
    shown: tuple[str, ...]
    held: tuple[str, ...]


def value_of(expert: Expert, field: str):
    """The field's value as it is kept in a `Change`: JSON, keys instead of objects."""
    if field == "terms":
        return sorted(expert.term_ids)
    if field in ("organisation", "country"):
        return getattr(expert, f"{field}_id")
    value = getattr(expert, field)
    if field == "photo":
        return value.name if value else ""
    return value.isoformat() if isinstance(value, date) else value


def set_value(expert: Expert, field: str, value):
    """The reverse of `value_of`; the caller saves."""
    if field == "terms":
        known = Term.objects.filter(pk__in=value or []).values_list("pk", flat=True)
        expert.set_terms(known)
    elif field in ("organisation", "country"):
        setattr(expert, f"{field}_id", value)
    elif field in ("available_from", "available_until"):
        setattr(expert, field, date.fromisoformat(value) if value else None)
    else:
        setattr(expert, field, value)


@dataclass
class Names:
    """Labels of the terms and organisations that kept values point at, read in two queries."""

    terms: dict[int, str]
    organisations: dict[int, str]

    @classmethod
    def of(cls, changes) -> "Names":
        """The names that these changes need."""
        kept = [(c.field, value) for c in changes for value in (c.before, c.after) if value]
        terms = {key for field, value in kept if field == "terms" for key in value}
        houses = {value for field, value in kept if field == "organisation"}
        return cls(
            {t.pk: t.label for t in Term.objects.filter(pk__in=terms)} if terms else {},
            dict(Organisation.objects.filter(pk__in=houses).values_list("pk", "name"))
            if houses
            else {},
        )


def in_words(field: str, value, names: Names | None = None) -> str:
    """A kept value for people: labels instead of keys. Empty for what is not stated.

    For many values at once, hand over their `names`, read together.
    """
    if value in (None, "", []):
        return ""
    names = names or Names.of([Change(field=field, before=value)])
    if field == "terms":
        return "; ".join(names.terms[key] for key in value if key in names.terms)
    if field == "organisation":
        return names.organisations.get(value, "")
    if field == "country":
        return presenting.country(value)
    if field == "languages":
        return ", ".join(map(languages.name, value))
    if field == "worked_in":
        return ", ".join(map(presenting.country, value))
    if field.endswith("_audience"):
        return str(Audience(value).label)
    if field == "photo":
        return str(_("A photo"))
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    return str(value)


def submit(
    expert_id: int,
    values: dict,
    seen_version: int,
    by: User | None,
    now: datetime,
    reason: str = "",
) -> Saved:
    """The expert saves the own profile: `values` are field → value as `value_of` gives it.

    `by` is None where the expert came by a link in a mail.

    A photo may be a file (made by partners.files.clean_photo), an organisation a NewOrganisation:
    both are stored together with the profile or not at all. Saving says that the profile is right,
    so it confirms a listed one, and brings one back that was unlisted for silence. There the
    moderated fields wait for the Lead as a proposed edit, which replaces a waiting one of the same
    field. Raises Collision when the profile changed after the person saw it.
    """
    photo = Expert._meta.get_field("photo")
    stored = ""
    if isinstance(values.get("photo"), File):
        file = values["photo"]
        stored = photo.storage.save(photo.generate_filename(None, file.name), file)
        values = {**values, "photo": stored}
    try:
        return _submit(expert_id, values, seen_version, by, now, reason)
    except BaseException:
        if stored:
            photo.storage.delete(stored)
        raise


@transaction.atomic
def _submit(expert_id, values, seen_version, by, now, reason) -> Saved:
    expert = Expert.objects.select_for_update().get(pk=expert_id)
    if expert.version != seen_version:
        raise Collision(_("Somebody else changed this profile while you wrote."))
    if isinstance(house := values.get("organisation"), NewOrganisation):
        values = {**values, "organisation": house.found_or_made().pk}
    listed = confirmation.can_confirm(expert)
    waiting = waiting_changes(expert)
    edit = Edit(expert=expert, by=by, at=now, reason=reason)
    changes = []
    for field, after in values.items():
        before = value_of(expert, field)
        held = listed and field in Expert.MODERATED_FIELDS
        if field in waiting:
            if held and _same(waiting[field].after, after):
                continue
            _replace(waiting[field])  # by another proposal, by what stands there, or by this saving
        if _same(before, after):
            continue
        secret = field in Expert.PRIVATE_FIELDS
        changes.append(
            Change(
                edit=edit,
                field=field,
                before=None if secret else before,
                after=None if secret else after,
                state=State.WAITING if held else State.APPLIED,
            )
        )
        if not held:
            if field == "photo":
                drop_photo(expert)
            set_value(expert, field, after)
    if changes:
        edit.save()
        Change.objects.bulk_create(changes)
    if listed:
        confirmation.stamp(expert, now, confirmation.Channel.SAVED)
        confirmation.back_on_list(expert)
    expert.version += 1
    expert.save()
    return Saved(
        expert,
        tuple(change.field for change in changes if change.state == State.APPLIED),
        tuple(change.field for change in changes if change.state == State.WAITING),
    )


def drop_photo(expert: Expert):
    """Take the photo off a profile, and its file away with the commit; the caller saves."""
    if expert.photo:
        storage, name = expert.photo.storage, expert.photo.name
        transaction.on_commit(lambda: storage.delete(name))
    expert.photo = ""


def waiting_changes(expert: Expert) -> dict[str, Change]:
    """The proposed changes that wait for the Lead, by field."""
    waiting = Change.objects.filter(edit__expert=expert, state=State.WAITING)
    return {change.field: change for change in waiting}


def _same(one, other) -> bool:
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)


def _replace(change: Change):
    change.state = State.REPLACED
    change.save(update_fields=["state"])


@transaction.atomic
def decide(edit_id: int, by: User, accepted: set[str], reason: str, now: datetime) -> Edit:
    """The Lead accepts these fields of a proposed edit and rejects its other waiting ones.

    A rejection needs a reason, which the expert is told. `confirmed_at` stays. Raises Refused
    when nothing waits any more, when the reason is missing, and when the organisation or a term of
    an accepted field does not exist any more.
    """
    edit = Edit.objects.select_related("expert").get(pk=edit_id)
    expert = Expert.objects.select_for_update().get(pk=edit.expert_id)
    waiting = list(edit.changes.select_for_update().filter(state=State.WAITING))
    if not waiting:
        raise Refused(_("This edit was decided already."))
    taken = [change for change in waiting if change.field in accepted]
    refused = [change for change in waiting if change.field not in accepted]
    if refused and not reason.strip():
        raise Refused(_("Give a reason: the other side is told."))
    for change in waiting:
        change.state = State.ACCEPTED if change in taken else State.REJECTED
        change.decided_by, change.decided_at = by, now
        change.decision_reason = "" if change in taken else reason
        change.save()
    for change in taken:
        _refuse_what_is_gone(change)
        set_value(expert, change.field, change.after)
    if taken:
        expert.version += 1
        expert.save()
    verdict = (
        "accepted edit" if not refused else "rejected edit" if not taken else "accepted in part"
    )
    decisions.record(by, verdict, expert, now, reason)
    _tell_decision(expert, taken, refused, reason)
    return edit


def _refuse_what_is_gone(change: Change):
    """Kept keys are in JSON, so that nothing keeps what they point at from being deleted."""
    if change.field == "organisation" and change.after:
        gone = not Organisation.objects.filter(pk=change.after).exists()
    elif change.field == "terms":
        gone = Term.objects.filter(pk__in=change.after).count() < len(change.after)
    else:
        gone = False
    if gone:
        raise Refused(
            _("%(field)s: what the expert chose does not exist any more. Reject it with a reason.")
            % {"field": label(change.field)}
        )


@transaction.atomic
def undo(edit_id: int, by: User, fields: set[str], now: datetime) -> Edit:
    """The Lead takes back direct changes of an edit; the expert is told.

    A new photo goes; the former one is not kept, so that it does not come back.

    Raises Refused for a field that was changed again since, or that is private.
    """
    edit = Edit.objects.get(pk=edit_id)
    expert = Expert.objects.select_for_update().get(pk=edit.expert_id)
    applied = edit.changes.select_for_update().filter(state=State.APPLIED, field__in=fields)
    undone = []
    for change in applied:
        if change.field in Expert.PRIVATE_FIELDS:
            raise Refused(_("Private fields cannot be undone: the portal keeps no copy of them."))
        if not _same(value_of(expert, change.field), change.after):
            raise Refused(
                _("The expert has changed this field again since. Look at the newer edit.")
            )
        if change.field == "photo":
            drop_photo(expert)
        else:
            set_value(expert, change.field, change.before)
        change.state = State.UNDONE
        change.decided_by, change.decided_at = by, now
        change.save()
        undone.append(change)
    if not undone:
        raise Refused(_("There is nothing left to undo."))
    expert.version += 1
    expert.save()
    mark_seen(edit_id, by, now)
    decisions.record(by, "undid edit", expert, now)
    _tell_decision(expert, [], undone, str(_("The Lead took this change back.")))
    return edit


def mark_seen(edit_id: int, by: User, now: datetime):
    """The Lead looked at a direct edit and it is fine."""
    Edit.objects.filter(pk=edit_id, seen_at=None).update(seen_by=by, seen_at=now)


def _tell_decision(expert: Expert, taken: list[Change], refused: list[Change], reason: str):
    tell(
        expert,
        "edit_decided",
        taken=[label(change.field) for change in taken],
        refused=[label(change.field) for change in refused],
        reason=reason,
    )


def label(field: str) -> str:
    """A field's name as people read it."""
    name = str(Expert._meta.get_field(field).verbose_name)
    return name[:1].upper() + name[1:]
