"""What the link in a mail about a review opens: one practice, one person, without sign-in.

GET shows and writes nothing, so that a scanner which opens every link changes nothing; the button
says 'still valid'. The link opens no session.
"""

from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from documents import practice_links, practice_sheets, reviewing
from partners import languages
from partners.quiet import quiet


def _by_link(request, token):
    now = timezone.now()
    link = practice_links.find(token, now)
    if link is None or not link.is_alive:
        context = {"link": link, "translated": True}
        return render(request, "documents/practice_by_link_dead.html", context, status=410)
    one = link.asked
    context = {
        "asked": one,
        "practice": one.practice,
        "version": one.practice.current,
        "due_on": reviewing.due_on(one.practice),
        "is_owner": one.role == practice_links.Role.OWNER,
        "token": token,
        "translated": True,
    }
    if request.method == "POST":
        context["practice"] = reviewing.still_valid(one.practice.pk, one.role, one.user, now)
        context["due_on"] = reviewing.due_on(context["practice"])
        return render(request, "documents/practice_by_link_thanks.html", context)
    practice_sheets.read_rows([one.practice.current])
    return render(request, "documents/practice_by_link.html", context)


practice_by_link = quiet(
    languages.translated(require_http_methods(["GET", "HEAD", "POST"])(_by_link))
)
