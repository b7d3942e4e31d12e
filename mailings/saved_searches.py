"""A search of a directory or a list as a thing that can be followed: who or what newly fits it; and
a list as a whole.
"""

from collections.abc import Callable, Collection, Iterable
from datetime import datetime

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from mailings.following import Followable, Item, Thing
from partners.directory.finding import Found
from partners.filters import NamingFilter

Find = Callable[[QueryDict, object, datetime], Found]
#: What a query string asks of the rows of a list that this person may see, the newest first
Filtered = Callable[[QueryDict, object], NamingFilter]
ALL = "all"  # key of a list as a whole
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
        return Thing(_called(area, _labels(found)), f"{reverse(url_name)}?{key}")

    def items(key: str, user, codes: Collection[str]) -> Iterable[Item]:
        return _items(answer(key, user).results, codes)

    def all_codes(key: str, user) -> Iterable[str]:
        return _codes(answer(key, user).results)

    return Followable(code, name, find, items, normal, all_codes)


def lists(
    code: str, name: str | Promise, area: str | Promise, url_name: str, ask: Filtered
) -> Followable:
    """The same of a list with filters; its key may also be that of the whole list."""

    def answer(key: str, user) -> NamingFilter:
        return ask(QueryDict("" if key == ALL else key), user)

    def find(key: str, user) -> Thing | None:
        if key == ALL:
            return Thing(str(area), reverse(url_name))
        labels = list(_labels_of_list(answer(key, user)))
        return Thing(_called(area, labels), f"{reverse(url_name)}?{key}") if labels else None

    def items(key: str, user, codes: Collection[str]) -> Iterable[Item]:
        return _items(answer(key, user).qs, codes)

    def all_codes(key: str, user) -> Iterable[str]:
        return _codes(answer(key, user).qs)

    return Followable(code, name, find, items, lambda query: normal(query) or ALL, all_codes)


def key_of(found: NamingFilter) -> str:
    """What the page of a list lets one follow: the search that it shows, else the whole."""
    is_search = any(_labels_of_list(found))
    return normal(found.data.urlencode()) if is_search else ALL


def _codes(rows: QuerySet) -> Iterable[str]:
    name = rows.model._meta.model_name
    return (f"{name}-{key}" for key in rows.values_list("pk", flat=True))


def _items(rows: QuerySet, codes: Collection[str]) -> Iterable[Item]:
    name = rows.model._meta.model_name
    for one in rows.filter(pk__in=[code.removeprefix(f"{name}-") for code in codes]):
        yield Item(f"{name}-{one.pk}", str(one), one.get_absolute_url())


def _called(area: str | Promise, labels: Iterable[str]) -> str:
    return _("%(area)s: %(filters)s") % {"area": area, "filters": ", ".join(labels)}


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


def _labels_of_list(found: NamingFilter) -> Iterable[str]:
    """Of all values that mean something."""
    found.is_valid()  # reads the values, and leaves out those that mean nothing
    for name, value in found.form.cleaned_data.items():
        field = found.form.fields[name]
        labels = {str(key): str(label) for key, label in getattr(field, "choices", ())}
        for one in value if isinstance(value, list) else [value]:
            if isinstance(field, forms.ModelChoiceField) and one:
                yield str(one)
            elif one:
                yield labels.get(str(one), f"“{one}”")
