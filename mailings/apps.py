from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MailingsConfig(AppConfig):
    name = "mailings"
    verbose_name = _("Mail")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from anymail.signals import inbound as taken_by_a_service
        from anymail.signals import tracking as said_by_a_service

        # Tables exist from here on
        from mailings import (
            announcement_mails,
            answering,
            digesting,
            subscribing,
            tracking,
            trying_out,
        )

        digesting.register()
        said_by_a_service.connect(tracking.note, dispatch_uid="mailings.tracking")
        taken_by_a_service.connect(tracking.take, dispatch_uid="mailings.inbound")
        subscribing.register()
        announcement_mails.register()
        trying_out.register()
        answering.register()
