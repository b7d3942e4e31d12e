"""The expert's own say about reminders: on or off, in which language, and when the next one is due.

The switch stands behind the unsubscribe link of each reminder, too.
"""

from datetime import UTC, datetime, time, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from experts.cycles import Calendar
from experts.models import Expert
from experts.models.expert import MAIL_ADDRESS
from experts.reminders import TOPIC
from mailings import topics
from mailings.models import Reminder


def register():
    """Name the topic to the mailings; called when the app is ready."""
    topics.register(
        topics.Topic(
            TOPIC,
            _("Reminders about your profile"),
            switch_off,
            switch_on,
            is_off,
            user_of=_user_of,
        )
    )


def switch_off(expert_id: int, now: datetime):
    """No more reminders; the Lead sees that when the profile is due. Safe to repeat."""
    Expert.objects.filter(pk=expert_id, reminders_off_at=None).update(reminders_off_at=now)


def switch_on(expert_id: int, now: datetime):
    Expert.objects.filter(pk=expert_id).update(reminders_off_at=None)


def is_off(expert_id: int) -> bool:
    return Expert.objects.filter(pk=expert_id, reminders_off_at__isnull=False).exists()


def of_experts(code: str, name: Promise) -> topics.Topic:
    """A topic of mail to experts, whose keys are those of its links; stopped for their address."""
    return topics.of_addresses(code, name, _address_of, _user_of)


def _address_of(expert_id: int) -> str:
    found = Expert.objects.annotate(mail_to=MAIL_ADDRESS).filter(pk=expert_id)
    return found.values_list("mail_to", flat=True).first() or ""


def _user_of(expert_id: int) -> int | None:
    """Who claimed the profile; None as long as nobody did.

    Raises Expert.DoesNotExist where the mail goes to another address than that of the sign-in: an
    office's mailbox must not open the preferences of a person.
    """
    found = Expert.objects.annotate(mail_to=MAIL_ADDRESS).values_list(
        "user", "user__email", "mail_to"
    )
    user, own, mail_to = found.get(pk=expert_id)
    if user is not None and own.lower() != mail_to.lower():
        raise Expert.DoesNotExist
    return user


def forget_links(expert_id: int):
    """Links in mail of before stop and open nothing any more: the profile is somebody's now."""
    for topic in topics.everything():
        if topic.user_of is _user_of:
            topics.forget(topic.code, expert_id)


def set_language(expert_id: int, code: str):
    """Remind in this language (of settings.MAIL_LANGUAGES); empty: by the profile's languages."""
    Expert.objects.filter(pk=expert_id).update(mail_language=code)


def next_reminder(expert: Expert, now: datetime) -> datetime | None:
    """When the next step of the ladder is due, as things stand; it leaves that day or later.

    None when none is planned: off the list, switched off, never asked, or all steps were taken.
    """
    if expert.status != Expert.Status.LISTED or expert.reminders_off_at:
        return None
    calendar = Calendar.at(now)
    asked = calendar.with_cycle(Expert.objects.filter(pk=expert.pk)).get()
    if asked.due_at is None:
        return None
    taken = Reminder.objects.filter(
        topic=TOPIC, object_id=expert.pk, cycle=asked.cycle, step__lt=Reminder.NOTICE
    )
    last = taken.order_by("step").values_list("step", flat=True).last()
    days = sorted(calendar.policy.reminder_days)[0 if last is None else last + 1 :]
    if not days:
        return None
    moments = [asked.due_at + timedelta(days=days[0]), now]
    if expert.paused_until:
        moments.append(datetime.combine(expert.paused_until, time.min, UTC))
    return max(moments)
