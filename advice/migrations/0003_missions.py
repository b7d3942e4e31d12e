"""What PostgreSQL keeps of missions: a reason of each that was cancelled, no trace of who went.

Why: who takes a profile back is promised that all but name, organisation, country and expertise
go; why somebody was proposed says more than these. The floor of experts knows nothing of missions,
so the row itself says it. Locks: a trigger on experts_expert, for a moment. Back: drops both.
"""

from django.db import migrations, models
from django.db.models import Q

REMOVED = """
CREATE FUNCTION advice_mission_forgets() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM advice_missionperson WHERE expert_id = NEW.id AND NOT is_sent;
    UPDATE advice_missionperson SET why = '' WHERE expert_id = NEW.id AND why <> '';
    RETURN NULL;
END $$;
CREATE TRIGGER mission_forgets AFTER UPDATE OF status ON experts_expert FOR EACH ROW
    WHEN (NEW.status = 'withdrawn' AND OLD.status <> 'withdrawn')
    EXECUTE FUNCTION advice_mission_forgets();
"""
REMOVED_BACK = """
DROP TRIGGER mission_forgets ON experts_expert;
DROP FUNCTION advice_mission_forgets();
"""


class Migration(migrations.Migration):
    dependencies = [("advice", "0002_search_and_rules"), ("experts", "0002_search_and_rules")]

    operations = [
        migrations.AddConstraint(
            model_name="mission",
            constraint=models.CheckConstraint(
                name="mission_cancelled_with_a_reason",
                condition=~Q(status="cancelled") | ~Q(status_reason=""),
            ),
        ),
        migrations.RunSQL(REMOVED, REMOVED_BACK),
    ]
