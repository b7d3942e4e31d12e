"""A page of a directory: the list, the filters, what is active, what would give more."""

from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from partners import map
from partners.directory import words as searching
from partners.directory.finding import Found
from partners.models import Region

PER_PAGE = 20


class CountedPaginator(Paginator):
    """A paginator that is told the number of results, so that it does not count again."""

    def __init__(self, found: Found):
        self.found = found
        super().__init__(found.results, PER_PAGE)

    @cached_property
    def count(self) -> int:
        return self.found.total


class Directory:
    """The page of one answer; `url_name` is the address of the directory."""

    def __init__(self, request: HttpRequest, found: Found, url_name: str):
        self.request, self.found, self.url_name = request, found, url_name

    def render(self, template: str, part: str, context: dict) -> HttpResponse:
        """The whole page, or for htmx the `part` that stands in #results."""
        if self.request.htmx.target == "results" and not (
            self.request.htmx.history_restore_request
        ):
            template = part
            context["with_the_rest"] = True  # filters and their number change as well
        return render(self.request, template, context)

    def page(self) -> Page:
        """The page asked for. Raises Http404 for a page that does not exist."""
        number = self.request.GET.get("page", "1")
        paginator = CountedPaginator(self.found)
        asked = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0
        if not 1 <= asked <= paginator.num_pages:
            missing = Http404("no such page")
            missing.reason = _("This list has no page “%(number)s”.") % {"number": number[:20]}
            missing.first_page = self.address()
            raise missing
        return paginator.page(asked)

    def context(self, page: Page) -> dict:
        """What the templates of parts/directory/ need; `cards` is the caller's."""
        found = self.found
        labels = {name: facet.label for name, facet in found.facets.items()}
        labels["sort"] = _("Sort by")
        return {
            "found": found,
            "page": page,
            "list_url": reverse(self.url_name),
            "search_key": self.query(sort=[]) if found.is_filtered else "",
            "heading": found.in_words(found.total),
            "facets": self._facets(),
            "chips": self._chips(),
            "active": sum(len(values) for values in found.chosen.values()),
            "unknown": [(labels[name], value) for name, value in found.unknown],
            "loosen": [] if found.total else self._loosen(),
            "hidden": self._hidden(),
            "also": searching.other_words(found.hits) if found.words else [],
            "sorts": self._sorts(),
            "kept_sort": found.sort if self.request.GET.get("sort") == found.sort else "",
        }

    def address(self, **changes: list[str]) -> str:
        """The directory with the same query, but `name=[values]` replaced; page 1 of it."""
        query = self.query(**changes)
        return reverse(self.url_name) + (f"?{query}" if query else "")

    def query(self, **changes: list[str]) -> str:
        """The same as a query string."""
        query = {name: self.request.GET.getlist(name) for name in ("q", "sort", *self.found.facets)}
        query.update(changes)
        return urlencode([(name, one) for name, values in query.items() for one in values if one])

    def downloads(self, *names: tuple[str, str]) -> list[tuple[str, str]]:
        """(address, words) of pages with the same filters, from (URL name, words)."""
        query = self.query()
        return [(reverse(name) + (f"?{query}" if query else ""), words) for name, words in names]

    def map(self) -> dict:
        """The map and its query: each figure is what a click on its region gives."""
        counts = self.found.counts
        drawn = map.draw(
            [
                {"code": one.value, "name": one.label, "total": counts["region"].get(one, 0)}
                for one in Region
            ],
            counts["country"],
        )
        rest = self.query(region=[])
        return {"map": drawn, "map_query": f"&{rest}" if rest else ""}

    def suggestions(self, name: str, sort_name: str) -> list[dict]:
        """For words that find nothing: what may have been meant, from these fields too."""
        found = self.found
        if found.total or not found.words:
            return []
        known = searching.suggestions(found.words, found.everything(), name, sort_name)
        return [{"text": word, "url": self.address(q=[word])} for word in known]

    def _facets(self) -> list[dict]:
        found = self.found
        return [
            {
                "name": name,
                "label": facet.label,
                "open": facet.starts_open or name in found.chosen,
                "options": [
                    {
                        "value": value,
                        "label": label,
                        "group": group,
                        "count": found.counts[name].get(value, 0),
                        "checked": value in found.chosen.get(name, []),
                    }
                    for value, label, group in facet.options(found)
                ],
            }
            for name, facet in found.facets.items()
        ]

    def _labels(self, name: str) -> dict[str, str]:
        options = self.found.facets[name].options(self.found)
        return {value: str(label) for value, label, _group in options}

    def _chips(self) -> list[dict]:
        chips = []
        if self.found.words:
            chips.append({"name": f"“{self.found.words}”", "url": self.address(q=[])})
        for name, values in self.found.chosen.items():
            labels, facet = self._labels(name), self.found.facets[name]
            prefix = f"{facet.label}: " if facet.says_name else ""
            for value in values:
                rest = [other for other in values if other != value]
                url = self.address(**{name: rest})
                chips.append({"name": prefix + labels[value], "url": url})
        return chips

    def _loosen(self) -> list[dict]:
        """For an empty result: which filter to drop, and how many that would give."""
        found, offers = self.found, []
        for name, values in found.chosen.items():
            labels = self._labels(name)
            words = found.facets[name].in_words([labels[value] for value in values])
            offers.append((found.without[name], _without(words), {name: []}))
        if found.words:
            offers.append((found.without["q"], _without(found.words), {"q": []}))
            if found.chosen:
                text = _("Only the words “%(words)s”, without filters") % {"words": found.words}
                offers.append((found.words_alone, text, {name: [] for name in found.facets}))
        return [
            {"text": f"{text}: {found.in_words(number)}", "url": self.address(**changes)}
            for number, text, changes in offers
            if number
        ]

    def _hidden(self) -> dict | None:
        """How many more there are when what a default leaves out is shown too, and where."""
        found = self.found
        for name, facet in found.facets.items():
            if facet.default(found) and name not in found.chosen:
                more = found.without[name] - found.total
                every = [value for value, label, _group in facet.options(found)]
                if more > 0:
                    url = self.address(**{name: every})
                    return {"text": found.hidden_in_words(more), "url": url}
        return None

    def _sorts(self) -> list[tuple[str, str, bool]]:
        found = self.found
        return [
            (value, label, value == found.sort)
            for value, label in found.sorts.items()
            if value != "fit" or found.words
        ]


def _without(what: str) -> str:
    return _("Without “%(what)s”") % {"what": what}


def figure(number: int) -> str:
    """A number as the reader's language writes it: 5,000."""
    return number_format(number, use_l10n=True, force_grouping=True)
