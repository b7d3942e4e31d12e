"""What search engines are told about: pages that a visitor who is not signed in may read."""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sitemaps import Sitemap
from django.urls import reverse

from documents.models import Document, Practice
from experts.models import Expert

# Of a section. A sitemap holds 50,000 addresses, and all sections stand in one
MOST = 12_000


class _Section(Sitemap):
    limit = MOST

    def get_protocol(self, protocol=None):
        return settings.SITE_URL.partition("://")[0]

    def get_domain(self, site=None):
        return settings.SITE_URL.partition("://")[2]


class Pages(_Section):
    """Pages that are there without any row."""

    def items(self):
        names = ["home", "expert_list", "document_list", "limit_list"]
        return [*names, "practice_list", "practice_book"]

    def location(self, item):
        return reverse(item)


class Documents(_Section):
    """Public documents as they stand today; older versions point at these themselves."""

    def items(self):
        shown = Document.objects.public().visible_to(AnonymousUser())
        newest = shown.select_related("current").only("code", "current__published_at")
        return newest.order_by("-current__published_at", "-pk")

    def lastmod(self, item: Document):
        return item.current.published_at


class Practices(_Section):
    """Practices of the directory."""

    def items(self):
        shown = Practice.objects.published().visible_to(AnonymousUser())
        newest = shown.select_related("current").only("code", "current__decided_at")
        return newest.order_by("-current__decided_at", "-pk")

    def lastmod(self, item: Practice):
        return item.current.decided_at


class Experts(_Section):
    """Profiles on the list."""

    def items(self):
        shown = Expert.objects.listed().visible_to(AnonymousUser())
        return shown.only("pk", "confirmed_at").order_by("-confirmed_at", "-pk")

    def lastmod(self, item: Expert):
        return item.confirmed_at


SECTIONS = {
    "pages": Pages,
    "documents": Documents,
    "practices": Practices,
    "experts": Experts,
}
