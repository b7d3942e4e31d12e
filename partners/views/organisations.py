"""One organisation: its page, and what its contact person keeps."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from partners import memberships, permissions
from partners.forms import OrganisationForm
from partners.models import Membership, Organisation, Partner


@require_safe
def organisation_detail(request, pk):
    organisation = get_object_or_404(
        Organisation.objects.visible_to(request.user).select_related("country", "partner"), pk=pk
    )
    user, today = request.user, timezone.now().date()
    mine = None
    if user.is_authenticated:
        mine = memberships.open_for(user, organisation, today).order_by("-from_on").first()
    partner = getattr(organisation, "partner", None)
    since = None
    if partner and partner.status == Partner.Status.APPROVED:
        since = partner.changes.filter(new=Partner.Status.APPROVED).order_by("-at").first()
    context = {
        "organisation": organisation,
        "is_partner": bool(partner and partner.status == Partner.Status.APPROVED),
        "since": since,
        "areas": organisation.leads_areas.all(),
        "experts": organisation.experts.listed().select_related("country"),
        "membership": mine,
        "can_edit": permissions.can_edit_organisation(user, organisation),
        "can_decide": permissions.can_decide_memberships(user, organisation),
    }
    if context["can_decide"]:
        context["waiting"] = organisation.memberships.filter(
            status=Membership.Status.APPLIED
        ).count()
    return render(request, "partners/organisation_detail.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def organisation_edit(request, pk):
    organisation = get_object_or_404(Organisation.objects.visible_to(request.user), pk=pk)
    if not permissions.can_edit_organisation(request.user, organisation):
        raise Http404
    form = OrganisationForm(request.POST or None, instance=organisation)
    if form.is_valid():
        form.save()
        messages.success(request, _("%(name)s is saved.") % {"name": organisation.name})
        return redirect(organisation)
    return render(
        request, "partners/organisation_edit.html", {"form": form, "organisation": organisation}
    )
