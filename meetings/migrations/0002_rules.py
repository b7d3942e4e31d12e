"""What PostgreSQL itself keeps of meetings: no seat too many, the ways of states,
anonymous answers, logs.

Why: seats are given away by many requests at once, by admin and by what runs every hour; the count
of a part is therefore kept where nobody can forget it, and the constraint on it refuses one seat
too many. That organisers took the open actions off an agenda is noted here too, whichever page they
did it on. Which state may follow which stands beside the states in the models too;
tests/meetings/test_states.py holds the two against each other. Locks: new and empty tables only.
Back: drops what it made.
"""

from django.db import migrations

# Holding a seat: offered and confirmed. Whoever changes a booking has locked its part before.
SEATS = """
CREATE FUNCTION meetings_count_seats() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    holds CONSTANT text[] := ARRAY['offered', 'confirmed'];
BEGIN
    IF TG_OP <> 'INSERT' AND OLD.status = ANY (holds) THEN
        UPDATE meetings_part SET taken = taken - 1 WHERE id = OLD.part_id;
    END IF;
    IF TG_OP <> 'DELETE' AND NEW.status = ANY (holds) THEN
        UPDATE meetings_part SET taken = taken + 1 WHERE id = NEW.part_id;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER booking_added_or_gone AFTER INSERT OR DELETE ON meetings_booking
    FOR EACH ROW EXECUTE FUNCTION meetings_count_seats();
CREATE TRIGGER booking_moved AFTER UPDATE ON meetings_booking FOR EACH ROW
    WHEN (NEW.status <> OLD.status OR NEW.part_id <> OLD.part_id)
    EXECUTE FUNCTION meetings_count_seats();
"""
SEATS_BACK = """
DROP TRIGGER booking_moved ON meetings_booking;
DROP TRIGGER booking_added_or_gone ON meetings_booking;
DROP FUNCTION meetings_count_seats();
"""

#: Table → each way from one state to another, as "old>new".
WAYS = {
    "meeting": ["draft>announced", "announced>held", "announced>cancelled", "cancelled>announced"],
    "booking": [
        *("applied>waiting", "applied>confirmed", "applied>declined", "applied>cancelled"),
        *("waiting>offered", "waiting>confirmed", "waiting>declined", "waiting>cancelled"),
        *("offered>confirmed", "offered>expired", "offered>declined", "offered>cancelled"),
        *("confirmed>cancelled", "confirmed>declined"),
    ],
    "question": ["prepared>open", "open>closed", "closed>open"],
    "statement": ["draft>sent", "sent>draft"],
    "outcome": [
        *("open>under_way", "open>done", "open>dropped"),
        *("under_way>open", "under_way>done", "under_way>dropped"),
        *("done>under_way", "dropped>open"),
    ],
    "report": [
        *("draft>amendments", "draft>final", "amendments>draft", "amendments>final"),
        "final>draft",
    ],
}


def _states() -> str:
    made = """
    CREATE FUNCTION meetings_only_known_ways() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF NOT OLD.status || '>' || NEW.status = ANY (TG_ARGV) THEN
            RAISE EXCEPTION '% cannot go from % to %', TG_TABLE_NAME, OLD.status, NEW.status
                USING ERRCODE = 'integrity_constraint_violation',
                CONSTRAINT = 'meetings_known_ways';
        END IF;
        RETURN NEW;
    END $$;
    """
    for table, ways in WAYS.items():
        known = ", ".join(f"'{way}'" for way in ways)
        made += f"""
        CREATE TRIGGER {table}_ways BEFORE UPDATE OF status ON meetings_{table} FOR EACH ROW
            WHEN (NEW.status <> OLD.status) EXECUTE FUNCTION meetings_only_known_ways({known});
        """
    return made


STATES_BACK = "".join(
    [f"DROP TRIGGER {table}_ways ON meetings_{table};" for table in WAYS]
    + ["DROP FUNCTION meetings_only_known_ways();"]
)

# An item that organisers removed does not come back by itself (meetings/carrying.py)
CARRIED = """
CREATE FUNCTION meetings_carries_no_more() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE meetings_meeting SET carries_over = false
        WHERE id = (SELECT meeting_id FROM meetings_session WHERE id = OLD.session_id);
    RETURN NULL;
END $$;
CREATE TRIGGER item_with_actions_removed AFTER DELETE ON meetings_item FOR EACH ROW
    WHEN (OLD.carries_actions) EXECUTE FUNCTION meetings_carries_no_more();
"""
CARRIED_BACK = """
DROP TRIGGER item_with_actions_removed ON meetings_item;
DROP FUNCTION meetings_carries_no_more();
"""

# Nothing of an anonymous answer may lead to a person, and what was promised as anonymous stays so.
ANONYMOUS = """
CREATE FUNCTION meetings_anonymous_stays_so() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'meetings_question' THEN
        IF EXISTS (SELECT FROM meetings_answer WHERE question_id = NEW.id) THEN
            RAISE EXCEPTION 'question % has answers', NEW.id
                USING ERRCODE = 'integrity_constraint_violation',
                CONSTRAINT = 'meetings_anonymous_stays_so';
        END IF;
    ELSIF EXISTS (SELECT FROM meetings_question WHERE id = NEW.question_id AND is_anonymous) THEN
        RAISE EXCEPTION 'answers to question % are anonymous', NEW.question_id
            USING ERRCODE = 'integrity_constraint_violation',
            CONSTRAINT = 'meetings_anonymous_stays_so';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER question_anonymous BEFORE UPDATE OF is_anonymous ON meetings_question FOR EACH ROW
    WHEN (NEW.is_anonymous <> OLD.is_anonymous) EXECUTE FUNCTION meetings_anonymous_stays_so();
CREATE TRIGGER answer_anonymous BEFORE INSERT OR UPDATE ON meetings_answer FOR EACH ROW
    WHEN (NEW.user_id IS NOT NULL OR NEW.organisation_id IS NOT NULL OR NEW.at IS NOT NULL)
    EXECUTE FUNCTION meetings_anonymous_stays_so();
CREATE TRIGGER answered_anonymous BEFORE INSERT OR UPDATE ON meetings_answered FOR EACH ROW
    WHEN (NEW.answer_id IS NOT NULL) EXECUTE FUNCTION meetings_anonymous_stays_so();
"""
ANONYMOUS_BACK = """
DROP TRIGGER answered_anonymous ON meetings_answered;
DROP TRIGGER answer_anonymous ON meetings_answer;
DROP TRIGGER question_anonymous ON meetings_question;
DROP FUNCTION meetings_anonymous_stays_so();
"""

LOGS = """
CREATE TRIGGER agendaversion_append_only BEFORE UPDATE OR DELETE ON meetings_agendaversion
    FOR EACH ROW EXECUTE FUNCTION portal_append_only();
CREATE TRIGGER minutestext_append_only BEFORE UPDATE OR DELETE ON meetings_minutestext
    FOR EACH ROW EXECUTE FUNCTION portal_append_only();
CREATE TRIGGER outcomechange_append_only BEFORE UPDATE OR DELETE ON meetings_outcomechange
    FOR EACH ROW EXECUTE FUNCTION portal_append_only();
"""
LOGS_BACK = """
DROP TRIGGER outcomechange_append_only ON meetings_outcomechange;
DROP TRIGGER minutestext_append_only ON meetings_minutestext;
DROP TRIGGER agendaversion_append_only ON meetings_agendaversion;
"""

# A number is given once; what was issued can be withdrawn, but not changed.
LETTERS = """
CREATE TRIGGER invitationletter_stays BEFORE DELETE OR UPDATE OF
    registration_id, year, number, token, name, represents, country_name, meeting_title, place,
    host, starts_on, ends_on, says_host_pays, issued_at
    ON meetings_invitationletter FOR EACH ROW EXECUTE FUNCTION portal_append_only();
"""
LETTERS_BACK = "DROP TRIGGER invitationletter_stays ON meetings_invitationletter;"


class Migration(migrations.Migration):
    dependencies = [
        ("meetings", "0001_initial"),
        ("partners", "0002_search_and_rules"),
    ]

    operations = [
        migrations.RunSQL(SEATS, SEATS_BACK),
        migrations.RunSQL(_states(), STATES_BACK),
        migrations.RunSQL(CARRIED, CARRIED_BACK),
        migrations.RunSQL(ANONYMOUS, ANONYMOUS_BACK),
        migrations.RunSQL(LOGS, LOGS_BACK),
        migrations.RunSQL(LETTERS, LETTERS_BACK),
    ]
