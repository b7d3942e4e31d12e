"""Announcements that came by mail: what was taken, and what still waits for an answer."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from mailings.models.announcements import Announcement
from mailings.models.links import random_token


class PostedMail(models.Model):
    """One message of a known address to the posting address; kept so that it is taken once.

    Where our server did not vouch for the sender, title and text wait here until the person at the
    address on file says that they are theirs.
    """

    class State(models.TextChoices):
        DRAFTED = "drafted", _("Became a draft")
        ASKED = "asked", _("The address on file is asked")
        REFUSED = "refused", _("Not taken")

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="posted_mails")
    message_hash = models.CharField(max_length=64)
    at = models.DateTimeField(_("when"))
    state = models.CharField(_("what became of it"), max_length=10, choices=State)
    token = models.CharField(max_length=32, unique=True, default=random_token, editable=False)
    title = models.CharField(max_length=150, blank=True)
    text = models.TextField(max_length=20_000, blank=True)
    announcement = models.ForeignKey(
        Announcement, models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name = _("announcement by mail")
        verbose_name_plural = _("announcements by mail")
        constraints = [
            models.UniqueConstraint("user", "message_hash", name="postedmail_taken_once"),
            models.CheckConstraint(
                name="postedmail_words_only_while_asked",
                condition=Q(state="asked") | Q(title="", text=""),
            ),
        ]
        indexes = [models.Index(fields=["user", "at"], name="postedmail_of_user")]

    def __str__(self):
        return f"{self.get_state_display()}, {self.at:%Y-%m-%d}"
