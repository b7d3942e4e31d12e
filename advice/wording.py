"""Words of a text in English, French or Spanish, and their stems.

Accents and case are dropped first: officials often write without accents. Stemmers are Snowball's.
"""

import re
import threading
import unicodedata
from functools import lru_cache

import Stemmer

LANGUAGES = ("en", "fr", "es")
LONGEST = 8000  # characters of a text that are looked at; a request has 4,000

_SNOWBALL = {"en": "english", "fr": "french", "es": "spanish"}
_own = threading.local()  # a stemmer may not be used by two threads at once

_WORD = re.compile(r"[^\W_]{1,40}")
_APOSTROPHE = re.compile("[\u2019\u2018`´']")
_JOINED = re.compile(r"(?<!\w)([a-z])-(?=[a-z])")  # e-waste is one word

_STOP = {
    "en": """a about after all also am an and any are as at be because been before being both
        but by can cannot could did do does doing done down each few for from had
        has have having he her here him his how i if in into is it its just may me
        might more most must my no nor not now of off on once only or other our
        ours out over own same she should so some such than that the their them
        then there these they this those through to too under until up us very was
        we were what when where which while who whom whose why will with would you
        your yours need needs want wants like get got dear please help thank
        thanks hello sir madam""",
    "fr": """a ai ainsi alors apres au aucun aussi autre aux avant avec avez avons bien c car
        ce cela ces cet cette ceux chaque ci comme comment d dans de depuis des
        deux doit doivent donc dont du elle elles en encore entre es est et
        etaient etait ete etes etre eu eux fait faire faut il ils j je l la le les
        leur leurs lui m ma mais me meme mes moi mon n ne ni nos notre nous on ont
        ou par parce pas peu peut peuvent plus pour pourquoi qu quand que quel
        quelle quelles quels qui s sa sans se selon ses si soit son sont
        souhaitons souhaite sous sur t ta te tes toi ton tous tout toute toutes
        tres tu un une voir vos votre vous voulons y besoin merci bonjour aide""",
    "es": """a al algo algun alguna algunas algunos ante antes aqui asi aun aunque cada como
        con contra cual cuales cuando cuya cuyo de del desde donde dos e el ella
        ellas ellos en entre era eran es esa esas ese eso esos esta estaba estamos
        estan estas este esto estos fue fueron ha haber habia hace hacer hacia han
        hasta hay he hemos la las le les lo los mas me mi mis muy nada necesitamos
        necesita ni no nos nosotros nuestra nuestras nuestro nuestros o os otra
        otras otro otros para pero poco podemos por porque pueda puede pueden pues
        que queremos quien quienes se sea sean ser si sido sin sobre solo somos
        son su sus tambien tan tanto te tener tenemos tengo ti tiene tienen toda
        todas todo todos tu tus u un una unas uno unos usted ustedes y ya yo ayuda
        gracias hola""",
}
STOP = {language: frozenset(words.split()) for language, words in _STOP.items()}


def plain(text: str) -> str:
    """In lower case, without accents, apostrophes as spaces."""
    parted = unicodedata.normalize("NFKD", text[:LONGEST])
    bare = "".join(char for char in parted if not unicodedata.combining(char)).lower()
    return _JOINED.sub(r"\1", _APOSTROPHE.sub(" ", bare))


def words_of(text: str) -> list[str]:
    """The words in their order, as `plain` writes them."""
    return _WORD.findall(plain(text))


def as_written(text: str) -> list[tuple[str, str]]:
    """(word as `words_of` gives it, word as it stands in the text)."""
    found = _WORD.findall(_APOSTROPHE.sub(" ", unicodedata.normalize("NFC", text[:LONGEST])))
    return [(plain(word), word) for word in found]


@lru_cache(maxsize=60_000)
def stem(word: str, language: str) -> str:
    """The word's stem; `word` as `words_of` gives it."""
    stemmers = _own.__dict__
    if language not in stemmers:
        stemmers[language] = Stemmer.Stemmer(_SNOWBALL[language])
    return stemmers[language].stemWord(word)


def spoken_in(words: list[str]) -> list[str]:
    """The languages in which these words are written, by their little words, most likely first.

    A text of two languages has both; one with hardly any little words, all three.
    """
    shares = {
        language: sum(word in stop for word in words) / max(len(words), 1)
        for language, stop in STOP.items()
    }
    best = max(shares.values())
    if best < 0.08:
        return list(LANGUAGES)
    likely = [language for language in LANGUAGES if shares[language] >= 0.7 * best]
    return sorted(likely, key=lambda language: -shares[language])


def stems(words: list[str], language: str) -> list[str]:
    """Stems in this language, without its little words."""
    stop = STOP[language]
    return [stem(word, language) for word in words if word not in stop]
