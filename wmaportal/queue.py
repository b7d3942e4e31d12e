"""The front page of admin: the Lead's queue, and the buttons on it. Mounted by the admin site."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil

from django.contrib import admin, messages
from django.core.exceptions import ObjectDoesNotExist
from django.core.paginator import Paginator
from django.http import Http404, HttpResponseBadRequest, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from partners.moderation import Answer, Item, Kind
from partners.refusals import Refused
from wmaportal import moderation

PER_PAGE = 20
DIRECT_ON_FIRST_PAGE = 5
LATE_AFTER = timedelta(days=7)
SECONDS_FOR_ONE = 45
REASON_AT_MOST = 2000  # characters


@dataclass
class Row:
    """One item as the page shows it; after an error also what was typed, and what is wrong."""

    kind: Kind
    item: Item
    now: datetime
    lead: object = None
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


def count(user) -> int:
    """Items that wait for the Lead, for the band of every page; one query."""
    return moderation.keys(moderation.EXCEPTIONS, timezone.now()).count()


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
    why = ""
    if step.needs_parts and not answer.parts:
        why = _("Tick at least one field.")
    elif step.needs_reason and not answer.reason:
        why = _("Give a reason: the other side is told.")
    elif len(answer.reason) > REASON_AT_MOST:
        why = _("The reason has more than 2,000 characters. Shorten it.")
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
    """The step that is sensible for several items at once, on those that were ticked."""
    kind, now = _kind_or_404(kind), timezone.now()
    wanted = {int(pk) for pk in request.POST.getlist("item") if pk.isdecimal() and len(pk) < 19}
    if not wanted:
        messages.error(request, _("Nothing is ticked. Tick at least one item."))
        return _back(request)
    done = 0
    for pk in sorted(wanted):
        try:
            moderation.decide(kind, pk, kind.bulk, Answer(request.user, now))
            done += 1
        except Refused as refusal:
            messages.warning(request, f"{_title(kind, pk, now) or pk}: {refusal}")
        except ObjectDoesNotExist:
            messages.warning(request, _("One item is not in the queue any more."))
    if done:
        messages.success(request, _("Done: %(n)s.") % {"n": done})
    return _back(request)


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


def _page(request, query: QueryDict, failed: Failed | None = None):
    now = timezone.now()
    counts = moderation.counts(now)
    kind = moderation.KINDS.get(query.get("kind", ""))
    mine = bool(query.get("mine"))
    kinds = (kind,) if kind else moderation.EXCEPTIONS
    keys = moderation.keys(kinds, now, request.user if mine else None)
    page = Paginator(keys, PER_PAGE).get_page(query.get("page"))
    found = moderation.items(list(page), now)
    direct = []
    if kind is None and not mine and page.number == 1:
        direct_kind = (moderation.KINDS["direct"],)
        newest = moderation.keys(direct_kind, now).order_by("-since", "-pk")[:DIRECT_ON_FIRST_PAGE]
        direct = moderation.items(list(newest), now)
    leads = moderation.leads(now)
    lead_of = moderation.looked_after(found + direct)
    rows = [
        Row(kind, item, now, lead_of.get((type(item.object), item.object.pk)))
        for kind, item in found + direct
    ]
    failed_row = _mark(rows, failed)
    need_you = sum(counts[kind.code] for kind in moderation.EXCEPTIONS)
    context = {
        **admin.site.each_context(request),
        "title": _("Queue"),
        "now": now,
        "page": page,
        "rows": rows[: len(found)],
        "direct_rows": rows[len(found) :],
        "kinds": [(one, counts[one.code]) for one in moderation.EXCEPTIONS],
        "direct_count": counts["direct"],
        "kind": kind,
        "mine": mine,
        "mine_count": moderation.keys(moderation.EXCEPTIONS, now, request.user).count(),
        "need_you": need_you,
        "minutes": ceil(need_you * SECONDS_FOR_ONE / 60),
        "figures": moderation.figures(request.user, now),
        "leads": leads,
        "several_leads": len(leads) > 1,
        "failed": failed,
        "failed_row": failed_row,
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
