from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class PortalConfig(AppConfig):
    name = "wmaportal"

    def ready(self):
        from wmaportal import following  # tables exist from here on

        following.register()


class PortalAdminConfig(AdminConfig):
    default_site = "wmaportal.admin_site.PortalAdminSite"
