"""The numbers of supply and demand are those of hand-written SQL on the demonstration."""

# ruff: noqa: F401, F811 (fixtures are imported)
from datetime import timedelta

import time_machine
from django.db import connection
from django.utils import timezone

from advice import supply
from experts.models import Policy
from tests.worlds import read_only_world, world, world_in_transaction

BY_HAND = """
    SELECT t.code,
        (SELECT count(DISTINCT n.id) FROM advice_need n
         JOIN advice_needterm l ON l.need_id = n.id JOIN partners_term u ON u.id = l.term_id
         WHERE n.status IN ('open', 'being_met') AND (u.id = t.id OR u.parent_id = t.id)),
        (SELECT count(DISTINCT e.id) FROM experts_expert e
         JOIN experts_expertterm l ON l.expert_id = e.id JOIN partners_term u ON u.id = l.term_id
         WHERE e.status = 'listed' AND (e.confirmed_at > %(since)s
             OR (e.confirmed_at IS NULL AND NOT %(never)s))
         AND (u.id = t.id OR u.parent_id = t.id)),
        (SELECT count(DISTINCT e.id) FROM experts_expert e
         JOIN experts_expertterm l ON l.expert_id = e.id JOIN partners_term u ON u.id = l.term_id
         JOIN partners_country c ON c.code = e.country_id AND c.region = 'africa'
         WHERE e.status = 'listed' AND (e.confirmed_at > %(since)s
             OR (e.confirmed_at IS NULL AND NOT %(never)s))
         AND (u.id = t.id OR u.parent_id = t.id))
    FROM partners_term t
"""


def test_the_numbers_are_those_of_hand_written_sql(read_only_world):
    now = timezone.now() + timedelta(days=400)  # by then some have lapsed
    with time_machine.travel(now, tick=False):
        limits = Policy.current().limits(now)
        with connection.cursor() as cursor:
            cursor.execute(BY_HAND, {"since": limits.stale_since, "never": limits.never_is_lapsed})
            by_hand = {code: numbers for code, *numbers in cursor.fetchall()}

        counted = {
            one.term.code: [one.unmet, one.found, one.experts["africa"]] for one in supply.rows(now)
        }

    assert counted == by_hand
    assert sum(unmet for unmet, _found, _africa in counted.values()) > 10
