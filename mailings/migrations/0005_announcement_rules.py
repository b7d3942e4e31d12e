"""Topics to begin with, the first text of the rules; words for the search, and known ways of states.

Locks: new and empty tables only. Back: drops what it made; topics and rules go with their tables.
"""

import json
from pathlib import Path

from django.db import migrations

DATA = Path(__file__).parents[1] / "data"

SEARCH = """
CREATE FUNCTION mailings_announcement_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.search := portal_vector('A', NEW.title)
        || portal_vector('C', concat_ws(' . ', NEW.text, NEW.who_may_apply));
    RETURN NEW;
END $$;
CREATE TRIGGER announcement_words BEFORE INSERT OR UPDATE OF title, text, who_may_apply
    ON mailings_announcement FOR EACH ROW EXECUTE FUNCTION mailings_announcement_words();
"""
SEARCH_BACK = """
DROP TRIGGER announcement_words ON mailings_announcement;
DROP FUNCTION mailings_announcement_words();
"""

#: Table → each way from one state to another, as "old>new": `NEXT` of the models.
WAYS = {
    "announcement": (
        *("draft>submitted", "returned>submitted"),
        *("submitted>returned", "submitted>edited", "submitted>scheduled", "submitted>published"),
        *("edited>submitted", "edited>scheduled", "edited>published"),
        *("scheduled>published", "scheduled>returned", "scheduled>withdrawn"),
        "published>withdrawn",
    ),
    "campaign": (
        *("sending>paused", "sending>stopped", "sending>done"),
        *("paused>sending", "paused>stopped"),
    ),
}


def states() -> str:
    made = """
    CREATE FUNCTION mailings_only_known_ways() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT OLD.status || '>' || NEW.status = ANY (TG_ARGV) THEN
            RAISE EXCEPTION '% cannot go from % to %', TG_TABLE_NAME, OLD.status, NEW.status
                USING ERRCODE = 'integrity_constraint_violation',
                CONSTRAINT = 'mailings_known_ways';
        END IF;
        RETURN NEW;
    END $$;
    """
    for table, ways in WAYS.items():
        known = ", ".join(f"'{way}'" for way in ways)
        made += f"""
        CREATE TRIGGER {table}_ways BEFORE UPDATE OF status ON mailings_{table} FOR EACH ROW
            WHEN (NEW.status <> OLD.status) EXECUTE FUNCTION mailings_only_known_ways({known});
        """
    return made


STATES_BACK = "".join(
    [f"DROP TRIGGER {table}_ways ON mailings_{table};" for table in WAYS]
    + ["DROP FUNCTION mailings_only_known_ways();"]
)


def load(apps, schema_editor):
    topic = apps.get_model("mailings", "AnnouncementTopic")
    rows = json.loads((DATA / "topics.json").read_text(encoding="utf-8"))
    topic.objects.bulk_create(
        [topic(position=position, **row) for position, row in enumerate(rows, start=1)]
    )
    rules = apps.get_model("mailings", "ListRules")
    rules.objects.create(text=(DATA / "rules.md").read_text(encoding="utf-8").strip())


class Migration(migrations.Migration):
    dependencies = [
        ("mailings", "0004_announcements"),
        ("partners", "0002_search_and_rules"),
    ]

    operations = [
        migrations.RunSQL(SEARCH, SEARCH_BACK),
        migrations.RunSQL(states(), STATES_BACK),
        migrations.RunPython(load, migrations.RunPython.noop),
    ]
