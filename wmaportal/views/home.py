"""The home page and the pages at its foot."""

from email.utils import parseaddr

from django.conf import settings
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from advice import statistics as use_of_list
from advice import statistics_needs as advice
from documents import statistics as documents
from experts import statistics
from mailings import statistics as announcements
from meetings import statistics as meetings
from partners import scale
from partners.map import draw
from partners.models import Partner

ROWS = 3


@require_safe
def home(request):
    now = timezone.now()
    figures = statistics.figures(now)
    context = {
        "figures": figures,
        "map": draw(figures["regions"], figures["countries"], figures["fresh_months"]),
        "regions": sum(1 for region in figures["regions"] if region["total"]),
        "scale": scale.draw(figures["total"], figures["confirmed"]),
        "asked": use_of_list.experts_asked(),
        "known": documents.figures(),
        "open_rounds": documents.open_rounds(now)[:ROWS],
        "newest_documents": documents.newest_documents(ROWS),
        "newest_practices": documents.newest_practices(ROWS),
        "newest_needs": advice.newest_needs(ROWS),
        "calls": advice.experts_wanted(now, ROWS),
        "meetings": meetings.upcoming(now.date(), ROWS),
        "open_actions": meetings.open_actions(),
        "announcements": announcements.newest_open(now.date(), ROWS),
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
