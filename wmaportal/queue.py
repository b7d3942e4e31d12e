"""The front page of admin: the Lead's queue, and the buttons on it. Mounted by the admin site."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from urllib.parse import urlencode

from django.contrib import admin, messages
from django.core.cache import cache
from django.core.exceptions import ObjectDoesNotExist
from django.core.paginator import Paginator
from django.http import Http404, HttpResponseBadRequest, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from partners.keys import keys_in
from partners.moderation import Answer, Item, Kind, Step
from partners.refusals import Refused
from wmaportal import moderation

PER_PAGE = 20
DIRECT_ON_FIRST_PAGE = 5
LATE_AFTER = timedelta(days=7)
SECONDS_FOR_ONE = 45
REASON_AT_MOST = 2000  # characters
COUNT_KEY, COUNT_FOR = "queue-count", 60  # seconds


@dataclass
class Row:
    """One item as the page shows it; after an error also what was typed, and what is wrong."""

    kind: Kind
    item: Item
    now: datetime
    lead: object = None
    ticked: bool = False
    error: str = ""
    error_step: str = ""
    reason: str = ""
    parts: frozenset = field(default_factory=frozenset)

    @property
    def key(self) -> str:
        return f"{self.kind.code}-{self.item.object.pk}"

    @property
    def age(self) -> str:
        """How long it waits, in its largest unit."""
        if self.now - self.item.since < timedelta(minutes=1):
            return _("New")
        since = timesince(self.item.since, self.now, depth=1)
        if not self.kind.is_exception:
            return _("%(age)s ago") % {"age": since}
        return _("Waiting %(age)s") % {"age": since}

    @property
    def is_late(self) -> bool:
        return self.kind.is_exception and self.now - self.item.since > LATE_AFTER

    @property
    def can_be_undone(self) -> bool:
        return any(part.can_be_undone for part in self.item.parts)

    @property
    def chosen_parts(self) -> list[tuple]:
        """(part, whether it is ticked): all at first, later as they were sent."""
        sent = self.error_step in ("part", "undo_part")
        return [(part, part.field in self.parts or not sent) for part in self.item.parts]


@dataclass(frozen=True)
class Failed:
    """A step that was not taken: on what, which one, why, and what had been typed."""

    kind: Kind
    pk: int
    step: str
    answer: Answer
    why: str


@dataclass(frozen=True)
class Together:
    """A step on several items that was not taken on some: which are ticked, what was typed, why."""

    kind: Kind
    step: str
    chosen: frozenset[int]
    reason: str
    why: list[str]


def count(user) -> int:
    """Items that wait for the Lead, for the band of every page.

    Counting asks every kind: a minute old is new enough there. The queue itself counts anew, and
    so does whatever a Lead does about it.
    """
    return cache.get_or_set(
        COUNT_KEY,
        lambda: moderation.keys(moderation.EXCEPTIONS, timezone.now()).count(),
        COUNT_FOR,
    )


@require_safe
def queue(request):
    """Everything that waits, or one kind, or what this Lead looks after."""
    return _page(request, request.GET)


@require_POST
def decide(request, kind, pk):
    """One button of one item."""
    kind = _kind_or_404(kind)
    name = request.POST.get("step", "")
    if name not in kind.steps:
        return HttpResponseBadRequest(_("This button is not known."), content_type="text/plain")
    step = kind.steps[name]
    answer = Answer(
        by=request.user,
        now=timezone.now(),
        reason=request.POST.get("reason", "").strip(),
        parts=frozenset(request.POST.getlist("part")),
    )
    if step.asked:
        return _fill_in(kind, name, [pk])
    why = _missing(step, answer)
    if not why:
        try:
            subject = _title(kind, pk, answer.now)
            moderation.decide(kind, pk, name, answer)
        except Refused as refusal:
            why = str(refusal)
        except ObjectDoesNotExist:
            why = _("This is not in the queue any more.")
    if why:
        return _page(request, request.GET, Failed(kind, pk, name, answer, why))
    messages.success(request, step.done % {"item": subject})
    return _back(request)


def _missing(step: Step, answer: Answer) -> str:
    """What the step still needs, in a sentence; empty when nothing."""
    if step.needs_parts and not answer.parts:
        return _("Tick at least one field.")
    if step.needs_reason and not answer.reason:
        return _("Give a reason: the other side is told.")
    if len(answer.reason) > REASON_AT_MOST:
        return _("The reason has more than 2,000 characters. Shorten it.")
    return ""


@require_POST
def assign(request, kind, pk):
    """Say who looks after an item; an empty `lead` says nobody."""
    kind, now = _kind_or_404(kind), timezone.now()
    wanted = request.POST.get("lead", "")
    leads = {str(lead.pk): lead for lead in moderation.leads(now)}
    if wanted and wanted not in leads:
        messages.error(request, _("This person is not a Lead today."))
    elif not kind.waiting(now).filter(pk=pk).exists():
        messages.error(request, _("This is not in the queue any more."))
    else:
        lead = leads.get(wanted)
        moderation.assign(kind, pk, lead, now)
        said = (
            _("%(lead)s looks after it now.") % {"lead": lead}
            if lead
            else _("Nobody looks after it now.")
        )
        messages.success(request, said)
    return _back(request)


@require_POST
def chosen(request, kind):
    """One step on all that were ticked. Where it is refused, ticks and words stay as they were."""
    kind, now = _kind_or_404(kind), timezone.now()
    steps = [bulk.step for bulk in kind.bulk]
    name = request.POST.get("step", steps[0])
    if name not in steps:
        return HttpResponseBadRequest(_("This button is not known."), content_type="text/plain")
    step, wanted = kind.steps[name], _keys(request.POST)
    answer = Answer(request.user, now, reason=request.POST.get("reason", "").strip())
    why = _missing(step, answer) if wanted else _("Nothing is ticked. Tick at least one item.")
    if why:
        together = Together(kind, name, wanted, answer.reason, [why])
        return _page(request, request.GET, together=together)
    if step.asked:
        return _fill_in(kind, name, wanted)
    waiting = kind.describe(kind.waiting(now).filter(pk__in=wanted))
    titles = {item.object.pk: item.title for item in waiting}
    refused = {}
    for pk in sorted(wanted):
        try:
            moderation.decide(kind, pk, name, answer)
        except Refused as refusal:
            refused[pk] = f"{titles.get(pk, pk)}: {refusal}"
        except ObjectDoesNotExist:
            refused[pk] = _("One item is not in the queue any more.")
    if done := len(wanted) - len(refused):
        messages.success(request, _("Done: %(n)s.") % {"n": done})
    if refused:
        rest = Together(kind, name, frozenset(refused), answer.reason, list(refused.values()))
        return _page(request, request.GET, together=rest)
    return _back(request)


def _keys(sent: QueryDict) -> frozenset[int]:
    """The items that were ticked; what is no key is left out."""
    return frozenset(keys_in(sent.getlist("item")))


def _fill_in(kind: Kind, step: str, keys: Iterable[int]):
    """To the page that asks what the step wants to know of each of these."""
    address = reverse("admin:queue_fill", args=[kind.code, step])
    return redirect(f"{address}?{urlencode([('item', pk) for pk in sorted(keys)])}")


@require_http_methods(["GET", "HEAD", "POST"])
def fill(request, kind, step):
    """What a step asks of each item: of those in `item`, or of the first that wait."""
    kind, now = _kind_or_404(kind), timezone.now()
    name, step = step, kind.steps.get(step)
    if step is None or step.asked is None:
        raise Http404
    waiting = kind.waiting(now).order_by("since", "pk")
    if "item" in request.GET or request.method == "POST":
        waiting = waiting.filter(pk__in=_keys(request.POST if request.POST else request.GET))
    items = kind.describe(waiting[:PER_PAGE])
    queue_of_kind = f"{reverse('admin:index')}?kind={kind.code}"
    if not items:
        messages.warning(request, _("This is not in the queue any more."))
        return redirect(queue_of_kind)
    if request.method == "POST":
        rows, error = _filled(request, kind, name, items, now)
        if not rows:
            return redirect(queue_of_kind)
    else:
        rows, error = [(item, form) for item, form, _left in _forms(step, items, QueryDict())], ""
    context = {
        **admin.site.each_context(request),
        "title": step.asked.heading,
        "kind": kind,
        "asked": step.asked,
        "rows": rows,
        "error": error,
        "queue_url": queue_of_kind,
    }
    return render(request, "admin/queue/fill.html", context)


def _forms(step: Step, items: list[Item], sent: QueryDict):
    """(item, its form, whether it was left empty), in order."""
    initial = step.asked.initial([item.object for item in items])
    for item in items:
        options = {"prefix": f"item-{item.object.pk}", "use_required_attribute": False}
        form = step.asked.form(sent or None, **options, initial=initial.get(item.object.pk))
        left_out = bool(sent) and not any(
            sent.get(form.add_prefix(field), "").strip() for field in form.fields
        )
        yield item, step.asked.form(**options) if left_out else form, left_out


def _filled(request, kind: Kind, name: str, items: list[Item], now: datetime):
    """Take the step on each item that was filled in, once all of these are right.

    Returns (the rows to be shown again, what is wrong on the whole); no rows when all is done.
    """
    step = kind.steps[name]
    rows = list(_forms(step, items, request.POST))
    filled = [(item, form) for item, form, left_out in rows if not left_out]
    shown = [(item, form) for item, form, _left in rows]
    if not filled:
        return shown, _("Nothing is filled in. Fill in at least one row.")
    if not all(form.is_valid() for _item, form in filled):
        return shown, _("Nothing was sent yet. Correct what is marked.")
    wrong = []
    for item, form in filled:
        answer = Answer(request.user, now, said=form.cleaned_data)
        try:
            moderation.decide(kind, item.object.pk, name, answer)
        except Refused as refusal:
            form.add_error(None, str(refusal))
            wrong.append((item, form))
    if done := len(filled) - len(wrong):
        messages.success(request, _("Done: %(n)s.") % {"n": done})
    return wrong, _("This was not done.") if wrong else ""


def _kind_or_404(code: str) -> Kind:
    if code not in moderation.KINDS:
        raise Http404
    return moderation.KINDS[code]


def _title(kind: Kind, pk: int, now: datetime) -> str:
    """How the queue calls this item; empty when it waits no longer."""
    found = kind.describe(kind.waiting(now).filter(pk=pk))
    return found[0].title if found else ""


def _back(request):
    """To the page of the queue on which the button was."""
    query = request.GET.urlencode()
    return redirect(reverse("admin:index") + (f"?{query}" if query else ""))


def _page(
    request, query: QueryDict, failed: Failed | None = None, together: Together | None = None
):
    now = timezone.now()
    everything = moderation.everything(now)
    counts = Counter(code for code, _pk, _since in everything)
    need_you = [one for one in everything if moderation.KINDS[one[0]].is_exception]
    kind = together.kind if together else moderation.KINDS.get(query.get("kind", ""))
    mine = bool(query.get("mine"))
    keys = [one for one in everything if one[0] == kind.code] if kind else need_you
    keys = moderation.of_lead(keys, request.user) if mine else keys
    page = Paginator(keys, PER_PAGE).get_page(query.get("page"))
    found = moderation.items(list(page), now)
    direct = []
    if kind is None and not mine and page.number == 1:
        newest = [one for one in everything if one[0] == "direct"][-DIRECT_ON_FIRST_PAGE:]
        direct = moderation.items(newest[::-1], now)
    leads = moderation.leads(now)
    lead_of = moderation.looked_after(found + direct)
    rows = [
        Row(kind, item, now, lead_of.get((type(item.object), item.object.pk)))
        for kind, item in found + direct
    ]
    for row in rows:
        row.ticked = row.item.object.pk in together.chosen if together else row.kind.ticked
    failed_row = _mark(rows, failed)
    cache.set(COUNT_KEY, len(need_you), COUNT_FOR)
    context = {
        **admin.site.each_context(request),
        "title": _("Queue"),
        "now": now,
        "page": page,
        "rows": rows[: len(found)],
        "direct_rows": rows[len(found) :],
        "kinds": [(one, counts[one.code]) for one in moderation.EXCEPTIONS],
        "others": [
            (one, counts[one.code]) for one in moderation.KINDS.values() if not one.is_exception
        ],
        "direct_count": counts["direct"],
        "kind": kind,
        "mine": mine,
        "mine_count": len(moderation.of_lead(need_you, request.user)),
        "need_you": len(need_you),
        "minutes": ceil(len(need_you) * SECONDS_FOR_ONE / 60),
        "figures": moderation.figures(now),
        "leads": leads,
        "several_leads": len(leads) > 1,
        "failed": failed,
        "failed_row": failed_row,
        "together": together,
        "query": query.urlencode(),
        "reason_at_most": REASON_AT_MOST,
    }
    return render(request, "admin/index.html", context)


def _mark(rows: list[Row], failed: Failed | None) -> Row | None:
    """Put the error and the typed words on the item's row; None when it is not on the page."""
    for row in rows if failed else ():
        if row.kind is failed.kind and row.item.object.pk == failed.pk:
            row.error, row.error_step = failed.why, failed.step
            row.reason, row.parts = failed.answer.reason, failed.answer.parts
            return row
    return None
