"""The mail that this machine would have sent, readable in the browser. In LOCAL_MODE only."""

import re
from functools import wraps

from django.conf import settings
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import render
from django.urls import path
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from wmaportal import mailbox

MAILS_ON_A_PAGE = 30
CODE = re.compile(r"[A-Z0-9]{3,12}(-[A-Z0-9]{3,12})*")  # alone in its line: set apart, to copy


def local_only(view):
    """404 in production, should the addresses ever be included there."""

    @wraps(view)
    def wrapped(request, *args, **kwargs):
        if not settings.LOCAL_MODE:
            raise Http404
        return view(request, *args, **kwargs)

    return wrapped


@local_only
@never_cache
@require_safe
def mailbox_list(request):
    """All messages, the newest first; a page number that does not exist shows the nearest."""
    page = Paginator(mailbox.names(), MAILS_ON_A_PAGE).get_page(request.GET.get("page"))
    mails = list(mailbox.headers_of(page.object_list))
    return render(request, "mailbox/mailbox_list.html", {"page": page, "mails": mails})


@local_only
@never_cache
@require_safe
def mailbox_mail(request, name):
    """One message; links can be followed, codes copied."""
    mail = mailbox.read(name)
    if mail is None:
        raise Http404
    context = {"mail": mail, "paragraphs": _paragraphs(mail.text)}
    return render(request, "mailbox/mailbox_mail.html", context)


def _paragraphs(text: str) -> list[list[dict]]:
    """Each a list of lines: {"code": …} for a line that is a code, else {"text": …}."""
    paragraphs = [part.splitlines() for part in re.split(r"\n\s*\n", text) if part.strip()]
    return [
        [
            {"code": line.strip()} if CODE.fullmatch(line.strip()) else {"text": line}
            for line in lines
        ]
        for lines in paragraphs
    ]


urlpatterns = [
    path("", mailbox_list, name="mailbox_list"),
    path("<slug:name>/", mailbox_mail, name="mailbox_mail"),
]
