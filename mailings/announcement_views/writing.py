"""What an author does before the Lead reads an announcement: topic, form, a last look, submit."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from mailings import (
    announcing,
    duplicates,
    permissions,
    presenting,
    previewing,
    readership,
    trying_out,
)
from mailings.announcement_forms import FOLDED, AnnouncementForm
from mailings.announcement_views import finding
from mailings.markdown import to_html
from mailings.models import Announcement
from partners.keys import keys_in
from partners.refusals import NotAllowed, Refused

_anything = require_http_methods(["GET", "HEAD", "POST"])
Status = Announcement.Status


@login_required
@_anything
def announcement_write(request):
    """First the topic, then (`?topic=`) the form of a new announcement. One's own stand below."""
    now = timezone.now()
    if not permissions.can_write(request.user, now.date()):
        raise NotAllowed(_("Partners write announcements. You are not a partner yet."))
    topics = announcing.topics_for(request.user)
    wanted = request.GET.get("topic", "")
    topic = next((one for one in topics if one.code == wanted), None)
    if topic is None and request.method != "POST":
        own = Announcement.objects.filter(author=request.user).select_related("topic")
        context = {
            "topics": topics,
            "is_unknown": bool(wanted),
            "own": [
                (one, presenting.look(one)) for one in own.defer("search").order_by("-changed_at")
            ],
        }
        return render(request, "mailings/announcement_write.html", context)
    form = AnnouncementForm(
        request.POST if request.method == "POST" else None,
        request.FILES or None,
        user=request.user,
        now=now,
        topic=topic,
    )
    return _form(request, form, None, now)


@login_required
@_anything
def announcement_edit(request, pk: int):
    """The author's draft, or what was returned."""
    announcement, now = finding.own(request, pk), timezone.now()
    if request.method != "POST" and announcement.status not in Announcement.WRITTEN:
        return redirect("announcement_preview", announcement.pk)
    form = AnnouncementForm(
        request.POST if request.method == "POST" else None,
        request.FILES or None,
        user=request.user,
        now=now,
        announcement=announcement,
    )
    return _form(request, form, announcement, now)


def _form(request: HttpRequest, form: AnnouncementForm, announcement, now):
    """Save and go on; show the form again where something is wrong or to be looked at first."""
    context = {"form": form, "announcement": announcement, "folded": FOLDED}
    status = 200
    if form.is_valid() and "preview" not in request.POST:
        try:
            saved = _save(request, form, announcement, now)
        except announcing.Collision as collision:
            stored = finding.own(request, announcement.pk)
            context |= {
                "collision": str(collision),
                "differences": form.differences(stored),
                "file_is_lost": bool(request.FILES),
            }
            # Saving once more settles it: the form now stands on top of what is stored
            form.data = form.data.copy()
            form.data["version"] = str(stored.version)
            status = 409
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The draft is saved. Nobody but you sees it yet."))
            is_done = "look" in request.POST
            return redirect("announcement_preview" if is_done else "announcement_edit", saved.pk)
    typed = form.typed() if form.is_bound else announcement
    if typed:
        context |= _look(typed, request.user, now)
    if announcement:
        context["files"] = list(announcement.files.all())
    return render(request, "mailings/announcement_edit.html", context, status=status)


@transaction.atomic
def _save(request, form: AnnouncementForm, announcement, now) -> Announcement:
    said = form.cleaned_data
    if said.get("accepts"):
        announcing.accept_rules(said["rules"], request.user, now)
    return announcing.save(
        announcement.pk if announcement else None,
        form.values(),
        said["version"],
        request.user,
        now,
        [said["file"]] if said.get("file") else [],
        keys_in(request.POST.getlist("remove_file")),
    )


def _look(typed: Announcement, user, now) -> dict:
    """What the part `announcement_look.html` shows of a text."""
    near = duplicates.near(typed, user, now.date()) if typed.title else []
    return {"typed": typed, "typed_html": to_html(typed.text), "near": near}


@login_required
@require_POST
def announcement_look(request):
    """The text as readers will see it, while it is typed; writes nothing. A part of a page."""
    now = timezone.now()
    if not permissions.can_write(request.user, now.date()):
        raise PermissionDenied
    form = AnnouncementForm(request.POST, user=request.user, now=now)
    form.is_valid()
    context = _look(form.typed(), request.user, now)
    return render(request, "mailings/parts/announcement_look.html", context)


@login_required
@require_safe
def announcement_preview(request, pk: int):
    """The mail as it will look, who will get it, and what can be done next.

    For the author, and for the Lead once it is handed in. The mail in the language `?mail=`.
    """
    announcement, now = finding.own_or_moderated(request, pk), timezone.now()
    language = previewing.language_of(request.GET.get("mail", ""))
    is_own = announcement.author_id == request.user.pk
    sees_all = permissions.can_moderate(request.user)
    readers = readership.of(announcement, now)
    context = {
        "announcement": announcement,
        "look": presenting.look(announcement),
        "mail": previewing.of(announcement, language, now),
        "sandbox": previewing.SANDBOX,
        "tabs": [
            {"name": name, "url": f"?mail={code}#mail", "current": code == language}
            for code, name in settings.MAIL_LANGUAGES
        ],
        "terms": announcement.terms.all(),
        "files": announcement.files.all(),
        "is_own": is_own,
        "can_edit": permissions.can_edit(request.user, announcement),
        "can_withdraw": permissions.can_withdraw(request.user, announcement)
        and Status.WITHDRAWN in Announcement.NEXT.get(announcement.status, ()),
        "readership": readers if sees_all else readers.without_few(),
        "near": duplicates.near(announcement, request.user, now.date()),
    }
    return render(request, "mailings/announcement_preview.html", context)


@login_required
@require_safe
@xframe_options_sameorigin
def announcement_mail(request, pk: int):
    """The mail alone, for the frame of the preview: in the language `?mail=`, with nothing that
    runs, loads or sends anything.
    """
    announcement = finding.own_or_moderated(request, pk)
    language = previewing.language_of(request.GET.get("mail", ""))
    mail = previewing.of(announcement, language, timezone.now())
    return HttpResponse(
        mail.framed,
        headers={
            "Content-Security-Policy": previewing.POLICY,
            "Content-Language": language,
            "X-Robots-Tag": "noindex",
        },
    )


@login_required
@require_POST
def announcement_test(request, pk: int):
    """One mail to the person who asks: the announcement as readers will get it."""
    announcement = finding.own_or_moderated(request, pk)
    try:
        trying_out.send(announcement, request.user, timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        said = _("A test mail is on its way to %(address)s.") % {"address": request.user.email}
        messages.success(request, said)
    return redirect("announcement_preview", announcement.pk)


@login_required
@require_POST
def announcement_submit(request, pk: int):
    """Hand it in."""
    announcement = finding.own(request, pk)
    try:
        announcement = announcing.submit(announcement.pk, request.user, timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        if announcement.status == Status.PUBLISHED:
            messages.success(request, _("Your announcement is published."))
        else:
            messages.success(request, _("Thank you. The Lead reads it and answers you by mail."))
    return redirect("announcement_preview", announcement.pk)


@login_required
@_anything
def announcement_drop(request, pk: int):
    """GET asks, POST deletes the draft."""
    announcement = finding.own(request, pk)
    if announcement.status != Status.DRAFT:
        messages.info(request, _("Only a draft that was never handed in can be deleted."))
        return redirect("announcement_preview", announcement.pk)
    if request.method == "POST":
        try:
            announcing.drop(announcement.pk, request.user)
        except Refused as refusal:  # handed in meanwhile
            messages.error(request, str(refusal))
            return redirect("announcement_preview", announcement.pk)
        messages.success(request, _("The draft is deleted."))
        return redirect("announcement_write")
    return render(request, "mailings/announcement_drop.html", {"announcement": announcement})
