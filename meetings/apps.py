from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MeetingsConfig(AppConfig):
    name = "meetings"
    verbose_name = _("Meetings")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        # Tables exist from here on
        from meetings import action_reminders, calendar_mails, following

        action_reminders.register()
        calendar_mails.register()
        following.register()
