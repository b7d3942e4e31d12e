"""The Lead's queue: gathers what waits in each app; who looks after what; what was decided."""

from datetime import datetime
from functools import reduce

from django.contrib.contenttypes.models import ContentType
from django.db import transaction
from django.db.models import QuerySet, Value

from documents import moderation as documents
from experts import moderation as experts
from experts import statistics
from experts.models import Expert
from mailings import moderation as mailings
from partners import moderation as partners
from partners import moderation_files
from partners.models import Assignment, Role, User
from partners.moderation import Answer, Item, Kind

#: All kinds of items, in the order of the page.
KINDS: dict[str, Kind] = {
    kind.code: kind
    for app in (experts, partners, documents, mailings, moderation_files)
    for kind in app.KINDS
}
EXCEPTIONS = tuple(kind for kind in KINDS.values() if kind.is_exception)


def keys(kinds: tuple[Kind, ...], now: datetime, lead: User | None = None) -> QuerySet:
    """(kind, key, since) of what waits, the oldest first; for a Lead, what is assigned to them."""
    parts = []
    for kind in kinds:
        waiting = kind.waiting(now).order_by()
        if lead is not None:
            mine = Assignment.objects.filter(
                lead=lead, content_type=ContentType.objects.get_for_model(waiting.model)
            )
            waiting = waiting.filter(pk__in=mine.values("object_id"))
        parts.append(waiting.annotate(queue=Value(kind.code)).values_list("queue", "pk", "since"))
    return reduce(lambda one, other: one.union(other, all=True), parts).order_by(
        "since", "queue", "pk"
    )


def items(found: list[tuple], now: datetime) -> list[tuple[Kind, Item]]:
    """The items behind these keys, in their order."""
    described = {}
    for code in {code for code, _pk, _since in found}:
        kind = KINDS[code]
        objects = kind.waiting(now).filter(pk__in=[pk for one, pk, _since in found if one == code])
        described |= {(code, item.object.pk): (kind, item) for item in kind.describe(objects)}
    return [described[code, pk] for code, pk, _since in found if (code, pk) in described]


def counts(now: datetime) -> dict[str, int]:
    """How many items of each kind wait."""
    return {code: kind.waiting(now).count() for code, kind in KINDS.items()}


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
    _assignment(kind, pk, answer.now).delete()


@transaction.atomic
def assign(kind: Kind, pk: int, lead: User | None, now: datetime):
    """This Lead looks after the item from now on; None: nobody does."""
    if lead is None:
        _assignment(kind, pk, now).delete()
        return
    Assignment.objects.update_or_create(
        content_type=ContentType.objects.get_for_model(kind.waiting(now).model),
        object_id=pk,
        defaults={"lead": lead, "at": now},
    )


def _assignment(kind: Kind, pk: int, now: datetime) -> QuerySet[Assignment]:
    model = kind.waiting(now).model
    return Assignment.objects.filter(
        content_type=ContentType.objects.get_for_model(model), object_id=pk
    )
