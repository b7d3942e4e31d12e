"""Sign-in: rights that follow from the roles held today, and allauth's hooks."""

from datetime import date
from functools import cache

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.auth_backends import AuthenticationBackend
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from partners import mail, permissions
from partners.models import Partner, Role, User

ANY_PERSON, ANY_DAY = -1, date.min


class RoleBackend(AuthenticationBackend):
    """allauth's sign-in; `has_perm` is answered from the roles that a person holds today.

    The only backend, so that the tables of permissions and groups are never asked.
    """

    def get_user(self, user_id):
        """The person of a session, with what almost every page asks of one, in one query: the roles
        of today, the second step of signing in, and whether this is a partner today.
        """
        today = timezone.now().date()
        sql, known = _person_with_roles()
        told = {ANY_PERSON: user_id, ANY_DAY: today}
        user = next(iter(User.objects.raw(sql, [told.get(one, one) for one in known])), None)
        if user is None or not self.user_can_authenticate(user):
            return None
        user.roles_today = frozenset(user.held)
        user.has_second_factor = user.with_second_factor
        permissions.note_partner(user, today, user.is_partner_today)
        return user

    def get_all_permissions(self, user_obj, obj=None):
        """Of a Lead or superuser only with a second step of signing in; others need none."""
        if not user_obj.is_active or user_obj.is_anonymous:
            return set()
        if user_obj.is_staff and not user_obj.has_second_factor:
            return permissions.of_roles(user_obj.roles_today - Role.LEADS)
        if user_obj.is_superuser:
            return permissions.LEAD
        return permissions.of_roles(user_obj.roles_today)

    def has_perm(self, user_obj, perm, obj=None):
        return perm in self.get_all_permissions(user_obj)

    def has_module_perms(self, user_obj, app_label):
        return any(perm.startswith(f"{app_label}.") for perm in self.get_all_permissions(user_obj))


@cache
def _person_with_roles() -> tuple[str, tuple]:
    """The statement of `get_user` and its values, of which ANY_PERSON and ANY_DAY are filled in.

    Django needs four times as long to put it together as PostgreSQL to answer it, and each request
    of a signed-in person asks; so it is put together once.
    """
    held = Role.objects.held_on(ANY_DAY).filter(user=OuterRef("pk"))
    factors = Authenticator.objects.filter(user=OuterRef("pk")).exclude(
        type=Authenticator.Type.RECOVERY_CODES
    )
    people = User.objects.order_by().annotate(
        held=ArraySubquery(held.values("kind")),
        with_second_factor=Exists(factors),
        is_partner_today=Exists(Partner.objects.standing_for(OuterRef("pk"), ANY_DAY)),
    )
    return people.filter(pk=ANY_PERSON).query.sql_with_params()


class AccountAdapter(DefaultAccountAdapter):
    """Mail in the portal's frame, and the client's address behind the proxies that we run."""

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "incorrect_code": _("This is not the code. Look at the newest mail from the portal."),
    }

    def get_client_ip(self, request):
        """The address that the outermost of our own proxies saw; a client cannot forge it."""
        hops = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
        trusted = settings.TRUSTED_PROXIES
        if trusted and len(hops) >= trusted:
            return hops[-trusted].strip()
        return request.META["REMOTE_ADDR"]

    def render_mail(self, template_prefix, email, context, headers=None):
        """allauth's mails have a text; it is framed as all mails are, and HTML says the same."""
        headers = {"Auto-Submitted": "auto-generated", **(headers or {})}
        context = {**context, "site_url": settings.SITE_URL}
        message = super().render_mail(template_prefix, email, context, headers)
        message.alternatives.clear()
        text, html = mail.framed(message.subject, message.body)
        message.body = text
        message.attach_alternative(html, "text/html")
        return message
