"""What PostgreSQL itself keeps of a profile: sort key, region, terms, search words; consent grows.

Why: a rule in the database holds for imports, admin, shells and later apps alike. A profile is
found by its own words and by those of its terms (synonyms in three languages), organisation and
country. Locks: new and empty tables only. Back: drops what it made.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION experts_expert_words() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    place partners_country%ROWTYPE;
    house text;
BEGIN
    SELECT * INTO place FROM partners_country WHERE code = NEW.country_id;
    SELECT concat_ws(' ', name, acronym) INTO house FROM partners_organisation
        WHERE id = NEW.organisation_id;
    SELECT coalesce(array_agg(term_id ORDER BY term_id), '{}') INTO NEW.term_ids
        FROM experts_expertterm WHERE expert_id = NEW.id;
    SELECT coalesce(array_agg(DISTINCT coalesce(parent_id, id)), '{}') INTO NEW.group_ids
        FROM partners_term WHERE id = ANY (NEW.term_ids);
    NEW.sort_name := portal_sort_key(NEW.name);
    NEW.region := coalesce(place.region, '');
    NEW.search := portal_vector('A', NEW.name)
        || portal_vector('C', concat_ws(' . ', NEW.summary, NEW.position, house,
            place.name, place.other_names))
        || portal_vector('D', NEW.experience);
    SELECT NEW.search || coalesce(string_agg(words::text, ' ' ORDER BY id)::tsvector, '')
        INTO NEW.search FROM partners_term WHERE id = ANY (NEW.term_ids);
    RETURN NEW;
END $$;
CREATE TRIGGER expert_words BEFORE INSERT OR UPDATE OF
    name, summary, position, experience, country_id, organisation_id, sort_name, search,
    region, term_ids, group_ids
    ON experts_expert FOR EACH ROW EXECUTE FUNCTION experts_expert_words();

-- Writing the sort key makes the trigger above look again.
CREATE FUNCTION experts_terms_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE experts_expert SET sort_name = sort_name
        WHERE id IN (SELECT expert_id FROM touched);
    RETURN NULL;
END $$;
CREATE TRIGGER expertterm_added AFTER INSERT ON experts_expertterm
    REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION experts_terms_added();
CREATE TRIGGER expertterm_removed AFTER DELETE ON experts_expertterm
    REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION experts_terms_added();
CREATE TRIGGER expertterm_moved AFTER UPDATE ON experts_expertterm
    REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION experts_terms_added();

CREATE FUNCTION experts_term_words_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE experts_expert SET sort_name = sort_name WHERE id IN
        (SELECT expert_id FROM experts_expertterm WHERE term_id = NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER term_words_changed AFTER UPDATE ON partners_term FOR EACH ROW
    WHEN (NEW.words IS DISTINCT FROM OLD.words)
    EXECUTE FUNCTION experts_term_words_changed();

CREATE FUNCTION experts_organisation_words_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE experts_expert SET sort_name = sort_name WHERE organisation_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER organisation_words_changed AFTER UPDATE OF name, acronym ON partners_organisation
    FOR EACH ROW WHEN ((NEW.name, NEW.acronym) IS DISTINCT FROM (OLD.name, OLD.acronym))
    EXECUTE FUNCTION experts_organisation_words_changed();

-- Which profiles changed, and in which transaction: experts/listing_index.py reads on from there.
CREATE TABLE experts_listchange (
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    expert_id bigint NOT NULL, -- 0: the table was emptied
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX experts_listchange_xid ON experts_listchange (xid);
CREATE FUNCTION experts_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO experts_listchange (expert_id) VALUES (0);
    ELSE
        INSERT INTO experts_listchange (expert_id) SELECT id FROM touched;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER expert_added AFTER INSERT ON experts_expert REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION experts_note_change();
CREATE TRIGGER expert_changed AFTER UPDATE ON experts_expert REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION experts_note_change();
CREATE TRIGGER expert_deleted AFTER DELETE ON experts_expert REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION experts_note_change();
CREATE TRIGGER expert_emptied AFTER TRUNCATE ON experts_expert
    FOR EACH STATEMENT EXECUTE FUNCTION experts_note_change();

CREATE TRIGGER consent_append_only BEFORE UPDATE OR DELETE ON experts_consent
    FOR EACH ROW EXECUTE FUNCTION portal_append_only();
"""
BACK = """
DROP TRIGGER consent_append_only ON experts_consent;
DROP TRIGGER expert_emptied ON experts_expert;
DROP TRIGGER expert_deleted ON experts_expert;
DROP TRIGGER expert_changed ON experts_expert;
DROP TRIGGER expert_added ON experts_expert;
DROP FUNCTION experts_note_change();
DROP TABLE experts_listchange;
DROP TRIGGER organisation_words_changed ON partners_organisation;
DROP FUNCTION experts_organisation_words_changed();
DROP TRIGGER term_words_changed ON partners_term;
DROP FUNCTION experts_term_words_changed();
DROP TRIGGER expertterm_moved ON experts_expertterm;
DROP TRIGGER expertterm_removed ON experts_expertterm;
DROP TRIGGER expertterm_added ON experts_expertterm;
DROP FUNCTION experts_terms_added();
DROP TRIGGER expert_words ON experts_expert;
DROP FUNCTION experts_expert_words();
"""


class Migration(migrations.Migration):
    dependencies = [("experts", "0001_initial"), ("partners", "0003_reference_data")]

    operations = [migrations.RunSQL(FORWARD, BACK)]
