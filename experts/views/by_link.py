"""What the link in a mail opens: the profile of one expert, without sign-in.

GET shows and writes nothing, so that a scanner which opens every link changes nothing; the buttons
act. The link counts for one profile and opens no session: who is signed in beside it, the Lead
included, may do what everybody may who has the link. E-mail address and phone number are masked,
and the address and who sees what are not changed here: that asks for a code.
"""

from contextlib import suppress
from functools import wraps

from django.conf import settings
from django.db.models import Prefetch, prefetch_related_objects
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from experts import confirmation, consent, editing, facts, links, listing, presenting
from experts.forms import PauseForm, StillRightForm
from experts.models import Confirmation, Consent, Expert, ProfileLink
from experts.views import saving
from partners import languages
from partners.even_time import even_time
from partners.models import Term
from partners.quiet import quiet
from partners.refusals import Refused

Status = Expert.Status
_anything = require_http_methods(["GET", "HEAD", "POST"])


def _by_link(view):
    """`view(request, link, now)` for a link that is alive; else the page for dead ones."""

    @wraps(view)
    def wrapped(request, token: str):
        now = timezone.now()
        link = links.find(token)
        if link is None or not links.is_alive(link, now):
            return _dead(request, token)
        languages.use(request, link.language)
        return view(request, link, now)

    return quiet(languages.translated(_anything(wrapped)))


def _dead(request: HttpRequest, token: str) -> HttpResponse:
    """The same for every dead link, known or not; it says nothing about a person."""
    context = {"token": token, "query": _query(request), "translated": True}
    return render(request, "experts/by_link/dead.html", context, status=410)


def _query(request: HttpRequest) -> str:
    """'?lang=fr' where the reader chose a language, to keep it on the next page."""
    chosen = request.GET.get("lang", "")
    return f"?lang={chosen}" if chosen in dict(settings.LANGUAGES) else ""


def _to_profile(request: HttpRequest, link: ProfileLink) -> HttpResponse:
    return redirect(reverse("profile_by_link", args=[link.token]) + _query(request))


def _context(request: HttpRequest, link: ProfileLink, now) -> dict:
    expert = link.expert
    return {
        "link": link,
        "expert": expert,
        "unclaimed": expert.user_id is None,
        "paused": expert.status == Status.LISTED and expert.is_paused(now),
        "query": _query(request),
        "translated": True,
    }


@_by_link
def profile_by_link(request, link, now):
    """The profile as it stands; 'Still right', or what else there is to do in its status."""
    expert = link.expert
    if confirmation.can_confirm(expert):
        return _still_right(request, link, now)
    if expert.status in (Status.UNLISTED, Status.WITHDRAWN):
        return _come_back(request, link, now)
    return render(request, "experts/by_link/waiting.html", _context(request, link, now))


def _still_right(request, link, now):
    expert = link.expert
    if "end_pause" in request.POST:
        listing.end_pause(expert.pk, now)
        return _to_profile(request, link)
    form = StillRightForm(request.POST if request.method == "POST" else None, expert=expert)
    if form.is_valid():
        with suppress(Refused):  # off the list meanwhile: the page says how to come back
            confirmation.confirm(
                expert.pk,
                now,
                Confirmation.Channel.MAIL,
                form.cleaned_data["outside_requests"],
                asked_at=link.created_at,
            )
        return _to_profile(request, link)
    prefetch_related_objects([expert], Prefetch("terms", Term.objects.order_by("pk")))
    thanks = confirmation.is_answered(expert, link.created_at)
    context = {
        **_context(request, link, now),
        "form": form,
        "thanks": thanks,
        "silent": expert.status == Status.UNLISTED,
        "waiting": [editing.label(field) for field in editing.waiting_changes(expert)],
        "facts": facts.public(expert, now) if thanks else facts.of(expert, now, masked=True),
    }
    return render(request, "experts/by_link/profile.html", context)


def _come_back(request, link, now):
    """Taken off by the Lead, or withdrawn: agreeing hands the profile in, the Lead decides."""
    expert, refused = link.expert, ""
    if "agree" in request.POST:
        try:
            listing.hand_in(expert.pk, None, now, Consent.Channel.MAIL)
        except Refused as refusal:
            refused = str(refusal)
        else:
            return _to_profile(request, link)
    context = {
        **_context(request, link, now),
        "refused": refused,
        "missing": [presenting.label_of(field) for field in listing.missing_to_submit(expert)],
        "erased_on": expert.removed_at and expert.removed_at + listing.ERASE_AFTER,
        "consent_text": f"experts/consent/{consent.TEXT_VERSION}.html",
    }
    return render(
        request, "experts/by_link/come_back.html", context, status=409 if refused else 200
    )


@_by_link
def profile_by_link_edit(request, link, now):
    """The form of the profile, without what asks for a code. Saving confirms, as signed in."""
    expert = link.expert
    if expert.status in (Status.DRAFT, Status.AWAITING):
        return _to_profile(request, link)
    attempt = saving.attempt(request, expert, None, now, masked=True)
    if attempt.saved:
        return _to_profile(request, link)
    context = {**_context(request, link, now), **attempt.context(request)}
    return render(request, "experts/by_link/edit.html", context, status=attempt.status)


@_by_link
def profile_by_link_pause(request, link, now):
    expert = link.expert
    if expert.status != Status.LISTED:
        return _to_profile(request, link)
    if "end_pause" in request.POST:
        listing.end_pause(expert.pk, now)
        return _to_profile(request, link)
    form = PauseForm(request.POST if request.method == "POST" else None, today=now.date())
    if form.is_valid():
        try:
            listing.pause(expert.pk, form.cleaned_data["until"], now)
        except Refused as refusal:
            form.add_error("until", str(refusal))
        else:
            return _to_profile(request, link)
    context = {**_context(request, link, now), "form": form}
    return render(request, "experts/by_link/pause.html", context)


@_by_link
def profile_by_link_remove(request, link, now):
    expert = link.expert
    if expert.status == Status.WITHDRAWN:
        return _to_profile(request, link)
    if request.method == "POST":
        with suppress(Refused):  # removed already, in another tab
            listing.remove(expert.pk, None, now, Consent.Channel.MAIL)
        return _to_profile(request, link)
    return render(request, "experts/by_link/remove.html", _context(request, link, now))


def _fresh(request, token: str):
    """A fresh link by mail. The answer is the same whether the token is known or not."""
    now = timezone.now()
    link = links.find(token)
    if request.method == "POST":
        if link:
            with suppress(Refused):  # the answer must not say whether there is an address
                links.send_fresh(link, now)
        return render(request, "experts/by_link/fresh_sent.html", {"translated": True})
    if link and links.is_alive(link, now):
        return _to_profile(request, link)
    return _dead(request, token)


profile_by_link_fresh = even_time(quiet(languages.translated(_anything(_fresh))))
