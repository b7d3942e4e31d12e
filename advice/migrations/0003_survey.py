"""A survey is closed at a moment, and one is open at a time.

Locks: advice_survey, which is new and empty. Back: drops what it made.
"""

from django.db import migrations, models


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
    ]
