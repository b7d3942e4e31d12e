"""The hash of an address in PostgreSQL, so that lists can be compared in one query; the throttle.

Locks: new and empty tables only. Back: drops what it made.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION mailings_address_hash(address text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT encode(sha256(convert_to('mailings:' || lower(btrim(address)), 'UTF8')), 'hex')
$$;
-- Compressed already (mailings/models/packed.py)
ALTER TABLE mailings_outgoingmail ALTER content SET STORAGE EXTERNAL;
INSERT INTO mailings_throttle (id, allowance, away_times, failures_in_a_row, held_why)
    VALUES (1, 0, 0, 0, '');
"""
BACK = """
ALTER TABLE mailings_outgoingmail ALTER content SET STORAGE EXTENDED;
DELETE FROM mailings_throttle;
DROP FUNCTION mailings_address_hash(text);
"""


class Migration(migrations.Migration):
    dependencies = [("mailings", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACK)]
