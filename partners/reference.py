"""Reference data that every portal starts with, read from partners/data/.

The functions take the model classes, so that a migration can hand over its historical ones.
"""

import json
import unicodedata
from pathlib import Path

from babel import Locale
from django.utils import translation
from django_countries import countries

DATA = Path(__file__).parent / "data"


def read(name: str) -> list[dict]:
    """The rows of one file in partners/data/."""
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def sort_key(words: str) -> str:
    """Without accents and case, as the database's portal_sort_key."""
    plain = unicodedata.normalize("NFKD", words)
    return "".join(char for char in plain if not unicodedata.combining(char)).lower()


def load_countries(country_model):
    """The 197 countries of the six regions; French and Spanish names come from the CLDR."""
    with translation.override("en"):
        english = {code: str(name) for code, name in countries}
    others = [Locale("en").territories, Locale("fr").territories, Locale("es").territories]
    rows = [
        country_model(
            code=code,
            name=english[code],
            other_names=" . ".join(dict.fromkeys(names[code] for names in others)),
            sort_name=sort_key(english[code]),
            region=region["code"],
        )
        for region in read("regions")
        for code in region["countries"]
    ]
    country_model.objects.bulk_create(rows)


def load_vocabulary(term_model, synonym_model):
    """Groups first, then the terms in them, then their synonyms."""
    known = {}
    rows = sorted(read("expertise"), key=lambda row: (row["parent"] is not None, row["order"]))
    for row in rows:
        known[row["code"]] = term_model.objects.create(
            code=row["code"],
            parent=known.get(row["parent"]),
            label_en=row["label_en"],
            label_fr=row["label_fr"],
            label_es=row["label_es"],
            description=row["description"],
            order=row["order"],
        )
    synonym_model.objects.bulk_create(
        [
            synonym_model(term=known[row["code"]], text=text)
            for row in rows
            for text in dict.fromkeys(row["synonyms"])
        ]
    )


def load_areas(area_model):
    """The areas of work of the Global Mercury Partnership."""
    area_model.objects.bulk_create(
        [
            area_model(slug=row["slug"], name=row["name"], order=order)
            for order, row in enumerate(read("areas"), start=1)
        ]
    )
