"""The directory: filters, results, map."""

from urllib.parse import urlencode

from django.core.paginator import Page, Paginator
from django.http import Http404, HttpRequest
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from experts import map, presenting, search
from experts.directory import FACETS, PER_PAGE, Found, find
from experts.filters import ABILITIES, FRESHNESS_LABELS
from experts.models import Expert
from partners import languages
from partners.models import Region

#: Facets that stand open at first; the others open when one of their values is chosen.
OPEN = ("region", "term")
LABELS = {
    "region": gettext_lazy("Region"),
    "term": gettext_lazy("Expertise"),
    "language": gettext_lazy("Language"),
    "country": gettext_lazy("Country"),
    "can": gettext_lazy("Can do"),
    "available": gettext_lazy("Available"),
    "fresh": gettext_lazy("Profile confirmed"),
    "sort": gettext_lazy("Sort by"),
}


@require_safe
@vary_on_headers("HX-Target")
def expert_list(request):
    found = find(request.GET, request.user, timezone.now())
    context = _context(request, found)
    template = "experts/expert_list.html"
    if request.htmx.target == "results" and not request.htmx.history_restore_request:
        template = "experts/parts/results.html"
        context["with_the_rest"] = True  # filters, their number and the map change as well
    return render(request, template, context)


def _map(found: Found) -> dict:
    """Each figure of the map is what a click on its region gives."""
    return map.draw(
        [
            {
                "code": region.value,
                "name": region.label,
                "total": found.counts["region"].get(region, 0),
            }
            for region in Region
        ],
        found.counts["country"],
    )


class CountedPaginator(Paginator):
    """A paginator that is told the number of results, so that it does not count again."""

    def __init__(self, found: Found):
        self.found = found
        super().__init__(found.experts.defer("search", "experience"), PER_PAGE)

    @cached_property
    def count(self) -> int:
        return self.found.total


def _page(request: HttpRequest, found: Found) -> Page:
    """The page asked for. Raises Http404 for a page that does not exist."""
    number = request.GET.get("page", "1")
    paginator = CountedPaginator(found)
    asked = int(number) if number.isascii() and number.isdigit() and len(number) < 10 else 0
    if not 1 <= asked <= paginator.num_pages:
        missing = Http404("no such page")
        missing.reason = _("This list has no page “%(number)s”.") % {"number": number[:20]}
        missing.first_page = _address(request)
        raise missing
    return paginator.page(asked)


def _context(request: HttpRequest, found: Found) -> dict:
    page = _page(request, found)
    by_key = {term.pk: term for term in found.terms}
    hits = {term.pk for term in found.hits}
    hits |= {term.pk for term in found.terms if term.code in found.chosen.get("term", ())}
    limits = found.policy.limits(found.now)
    cards = [_card(expert, by_key, hits, limits, found) for expert in page]
    return {
        "found": found,
        "page": page,
        "cards": cards,
        "heading": ngettext("%(n)s expert", "%(n)s experts", found.total)
        % {"n": number_format(found.total, use_l10n=True, force_grouping=True)},
        "facets": _facets(found),
        "chips": _chips(request, found),
        "active": sum(len(values) for values in found.chosen.values()),
        "unknown": [(LABELS[name], value) for name, value in found.unknown],
        "loosen": [] if found.total else _loosen(request, found),
        "suggestions": [] if found.total or not found.words else _suggestions(request, found),
        "lapsed": _with_lapsed(request, found),
        "also": search.other_words(found.hits) if found.words else [],
        "sorts": _sorts(found),
        "kept_sort": found.sort if request.GET.get("sort") == found.sort else "",
        "map": _map(found),
        "map_query": _filters_beside(request, "region"),
        "exports": _exports(request),
    }


def _card(expert: Expert, terms: dict, hits: set, limits, found: Found) -> dict:
    own = [terms[key] for key in expert.term_ids if key in terms]
    own.sort(key=lambda term: (term.pk not in hits, term.order))
    return {
        "expert": expert,
        "url": f"/experts/{expert.pk}/",
        "badge": presenting.badge(expert, limits),
        "place": ", ".join(
            part
            for part in (
                expert.organisation.name if expert.organisation else "",
                presenting.country(expert.country_id),
            )
            if part
        ),
        "terms": [(term.label, term.pk in hits or term.parent_id in hits) for term in own],
        "speaks": ", ".join(presenting.spoken(expert)),
        "can": presenting.abilities(expert),
        "limit": presenting.availability(expert, found.now),
    }


def _options(found: Found, name: str) -> list[tuple[str, str, bool]]:
    """(value, label, is a group) of a filter: those that give a result, and the chosen ones."""
    counts, chosen = found.counts[name], found.chosen.get(name, [])
    if name == "region":
        return [(region.value, region.label, False) for region in Region]
    if name == "can":
        return [(value, label, False) for value, label in ABILITIES]
    if name == "available":
        return [("now", _("Now"), False)]
    if name == "fresh":
        return [(value, label, False) for value, label in FRESHNESS_LABELS]
    if name == "term":
        return [
            (term.code, term.label, term.parent_id is None)
            for term in found.terms
            if term.code in counts or term.code in chosen
        ]
    label = languages.name if name == "language" else presenting.country
    values = {*counts, *chosen} - {None}
    pairs = sorted(((value, label(value)) for value in values), key=lambda pair: pair[1])
    if name == "language":
        pairs.sort(key=lambda pair: -counts.get(pair[0], 0))
    return [(value, label, False) for value, label in pairs]


def _facets(found: Found) -> list[dict]:
    return [
        {
            "name": name,
            "label": LABELS[name],
            "open": name in OPEN or name in found.chosen,
            "options": [
                {
                    "value": value,
                    "label": label,
                    "group": group,
                    "count": found.counts[name].get(value, 0),
                    "checked": value in found.chosen.get(name, []),
                }
                for value, label, group in _options(found, name)
            ],
        }
        for name in FACETS
    ]


def _address(request: HttpRequest, **changes) -> str:
    """The directory with the same query, but `name=[values]` replaced; the page starts anew."""
    query = {name: request.GET.getlist(name) for name in ("q", "sort", *FACETS)}
    query.update(changes)
    pairs = [(name, value) for name, values in query.items() for value in values if value]
    return reverse("expert_list") + (f"?{urlencode(pairs)}" if pairs else "")


def _filters_beside(request: HttpRequest, name: str) -> str:
    """The query without one filter, to write after that filter's own value: "&language=fr"."""
    rest = _address(request, **{name: []}).partition("?")[2]
    return f"&{rest}" if rest else ""


def _labels(found: Found, name: str) -> dict[str, str]:
    return {value: str(label) for value, label, _group in _options(found, name)}


def _chips(request: HttpRequest, found: Found) -> list[dict]:
    chips = []
    if found.words:
        chips.append({"name": f"“{found.words}”", "url": _address(request, q=[])})
    for name, values in found.chosen.items():
        labels = _labels(found, name)
        for value in values:
            rest = [other for other in values if other != value]
            prefix = f"{LABELS[name]}: " if name in ("available", "fresh") else ""
            chips.append({"name": prefix + labels[value], "url": _address(request, **{name: rest})})
    return chips


def _loosen(request: HttpRequest, found: Found) -> list[dict]:
    """For an empty result: which filter to drop, and how many that would give."""
    offers = []
    for name, values in found.chosen.items():
        labels = _labels(found, name)
        words = _("” or “").join(labels[value] for value in values)
        offers.append((found.without[name], _without(words), {name: []}))
    if found.words:
        offers.append((found.without["q"], _without(found.words), {"q": []}))
        if found.chosen:
            text = _("Only the words “%(words)s”, without filters") % {"words": found.words}
            offers.append((found.words_alone, text, {name: [] for name in FACETS}))
    return [
        {
            "text": ngettext("%(what)s: %(n)s expert", "%(what)s: %(n)s experts", number)
            % {"what": text, "n": number_format(number, force_grouping=True)},
            "url": _address(request, **changes),
        }
        for number, text, changes in offers
        if number
    ]


def _without(what: str) -> str:
    return _("Without “%(what)s”") % {"what": what}


def _suggestions(request: HttpRequest, found: Found) -> list[dict]:
    words = search.suggestions(found.words, Expert.objects.listed().visible_to(request.user))
    return [{"text": word, "url": _address(request, q=[word])} for word in words]


def _with_lapsed(request: HttpRequest, found: Found) -> dict | None:
    """How many more there are when lapsed profiles are shown too, and where."""
    more = found.without.get("fresh", 0) - found.total
    if "fresh" in found.chosen or more <= 0:
        return None
    text = ngettext("Add %(n)s lapsed profile", "Add %(n)s lapsed profiles", more)
    text %= {"n": number_format(more, force_grouping=True)}
    every = [value for value, label in FRESHNESS_LABELS]
    return {"text": text, "url": _address(request, fresh=every)}


def _sorts(found: Found) -> list[tuple[str, str, bool]]:
    names = {"fit": _("Best fit"), "name": _("Name"), "confirmed": _("Last confirmed")}
    offered = names if found.words else {key: names[key] for key in ("name", "confirmed")}
    return [(value, label, value == found.sort) for value, label in offered.items()]


def _exports(request: HttpRequest) -> list[tuple[str, str]]:
    """(address, words) of the downloads, with the same filters."""
    query = _address(request).partition("?")[2]
    return [
        (reverse(name) + (f"?{query}" if query else ""), words)
        for name, words in (
            ("expert_export_csv", _("CSV")),
            ("expert_export_xlsx", _("Excel")),
            ("expert_roster", _("printable roster")),
        )
    ]
