"""What PostgreSQL itself keeps: text search, two levels of vocabulary, logs that only grow.

Why: a rule in the database holds for imports, admin, shells and later apps alike.
Locks: new and empty tables only. Back: drops what it made.
"""

from django.db import migrations

SEARCH = """
CREATE TEXT SEARCH CONFIGURATION portal_words (COPY = pg_catalog.english);
ALTER TEXT SEARCH CONFIGURATION portal_words
    ALTER MAPPING FOR hword, hword_part, word WITH unaccent, english_stem;
CREATE TEXT SEARCH CONFIGURATION portal_names (COPY = pg_catalog.simple);
ALTER TEXT SEARCH CONFIGURATION portal_names
    ALTER MAPPING FOR hword, hword_part, word WITH unaccent, simple;

-- Names and terms are found as they are written as well as stemmed, free text stemmed as English;
-- accents and case are ignored.
CREATE FUNCTION portal_vector(weight "char", words text) RETURNS tsvector
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT setweight(CASE WHEN weight IN ('A', 'B')
        THEN to_tsvector('portal_words', words) || to_tsvector('portal_names', words)
        ELSE to_tsvector('portal_words', words) END, weight)
$$;
CREATE FUNCTION portal_query(words text) RETURNS tsquery
LANGUAGE sql STABLE PARALLEL SAFE AS $$
    SELECT websearch_to_tsquery('portal_words', words) || websearch_to_tsquery('portal_names', words)
$$;
-- The embedded server sorts by code point: names are compared without accents and case.
CREATE FUNCTION portal_sort_key(words text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT lower(unaccent(words)) $$;
"""
SEARCH_BACK = """
DROP FUNCTION portal_sort_key(text);
DROP FUNCTION portal_query(text);
DROP FUNCTION portal_vector("char", text);
DROP TEXT SEARCH CONFIGURATION portal_names;
DROP TEXT SEARCH CONFIGURATION portal_words;
"""

TERMS = """
CREATE FUNCTION partners_term_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.parent_id IS NOT NULL AND (
        EXISTS (SELECT FROM partners_term WHERE id = NEW.parent_id AND parent_id IS NOT NULL)
        OR EXISTS (SELECT FROM partners_term WHERE parent_id = NEW.id)
    ) THEN
        RAISE EXCEPTION 'term % would stand on a third level', NEW.code
            USING ERRCODE = 'check_violation', CONSTRAINT = 'term_on_two_levels';
    END IF;
    NEW.words := portal_vector('B', concat_ws(' . ', NEW.label_en, NEW.label_fr, NEW.label_es,
        (SELECT string_agg(text, ' . ' ORDER BY id) FROM partners_synonym WHERE term_id = NEW.id)));
    RETURN NEW;
END $$;
CREATE TRIGGER term_words BEFORE INSERT OR UPDATE ON partners_term
    FOR EACH ROW EXECUTE FUNCTION partners_term_words();

CREATE FUNCTION partners_synonym_words() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE partners_term SET code = code WHERE id IN (NEW.term_id, OLD.term_id);
    RETURN NULL;
END $$;
CREATE TRIGGER synonym_words AFTER INSERT OR UPDATE OR DELETE ON partners_synonym
    FOR EACH ROW EXECUTE FUNCTION partners_synonym_words();
"""
TERMS_BACK = """
DROP TRIGGER synonym_words ON partners_synonym;
DROP FUNCTION partners_synonym_words();
DROP TRIGGER term_words ON partners_term;
DROP FUNCTION partners_term_words();
"""

LOGS = """
CREATE FUNCTION portal_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are only ever added', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER decision_append_only BEFORE UPDATE OR DELETE ON partners_decision
    FOR EACH ROW EXECUTE FUNCTION portal_append_only();
CREATE TRIGGER partnerchange_append_only BEFORE UPDATE OR DELETE ON partners_partnerchange
    FOR EACH ROW EXECUTE FUNCTION portal_append_only();
"""
LOGS_BACK = """
DROP TRIGGER partnerchange_append_only ON partners_partnerchange;
DROP TRIGGER decision_append_only ON partners_decision;
DROP FUNCTION portal_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("partners", "0001_initial")]

    operations = [
        migrations.RunSQL(SEARCH, SEARCH_BACK),
        migrations.RunSQL(TERMS, TERMS_BACK),
        migrations.RunSQL(LOGS, LOGS_BACK),
    ]
