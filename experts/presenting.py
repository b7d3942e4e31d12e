"""A profile as people read it: badges of freshness, languages by name, completeness, schema.org."""

from datetime import datetime
from functools import lru_cache

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django_countries import countries

from experts.filters import ABILITIES
from experts.models import Expert, Freshness
from experts.models.policy import Limits
from partners import languages

#: Look of a badge (kind, symbol) by freshness.
_BADGES = {
    Freshness.FRESH: ("good", "level-3"),
    Freshness.DUE: ("info", "level-2"),
    Freshness.STALE: ("warn", "level-1"),
    Freshness.LAPSED: ("danger", "level-0"),
    Freshness.NEVER: ("", "level-0"),
}


def badge(expert: Expert, limits: Limits, exact: bool = False) -> tuple[str, str, str]:
    """(words, kind, symbol) that say how fresh the profile is: 'Confirmed March 2026'.

    `exact` gives the day. A profile that nobody ever confirmed says so, and what the imported
    list said of it.
    """
    state = Freshness.of(expert.confirmed_at, limits)
    kind, symbol = _BADGES[state]
    if state == Freshness.NEVER:
        return _never(expert), kind, symbol
    when = date_format(expert.confirmed_at, "DATE_FORMAT" if exact else "YEAR_MONTH_FORMAT")
    words = {
        Freshness.FRESH: _("Confirmed %(when)s"),
        Freshness.DUE: _("Due: confirmed %(when)s"),
        Freshness.STALE: _("Stale: confirmed %(when)s"),
        Freshness.LAPSED: _("Lapsed: confirmed %(when)s"),
    }[state]
    return words % {"when": when}, kind, symbol


def _never(expert: Expert) -> str:
    if expert.imported_updated_on is None:
        return _("Never confirmed")
    when = date_format(expert.imported_updated_on, "YEAR_MONTH_FORMAT")
    return _("Never confirmed; list of %(when)s") % {"when": when}


def spoken(expert: Expert) -> list[str]:
    """The names of the expert's languages, in the expert's order."""
    return [languages.name(code) for code in expert.languages]


@lru_cache(maxsize=1000)
def _country(code: str, language: str) -> str:
    return str(countries.name(code))


def country(code: str | None) -> str:
    """A country's name in the reader's language; empty without a country."""
    return _country(code, get_language() or "en") if code else ""


def abilities(expert: Expert) -> str:
    """'Remote advice, missions'; empty when the expert chose none."""
    names = [str(label) for name, label in ABILITIES if getattr(expert, name)]
    return ", ".join([*names[:1], *(name[:1].lower() + name[1:] for name in names[1:])])


def availability(expert: Expert, now: datetime) -> str:
    """What limits the expert's availability now, in one sentence; empty when nothing does."""
    today = now.date()
    if expert.is_paused(now):
        return _("Not available until %(day)s") % {"day": date_format(expert.paused_until)}
    if expert.available_from and expert.available_from > today:
        return _("Not before %(day)s") % {"day": date_format(expert.available_from)}
    if expert.available_until and expert.available_until < today:
        return _("Not available since %(day)s") % {"day": date_format(expert.available_until)}
    if expert.available_until:
        return _("Until %(day)s") % {"day": date_format(expert.available_until)}
    return ""


#: The groups of the profile, in the order of the form; each field's own check of being filled in.
GROUPS = (
    ("who", gettext_lazy("Who you are"), ("name", "position", "organisation", "country", "photo")),
    ("expertise", gettext_lazy("Expertise"), ("terms",)),
    ("languages", gettext_lazy("Languages"), ("languages",)),
    ("summary", gettext_lazy("Summary and experience"), ("summary", "experience", "worked_in")),
    ("availability", gettext_lazy("Availability"), ("can",)),
    ("links", gettext_lazy("Links"), ("website",)),
    ("contact", gettext_lazy("Contact"), ("email",)),
)


def completeness(expert: Expert) -> dict:
    """How much of a profile is filled in: `percent` (0 to 100) and `missing`.

    `missing` is a list of (label, address of the field in the form).
    """
    fields = [field for _key, _label, fields in GROUPS for field in fields]
    missing = [field for field in fields if not _is_filled(expert, field)]
    edit = reverse("expert_edit")
    return {
        "percent": round(100 * (len(fields) - len(missing)) / len(fields)),
        "missing": [
            (
                label_of(field),
                reverse("expert_contact") if field == "email" else f"{edit}#{anchor(field)}",
            )
            for field in missing
        ],
    }


def anchor(field: str) -> str:
    """The id of a field's control (or of the group around it) in the form."""
    grouped = {"can": "id_remote_advice"}
    return grouped.get(field, f"id_{field}")


def label_of(field: str) -> str:
    if field == "can":
        return str(_("What you can do"))
    name = str(Expert._meta.get_field(field).verbose_name)
    return name[:1].upper() + name[1:]


def _is_filled(expert: Expert, field: str) -> bool:
    if field == "terms":
        return bool(expert.term_ids)
    if field == "can":
        return any(getattr(expert, name) for name, _label in ABILITIES)
    if field == "website":
        return bool(expert.website or expert.orcid or expert.linkedin)
    if field == "country":
        return expert.country_id is not None
    return bool(getattr(expert, field))


def person(expert: Expert, terms: list[str], address: str) -> dict:
    """schema.org `Person` of the public part of a profile."""
    data = {
        "@context": "https://schema.org",
        "@type": "Person",
        "name": expert.name,
        "url": address,
        "jobTitle": expert.position,
        "description": expert.summary,
        "knowsAbout": terms,
        "knowsLanguage": list(expert.languages),
        "sameAs": [
            link for link in (expert.website, orcid_address(expert), expert.linkedin) if link
        ],
    }
    if expert.organisation:
        data["affiliation"] = {"@type": "Organization", "name": expert.organisation.name}
    if expert.country_id:
        data["workLocation"] = {
            "@type": "Country",
            "name": country(expert.country_id),
            "identifier": expert.country_id,
        }
    return {key: value for key, value in data.items() if value}


def orcid_address(expert: Expert) -> str:
    return f"https://orcid.org/{expert.orcid}" if expert.orcid else ""
