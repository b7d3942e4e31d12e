"""“Answer the partner”, and going on from there."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from mailings import answering, permissions
from mailings.answer_forms import AnswerForm
from mailings.models import Announcement, AnnouncementAnswer
from partners.refusals import Refused


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def announcement_answer(request, pk: int):
    """A partner writes to the author; neither sees the other's address."""
    now = timezone.now()
    visible = Announcement.objects.published().visible_to(request.user)
    announcement = get_object_or_404(visible, pk=pk)
    if not permissions.can_answer(request.user, announcement, now.date()):
        raise PermissionDenied
    form = AnswerForm(request.POST or None)
    if form.is_valid():
        try:
            answering.answer(announcement.pk, request.user, form.cleaned_data["text"], now)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Your message is on its way to the author."))
            return redirect(announcement)
    context = {"announcement": announcement, "form": form}
    return render(request, "mailings/announcement_answer.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def announcement_answer_on(request, pk: int):
    """One of the two writes again; a mail of the conversation led here."""
    known = get_object_or_404(AnnouncementAnswer.objects.of(request.user).with_people(), pk=pk)
    form = AnswerForm(request.POST or None)
    if form.is_valid():
        try:
            answering.go_on(known.pk, request.user, form.cleaned_data["text"], timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Your message is on its way."))
            return redirect("announcement_answer_on", pk)
    is_own = known.announcement.author_id == request.user.pk
    other = known.person if is_own else known.announcement.author
    context = {"announcement": known.announcement, "form": form, "other": other}
    return render(request, "mailings/announcement_answer.html", context)
