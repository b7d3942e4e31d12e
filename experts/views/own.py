"""The expert's own profile: read, change, confirm, pause, remove."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from experts import (
    confirmation,
    consent,
    contact,
    editing,
    facts,
    listing,
    presenting,
    switching_off,
)
from experts.forms import ConsentForm, ContactForm, MailLanguageForm, PauseForm
from experts.models import Change, Correction, Expert, Policy
from experts.views import saving
from mailings import suppression
from partners.refusals import Refused

_anything = require_http_methods(["GET", "HEAD", "POST"])


def _own(request: HttpRequest) -> Expert:
    """The signed-in person's profile. Raises Http404 when there is none."""
    experts = Expert.objects.select_related("organisation", "country").defer("search")
    return get_object_or_404(experts, user=request.user)


@login_required
@require_safe
def expert_me(request):
    """What the portal shows about me, what waits, and what I can do."""
    expert = Expert.objects.filter(user=request.user).first()
    if expert is None:
        return redirect("expert_apply")
    now = timezone.now()
    address = expert.mail_address
    waiting = list(editing.waiting_changes(expert).values())
    names = editing.Names.of(waiting)
    return render(
        request,
        "experts/expert_me.html",
        {
            "expert": expert,
            "badge": presenting.badge(expert, Policy.current().limits(now), exact=True),
            "complete": presenting.completeness(expert),
            "waiting": [
                (editing.label(change.field), editing.in_words(change.field, change.after, names))
                for change in waiting
            ],
            "corrections": expert.corrections.filter(state=Correction.State.OPEN).select_related(
                "by"
            ),
            "paused": expert.is_paused(now),
            "can_confirm": confirmation.can_confirm(expert),
            "can_submit": Expert.Status.AWAITING in Expert.NEXT[expert.status],
            "missing": [presenting.label_of(field) for field in listing.missing_to_submit(expert)],
            "facts": facts.of(expert, now),
            "address": address,
            "came_back": suppression.found({address}).get(address) if address else None,
            "next_reminder": switching_off.next_reminder(expert, now),
            "mail_form": MailLanguageForm(initial={"mail_language": expert.mail_language}),
        },
    )


@login_required
@_anything
def expert_edit(request):
    """The expert's own profile; the Lead edits in admin, which confirms nothing."""
    expert = _own(request)
    attempt = saving.attempt(request, expert, request.user, timezone.now())
    if attempt.saved:
        _say_saved(request, attempt.saved)
        return redirect("expert_me")
    context = {**attempt.context(request), "expert": expert}
    return render(request, "experts/expert_edit.html", context, status=attempt.status)


def _say_saved(request: HttpRequest, saved: editing.Saved):
    if saved.expert.status == Expert.Status.LISTED:
        messages.success(request, _("Your profile is saved and confirmed."))
    else:
        messages.success(request, _("Your profile is saved."))
    if saved.held:
        fields = ", ".join(editing.label(field) for field in saved.held)
        messages.info(
            request,
            ngettext(
                "%(n)s field waits for the Lead: %(fields)s. "
                "The public page is unchanged until then.",
                "%(n)s fields wait for the Lead: %(fields)s. "
                "The public page is unchanged until then.",
                len(saved.held),
            )
            % {"n": len(saved.held), "fields": fields},
        )


@login_required
@_anything
def expert_contact(request):
    """Address and audiences. A second form, with what was chosen, asks for the codes."""
    expert = _own(request)
    now = timezone.now()
    initial = {name: getattr(expert, name) for name in Expert.GUARDED_FIELDS}
    form = ContactForm(request.POST or None, initial=initial)
    template, asked = "experts/expert_contact.html", None
    if form.is_valid():
        new, typed = form.cleaned_data, contact.typed_codes(request.POST)
        try:
            if not contact.needs_codes(expert, new):
                return redirect("expert_me")
            if typed is None:
                asked = contact.ask(expert, request.user, new, now)
            else:
                asked = contact.Asked(new, contact.addresses(expert, request.user, new))
                contact.change(expert.pk, request.user, new, typed, now)
                messages.success(request, _("Your contact settings are saved."))
                return redirect("expert_me")
        except contact.Taken as refusal:
            asked = None
            form.add_error("email", str(refusal))
        except Refused as refusal:
            form.add_error(None, str(refusal))
    if asked:
        template = "experts/expert_contact_code.html"
    return render(request, template, {"form": form, "expert": expert, "asked": asked})


@login_required
@require_POST
def expert_confirm(request):
    try:
        confirmation.confirm(_own(request).pk, timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Thank you. Your profile is confirmed."))
    return redirect("expert_me")


@login_required
@_anything
def expert_submit(request):
    """Hand the profile in: the text of the consent, then one button."""
    expert = _own(request)
    form = ConsentForm(request.POST or None)
    if form.is_valid():
        try:
            listing.hand_in(expert.pk, request.user, timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request, _("Your profile is with the Lead. You get a mail when it is on the list.")
            )
            return redirect("expert_me")
    context = {
        "form": form,
        "expert": expert,
        "consent_text": f"experts/consent/{consent.TEXT_VERSION}.html",
        "missing": listing.missing_to_submit(expert),
    }
    return render(request, "experts/expert_submit.html", context)


@login_required
@_anything
def expert_pause(request):
    expert = _own(request)
    now = timezone.now()
    if request.method == "POST" and "end" in request.POST:
        listing.end_pause(expert.pk, now)
        messages.success(request, _("Welcome back. Your pause has ended."))
        return redirect("expert_me")
    form = PauseForm(request.POST or None, today=now.date())
    if form.is_valid():
        try:
            listing.pause(expert.pk, form.cleaned_data["until"], now)
        except Refused as refusal:
            form.add_error("until", str(refusal))
        else:
            messages.success(request, _("You are paused. The card in the directory says so."))
            return redirect("expert_me")
    return render(
        request,
        "experts/expert_pause.html",
        {"form": form, "expert": expert, "paused": expert.is_paused(now)},
    )


@login_required
@_anything
def expert_remove(request):
    expert = _own(request)
    if request.method == "POST":
        try:
            listing.remove(expert.pk, request.user, timezone.now())
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(
                request, _("You are off the list. Nobody can see your profile any more.")
            )
        return redirect("expert_me")
    return render(request, "experts/expert_remove.html", {"expert": expert})


@login_required
@require_POST
def expert_reminders(request):
    """The switch of reminders: `on` or `off`."""
    expert = _own(request)
    if "on" in request.POST:
        switching_off.switch_on(expert.pk, timezone.now())
        messages.success(request, _("Reminders are on."))
    elif "off" in request.POST:
        switching_off.switch_off(expert.pk, timezone.now())
        messages.success(request, _("Reminders are off. The Lead sees that when you are due."))
    return redirect("expert_me")


@login_required
@require_POST
def expert_mail_again(request):
    """Mail to the address came back, and the person says that it works again."""
    suppression.lift(_own(request).mail_address)
    messages.success(request, _("The portal writes to this address again."))
    return redirect("expert_me")


@login_required
@require_POST
def expert_mail_language(request):
    """In which language the portal reminds."""
    expert = _own(request)
    form = MailLanguageForm(request.POST)
    if form.is_valid():
        switching_off.set_language(expert.pk, form.cleaned_data["mail_language"])
        messages.success(request, _("The language of reminders is saved."))
    else:
        messages.error(request, _("Choose one of the languages in the list."))
    return redirect("expert_me")


@login_required
@require_safe
def expert_history(request):
    """Every edit of mine and what became of it."""
    expert = _own(request)
    edits = expert.edits.prefetch_related("changes").select_related("by")[:100]
    names = editing.Names.of(change for edit in edits for change in edit.changes.all())
    rows = [
        {
            "edit": edit,
            "changes": [
                {
                    "label": editing.label(change.field),
                    "before": editing.in_words(change.field, change.before, names),
                    "after": editing.in_words(change.field, change.after, names),
                    "secret": change.field in Expert.PRIVATE_FIELDS,
                    "state": change.get_state_display(),
                    "kind": _KINDS[change.state],
                    "reason": change.decision_reason,
                }
                for change in edit.changes.all()
            ],
        }
        for edit in edits
    ]
    return render(request, "experts/expert_history.html", {"expert": expert, "rows": rows})


_KINDS = {
    Change.State.APPLIED: "good",
    Change.State.ACCEPTED: "good",
    Change.State.WAITING: "info",
    Change.State.REJECTED: "danger",
    Change.State.REPLACED: "",
    Change.State.UNDONE: "warn",
}
