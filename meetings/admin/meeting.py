"""Series and meetings in the Lead's admin."""

from django.contrib import admin

from meetings.models import Series
from partners.admin import RecordAdmin


@admin.register(Series)
class SeriesAdmin(RecordAdmin):
    list_display = ["name", "slug"]
