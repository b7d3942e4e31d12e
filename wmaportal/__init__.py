"""The project: settings, URLs, the Celery application, and the pages that join all apps."""

from wmaportal.celery import app as celery_app

__all__ = ["celery_app"]
