"""What search engines are told about: announcements that everybody may see."""

from mailings.models import Announcement
from partners.sitemaps import Section


class Announcements(Section):
    def items(self):
        return Announcement.objects.public().only("published_at").order_by("-pk")

    def lastmod(self, item: Announcement):
        return item.published_at


SECTIONS = {"announcements": Announcements}
