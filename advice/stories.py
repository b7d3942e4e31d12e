"""Stories: what came of requests, in public, as both sides agreed."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import QuerySet

from advice.models import Outcome, Side, Story
from documents.models import Practice
from experts import presenting
from experts.models import Expert


@dataclass(frozen=True)
class Told:
    """One story as a page shows it. `expert` is None where the profile left the list."""

    pk: int
    country: str  # code
    country_name: str
    year: int
    terms: list[str]
    expert: Expert | None
    helped: str
    requester_says: str
    expert_says: str
    practice: Practice | None


def shown() -> QuerySet[Story]:
    """Those that everybody may read, the newest first."""
    return Story.objects.shown()


def of_expert(expert: Expert) -> QuerySet[Story]:
    return shown().filter(choice__expert=expert)


def of_country(code: str) -> QuerySet[Story]:
    return shown().filter(choice__place__request__country=code)


def of_practice(practice: Practice) -> QuerySet[Story]:
    return shown().filter(choice__place__request__practice=practice)


def told(stories: QuerySet[Story] | Iterable[Story]) -> list[Told]:
    """These stories with their words; the same number of queries however many they are."""
    rows = (
        stories.select_related("choice__expert", "choice__place__request__practice__current")
        .prefetch_related("choice__outcomes", "choice__place__request__terms")
        .defer("choice__expert__search", "choice__place__request__practice__current__search")
    )
    return [_told(story) for story in rows]


def _told(story: Story) -> Told:
    choice = story.choice
    request = choice.place.request
    said: dict[str, Outcome] = {one.side: one for one in choice.outcomes.all()}
    practice = request.practice
    is_listed = choice.expert.status == Expert.Status.LISTED
    is_published = practice is not None and practice.status == Practice.Status.PUBLISHED
    return Told(
        pk=story.pk,
        country=request.country_id,
        country_name=presenting.country(request.country_id),
        year=story.at.year,
        terms=[term.label for term in request.terms.all()],
        expert=choice.expert if is_listed else None,
        helped=said[Side.REQUESTER].get_helped_display(),
        requester_says=said[Side.REQUESTER].sentence,
        expert_says=said[Side.EXPERT].sentence,
        practice=practice if is_published else None,
    )
