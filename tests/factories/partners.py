"""People, organisations, roles and partners."""

import factory
from allauth.account.models import EmailAddress
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from factory.django import DjangoModelFactory

from partners.models import Membership, Organisation, Partner, PartnerChange, Role, User
from tests.factories import NOW, SINCE

#: The second factor of the `totp` trait (base 32); the code of a moment is
#: `format_hotp_value(hotp_value(TOTP_SECRET, int(time.time()) // 30))`.
TOTP_SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


class UserFactory(DjangoModelFactory):
    """A person whose address is verified; signs in by code unless a `password` is given.

    With `totp=True` also a second factor (`TOTP_SECRET`) and recovery codes; with `verified=False`
    an address that nobody confirmed.
    """

    class Meta:
        model = User
        skip_postgeneration_save = True

    class Params:
        verified = True
        totp = False

    name = factory.Sequence(lambda n: f"Person {n:02}")
    email = factory.Sequence(lambda n: f"person{n:02}@example.org")
    password = None

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        verified, totp = kwargs.pop("is_verified"), kwargs.pop("has_totp")
        user = model_class.objects.create_user(*args, **kwargs)
        EmailAddress.objects.create(user=user, email=user.email, verified=verified, primary=True)
        if totp:
            TOTP.activate(user, TOTP_SECRET)
            RecoveryCodes.activate(user)
        return user

    is_verified = factory.SelfAttribute("verified")
    has_totp = factory.SelfAttribute("totp")


class OrganisationFactory(DjangoModelFactory):
    """A government's institute in Japan."""

    class Meta:
        model = Organisation

    name = factory.Sequence(lambda n: f"Institute {n:02}")
    kind = Organisation.Kind.GOVERNMENT
    country_id = "JP"


class RoleFactory(DjangoModelFactory):
    """A role that is held since 2020."""

    class Meta:
        model = Role

    user = factory.SubFactory(UserFactory)
    kind = Role.Kind.CORE_MEMBER
    from_on = SINCE


class LeadFactory(UserFactory):
    """A Lead of today with a second step of signing in; `totp=False` for one who has none yet."""

    class Params:
        totp = True

    name = factory.Sequence(lambda n: f"Lead {n:02}")
    email = factory.Sequence(lambda n: f"lead{n:02}@example.org")
    role = factory.RelatedFactory(RoleFactory, "user", kind=Role.Kind.LEAD)


class SecretariatFactory(UserFactory):
    """Somebody of the secretariat: reads what the Lead sees, changes nothing."""

    name = factory.Sequence(lambda n: f"Secretariat {n:02}")
    email = factory.Sequence(lambda n: f"secretariat{n:02}@example.org")
    role = factory.RelatedFactory(RoleFactory, "user", kind=Role.Kind.SECRETARIAT)


class PartnerFactory(DjangoModelFactory):
    """An approved partner: a person, or with `person=None` the `organisation` handed over."""

    class Meta:
        model = Partner
        skip_postgeneration_save = True

    person = factory.SubFactory(UserFactory)
    status = Partner.Status.APPROVED

    @factory.post_generation
    def change(self, create, extracted, **kwargs):
        """The last change of standing, as the step that made it would have written it."""
        PartnerChange.objects.create(
            partner=self,
            old="" if self.status == Partner.Status.APPLIED else Partner.Status.APPLIED,
            new=self.status,
            at=NOW,
            actor=None,
        )


class PartnerUserFactory(UserFactory):
    """A person who is an approved partner."""

    name = factory.Sequence(lambda n: f"Partner {n:02}")
    email = factory.Sequence(lambda n: f"partner{n:02}@example.org")
    partner_row = factory.RelatedFactory(PartnerFactory, "person")


class MembershipFactory(DjangoModelFactory):
    """A person belongs to an organisation since 2020, and somebody agreed."""

    class Meta:
        model = Membership

    user = factory.SubFactory(UserFactory)
    organisation = factory.SubFactory(OrganisationFactory)
    status = Membership.Status.APPROVED
    from_on = SINCE
    decided_by = factory.SubFactory(UserFactory)
    decided_at = NOW
