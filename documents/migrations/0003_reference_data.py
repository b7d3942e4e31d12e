"""The common preconditions of practices from documents/data/requirements.json.

Why: every portal begins with them; the Lead adds more. Locks: a new table only. Back: removes
nothing, since practices may point at the rows by then; the table goes with 0001.
"""

import json
from pathlib import Path

from django.db import migrations

DATA = Path(__file__).parents[1] / "data" / "requirements.json"


def load(apps, schema_editor):
    requirement = apps.get_model("documents", "Requirement")
    rows = json.loads(DATA.read_text(encoding="utf-8"))
    requirement.objects.bulk_create(
        [requirement(order=order, **row) for order, row in enumerate(rows, start=1)]
    )


class Migration(migrations.Migration):
    dependencies = [("documents", "0002_search_and_rules")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
