"""Papers that the search of the whole portal finds: all words, in the title."""

from datetime import date

import pytest
from django.contrib.auth.models import AnonymousUser

from meetings.search_papers import find_papers
from tests.factories import MeetingFactory
from tests.factories.papers import PaperFactory, PaperVersionFactory

pytestmark = pytest.mark.django_db


def titles(words) -> list[str]:
    return [one.title for one in find_papers(words, AnonymousUser())]


def test_all_words_are_in_the_title_in_any_form_and_order():
    for title in ("Costs of lamp recycling", "Lamps", "Déchets de mercure"):
        PaperVersionFactory(paper__title=title)

    assert titles("recycling LAMPS") == ["Costs of lamp recycling"]
    assert titles("dechets") == ["Déchets de mercure"]
    assert (titles("lamp thermometer"), titles(" "), titles("'&|!\\")) == ([], [], [])


def test_those_of_the_newest_meeting_come_first():
    for year in (2025, 2027, 2026):
        day = date(year, 3, 1)
        meeting = MeetingFactory(starts_on=day, ends_on=day)
        PaperVersionFactory(paper=PaperFactory(meeting=meeting, title=f"Logistics {year}"))

    assert titles("logistics") == ["Logistics 2027", "Logistics 2026", "Logistics 2025"]
