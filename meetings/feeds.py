"""The Atom feed of meetings: what everybody may see, whoever asks."""

from datetime import datetime

from django.contrib.syndication.views import Feed
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.utils.translation import gettext as _

from meetings.models import Meeting
from partners import mail
from partners.feeds import writable

NEWEST = 50  # entries


class Meetings(Feed):
    """Addresses are absolute; an entry changes when the meeting does."""

    feed_type = Atom1Feed

    def title(self):
        return _("Meetings of the Waste Management Area")

    def link(self):
        return mail.absolute(reverse("meeting_list"))

    def feed_url(self):
        return mail.absolute(reverse("meeting_feed"))

    feed_guid = feed_url

    def author_name(self):
        return _("Waste Management Area, UNEP Global Mercury Partnership")

    def items(self):
        return Meeting.objects.public().select_related("country").order_by("-changed_at")[:NEWEST]

    def item_title(self, item: Meeting) -> str:
        if item.status == Meeting.Status.CANCELLED:
            return writable(_("Cancelled: %(meeting)s") % {"meeting": item})
        return writable(item.title)

    def item_description(self, item: Meeting) -> str:
        facts = ". ".join(filter(None, (item.when, item.where, item.summary)))
        return escape(writable(facts))  # it is HTML in Atom

    def item_link(self, item: Meeting) -> str:
        return mail.absolute(item.get_absolute_url())

    def item_categories(self, item: Meeting) -> list[str]:
        return [str(item.get_kind_display())]

    def item_pubdate(self, item: Meeting) -> datetime:
        return item.created_at

    def item_updateddate(self, item: Meeting) -> datetime:
        return item.changed_at
