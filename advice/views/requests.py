"""Requests for advice, for who asks: write, choose experts, check, send, follow."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import Prefetch
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from advice import asking, availability, conversing, drafting, matching, outcomes, sending, telling
from advice.forms.requests import OriginForm, ReasonForm, RequestForm
from advice.models import AdviceRequest, Attachment, Choice, Side
from advice.terms_of_text import propose_terms
from advice.views import acting
from experts import presenting
from experts.models import Expert, Policy
from partners import languages, serving
from partners import permissions as ground
from partners.keys import keys_in
from partners.models import Term
from partners.refusals import Refused

_anything = require_http_methods(["GET", "HEAD", "POST"])

STEPS = (gettext_lazy("Your need"), gettext_lazy("Experts"), gettext_lazy("Check and send"))
KEPT = "advice_draft"  # in the session of somebody who is not signed in yet
PROPOSED_AT_MOST = 6  # experts for one place
LOOKED_AT = 100  # when one expert is looked for among those who fit
TICKED_AT_MOST = 3  # fields found in a text; those after them are offered without a tick
Status = AdviceRequest.Status


@_anything
def request_add(request):
    """The form. Who is not signed in keeps the text in the session, and signs in then."""
    origin = OriginForm(request.GET, user=request.user).found()
    return _edit(request, None, origin)


@login_required
@_anything
def request_edit(request, pk: int):
    """One's own draft."""
    draft = _own_draft(request, pk)
    if draft.status != Status.DRAFT:
        return _sent_already(request, draft)
    origin = {"need": draft.need, "practice": draft.practice}
    return _edit(request, draft, {name: one for name, one in origin.items() if one})


def _own_draft(request: HttpRequest, pk: int) -> AdviceRequest:
    """One's own request, be it sent: then the browser's way back led here. Raises Http404."""
    mine = AdviceRequest.objects.filter(requester=request.user)
    return get_object_or_404(mine.select_related("need", "practice__current", "country"), pk=pk)


def _sent_already(request: HttpRequest, sent: AdviceRequest):
    messages.info(request, _("This request is sent already. This is how it stands."))
    return redirect(sent)


def _edit(request: HttpRequest, draft: AdviceRequest | None, origin: dict):
    now, user = timezone.now(), request.user
    kept = None
    if request.method != "POST" and draft is None and user.is_authenticated:
        kept = request.session.get(KEPT)
    data = request.POST if request.method == "POST" else None
    form = RequestForm(
        data,
        request.FILES or None,
        user=user,
        now=now,
        request=draft or _kept(kept, origin),
        complete="later" not in request.POST,
    )
    chosen = _terms_of(request, draft, kept)
    if chosen is None and "need" in origin and request.method != "POST":
        chosen = list(origin["need"].term_ids)
    if form.is_valid():
        if not user.is_authenticated:
            return _to_sign_in(request, form, chosen)
        try:
            saved = _save(request, form, draft, origin, chosen, now)
        except Refused as refusal:
            form.add_error("file" if "file" in request.FILES else None, str(refusal))
        else:
            request.session.pop(KEPT, None)
            if {"remove_file", "later"} & request.POST.keys():
                messages.success(request, _("Your draft is saved."))
                again = "later" not in request.POST
                return redirect("request_edit" if again else "request_detail", saved.pk)
            wanted = f"?expert={origin['expert'].pk}" if "expert" in origin else ""
            return redirect(reverse("request_experts", args=[saved.pk]) + wanted)
    context = {
        "form": form,
        "draft": draft,
        "kept": kept is not None,
        "files": list(draft.attachments.filter(message=None)) if draft else [],
        "steps": STEPS,
        "step": 1,
        **_term_boxes(chosen),
        **origin,
    }
    return render(request, "advice/request_edit.html", context)


def _kept(kept: dict | None, origin: dict) -> AdviceRequest | None:
    """A request, not saved, of what was typed before sign-in, or what its origin says."""
    if kept is None and not origin:
        return None
    values = dict(kept["values"]) if kept else {}
    if "need" in origin and not kept:
        values = {"country_id": origin["need"].country_id, "text": origin["need"].description}
    return AdviceRequest(**values)


def _to_sign_in(request: HttpRequest, form: RequestForm, chosen: list[int] | None):
    """Keep what was typed in this session, and say what comes next."""
    values = form.values()
    values["area_id"] = values.pop("area").pk if values["area"] else None
    values["wanted_by"] = values["wanted_by"].isoformat() if values["wanted_by"] else None
    request.session[KEPT] = {"values": values, "terms": chosen or []}
    query = request.GET.urlencode()
    context = {
        "next": reverse("request_add") + (f"?{query}" if query else ""),
        "steps": STEPS,
        "step": 1,
    }
    return render(request, "advice/request_sign_in.html", context)


def _terms_of(
    request: HttpRequest, draft: AdviceRequest | None, kept: dict | None
) -> list[int] | None:
    """Keys of the ticked terms; None where nobody was asked yet."""
    if request.method == "POST":
        if "terms_shown" not in request.POST:
            return None
        return keys_in(request.POST.getlist("terms"))
    if draft is not None:
        return list(draft.terms.values_list("pk", flat=True))
    return kept["terms"] if kept else None


def _term_boxes(chosen: list[int] | None, text: str = "") -> dict:
    """`found`: terms to tick first, with whether they are; `groups`: all others, by group."""
    everything = list(
        Term.objects.filter(parent__isnull=False).select_related("parent").defer("words")
    )
    wanted = set(chosen or [])
    proposed = [term.pk for term in propose_terms(text)] if text else []
    if chosen is None:
        wanted = set(proposed[:TICKED_AT_MOST])
    by_key = {term.pk: term for term in everything}
    first = list(dict.fromkeys([*(key for key in proposed), *sorted(wanted)]))
    found = [(by_key[key], key in wanted) for key in first if key in by_key]
    groups: dict[Term, list[Term]] = {}
    for term in everything:
        if term.pk not in first:
            groups.setdefault(term.parent, []).append(term)
    found.sort(key=lambda one: not one[1])
    return {
        "found": found,
        "first_unticked": next((term.pk for term, ticked in found if not ticked), None),
        "groups": list(groups.items()),
    }


@transaction.atomic
def _save(request, form: RequestForm, draft, origin: dict, chosen, now) -> AdviceRequest:
    values = form.values() | {
        "need": origin.get("need"),
        "practice": origin.get("practice"),
    }
    ticked = [term.pk for term in form.cleaned_data["terms"]]
    if chosen is None:
        found = propose_terms(form.cleaned_data["text"])
        ticked = [term.pk for term in found[:TICKED_AT_MOST]]
    if draft is None:
        saved = drafting.begin(values, ticked, request.user, now)
    else:
        saved = drafting.save(draft.pk, values, ticked, request.user, now)
    if form.cleaned_data.get("file"):
        drafting.attach(saved.pk, form.cleaned_data["file"], request.user, now)
    for key in keys_in(request.POST.getlist("remove_file")):
        drafting.detach(saved.pk, key, request.user)
    return saved


@require_POST
def request_terms(request):
    """The boxes of terms for a text, while it is typed; writes nothing."""
    text = request.POST.get("text", "")[:4000]
    ticked = keys_in(request.POST.getlist("terms"))
    context = _term_boxes(ticked or None, text)
    return render(request, "advice/parts/terms.html", context)


@login_required
@_anything
def request_experts(request, pk: int):
    """Experts who fit, with reasons; up to three for each place, or the Lead chooses."""
    draft, now = _own_draft(request, pk), timezone.now()
    if draft.status != Status.DRAFT:
        return _sent_already(request, draft)
    rows, refused = [], ""
    places = list(draft.places.select_related("term").prefetch_related("choices"))
    for place in places:
        proposals = matching.propose(matching.wish_of(draft, place), now, limit=PROPOSED_AT_MOST)
        before = [choice.expert_id for choice in place.choices.all()]
        rows.append({"place": place, "proposals": _shown(proposals, before, now)})
    meant = OriginForm(request.GET, user=request.user).found().get("expert")
    cannot = availability.why_not(meant, now) if meant else ""
    if meant and not cannot and rows:
        _put_first(rows[0]["proposals"], meant, matching.wish_of(draft, places[0]), now)
    if request.method == "POST":
        wanted = {} if "lead" in request.POST else _wanted(request, rows)
        try:
            if "lead" not in request.POST and not any(wanted.values()):
                raise Refused(_("Tick at least one expert, or let the Lead choose."))
            drafting.choose(draft.pk, wanted, request.user, now)
        except Refused as refusal:
            refused = str(refusal)
            for row in rows:
                ticked = request.POST.getlist(f"place-{row['place'].pk}")
                for one in row["proposals"]:
                    one["ticked"] = str(one["expert"].pk) in ticked
        else:
            return redirect("request_check", draft.pk)
    context = {
        "draft": draft,
        "rows": rows,
        "refused": refused,
        "cannot": cannot,
        "left_out": matching.not_shown(matching.wish_of(draft), now),
        "at_most": asking.CHOICES_AT_MOST,
        "terms": list(draft.terms.all()),
        "steps": STEPS,
        "step": 2,
    }
    status = 409 if refused else 200
    return render(request, "advice/request_experts.html", context, status=status)


def _shown(proposals, before: list[int], now) -> list[dict]:
    limits = Policy.current().limits(now)
    return [
        {
            "expert": one.expert,
            "country": presenting.country(one.expert.country_id),
            "reasons": one.reasons,
            "but": one.but,
            "open": one.open_requests,
            "badge": presenting.badge(one.expert, limits),
            "ticked": one.expert.pk in before,
        }
        for one in proposals
    ]


def _put_first(rows: list[dict], meant: Expert, wish: matching.Wish, now):
    """The expert whom the person came for stands on top, ticked, whatever the portal proposes."""
    known = next((row for row in rows if row["expert"].pk == meant.pk), None)
    if known:
        rows.remove(known)
    else:
        found = matching.propose(wish, now, limit=LOOKED_AT)
        proposal = next((one for one in found if one.expert.pk == meant.pk), None)
        if proposal is None:
            reasons, but = (_("you came for this expert"),), (_("has none of these fields"),)
            load = availability.open_requests(meant)
            proposal = matching.Proposal(meant, reasons, but, 0, load)
        [known] = _shown([proposal], [], now)
    known["ticked"] = True
    rows.insert(0, known)


def _wanted(request: HttpRequest, rows: list[dict]) -> dict[int, list[tuple[int, list[str]]]]:
    """What was ticked, in the order of the page; only what was proposed counts."""
    return {
        row["place"].pk: [
            (one["expert"].pk, list(one["reasons"]))
            for one in row["proposals"]
            if str(one["expert"].pk) in request.POST.getlist(f"place-{row['place'].pk}")
        ]
        for row in rows
    }


@login_required
@_anything
def request_check(request, pk: int):
    """All of it on one page, and what happens next; the button sends."""
    draft, refused = _own_draft(request, pk), ""
    if draft.status != Status.DRAFT:
        return _sent_already(request, draft)
    now = timezone.now()
    if request.method == "POST":
        try:
            sent = sending.send(draft.pk, request.user, now)
        except Refused as refusal:
            refused = str(refusal)
        else:
            messages.success(
                request, _("Your request is sent. You get a mail when something changes.")
            )
            return redirect(sent)
    places = list(draft.places.select_related("term").prefetch_related(_CHOICES))
    context = {
        **_facts(draft),
        "places": places,
        "nobody": not any(place.choices.all() for place in places),
        "is_partner": ground.is_partner(request.user, now.date()),
        "missing": sending.missing(draft),
        "refused": refused,
        "steps": STEPS,
        "step": 3,
    }
    return render(request, "advice/request_check.html", context, status=409 if refused else 200)


_CHOICES = Prefetch(
    "choices",
    Choice.objects.select_related("expert__country").defer("expert__search").order_by("order"),
)


def _facts(found: AdviceRequest) -> dict:
    return {
        "advice": found,
        "terms": list(found.terms.all()),
        "spoken": [languages.name(code) for code in found.languages],
        "files": list(found.attachments.filter(message=None)),
        "country": presenting.country(found.country_id),
    }


@login_required
@_anything
def request_detail(request, pk: int):
    """How it stands, for who asked and the Lead; an expert is led to the own choice."""
    visible = AdviceRequest.objects.visible_to(request.user).select_related(
        "requester", "organisation", "country", "area", "need", "practice__current"
    )
    found = get_object_or_404(visible.defer("practice__current__search"), pk=pk)
    own = found.requester_id == request.user.pk
    if not own and not request.user.has_perm("advice.view_advicerequest"):
        choice = Choice.objects.seen_by_expert().filter(
            place__request=found, expert__user=request.user
        )
        return redirect("choice_detail", choice.latest("asked_at").pk)
    form, refused = ReasonForm(request.POST if "withdraw" in request.POST else None), ""
    if request.method == "POST" and not own:
        raise Http404
    if {"drop", "finish"} & request.POST.keys() or form.is_valid():
        try:
            done = _step(request, found, form)
        except Refused as refusal:
            refused = str(refusal)
        else:
            messages.success(request, done)
            return redirect("advice_home" if "drop" in request.POST else found)
    context = {
        **_facts(found),
        "own": own,
        "is_draft": found.status == Status.DRAFT,
        "is_open": found.status in AdviceRequest.OPEN,
        "can_finish": found.status == Status.AGREED,
        "places": list(found.places.select_related("term").prefetch_related(_CHOICES)),
        "helping": list(
            Choice.objects.filter(place__request=found, status=Choice.Status.ACCEPTED)
            .select_related("expert")
            .defer("expert__search")
        )
        if own
        else [],
        "changes": found.changes.select_related("actor"),
        "need": found.need,
        "practice": found.practice,
        "form": form,
        "refused": refused,
    }
    return render(request, "advice/request_detail.html", context, status=409 if refused else 200)


def _step(request: HttpRequest, found: AdviceRequest, form: ReasonForm) -> str:
    """Withdraw, finish, or drop a draft; the sentence that says so. Raises Refused."""
    now = timezone.now()
    if "drop" in request.POST:
        drafting.drop(found.pk, request.user)
        return _("The draft is gone.")
    if "finish" in request.POST:
        outcomes.finish(found.pk, request.user, now)
        return _("Your request is finished.")
    reason = form.cleaned_data["reason"]
    asking.withdraw(found.pk, request.user, reason, now)
    return _("Your request is withdrawn. Who was asked is told.")


@login_required
@_anything
def choice_detail(request, pk: int):
    """One request and one expert: the answer, the conversation, what came of it."""
    choice, side = _choice_of(request, pk)
    now = timezone.now()
    attempt = acting.Attempt(forms=acting.empty_forms(choice, side, now))
    if request.method == "POST":
        attempt = acting.act(request, choice, side, now, request.user, Choice.Channel.PORTAL)
        if attempt.done:
            messages.success(request, attempt.done)
            return redirect("choice_detail", pk)
        choice, side = _choice_of(request, pk)
    context = acting.context(choice, side, now, attempt)
    return render(request, "advice/choice_detail.html", context, status=attempt.status)


def _choice_of(request: HttpRequest, pk: int) -> tuple[Choice, Side]:
    """The choice, and the side on which this person stands. Raises Http404 for all others."""
    choice = telling.choices([pk]).get(pk)
    if choice is None or choice.asked_at is None:
        raise Http404
    user = request.user
    if choice.place.request.requester_id == user.pk:
        return choice, Side.REQUESTER
    if choice.expert.user_id == user.pk:
        return choice, Side.EXPERT
    if user.has_perm("advice.view_advicerequest"):
        return choice, Side.LEAD
    raise Http404


@login_required
@require_safe
def request_file(request, pk: int):
    """A file, for both sides and the Lead; for experts as long as their answer is open or yes."""
    attachment = get_object_or_404(
        Attachment.objects.select_related("request", "message__choice"), pk=pk
    )
    user, of_request = request.user, attachment.request
    is_lead = of_request.sent_at and user.has_perm("advice.view_advicerequest")
    if of_request.requester_id != user.pk and not is_lead:
        own = Choice.objects.filter(place__request=of_request, expert__user=user)
        if attachment.message is not None:
            own = own.filter(pk=attachment.message.choice_id)
        keys = own.seen_by_expert().values_list("pk", flat=True)
        if not any(conversing.is_open(one) for one in telling.choices(keys).values()):
            raise Http404
    return serve_file(request, attachment)


def serve_file(request: HttpRequest, attachment: Attachment):
    response = serving.serve(
        request, attachment.file, attachment.media_type, attachment.name, attachment.sha256
    )
    response.headers.setdefault("Cache-Control", "private, no-cache")
    return response
