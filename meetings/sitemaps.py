"""What search engines are told about: meetings that everybody may see."""

from meetings.models import Meeting
from partners.sitemaps import VISITOR, Section


class Meetings(Section):
    def items(self):
        return Meeting.objects.visible_to(VISITOR).only("code", "changed_at").order_by("-pk")

    def lastmod(self, item: Meeting):
        return item.changed_at


SECTIONS = {"meetings": Meetings}
