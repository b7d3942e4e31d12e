"""Announcements that wait for the Lead (partners/moderation.py says how)."""

from datetime import datetime

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailings import announcing, presenting
from mailings.announcement_forms import MomentForm
from mailings.markdown import to_html
from mailings.models import Announcement, MailingPolicy
from partners.moderation import Answer, Asked, Bulk, Item, Kind, Step


def _handed_in(now: datetime) -> QuerySet[Announcement]:
    found = Announcement.objects.filter(status=Announcement.Status.SUBMITTED).defer("search")
    return found.annotate(since=Coalesce("submitted_at", "changed_at"))


def _late(now: datetime) -> QuerySet[Announcement]:
    return announcing.late(now).defer("search").annotate(since=F("publish_at"))


def _describe_announcements(announcements: QuerySet[Announcement]) -> list[Item]:
    found = announcements.select_related("topic", "author", "organisation", "first_approved_by")
    four_eyes = MailingPolicy.current().four_eyes
    return [
        Item(
            object=one,
            title=_("%(topic)s: %(title)s") % {"topic": one.topic, "title": one.title},
            since=one.since,
            facts={
                "body": to_html(one.text),
                "money": presenting.money(one),
                "needs_two": four_eyes and one.goes_to_everybody(),
            },
        )
        for one in found.prefetch_related("countries", "terms", "files")
    ]


_VERSION = "version-"


def _seen(answer: Answer) -> int:
    """The version that the page showed, which its buttons send as a part; 0 where none came."""
    for part in answer.parts:
        number = part.removeprefix(_VERSION)
        if part.startswith(_VERSION) and number.isascii() and number.isdecimal():
            return int(number)
    return 0


_SCHEDULE = Step(
    lambda pk, answer: announcing.schedule(
        pk, answer.by, answer.said["publish_at"], answer.now, seen=answer.said["version"]
    ),
    gettext_lazy("Scheduled: %(item)s."),
    asked=Asked(
        form=MomentForm,
        initial=lambda found: {one.pk: {"version": one.version} for one in found},
        heading=gettext_lazy("When shall it leave?"),
        lead=gettext_lazy("It is approved as it is now, and leaves at this moment by itself."),
        button=gettext_lazy("Approve and schedule"),
    ),
)
_GIVE_BACK = Step(
    lambda pk, answer: announcing.give_back(pk, answer.by, answer.reason, answer.now),
    gettext_lazy("Returned: %(item)s. The author is told why."),
    needs_reason=True,
)
KINDS = (
    Kind(
        code="announcements",
        name=gettext_lazy("Announcements to read"),
        waiting=_handed_in,
        describe=_describe_announcements,
        template="admin/mailings/announcements.html",
        steps={
            "approve": Step(
                lambda pk, answer: announcing.approve(
                    pk, answer.by, answer.now, seen=_seen(answer)
                ),
                gettext_lazy("Published: %(item)s. It is being sent."),
            ),
            "approve_first": Step(
                lambda pk, answer: announcing.approve_first(
                    pk, answer.by, answer.now, seen=_seen(answer)
                ),
                gettext_lazy("Approved: %(item)s. Another Lead reads it before it is sent."),
            ),
            "schedule": _SCHEDULE,
            "let_through": Step(
                lambda pk, answer: announcing.let_through(
                    pk, answer.by, answer.now, seen=_seen(answer)
                ),
                gettext_lazy("Published: %(item)s. This partner is let through from now on."),
            ),
            "give_back": _GIVE_BACK,
        },
        # Each is approved by itself, after it was read
        bulk=(
            Bulk("give_back", gettext_lazy("Return the chosen"), "risky", gettext_lazy("Return")),
        ),
    ),
    Kind(
        code="late-announcements",
        name=gettext_lazy("Announcements that could not leave in time"),
        waiting=_late,
        describe=_describe_announcements,
        template="admin/mailings/late_announcements.html",
        steps={
            "publish": Step(
                lambda pk, answer: announcing.publish(pk, answer.by, answer.now),
                gettext_lazy("Published: %(item)s. It is being sent."),
            ),
            "schedule": _SCHEDULE,
            "give_back": _GIVE_BACK,
        },
        bulk=(
            Bulk("publish", gettext_lazy("Send the chosen now")),
            Bulk("give_back", gettext_lazy("Return the chosen"), "risky", gettext_lazy("Return")),
        ),
    ),
)
