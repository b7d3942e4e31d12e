from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ExpertsConfig(AppConfig):
    name = "experts"
    verbose_name = _("Resource Persons List")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        # Tables exist from here on
        from experts import following, following_up, links, mails, places, switching_off
        from mailings import suppression

        suppression.known_by("experts", links.address_hashes)
        following.register()
        following_up.register()
        mails.register()
        places.register()
        switching_off.register()
