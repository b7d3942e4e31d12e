"""What becomes of an announcement: the Lead's words, the author's answer, and taking it back."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mailings import announcing, permissions
from mailings.announcement_forms import WithdrawForm, WordsForm
from mailings.announcement_views import finding
from mailings.models import Announcement
from partners import word_changes
from partners.keys import key_in
from partners.refusals import Refused

_anything = require_http_methods(["GET", "HEAD", "POST"])
Status = Announcement.Status


@login_required
@_anything
def announcement_agree(request, pk: int):
    """The author's words and the Lead's, side by side; POST with `answer` yes or no decides."""
    announcement, now = finding.own(request, pk), timezone.now()
    if announcement.status != Status.EDITED:
        messages.info(request, _("There are no other words to agree to."))
        return redirect("announcement_preview", announcement.pk)
    edit = announcement.edit
    if request.method == "POST" and request.POST.get("answer") in ("yes", "no"):
        is_agreed = request.POST["answer"] == "yes"
        try:
            if is_agreed:
                seen = key_in(request.POST.get("edit", ""))
                answered = announcing.agree(announcement.pk, request.user, now, seen)
            else:
                answered = announcing.disagree(announcement.pk, request.user, now)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _after(is_agreed, answered.status))
        return redirect("announcement_preview", announcement.pk)
    context = {
        "announcement": announcement,
        "edit": edit,
        "needs_two": announcing.needs_two(announcement),
        "unanswered": request.method == "POST",
        "changes": [
            (_("Title"), *word_changes.sides(announcement.title, edit.title)),
            (_("Text"), *word_changes.sides(announcement.text, edit.text)),
        ],
    }
    return render(request, "mailings/announcement_agree.html", context)


def _after(is_agreed: bool, status: str) -> str:
    """What becomes of it, for who answered."""
    if not is_agreed:
        return _("Your own words stay. The Lead reads them once more.")
    if status == Status.PUBLISHED:
        return _("Your announcement is published.")
    return _("Another Lead reads these words before they are published.")


@login_required
@_anything
@permission_required("mailings.change_announcement", raise_exception=True)
def announcement_rewrite(request, pk: int):
    """The Lead proposes other words."""
    announcement = finding.visible(request, pk)
    initial = {name: getattr(announcement, name) for name in ("version", "title", "text")}
    form = WordsForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method != "POST" and announcement.status != Status.SUBMITTED:
        messages.info(request, _("This announcement does not wait for the Lead."))
        return redirect("announcement_preview", announcement.pk)
    if form.is_valid():
        said = form.cleaned_data
        try:
            announcing.edit_for_author(
                announcement.pk,
                said["title"],
                said["text"],
                request.user,
                timezone.now(),
                seen=said["version"],
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The author is asked whether these words are right."))
            return redirect("announcement_preview", announcement.pk)
    context = {"form": form, "announcement": announcement}
    return render(request, "mailings/announcement_rewrite.html", context)


@login_required
@_anything
def announcement_withdraw(request, pk: int):
    """GET asks, POST takes it out of the archive."""
    announcement = finding.visible(request, pk)
    if not permissions.can_withdraw(request.user, announcement):
        raise PermissionDenied
    if Status.WITHDRAWN not in Announcement.NEXT.get(announcement.status, ()):
        messages.info(request, _("This announcement is neither published nor scheduled."))
        return redirect("announcement_preview", announcement.pk)
    is_own = announcement.author_id == request.user.pk
    form = WithdrawForm(request.POST if request.method == "POST" else None, is_own=is_own)
    if form.is_valid():
        try:
            announcing.withdraw(
                announcement.pk, request.user, form.cleaned_data["reason"], timezone.now()
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The announcement is withdrawn."))
            return redirect("announcement_preview", announcement.pk)
    context = {"form": form, "announcement": announcement, "is_own": is_own}
    return render(request, "mailings/announcement_withdraw.html", context)
