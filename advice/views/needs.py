"""Needs of countries: the register, one need, and what experts there are for what is needed."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from advice import calling, fitting, permissions, registering, supply
from advice.filters import NeedFilter
from advice.forms.needs import MoveForm, NeedForm
from advice.models import Call, Mission, Need
from mailings import saved_searches
from partners import mail
from partners.csv_files import csv_answer
from partners.models import Region, Term
from partners.pages import page_or_404, sign_in_where_hidden
from partners.refusals import Refused

PER_PAGE = 20
PRACTICES = 5


@require_safe
def need_list(request):
    """The register with its filters, the newest first."""
    register = Need.objects.visible_to(request.user).published()
    found = NeedFilter(request.GET, register)
    unknown = found.unknown()
    needs = found.qs.newest_first().select_related("country").prefetch_related("terms")
    context = {
        "filter": found,
        "page": page_or_404(needs.defer("search"), request, PER_PAGE),
        "unknown": unknown,
        "facets": found.facets(),
        "total": register.count(),
        "unmet": register.unmet().count(),
        "can_add": permissions.can_submit_need(request.user, timezone.now().date()),
        "follow_key": saved_searches.key_of(found),
    }
    return render(request, "advice/need_list.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def need_add(request):
    """For partners. From the page of a country comes its code: `?country=UY`."""
    now = timezone.now()
    if not permissions.can_submit_need(request.user, now.date()):
        raise PermissionDenied
    initial = {"country": request.GET.get("country", "").upper(), "year": now.year}
    form = NeedForm(request.POST or None, today=now.date(), initial=initial)
    if form.is_valid():
        try:
            need = registering.submit(form.cleaned_data, request.user, now)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Thank you. The Lead reads it and answers you by mail."))
            return redirect(need)
    return render(request, "advice/need_add.html", {"form": form})


@require_safe
@sign_in_where_hidden
def need_detail(request, pk: int):
    return _page(request, _visible(request, pk))


@login_required
@require_POST
@permission_required("advice.change_need", raise_exception=True)
def need_move(request, pk: int):
    """The Lead says how far it has come."""
    need = _visible(request, pk)
    if need.status not in Need.PUBLIC:
        messages.error(request, _("This need is not in the register."))
        return redirect(need)
    form = MoveForm(request.POST, need=need)
    if form.is_valid():
        said, now = form.cleaned_data, timezone.now()
        try:
            registering.move(need.pk, said["to"], said["reason"], request.user, now)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The status is changed. The submitter is told."))
            return redirect(need)
    return _page(request, need, form)


def _visible(request, pk: int) -> Need:
    found = Need.objects.visible_to(request.user).select_related("country")
    return get_object_or_404(found.prefetch_related("terms").defer("search"), pk=pk)


def _page(request, need: Need, form: MoveForm | None = None):
    user, now = request.user, timezone.now()
    is_public = need.status in Need.PUBLIC
    if form is None and is_public and user.has_perm("advice.change_need"):
        form = MoveForm(need=need)
    context = {
        "need": need,
        "terms": need.terms.all(),
        "is_public": is_public,
        "is_own": need.submitted_by_id is not None and need.submitted_by_id == user.pk,
        "can_decide": user.has_perm("advice.change_need"),
        "canonical": mail.absolute(need.get_absolute_url()),
        "changes": need.changes.all(),
        "form": form,
        "experts": fitting.experts(need, now).count(),
        "practices": fitting.practices(need.term_ids, PRACTICES),
        "missions": Mission.objects.visible_to(user).filter(need=need),
        "requests": need.requests.sent().count(),
    }
    return render(request, "advice/need_detail.html", context)


@require_safe
def supply_and_demand(request):
    """Unmet needs against current experts, by term and region."""
    now = timezone.now()
    rows = supply.rows(now)
    terms = [row for row in rows if not row.is_group]
    context = {
        "rows": rows,
        "regions": Region,
        "most": max((max(row.unmet, row.found) for row in terms), default=0),
        "short": sum(1 for row in terms if row.is_short),
        "asked": sum(1 for row in terms if row.unmet),
        "calls": calling.running(now),
        "can_call": request.user.has_perm("advice.add_call"),
    }
    return render(request, "advice/supply_and_demand.html", context)


@require_safe
def supply_and_demand_csv(request):
    now = timezone.now()
    name = f"supply-and-demand-{now:%Y-%m-%d}.csv"
    return csv_answer(supply.table(now), name)


@login_required
@require_POST
@permission_required("advice.add_call", raise_exception=True)
def call_open(request):
    """`term` is a code; `region` may be empty."""
    term = Term.objects.filter(code=request.POST.get("term", "").replace("\0", "")).first()
    if term is None:
        messages.error(request, _("This expertise is not in the vocabulary any more."))
        return redirect("supply_and_demand")
    try:
        calling.open_call(term.pk, request.POST.get("region", ""), request.user, timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        said = _("The call is open for 90 days, and everybody sees it: %(term)s.")
        messages.success(request, said % {"term": term})
    return redirect("supply_and_demand")


@login_required
@require_POST
@permission_required("advice.change_call", raise_exception=True)
def call_end(request, pk: int):
    call = get_object_or_404(Call, pk=pk)
    try:
        calling.end(call.pk, request.user, timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The call is ended: %(term)s.") % {"term": call})
    return redirect("supply_and_demand")
