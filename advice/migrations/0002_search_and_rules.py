"""What PostgreSQL itself keeps of needs and requests: search words, the ways of states, logs.

Why: a rule in the database holds for admin, shells and later apps alike. Which state may follow
which stands beside the states in the models too; tests/advice/test_states.py holds the two against
each other. Locks: new and empty tables only. Back: drops what it made.
"""

from django.db import migrations

WORDS = """
CREATE FUNCTION advice_need_words() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    place partners_country%ROWTYPE;
BEGIN
    SELECT * INTO place FROM partners_country WHERE code = NEW.country_id;
    SELECT coalesce(array_agg(term_id ORDER BY term_id), '{}') INTO NEW.term_ids
        FROM advice_needterm WHERE need_id = NEW.id;
    SELECT coalesce(array_agg(DISTINCT coalesce(parent_id, id)), '{}') INTO NEW.group_ids
        FROM partners_term WHERE id = ANY (NEW.term_ids);
    NEW.sort_title := portal_sort_key(NEW.title);
    NEW.region := coalesce(place.region, '');
    NEW.search := portal_vector('A', NEW.title)
        || portal_vector('C', concat_ws(' . ', NEW.description, NEW.source_text, place.name,
            place.other_names, NEW.year::text));
    SELECT NEW.search || coalesce(string_agg(words::text, ' ' ORDER BY id)::tsvector, '')
        INTO NEW.search FROM partners_term WHERE id = ANY (NEW.term_ids);
    RETURN NEW;
END $$;
CREATE TRIGGER need_words BEFORE INSERT OR UPDATE ON advice_need
    FOR EACH ROW EXECUTE FUNCTION advice_need_words();

-- Writing the sort key makes the trigger above look again.
CREATE FUNCTION advice_need_touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE advice_need SET sort_title = sort_title WHERE id IN (SELECT need_id FROM touched);
    RETURN NULL;
END $$;
CREATE TRIGGER needterm_added AFTER INSERT ON advice_needterm REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION advice_need_touched();
CREATE TRIGGER needterm_removed AFTER DELETE ON advice_needterm REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION advice_need_touched();
CREATE TRIGGER needterm_moved AFTER UPDATE ON advice_needterm REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION advice_need_touched();

CREATE FUNCTION advice_term_words_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE advice_need SET sort_title = sort_title WHERE id IN
        (SELECT need_id FROM advice_needterm WHERE term_id = NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER advice_term_words_changed AFTER UPDATE ON partners_term FOR EACH ROW
    WHEN (NEW.words IS DISTINCT FROM OLD.words OR NEW.parent_id IS DISTINCT FROM OLD.parent_id)
    EXECUTE FUNCTION advice_term_words_changed();
"""
WORDS_BACK = """
DROP TRIGGER advice_term_words_changed ON partners_term;
DROP FUNCTION advice_term_words_changed();
DROP TRIGGER needterm_moved ON advice_needterm;
DROP TRIGGER needterm_removed ON advice_needterm;
DROP TRIGGER needterm_added ON advice_needterm;
DROP FUNCTION advice_need_touched();
DROP TRIGGER need_words ON advice_need;
DROP FUNCTION advice_need_words();
"""

# Each way from one state to another, as "old>new"
STATES = """
CREATE FUNCTION advice_known_ways(table_name text) RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE table_name
    WHEN 'advice_need' THEN ARRAY[
        'awaiting>open', 'awaiting>declined', 'open>being_met', 'open>met', 'open>closed',
        'being_met>open', 'being_met>met', 'being_met>closed', 'met>open', 'closed>open']
    WHEN 'advice_advicerequest' THEN ARRAY[
        'draft>waiting', 'draft>asking',
        'waiting>asking', 'waiting>agreed', 'waiting>nobody', 'waiting>refused',
        'waiting>withdrawn',
        'asking>waiting', 'asking>agreed', 'asking>refused', 'asking>withdrawn',
        'agreed>waiting', 'agreed>asking', 'agreed>done', 'agreed>withdrawn']
    WHEN 'advice_choice' THEN ARRAY[
        'chosen>asked', 'chosen>called_off',
        'asked>accepted', 'asked>declined', 'asked>handed_on', 'asked>unavailable',
        'asked>no_answer', 'asked>called_off', 'accepted>called_off']
    WHEN 'advice_mission' THEN ARRAY[
        'draft>planned', 'draft>under_way', 'draft>done',
        'planned>under_way', 'planned>done', 'planned>cancelled',
        'under_way>done', 'under_way>cancelled']
    END
$$;
CREATE FUNCTION advice_only_known_ways() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT OLD.status || '>' || NEW.status = ANY (advice_known_ways(TG_TABLE_NAME)) THEN
        RAISE EXCEPTION '% cannot go from % to %', TG_TABLE_NAME, OLD.status, NEW.status
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'advice_known_ways';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER need_ways BEFORE UPDATE OF status ON advice_need FOR EACH ROW
    WHEN (NEW.status <> OLD.status) EXECUTE FUNCTION advice_only_known_ways();
CREATE TRIGGER advicerequest_ways BEFORE UPDATE OF status ON advice_advicerequest FOR EACH ROW
    WHEN (NEW.status <> OLD.status) EXECUTE FUNCTION advice_only_known_ways();
CREATE TRIGGER choice_ways BEFORE UPDATE OF status ON advice_choice FOR EACH ROW
    WHEN (NEW.status <> OLD.status) EXECUTE FUNCTION advice_only_known_ways();
CREATE TRIGGER mission_ways BEFORE UPDATE OF status ON advice_mission FOR EACH ROW
    WHEN (NEW.status <> OLD.status) EXECUTE FUNCTION advice_only_known_ways();
"""
STATES_BACK = """
DROP TRIGGER mission_ways ON advice_mission;
DROP TRIGGER choice_ways ON advice_choice;
DROP TRIGGER advicerequest_ways ON advice_advicerequest;
DROP TRIGGER need_ways ON advice_need;
DROP FUNCTION advice_only_known_ways();
DROP FUNCTION advice_known_ways(text);
"""

LOGS = """
CREATE TRIGGER needchange_append_only BEFORE UPDATE OR DELETE ON advice_needchange
    FOR EACH ROW EXECUTE FUNCTION portal_append_only();
CREATE TRIGGER requestchange_append_only BEFORE UPDATE OR DELETE ON advice_requestchange
    FOR EACH ROW EXECUTE FUNCTION portal_append_only();
CREATE TRIGGER choicechange_append_only BEFORE UPDATE OR DELETE ON advice_choicechange
    FOR EACH ROW EXECUTE FUNCTION portal_append_only();
CREATE TRIGGER contactreveal_append_only BEFORE UPDATE OR DELETE ON advice_contactreveal
    FOR EACH ROW EXECUTE FUNCTION portal_append_only();
"""
LOGS_BACK = """
DROP TRIGGER contactreveal_append_only ON advice_contactreveal;
DROP TRIGGER choicechange_append_only ON advice_choicechange;
DROP TRIGGER requestchange_append_only ON advice_requestchange;
DROP TRIGGER needchange_append_only ON advice_needchange;
"""

# Who takes a profile back is promised that all but name, organisation, country and expertise go;
# why somebody was proposed for a mission says more. The floor of experts knows nothing of missions.
MISSIONS = """
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
MISSIONS_BACK = """
DROP TRIGGER mission_forgets ON experts_expert;
DROP FUNCTION advice_mission_forgets();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("advice", "0001_initial"),
        ("documents", "0002_search_and_rules"),
        ("experts", "0002_search_and_rules"),
    ]

    operations = [
        migrations.RunSQL(WORDS, WORDS_BACK),
        migrations.RunSQL(STATES, STATES_BACK),
        migrations.RunSQL(LOGS, LOGS_BACK),
        migrations.RunSQL(MISSIONS, MISSIONS_BACK),
    ]
