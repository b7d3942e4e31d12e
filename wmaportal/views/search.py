"""The search of the whole portal: the first of each list, and the way to all of it."""

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from advice import search as advice
from documents import search as documents
from experts import search as experts
from mailings import search as announcements
from meetings import search as meetings
from partners import search as partners
from partners.directory.words import MAX_LENGTH

FINDERS = (
    experts.find,
    advice.find,
    documents.find,
    meetings.find,
    announcements.find,
    partners.find,
)
SUGGESTIONS = 3


@require_safe
def search(request):
    words = " ".join(request.GET.get("q", "").split())[:MAX_LENGTH]
    found = []
    if words:
        now = timezone.now()
        found = [hits for find in FINDERS for hits in find(words, request.user, now)]
    lists = [one for one in found if one.total]
    meant = dict.fromkeys(word for one in found for word in one.suggestions)
    context = {
        "words": words,
        "lists": lists,
        "suggestions": [] if lists else list(meant)[:SUGGESTIONS],
    }
    return render(request, "wmaportal/search.html", context)
