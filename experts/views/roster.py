"""The list to take away: CSV, Excel, the printed roster, and one expert as a vCard.

Public fields alone, of experts whom the person may see. A query string with the directory's filters
gives what the directory shows for it; without one it is the whole list, lapsed profiles included,
each with its day of confirmation.
"""

import io
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from experts import columns, exporting, permissions, roster, vcard
from experts.directory import FACETS, find
from experts.models import Expert
from partners.csv_files import csv_answer
from partners.models import Region

MOST_IN_XLSX = 5_000  # rows: four seconds of a shared core; CSV has no limit
_FILTERS = ("q", *FACETS)


def _chosen(request, now: datetime) -> tuple[QuerySet[Expert], bool, str]:
    """(experts, whether it is the whole list, query string of the known filters)."""
    whole = Expert.objects.listed().visible_to(request.user)
    if not any(request.GET.get(name) for name in _FILTERS):
        return whole, True, ""
    found = find(request.GET, request.user, now)
    if not found.is_filtered:  # unknown values alone
        return whole, True, ""
    query = [(name, value) for name, values in found.chosen.items() for value in values]
    if found.words:
        query.insert(0, ("q", found.words))
    return found.experts, False, urlencode(query)


def _too_long(request, total: int, limit: int, query: str) -> HttpResponse:
    """A page that says how to get a smaller list: by region, or as CSV."""
    context = {
        "total": total,
        "limit": limit,
        "csv": _address("expert_export_csv", query),
        "list": _address("expert_list", query),
        "regions": Region.choices,
    }
    return render(request, "experts/roster_too_long.html", context, status=400)


def _address(name: str, query: str) -> str:
    return reverse(name) + (f"?{query}" if query else "")


@require_safe
def expert_roster(request):
    """The roster as a page that prints well. 400 with a way out above `roster.MOST` experts."""
    now = timezone.now()
    experts, whole, query = _chosen(request, now)
    if (total := experts.count()) > roster.MOST:
        return _too_long(request, total, roster.MOST, query)
    context = {
        "roster": roster.build(experts, now, whole),
        "pdf": _address("expert_roster_pdf", query),
        "csv": _address("expert_export_csv", query),
        "xlsx": _address("expert_export_xlsx", query),
        "list": _address("expert_list", query),
    }
    return render(request, "experts/expert_roster.html", context)


@require_safe
def expert_roster_pdf(request):
    """The roster as PDF/UA-1. 400 with a way out above `roster.MOST` experts."""
    now = timezone.now()
    experts, whole, query = _chosen(request, now)
    if (total := experts.count()) > roster.MOST:
        return _too_long(request, total, roster.MOST, query)
    content = roster.pdf(roster.build(experts, now, whole))
    return FileResponse(
        io.BytesIO(content), content_type="application/pdf", filename=_file_name(now, "pdf")
    )


@require_safe
def expert_export_csv(request):
    """UTF-8 with a byte order mark (Excel needs it), commas; streamed, any number of rows."""
    now = timezone.now()
    experts, _whole, _query = _chosen(request, now)
    rows = columns.rows(experts.defer(*Expert.PRIVATE_FIELDS, "search"), columns.PUBLIC)
    return csv_answer(rows, _file_name(now, "csv"))


@require_safe
def expert_export_xlsx(request):
    """An Excel workbook of one sheet. 400 with a way out above `MOST_IN_XLSX` rows."""
    now = timezone.now()
    experts, _whole, query = _chosen(request, now)
    if (total := experts.count()) > MOST_IN_XLSX:
        return _too_long(request, total, MOST_IN_XLSX, query)
    return FileResponse(
        exporting.public(experts.defer(*Expert.PRIVATE_FIELDS, "search"), "xlsx"),
        content_type=exporting.TYPES["xlsx"],
        as_attachment=True,
        filename=_file_name(now, "xlsx"),
    )


@require_safe
def expert_vcard(request, pk: int):
    """One expert as a contact, for who may see the e-mail address or the phone number.

    404 for everybody else, as for a profile that does not exist.
    """
    now = timezone.now()
    expert = get_object_or_404(
        Expert.objects.visible_to(request.user).select_related("organisation", "country"), pk=pk
    )
    contact = permissions.contact_seen_by(request.user, expert, now.date())
    if not contact:
        raise Http404
    response = HttpResponse(vcard.write(expert, contact), content_type="text/vcard; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="expert-{expert.pk}.vcf"'
    response["Cache-Control"] = "private, no-store"
    return response


def _file_name(now: datetime, ending: str) -> str:
    return f"resource-persons-{now:%Y-%m-%d}.{ending}"
