"""What the search of the whole portal finds among practices and documents."""

from datetime import datetime

from django.http import QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from documents import library_directory, practice_directory
from documents.models import PracticeVersion
from experts import presenting
from partners.search import MOST, Hit, Hits, of_directory


def find(words: str, user, now: datetime) -> list[Hits]:
    """Published practices, then documents that this person may see."""
    query = QueryDict(urlencode({"q": words}))
    return [_practices(query, user, now), _documents(query, user, now)]


def _practices(query: QueryDict, user, now: datetime) -> Hits:
    found = practice_directory.find(query, user, now)
    hits = []
    for practice in found.results[:MOST]:
        sheet = practice.current
        facts = [presenting.country(sheet.country_id)]
        if sheet.kind == PracticeVersion.Kind.WARNING:
            facts.append(sheet.get_kind_display())
        hits.append(Hit(sheet.title, practice.get_absolute_url(), sheet.summary, facts))
    fields = ("current__title", "current__sort_title")
    return of_directory(_("Good practices"), found, "practice_list", hits, *fields)


def _documents(query: QueryDict, user, now: datetime) -> Hits:
    found = library_directory.find(query, user, now)
    hits = [
        Hit(
            document.title,
            document.get_absolute_url(),
            document.summary,
            [document.get_kind_display(), *([str(document.year)] if document.year else [])],
        )
        for document in found.results.defer("search")[:MOST]
    ]
    return of_directory(_("Library"), found, "document_list", hits, "title", "sort_title")
