"""The Lead's queue: gathers what waits in each app; who looks after what; what was decided."""

from collections.abc import Iterable
from datetime import datetime
from functools import cache, reduce

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import Model, QuerySet, Value
from django.utils import timezone

from advice import moderation as advice
from documents import moderation as documents
from experts import moderation as experts
from experts import statistics
from experts.models import Expert
from mailings import moderation as mailings
from meetings import moderation as meetings
from partners import moderation as partners
from partners import moderation_files
from partners.models import Assignment, Role, User
from partners.moderation import Answer, Item, Kind

#: All kinds of items, in the order of the page.
KINDS: dict[str, Kind] = {
    kind.code: kind
    for app in (experts, partners, advice, documents, meetings, mailings, moderation_files)
    for kind in app.KINDS
}
EXCEPTIONS = tuple(kind for kind in KINDS.values() if kind.is_exception)


#: (kind, key, since) of one thing that waits.
Key = tuple[str, int, datetime]


def keys(kinds: Iterable[Kind], now: datetime) -> QuerySet:
    """The `Key` of all that waits of these kinds, the oldest first: one query."""
    parts = [
        kind.waiting(now)
        .order_by()
        .annotate(queue=Value(kind.code))
        .values_list("queue", "pk", "since")
        for kind in kinds
    ]
    return reduce(lambda one, other: one.union(other, all=True), parts).order_by(
        "since", "queue", "pk"
    )


def everything(now: datetime) -> list[Key]:
    """All that waits, of every kind: asked once for a page, as asking is what takes time."""
    return list(keys(KINDS.values(), now))


def of_lead(found: list[Key], lead: User) -> list[Key]:
    """Those that this Lead looks after."""
    own = set(lead.assignments.values_list("content_type", "object_id"))
    return [one for one in found if (_content_type(one[0]).pk, one[1]) in own]


@cache
def _model(code: str) -> type[Model]:
    return KINDS[code].waiting(timezone.now()).model


def _content_type(code: str) -> ContentType:
    return ContentType.objects.get_for_model(_model(code))


def items(found: list[Key], now: datetime) -> list[tuple[Kind, Item]]:
    """The items behind these keys, in their order."""
    described = {}
    for code in {code for code, _pk, _since in found}:
        kind = KINDS[code]
        objects = kind.waiting(now).filter(pk__in=[pk for one, pk, _since in found if one == code])
        described |= {(code, item.object.pk): (kind, item) for item in kind.describe(objects)}
    return [described[code, pk] for code, pk, _since in found if (code, pk) in described]


def leads(now: datetime) -> list[User]:
    """Leads and co-leads of today, to whom items can be given."""
    held = Role.objects.held_on(now.date()).filter(kind__in=Role.LEADS)
    return list(User.objects.filter(is_active=True, pk__in=held.values("user")))


def looked_after(found: list[tuple[Kind, Item]]) -> dict[tuple[type, int], User]:
    """Who looks after these items, by class and key: one query."""
    types = ContentType.objects.get_for_models(*{type(item.object) for _kind, item in found})
    models = {content_type.pk: model for model, content_type in types.items()}
    rows = Assignment.objects.filter(
        content_type__in=models, object_id__in={item.object.pk for _kind, item in found}
    ).select_related("lead")
    return {(models[row.content_type_id], row.object_id): row.lead for row in rows}


def figures(now: datetime) -> dict[str, int]:
    """In this cycle of the list: experts who confirmed by themselves, and what Leads did."""
    since, _round = statistics.cycle_of_list(now)
    return {
        "confirmed": Expert.objects.listed().filter(confirmed_at__gt=since).count(),
        "actions": statistics.lead_actions(since),
        "by_hand_before": statistics.BY_HAND_BEFORE,
    }


@transaction.atomic
def decide(kind: Kind, pk: int, step: str, answer: Answer):
    """Take one step; nobody needs to look after the item any more. Raises Refused."""
    kind.steps[step].run(pk, answer)
    _assignment(kind, pk).delete()


@transaction.atomic
def assign(kind: Kind, pk: int, lead: User | None, now: datetime):
    """This Lead looks after the item from now on; None: nobody does."""
    if lead is None:
        _assignment(kind, pk).delete()
        return
    Assignment.objects.update_or_create(
        content_type=_content_type(kind.code),
        object_id=pk,
        defaults={"lead": lead, "at": now},
    )


def _assignment(kind: Kind, pk: int) -> QuerySet[Assignment]:
    return Assignment.objects.filter(content_type=_content_type(kind.code), object_id=pk)
