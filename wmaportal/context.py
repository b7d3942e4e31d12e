"""What every page knows beside its own content: areas, the Lead's queue, the demonstration."""

from contextlib import suppress
from functools import cache

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from mailings import permissions

#: The areas of the navigation: URL name and word. An area appears once its URL name exists.
AREAS = (
    ("expert_list", _("Experts")),
    ("advice_home", _("Advice")),
    ("practice_list", _("Good practices")),
    ("document_list", _("Library")),
    ("round_list", _("Comment rounds")),
    ("meeting_list", _("Meetings")),
    ("announcement_list", _("Announcements")),
    ("partner_list", _("Partners")),
)

#: Says how many items wait in the Lead's queue: `count(user) -> int`.
QUEUE = "wmaportal.queue.count"


@cache
def found_areas() -> list[tuple]:
    """Those of AREAS that this portal has: URL name, word, address."""
    found = []
    for url_name, name in AREAS:
        with suppress(NoReverseMatch):
            found.append((url_name, name, reverse(url_name)))
    return found


class Portal:
    """Asked by base.html. Nothing here touches the database for somebody who is not signed in."""

    def __init__(self, request: HttpRequest):
        self.request = request

    local_mode = property(lambda self: settings.LOCAL_MODE)
    demonstration = property(lambda self: getattr(settings, "DEMONSTRATION", settings.LOCAL_MODE))

    @property
    def place(self) -> tuple[str, str]:
        """URL name of the area in which the page is, and "page" on its first page, else "true"."""
        path = self.request.path
        for url_name, _name, url in found_areas():
            if path.startswith(url):
                return url_name, "page" if path == url else "true"
        return "", ""

    @property
    def areas(self) -> list[dict]:
        """Name, address and `current`: "page", "true" or "", as `aria-current` has it."""
        here, how = self.place
        return [
            {"name": name, "url": url, "current": how if url_name == here else ""}
            for url_name, name, url in found_areas()
        ]

    @property
    def sign_in_next(self) -> str:
        """Where to come back to after signing in; empty on pages that lead nowhere then."""
        request = self.request
        match = request.resolver_match
        if request.method != "GET" or match is None or match.url_name == "home":
            return ""
        if (match.url_name or "").startswith(("account_", "mfa_")):
            return ""
        return request.get_full_path()

    @cached_property
    def can_announce(self) -> bool:
        """Whether pages offer to announce what they show."""
        return permissions.can_write(self.request.user, timezone.now().date())

    @cached_property
    def queue_count(self) -> int:
        """Items that wait for the Lead. Asked for the Lead alone."""
        return import_string(QUEUE)(self.request.user)


def portal(request: HttpRequest) -> dict:
    return {"portal": Portal(request)}
