"""What PostgreSQL itself keeps of documents and practices: search words, lists of what changed.

Why: a rule in the database holds for admin, imports, shells and later apps alike. Published
versions never change; the triggers of the last part see to it. Locks: new and empty tables only.
Back: drops what it made.
"""

from django.db import migrations

DOCUMENTS = """
CREATE FUNCTION documents_document_words() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    houses text;
    places text;
BEGIN
    SELECT string_agg(concat_ws(' ', o.name, o.acronym), ' . ' ORDER BY o.id) INTO houses
        FROM documents_documentorganisation d JOIN partners_organisation o
        ON o.id = d.organisation_id WHERE d.document_id = NEW.id;
    SELECT string_agg(concat_ws(' ', name, other_names), ' . ' ORDER BY code),
            coalesce(array_agg(DISTINCT region), '{}')
        INTO places, NEW.regions FROM partners_country WHERE code = ANY (NEW.countries);
    SELECT coalesce(array_agg(term_id ORDER BY term_id), '{}') INTO NEW.term_ids
        FROM documents_documentterm WHERE document_id = NEW.id;
    SELECT coalesce(array_agg(DISTINCT coalesce(parent_id, id)), '{}') INTO NEW.group_ids
        FROM partners_term WHERE id = ANY (NEW.term_ids);
    NEW.sort_title := portal_sort_key(NEW.title);
    NEW.search := portal_vector('A', concat_ws(' . ', NEW.title, NEW.code))
        || portal_vector('C', concat_ws(' . ', NEW.summary, houses, places, NEW.year::text));
    SELECT NEW.search || coalesce(string_agg(words::text, ' ' ORDER BY id)::tsvector, '')
        INTO NEW.search FROM partners_term WHERE id = ANY (NEW.term_ids);
    RETURN NEW;
END $$;
CREATE TRIGGER document_words BEFORE INSERT OR UPDATE OF
    code, title, summary, year, countries, sort_title, search, regions, term_ids, group_ids
    ON documents_document FOR EACH ROW EXECUTE FUNCTION documents_document_words();

-- Writing the sort key makes the trigger above look again.
CREATE FUNCTION documents_document_touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE documents_document SET sort_title = sort_title
        WHERE id IN (SELECT document_id FROM touched);
    RETURN NULL;
END $$;
CREATE TRIGGER documentterm_added AFTER INSERT ON documents_documentterm
    REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION documents_document_touched();
CREATE TRIGGER documentterm_removed AFTER DELETE ON documents_documentterm
    REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION documents_document_touched();
CREATE TRIGGER documentterm_moved AFTER UPDATE ON documents_documentterm
    REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION documents_document_touched();
CREATE TRIGGER documentorganisation_added AFTER INSERT ON documents_documentorganisation
    REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION documents_document_touched();
CREATE TRIGGER documentorganisation_removed AFTER DELETE ON documents_documentorganisation
    REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION documents_document_touched();
CREATE TRIGGER documentorganisation_moved AFTER UPDATE ON documents_documentorganisation
    REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION documents_document_touched();
"""
DOCUMENTS_BACK = """
DROP TRIGGER documentorganisation_moved ON documents_documentorganisation;
DROP TRIGGER documentorganisation_removed ON documents_documentorganisation;
DROP TRIGGER documentorganisation_added ON documents_documentorganisation;
DROP TRIGGER documentterm_moved ON documents_documentterm;
DROP TRIGGER documentterm_removed ON documents_documentterm;
DROP TRIGGER documentterm_added ON documents_documentterm;
DROP FUNCTION documents_document_touched();
DROP TRIGGER document_words ON documents_document;
DROP FUNCTION documents_document_words();
"""

# A tsvector holds 1 MB. What is longer is halved until it fits; the extraction cuts before that.
SECTIONS = """
CREATE FUNCTION documents_section_words() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    words text := array_to_string(NEW.paragraphs, ' ');
BEGIN
    LOOP
        BEGIN
            NEW.search := portal_vector('C', NEW.heading) || portal_vector('D', words);
            RETURN NEW;
        EXCEPTION WHEN program_limit_exceeded THEN
            words := left(words, length(words) / 2);
            RAISE WARNING 'section % of translation % is too long for the search: cut to % letters',
                NEW.label, NEW.translation_id, length(words);
        END;
    END LOOP;
END $$;
CREATE TRIGGER section_words BEFORE INSERT OR UPDATE ON documents_section
    FOR EACH ROW EXECUTE FUNCTION documents_section_words();
"""
SECTIONS_BACK = """
DROP TRIGGER section_words ON documents_section;
DROP FUNCTION documents_section_words();
"""

PRACTICES = """
CREATE FUNCTION documents_practice_words() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    place partners_country%ROWTYPE;
    houses text;
    conditions text;
    advice text;
BEGIN
    SELECT * INTO place FROM partners_country WHERE code = NEW.country_id;
    SELECT string_agg(concat_ws(' ', o.name, o.acronym), ' . ' ORDER BY o.id) INTO houses
        FROM documents_practiceorganisation p JOIN partners_organisation o
        ON o.id = p.organisation_id WHERE p.version_id = NEW.id;
    SELECT string_agg(concat_ws(' ', text, how_met), ' . ' ORDER BY "order", id),
            coalesce(array_agg(DISTINCT kind), '{}'),
            coalesce(array_agg(DISTINCT requirement_id)
                FILTER (WHERE weight = 'must' AND requirement_id IS NOT NULL), '{}')
        INTO conditions, NEW.condition_kinds, NEW.needs
        FROM documents_precondition WHERE version_id = NEW.id;
    SELECT string_agg(text, ' . ' ORDER BY "order", id) INTO advice
        FROM documents_recommendation WHERE version_id = NEW.id;
    SELECT coalesce(array_agg(term_id ORDER BY term_id), '{}') INTO NEW.term_ids
        FROM documents_practiceterm WHERE version_id = NEW.id;
    SELECT coalesce(array_agg(DISTINCT coalesce(parent_id, id)), '{}') INTO NEW.group_ids
        FROM partners_term WHERE id = ANY (NEW.term_ids);
    NEW.sort_title := portal_sort_key(NEW.title);
    NEW.region := coalesce(place.region, '');
    NEW.search := portal_vector('A', NEW.title)
        || portal_vector('C', concat_ws(' . ', NEW.summary, NEW.technology, NEW.site, NEW.operator,
            houses, place.name, place.other_names))
        || portal_vector('D', concat_ws(' . ', NEW.description, NEW.steps, NEW.results_text,
            NEW.lessons, NEW.replicability, NEW.safeguards, NEW.financing, conditions, advice));
    SELECT NEW.search || coalesce(string_agg(words::text, ' ' ORDER BY id)::tsvector, '')
        INTO NEW.search FROM partners_term WHERE id = ANY (NEW.term_ids);
    RETURN NEW;
END $$;
CREATE TRIGGER practice_words BEFORE INSERT OR UPDATE ON documents_practiceversion
    FOR EACH ROW EXECUTE FUNCTION documents_practice_words();

CREATE FUNCTION documents_practice_touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE documents_practiceversion SET sort_title = sort_title
        WHERE id IN (SELECT version_id FROM touched);
    RETURN NULL;
END $$;
CREATE TRIGGER practiceterm_added AFTER INSERT ON documents_practiceterm
    REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION documents_practice_touched();
CREATE TRIGGER practiceterm_removed AFTER DELETE ON documents_practiceterm
    REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION documents_practice_touched();
CREATE TRIGGER practiceterm_moved AFTER UPDATE ON documents_practiceterm
    REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION documents_practice_touched();
CREATE TRIGGER practiceorganisation_added AFTER INSERT ON documents_practiceorganisation
    REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION documents_practice_touched();
CREATE TRIGGER practiceorganisation_removed AFTER DELETE ON documents_practiceorganisation
    REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION documents_practice_touched();
CREATE TRIGGER practiceorganisation_moved AFTER UPDATE ON documents_practiceorganisation
    REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION documents_practice_touched();
CREATE TRIGGER precondition_added AFTER INSERT ON documents_precondition
    REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION documents_practice_touched();
CREATE TRIGGER precondition_removed AFTER DELETE ON documents_precondition
    REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION documents_practice_touched();
CREATE TRIGGER precondition_changed AFTER UPDATE ON documents_precondition
    REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION documents_practice_touched();
"""
PRACTICES_BACK = """
DROP TRIGGER precondition_changed ON documents_precondition;
DROP TRIGGER precondition_removed ON documents_precondition;
DROP TRIGGER precondition_added ON documents_precondition;
DROP TRIGGER practiceorganisation_moved ON documents_practiceorganisation;
DROP TRIGGER practiceorganisation_removed ON documents_practiceorganisation;
DROP TRIGGER practiceorganisation_added ON documents_practiceorganisation;
DROP TRIGGER practiceterm_moved ON documents_practiceterm;
DROP TRIGGER practiceterm_removed ON documents_practiceterm;
DROP TRIGGER practiceterm_added ON documents_practiceterm;
DROP FUNCTION documents_practice_touched();
DROP TRIGGER practice_words ON documents_practiceversion;
DROP FUNCTION documents_practice_words();
"""

# What is known by a word of a term or an organisation, when that word changes
WORDS = """
CREATE FUNCTION documents_term_words_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE documents_document SET sort_title = sort_title WHERE id IN
        (SELECT document_id FROM documents_documentterm WHERE term_id = NEW.id);
    UPDATE documents_practiceversion SET sort_title = sort_title WHERE id IN
        (SELECT version_id FROM documents_practiceterm WHERE term_id = NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER term_words_of_documents_changed AFTER UPDATE ON partners_term FOR EACH ROW
    WHEN (NEW.words IS DISTINCT FROM OLD.words)
    EXECUTE FUNCTION documents_term_words_changed();

CREATE FUNCTION documents_organisation_words_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE documents_document SET sort_title = sort_title WHERE id IN
        (SELECT document_id FROM documents_documentorganisation WHERE organisation_id = NEW.id);
    UPDATE documents_practiceversion SET sort_title = sort_title WHERE id IN
        (SELECT version_id FROM documents_practiceorganisation WHERE organisation_id = NEW.id);
    RETURN NULL;
END $$;
CREATE TRIGGER organisation_words_of_documents_changed
    AFTER UPDATE OF name, acronym ON partners_organisation
    FOR EACH ROW WHEN ((NEW.name, NEW.acronym) IS DISTINCT FROM (OLD.name, OLD.acronym))
    EXECUTE FUNCTION documents_organisation_words_changed();
"""
WORDS_BACK = """
DROP TRIGGER organisation_words_of_documents_changed ON partners_organisation;
DROP FUNCTION documents_organisation_words_changed();
DROP TRIGGER term_words_of_documents_changed ON partners_term;
DROP FUNCTION documents_term_words_changed();
"""

# Which documents and practices changed, and in which transaction: the numbers beside the filters
# read on from there, as for experts. Key 0: the table was emptied.
CHANGES = """
CREATE TABLE documents_documentchange (
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    object_id bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX documents_documentchange_xid ON documents_documentchange (xid);
CREATE FUNCTION documents_note_document() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO documents_documentchange (object_id) VALUES (0);
    ELSE
        INSERT INTO documents_documentchange (object_id) SELECT id FROM touched;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER document_added AFTER INSERT ON documents_document REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION documents_note_document();
CREATE TRIGGER document_changed AFTER UPDATE ON documents_document REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION documents_note_document();
CREATE TRIGGER document_deleted AFTER DELETE ON documents_document REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION documents_note_document();
CREATE TRIGGER document_emptied AFTER TRUNCATE ON documents_document
    FOR EACH STATEMENT EXECUTE FUNCTION documents_note_document();

CREATE TABLE documents_practicechange (
    xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    object_id bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX documents_practicechange_xid ON documents_practicechange (xid);
CREATE FUNCTION documents_note_practice() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'TRUNCATE' THEN
        INSERT INTO documents_practicechange (object_id) VALUES (0);
    ELSIF TG_TABLE_NAME = 'documents_practice' THEN
        INSERT INTO documents_practicechange (object_id) SELECT id FROM touched;
    ELSE
        INSERT INTO documents_practicechange (object_id) SELECT practice_id FROM touched;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER practice_added AFTER INSERT ON documents_practice REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION documents_note_practice();
CREATE TRIGGER practice_changed AFTER UPDATE ON documents_practice REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION documents_note_practice();
CREATE TRIGGER practice_deleted AFTER DELETE ON documents_practice REFERENCING OLD TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION documents_note_practice();
CREATE TRIGGER practice_emptied AFTER TRUNCATE ON documents_practice
    FOR EACH STATEMENT EXECUTE FUNCTION documents_note_practice();
CREATE TRIGGER practiceversion_changed AFTER UPDATE ON documents_practiceversion
    REFERENCING NEW TABLE AS touched
    FOR EACH STATEMENT EXECUTE FUNCTION documents_note_practice();
"""
CHANGES_BACK = """
DROP TRIGGER practiceversion_changed ON documents_practiceversion;
DROP TRIGGER practice_emptied ON documents_practice;
DROP TRIGGER practice_deleted ON documents_practice;
DROP TRIGGER practice_changed ON documents_practice;
DROP TRIGGER practice_added ON documents_practice;
DROP FUNCTION documents_note_practice();
DROP TABLE documents_practicechange;
DROP TRIGGER document_emptied ON documents_document;
DROP TRIGGER document_deleted ON documents_document;
DROP TRIGGER document_changed ON documents_document;
DROP TRIGGER document_added ON documents_document;
DROP FUNCTION documents_note_document();
DROP TABLE documents_documentchange;
"""

# What was published stays as it was. Kept by triggers, and moved when terms or organisations are
# merged, are only the columns for the search.
UNCHANGED = """
CREATE FUNCTION documents_version_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        IF OLD.published_at IS NULL THEN RETURN OLD; END IF;
    ELSIF (NEW.document_id, NEW.number, NEW.title, NEW.change_note, NEW.licence, NEW.dated_on,
            NEW.created_by_id, NEW.created_at)
        IS NOT DISTINCT FROM (OLD.document_id, OLD.number, OLD.title, OLD.change_note, OLD.licence,
            OLD.dated_on, OLD.created_by_id, OLD.created_at)
        AND (OLD.published_at IS NULL OR (NEW.published_at, NEW.published_by_id)
            IS NOT DISTINCT FROM (OLD.published_at, OLD.published_by_id))
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a version is never changed, and a published one never deleted'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'version_fixed';
END $$;
CREATE TRIGGER version_fixed BEFORE UPDATE OR DELETE ON documents_version
    FOR EACH ROW EXECUTE FUNCTION documents_version_fixed();

CREATE FUNCTION documents_translation_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' AND NOT EXISTS (SELECT FROM documents_version
            WHERE id = OLD.version_id AND published_at IS NOT NULL) THEN
        RETURN OLD;
    END IF;
    RAISE EXCEPTION 'a file is never changed, and one of a published version never deleted'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'translation_fixed';
END $$;
CREATE TRIGGER translation_fixed BEFORE UPDATE OR DELETE ON documents_translation
    FOR EACH ROW EXECUTE FUNCTION documents_translation_fixed();

CREATE FUNCTION documents_practiceversion_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.status <> 'published' THEN
        RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND to_jsonb(NEW) - documents_kept_columns()
        = to_jsonb(OLD) - documents_kept_columns() THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a published version of a practice is never changed'
        USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'practiceversion_fixed';
END $$;
CREATE FUNCTION documents_kept_columns() RETURNS text[] LANGUAGE sql IMMUTABLE AS $$
    SELECT ARRAY['search', 'sort_title', 'region', 'term_ids', 'group_ids', 'needs',
        'condition_kinds']
$$;
CREATE TRIGGER practiceversion_fixed BEFORE UPDATE OR DELETE ON documents_practiceversion
    FOR EACH ROW EXECUTE FUNCTION documents_practiceversion_fixed();

CREATE FUNCTION documents_practicepart_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touched bigint := CASE WHEN TG_OP = 'INSERT' THEN NEW.version_id ELSE OLD.version_id END;
BEGIN
    IF EXISTS (SELECT FROM documents_practiceversion
            WHERE id = touched AND status = 'published') THEN
        RAISE EXCEPTION 'a published version of a practice is never changed'
            USING ERRCODE = 'integrity_constraint_violation', CONSTRAINT = 'practiceversion_fixed';
    END IF;
    RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END $$;
CREATE TRIGGER precondition_fixed BEFORE INSERT OR UPDATE OR DELETE ON documents_precondition
    FOR EACH ROW EXECUTE FUNCTION documents_practicepart_fixed();
CREATE TRIGGER recommendation_fixed BEFORE INSERT OR UPDATE OR DELETE ON documents_recommendation
    FOR EACH ROW EXECUTE FUNCTION documents_practicepart_fixed();
CREATE TRIGGER result_fixed BEFORE INSERT OR UPDATE OR DELETE ON documents_result
    FOR EACH ROW EXECUTE FUNCTION documents_practicepart_fixed();
CREATE TRIGGER reference_fixed BEFORE INSERT OR UPDATE OR DELETE ON documents_reference
    FOR EACH ROW EXECUTE FUNCTION documents_practicepart_fixed();
CREATE TRIGGER photo_fixed BEFORE INSERT OR UPDATE OR DELETE ON documents_photo
    FOR EACH ROW EXECUTE FUNCTION documents_practicepart_fixed();
"""
UNCHANGED_BACK = """
DROP TRIGGER photo_fixed ON documents_photo;
DROP TRIGGER reference_fixed ON documents_reference;
DROP TRIGGER result_fixed ON documents_result;
DROP TRIGGER recommendation_fixed ON documents_recommendation;
DROP TRIGGER precondition_fixed ON documents_precondition;
DROP FUNCTION documents_practicepart_fixed();
DROP TRIGGER practiceversion_fixed ON documents_practiceversion;
DROP FUNCTION documents_practiceversion_fixed();
DROP FUNCTION documents_kept_columns();
DROP TRIGGER translation_fixed ON documents_translation;
DROP FUNCTION documents_translation_fixed();
DROP TRIGGER version_fixed ON documents_version;
DROP FUNCTION documents_version_fixed();
"""


class Migration(migrations.Migration):
    dependencies = [("documents", "0001_initial"), ("partners", "0003_reference_data")]

    operations = [
        migrations.RunSQL(DOCUMENTS, DOCUMENTS_BACK),
        migrations.RunSQL(SECTIONS, SECTIONS_BACK),
        migrations.RunSQL(PRACTICES, PRACTICES_BACK),
        migrations.RunSQL(WORDS, WORDS_BACK),
        migrations.RunSQL(CHANGES, CHANGES_BACK),
        migrations.RunSQL(UNCHANGED, UNCHANGED_BACK),
    ]
