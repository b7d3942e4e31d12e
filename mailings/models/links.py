"""Links in mails: random and stored."""

import uuid

from django.db import models
from django.utils import timezone


def random_token() -> str:
    """Random, unguessable: 32 hexadecimal digits."""
    return uuid.uuid4().hex


class MailLink(models.Model):
    """The link in one mail: acts for what the mail is about, without sign-in (mailings/links.py).

    It dies when it is too old, and when the mail would go to another address today.
    """

    mail = models.OneToOneField(
        "mailings.OutgoingMail", models.SET_NULL, null=True, blank=True, related_name="%(class)s"
    )
    token = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    address_hash = models.CharField(max_length=64)
    language = models.CharField(max_length=7, default="en")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta:
        abstract = True
        indexes = [models.Index(fields=["expires_at"], name="%(class)s_expires")]
