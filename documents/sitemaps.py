"""What search engines are told about: public documents and published practices."""

from documents.models import Document, Practice
from partners.sitemaps import VISITOR, Section


class Documents(Section):
    """As they stand today; older versions point at these themselves."""

    def items(self):
        shown = Document.objects.public().visible_to(VISITOR)
        newest = shown.select_related("current").only("code", "current__published_at")
        return newest.order_by("-current__published_at", "-pk")

    def lastmod(self, item: Document):
        return item.current.published_at


class Practices(Section):
    """Practices of the directory."""

    def items(self):
        shown = Practice.objects.published().visible_to(VISITOR)
        newest = shown.select_related("current").only("code", "current__decided_at")
        return newest.order_by("-current__decided_at", "-pk")

    def lastmod(self, item: Practice):
        return item.current.decided_at


SECTIONS = {"documents": Documents, "practices": Practices}
