"""What search engines are told about: profiles on the list."""

from experts.models import Expert
from partners.sitemaps import VISITOR, Section


class Experts(Section):
    def items(self):
        shown = Expert.objects.listed().visible_to(VISITOR)
        return shown.only("pk", "confirmed_at").order_by("-confirmed_at", "-pk")

    def lastmod(self, item: Expert):
        return item.confirmed_at


SECTIONS = {"experts": Experts}
