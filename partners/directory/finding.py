"""What a query string asks for, who fits, how many each filter value would give.

The results come from PostgreSQL through the filters; the numbers beside every filter value come
from sets of bits (index.py).
"""

from datetime import datetime
from functools import reduce
from operator import and_

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.functional import cached_property

from partners.directory import words as searching
from partners.directory.facets import FacetSet
from partners.directory.index import Index, Keeper
from partners.models import Term


class Found:
    """One answer of a directory; a subclass for each says what is its own.

    `counts` has, for each filter, value → number of results with this value while all other
    filters are kept. `without` has, for each active filter and for the words ("q"), the number of
    results if it were dropped; a filter with a default is then back at it. While nobody chose a
    value of such a filter, `without` has the number with all its values. `words_alone` is the
    number without any filter. `unknown` has (filter, value) of what nobody knows. `members` is the
    set of the results in `index`.
    """

    facet_set: type[FacetSet]
    keeper: Keeper
    #: Ways to sort, by name; "fit" only with words, the first other one without.
    sorts: dict[str, str]

    def __init__(self, params: QueryDict, user, now: datetime):
        """Answer `q`, `sort` and the filters, each any number of times. `now` is aware, in UTC."""
        self.user, self.now = user, now
        self.words = " ".join(params.get("q", "").split())[: searching.MAX_LENGTH]
        self.terms = searching.terms_with_hits(self.words)
        self.prepare()
        self.facets = self.facet_set.offered(self)
        self.chosen, self.unknown = self._known(params)
        first = "fit" if self.words else next(name for name in self.sorts if name != "fit")
        self.sort = params.get("sort") or first
        if self.sort not in self.sorts:
            self.unknown.append(("sort", self.sort[:60]))
            self.sort = first
        self._count(self.keeper.current())
        rows = self.everything()
        if self.words:
            rows = self.matching(rows)
        self.results = self.ordered(
            self.facet_set(self._as_query(self.chosen), rows, found=self).qs
        )

    # What is each directory's own

    def prepare(self):
        """Read once what the filters need."""

    def everything(self) -> QuerySet:
        """All rows of the directory that this person may see."""
        raise NotImplementedError

    def visible(self, index: Index) -> int:
        """The same as a set."""
        return index.everybody

    def matching(self, rows: QuerySet) -> QuerySet:
        """Those of these rows in which all words stand."""
        raise NotImplementedError

    def keys_matching(self) -> list[int]:
        """Keys of all rows in which the words stand, whoever may see them."""
        raise NotImplementedError

    def set_matching(self, index: Index) -> int:
        """The same as a set."""
        return index.of(self.keys_matching())

    def ordered(self, rows: QuerySet) -> QuerySet:
        """In the order of `sort`, the same at each request."""
        raise NotImplementedError

    def in_words(self, number: int) -> str:
        """'3 experts', for an integer that is written as the reader's language does."""
        raise NotImplementedError

    def hidden_in_words(self, number: int) -> str:
        """'Add 3 lapsed profiles': what the default of a filter leaves out."""
        raise NotImplementedError

    # What is the same for all

    @property
    def hits(self) -> list[Term]:
        """Terms that the words name."""
        return [term for term in self.terms if term.hit]

    def tags(self, term_ids: list[int]) -> list[tuple[str, bool]]:
        """(label, whether it was asked for) of a row's terms, those that were asked for first."""
        own = [self._by_key[key] for key in term_ids if key in self._by_key]
        own.sort(key=lambda term: (term.pk not in self._hits, term.order))
        return [(term.label, term.pk in self._hits or term.parent_id in self._hits) for term in own]

    @cached_property
    def _by_key(self) -> dict[int, Term]:
        return {term.pk: term for term in self.terms}

    @cached_property
    def _hits(self) -> set[int]:
        chosen = self.chosen.get("term", ())
        return {term.pk for term in self.terms if term.hit or term.code in chosen}

    @property
    def is_filtered(self) -> bool:
        return bool(self.words or self.chosen)

    def _known(self, params: QueryDict):
        """({filter: known values}, [(filter, unknown value)])."""
        chosen, unknown = {}, []
        for name, facet in self.facets.items():
            known = facet.known(self)
            values = list(dict.fromkeys(value for value in params.getlist(name) if value))
            if kept := [value for value in values if value in known]:
                chosen[name] = kept
            unknown += [(name, value[:60]) for value in values if value not in known]
        return chosen, unknown

    @staticmethod
    def _as_query(chosen: dict[str, list[str]]) -> QueryDict:
        query = QueryDict(mutable=True)
        for name, values in chosen.items():
            query.setlist(name, values)
        return query

    def _count(self, index: Index):
        """Fill in `total`, `counts`, `without` and `words_alone`."""
        self.counts, self.without, self.words_alone = {}, {}, 0
        self.index = index
        everybody = matching = self.visible(index)
        if self.words:
            matching &= self.set_matching(index)
        by_name = {name: {} for name in self.facets}
        for (name, value), members in index.sets.items():
            if name in by_name:
                by_name[name][value] = members
        wanted, defaults = {}, {}
        for name, facet in self.facets.items():
            values = by_name[name] = facet.sets(self, by_name[name])
            if asked := self.chosen.get(name):
                wanted[name] = facet.together([values.get(value, 0) for value in asked])
            if default := facet.default(self):
                defaults[name] = facet.together([values.get(value, 0) for value in default])
                wanted.setdefault(name, defaults[name])
        self.members = reduce(and_, wanted.values(), matching)
        self.total = self.members.bit_count()
        for name, facet in self.facets.items():
            others = (asked for other, asked in wanted.items() if other != name)
            kept = reduce(and_, others, matching)
            among = facet.kept_for(kept, wanted.get(name))
            self.counts[name] = {
                value: number
                for value, members in by_name[name].items()
                if (number := (members & among).bit_count())
            }
            if name in defaults and name in self.chosen:
                self.without[name] = (kept & defaults[name]).bit_count()
            elif name in wanted:
                self.without[name] = kept.bit_count()
        if self.words:
            self.without["q"] = reduce(and_, wanted.values(), everybody).bit_count()
            self.words_alone = reduce(and_, defaults.values(), matching).bit_count()
