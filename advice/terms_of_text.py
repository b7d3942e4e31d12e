"""Which fields of expertise a text is about: from the vocabulary, everyday words and the library.

A text in plain words is held against what is known of each term (docs/decisions/0070): its labels
and synonyms, words that people use who do not know the vocabulary (data/everyday_words.json), its
description, and the titles and summaries of practices, needs and documents that have the term.
Each process keeps what it knows, and asks PostgreSQL every minute whether that is still so.
"""

import json
import math
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from django.db import connection
from rapidfuzz.distance import OSA

from advice import wording
from advice.models import Need
from documents.models import Document, Practice
from partners import reference
from partners.models import Term

#: How much a hit tells, by where the words stand. A phrase that stands in the text word by word
#: counts whole, one word of it alone less. Tuned on tests/advice/data/requests_to_tune.json, where
#: `part` made the difference: several single words of one term tell more than one phrase.
WEIGHTS = {
    "label": 3.0,
    "synonym": 2.5,
    "everyday": 1.5,
    "group": 0.8,  # labels and synonyms of the group: for each of its terms
    "part": 0.8,  # one word of a phrase of two, as a share of the phrase
    "description": 0.5,
    "library": 0.5,  # at most, for a word that stands in all texts of a term
}
EACH_MORE_WORD = 0.5  # a phrase of three words tells more than one word does
TOGETHER = 0.6  # what a phrase tells at least, as a share, however common its words
MISSPELT = 0.75  # a word that had to be corrected
LEAST = 0.8  # score under which a text says nothing of a term
LEAST_SHARE = 0.2  # of the best term's score

COMMON = 0.25  # what stands at more of the terms, as mercury and waste do, tells nothing

SECONDS_BETWEEN_CHECKS = 60
NEWEST = 300  # needs, practices and documents that are read, of each
SHORTEST_CORRECTED = 5  # letters

_EVERYDAY = Path(__file__).parent / "data" / "everyday_words.json"

_VERSION = """
    SELECT concat_ws(' ',
        (SELECT md5(string_agg(concat_ws('|', id, code, parent_id, label_en, label_fr, label_es,
            description), '~' ORDER BY id)) FROM partners_term),
        (SELECT md5(string_agg(concat_ws('|', term_id, text), '~' ORDER BY id))
            FROM partners_synonym),
        (SELECT concat_ws('/', count(*), max(id)) FROM advice_need
            WHERE status IN ('open', 'being_met', 'met', 'closed')),
        (SELECT concat_ws('/', count(*), max(current_id)) FROM documents_practice
            WHERE status = 'published'),
        (SELECT concat_ws('/', count(*), max(current_id)) FROM documents_document
            WHERE current_id IS NOT NULL))
"""


@dataclass
class Known:
    """What is known of the terms. Not changed once it is shared.

    `phrases` has, for language and first stem, (stems, {term: value}); `sayings` the same with
    whole words, of those that have one telling word beside little ones ("another country");
    `profile`, for language and stem, {term: value}; `spellings`, for language and first letter,
    whole words to correct by.
    """

    version: str
    phrases: dict[tuple, list] = field(default_factory=lambda: defaultdict(list))
    sayings: dict[tuple, list] = field(default_factory=lambda: defaultdict(list))
    profile: dict[tuple, dict] = field(default_factory=dict)
    spellings: dict[tuple, list] = field(default_factory=lambda: defaultdict(list))
    checked_at: float = 0.0


_kept: dict[str, Known] = {}  # by name of the database


def propose_terms(text: str, limit: int = 6) -> list[Term]:
    """The terms (never groups) that the text is about, best first; none for one that says nothing.

    Only the first 8,000 characters are looked at.
    """
    best = scores(text)
    if not best:
        return []
    highest = max(best.values())
    likely = [key for key, score in best.items() if score >= max(LEAST, LEAST_SHARE * highest)]
    likely.sort(key=lambda key: (-best[key], key))
    terms = Term.objects.filter(parent__isnull=False).in_bulk(likely[:limit])
    return [terms[key] for key in likely[:limit] if key in terms]  # none that went just now


def scores(text: str) -> dict[int, float]:
    """How much the text tells of each term, by key of the term; without those of which it is
    silent.
    """
    words = wording.words_of(text)
    if not words:
        return {}
    known = _current()
    found: dict[tuple, float] = {}  # (term, what was hit) → value, the best of all languages
    for language in wording.spoken_in(words):
        for hit, value in _hits(known, words, language).items():
            found[hit] = max(value, found.get(hit, 0.0))
    totals: dict[int, float] = defaultdict(float)
    for (term, _what), value in found.items():
        totals[term] += value
    return dict(totals)


def telling_words(text: str, limit: int) -> list[str]:
    """Words of the text that say what it is about, the rarest first; for a search in profiles."""
    words = wording.words_of(text)
    languages = wording.spoken_in(words) if words else []
    little = frozenset().union(*(wording.STOP[language] for language in languages))
    known = _current() if words else None
    found: dict[str, float] = {}
    for word in words:
        if word in little or len(word) < 4 or word in found or word.isdigit():
            continue
        terms = [known.profile.get((lang, wording.stem(word, lang)), {}) for lang in languages]
        found[word] = max((max(one.values()) for one in terms if one), default=0.0)
    return sorted(found, key=lambda word: -found[word])[:limit]


def _hits(known: Known, words: list[str], language: str) -> dict[tuple, float]:
    """(term, what) → value, where what is a tuple of stems (a phrase) or one stem (a word)."""
    stop = wording.STOP[language]
    text, sure = [], []
    found: dict[tuple, float] = {}
    for place, word in enumerate(words):
        for phrase, terms in known.sayings.get((language, word), ()):
            if tuple(words[place : place + len(phrase)]) == phrase:
                for term, value in terms.items():
                    found[term, phrase] = value
        if word in stop:
            continue
        stem = wording.stem(word, language)
        right = True
        if (language, stem) not in known.profile:
            corrected = _corrected(known, word, language)
            if corrected:
                stem, right = wording.stem(corrected, language), False
        text.append(stem)
        sure.append(right)
    for place, stem in enumerate(text):
        factor = 1.0 if sure[place] else MISSPELT
        for phrase, terms in known.phrases.get((language, stem), ()):
            end = place + len(phrase)
            if tuple(text[place:end]) == phrase:
                trust = 1.0 if all(sure[place:end]) else MISSPELT
                for term, value in terms.items():
                    hit = (term, phrase)
                    found[hit] = max(found.get(hit, 0.0), value * trust)
        for term, value in known.profile.get((language, stem), {}).items():
            hit = (term, stem)
            found[hit] = max(found.get(hit, 0.0), value * factor)
    return found


def _corrected(known: Known, word: str, language: str) -> str:
    """The known word that was meant by a misspelt one; empty where none is near enough."""
    if len(word) < SHORTEST_CORRECTED or not word.isalpha():
        return ""
    most = 1 if len(word) < 8 else 2
    best, nearest = "", most + 1
    for other in known.spellings.get((language, word[0]), ()):
        if abs(len(other) - len(word)) <= most:
            distance = OSA.distance(word, other, score_cutoff=most)
            if distance < nearest:
                best, nearest = other, distance
    return best


# What is known


def _current() -> Known:
    """What this process knows, made anew when the vocabulary or the library changed."""
    database = connection.settings_dict["NAME"]
    kept = _kept.get(database)
    now = time.time()
    if kept and abs(now - kept.checked_at) < SECONDS_BETWEEN_CHECKS:
        return kept
    with connection.cursor() as cursor:
        cursor.execute(_VERSION)
        version = cursor.fetchone()[0]
    if kept is None or kept.version != version:
        kept = _learn(version)
        _kept[database] = kept
    kept.checked_at = now
    return kept


@cache
def _everyday() -> dict[str, dict[str, list[str]]]:
    """Code of the term → language → words."""
    return json.loads(_EVERYDAY.read_text(encoding="utf-8"))


def _learn(version: str) -> Known:
    known = Known(version)
    terms = list(Term.objects.defer("words").prefetch_related("synonyms"))
    leaves = [term for term in terms if term.parent_id]
    # (language, stems) → term → value: of equal phrases of one term the strongest counts
    phrases: dict[tuple, dict] = defaultdict(dict)
    sayings: dict[tuple, dict] = defaultdict(dict)
    texts: dict[tuple, dict] = defaultdict(dict)
    seen_words = defaultdict(set)

    def learn(term_ids: list[int], text: str, languages: tuple, weight: float):
        words = wording.words_of(text)
        for language in languages:
            stems = tuple(wording.stems(words, language))
            if len(stems) < 2 and len(words) > len(stems):
                saying = sayings[language, tuple(words)]
                saying.update({key: max(weight, saying.get(key, 0.0)) for key in term_ids})
                continue
            if not stems:
                continue
            seen_words[language].update(words)
            for key in term_ids:
                value = phrases[language, stems].get(key, 0.0)
                phrases[language, stems][key] = max(value, weight)

    children = defaultdict(list)
    for term in leaves:
        children[term.parent_id].append(term.pk)
    for term in terms:
        keys = [term.pk] if term.parent_id else children[term.pk]
        own = 1.0 if term.parent_id else WEIGHTS["group"] / WEIGHTS["label"]
        for label in (term.label_en, term.label_fr, term.label_es):
            learn(keys, label, wording.LANGUAGES, WEIGHTS["label"] * own)
        for synonym in term.synonyms.all():
            learn(keys, synonym.text, wording.LANGUAGES, WEIGHTS["synonym"] * own)
    by_code = _terms_by_code(leaves)
    for code, by_language in _everyday().items():
        if code in by_code:
            for language, lines in by_language.items():
                for line in lines:
                    learn([by_code[code]], line, (language,), WEIGHTS["everyday"])
    for term in leaves:
        for stem in set(wording.stems(wording.words_of(term.description), "en")):
            texts["en", stem][term.pk] = WEIGHTS["description"]
    _read_library(texts, {term.pk for term in leaves})
    _weigh(known, phrases, texts, max(len(leaves), 4))
    for (language, words), by_term in sayings.items():
        value = EACH_MORE_WORD + 1
        weighed = {key: weight * value / len(by_term) for key, weight in by_term.items()}
        known.sayings[language, words[0]].append((words, weighed))
    for language, words in seen_words.items():
        for word in sorted(words):
            if len(word) >= SHORTEST_CORRECTED - 1 and word.isalpha():
                known.spellings[language, word[0]].append(word)
    return known


def _terms_by_code(leaves: list[Term]) -> dict[str, int]:
    """Code → key, also for terms that were merged since: their labels are synonyms of another."""
    found = {term.code: term.pk for term in leaves}
    by_name = {}
    for term in leaves:
        names = [term.label_en, term.label_fr, term.label_es]
        for name in [*names, *(synonym.text for synonym in term.synonyms.all())]:
            by_name.setdefault(wording.plain(name), term.pk)
    for row in reference.read("expertise"):
        if row["code"] not in found:
            for label in (row["label_en"], row["label_fr"], row["label_es"]):
                if wording.plain(label) in by_name:
                    found[row["code"]] = by_name[wording.plain(label)]
                    break
    return found


def _read_library(texts: dict, leaves: set[int]):
    """Add the words of public needs, practices and documents to those of their terms."""
    rows = [
        *Need.objects.published().order_by("-pk").values_list("title", "description", "term_ids"),
        *Practice.objects.published()
        .order_by("-pk")
        .values_list("current__title", "current__summary", "current__term_ids"),
        *Document.objects.public().order_by("-pk").values_list("title", "summary", "term_ids"),
    ]
    counts: dict[tuple, Counter] = defaultdict(Counter)
    sizes: Counter = Counter()
    for title, summary, keys in rows:
        words = wording.words_of(f"{title} {summary}")
        keys = leaves.intersection(keys or ())
        sizes.update(keys)
        for language in wording.spoken_in(words)[:1] if words else ():
            for stem in set(wording.stems(words, language)):
                counts[language, stem].update(keys)
    for stem, by_term in counts.items():
        for key, number in by_term.items():
            value = WEIGHTS["library"] * number / (sizes[key] + 1)
            texts[stem][key] = max(value, texts[stem].get(key, 0.0))


def _weigh(known: Known, phrases: dict, texts: dict, number: int):
    """Fill in `phrases` and `profile`: what stands at few terms tells more (idf, 0 to 1)."""
    parts: dict[tuple, dict] = defaultdict(dict)
    for (language, stems), by_term in phrases.items():
        for stem in stems:
            for key, weight in by_term.items():
                value = parts[language, stem].get(key, 0.0)
                part = weight * WEIGHTS["part"] * min(1.0, 2 / len(stems))
                parts[language, stem][key] = max(value, part)
    everything = {place: {**texts.get(place, {})} for place in {*parts, *texts}}
    for place, by_term in parts.items():
        for key, value in by_term.items():
            everything[place][key] = max(value, everything[place].get(key, 0.0))

    def telling(how_many: int) -> float:
        if how_many > number * COMMON:
            return 0.0
        return 1 - math.log(how_many) / math.log(number)

    for place, by_term in everything.items():
        of_words = telling(max(len(parts.get(place, by_term)), 1))
        known.profile[place] = {key: value * of_words for key, value in by_term.items()}
    for (language, stems), by_term in phrases.items():
        rarest = max(telling(len(parts[language, stem])) for stem in stems)
        if len(stems) > 1:  # 'mercury mine' tells, though neither word does
            rarest = max(rarest, TOGETHER)
        longer = 1 + EACH_MORE_WORD * (min(len(stems), 4) - 1)
        shared = telling(len(by_term))
        values = {key: weight * longer * rarest * shared for key, weight in by_term.items()}
        known.phrases[language, stems[0]].append((stems, values))
