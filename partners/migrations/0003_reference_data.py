"""Countries, vocabulary and partnership areas from partners/data/.

Why: every portal needs them, and profiles point at them. Locks: new tables only.
Back: removes nothing, since profiles may point at the rows by then; the tables go with 0001.
"""

from django.db import migrations

from partners import reference


def load(apps, schema_editor):
    reference.load_countries(apps.get_model("partners", "Country"))
    reference.load_vocabulary(
        apps.get_model("partners", "Term"), apps.get_model("partners", "Synonym")
    )
    reference.load_areas(apps.get_model("partners", "PartnershipArea"))


class Migration(migrations.Migration):
    dependencies = [("partners", "0002_search_and_rules")]

    operations = [migrations.RunPython(load, migrations.RunPython.noop)]
