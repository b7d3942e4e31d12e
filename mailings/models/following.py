"""What a reader follows beside topics: a country, a document, an expert's practices, a list, a
search.
"""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from mailings.models.digests import Digest
from mailings.models.subscriptions import Frequency


class Follow(models.Model):
    """One reader follows one thing (mailings/following.py says what `kind` and `key` are).

    `known` has what the reader was told of, or could see when it began: what is not in it is new.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="follows")
    kind = models.SlugField(max_length=30)
    key = models.CharField(max_length=500)
    #: As it was called when it began, for the time after it is gone
    name = models.CharField(max_length=300)
    frequency = models.CharField(
        _("how often"), max_length=10, choices=Frequency, default=Frequency.WEEKLY
    )
    frequency_before = models.CharField(max_length=10, choices=Frequency, blank=True)
    known = ArrayField(models.CharField(max_length=60), default=list)
    #: When the reader last chose how often: the first digest is that of the next period
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("followed thing")
        verbose_name_plural = _("followed things")
        ordering = ["name", "pk"]
        constraints = [models.UniqueConstraint("user", "kind", "key", name="follow_once")]

    def __str__(self):
        return self.name


class DigestNews(models.Model):
    """What is new of a followed thing in a digest: codes of items, read when it leaves."""

    digest = models.ForeignKey(Digest, models.CASCADE, related_name="news")
    follow = models.ForeignKey(Follow, models.CASCADE, related_name="+")
    items = ArrayField(models.CharField(max_length=60))

    class Meta:
        verbose_name = _("news of a digest")
        verbose_name_plural = _("news of digests")
        constraints = [models.UniqueConstraint("digest", "follow", name="digest_news_once")]

    def __str__(self):
        return f"{self.digest}: {self.follow}"
