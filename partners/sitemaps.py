"""What search engines are told about on the ground floor, and how every app tells it.

An app offers `SECTIONS`; wmaportal/sitemaps.py gathers them. A section has what a visitor may read
who is not signed in.
"""

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.sitemaps import Sitemap

from partners.models import Organisation

VISITOR = AnonymousUser()


class Section(Sitemap):
    """Addresses are those of SITE_URL; what is too much for one file goes on in the next."""

    limit = 10_000  # addresses in a file; the protocol allows 50,000

    def get_protocol(self, protocol=None):
        return settings.SITE_URL.partition("://")[0]

    def get_domain(self, site=None):
        return settings.SITE_URL.partition("://")[2]


class Organisations(Section):
    """Partner organisations."""

    def items(self):
        return Organisation.objects.partners().visible_to(VISITOR).only("pk").order_by("pk")


SECTIONS = {"organisations": Organisations}
