"""The survey of 2014: the figure that all later surveys, and the portal itself, stand beside.

Of that survey the year and two figures are known, no more: 5 of the 40 resource persons had ever
been asked for advice. A migration of its own, as PostgreSQL changes no table of which rows were
taken out in the same transaction. Back: takes it out.
"""

from datetime import UTC, date, datetime

from django.db import migrations

TITLE = "Survey of 2014"


def add(apps, schema_editor):
    apps.get_model("advice", "Survey").objects.create(
        title=TITLE,
        opened_at=datetime(2014, 1, 1, tzinfo=UTC),
        closes_on=date(2014, 12, 31),
        closed_at=datetime(2014, 12, 31, tzinfo=UTC),
        listed_then=40,
        asked_then=5,
        source_text="Survey among resource persons, 2014",
    )


def take_out(apps, schema_editor):
    apps.get_model("advice", "Survey").objects.filter(title=TITLE, asked_then=5).delete()


class Migration(migrations.Migration):
    dependencies = [("advice", "0002_search_and_rules")]

    operations = [migrations.RunPython(add, take_out)]
