"""Every address of the portal and what each role gets there: one list for tests, pictures, bench.

The list is written by hand; `names_of_urls` reads the URL configuration, and a test holds the two
against each other, so that an address without a line is noticed. `furnish` adds to the
demonstration one of everything that a page may be about.

    world = World.find()
    client = world.client("lead")
    client.get(world.address("expert_detail@unlisted"))
"""

import io
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib.contenttypes.models import ContentType
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import NoReverseMatch, get_resolver, reverse
from django.utils import timezone
from PIL import Image

from experts import (
    consent,
    correcting,
    editions,
    following_up,
    invitations,
    rounds,
    switching_off,
)
from experts.importing import runs
from experts.models import (
    Audience,
    Edition,
    Expert,
    FollowUp,
    ImportRun,
    Invitation,
    ProfileLink,
    Round,
)
from mailings import bounces, delivery, outbox, suppression
from mailings.models import Bounce, OutgoingMail, StopLink, Suppression
from partners import demonstration as people
from partners import mail, memberships
from partners.models import (
    Decision,
    Membership,
    Organisation,
    Partner,
    Role,
    Term,
    User,
)
from tests import (
    advice_pages,
    announcement_pages,
    campaign_pages,
    document_pages,
    following_pages,
    meeting_pages,
    preference_pages,
    writing_pages,
)
from wmaportal import mailbox

# Roles, in the order of the letters of the table

ROLES = {
    "visitor": "",
    "person": "person@example.org",  # signed in, nothing else
    "partner": people.PARTNER,  # contact person of a partner organisation
    "expert": people.EXPERT,  # the own profile is listed
    "other": "expert01@example.org",  # another listed expert
    "secretariat": "secretariat@example.org",
    "former": "former@example.org",  # Lead until yesterday
    "unready": "unready@example.org",  # co-lead without a second factor
    "lead": people.LEAD,
    "superuser": "superuser@example.org",
}
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
PASSWORD = "cinnabar-is-red"

# The table. A letter for each role of ROLES, for GET, POST (of an empty form) and PUT or DELETE:
#   2 a page or file   3 sent elsewhere   S sent to sign-in   8 no content
#   0 bad request (400)   F forbidden   - not found   X this verb is not taken   9 conflict (409)
#   G gone (410)
# An address stands once for each object that makes a difference: name@object.

OURS = """
#                               GET        POST       PUT        DELETE
home                            2222222222 XXXXXXXXXX XXXXXXXXXX
search                          2222222222 XXXXXXXXXX XXXXXXXXXX
my_page                         S222222222 SXXXXXXXXX SXXXXXXXXX
privacy                         2222222222 XXXXXXXXXX XXXXXXXXXX
accessibility                   2222222222 XXXXXXXXXX XXXXXXXXXX
contact                         2222222222 XXXXXXXXXX XXXXXXXXXX
health                          2222222222 XXXXXXXXXX XXXXXXXXXX
robots                          2222222222 XXXXXXXXXX XXXXXXXXXX
sitemap                         2222222222 XXXXXXXXXX XXXXXXXXXX
sitemap_section                 2222222222 XXXXXXXXXX XXXXXXXXXX
expert_list                     2222222222 XXXXXXXXXX XXXXXXXXXX
expert_roster                   2222222222 XXXXXXXXXX XXXXXXXXXX
expert_roster_pdf               2222222222 XXXXXXXXXX XXXXXXXXXX
expert_export_csv               2222222222 XXXXXXXXXX XXXXXXXXXX
expert_export_xlsx              2222222222 XXXXXXXXXX XXXXXXXXXX
edition_list                    2222222222 XXXXXXXXXX XXXXXXXXXX
edition_detail                  2222222222 XXXXXXXXXX XXXXXXXXXX
edition_pdf                     2222222222 XXXXXXXXXX XXXXXXXXXX
contact_person@open             2222222222 2222222222 XXXXXXXXXX
contact_person@dead             GGGGGGGGGG GGGGGGGGGG XXXXXXXXXX
expert_apply                    2223322222 F333333333 XXXXXXXXXX
expert_nominate                 SF2FFFF222 SF2FFFF222 SXXXXXXXXX
invitation@claim                2222222222 F339933333 XXXXXXXXXX
invitation@nomination           2222222222 F339933333 XXXXXXXXXX
invitation@closed               GGGGGGGGGG GGGGGGGGGG XXXXXXXXXX
expert_me                       S332233333 SXXXXXXXXX SXXXXXXXXX
expert_edit                     S--22----- S--22----- SXXXXXXXXX
expert_contact                  S--22----- S--22----- SXXXXXXXXX
expert_confirm                  SXXXXXXXXX S--33----- SXXXXXXXXX
expert_submit                   S--22----- S--22----- SXXXXXXXXX
expert_pause                    S--22----- S--22----- SXXXXXXXXX
expert_remove                   S--22----- S--33----- SXXXXXXXXX
expert_history                  S--22----- SXXXXXXXXX SXXXXXXXXX
expert_reminders                SXXXXXXXXX S--33----- SXXXXXXXXX
expert_mail_again               SXXXXXXXXX S--33----- SXXXXXXXXX
expert_mail_language            SXXXXXXXXX S--33----- SXXXXXXXXX
profile_by_link@listed          2222222222 3333333333 XXXXXXXXXX
profile_by_link@paused          2222222222 3333333333 XXXXXXXXXX
profile_by_link@silent          2222222222 3333333333 XXXXXXXXXX
profile_by_link@unlisted        2222222222 2222222222 XXXXXXXXXX
profile_by_link@withdrawn       2222222222 2222222222 XXXXXXXXXX
profile_by_link@draft           2222222222 2222222222 XXXXXXXXXX
profile_by_link@dead            GGGGGGGGGG GGGGGGGGGG XXXXXXXXXX
profile_by_link_edit@listed     2222222222 2222222222 XXXXXXXXXX
profile_by_link_edit@unlisted   2222222222 2222222222 XXXXXXXXXX
profile_by_link_edit@draft      3333333333 3333333333 XXXXXXXXXX
profile_by_link_edit@dead       GGGGGGGGGG GGGGGGGGGG XXXXXXXXXX
profile_by_link_pause@listed    2222222222 2222222222 XXXXXXXXXX
profile_by_link_pause@paused    2222222222 2222222222 XXXXXXXXXX
profile_by_link_pause@unlisted  3333333333 3333333333 XXXXXXXXXX
profile_by_link_pause@dead      GGGGGGGGGG GGGGGGGGGG XXXXXXXXXX
profile_by_link_remove@listed   2222222222 3333333333 XXXXXXXXXX
profile_by_link_remove@draft    2222222222 3333333333 XXXXXXXXXX
profile_by_link_remove@withdrawn 3333333333 3333333333 XXXXXXXXXX
profile_by_link_remove@dead     GGGGGGGGGG GGGGGGGGGG XXXXXXXXXX
profile_by_link_fresh@listed    3333333333 2222222222 XXXXXXXXXX
profile_by_link_fresh@dead      GGGGGGGGGG 2222222222 XXXXXXXXXX
mail_stop@on                    2222222222 2222222222 XXXXXXXXXX
mail_stop@off                   2222222222 2222222222 XXXXXXXXXX
mail_stop@unknown               2222222222 2222222222 XXXXXXXXXX
correction_answer               SXXXXXXXXX S--3------ SXXXXXXXXX
expert_detail@own               2222222222 XXXXXXXXXX XXXXXXXXXX
expert_detail@draft             -----2--22 XXXXXXXXXX XXXXXXXXXX
expert_detail@awaiting          -----2--22 XXXXXXXXXX XXXXXXXXXX
expert_detail@unlisted          -----2--22 XXXXXXXXXX XXXXXXXXXX
expert_detail@withdrawn         -----2--22 XXXXXXXXXX XXXXXXXXXX
expert_photo@own                2222222222 XXXXXXXXXX XXXXXXXXXX
expert_photo@draft              -----2--22 XXXXXXXXXX XXXXXXXXXX
expert_photo@unlisted           -----2--22 XXXXXXXXXX XXXXXXXXXX
expert_photo@withdrawn          -----2--22 XXXXXXXXXX XXXXXXXXXX
expert_photo@none               ---------- XXXXXXXXXX XXXXXXXXXX
expert_vcard@lead               ---2----22 XXXXXXXXXX XXXXXXXXXX
expert_vcard@accepted           --------22 XXXXXXXXXX XXXXXXXXXX
expert_vcard@partners           --2----222 XXXXXXXXXX XXXXXXXXXX
expert_vcard@draft              --------22 XXXXXXXXXX XXXXXXXXXX
expert_vcard@unlisted           --------22 XXXXXXXXXX XXXXXXXXXX
expert_vcard@withdrawn          --------22 XXXXXXXXXX XXXXXXXXXX
expert_correction@own           S22F222222 S22F222222 SXXXXXXXXX
expert_correction@draft         S--------- S--------- SXXXXXXXXX
expert_correction@unlisted      S--------- S--------- SXXXXXXXXX
expert_correction@withdrawn     S--------- S--------- SXXXXXXXXX
partner_list                    2222222222 XXXXXXXXXX XXXXXXXXXX
partner_apply                   S222222222 S222222222 SXXXXXXXXX
organisation_detail@partner     2222222222 XXXXXXXXXX XXXXXXXXXX
organisation_detail@hidden      --------22 XXXXXXXXXX XXXXXXXXXX
organisation_edit@partner       S-2-----22 S-2-----22 SXXXXXXXXX
organisation_edit@hidden        S-------22 S-------22 SXXXXXXXXX
membership_ask@partner          S222222222 S222222222 SXXXXXXXXX
membership_ask@hidden           S-------22 S-------22 SXXXXXXXXX
membership_list@partner         S-2-----22 SXXXXXXXXX SXXXXXXXXX
membership_list@hidden          S-------22 SXXXXXXXXX SXXXXXXXXX
membership_answer               SXXXXXXXXX S-2-----22 SXXXXXXXXX
membership_end                  S-2-----22 S-2-----22 SXXXXXXXXX
membership_take_back            SXXXXXXXXX S--3------ SXXXXXXXXX
partner_withdraw                S-2-----22 S-3-----22 SXXXXXXXXX
address_change                  S222222222 S222222222 SXXXXXXXXX
address_confirm                 S333333333 S333333333 SXXXXXXXXX
second_factor                   S222222222 SXXXXXXXXX SXXXXXXXXX
mailbox_list                    2222222222 XXXXXXXXXX XXXXXXXXXX
mailbox_mail                    2222222222 XXXXXXXXXX XXXXXXXXXX
mailbox_mail@none               ---------- XXXXXXXXXX XXXXXXXXXX
"""

# What allauth has; a page that belongs to an unfinished step sends back to its beginning.
ALLAUTH = """
#                                    GET        POST       PUT        DELETE
account_change_password              S222322222 S222322222 S222322222 SXXX3XXXXX
account_complete_password_reset      3333333333 3333333333 3333333333
account_confirm_login_code           3333333333 3333333333 3333333333
account_confirm_password_reset_code  3333333333 3333333333 3333333333
account_email                        S222222222 S333333333 S333333333 SXXXXXXXXX
account_email_verification_sent      3333333333 3333333333 3333333333
account_inactive                     2222222222 XXXXXXXXXX XXXXXXXXXX
account_login                        2333333333 2333333333 2333333333 X333333333
account_logout                       3222222222 3333333333 XXXXXXXXXX
account_password_reset_completed     2222222222 XXXXXXXXXX XXXXXXXXXX
account_reauthenticate               S222F22222 S222F22222 S222F22222 SXXXFXXXXX
account_request_login_code           2333333333 2333333333 2333333333 X333333333
account_reset_password               2222222222 2222222222 2222222222 XXXXXXXXXX
account_set_password                 S333233333 S333233333 S333233333 S333X33333
account_signup                       2333333333 2333333333 2333333333 X333333333
mfa_activate_totp                    S222223233 S222223233 S222223233 SXXXXX3X33
mfa_add_webauthn                     S222222222 S222222222 S222222222 SXXXXXXXXX
mfa_authenticate                     3333333333 3333333333 3333333333
mfa_deactivate_totp                  S-----2-22 S-----3-33 S-----3-33 S-----X-XX
mfa_download_recovery_codes          S-----2-22 S-----X-XX S-----X-XX
mfa_edit_webauthn                    S--------- S--------- S--------- SXXXXXXXXX
mfa_generate_recovery_codes          S222222222 S222223233 S222223233 SXXXXXXXXX
mfa_index                            S222222222 SXXXXXXXXX SXXXXXXXXX
mfa_list_webauthn                    S222222222 SXXXXXXXXX SXXXXXXXXX
mfa_login_webauthn                   3333333333 3333333333 3333333333 X333333333
mfa_reauthenticate                   S333F32322 S333F32322 S333F32322 S333F3X3XX
mfa_reauthenticate_webauthn          S333F33333 S333F33333 S333F33333
mfa_remove_webauthn                  S--------- S--------- SXXXXXXXXX S---------
mfa_view_recovery_codes              S-----2-22 SXXXXXXXXX SXXXXXXXXX
"""

# Admin's own pages; everybody without the right to enter is turned away at the door.
ADMIN = """
#                                    GET        POST       PUT        DELETE
admin:*                              SFFFFFF3-- SFFFFFF3-- SFFFFFF3--
admin:app_list                       SFFFFFF333 SFFFFFF333 SFFFFFF333
admin:autocomplete                   SFFFFFF3FF SFFFFFF3XX SFFFFFF3XX
admin:experts_expert_freshness       SFFFFFF322 SFFFFFF3XX SFFFFFF3XX
admin:experts_expert_reminders_today SFFFFFF322 SFFFFFF3XX SFFFFFF3XX
admin:experts_expert_simple_history  SFFFFFF322 SFFFFFF322 SFFFFFF322
admin:experts_importrun_again        SFFFFFF3XX SFFFFFF333 SFFFFFF3XX
admin:experts_importrun_cancel       SFFFFFF3XX SFFFFFF333 SFFFFFF3XX
admin:experts_importrun_confirm      SFFFFFF3XX SFFFFFF333 SFFFFFF3XX
admin:experts_importrun_errors       SFFFFFF322 SFFFFFF3XX SFFFFFF3XX
admin:experts_importrun_export       SFFFFFF322 SFFFFFF322 SFFFFFF3XX
admin:experts_round_cancel           SFFFFFF333 SFFFFFF322 SFFFFFF3XX
admin:index                          SFFFFFF322 SFFFFFF3XX SFFFFFF3XX
admin:jsi18n                         SFFFFFF322 SFFFFFF3XX SFFFFFF3XX
admin:login                          SSSSSSSSSS SSSSSSSSSS SSSSSSSSSS
admin:logout                         SFFFFFF333 SFFFFFF333 SFFFFFF333
admin:mailings_outgoingmail_decide   SFFFFFF3XX SFFFFFF333 SFFFFFF3XX
admin:mailings_outgoingmail_go_on    SFFFFFF3XX SFFFFFF333 SFFFFFF3XX
admin:mailings_outgoingmail_progress SFFFFFF322 SFFFFFF3XX SFFFFFF3XX
admin:partners_term_merge            SFFFFFF322 SFFFFFF322 SFFFFFF322
admin:password_change                SFFFFFF333 SFFFFFF333 SFFFFFF333
admin:password_change_done           SFFFFFF333 SFFFFFF333 SFFFFFF333
admin:queue_assign                   SFFFFFF3XX SFFFFFF333 SFFFFFF3XX
admin:queue_chosen                   SFFFFFF3XX SFFFFFF322 SFFFFFF3XX
admin:queue_decide                   SFFFFFF3XX SFFFFFF300 SFFFFFF3XX
admin:queue_fill                     SFFFFFF322 SFFFFFF333 SFFFFFF3XX
admin:view_on_site                   SFFFFFF333 SFFFFFF333 SFFFFFF333
"""

# Models in admin: what the Lead (and the superuser, who has the Lead's rights) gets from
# list, add, history, delete, change and the bare key, for GET, POST and PUT, DELETE. Django's admin
# takes PUT and DELETE for GET: nothing is written.
MODELS = """
experts_consent            2F2F23 2F2FF3 2F2F23
experts_correction         2F2F23 2F2FF3 2F2F23
experts_edit               2F2F23 2F2FF3 2F2F23
experts_expert             2F2F23 2F2F23 2F2F23
experts_followup           2F2F23 2F2FF3 2F2F23
experts_importrun          222F23 222FX3 2X2FX3
experts_invitation         2F2F23 2F2FF3 2F2F23
experts_policy             3F2F23 3F2F23 3F2F23
experts_round              222F23 222FX3 2X2FX3
mailings_bounce            2F2F23 2F2FF3 2F2F23
mailings_outgoingmail      2F2F23 2F2FF3 2F2F23
mailings_suppression       2F2F23 2F2FF3 2F2F23
partners_country           2F2F23 2F2FF3 2F2F23
partners_decision          2F2F23 2F2FF3 2F2F23
partners_membership        2F2F23 2F2FF3 2F2F23
partners_organisation      222223 222223 222223
partners_partner           2F2F23 2F2FF3 2F2F23
partners_partnershiparea   222F23 222F23 222F23
partners_role              222F23 222F23 222F23
partners_term              222323 222323 222323
partners_user              2F2F23 2F2F23 2F2F23
"""


@dataclass(frozen=True)
class Line:
    """What each role gets at one address."""

    name: str  # of the URL, and after @ which object
    get: str
    post: str
    put: str
    delete: str

    @property
    def url_name(self) -> str:
        return self.name.partition("@")[0]

    def expected(self, role: str) -> dict[str, str]:
        """Verb → letter."""
        index = list(ROLES).index(role)
        rows = {"GET": self.get, "POST": self.post, "PUT": self.put, "DELETE": self.delete}
        return {verb: row[index] for verb, row in rows.items()}


def lines() -> list[Line]:
    """The whole table."""
    return [
        Line(*line.split(), *line.split()[3:4] * (5 - len(line.split())))
        for part in (
            OURS,
            document_pages.OURS,
            advice_pages.OURS,
            meeting_pages.OURS,
            preference_pages.OURS,
            following_pages.OURS,
            campaign_pages.OURS,
            announcement_pages.OURS,
            writing_pages.OURS,
            ALLAUTH,
            ADMIN,
            *_of_models(),
        )
        for line in part.splitlines()
        if line.strip() and not line.startswith("#")
    ]


#: A model's addresses in admin, in the order of the letters of MODELS.
VIEWS = ("changelist", "add", "history", "delete", "change", "")


def _of_models():
    for line in (
        MODELS
        + document_pages.MODELS
        + advice_pages.MODELS
        + meeting_pages.MODELS
        + campaign_pages.MODELS
        + announcement_pages.MODELS
        + writing_pages.MODELS
    ).splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        model, *verbs = line.split()
        for view, *letters in zip(VIEWS, *verbs, strict=True):
            name = f"admin:{model}_{view}" if view else f"admin:{model}"
            yield f"{name} " + " ".join(at_the_door(letter) for letter in letters)


def at_the_door(letter: str) -> str:
    """A row of admin: sign in, stay out (403), first the second factor, or what the Lead gets."""
    return f"SFFFFFF3{letter}{letter}"


def names_of_urls() -> set[str]:
    """The names of all addresses; those without one are called by their route: `admin:*`."""

    def walk(resolver, space, route):
        for pattern in resolver.url_patterns:
            here = f"{route}{pattern.pattern}"
            if hasattr(pattern, "url_patterns"):
                inner = f"{pattern.namespace}:" if pattern.namespace else ""
                yield from walk(pattern, space + inner, here)
            elif pattern.name:
                yield space + pattern.name
            elif "object_id" in here:  # the bare key of a model, which sends to its form
                yield f"{space}{'_'.join(here.split('/')[1:3])}"
            else:
                yield f"{space}*"

    return set(walk(get_resolver(), "", ""))


# One of everything


def furnish(now: datetime):
    """Add to the demonstration what the table is about. Safe to repeat: then it does nothing."""
    if User.objects.filter(email=ROLES["person"]).exists():
        return
    lead = User.objects.get(email=ROLES["lead"])
    partner = User.objects.get(email=ROLES["partner"])
    person = people.person(ROLES["person"], "Person 01 (example)", PASSWORD)
    yesterday = now.date() - timedelta(days=1)
    for role, kind, to_on in (
        ("secretariat", Role.Kind.SECRETARIAT, None),
        ("former", Role.Kind.LEAD, yesterday),
        ("unready", Role.Kind.CO_LEAD, None),
    ):
        user = people.person(ROLES[role], f"{role.capitalize()} (example)", PASSWORD)
        Role.objects.create(user=user, kind=kind, from_on=people.SINCE, to_on=to_on)
        if role == "former":
            _add_second_factor(user)
    superuser = User.objects.create_superuser(
        ROLES["superuser"], PASSWORD, name="Superuser (example)"
    )
    EmailAddress.objects.create(user=superuser, email=superuser.email, verified=True, primary=True)
    _add_second_factor(superuser)
    keeper = people.person("passkey@example.org", "Passkey (example)", PASSWORD)
    Authenticator.objects.create(
        user=keeper, type=Authenticator.Type.WEBAUTHN, data={"name": "My key", "credential": {}}
    )
    _add_memberships(partner, now)
    _add_profiles(lead, now)
    _add_import(lead, now)
    own = Expert.objects.get(user__email=ROLES["expert"])
    own.photo.save("photo.jpg", ContentFile(picture()), save=False)
    Expert.objects.filter(pk=own.pk).update(photo=own.photo.name, email_audience=Audience.LEAD)
    correcting.suggest(own.pk, "The telephone number is old.", person, now)
    closed = invitations.nominate("Expert 52 (example)", "expert52@example.org", partner, now)
    closed.expires_at = now - timedelta(days=1)
    closed.save()
    nobodys = Expert.objects.listed().filter(user=None).earliest("pk")
    invitations.invite_to_claim(nobodys.pk, lead, now)
    mail.send(
        "partners/mail/code",
        person.email,
        {"code": "123456", "why": "You asked for it.", "minutes": 15},
    )
    _add_mail(now)
    _add_links(now)
    _add_rounds(lead, now)
    other = User.objects.get(email=ROLES["other"])
    document_pages.furnish(partner, other, lead, picture(), now)
    advice_pages.furnish(partner, other, lead, now)
    meeting_pages.furnish(partner, other, lead, now)
    preference_pages.furnish(partner, other, now)
    following_pages.furnish(partner, now)
    campaign_pages.furnish(partner, other, lead, now)
    announcement_pages.furnish(partner, other, lead, now)
    writing_pages.furnish(partner, other, lead, now)


#: Links to profiles, by the name of the object in the table: what the profile is changed to.
_LINKED = {
    "listed": {},
    "paused": {"paused_until": timedelta(days=40)},
    "silent": {"status": Expert.Status.UNLISTED, "unlisted_for": Expert.UnlistedFor.SILENCE},
    "unlisted": {
        "status": Expert.Status.UNLISTED,
        "unlisted_for": Expert.UnlistedFor.LEAD,
        "status_reason": "Does not work in this field any more.",
    },
    "withdrawn": {"status": Expert.Status.WITHDRAWN},
    "draft": {"status": Expert.Status.DRAFT},
    "dead": {},
}


def _add_links(now: datetime):
    """Profiles of their own, each with a link as a mail carries it; the token is its name."""
    like = Expert.objects.listed().exclude(confirmed_at=None).earliest("pk")
    for name, values in _LINKED.items():
        expert = Expert.objects.get(pk=like.pk)
        expert.pk, expert.user, expert.photo = None, None, ""
        expert.name, expert.email = f"Linked {name} (example)", f"linked-{name}@example.org"
        for field, value in values.items():
            setattr(expert, field, now.date() + value if isinstance(value, timedelta) else value)
        expert.save(force_insert=True)
        expert.set_terms(like.term_ids)
        ProfileLink.objects.create(
            expert=expert,
            token=f"linked-{name}",
            address_hash=suppression.hash_of(expert.email),
            created_at=now,
            expires_at=now + timedelta(days=-1 if name == "dead" else 30),
        )
    for token, linked in (("stop-on", "listed"), ("stop-off", "silent")):
        expert = Expert.objects.get(email=f"linked-{linked}@example.org")
        StopLink.objects.create(topic="profile", object_id=expert.pk, token=token)
    switching_off.switch_off(expert.pk, now)


def _add_rounds(lead: User, now: datetime):
    """A cancelled round, an edition, and two questions to contact persons, one of them over."""
    opened = rounds.open(now.date() + timedelta(days=30), lead, now)
    rounds.cancel(opened.pk, lead, "Opened by mistake.", now)
    editions.make(now)
    expert = Expert.objects.listed().filter(user=None).latest("pk")
    for token, asked_at in (("asked-open", now), ("asked-dead", now - timedelta(days=31))):
        FollowUp.objects.create(
            expert=expert,
            action=FollowUp.Action.ASK_CONTACT,
            by=lead,
            at=asked_at,
            until=asked_at + following_up.LINK_WORKS_FOR,
            contact_name="Contact 01 (example)",
            contact_email="contact01@example.org",
            token=token,
        )


def _add_mail(now: datetime):
    """One that was sent, one that nobody knows of, one that was refused."""
    state = OutgoingMail.State
    sent = outbox.post(
        "experts/mail/listed", "sent@example.org", {"expert": Expert.objects.first()}
    )
    delivery.deliver()
    refused = OutgoingMail.objects.create(
        kind=sent.kind,
        state=state.FAILED,
        to="gone@example.org",
        template=sent.template,
        answer="550 5.1.1 <gone@example.org>: no such user",
        finished_at=now,
    )
    bounces.note(
        refused.to, Bounce.Kind.HARD, Bounce.Source.SMTP, now, refused, "5.1.1", refused.answer
    )
    OutgoingMail.objects.create(
        kind=sent.kind,
        state=state.UNCERTAIN,
        to="perhaps@example.org",
        template=sent.template,
        answer="The worker that sent it was ended in the middle.",
    )


def _add_second_factor(user: User):
    TOTP.activate(user, TOTP_SECRET)
    RecoveryCodes.activate(user)


def _add_memberships(partner: User, now: datetime):
    organisation = Organisation.objects.get(contact=partner)
    Membership.objects.create(
        user=people.person("colleague@example.org", "Colleague (example)"),
        organisation=organisation,
        status=Membership.Status.APPROVED,
        from_on=people.SINCE,
        decided_by=partner,
        decided_at=now,
    )
    expert = User.objects.get(email=ROLES["expert"])
    memberships.ask(expert, organisation.pk, now.date(), now)
    people.organisation("Hidden Institute (example)", "academia", "PE")


def _add_profiles(lead: User, now: datetime):
    term = Term.objects.filter(parent__isnull=False).first()
    for status in (Expert.Status.DRAFT, Expert.Status.UNLISTED, Expert.Status.WITHDRAWN):
        address = f"{status}@example.org"
        expert = Expert(
            user=people.person(address, f"{status.label} Expert (example)", PASSWORD),
            name=f"{status.label} Expert (example)",
            status=status,
            country_id="PE",
            languages=["es"],
            summary=f"This profile is {status}.",
            email=address,
            email_audience=Audience.PARTNERS,
            phone="+999 5550 2000",
            phone_audience=Audience.PARTNERS,
            approved_by=lead,
            approved_at=now,
            fictitious=True,
            term_ids=[term.pk],
        )
        expert.photo.save("photo.jpg", ContentFile(picture()), save=False)
        expert.save()
        expert.set_terms([term.pk])
        consent.agree(expert, expert.user, now)
    for audience, expert in _by_audience().items():
        Expert.objects.filter(pk=expert.pk).update(email_audience=audience, phone_audience=audience)


def _by_audience() -> dict[str, Expert]:
    """Three listed experts with a sign-in, none of them a role: one for each audience."""
    listed = Expert.objects.listed().exclude(user=None).exclude(user__email__in=ROLES.values())
    return dict(zip(Audience.values, listed.order_by("pk")[:3], strict=True))


def _add_import(lead: User, now: datetime):
    rows = (
        "Name;Country;Organisation;E-mail;Expertise;Languages\n"
        "Expert 61 (example);Peru;Ministry 61 (example);expert61@example.org;Lamps;Spanish\n"
        "Expert 62 (example);Atlantis;;expert62@example.org;Lamps;Spanish\n"
    )
    for number, name in ((3, "wrong.csv"), (2, "right.csv")):
        upload = SimpleUploadedFile(name, "\n".join(rows.split("\n")[:number]).encode())
        runs.start(upload, f"Edition {name}", now.date(), lead, now)


def picture() -> bytes:
    """A small photo, with a place hidden in it as cameras do."""
    out = io.BytesIO()
    image = Image.new("RGB", (128, 128), "teal")
    exif = image.getexif()
    exif[0x010E] = "a description that nobody shall read"
    image.save(out, "JPEG", exif=exif)
    return out.getvalue()


class World:
    """The furnished demonstration: addresses, sign-ins."""

    def user(self, role: str) -> User:
        return User.objects.get(email=ROLES.get(role) or f"{role}@example.org")

    def client(self, role: str, **options) -> Client:
        """A client in which this role is signed in, with a second factor where it has one."""
        client = Client(SERVER_NAME="localhost", **options)  # a name that settings allow
        if role == "visitor":
            return client
        user = self.user(role)
        client.force_login(user)
        now = time.time() + 60 * 60  # a busy machine takes longer than a sign-in counts as new
        methods = [{"method": "code", "at": now, "email": user.email, "reauthenticated": True}]
        if user.authenticator_set.filter(type=Authenticator.Type.TOTP).exists():
            methods.append({"method": "mfa", "type": "totp", "at": now, "reauthenticated": True})
        session = client.session
        session[AUTHENTICATION_METHODS_SESSION_KEY] = methods
        session[_AUTHENTICATION_METHODS_USER_SESSION_KEY] = str(user.pk)
        session.save()
        return client

    def address(self, name: str) -> str:
        """The address of `url_name@object`."""
        url_name = name.partition("@")[0]
        if name in _FIXED:
            return _FIXED[name]
        model = url_name.removeprefix("admin:")
        if url_name.startswith("admin:") and model in self.keys:
            return reverse(f"{url_name}_change", args=[self.keys[model]]).removesuffix("change/")
        try:
            return reverse(
                url_name, args=self.arguments.get(name, self.arguments.get(url_name, []))
            )
        except NoReverseMatch:
            model, _slash, view = model.rpartition("_")
            if view in VIEWS and model in self.keys:
                return reverse(url_name, args=[self.keys[model]])
            raise

    @cached_property
    def keys(self) -> dict[str, object]:
        """The key of one row of each model in admin."""
        return {
            "mailings_bounce": Bounce.objects.first().pk,
            "mailings_outgoingmail": OutgoingMail.objects.get(to="sent@example.org").pk,
            "mailings_suppression": Suppression.objects.first().pk,
            **document_pages.keys(),
            **advice_pages.keys(),
            **meeting_pages.keys(),
            **campaign_pages.keys(),
            **announcement_pages.keys(),
            **writing_pages.keys(),
            "partners_country": "PE",
            "partners_decision": Decision.objects.first().pk,
            "partners_membership": self._membership("expert").pk,
            "partners_organisation": self._organisation().pk,
            "partners_partner": Partner.objects.get(organisation=self._organisation()).pk,
            "partners_partnershiparea": "waste",
            "partners_role": Role.objects.first().pk,
            "partners_term": self._term().pk,
            "partners_user": self.user("person").pk,
            "experts_consent": self._own().consents.first().pk,
            "experts_correction": self._own().corrections.first().pk,
            "experts_edit": self._edit().pk,
            "experts_expert": self._own().pk,
            "experts_followup": FollowUp.objects.get(token="asked-open").pk,
            "experts_importrun": self._run("right").pk,
            "experts_invitation": self._invitation("claim").pk,
            "experts_policy": 1,
            "experts_round": Round.objects.first().pk,
        }

    @cached_property
    def arguments(self) -> dict[str, list]:
        """url_name@object, or url_name alone, → arguments of the address."""
        partner, hidden = self._organisation(), Organisation.objects.get(name__startswith="Hidden")
        found = {
            "sitemap_section": ["documents"],
            "invitation@claim": [self._invitation("claim").token],
            "invitation@nomination": [self._invitation("nomination").token],
            **{
                f"profile_by_link{page}@{name}": [f"linked-{name}"]
                for page in ("", "_edit", "_pause", "_remove", "_fresh")
                for name in _LINKED
            },
            **{f"mail_stop@{name}": [f"stop-{name}"] for name in ("on", "off", "unknown")},
            "invitation@closed": [Invitation.objects.get(email="expert52@example.org").token],
            "correction_answer": [self._own().corrections.first().pk],
            "membership_answer": [self._membership("expert").pk],
            "membership_end": [self._membership("colleague").pk],
            "membership_take_back": [self._membership("expert").pk],
            "partner_withdraw": [Partner.objects.get(organisation=partner).pk],
            "mailbox_mail": mailbox.names()[:1] or ["none"],
            "mailbox_mail@none": ["20260101T000000000000-00000000"],
            "mfa_edit_webauthn": [Authenticator.objects.get(user=self.user("passkey")).pk],
            "mfa_remove_webauthn": [Authenticator.objects.get(user=self.user("passkey")).pk],
            "contact_person@open": ["asked-open"],
            "contact_person@dead": ["asked-dead"],
            "edition_detail": [Edition.objects.latest("pk").pk],
            "edition_pdf": [Edition.objects.latest("pk").pk],
            "admin:experts_round_cancel": [Round.objects.first().pk],
            "admin:queue_fill": ["silent", "contact"],
            "admin:queue_chosen": ["edits"],
            "admin:queue_chosen@unknown": ["nonsense"],
            "admin:queue_decide": ["edits", self._edit().pk],
            "admin:queue_decide@unknown": ["nonsense", 1],
            "admin:queue_assign": ["edits", self._edit().pk],
            "admin:queue_assign@unknown": ["nonsense", 1],
            "admin:view_on_site": [ContentType.objects.get_for_model(Expert).pk, self._own().pk],
            "admin:app_list": ["experts"],
            "admin:partners_term_merge": [self._term().pk],
            "admin:experts_expert_simple_history": [
                self._own().pk,
                self._own().history.latest().history_id,
            ],
        }
        for page in ("detail", "edit", "ask", "list"):
            name = f"{'membership' if page in ('ask', 'list') else 'organisation'}_{page}"
            found |= {f"{name}@partner": [partner.pk], f"{name}@hidden": [hidden.pk]}
        profiles = {
            **_by_audience(),
            "own": self._own(),
            "awaiting": Expert.objects.get(email="expert41@example.org"),
            "none": Expert.objects.listed().filter(photo="").first(),
            "lead": self._own(),
            **{
                str(status): Expert.objects.get(email=f"{status}@example.org")
                for status in ("draft", "unlisted", "withdrawn")
            },
        }
        for page in ("detail", "photo", "vcard", "correction"):
            found |= {f"expert_{page}@{name}": [row.pk] for name, row in profiles.items()}
        for page in ("confirm", "cancel", "again", "errors"):
            found[f"admin:experts_importrun_{page}"] = [self._run("right").pk]
        found["admin:experts_importrun_change@wrong"] = [self._run("wrong").pk]
        for step, kind in (("decide", "profiles"), ("decide", "partners"), ("decide", "direct")):
            found[f"admin:queue_{step}@{kind}"] = [kind, 1]
        now = timezone.now()
        return (
            found
            | document_pages.arguments(now)
            | advice_pages.arguments(now)
            | meeting_pages.arguments(now)
            | preference_pages.arguments()
            | following_pages.arguments()
            | campaign_pages.arguments(now)
            | announcement_pages.arguments(now)
            | writing_pages.arguments(now)
        )

    def _own(self) -> Expert:
        return Expert.objects.get(user__email=ROLES["expert"])

    def _organisation(self) -> Organisation:
        return Organisation.objects.get(contact__email=ROLES["partner"])

    def _membership(self, role: str) -> Membership:
        return Membership.objects.get(user__email=ROLES.get(role) or f"{role}@example.org")

    def _invitation(self, kind: str) -> Invitation:
        return (
            Invitation.objects.filter(kind=kind, state="sent").earliest("expires_at", "pk")
            if (kind == "claim")
            else Invitation.objects.filter(kind=kind, state="sent").latest("expires_at")
        )

    def _edit(self):
        return Expert.objects.get(email="expert26@example.org").edits.first()

    def _run(self, name: str) -> ImportRun:
        return ImportRun.objects.get(file_name=f"{name}.csv")

    def _term(self) -> Term:
        return Term.objects.filter(parent__isnull=False).latest("pk")


#: Addresses that cannot be made from a name.
_FIXED = {"admin:*": "/admin/nonsense/"}


# What to look at

ALIKE = document_pages.ALIKE | advice_pages.ALIKE | meeting_pages.ALIKE | preference_pages.ALIKE
ALIKE |= campaign_pages.ALIKE | announcement_pages.ALIKE
ALIKE |= writing_pages.ALIKE
#: Files and fragments: no pages.
FILES = (
    document_pages.FILES
    | advice_pages.FILES
    | meeting_pages.FILES
    | campaign_pages.FILES
    | announcement_pages.FILES
    | writing_pages.FILES
    | {
        "health",
        "robots",
        "sitemap",
        "sitemap_section",
        "expert_roster_pdf",
        "edition_pdf",
        "expert_export_csv",
        "expert_export_xlsx",
        "expert_photo",
        "expert_vcard",
        "mfa_download_recovery_codes",
        "admin:jsi18n",
        "admin:experts_importrun_errors",
    }
)

#: No token of a form is asked for: a mail program posts there without one (RFC 8058).
NO_TOKEN = {"mail_stop"}

#: Pages that are there after a step only: who, and what is sent before.
STEPS = {
    "account_confirm_login_code@sent": (
        "visitor",
        [("account_request_login_code", {"email": ROLES["person"]})],
    ),
    "account_confirm_password_reset_code@sent": (
        "visitor",
        [("account_reset_password", {"email": ROLES["person"]})],
    ),
    "account_email_verification_sent@new": (
        "visitor",
        [("account_signup", {"email": "new@example.org", "name": "New (example)"})],
    ),
    "mfa_authenticate@asked": (
        "visitor",
        [("account_login", {"login": ROLES["superuser"], "password": PASSWORD})],
    ),
    "address_confirm@asked": ("person", [("address_change", {"new": "newer@example.org"})]),
}

#: More addresses of a page that look different: query strings.
QUERIES = (
    document_pages.QUERIES
    | advice_pages.QUERIES
    | meeting_pages.QUERIES
    | campaign_pages.QUERIES
    | announcement_pages.QUERIES
    | writing_pages.QUERIES
    | {
        "search@words": ("search", "?q=lamps"),
        "search@nothing": ("search", "?q=thermomters"),
        "expert_list@filtered": (
            "expert_list",
            "?region=africa&term=industry-asgm&language=fr&fresh=due",
        ),
        "expert_list@nothing": ("expert_list", "?q=thermometers&region=oceania&language=ar"),
        "expert_list@misspelt": ("expert_list", "?q=termometers"),
        "expert_list@unknown": ("expert_list", "?region=mars&sort=colour"),
        "expert_list@past-the-end": ("expert_list", "?page=99"),
        "expert_roster@filtered": ("expert_roster", "?region=africa"),
        "partner_list@filtered": ("partner_list", "?kind=government&region=europe"),
        "partner_list@unknown": ("partner_list", "?kind=magic"),
        "partner_list@past-the-end": ("partner_list", "?page=99"),
    }
)


@dataclass(frozen=True)
class View:
    """One page as one role sees it."""

    role: str
    name: str  # as in the table, or of STEPS or QUERIES

    def __str__(self):
        return f"{self.role} {self.name}"


def views(roles: tuple[str, ...] = ("visitor", "expert", "lead")) -> list[View]:
    """The pages that these roles can open; of admin, the last role's."""
    found = []
    for line in lines():
        if line.url_name in FILES or line.name in ALIKE:
            continue
        able = [role for role in roles if line.expected(role)["GET"] == "2"]
        if not able:
            able = [role for role in ROLES if line.expected(role)["GET"] == "2"][:1]
        found += [View(role, line.name) for role in able]
    found += [View(role, name) for name, (role, _before) in STEPS.items()]
    found += [View("visitor", name) for name in QUERIES]
    return found


def open_view(world: World, view: View) -> tuple[Client, str]:
    """A client that has taken the steps before the page, and the page's address."""
    client = world.client(view.role)
    if view.name in QUERIES:
        name, query = QUERIES[view.name]
        return client, world.address(name) + query
    for name, data in STEPS.get(view.name, ("", []))[1]:
        answer = client.post(world.address(name), data)
        assert answer.status_code == 302, (view, name, answer.status_code)
    return client, world.address(view.name)
