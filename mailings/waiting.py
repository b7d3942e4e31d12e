"""What waits for one person where announcements are concerned, for 'My page'."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from mailings import presenting
from mailings.models import Announcement
from partners.waiting import Waiting

Status = Announcement.Status


def for_person(user, now: datetime) -> list[Waiting]:
    """Words of the Lead to agree to, and what was returned."""
    found = Announcement.objects.filter(author=user, status__in=(Status.EDITED, Status.RETURNED))
    waiting = []
    for one in found.defer("search", "text").order_by("changed_at", "pk"):
        is_edited = one.status == Status.EDITED
        page = "announcement_agree" if is_edited else "announcement_edit"
        said = _("The Lead would write it in another way. Say whether you agree.")
        waiting.append(
            Waiting(
                one.title,
                reverse(page, args=[one.pk]),
                said if is_edited else one.reason,
                one.get_status_display(),
                presenting.look(one),
            )
        )
    return waiting


def written_by(user) -> list[Waiting]:
    """All of them in whatever state, the newest first."""
    found = Announcement.objects.filter(author=user).select_related("topic").defer("search")
    return [
        Waiting(
            one.title or _("no title"),
            one.get_absolute_url(),
            str(one.topic),
            one.get_status_display(),
            presenting.look(one),
        )
        for one in found.order_by("-created_at", "-pk")
    ]
