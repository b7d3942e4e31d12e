"""allauth's forms with what the portal needs; apart from forms.py, which allauth imports first."""

from allauth.account import forms as allauth


class LoginForm(allauth.LoginForm):
    """Address and password; allauth drops the password where sign-up does not ask for one."""

    def _setup_password_field(self):
        """Keeps it."""
