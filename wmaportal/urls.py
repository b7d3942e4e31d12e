"""All addresses of the portal."""

from django.conf import settings
from django.contrib import admin
from django.contrib.sitemaps import views as sitemap_views
from django.urls import include, path
from django.views.decorators.http import require_safe

from wmaportal import errors, sitemaps
from wmaportal.health import health
from wmaportal.views import countries, home, my_page, search

urlpatterns = [
    path("", home.home, name="home"),
    path("search/", search.search, name="search"),
    path("countries/", countries.country_list, name="country_list"),
    path("countries/<slug:code>/", countries.country_detail, name="country_detail"),
    path("my/", my_page.my_page, name="my_page"),
    path("privacy/", home.privacy, name="privacy"),
    path("accessibility/", home.accessibility, name="accessibility"),
    path("contact/", home.contact, name="contact"),
    path("health/", health, name="health"),
    path("robots.txt", sitemaps.robots, name="robots"),
    path(
        "sitemap.xml",
        require_safe(sitemap_views.index),
        {"sitemaps": sitemaps.SECTIONS, "sitemap_url_name": "sitemap_section"},
        name="sitemap",
    ),
    path(
        "sitemap-<slug:section>.xml",
        require_safe(sitemap_views.sitemap),
        {"sitemaps": sitemaps.SECTIONS},
        name="sitemap_section",
    ),
    path("experts/", include("experts.urls")),
    path("", include("documents.urls")),
    path("advice/", include("advice.urls")),
    path("meetings/", include("meetings.urls")),
    path("announcements/", include("mailings.announcement_urls")),
    path("mail/", include("mailings.urls")),
    path("", include("partners.urls")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
]
if settings.LOCAL_MODE:
    urlpatterns.append(path("mailbox/", include("wmaportal.mailbox_views")))

handler400 = errors.bad_request
handler403 = errors.permission_denied
handler404 = errors.page_not_found
handler429 = errors.too_many_requests
handler500 = errors.server_error
