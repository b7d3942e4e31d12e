"""The second step of signing in, which admin asks of Leads and superusers."""

from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled


def has_second_factor(user) -> bool:
    """Has this person an authenticator app, or a passkey or security key?

    allauth asks for it at every sign-in from then on.
    """
    return user.is_authenticated and user.has_second_factor


def has_recovery_codes(user) -> bool:
    """Were recovery codes made? allauth makes them with the first second factor."""
    return user.is_authenticated and is_mfa_enabled(user, [Authenticator.Type.RECOVERY_CODES])


def may_open_admin(user) -> bool:
    """A Lead or superuser of today with a second factor and recovery codes."""
    return user.is_active and user.is_staff and has_second_factor(user) and has_recovery_codes(user)
