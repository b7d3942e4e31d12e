"""Announcements for “My page”: what waits for their author, and all that the author wrote."""

from django.urls import reverse
from django.utils.translation import gettext as _

from mailings.models import Announcement
from partners.waiting import Waiting

_Status = Announcement.Status
#: Colours of badges, where the state asks for more than grey
_KINDS = {
    _Status.SUBMITTED: "info",
    _Status.RETURNED: "warn",
    _Status.EDITED: "warn",
    _Status.SCHEDULED: "info",
    _Status.PUBLISHED: "good",
}


def for_person(user) -> list[Waiting]:
    """Those that came back to their author: returned, or edited by the Lead."""
    said = {
        _Status.RETURNED: _(
            "The Lead returned it. Read the reason, change it and hand it in again."
        ),
        _Status.EDITED: _("The Lead would write it in another way. Say whether you agree."),
    }
    found = Announcement.objects.filter(author=user, status__in=said).defer("search")
    return [
        Waiting(
            one.title,
            reverse("announcement_detail", args=[one.pk]),
            said[one.status],
            one.get_status_display(),
            "warn",
        )
        for one in found.order_by("pk")
    ]


def written_by(user) -> list[Waiting]:
    """All of them in whatever state, the newest first."""
    found = Announcement.objects.filter(author=user).select_related("topic").defer("search")
    return [
        Waiting(
            one.title or _("no title"),
            one.get_absolute_url(),
            str(one.topic),
            one.get_status_display(),
            _KINDS.get(one.status, ""),
        )
        for one in found.order_by("-created_at", "-pk")
    ]
