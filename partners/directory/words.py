"""Searching by words, and what to suggest for words that find nothing."""

from django.contrib.postgres.aggregates import ArrayAgg
from django.contrib.postgres.search import SearchQuery, SearchRank, TrigramWordSimilarity
from django.db.models import F, Func, QuerySet, Value

from partners.models import Country, Synonym, Term
from partners.reference import sort_key

MAX_LENGTH = 200  # characters of a query that are looked at
SIMILAR = 0.5  # word similarity (0 to 1) from which a word is suggested
SUGGESTIONS = 3


class Words(SearchQuery):
    """What a person typed, as a query: stemmed as English or as written, accents ignored."""

    def __init__(self, words: str):
        super().__init__(words[:MAX_LENGTH])
        self.function = "portal_query"


class Rank(SearchRank):
    """0 to 1: a name weighs more than expertise, expertise more than summary, that more than text.

    `field` is the search vector.
    """

    def __init__(self, words: str, field: str = "search"):
        weights = [0.05, 0.2, 0.6, 1.0]  # text, summary, expertise, name
        super().__init__(F(field), Words(words), weights=weights)


def ids_of(rows: QuerySet) -> list[int]:
    """Keys of all these rows, in no order."""
    return rows.order_by().aggregate(keys=ArrayAgg("pk", default=Value([])))["keys"]


def terms_with_hits(words: str) -> list[Term]:
    """The whole vocabulary in its order; `hit` says whether the words name the term."""
    terms = Term.objects.defer("words", "description")
    if words:
        terms = terms.extra(
            select={"hit": "partners_term.words @@ portal_query(%s)"},
            select_params=[words[:MAX_LENGTH]],
        )
    else:
        terms = terms.annotate(hit=Value(False))
    return list(terms)


def other_words(terms: list[Term]) -> list[str]:
    """Up to three other words for these terms, to show what the search understood."""
    if not terms:
        return []
    found = Synonym.objects.filter(term__in=terms).values_list("text", flat=True)
    return list(found[:3])


def suggestions(words: str, rows: QuerySet, name: str, sort_name: str) -> list[str]:
    """Up to three known words that look like a misspelt query, best first.

    Looks at terms, their synonyms, countries and the names of `rows` (those the person may see),
    which stand in the fields `name` and, in lower case without accents, `sort_name`. Trigram
    similarity, so 'termometer' finds thermometers.
    """
    wanted = Value(sort_key(words[:MAX_LENGTH]))
    plain = Func(F("text"), function="portal_sort_key")
    sources = [
        Synonym.objects.annotate(plain=plain),
        *(
            Term.objects.annotate(text=F(label), plain=Func(F(label), function="portal_sort_key"))
            for label in ("label_en", "label_fr", "label_es")
        ),
        Country.objects.annotate(text=F("name"), plain=F("sort_name")),
        rows.filter(**{f"{sort_name}__trigram_word_similar": wanted}).annotate(
            text=F(name), plain=F(sort_name)
        ),
    ]
    rows = [
        source.annotate(likeness=TrigramWordSimilarity(wanted, F("plain")))
        .filter(likeness__gte=SIMILAR)
        .order_by("-likeness")
        .values_list("text", "likeness")[:SUGGESTIONS]
        for source in sources
    ]
    found = {}
    for text, likeness in rows[0].union(*rows[1:], all=True):
        found[text] = max(likeness, found.get(text, 0))
    return sorted(found, key=lambda text: -found[text])[:SUGGESTIONS]
