from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AdviceConfig(AppConfig):
    name = "advice"
    verbose_name = _("Needs, advice and missions")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        # Tables exist from here on
        from advice import (
            answer_links,
            conversing,
            following,
            request_reminders,
            survey_reminders,
            telling,
        )

        answer_links.register()
        conversing.register()
        following.register()
        request_reminders.register()
        telling.register()
        survey_reminders.register()
