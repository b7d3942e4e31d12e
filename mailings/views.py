"""The page behind the unsubscribe link of a mail. It needs no sign-in."""

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from mailings import topics
from mailings.models import StopLink
from partners.languages import translated
from partners.quiet import untold


@translated
@csrf_exempt  # RFC 8058: a mail program posts here without cookie and token; see docs/mail.md
@untold
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request, token):
    """GET shows one button, POST stops (or with `start` starts again); 200 for any token.

    Where nothing can be stopped, the person or the thing being gone, the page says that.
    """
    link = StopLink.objects.filter(token=token).first()
    topic = topics.of(link)
    if topic and request.method == "POST":
        step = topic.start if "start" in request.POST else topic.stop
        step(link.object_id, timezone.now())
        if step == topic.stop and not topic.is_stopped(link.object_id):
            topic = None
    context = {
        "topic": topic,
        "name": topic.called(link.object_id) if topic else "",
        "leads_on": topic is not None and topics.user_behind(link) is not None,
        "token": token,
        "stopped": topic.is_stopped(link.object_id) if topic else None,
        "acted": request.method == "POST",
        "translated": True,
    }
    return render(request, "mailings/stop.html", context)
