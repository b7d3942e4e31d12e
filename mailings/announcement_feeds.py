"""Atom feeds of announcements: what everybody may see, whoever asks."""

from datetime import datetime

from django.contrib.syndication.views import Feed
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from mailings import markdown, presenting
from mailings.models import Announcement, AnnouncementTopic
from partners import mail
from partners.feeds import writable

NEWEST = 50  # entries
LENGTH = 500  # characters of an entry


class Announcements(Feed):
    """Of all topics, or of the one that is handed over. Addresses are absolute."""

    feed_type = Atom1Feed

    def get_object(self, request, topic: AnnouncementTopic | None = None):
        return topic

    def title(self, topic: AnnouncementTopic | None) -> str:
        if topic:
            return writable(_("Announcements: %(topic)s") % {"topic": topic})
        return _("Announcements of the Waste Management Area")

    def link(self, topic: AnnouncementTopic | None) -> str:
        query = f"?{urlencode({'topic': topic.code})}" if topic else ""
        return mail.absolute(reverse("announcement_list")) + query

    def feed_url(self, topic: AnnouncementTopic | None) -> str:
        if topic:
            return mail.absolute(reverse("announcement_topic_feed", args=[topic.code]))
        return mail.absolute(reverse("announcement_feed"))

    def feed_guid(self, topic: AnnouncementTopic | None) -> str:
        return self.feed_url(topic)

    def author_name(self) -> str:
        return _("Waste Management Area, UNEP Global Mercury Partnership")

    def items(self, topic: AnnouncementTopic | None):
        found = Announcement.objects.public().select_related("topic", "organisation")
        if topic:
            found = found.filter(topic=topic)
        return found.defer("search")[:NEWEST]

    def item_title(self, item: Announcement) -> str:
        return writable(item.title)

    def item_description(self, item: Announcement) -> str:
        state, _kind = presenting.state_on(item, timezone.now().date())
        words = markdown.first_words(item.text, LENGTH)
        facts = " · ".join(filter(None, (presenting.days(item), state)))
        return escape(writable("\n\n".join(filter(None, (facts, words)))))  # it is HTML in Atom

    def item_author_name(self, item: Announcement) -> str | None:
        """Never a person's name: the feed is for everybody. None: the author of the feed."""
        return writable(item.organisation.name) if item.organisation else None

    def item_link(self, item: Announcement) -> str:
        return mail.absolute(item.get_absolute_url())

    def item_categories(self, item: Announcement) -> list[str]:
        return [str(item.topic)]

    def item_pubdate(self, item: Announcement) -> datetime:
        return item.published_at

    item_updateddate = item_pubdate
