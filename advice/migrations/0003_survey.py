"""A survey is closed at a moment, one is open at a time, and the survey of 2014 is known.

Why: the figure that all later surveys stand beside, and the portal itself, are measured against:
5 of the 40 resource persons had ever been asked for advice. Of that survey the year and these two
figures are known, no more. Locks: advice_survey, which is new and empty. Back: takes the survey of
2014 out and drops what it made.
"""

from datetime import UTC, date, datetime

from django.db import migrations, models

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

    operations = [
        migrations.RemoveConstraint(model_name="survey", name="survey_figures_together"),
        migrations.AddField(
            model_name="survey",
            name="closed_at",
            field=models.DateTimeField(
                blank=True, editable=False, null=True, verbose_name="closed"
            ),
        ),
        migrations.AddConstraint(
            model_name="survey",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("asked_then", None),
                    models.Q(
                        ("listed_then__gte", models.F("asked_then")),
                        ("listed_then__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="survey_asked_of_listed",
            ),
        ),
        migrations.AddConstraint(
            model_name="survey",
            constraint=models.UniqueConstraint(
                models.Value(1),
                condition=models.Q(("closed_at", None)),
                name="survey_one_open",
            ),
        ),
        migrations.RunPython(add, take_out),
    ]
