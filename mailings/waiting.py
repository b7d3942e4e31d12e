"""What waits for one person where announcements are concerned, for 'My page'."""

from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from mailings.models import Announcement

Status = Announcement.Status


@dataclass(frozen=True)
class Waiting:
    """One thing that waits; `kind` is the colour of the badge with the `state`."""

    title: str
    url: str
    text: str = ""
    state: str = ""
    kind: str = "info"


def for_person(user, now: datetime) -> list[Waiting]:
    """Words of the Lead to agree to, and what was returned."""
    found = Announcement.objects.filter(author=user, status__in=(Status.EDITED, Status.RETURNED))
    waiting = []
    for one in found.defer("search", "text").order_by("changed_at", "pk"):
        is_edited = one.status == Status.EDITED
        title = _("Other words for your announcement: %(title)s")
        if not is_edited:
            title = _("Change your announcement: %(title)s")
        page = "announcement_agree" if is_edited else "announcement_edit"
        waiting.append(
            Waiting(
                title % {"title": one},
                reverse(page, args=[one.pk]),
                _("It is published when you agree.") if is_edited else one.reason,
                one.get_status_display(),
                "warn",
            )
        )
    return waiting


def kept_by(user) -> list[Waiting]:
    """One's announcements in whatever state, the newest first."""
    found = Announcement.objects.filter(author=user).defer("search", "text")
    return [
        Waiting(
            one.title,
            reverse("announcement_preview", args=[one.pk]),
            _("Announcement, %(day)s") % {"day": date_format(one.changed_at, "j F Y")},
            one.get_status_display(),
        )
        for one in found.order_by("-changed_at", "-pk")
    ]
