"""What search engines are told about missions: published ones."""

from advice.models import Mission
from partners.sitemaps import VISITOR, Section


class Missions(Section):
    def items(self):
        return Mission.objects.visible_to(VISITOR).only("pk").order_by("-pk")
