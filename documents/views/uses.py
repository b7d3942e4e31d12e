"""'We used this practice.'"""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from documents import permissions, uses
from documents.forms.uses import UseForm
from documents.models import Practice, UseReport
from partners.refusals import Refused


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def use_add(request, code: str):
    """Tell of a use, or change one's own report: `?report=` its key."""
    now = timezone.now()
    visible = Practice.objects.visible_to(request.user).filter(current__isnull=False)
    visible = visible.select_related("current").defer("current__search")
    practice = get_object_or_404(visible, code=code)
    if not permissions.can_report_use(request.user, now.date()):
        raise PermissionDenied
    mine = uses.ready(UseReport.objects.filter(practice=practice, user=request.user))
    report = _chosen(request.GET.get("report"), mine)
    form = UseForm(request.POST or None, user=request.user, report=report, now=now)
    twice = None
    if form.is_valid():
        try:
            uses.report(
                practice.pk, request.user, form.values(), now, report_id=report and report.pk
            )
        except uses.Twice as refusal:
            form.add_error("year", str(refusal))
            twice = refusal.report
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Thank you. Others can learn from it now."))
            return redirect(f"{practice.get_absolute_url()}#used")
    context = {"practice": practice, "form": form, "mine": mine, "report": report, "twice": twice}
    return render(request, "documents/use_add.html", context)


def _chosen(key: str | None, mine: list[UseReport]) -> UseReport | None:
    """The report that is to be changed. Raises Http404 for what is not one's own."""
    if key is None:
        return None
    found = next((one for one in mine if str(one.pk) == key), None)
    if found is None:
        raise Http404
    return found
