"""What search engines are told: which pages there are, and where they need not look."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.views.decorators.http import require_safe

from documents import sitemaps as documents
from experts import sitemaps as experts
from partners import mail
from partners import sitemaps as partners

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

Sitemap: {sitemap}
"""


class Pages(partners.Section):
    """Pages that are there without any row."""

    def items(self):
        return [
            *("home", "expert_list", "expert_roster", "practice_list", "practice_book"),
            *("document_list", "limit_list", "round_list", "partner_list"),
        ]

    def location(self, item: str) -> str:
        return reverse(item)


SECTIONS = {"pages": Pages, **experts.SECTIONS, **documents.SECTIONS, **partners.SECTIONS}


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    words = ROBOTS.format(sitemap=mail.absolute(reverse("sitemap")))
    return HttpResponse(words, content_type="text/plain; charset=utf-8")
