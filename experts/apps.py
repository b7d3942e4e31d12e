from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExpertsConfig(AppConfig):
    name = "experts"
    verbose_name = _("Resource Persons List")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from experts import following_up, mails, switching_off  # tables exist from here on

        following_up.register()
        mails.register()
        switching_off.register()
