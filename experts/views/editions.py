"""Dated editions of the roster, for everybody who may see the roster."""

import io

from django.core.paginator import Paginator
from django.http import FileResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from experts import editions, roster
from experts.models import Edition


@require_safe
def edition_list(request):
    page = Paginator(editions.with_totals(), 20).get_page(request.GET.get("page"))
    return render(request, "experts/edition_list.html", {"page": page})


@require_safe
def edition_detail(request, pk: int):
    """One edition: figures by region, and the roster as it stood."""
    edition = get_object_or_404(Edition.objects.select_related("round"), pk=pk)
    return _show(request, edition)


@require_safe
def edition_pdf(request, pk: int):
    """The edition as PDF/UA-1, made from its rows. 400 above `roster.MOST` experts."""
    edition = get_object_or_404(Edition.objects.select_related("round"), pk=pk)
    if edition.entries.count() > roster.MOST:
        return _show(request, edition, status=400)
    content = roster.pdf(editions.build(edition))
    return FileResponse(
        io.BytesIO(content),
        content_type="application/pdf",
        filename=editions.file_name(edition),
    )


def _show(request, edition: Edition, status: int = 200):
    made = editions.build(edition)
    context = {
        "edition": edition,
        "roster": made,
        "too_long": sum(len(part.people) for part in made.parts) > roster.MOST,
        "limit": roster.MOST,
    }
    return render(request, "experts/edition_detail.html", context, status=status)
