"""What waits for the Lead where mail is concerned (partners/moderation.py says how)."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from mailings import announcing, campaign_moderation, deciding
from mailings.announcement_forms import MomentForm
from mailings.markdown import to_html
from mailings.models import Announcement, OutgoingMail, Throttle
from partners.moderation import Answer, Asked, Bulk, Item, Kind, Step


def _held(now: datetime) -> QuerySet[Throttle]:
    return Throttle.objects.filter(held_at__isnull=False).annotate(since=F("held_at"))


def _describe_held(rows: Iterable[Throttle]) -> list[Item]:
    return [
        Item(
            object=row,
            title=_("Mail is held: it was refused too often in a row"),
            since=row.since,
            facts={"waiting": OutgoingMail.objects.waiting().exclude(priority=0).count()},
        )
        for row in rows
    ]


def _uncertain(now: datetime) -> QuerySet[OutgoingMail]:
    """Since the moment at which they were to leave."""
    return (
        OutgoingMail.objects.filter(state=OutgoingMail.State.UNCERTAIN)
        .defer("content", "context")
        .annotate(since=F("next_try"))
    )


def _describe_uncertain(mails: Iterable[OutgoingMail]) -> list[Item]:
    return [
        Item(
            object=mail,
            title=_("Nobody knows whether a mail to %(address)s left")
            % {"address": mail.to or _("an unknown address")},
            since=mail.since,
        )
        for mail in mails
    ]


def _handed_in(now: datetime) -> QuerySet[Announcement]:
    found = Announcement.objects.filter(status=Announcement.Status.SUBMITTED).defer("search")
    return found.annotate(since=F("submitted_at"))


def _late(now: datetime) -> QuerySet[Announcement]:
    return announcing.late(now).defer("search").annotate(since=F("publish_at"))


def _describe_announcements(announcements: QuerySet[Announcement]) -> list[Item]:
    found = announcements.select_related("topic", "author", "organisation")
    return [
        Item(
            object=one,
            title=_("%(topic)s: %(title)s") % {"topic": one.topic, "title": one.title},
            since=one.since,
            facts={"body": to_html(one.text)},
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
_ANNOUNCEMENTS = (
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

KINDS = (
    *_ANNOUNCEMENTS,
    Kind(
        code="held-mail",
        name=gettext_lazy("Mail that is held"),
        waiting=_held,
        describe=_describe_held,
        template="admin/mailings/held.html",
        steps={
            "go_on": Step(
                lambda pk, answer: deciding.go_on(answer.by, answer.now),
                gettext_lazy("Mail leaves again."),
            ),
        },
        bulk=(Bulk("go_on", gettext_lazy("Go on")),),
    ),
    Kind(
        code="uncertain-mail",
        name=gettext_lazy("Mail that may not have left"),
        waiting=_uncertain,
        describe=_describe_uncertain,
        template="admin/mailings/uncertain.html",
        steps={
            "repeat": Step(
                lambda pk, answer: deciding.repeat([pk], answer.by, answer.now),
                gettext_lazy("It is sent again."),
            ),
            "drop": Step(
                lambda pk, answer: deciding.drop([pk], answer.by, answer.now),
                gettext_lazy("It is not sent again."),
            ),
        },
        bulk=(
            Bulk("repeat", gettext_lazy("Repeat the chosen")),
            Bulk("drop", gettext_lazy("Drop the chosen"), look="risky"),
        ),
    ),
    campaign_moderation.PAUSED,
)
