"""The reviewer's page: the sheet beside the checklist."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from documents import permissions, practice_sheets, practices
from documents.forms.practices import ReviewForm
from documents.models import Practice, PracticeVersion
from partners.refusals import Refused


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def practice_review(request, code: str):
    """Publish what waits, or return it with comments. Without one that waits: the practice."""
    visible = Practice.objects.visible_to(request.user).select_related("owner", "organisation")
    practice = get_object_or_404(visible, code=code)
    if not permissions.can_review_practice(request.user):
        if practice.current_id is None and practice.owner_id != request.user.pk:
            raise Http404
        raise PermissionDenied
    waiting = practice.versions.filter(status=PracticeVersion.Status.SUBMITTED)
    version = waiting.defer("search").select_related("country").first()
    if version is None:
        if request.method == "POST":
            messages.error(request, _("Nothing of this practice waits for the reviewer now."))
        return redirect("practice_detail", code=code)
    version.practice = practice
    form = ReviewForm(request.POST or None, points=practices.points(version))
    if form.is_valid():
        try:
            if "publish" in request.POST:
                checked = form.cleaned_data["checked"]
                practices.publish(version.pk, request.user, timezone.now(), checked)
                messages.success(request, _("Published. The owner gets a mail."))
            else:
                comments = form.comments()
                practices.return_with_comments(version.pk, request.user, timezone.now(), comments)
                messages.success(request, _("Returned. The owner gets a mail with your comments."))
            return redirect("admin:index")
        except Refused as refusal:
            form.add_error(None, str(refusal))
    practice_sheets.read_rows([version], request.user)
    context = {
        "practice": practice,
        "version": version,
        "form": form,
        "cost": practice_sheets.cost(version),
        "last_comments": [
            (practices.PARTS[one.part], one.text) for one in practices.last_comments(version)
        ],
    }
    return render(request, "documents/practice_review.html", context)
