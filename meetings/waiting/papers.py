"""What waits for one person of papers of meetings, for “My page”."""

from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from meetings.models import Meeting, PaperVersion
from partners.waiting import Waiting


def for_person(user, now: datetime) -> list[Waiting]:
    """Files that presenters uploaded, for organisers; the Lead has them in the queue."""
    if user.has_perm("meetings.change_meeting"):
        return []
    versions = (
        PaperVersion.objects.waiting()
        .filter(paper__meeting__in=Meeting.objects.organised_by(user).values("pk"))
        .select_related("paper__meeting")
        .order_by("added_at", "pk")
    )
    return [
        Waiting(
            _("Read a paper and decide: %(paper)s") % {"paper": one.paper},
            reverse("paper_decide", args=[one.paper.meeting.code, one.pk]),
            _("%(name)s uploaded it for “%(meeting)s”.")
            % {"name": one.who, "meeting": one.paper.meeting},
            _("Waits for you"),
            "warn",
        )
        for one in versions
    ]
