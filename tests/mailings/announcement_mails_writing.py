"""Each mail to the author of an announcement, by the step that sends it (test_headers.py)."""

from mailings import announcing, trying_out
from tests.factories import NOW, AnnouncementFactory, LeadFactory, PartnerUserFactory


def _announcement(names, status="submitted"):
    return AnnouncementFactory(
        title=f"Lamps of {names} & more",
        text=f"<b>{names}</b>\nSecond line.",
        author=PartnerUserFactory(name=names),
        status=status,
        publish_at=NOW,
    )


def announcement_returned(names):
    announcing.give_back(_announcement(names).pk, LeadFactory(), f"Because {names}.\n<More>.", NOW)


def announcement_edited(names):
    announcing.edit_for_author(_announcement(names).pk, names, "Other.", LeadFactory(), NOW)


def announcement_published(names):
    announcing.publish(_announcement(names, "scheduled").pk, LeadFactory(), NOW)


def announcement_withdrawn(names):
    announcement = _announcement(names, "published")
    announcing.withdraw(announcement.pk, LeadFactory(), f"Because {names} & <co>.", NOW)


def announcement_test(names):
    announcement = AnnouncementFactory(
        title=f"Lamps of {names}", author=PartnerUserFactory(name=names), status="submitted"
    )
    trying_out.send(announcement, PartnerUserFactory(), NOW)


STEPS = {
    f"mailings/mail/{step.__name__}": step
    for step in (
        announcement_returned,
        announcement_edited,
        announcement_published,
        announcement_withdrawn,
        announcement_test,
    )
}
