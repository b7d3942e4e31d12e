from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PortalConfig(AppConfig):
    name = "wmaportal"


class PortalAdminConfig(AdminConfig):
    default_site = "wmaportal.admin_site.PortalAdminSite"
