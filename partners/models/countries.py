"""Countries under the names that the United Nations use, each in one of the six regions."""

import json
from functools import cache
from pathlib import Path

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from django_countries import countries


class Region(models.TextChoices):
    """The six regions of the Resource Persons List, in the order of the list."""

    EAST_ASIA = "east-asia", _("East Asia")
    OCEANIA = "oceania", _("Oceania")
    SOUTH_WEST_ASIA = "south-west-asia", _("South & West Asia")
    AFRICA = "africa", _("Africa")
    AMERICA = "america", _("America")
    EUROPE = "europe", _("Europe")


def validate_country(code: str):
    """Raise ValidationError unless the code is one of the 197 of the list."""
    if code not in region_of():
        raise ValidationError(_("“%(code)s” is not a country of the list.") % {"code": code})


@cache
def region_of() -> dict[str, str]:
    """Country code → region code, from data/regions.json."""
    rows = json.loads((Path(__file__).parents[1] / "data" / "regions.json").read_text())
    return {code: row["code"] for row in rows for code in row["countries"]}


class Country(models.Model):
    """One of the 197 of data/regions.json; loaded by a migration, not edited by hand."""

    code = models.CharField(_("ISO 3166 code"), max_length=2, primary_key=True)
    name = models.CharField(_("name in English"), max_length=100)
    other_names = models.CharField(
        max_length=300, blank=True, help_text=_("French and Spanish, for the search.")
    )
    sort_name = models.CharField(max_length=100, editable=False)
    region = models.CharField(_("region"), max_length=20, choices=Region, db_index=True)

    class Meta:
        verbose_name = _("country")
        verbose_name_plural = _("countries")
        ordering = ["sort_name"]

    def __str__(self):
        return str(countries.name(self.code)) or self.name
