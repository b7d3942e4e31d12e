"""A search of a directory as a thing that can be followed: who or what newly fits it."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from mailings.following import ITEMS_AT_MOST, Followable, Item, Thing
from partners.directory.finding import Found

Find = Callable[[QueryDict, object, datetime], Found]
_NOT_OF_A_SEARCH = ("page", "sort")


def searches(
    code: str, name: str | Promise, area: str | Promise, url_name: str, ask: Find
) -> Followable:
    """Searches of one directory: `ask` answers a query string, `url_name` is its list, `area` the
    word for what is found there, and the key of a search its query string.
    """

    def answer(key: str, user) -> Found:
        return ask(QueryDict(key), user, timezone.now())

    def find(key: str, user) -> Thing | None:
        found = answer(key, user)
        if not found.is_filtered:
            return None
        words = _("%(area)s: %(filters)s") % {"area": area, "filters": ", ".join(_labels(found))}
        return Thing(words, f"{reverse(url_name)}?{key}")

    def items(key: str, user) -> Iterable[Item]:
        for one in answer(key, user).results[:ITEMS_AT_MOST]:
            yield Item(f"{one._meta.model_name}-{one.pk}", str(one), one.get_absolute_url())

    return Followable(code, name, find, items, normal)


def normal(query: str) -> str:
    """The same search in one spelling: without page and order, its values sorted."""
    params = QueryDict(query)
    pairs = {
        (name, value)
        for name, values in params.lists()
        for value in values
        if value and name not in _NOT_OF_A_SEARCH
    }
    return urlencode(sorted(pairs))


def _labels(found: Found) -> Iterable[str]:
    if found.words:
        yield f"“{found.words}”"
    for name, values in found.chosen.items():
        labels = {value: str(label) for value, label, _group in found.facets[name].options(found)}
        yield from (labels[value] for value in values)
