from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DocumentsConfig(AppConfig):
    name = "documents"
    verbose_name = _("Library and good practices")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        # Tables exist from here on
        from documents import (
            answer_mails,
            document_reminders,
            following,
            practice_reminders,
            round_reminders,
        )

        answer_mails.register()
        document_reminders.register()
        following.register()
        practice_reminders.register()
        round_reminders.register()
