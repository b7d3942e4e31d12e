"""What search engines are told about: needs of the register, published missions."""

from django.db.models import Max

from advice.models import Mission, Need
from partners.sitemaps import VISITOR, Section


class Needs(Section):
    """Needs of the register, met and closed ones too."""

    def items(self):
        shown = Need.objects.visible_to(VISITOR).published()
        return shown.annotate(moved_at=Max("changes__at")).only("pk").order_by("-pk")

    def lastmod(self, item: Need):
        return item.moved_at


class Missions(Section):
    def items(self):
        return Mission.objects.visible_to(VISITOR).only("pk").order_by("-pk")


SECTIONS = {"needs": Needs, "missions": Missions}
