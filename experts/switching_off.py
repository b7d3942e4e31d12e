"""The expert's own switch for reminders, also behind the unsubscribe link of each of them."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from experts.models import Expert
from experts.reminders import TOPIC
from mailings import topics


def register():
    """Name the topic to the mailings; called when the app is ready."""
    topics.register(
        topics.Topic(TOPIC, _("Reminders about your profile"), switch_off, switch_on, is_off)
    )


def switch_off(expert_id: int, now: datetime):
    """No more reminders; the Lead sees that when the profile is due. Safe to repeat."""
    Expert.objects.filter(pk=expert_id, reminders_off_at=None).update(reminders_off_at=now)


def switch_on(expert_id: int, now: datetime):
    Expert.objects.filter(pk=expert_id).update(reminders_off_at=None)


def is_off(expert_id: int) -> bool:
    return Expert.objects.filter(pk=expert_id, reminders_off_at__isnull=False).exists()
