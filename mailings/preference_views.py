"""What a person wants to get by mail: one page, with sign-in, or from any mail without it.

A link from a mail counts for the preferences of one person and opens no session. Its page names
nobody and shows no address, as a mail may have been passed on. GET writes nothing.
"""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mailings import following, subscribing, suppression, topics
from mailings.models import Preferences, StopLink
from mailings.preference_forms import PreferencesForm
from partners import languages, permissions, time_zones
from partners.models import User
from partners.quiet import quiet
from partners.refusals import Refused


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def mail_preferences(request):
    """The own ones; `again` starts mail to an address that is marked."""
    user, now = request.user, timezone.now()
    if "again" in request.POST:
        suppression.lift(user.email)
        messages.success(request, _("The portal writes to this address again."))
        return redirect("mail_preferences")
    form, is_saved = _answered(request, user.pk, now)
    if is_saved:
        messages.success(request, _("Your choice is saved. It holds for the very next mail."))
        return redirect("mail_preferences")
    context = {**_context(user, form, now), "marked": suppression.found({user.email})}
    return render(request, "mailings/preferences.html", context)


@quiet
@require_http_methods(["GET", "HEAD", "POST"])
@languages.translated
def mail_preferences_by_mail(request, token):
    """Those of the person whose mail had this link, in the language of that person's mails.

    410 where it is nobody's. Who gets mail and has no sign-in is told so, and what can be done
    instead.
    """
    now = timezone.now()
    link = StopLink.objects.filter(token=token).first()
    user_id = topics.user_behind(link)
    if topics.is_without_sign_in(link):
        name = topics.of(link).called(link.object_id)
        context = {"name": name, "token": token, "translated": True}
        return render(request, "mailings/preferences_without_sign_in.html", context)
    if user_id is None:
        context = {"translated": True}
        return render(request, "mailings/preferences_nobody.html", context, status=410)
    if kept := Preferences.objects.filter(user=user_id).first():
        languages.use(request, kept.language)
    form, is_saved = _answered(request, user_id, now)
    if is_saved:
        form = PreferencesForm(user_id=user_id, now=now)
    context = _context(User.objects.get(pk=user_id), form, now)
    # Numbers alone: what somebody follows may be hidden from whom the mail was passed on to
    context["followed"] = [(often, [str(len(names))]) for often, names in context["followed"]]
    context |= {"is_saved": is_saved, "translated": True}
    return render(request, "mailings/preferences_by_mail.html", context)


@transaction.atomic
def _answered(request: HttpRequest, user_id: int, now) -> tuple[PreferencesForm, bool]:
    """The form, and whether what it says was saved.

    "Stop all" is heeded also where another field is wrong, which is then left as it was; it stops
    what is followed, too.
    """
    data = request.POST if request.method == "POST" else None
    zone = request.COOKIES.get(time_zones.COOKIE, "")
    form = PreferencesForm(data, user_id=user_id, now=now, zone=zone)
    try:
        if form.is_valid():
            subscribing.choose(user_id, form.frequencies, form.preferences, now)
        elif form.stops_all:
            subscribing.choose(user_id, form.all_never(), None, now)
        else:
            return form, False
        if form.stops_all:
            following.stop_all(user_id)
    except Refused as refusal:
        form.add_error(None, str(refusal))
        return form, False
    return form, True


def _context(user: User, form: PreferencesForm, now) -> dict:
    return {
        "form": form,
        "choice": subscribing.choice_of(user.pk),
        "followed": following.by_frequency(user.pk),
        "is_partner": permissions.is_partner(user, now.date()),
    }
