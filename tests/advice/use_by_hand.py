"""The figures on the use of the list in SQL, written by hand from their definitions."""

from datetime import date, datetime, timedelta

from django.db import connection

from advice import statistics
from advice.statistics import Period
from experts import statistics as of_list

DAY = timedelta(days=1)


def sql(statement: str, *values) -> list[tuple]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def by_hand(since: datetime, until: datetime, now: datetime) -> dict:
    """Written from the definitions alone, without a look at the code."""
    [(ever, listed)] = sql(
        """SELECT count(*) FILTER (WHERE id IN
               (SELECT expert_id FROM advice_choice WHERE asked_at IS NOT NULL)), count(*)
           FROM experts_expert WHERE status = 'listed'"""
    )
    [(asked,)] = sql(
        """SELECT count(DISTINCT e.id) FROM experts_expert e
           JOIN advice_choice c ON c.expert_id = e.id
           WHERE e.status = 'listed' AND c.asked_at >= %s AND c.asked_at < %s""",
        since,
        until,
    )
    [(anywhere,)] = sql(
        """SELECT count(*) FROM (
               SELECT e.id FROM experts_expert e JOIN advice_choice c ON c.expert_id = e.id
               WHERE e.status = 'listed' AND c.asked_at IS NOT NULL
               UNION
               SELECT e.id FROM experts_expert e JOIN experts_confirmation f ON f.expert_id = e.id
               WHERE e.status = 'listed' AND f.outside_requests > 0
           ) AS either"""
    )
    [(sent,)] = sql(
        """SELECT count(*) FROM advice_advicerequest
           WHERE status <> 'draft' AND sent_at >= %s AND sent_at < %s""",
        since,
        until,
    )
    waits = [
        wait
        for (wait,) in sql(
            """SELECT min(c.answered_at - r.sent_at) AS wait FROM advice_advicerequest r
               JOIN advice_place p ON p.request_id = r.id
               JOIN advice_choice c ON c.place_id = p.id
               WHERE r.status <> 'draft' AND r.sent_at >= %s AND r.sent_at < %s
                   AND c.answered_at IS NOT NULL
               GROUP BY r.id ORDER BY wait""",
            since,
            until,
        )
    ]
    answered = sql(
        """SELECT count(*) FILTER (WHERE status IN
               ('accepted', 'declined', 'handed_on', 'unavailable')), count(*)
           FROM advice_choice WHERE asked_at >= %s AND asked_at < %s""",
        since,
        until,
    )
    useful = sql(
        """SELECT count(*) FILTER (WHERE helped = 'yes' OR helped = 'partly'), count(*)
           FROM advice_outcome WHERE at >= %s AND at < %s AND happened IN ('yes', 'no')""",
        since,
        until,
    )
    outside = sql(
        """SELECT coalesce(sum(outside_requests), 0), count(DISTINCT expert_id)
           FROM experts_confirmation
           WHERE at > %s AND at < %s AND outside_requests IS NOT NULL""",
        since,
        until,
    )
    regions = sql(
        """SELECT r.code,
               (SELECT count(*) FROM advice_advicerequest a
                JOIN partners_country k ON k.code = a.country_id
                WHERE k.region = r.code AND a.status <> 'draft'
                    AND a.sent_at >= %s AND a.sent_at < %s),
               (SELECT count(*) FROM experts_expert e WHERE e.region = r.code
                    AND e.status = 'listed' AND EXISTS (SELECT FROM advice_choice c
                        WHERE c.expert_id = e.id AND c.asked_at >= %s AND c.asked_at < %s)),
               (SELECT count(*) FROM experts_expert e
                WHERE e.region = r.code AND e.status = 'listed')
           FROM (VALUES ('east-asia'), ('oceania'), ('south-west-asia'), ('africa'), ('america'),
               ('europe')) AS r (code)""",
        since,
        until,
        since,
        until,
    )
    expertise = sql(
        """SELECT t.code, count(*) FROM advice_requestterm rt
           JOIN partners_term t ON t.id = rt.term_id
           JOIN advice_advicerequest a ON a.id = rt.request_id
           WHERE a.status <> 'draft' AND a.sent_at >= %s AND a.sent_at < %s GROUP BY t.code""",
        since,
        until,
    )
    ages = sql(
        """SELECT width_bucket(extract(epoch FROM %s - sent_at)::numeric / 86400,
               ARRAY[7, 14, 21, 30]::numeric[]), count(*)
           FROM advice_advicerequest WHERE status IN ('waiting', 'asking', 'agreed') GROUP BY 1""",
        now,
    )
    people = sql(
        """SELECT e.id, count(*), count(*) FILTER (WHERE c.status IN
               ('accepted', 'declined', 'handed_on', 'unavailable')), max(c.asked_at)
           FROM experts_expert e JOIN advice_choice c ON c.expert_id = e.id
           WHERE e.status = 'listed' AND c.asked_at >= %s AND c.asked_at < %s GROUP BY e.id""",
        since,
        until,
    )
    months = sql(
        """SELECT to_char(sent_at AT TIME ZONE 'UTC', 'YYYY-MM'), count(*)
           FROM advice_advicerequest
           WHERE status <> 'draft' AND sent_at >= %s AND sent_at < %s GROUP BY 1""",
        since,
        until,
    )
    return {
        "ever": (ever, listed),
        "asked": (asked, listed),
        "anywhere": (anywhere, listed),
        "sent": sent,
        "median": waits[(len(waits) - 1) // 2] if waits else None,
        "answered": answered[0],
        "useful": useful[0],
        "outside": outside[0],
        "regions": regions,
        "expertise": dict(expertise),
        "ages": [dict(ages).get(place, 0) for place in range(5)],
        "people": {key: rest for key, *rest in people},
        "months": dict(months),
    }


def by_code(since: datetime, until: datetime, now: datetime) -> dict:
    period = Period(since, until)
    outside = of_list.outside_requests(since, until)
    months = statistics.by_month(period, now)
    people = statistics.per_expert(period)
    return {
        "ever": statistics.experts_asked(),
        "asked": statistics.experts_asked(period),
        "anywhere": statistics.experts_asked_anywhere(),
        "sent": statistics.requests_sent(period),
        "median": statistics.median_to_first_answer(period),
        "answered": statistics.answered(period),
        "useful": statistics.useful(period),
        "outside": (outside["number"], outside["experts"]),
        "regions": [
            (row.code, row.requests, row.asked, row.listed) for row in statistics.by_region(period)
        ],
        "expertise": {term.code: number for term, number in statistics.by_expertise(period)},
        "ages": [age.number for age in statistics.open_by_age(now)],
        "people": {one.pk: [one.asked, one.said, one.last_at] for one in people},
        "months": {f"{one.first:%Y-%m}": one.requests for one in months if one.requests},
    }


def periods(now: datetime) -> dict[str, Period]:
    return {
        "12 months": Period.of_12_months(now),
        "always": Period.until_today(now),
        "a fortnight": Period.of_days((now - 14 * DAY).date(), now.date()),
        "a year long ago": Period.of_days(date(2019, 1, 1), date(2019, 12, 31)),
    }
