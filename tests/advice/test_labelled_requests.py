"""The labelled requests are what they say they are, or a figure measured with them means nothing.

Only the files are read: no database, and nothing of the code that the requests will measure.
"""

import json
import random
import re
import unicodedata
from collections import Counter, defaultdict
from pathlib import Path

import pytest

DATA = Path(__file__).parent / "data"
ROOT = Path(__file__).parents[2]
HALVES = ("requests_to_tune", "requests_kept")

# Every text about the subject has these, so they say nothing about one term
GENERIC = {
    "mercury",
    "mercure",
    "mercurio",
    "waste",
    "wastes",
    "dechet",
    "dechets",
    "residuo",
    "residuos",
}
FUNCTION_WORDS = set(
    "and the for from off other others use used uses with aux des les par pour que sur une "
    "autre autres con del las los otro otros por para".split()
)


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


TERMS = {term["code"]: term for term in read(ROOT / "partners" / "data" / "expertise.json")}
CHILDREN = {code for code, term in TERMS.items() if term["parent"]}
BY_HALF = {half: read(DATA / f"{half}.json") for half in HALVES}
REQUESTS = [request for half in HALVES for request in BY_HALF[half]]


def words(text):
    """Without case and accents, as people type."""
    letters = unicodedata.normalize("NFKD", text.casefold()).replace("œ", "oe")
    return re.findall(
        r"[^\W\d_]+", "".join(letter for letter in letters if not unicodedata.combining(letter))
    )


def stems(text):
    """First five letters, with and without a plural ending: 'lamp' and 'lamps' are one word.

    Words of three letters count as well, whole, because of 'oil', 'fee' and the abbreviations.
    """
    found = set()
    for word in words(text):
        if len(word) < 3 or word in GENERIC or word in FUNCTION_WORDS:
            continue
        forms = {word}
        if len(word) > 3 and word[-1] in "sx":
            forms.add(word[:-1])
        if len(word) > 4 and word.endswith("es"):
            forms.add(word[:-2])
        found |= {form[:5] for form in forms}
    return found


def vocabulary(code):
    term = TERMS[code]
    return stems(
        " ".join([term["label_en"], term["label_fr"], term["label_es"], *term["synonyms"]])
    )


def shared(request):
    """Words of the text that stand in a label or synonym of its own right terms."""
    return stems(request["text"]) & set().union(*map(vocabulary, request["terms"]))


def kind(request):
    return request["language"], request["avoids_vocabulary"], request["misspelt"]


@pytest.mark.parametrize(
    "word, other",
    [
        ("lamp", "Lamps"),
        ("thermometre", "Thermomètres"),
        ("GAS", "gases"),
        ("amalgame", "amalgam"),
        ("pila", "Pilas"),
    ],
)
def test_the_rule_sees_one_word_in_two_spellings(word, other):
    assert stems(word) & stems(other)


def test_the_rule_does_not_see_the_subject_itself():
    assert not stems("mercury waste, déchets de mercure, residuos de mercurio")


def test_no_request_stands_twice():
    assert len({request["id"] for request in REQUESTS}) == len(REQUESTS) >= 60
    assert len({request["text"] for request in REQUESTS}) == len(REQUESTS)


def test_every_request_is_complete():
    fields = {
        "id": str,
        "text": str,
        "language": str,
        "country": str,
        "languages": list,
        "terms": list,
        "avoids_vocabulary": bool,
        "misspelt": bool,
    }
    for request in REQUESTS:
        assert {name: type(value) for name, value in request.items()} == fields, request["id"]
        assert re.fullmatch("r[0-9]{3}", request["id"])
        assert re.fullmatch("[A-Z]{2}", request["country"]), request["id"]
        assert request["language"] in request["languages"], request["id"]
        assert all(re.fullmatch("[a-z]{2}", code) for code in request["languages"]), request["id"]


def test_the_right_terms_are_in_the_vocabulary():
    for request in REQUESTS:
        assert 1 <= len(request["terms"]) <= 2, request["id"]
        assert len(set(request["terms"])) == len(request["terms"]), request["id"]
        assert set(request["terms"]) <= CHILDREN, request["id"]


def test_every_term_is_asked_for_twice():
    asked = Counter(code for request in REQUESTS for code in request["terms"])
    assert {code for code in CHILDREN if asked[code] < 2} == set()


def test_three_languages():
    count = Counter(request["language"] for request in REQUESTS)
    assert set(count) == {"en", "fr", "es"}
    assert min(count.values()) >= 20


def test_half_of_the_texts_avoid_the_vocabulary():
    avoiding = [request for request in REQUESTS if request["avoids_vocabulary"]]
    assert {request["id"]: shared(request) for request in avoiding if shared(request)} == {}
    assert len(avoiding) * 2 >= len(REQUESTS)


def test_the_others_use_it():
    """Or the flag would say more than it should; a misspelt word is a word of the vocabulary."""
    for request in REQUESTS:
        if not request["avoids_vocabulary"] and not request["misspelt"]:
            assert shared(request), request["id"]
        assert not (request["avoids_vocabulary"] and request["misspelt"]), request["id"]


def test_nobody_moved_a_request_to_the_other_half():
    """Chance made the halves, with equal shares of each kind; this makes them again."""
    ids = sorted(request["id"] for request in REQUESTS)
    random.Random(2026).shuffle(ids)
    kind_of = {request["id"]: kind(request) for request in REQUESTS}
    of_kind = defaultdict(list)
    for number in ids:
        of_kind[kind_of[number]].append(number)
    dealt = [number for each in sorted(of_kind) for number in of_kind[each]]
    for place, half in enumerate(HALVES):
        assert [request["id"] for request in BY_HALF[half]] == sorted(dealt[place::2])
