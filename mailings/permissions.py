"""Who may do what with announcements. Who may see one: `Announcement.objects.visible_to`."""

from datetime import date

from mailings.models import Announcement, AnnouncementTopic
from partners import permissions as ground
from partners.audience import Audience


def can_write(user, today: date) -> bool:
    """Partners."""
    return ground.is_partner(user, today)


def can_write_about(user, topic: AnnouncementTopic) -> bool:
    """Topics that take announcements; those of the Lead, the Lead alone."""
    return topic.is_open and (not topic.is_of_lead or ground.is_lead(user))


def can_edit(user, announcement: Announcement) -> bool:
    """The author, before it is handed in and after it was returned."""
    return (
        user.is_authenticated
        and user.is_active
        and announcement.author_id == user.pk
        and announcement.status in Announcement.WRITTEN
    )


def can_withdraw(user, announcement: Announcement) -> bool:
    """The author, and the Lead."""
    return (
        user.is_authenticated
        and user.is_active
        and (announcement.author_id == user.pk or can_moderate(user))
    )


def can_answer(user, announcement: Announcement, today: date) -> bool:
    """Partners, where somebody else wrote it and it stands in the archive."""
    return (
        ground.is_partner(user, today)
        and announcement.status == Announcement.Status.PUBLISHED
        and announcement.author_id != user.pk
    )


def sees_names(user) -> bool:
    """Partners, core members, Lead and secretariat read which person wrote an announcement."""
    return Audience.PARTNERS in Audience.of(user)


def can_moderate(user) -> bool:
    """The Lead: reads, returns, edits, schedules, lets go, pauses and stops."""
    return user.has_perm("mailings.change_announcement")
