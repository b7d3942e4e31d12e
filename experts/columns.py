"""The columns of the list as a file, shared by the Lead's export, the public files and the import.

A file is in English whatever the reader's language: it goes from hand to hand and comes back, and
the import reads it again without a change. The import's other names are in `importing/headers.py`.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from experts.models import Audience, Expert
from partners import languages
from partners.csv_files import neutral
from partners.models import Country


@dataclass(frozen=True)
class Column:
    """One column: the key is the field's name, the value is text, a day or None."""

    key: str
    header: str
    value: Callable[[Expert], str | date | None]


def _text(key: str, header: str) -> Column:
    return Column(key, header, lambda expert: getattr(expert, key))


def _yes_no(key: str, header: str) -> Column:
    return Column(key, header, lambda expert: "yes" if getattr(expert, key) else "no")


def _language(code: str) -> str:
    found = languages.names("en").get(code, code)
    return found[:1].upper() + found[1:]


_country_names: dict[str, str] = {}


def _country(code: str) -> str:
    """The country's English name; the 197 are loaded by a migration and do not change."""
    if not _country_names:
        _country_names.update(Country.objects.values_list("code", "name"))
    return _country_names.get(code, code)


#: What everybody may read, in the order of the file.
PUBLIC = (
    _text("name", "Name"),
    _text("position", "Position"),
    Column("organisation", "Organisation", lambda e: e.organisation.name if e.organisation else ""),
    Column("country", "Country", lambda e: e.country.name if e.country else ""),
    Column("region", "Region", lambda e: str(_region_name(e.region))),
    Column("terms", "Expertise", lambda e: "; ".join(term.label_en for term in e.terms.all())),
    Column("languages", "Languages", lambda e: "; ".join(map(_language, e.languages))),
    _text("summary", "Summary"),
    _text("experience", "Experience"),
    Column("worked_in", "Worked in", lambda e: "; ".join(map(_country, e.worked_in))),
    _yes_no("remote_advice", "Remote advice"),
    _yes_no("missions", "Missions"),
    _yes_no("training", "Training"),
    _text("available_from", "Available from"),
    _text("available_until", "Available until"),
    _text("website", "Website"),
    _text("orcid", "ORCID"),
    _text("linkedin", "LinkedIn"),
    Column("confirmed_at", "Confirmed", lambda e: e.confirmed_at and e.confirmed_at.date()),
    _text("imported_updated_on", "Last updated"),
)

#: What the Lead may add: the private fields and who may see them, and the standing.
PRIVATE = (
    _text("email", "E-mail"),
    Column("email_audience", "Who may see the e-mail", lambda e: _AUDIENCES[e.email_audience]),
    _text("phone", "Phone"),
    Column("phone_audience", "Who may see the phone", lambda e: _AUDIENCES[e.phone_audience]),
    _text("status", "Status"),
)

_AUDIENCES = {
    Audience.LEAD: "Only the Lead",
    Audience.ACCEPTED: "Somebody whose request was accepted",
    Audience.PARTNERS: "Partners",
}
_REGIONS = {
    "east-asia": "East Asia",
    "oceania": "Oceania",
    "south-west-asia": "South & West Asia",
    "africa": "Africa",
    "america": "America",
    "europe": "Europe",
}


def _region_name(code: str) -> str:
    return _REGIONS.get(code, "")


def rows(experts: QuerySet[Expert], columns: Iterable[Column]) -> Iterator[list]:
    """The header, then one list for each expert: neutral text, days and None.

    Reads in portions, so that a long list needs little memory; the caller has decided who may see
    which experts (`visible_to`) and which columns.
    """
    columns = tuple(columns)
    yield [column.header for column in columns]
    whole = experts.select_related("organisation", "country").prefetch_related("terms")
    for expert in whole.iterator(chunk_size=2000):
        yield [neutral(column.value(expert)) or None for column in columns]
