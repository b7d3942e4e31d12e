"""The Lead's admin: its front page is the queue, and it opens to a second factor only."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _


class PortalAdminSite(admin.AdminSite):
    site_header = _("Waste Management Area: the Lead's desk")
    site_title = _("Waste Management Area")
    index_title = _("Queue")
