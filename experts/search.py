"""What the search of the whole portal finds of the experts' directory."""

from datetime import datetime

from django.http import QueryDict
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from experts import directory, presenting
from partners.search import MOST, Hit, Hits, of_directory


def find(words: str, user, now: datetime) -> list[Hits]:
    """Listed experts in whose profile all words stand."""
    found = directory.find(QueryDict(urlencode({"q": words})), user, now)
    hits = [
        Hit(
            expert.name,
            expert.get_absolute_url(),
            expert.position,
            [
                *([expert.organisation.name] if expert.organisation else []),
                presenting.country(expert.country_id),
            ],
        )
        for expert in found.results.defer("search", "experience")[:MOST]
    ]
    return [of_directory(_("Experts"), found, "expert_list", hits, "name", "sort_name")]
