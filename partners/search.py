"""What the search of the whole portal finds on the ground floor, and how every app says it.

An app offers `find(words, user, now)`, which gives `Hits` for each of its lists; wmaportal/views/
search.py gathers them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from partners.directory import words as searching
from partners.directory.finding import Found
from partners.directory.pages import figure
from partners.models import Organisation

MOST = 5  # of each list


@dataclass(frozen=True)
class Hit:
    """One thing that was found; `facts` stand in one line below it."""

    title: str
    url: str
    text: str = ""
    facts: Sequence[str] = ()


@dataclass(frozen=True)
class Hits:
    """The first things of one list; `url` has the whole list, `heading` says how many it has."""

    name: str
    heading: str
    url: str
    total: int
    hits: list[Hit]
    suggestions: Sequence[str] = ()  # words that may have been meant, where nothing was found


def of_directory(name: str, found: Found, url_name: str, hits: list[Hit], *fields: str) -> Hits:
    """The answer of a directory; `fields` are those of its names, for suggestions."""
    meant = searching.suggestions(found.words, found.everything(), *fields) if not hits else ()
    address = f"{reverse(url_name)}?{urlencode({'q': found.words})}"
    return Hits(name, found.in_words(found.total), address, found.total, hits, meant)


def find(words: str, user, now: datetime) -> list[Hits]:
    """Organisations that this person may see, with all words in their name."""
    found = Organisation.objects.visible_to(user).matching(words).order_by("name", "pk")
    total = found.count()
    hits = [
        Hit(one.name, one.get_absolute_url(), facts=[one.get_kind_display()])
        for one in found[:MOST]
    ]
    heading = ngettext("%(n)s organisation", "%(n)s organisations", total) % {"n": figure(total)}
    address = f"{reverse('partner_list')}?{urlencode({'q': words})}"
    return [Hits(_("Organisations"), heading, address, total, hits)]
