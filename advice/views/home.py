"""The first page of the floor, and the stories."""

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from advice.models import AdviceRequest, Choice, Story
from partners.pages import page_or_404

PER_PAGE = 20
OWN_AT_MOST = 50
STORIES = 3


@require_safe
def advice_home(request):
    """What one can do here; the own requests, and those that one was asked about."""
    own, asked = [], []
    if request.user.is_authenticated:
        own = list(
            AdviceRequest.objects.filter(requester=request.user)
            .select_related("country")
            .order_by("-changed_at", "-pk")[:OWN_AT_MOST]
        )
        asked = list(
            Choice.objects.seen_by_expert()
            .filter(expert__user=request.user)
            .select_related("place__request__country", "place__request__requester")
            .order_by("-asked_at")[:OWN_AT_MOST]
        )
    context = {
        "own": own,
        "asked": asked,
        "stories": Story.objects.shown().with_words()[:STORIES],
        "now": timezone.now(),
    }
    return render(request, "advice/advice_home.html", context)


@require_safe
def story_list(request):
    """What came of requests, where both sides agreed to tell it; the newest first."""
    stories = Story.objects.shown().with_words()
    page = page_or_404(stories, request, PER_PAGE)
    return render(request, "advice/story_list.html", {"page": page})
