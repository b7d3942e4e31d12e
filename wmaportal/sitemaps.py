"""What search engines are told: which pages there are, and where they need not look."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from advice import sitemaps as advice
from documents import sitemaps as documents
from experts import sitemaps as experts
from mailings import sitemaps as announcements
from meetings import sitemaps as meetings
from partners import mail
from partners import sitemaps as partners
from partners.models import Country

# Lists with filters have no end; what stands in them, the sitemap names
ROBOTS = """\
User-agent: *
Disallow: /accounts/
Disallow: /admin/
Disallow: /my/
Disallow: /mail/
Disallow: /search/
Disallow: /experts/?
Disallow: /library/?
Disallow: /practices/?
Disallow: /practices/compare/
Disallow: /partners/?
Disallow: /advice/needs/?
Disallow: /advice/missions/?
Disallow: /meetings/?
Disallow: /meetings/months/
Disallow: /announcements/?

Sitemap: {sitemap}
"""


class Pages(partners.Section):
    """Pages that are there without any row."""

    def items(self):
        return [
            *("home", "expert_list", "expert_roster", "practice_list", "practice_book"),
            *("document_list", "limit_list", "round_list", "partner_list"),
            *("advice_home", "story_list", "need_list", "supply_and_demand"),
            *("mission_list", "country_list", "meeting_list", "meeting_story"),
            "announcement_list",
        ]

    def location(self, item: str) -> str:
        return reverse(item)


class Countries(partners.Section):
    """Each country has a page, also one of which nothing is known yet: it says what can be done."""

    def items(self):
        return list(Country.objects.order_by("pk").values_list("pk", flat=True))

    def location(self, item: str) -> str:
        return reverse("country_detail", args=[item.lower()])


SECTIONS = {
    "pages": Pages,
    "countries": Countries,
    **experts.SECTIONS,
    **advice.SECTIONS,
    **documents.SECTIONS,
    **meetings.SECTIONS,
    **announcements.SECTIONS,
    **partners.SECTIONS,
}


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    words = ROBOTS.format(sitemap=mail.absolute(reverse("sitemap")))
    return HttpResponse(words, content_type="text/plain; charset=utf-8")
