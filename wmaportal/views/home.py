"""The home page and the pages at its foot."""

from email.utils import parseaddr

from django.conf import settings
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from advice import statistics_needs as advice
from documents import statistics as documents
from experts import statistics
from partners.map import draw
from partners.models import Partner

ROWS = 3
#: The list that the survey of 2014 asked about; the scale has a tick for each of them.
ABOUT_FORTY = range(36, 45)
ASKED_IN_2014 = 12.5  # percent: 5 of 40


@require_safe
def home(request):
    now = timezone.now()
    figures = statistics.figures(now)
    context = {
        "figures": figures,
        "map": draw(figures["regions"], figures["countries"], figures["fresh_months"]),
        "regions": sum(1 for region in figures["regions"] if region["total"]),
        "scale": scale(figures["total"], figures["confirmed"]),
        "known": documents.figures(),
        "open_rounds": documents.open_rounds(now)[:ROWS],
        "newest_documents": documents.newest_documents(ROWS),
        "newest_practices": documents.newest_practices(ROWS),
        "newest_needs": advice.newest_needs(ROWS),
        "calls": advice.experts_wanted(now, ROWS),
        "limits": documents.limits_in_force()[:1],
        "groups": statistics.by_group(now),
        "last_confirmed": statistics.last_confirmed(ROWS),
        "partners": Partner.objects.approved().count(),
    }
    return render(request, "wmaportal/home.html", context)


@require_safe
def privacy(request):
    return render(request, "wmaportal/privacy.html")


@require_safe
def accessibility(request):
    return render(request, "wmaportal/accessibility.html")


@require_safe
def contact(request):
    return render(request, "wmaportal/contact.html", {"contact_address": contact_address()})


def contact_address() -> str:
    """Where people write to the Lead: CONTACT_ADDRESS, else where the portal's mail comes from."""
    stated = getattr(settings, "CONTACT_ADDRESS", "")
    return stated or parseaddr(settings.DEFAULT_FROM_EMAIL)[1]


def scale(total: int, confirmed: int) -> dict | None:
    """Places on the lying column, in percent of the list; None while nobody is listed.

    A tick for each expert only where the list is about the forty of 2014: else the ticks would be
    a fence, and the share of 2014 would say nothing.
    """
    if not total:
        return None
    ticked = total in ABOUT_FORTY
    ticks = [(round(100 * n / total, 1), n % 5 == 0) for n in range(total + 1 if ticked else 0)]
    share = round(100 * confirmed / total, 1)
    # Words at the end of the column would run into "listed", words at its beginning out of it
    anchor = "end" if share > 86 else "start" if share < 6 else ""
    return {
        "ticks": ticks,
        "share": share,
        "label_at": min(share, 91.0),
        "anchor": anchor,
        "all": confirmed == total,
        "then": ASKED_IN_2014 if ticked and abs(share - ASKED_IN_2014) > 12 else None,
    }
