"""What the link in a mail about a review opens: one practice, one person, without sign-in.

GET shows and writes nothing, so that a scanner which opens every link changes nothing; the button
says 'still valid'. The link opens no session.
"""

from contextlib import suppress

from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from documents import practice_links, practice_reminders, practice_sheets, reviewing
from partners.even_time import even_time
from partners.quiet import quiet
from partners.refusals import Refused


def _by_link(request, token):
    now = timezone.now()
    found = practice_links.find(token, now)
    if found is None or not found.is_alive:
        return _dead(request, token, found)
    one = found.asked
    context = {
        "asked": one,
        "practice": one.practice,
        "version": one.practice.current,
        "due_on": reviewing.due_on(one.practice),
        "is_owner": one.role == practice_links.Role.OWNER,
        "token": token,
    }
    if request.method == "POST":
        context["practice"] = reviewing.still_valid(one.practice.pk, one.role, one.user, now)
        context["due_on"] = reviewing.due_on(context["practice"])
        return render(request, "documents/practice_by_link_thanks.html", context)
    practice_sheets.read_rows([one.practice.current])
    return render(request, "documents/practice_by_link.html", context)


def _dead(request, token: str, found: practice_links.Found | None):
    """Where somebody has answered, that; else the same for every link, known or not."""
    context = {
        "token": token,
        "answered": found.link.practice if found and found.is_answered else None,
    }
    return render(request, "documents/practice_by_link_dead.html", context, status=410)


def _fresh(request, token):
    """A fresh link by mail. The answer is the same whether the token is known or not."""
    now = timezone.now()
    found = practice_links.find(token, now)
    if request.method == "POST":
        if found:
            with suppress(Refused):  # the answer must not say whether somebody is asked
                practice_reminders.send_fresh(found.link, now)
        return render(request, "documents/practice_by_link_sent.html")
    if found and found.is_alive:
        return redirect("practice_by_link", token)
    return _dead(request, token, found)


_anything = require_http_methods(["GET", "HEAD", "POST"])
practice_by_link = quiet(_anything(_by_link))
practice_by_link_fresh = even_time(quiet(_anything(_fresh)))
