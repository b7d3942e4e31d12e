"""The facts of a profile as its expert reads them: on the own page, behind a link, in a mail."""

import re
import textwrap
from datetime import datetime
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from experts import presenting
from experts.models import Audience, Expert

WIDTH = 72  # characters in a line of a mail (partners/mail.py)

#: Who sees a private field, said to the expert.
SHOWN_TO = {
    Audience.LEAD: gettext_lazy("shown to the Lead alone"),
    Audience.ACCEPTED: gettext_lazy("shown after you accept a request"),
    Audience.PARTNERS: gettext_lazy("shown to partners"),
}


class Fact(NamedTuple):
    """A name and a value in words; an empty value reads 'not stated'."""

    name: str
    value: str

    @property
    def as_text(self) -> str:
        """Lines for the text of a mail, indented, so that nothing wraps them again."""
        lines = [line for line in (self.value or _("not stated")).splitlines() if line.strip()]
        lines[0] = _("%(name)s: %(value)s") % {"name": self.name, "value": lines[0].strip()}
        wrapped = [
            textwrap.fill(
                line.strip(),
                WIDTH,
                initial_indent="      " if number else "  ",
                subsequent_indent="      ",
                break_long_words=False,
                break_on_hyphens=False,
            )
            for number, line in enumerate(lines)
        ]
        return "\n".join(wrapped)


def of(expert: Expert, now: datetime, masked: bool = False) -> list[Fact]:
    """Every field that the page of the profile shows, then the private ones.

    `masked` hides most of e-mail address and phone number, for a mail or a page without sign-in.
    Its organisation, country and terms should be loaded.
    """
    return [*public(expert, now), *_private(expert, masked)]


def public(expert: Expert, now: datetime) -> list[Fact]:
    """What everybody sees of a listed profile."""
    can = [presenting.abilities(expert), presenting.availability(expert, now)]
    links = [expert.website, presenting.orcid_address(expert), expert.linkedin]
    return [
        Fact(_("Name"), expert.name),
        Fact(_("Position"), expert.position),
        Fact(_("Organisation"), expert.organisation.name if expert.organisation else ""),
        Fact(_("Country"), _country(expert)),
        Fact(_("Expertise"), "; ".join(term.label for term in expert.terms.all())),
        Fact(_("Languages"), ", ".join(presenting.spoken(expert))),
        Fact(_("Summary"), expert.summary),
        Fact(_("Experience in mercury waste"), expert.experience),
        Fact(_("Worked in"), ", ".join(map(presenting.country, expert.worked_in))),
        Fact(_("Can do"), ". ".join(filter(None, can))),
        Fact(_("Links"), ", ".join(filter(None, links))),
        Fact(_("Photo"), _("A photo") if expert.photo else ""),
    ]


def _country(expert: Expert) -> str:
    if expert.country is None:
        return ""
    name, region = presenting.country(expert.country_id), expert.country.get_region_display()
    return f"{name} ({region})"


def _private(expert: Expert, masked: bool) -> list[Fact]:
    email, phone = expert.email, expert.phone
    if masked:
        email, phone = masked_email(email), masked_phone(phone)
    cap = expert.max_open_requests
    limit = "" if cap is None else _("%(n)s, seen by you and the Lead alone") % {"n": cap}
    return [
        Fact(_("E-mail"), _shown(email, expert.email_audience)),
        Fact(_("Phone"), _shown(phone, expert.phone_audience)),
        Fact(_("Open requests at most"), limit),
    ]


def _shown(value: str, audience: str) -> str:
    return f"{value}, {SHOWN_TO[Audience(audience)]}" if value else ""


def masked_email(address: str) -> str:
    """'e…8@example.org' of 'expert18@example.org'; empty without an address."""
    local, at, domain = address.rpartition("@")
    if not at:
        return ""
    return f"{local[0]}…{local[-1] if len(local) > 2 else ''}@{domain}"


def masked_phone(number: str) -> str:
    """'… 42': the last two digits; empty without a number."""
    digits = re.sub(r"\D", "", number)
    return f"…\N{NO-BREAK SPACE}{digits[-2:]}" if number else ""
