"""A request while it is written: saved as it grows, with files, places and chosen experts."""

from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext as _

from advice.asking import CHOICES_AT_MOST
from advice.models import AdviceRequest, Attachment, Choice, Place
from advice.states import locked
from partners.files import Checked
from partners.models import User
from partners.refusals import Refused

FILES_AT_MOST = 5  # of a request
BYTES_AT_MOST = 200 * 1024 * 1024  # of one person's files, of requests or in one conversation
ROOM_FOR = timedelta(days=30)
PLACES_AT_MOST = 6  # of a team
DRAFTS_AT_MOST = 20  # of one person

FIELDS = (
    *("country_id", "text", "languages", "remote_advice", "mission", "training", "wanted_by"),
    *("mail_language", "team", "area", "need", "practice", "organisation", "house"),
)


def _draft(request_id: int, by: User) -> AdviceRequest:
    """The person's own draft, locked. Raises Refused."""
    request = locked(request_id)
    if request.requester_id != by.pk or request.status != AdviceRequest.Status.DRAFT:
        raise Refused(_("This request was sent already: it cannot be changed any more."))
    return request


@transaction.atomic
def begin(values: dict, term_ids: list[int], by: User, now: datetime) -> AdviceRequest:
    """A new draft. `values`: names of FIELDS → values. Raises Refused beyond DRAFTS_AT_MOST."""
    User.objects.select_for_update(no_key=True).get(pk=by.pk)
    drafts = AdviceRequest.objects.filter(requester=by, status=AdviceRequest.Status.DRAFT)
    if drafts.count() >= DRAFTS_AT_MOST:
        raise Refused(_("You have 20 drafts. Finish or drop one of them first."))
    request = AdviceRequest(requester=by, created_at=now, changed_at=now, since=now)
    _write(request, values, term_ids)
    return request


@transaction.atomic
def save(
    request_id: int, values: dict, term_ids: list[int], by: User, now: datetime
) -> AdviceRequest:
    """Write what the form says into the person's own draft. Raises Refused."""
    request = _draft(request_id, by)
    request.changed_at = now
    _write(request, values, term_ids)
    return request


def _write(request: AdviceRequest, values: dict, term_ids: list[int]):
    for name in FIELDS:
        if name in values:
            setattr(request, name, values[name])
    request.save()
    request.set_terms(term_ids)
    _set_places(request, term_ids)


def _set_places(request: AdviceRequest, term_ids: list[int]):
    """One place for each field of a team, else one for all. Who was chosen for a field stays."""
    wanted = sorted(term_ids)[:PLACES_AT_MOST] if request.team and len(term_ids) > 1 else [None]
    known = {place.term_id: place for place in request.places.all()}
    for term_id in known.keys() - set(wanted):
        known[term_id].delete()
    kept = [place for term_id, place in known.items() if term_id in wanted]
    for number, place in enumerate(kept, start=101):  # out of the way of the numbers to come
        Place.objects.filter(pk=place.pk).update(number=number)
    for number, term_id in enumerate(wanted, start=1):
        if term_id in known:
            Place.objects.filter(pk=known[term_id].pk).update(number=number)
        else:
            Place.objects.create(request=request, number=number, term_id=term_id)


@transaction.atomic
def attach(request_id: int, checked: Checked, by: User, now: datetime) -> Attachment:
    """Keep a file with the draft. Raises Refused beyond FILES_AT_MOST."""
    request = _draft(request_id, by)
    if request.attachments.count() >= FILES_AT_MOST:
        raise Refused(_("A request has five files at most. Remove one first."))
    check_room(Attachment.objects.filter(request__requester=by, message=None), [checked], now)
    return keep_file(Attachment(request=request, at=now), checked)


def check_room(kept: QuerySet[Attachment], files: list[Checked], now: datetime):
    """Raise Refused where one person's files of the last 30 days would be too many bytes."""
    recent = kept.filter(at__gt=now - ROOM_FOR)
    size = recent.aggregate(size=Sum("size", default=0))["size"] + sum(one.size for one in files)
    if size > BYTES_AT_MOST:
        raise Refused(
            _("Your files of the last 30 days would have more than %(limit)s. Give a link instead.")
            % {"limit": filesizeformat(BYTES_AT_MOST)}
        )


def keep_file(attachment: Attachment, checked: Checked) -> Attachment:
    """Store a file that was checked, with what is known of it."""
    attachment.name, attachment.media_type = checked.name, checked.media_type
    attachment.size, attachment.sha256 = checked.size, checked.sha256
    attachment.file.save(checked.name, checked.content, save=False)
    attachment.save()
    return attachment


@transaction.atomic
def detach(request_id: int, attachment_id: int, by: User):
    """Remove a file of the draft; nothing happens where it is gone already."""
    request = _draft(request_id, by)
    for attachment in request.attachments.filter(pk=attachment_id, message=None):
        _delete_when_committed(attachment)
        attachment.delete()


def _delete_when_committed(attachment: Attachment):
    transaction.on_commit(partial(attachment.file.storage.delete, attachment.file.name))


@transaction.atomic
def choose(
    request_id: int, wanted: dict[int, list[tuple[int, list[str]]]], by: User, now: datetime
) -> AdviceRequest:
    """Whom to ask, in order: (key of an expert, why) by key of the place.

    Raises Refused for more than CHOICES_AT_MOST for one place.
    """
    request = _draft(request_id, by)
    places = {place.pk: place for place in request.places.all()}
    for place in places.values():
        experts = wanted.get(place.pk, [])
        if len(experts) > CHOICES_AT_MOST:
            raise Refused(_("Choose three experts at most. They are asked one after the other."))
        place.choices.all().delete()
        Choice.objects.bulk_create(
            [
                Choice(
                    place=place, expert_id=key, order=number, why=why, chosen_by=by, chosen_at=now
                )
                for number, (key, why) in enumerate(experts, start=1)
            ]
        )
    return request


@transaction.atomic
def drop(request_id: int, by: User):
    """The draft goes, with its files. Raises Refused for what was sent."""
    request = _draft(request_id, by)
    for attachment in request.attachments.all():
        _delete_when_committed(attachment)
    request.delete()
