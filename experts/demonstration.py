"""Demonstration data of the list: forty invented experts, and as many more as a measuring wants.

Called by `manage.py loaddemo` alone. The forty stand in data/demonstration.json: the true numbers
by region, the true vocabulary, countries and kinds of organisation; names, organisations and
addresses are invented and say so. Ages of confirmations count back from the moment of loading.
"""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from babel.languages import get_official_languages
from dateutil.relativedelta import relativedelta
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from faker import Faker

from experts import consent, editing, editions, listing, reminders
from experts.models import (
    Audience,
    Confirmation,
    Consent,
    Correction,
    Expert,
    FollowUp,
    Invitation,
)
from mailings import bounces
from mailings import reminders as engine
from mailings.models import Bounce, OutgoingMail, Reminder
from partners import demonstration as people
from partners import languages
from partners.models import Assignment, Country, Term, User

SEED = 2026
OWN_SIGN_IN = 18  # the expert whose profile belongs to expert@example.org: due, one field empty
EDITION, EDITION_ON = "April 2017", datetime(2017, 4, 1, tzinfo=UTC)
REGION_WEIGHTS = {  # of forty
    "east-asia": 21,
    "oceania": 2,
    "south-west-asia": 5,
    "africa": 4,
    "america": 3,
    "europe": 5,
}


def load(now: datetime, password: str):
    """The forty, what waits for the Lead, and an open correction; in the caller's transaction."""
    fake = Faker()
    fake.seed_instance(SEED)
    lead = User.objects.get(email=people.LEAD)
    terms = dict(Term.objects.values_list("code", "pk"))
    experts = {row["number"]: _expert(row, fake, lead, terms, now, password) for row in _read()}
    _load_freshness(experts, now)
    _load_edits(experts, terms, now)
    _load_new_profile(terms, now)
    _load_correction_and_nomination(experts, now)


def _read() -> list[dict]:
    """The forty as data: codes and texts; `days` since the last confirmation, null for never."""
    data = Path(__file__).parent / "data" / "demonstration.json"
    return json.loads(data.read_text(encoding="utf-8"))


def _expert(
    row: dict, fake: Faker, lead: User, terms: dict, now: datetime, password: str
) -> Expert:
    """One of the forty. Who confirmed has a sign-in; who never did came with the printed list."""
    number, days = row["number"], row["days"]
    name = f"Expert {number:02} (example)"
    confirmed_at = user = None
    if days is not None:
        confirmed_at = now - timedelta(days=days, hours=fake.random_int(1, 20))
        if number == OWN_SIGN_IN:
            user = people.person(people.EXPERT, name, password)
        else:
            user = people.person(f"expert{number:02}@example.org", name)
    listed_at = now - timedelta(days=1000 + number)
    contact = (Audience.LEAD, Audience.ACCEPTED, Audience.PARTNERS)
    expert = Expert(
        user=user,
        status=Expert.Status.LISTED,
        name=name,
        position=row["position"],
        organisation=people.organisation(row["organisation"], row["kind"], row["country"]),
        country_id=row["country"],
        languages=row["languages"],
        summary=row["summary"],
        experience=row["experience"],
        worked_in=row["worked_in"],
        remote_advice="remote" in row["can"],
        missions="missions" in row["can"],
        training="training" in row["can"],
        available_from=_in_days(now, row.get("from_days")),
        paused_until=_in_days(now, row.get("paused_days")),
        max_open_requests=fake.random_element([None, None, 2, 3]) if user else None,
        website=row.get("website", ""),
        orcid=row.get("orcid", ""),
        email=f"expert{number:02}@example.org",
        email_audience=fake.random_element(contact) if user else Audience.LEAD,
        phone=f"+999 5550 {1000 + number}",  # a prefix that belongs to no country
        phone_audience=fake.random_element(contact[:2]) if user else Audience.LEAD,
        imported_updated_on=None if user else EDITION_ON.date(),
        approved_by=lead,
        approved_at=listed_at,
        created_at=listed_at,
        confirmed_at=confirmed_at,
        fictitious=True,
        term_ids=sorted(terms[code] for code in row["terms"]),
    )
    expert._history_date = listed_at
    expert.save()
    del expert._history_date
    expert.set_terms(expert.term_ids)
    Consent.objects.create(
        expert=expert,
        text_version=f"Published list of {EDITION}",
        at=EDITION_ON,
        channel=Consent.Channel.PUBLISHED_LIST,
        edition=EDITION,
    )
    if user:
        consent.agree(expert, user, listed_at)
    return expert


def _in_days(now: datetime, days: int | None) -> date | None:
    return None if days is None else now.date() + timedelta(days=days)


#: Days past due at which somebody who got so many reminders confirmed (reminders.TOPIC, step).
_CONFIRMED_AFTER = {0: -20, 1: 4, 2: 18, 3: 33}
_STEPS = (0, 14, 28)


def _load_freshness(experts: dict[int, Expert], now: datetime):
    """Two years of confirmations and reminders, a bounced address, an answer, an edition.

    The one whose profile is due today is written to when the demonstration is loaded, so that the
    mailbox holds a reminder to try.
    """
    for number, expert in experts.items():
        if expert.confirmed_at is None:
            continue
        reminded = number % len(_CONFIRMED_AFTER)
        due_at = expert.confirmed_at - timedelta(days=_CONFIRMED_AFTER[reminded])
        before = due_at - relativedelta(months=12)
        last = None
        if before > expert.approved_at:
            _confirmed(expert, before, Confirmation.Channel.SAVED)
            for step in range(reminded):
                last = _reminded(expert, before, step, due_at + timedelta(days=_STEPS[step]))
        channel = Confirmation.Channel.MAIL if last else Confirmation.Channel.PAGE
        _confirmed(expert, expert.confirmed_at, channel, last, (number * 7) % 5 if last else None)
        silent_since = expert.confirmed_at + relativedelta(months=12)
        if silent_since < now - timedelta(days=60):
            for step, days in enumerate(_STEPS):
                _reminded(expert, expert.confirmed_at, step, silent_since + timedelta(days=days))
    bounces.note(
        experts[21].email,
        Bounce.Kind.HARD,
        Bounce.Source.REPORT,
        now - timedelta(days=200),
        status="5.1.1",
        diagnostic="550 5.1.1 User unknown",
    )
    FollowUp.objects.create(
        expert=experts[3],
        action=FollowUp.Action.ASK_CONTACT,
        by=User.objects.get(email=people.LEAD),
        at=now - timedelta(days=9),
        until=now + timedelta(days=21),
        contact_name="Ministry, registry (example)",
        contact_email="registry@example.org",
        answer=FollowUp.Answer.LEFT,
        note="Moved to another ministry last year.",
        answered_at=now - timedelta(days=2),
    )
    editions.make(now - timedelta(days=240))
    today = replace(reminders.ladder(now), spread=timedelta(0))
    engine.scan(today, now)


def _confirmed(expert, at, channel, reminder=None, outside_requests=None):
    Confirmation.objects.create(
        expert=expert, at=at, channel=channel, reminder=reminder, outside_requests=outside_requests
    )


def _reminded(expert: Expert, cycle: datetime, step: int, at: datetime) -> Reminder:
    """A step of a ladder that left long ago, of which the mail's words are gone."""
    reminder = Reminder.objects.create(
        topic=reminders.TOPIC, object_id=expert.pk, cycle=cycle, step=step, at=at
    )
    OutgoingMail.objects.create(
        kind=OutgoingMail.Kind.REMINDER,
        state=OutgoingMail.State.SENT,
        priority=OutgoingMail.PRIORITY[OutgoingMail.Kind.REMINDER],
        to=expert.email,
        template=reminders.TEMPLATE,
        language=expert.reads,
        reminder=reminder,
        created_at=at,
        next_try=at,
        finished_at=at,
        attempts=1,
        answer="250 2.0.0 Ok",
    )
    return reminder


def _load_edits(experts: dict[int, Expert], terms: dict, now: datetime):
    """Two proposals that wait for the Lead, and a direct edit that nobody has looked at."""
    university = people.organisation("University of the Chao Phraya (example)", "academia", "TH")
    office = people.organisation("Pacific Gas Advisers (example)", "industry", "AU")
    _edit(
        experts[26],
        now - timedelta(days=2),
        "I moved to the university in October.",
        organisation=university.pk,
        position="Senior lecturer",
        terms=sorted([terms["evidence-inventory"], terms["capacity-training"]]),
    )
    _edit(
        experts[22],
        now - timedelta(hours=4),
        "",
        organisation=office.pk,
        country="AU",
    )
    _edit(
        experts[32],
        now - timedelta(days=1),
        "",
        summary="Inventory and a small laboratory on a small budget. Now also mercury in fish.",
        worked_in=["AM", "GE", "KG", "KZ"],
    )


def _edit(expert: Expert, at: datetime, reason: str, **values):
    """The expert saves the own profile, as the portal's form does, some time ago."""
    editing.submit(expert.pk, values, expert.version, expert.user, at, reason)
    newest = expert.history.latest()
    expert.history.filter(pk=newest.pk).update(history_date=at)


def _load_new_profile(terms: dict, now: datetime):
    """A profile that somebody handed in yesterday."""
    user = people.person("expert41@example.org", "Expert 41 (example)")
    submitted_at = now - timedelta(days=1)
    expert = Expert(
        user=user,
        name="Expert 41 (example)",
        position="Laboratory head",
        organisation=people.organisation("Agency for Mine Safety (example)", "government", "GH"),
        country_id="GH",
        languages=["en", "fr"],
        summary="Tailings and air at gold shops: measures first, advises after.",
        experience="Measured mercury in the air of 120 gold shops and helped to move 30 of them "
        "out of living quarters. Now plans a store for seized mercury.",
        worked_in=["GH", "TG"],
        remote_advice=True,
        missions=True,
        email="expert41@example.org",
        phone="+999 5550 1041",
        created_at=submitted_at,
        fictitious=True,
        term_ids=sorted([terms["industry-asgm"], terms["evidence-health"]]),
    )
    expert._history_date = submitted_at
    expert.save()
    expert.set_terms(expert.term_ids)
    consent.agree(expert, user, submitted_at)
    listing.submit(expert.pk, submitted_at)
    Assignment.objects.create(
        content_type=ContentType.objects.get_for_model(Expert),
        object_id=expert.pk,
        lead=User.objects.get(email=people.CO_LEAD),
        at=submitted_at,
    )


def _load_correction_and_nomination(experts: dict[int, Expert], now: datetime):
    partner = User.objects.get(email=people.PARTNER)
    Correction.objects.create(
        expert=experts[OWN_SIGN_IN],
        by=partner,
        text="The rules for spent lamps came into force in July: the summary could say so.",
        at=now - timedelta(days=3),
    )
    sent_at = now - timedelta(days=5)
    Invitation.objects.create(
        kind=Invitation.Kind.NOMINATION,
        name="Expert 42 (example)",
        email="expert42@example.org",
        invited_by=partner,
        sent_at=sent_at,
        expires_at=sent_at + timedelta(days=30),
    )


# For measuring

#: Sentences that occur in every language of administration; the rest comes from the forty.
_SUMMARIES = [
    "Advises towns on take-back and safe storage.",
    "Sampling, laboratory work and reports that ministries can use.",
    "Plans stores and transport for hazardous waste.",
    "Works with industry on closing old plants.",
    "Training for officials, customs and hospitals.",
    "Gold mining without mercury, with the miners.",
    "Drafts rules and checks what they cost.",
    "Treatment plants from the offer to the permit.",
    "Surveys of soil and sediment.",
    "Projects for funds, from the idea to the last report.",
]

#: Parameters: count, first (number), seed (-1 to 1), now, languages ({country: [codes]} as JSON),
#: regions ({region: weight} as JSON), sentences and summaries (lists as JSON), and the consent's
#: text, edition and edition_on.
_BULK = """
SELECT setseed(%(seed)s);

CREATE TEMP TABLE demo_country AS
    SELECT c.code, c.region, count(*) OVER (PARTITION BY c.region) AS places,
        row_number() OVER (PARTITION BY c.region ORDER BY e.experts DESC, md5(c.code)) AS place,
        ARRAY(SELECT jsonb_array_elements_text(%(languages)s::jsonb -> c.code)) AS languages
    FROM partners_country c
    JOIN LATERAL (
        SELECT count(*) AS experts FROM experts_expert
        WHERE country_id = c.code AND email NOT LIKE '%%@bulk.example.org'
    ) e ON true;

CREATE TEMP TABLE demo_region AS
    SELECT key AS region, sum(value::int) OVER (ORDER BY key) AS upto,
        sum(value::int) OVER (ORDER BY key) - value::int AS above
    FROM jsonb_each_text(%(regions)s::jsonb);

-- One row an expert; every random() stands in a column of its own, so that a seed gives one world.
-- Keys come last: a sequence used in the same list would be drawn in an order of its own.
CREATE TEMP TABLE demo_dice AS
    SELECT n, random() * 40 AS region_at, power(random(), 2.2) AS country_at, random() AS age_class,
        random() AS age, random() AS speaks, random() AS can, random() AS audience,
        random() AS paused, random() AS worked, 2 + floor(random() * 4)::int AS term_count,
        floor(random() * 3600)::int AS rare, floor(random() * 10)::int AS summary,
        floor(random() * 8)::int AS position, random() AS one, random() AS two, random() AS three,
        random() AS organisation
    FROM generate_series(%(first)s, %(first)s + %(count)s - 1) AS n;

CREATE TEMP TABLE demo_person AS
    SELECT d.*, c.code AS country, c.languages, nextval('experts_expert_id_seq')::bigint AS id
    FROM demo_dice d
    JOIN demo_region r ON d.region_at >= r.above AND d.region_at < r.upto
    JOIN demo_country c
        ON c.region = r.region AND c.place = 1 + floor(d.country_at * c.places)::int
    ORDER BY d.n;

INSERT INTO partners_organisation
    (name, acronym, kind, country_id, website, source, created_at)
SELECT format('%%s %%s (example)',
        (ARRAY['Institute for Chemicals', 'Ministry of Environment', 'University', 'Waste Works',
            'Foundation for Clean Water', 'Agency for Health'])[1 + n %% 6], n),
    '', (ARRAY['academia', 'government', 'academia', 'industry', 'ngo', 'government'])[1 + n %% 6],
    country, '', 'Demonstration', %(now)s
FROM demo_person WHERE n %% 20 = 0
ON CONFLICT DO NOTHING;

CREATE TEMP TABLE demo_house AS
    SELECT id, country_id, row_number() OVER (PARTITION BY country_id ORDER BY id) AS place,
        count(*) OVER (PARTITION BY country_id) AS places
    FROM partners_organisation WHERE source = 'Demonstration';

CREATE TEMP TABLE demo_term AS
    SELECT id, row_number() OVER (ORDER BY md5(code)) AS place, count(*) OVER () AS places
    FROM partners_term WHERE parent_id IS NOT NULL;

-- Terms first: the foreign key waits for the end of the transaction, and the trigger that makes an
-- expert's search words then runs once for each expert instead of twice.
CREATE TEMP TABLE demo_choice AS
    SELECT id, term_count, draw, power(random(), 1.25) AS term_at
    FROM demo_person, generate_series(1, 7) AS draw ORDER BY n, draw;
INSERT INTO experts_expertterm (expert_id, term_id)
SELECT id, term_id FROM (
    SELECT id, term_id, term_count, row_number() OVER (PARTITION BY id ORDER BY draw) AS rank
    FROM (
        SELECT c.id, t.id AS term_id, c.term_count, min(c.draw) AS draw
        FROM demo_choice c JOIN demo_term t ON t.place = 1 + floor(c.term_at * t.places)::int
        GROUP BY c.id, t.id, c.term_count
    ) AS different
) AS ranked
WHERE rank <= term_count;

INSERT INTO experts_expert (
    id, status, status_reason, name, position, organisation_id, country_id, languages, summary,
    experience, worked_in, remote_advice, missions, training, available_from, max_open_requests,
    website, orcid, linkedin, photo, email, email_audience, phone, phone_audience, confirmed_at,
    imported_updated_on, paused_until, approved_at, created_at, version, fictitious, sort_name,
    region, term_ids, group_ids)
SELECT p.id, 'listed', '', format('Expert %%s %%s (example)', r.word, p.n),
    (ARRAY['Senior adviser', 'Professor', 'Head of section', 'Process engineer', 'Consultant',
        'Programme manager', 'Laboratory head', 'Lawyer'])[1 + p.position],
    h.id, p.country,
    CASE WHEN p.speaks < 0.85 THEN array_append(array_remove(p.languages, 'en'), 'en')
        ELSE p.languages END,
    s.summaries ->> p.summary,
    concat_ws(' ', s.sentences ->> floor(p.one * s.n)::int, s.sentences ->> floor(p.two * s.n)::int,
        s.sentences ->> floor(p.three * s.n)::int, format('Based at %%s.', r.word)),
    CASE WHEN p.worked < 0.7 THEN ARRAY[p.country] ELSE '{}' END,
    p.can < 0.8, p.can > 0.4, p.can > 0.3 AND p.can < 0.7, NULL, NULL,
    '', '', '', '', format('expert%%s@bulk.example.org', p.n),
    CASE WHEN p.audience < 0.6 THEN 'lead' WHEN p.audience < 0.8 THEN 'accepted'
        ELSE 'partners' END,
    format('+999 55 %%s', p.n), 'lead',
    CASE WHEN p.age_class < 0.75 THEN %(now)s - p.age * interval '360 days'
        WHEN p.age_class < 0.82 THEN %(now)s - interval '367 days' - p.age * interval '38 days'
        WHEN p.age_class < 0.92 THEN %(now)s - interval '410 days' - p.age * interval '300 days'
        WHEN p.age_class < 0.97 THEN %(now)s - interval '735 days' - p.age * interval '300 days'
    END,
    CASE WHEN p.age_class >= 0.97 THEN date '2017-04-01' END,
    CASE WHEN p.paused < 0.02 THEN %(now)s::date + 60 END,
    %(now)s - interval '1100 days', %(now)s - interval '1100 days', 1, true, '', '', '{}', '{}'
FROM demo_person p
JOIN LATERAL (
    SELECT initcap(concat(
        (ARRAY['ba','ke','mo','ri','su','ta','ve','zo','lu','ni','pha','dro','gwe','sha','ti'])
            [1 + p.rare %% 15],
        (ARRAY['lan','mer','dos','kin','tar','vel','nor','bez','sul','gam','pir','rok','tun','wes',
            'yad','zim'])[1 + (p.rare / 15) %% 16],
        (ARRAY['a','e','i','o','u','ia','os','un','er','an','im','ov','et','us','ar'])
            [1 + (p.rare / 240) %% 15])) AS word
) r ON true
CROSS JOIN (SELECT %(sentences)s::jsonb AS sentences, jsonb_array_length(%(sentences)s::jsonb) AS n,
    %(summaries)s::jsonb AS summaries) s
LEFT JOIN demo_house h
    ON h.country_id = p.country AND h.place = 1 + floor(p.organisation * h.places)::int
ORDER BY p.n;

INSERT INTO experts_consent (expert_id, given, text_version, at, channel, edition)
SELECT id, true, %(consent)s, %(edition_on)s, 'published_list', %(edition)s FROM demo_person;

DROP TABLE demo_country, demo_region, demo_dice, demo_person, demo_house, demo_term, demo_choice;
"""


def load_many(total: int, now: datetime) -> int:
    """Add invented experts until `total` are on the list; returns how many were added.

    Set-based: PostgreSQL makes the rows (100,000 in about a minute), with regions, countries,
    terms (2 to 5), languages, availability and freshness as they are in a real list; some words are
    common, others stand in thirty profiles of 100,000. No history, no sign-ins.
    """
    count = total - Expert.objects.listed().count()
    if count <= 0:
        return 0
    known = languages.names("en")
    rows = _read()
    sentences = [text for row in rows for text in re.split(r"(?<=\.) ", row["experience"])]
    spoken = {
        code: [tag for tag in get_official_languages(code) if tag in known][:2] or ["en"]
        for code in Country.objects.values_list("code", flat=True)
    }
    first = Expert.objects.filter(email__endswith="@bulk.example.org").count() + 1
    params = {
        "seed": 0.2026,
        "count": count,
        "first": first,
        "now": now,
        "languages": json.dumps(spoken),
        "regions": json.dumps(REGION_WEIGHTS),
        "sentences": json.dumps(sentences),
        "summaries": json.dumps(_SUMMARIES),
        "consent": f"Published list of {EDITION}",
        "edition": EDITION,
        "edition_on": EDITION_ON,
    }
    with connection.cursor() as cursor:
        cursor.execute(_BULK, params)
    return count


def analyse():
    """Tell PostgreSQL what the tables hold now, so that it plans well at once."""
    tables = "experts_expert, experts_expertterm, experts_consent, partners_organisation"
    with connection.cursor() as cursor:
        cursor.execute(f"{'ANALYZE' if connection.in_atomic_block else 'VACUUM ANALYZE'} {tables}")
