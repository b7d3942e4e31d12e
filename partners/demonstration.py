"""Demonstration data of the ground floor: true organisations, invented people who sign in.

Called by `manage.py loaddemo` alone. Organisations come from data/partner_organisations.json, where
each names its source; people are invented and say so.
"""

from dataclasses import dataclass
from datetime import date, datetime

from allauth.account.models import EmailAddress
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.mfa.utils import decrypt

from partners import reference
from partners.models import (
    Membership,
    Organisation,
    Partner,
    PartnerChange,
    PartnershipArea,
    Role,
    User,
)

LEAD = "lead@example.org"
CO_LEAD = "co-lead@example.org"
PARTNER = "partner@example.org"
EXPERT = "expert@example.org"
APPLICANT = "federation@example.org"
SINCE = date(2020, 1, 1)

#: What data/partner_organisations.json calls kinds, where the portal has another word.
KINDS = {"igo": Organisation.Kind.INTERGOVERNMENTAL}
PARTNERS = {"lead", "co_lead", "secretariat", "listed"}
AREA_LEADS = {
    "waste": ["Ministry of the Environment, Japan", "Kyoto University"],
    "supply-storage": [
        "Ministry for the Ecological Transition and the Demographic Challenge, Spain",
        "Ministry of Housing, Territorial Planning and Environment, Uruguay",
    ],
    "chlor-alkali": ["United States Environmental Protection Agency"],
}


@dataclass(frozen=True)
class Secrets:
    """The Lead's second factor: base-32 secret, address for an app, code of now, unused codes."""

    secret: str
    uri: str
    code: str
    recovery_codes: list[str]


def load(now: datetime, password: str):
    """Organisations, partners, areas, sign-ins, an application; in the caller's transaction."""
    load_organisations(now)
    lead = person(LEAD, "Lead (example)", password)
    Role.objects.get_or_create(user=lead, kind=Role.Kind.LEAD, defaults={"from_on": SINCE})
    co_lead = person(CO_LEAD, "Co-lead (example)")
    Role.objects.get_or_create(user=co_lead, kind=Role.Kind.CO_LEAD, defaults={"from_on": SINCE})
    TOTP.activate(lead, generate_totp_secret())
    RecoveryCodes.activate(lead)
    partner = person(PARTNER, "Partner 12 (example)", password)
    ministry = organisation(
        "Ministry of Environment (example)", "government", "UY", contact=partner
    )
    Membership.objects.create(
        user=partner,
        organisation=ministry,
        status=Membership.Status.APPROVED,
        from_on=SINCE,
        decided_by=lead,
        decided_at=now,
    )
    standing(ministry, Partner.Status.APPROVED, now, actor=lead)
    _load_application(now)


def load_organisations(now: datetime):
    """The true organisations; those that the data call partners are approved ones."""
    for row in reference.read("partner_organisations"):
        known, _created = Organisation.objects.get_or_create(
            name=row["name"],
            country_id=row["country"],
            defaults={
                "acronym": row["acronym"] or "",
                "kind": KINDS.get(row["kind"], row["kind"]),
                "website": row["website"] or "",
                "source": row["source"],
            },
        )
        if row["partnership_status"] in PARTNERS:
            standing(known, Partner.Status.APPROVED, now)
    for slug, names in AREA_LEADS.items():
        area = PartnershipArea.objects.get(slug=slug)
        area.leads.add(*Organisation.objects.filter(name__in=names))


def person(email: str, name: str, password: str | None = None) -> User:
    """An invented person with a verified address; without a password, sign-in is by code."""
    user = User.objects.create_user(email, password, name=name)
    EmailAddress.objects.create(user=user, email=email, verified=True, primary=True)
    return user


def organisation(name: str, kind: str, country: str, **fields) -> Organisation:
    """An invented organisation; its name says so."""
    known, _created = Organisation.objects.get_or_create(
        name=name,
        country_id=country,
        defaults={"kind": kind, "source": "Demonstration", **fields},
    )
    return known


def second_factor(user: User) -> Secrets | None:
    """What somebody needs who tries the Lead's sign-in; None where no app is set up."""
    totp = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).first()
    codes = Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES).first()
    if totp is None:
        return None
    secret = decrypt(totp.data["secret"])
    counter = sorted(yield_hotp_counters_from_time())
    return Secrets(
        secret=secret,
        uri=get_adapter().build_totp_url(user, secret),
        code=format_hotp_value(hotp_value(secret, counter[len(counter) // 2])),
        recovery_codes=codes.wrap().get_unused_codes() if codes else [],
    )


def standing(about: Organisation, status: str, now: datetime, actor=None, **fields) -> Partner:
    """The organisation's standing as a partner, with its first line of history."""
    partner, created = Partner.objects.get_or_create(
        organisation=about, defaults={"status": status, **fields}
    )
    if created:
        PartnerChange.objects.create(partner=partner, new=status, at=now, actor=actor)
    return partner


def _load_application(now: datetime):
    """One organisation that wants to be a partner, for the Lead's queue."""
    applicant = person(APPLICANT, "Applicant 03 (example)")
    federation = organisation("Recycling Federation (example)", "industry", "CL", contact=applicant)
    Membership.objects.create(
        user=applicant,
        organisation=federation,
        status=Membership.Status.APPROVED,
        from_on=now.date(),
        decided_by=applicant,
        decided_at=now,
    )
    standing(
        federation,
        Partner.Status.APPLIED,
        now,
        actor=applicant,
        statement="We run four lamp collection schemes and share what they cost.",
        applied_by=applicant,
    )
