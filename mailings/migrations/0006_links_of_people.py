"""The keys of stop links name people. Why: those of seven topics named things, which others may have
today, and a key of a thing must not be taken for that of a person. The next mail makes a new link.
Locks: mailings_stoplink's rows, < 1 s. Back: nothing; the links are gone.
"""

from django.db import migrations

OF_THINGS = [
    "action",
    "document",
    "practice_contact",
    "practice_person",
    "request",
    "outcome_expert",
    "outcome_requester",
]


def forget(apps, schema_editor):
    links = apps.get_model("mailings", "StopLink").objects
    links.filter(topic__in=OF_THINGS).delete()


class Migration(migrations.Migration):
    dependencies = [("mailings", "0005_announcement_rules")]

    operations = [migrations.RunPython(forget, migrations.RunPython.noop)]
