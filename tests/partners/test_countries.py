import json
from collections import Counter
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from partners.models import Country, Region
from partners.models.countries import region_of, validate_country
from partners.reference import sort_key

#: From https://unterm.un.org (short names) where the package django-countries says otherwise.
UN_NAMES = {
    "BO": "Bolivia (Plurinational State of)",
    "CD": "Democratic Republic of the Congo",
    "CI": "Côte d'Ivoire",
    "CV": "Cabo Verde",
    "CZ": "Czechia",
    "GB": "United Kingdom of Great Britain and Northern Ireland",
    "IR": "Iran (Islamic Republic of)",
    "KP": "Democratic People's Republic of Korea",
    "KR": "Republic of Korea",
    "LA": "Lao People's Democratic Republic",
    "MD": "Republic of Moldova",
    "MK": "North Macedonia",
    "NL": "Netherlands (Kingdom of the)",
    "PS": "State of Palestine",
    "RU": "Russian Federation",
    "SY": "Syrian Arab Republic",
    "SZ": "Eswatini",
    "TR": "Türkiye",
    "TZ": "United Republic of Tanzania",
    "VE": "Venezuela (Bolivarian Republic of)",
    "VN": "Viet Nam",
}


def straight(name):
    return name.replace("’", "'")


def test_there_are_197_countries_each_in_one_region(db):
    rows = json.loads((Path(__file__).parents[2] / "partners/data/regions.json").read_text())
    codes = [code for row in rows for code in row["countries"]]

    assert (len(codes), len(set(codes))) == (197, 197)
    assert dict(Country.objects.values_list("code", "region")) == region_of()
    assert set(Counter(region_of().values())) == set(Region.values)


@pytest.mark.parametrize("code, name", UN_NAMES.items())
def test_countries_bear_the_names_that_the_united_nations_use(code, name, db):
    country = Country.objects.get(code=code)

    assert (straight(str(country)), straight(country.name)) == (name, name)


def test_countries_are_sorted_without_accents(db):
    names = [sort_key(straight(str(country))) for country in Country.objects.all()]

    assert [straight(name) for name in names] == sorted(straight(name) for name in names)


@pytest.mark.parametrize("code", ["XX", "TW", "jp", "", "JPN", "EU"])
def test_another_code_is_an_error(code):
    with pytest.raises(ValidationError):
        validate_country(code)
