"""A plan becomes rows: in portions, with history, inside the caller's transaction."""

from datetime import datetime

from django.db import connection
from simple_history.utils import bulk_create_with_history, bulk_update_with_history

from experts.importing.plan import Changed, House, New, Plan, Progress
from experts.models import Consent, Expert, ExpertTerm, ImportRun
from partners.models import Organisation, User

PORTION = 500
#: What an imported person agreed to is the published list itself; its edition stands beside it.
CONSENT_TEXT = "published list"


def write(plan: Plan, run: ImportRun, by: User, now: datetime, progress: Progress):
    """Create and change what the plan says. `confirmed_at` is in none of the fields."""
    writer = _Writer(run, by, now)
    writer.create_houses(plan.houses)
    total, done = len(plan.new) + len(plan.changed), 0
    for entries, step in ((plan.new, writer.create), (plan.changed, writer.change)):
        for start in range(0, len(entries), PORTION):
            portion = entries[start : start + PORTION]
            step(portion)
            done += len(portion)
            progress(done, total)


class _Writer:
    def __init__(self, run: ImportRun, by: User, now: datetime):
        self.run, self.by, self.now = run, by, now
        self.reason = f"Import: {run}"[:100]
        self.houses: dict[House, int] = {}

    def create_houses(self, houses: list[House]):
        made = Organisation.objects.bulk_create(
            [
                Organisation(
                    name=house.name,
                    acronym=house.acronym,
                    country_id=house.country,
                    source=self.reason,
                )
                for house in houses
            ],
            batch_size=PORTION,
        )
        self.houses = dict(zip(houses, (row.pk for row in made), strict=True))

    def create(self, portion: list[New]):
        keys = _next_keys(len(portion))
        experts = [self._expert(pk, entry) for pk, entry in zip(keys, portion, strict=True)]
        # Terms first (their foreign key is checked at the end): so the trigger that gathers the
        # words of a profile finds them at once, instead of once more for each profile afterwards
        ExpertTerm.objects.bulk_create(
            [
                ExpertTerm(expert_id=expert.pk, term_id=term)
                for expert in experts
                for term in expert.term_ids
            ]
        )
        bulk_create_with_history(
            experts,
            Expert,
            default_user=self.by,
            default_change_reason=self.reason,
            default_date=self.now,
        )
        edition = self.run.edition
        if self.run.edition_on:
            edition = f"{edition[:85]} ({self.run.edition_on})"
        Consent.objects.bulk_create(
            [
                Consent(
                    expert_id=expert.pk,
                    text_version=CONSENT_TEXT,
                    at=self.now,
                    channel=Consent.Channel.PUBLISHED_LIST,
                    edition=edition,
                    actor=self.by,
                )
                for expert in experts
            ]
        )

    def _expert(self, pk: int, entry: New) -> Expert:
        row = dict(entry.values)
        row.setdefault("imported_updated_on", self.run.edition_on)
        return Expert(
            pk=pk,
            status=Expert.Status.LISTED,
            approved_by=self.by,
            approved_at=self.now,
            created_at=self.now,
            organisation_id=self._house(row.pop("organisation", None)),
            country_id=row.pop("country"),
            term_ids=sorted(row.pop("terms", ())),
            **row,
        )

    def _house(self, value) -> int | None:
        return self.houses[value] if isinstance(value, House) else value

    def change(self, portion: list[Changed]):
        names = {"version"}
        for entry in portion:
            expert = entry.expert
            expert.version += 1
            for name, (_before, after) in entry.fields.items():
                if name == "terms":
                    expert.term_ids = sorted(after)
                elif name == "organisation":
                    expert.organisation_id = self._house(after)
                elif name == "country":
                    expert.country_id = after
                else:
                    setattr(expert, name, after)
            names |= entry.fields.keys() - {"terms"}
        self._change_terms([entry for entry in portion if "terms" in entry.fields])
        bulk_update_with_history(
            [entry.expert for entry in portion],
            Expert,
            sorted(names),
            default_user=self.by,
            default_change_reason=self.reason,
            default_date=self.now,
        )

    def _change_terms(self, portion: list[Changed]):
        old, new = [], []
        for entry in portion:
            before, after = map(set, entry.fields["terms"])
            old += [(entry.expert.pk, term) for term in before - after]
            new += [(entry.expert.pk, term) for term in after - before]
        if old:
            links = ExpertTerm.objects.filter(expert__in={expert for expert, _term in old})
            gone = set(old)
            ExpertTerm.objects.filter(
                pk__in=[
                    pk
                    for pk, expert, term in links.values_list("pk", "expert_id", "term_id")
                    if (expert, term) in gone
                ]
            ).delete()
        ExpertTerm.objects.bulk_create(
            [ExpertTerm(expert_id=expert, term_id=term) for expert, term in new]
        )


def _next_keys(number: int) -> list[int]:
    """Keys of profiles to be, so that other rows can point at them before they are there."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence('experts_expert', 'id')) "
            "FROM generate_series(1, %s)",
            [number],
        )
        return [key for (key,) in cursor.fetchall()]
