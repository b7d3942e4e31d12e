"""The one settings module. Everything that differs between machines comes from the environment.

`LOCAL_MODE=true` is what `make run` and the tests set: a secret made on the spot, mail kept in a
folder, no HTTPS. Without it the portal is in production: it does not start while a variable that it
needs is missing or weak, and the sentence names the variable.
"""

import os
import re
from email.utils import parseaddr
from pathlib import Path

from celery.schedules import crontab
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key
from django.utils.translation import gettext_lazy as _
from environs import Env, EnvError

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

env = Env(eager=False)  # what must be set: seal() names every missing variable at once
options = Env()  # what may be set

LOCAL_MODE = options.bool("LOCAL_MODE", False)
DEBUG = options.bool("DEBUG", False)


def in_local_mode(value) -> dict:
    """A default for LOCAL_MODE only; in production the variable must be set."""
    return {"default": value} if LOCAL_MODE else {}


def cannot_start(sentence: str):
    raise ImproperlyConfigured(f"The portal cannot start. {sentence} README, 'For real', says how.")


if not LOCAL_MODE:
    names = ("SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL", "EMAIL_URL")
    if missing := [name for name in names if not options.str(name, "").strip()]:
        cannot_start(f"Set the environment variable {', '.join(missing)}.")

SECRET_KEY = env.str("SECRET_KEY", **in_local_mode(get_random_secret_key()))
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", **in_local_mode(["localhost", "127.0.0.1", "[::1]"]))
DATABASES = {
    "default": env.dj_db_url(
        "DATABASE_URL",
        **in_local_mode("postgresql://postgres@127.0.0.1:5432/wmaportal"),
        conn_max_age=60,
        conn_health_checks=True,
    )
}
REDIS_URL = env.str("REDIS_URL", **in_local_mode("redis://127.0.0.1:6379/0"))
DELIVERY = env.dj_email_url("EMAIL_URL", **in_local_mode("dummy://"))
try:
    env.seal()
except EnvError as error:
    cannot_start(f"An environment variable cannot be read: {error}.")

# A host that swallows packets must not hold a request until gunicorn kills its worker
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)  # seconds

if not REDIS_URL.startswith(("redis://", "rediss://")):
    cannot_start("REDIS_URL cannot be read: it begins with redis:// or rediss://.")
if "EMAIL_BACKEND" not in DELIVERY:
    cannot_start("EMAIL_URL cannot be read: it begins with smtp:// or, with TLS, submission://.")
if not LOCAL_MODE and (
    len(SECRET_KEY) < 50 or len(set(SECRET_KEY)) < 5 or SECRET_KEY.startswith("django-insecure-")
):
    cannot_start("SECRET_KEY is weak: set it to at least 50 random characters.")

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.contrib.sitemaps",
    "django.forms",  # its widgets, for TemplatesSetting
    "wmaportal.apps.PortalAdminConfig",
    "wmaportal.apps.PortalConfig",
    "partners",
    "mailings",
    "experts",
    "documents",
    "advice",
    "meetings",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "csp",
    "django_countries",
    "django_filters",
    "django_htmx",
    "simple_history",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",  # readers behind slow links; pads against BREACH
    "csp.middleware.CSPMiddleware",
    "partners.even_time.EvenTime",
    "wmaportal.middleware.RefuseHostileRequests",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "wmaportal.middleware.ReadersLanguage",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "wmaportal.middleware.PrivatePages",
    "wmaportal.signed_out.KeepTyped",
]

ROOT_URLCONF = "wmaportal.urls"
WSGI_APPLICATION = "wmaportal.wsgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "wmaportal.context.portal",
            ],
        },
    },
]

# People and sign-in

AUTH_USER_MODEL = "partners.User"
AUTHENTICATION_BACKENDS = ["partners.authentication.RoleBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "my_page"
ACCOUNT_LOGOUT_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "partners.authentication.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_SIGNUP_FORM_CLASS = "partners.forms.SignupForm"
ACCOUNT_FORMS = {"login": "partners.sign_in.LoginForm"}
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_SIGNUP_FORM_HONEYPOT_FIELD = "fax_number"  # people do not see it, bots fill it in
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_EMAIL_VERIFICATION_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 900  # seconds: mail to ministries is slow
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_EMAIL_VERIFICATION_SUPPORTS_RESEND = True
ACCOUNT_PASSWORD_RESET_BY_CODE_ENABLED = True
ACCOUNT_PASSWORD_RESET_BY_CODE_TIMEOUT = 900
ALLAUTH_USER_CODE_FORMAT = {"numeric": True, "length": 6, "dashed": False}
# Six digits: three tries a code, and few codes an hour, leave a guesser one in 30,000 an hour
ACCOUNT_RATE_LIMITS = {
    "request_login_code": "20/m/ip,3/m/key,10/h/key",
    "reset_password": "20/m/ip,3/m/key,10/h/key",
    "keep_registration": "20/m/ip,200/h/ip",  # what visitors typed, until they have signed in
}
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_MAX_EMAIL_ADDRESSES = 5
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "http" if LOCAL_MODE else "https"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_TOTP_ISSUER = "Waste Management Area"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = LOCAL_MODE

SESSION_COOKIE_AGE = 14 * 24 * 3600  # seconds
SESSION_COOKIE_SAMESITE = "Lax"

# Redis: cache and rate limits (which fall back to this process's memory), and Celery

CACHES = {
    "default": {
        "BACKEND": "wmaportal.cache.RedisOrOwnMemory",
        "LOCATION": REDIS_URL,
        "OPTIONS": {"socket_connect_timeout": 0.3, "socket_timeout": 0.5},
    }
}
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_TIME_LIMIT = 600  # seconds
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 5}
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TIMEZONE = "UTC"
CELERY_BEAT_SCHEDULE = {
    "keep house": {"task": "wmaportal.tasks.keep_house", "schedule": 3600.0},  # seconds
    "remind": {"task": "wmaportal.tasks.remind", "schedule": crontab(hour=5, minute=0)},
    "check files": {
        "task": "wmaportal.tasks.check_files",
        "schedule": crontab(hour=3, minute=30),
    },
    "deliver": {
        "task": "mailings.tasks.deliver",
        "schedule": 5.0,
        "options": {"expires": 5.0},
    },
    "publish announcements": {
        "task": "mailings.tasks.publish_announcements",
        "schedule": 60.0,
        "options": {"expires": 60.0},
    },
}
if not LOCAL_MODE:  # `make run` asks nothing of the world outside
    CELERY_BEAT_SCHEDULE["check addresses"] = {
        "task": "documents.tasks.check_addresses",
        "schedule": crontab(hour=4, minute=10),
    }
CELERY_BEAT_SCHEDULE_FILENAME = str(VAR_DIR / "celerybeat-schedule")

# Mail: EMAIL_URL fills what delivers; what apps call is EMAIL_BACKEND

DELIVERY_BACKEND = options.str(
    "DELIVERY_BACKEND",
    "wmaportal.mailbox.FileOfMail" if LOCAL_MODE else DELIVERY["EMAIL_BACKEND"],
)
EMAIL_HOST = DELIVERY["EMAIL_HOST"]
EMAIL_PORT = DELIVERY["EMAIL_PORT"]
EMAIL_HOST_USER = DELIVERY["EMAIL_HOST_USER"]
EMAIL_HOST_PASSWORD = DELIVERY["EMAIL_HOST_PASSWORD"]
EMAIL_USE_TLS = DELIVERY["EMAIL_USE_TLS"]
EMAIL_USE_SSL = DELIVERY["EMAIL_USE_SSL"]
EMAIL_TIMEOUT = options.float("EMAIL_TIMEOUT", 30.0)  # seconds
EMAIL_BACKEND = "mailings.backends.OutboxBackend"
MAIL_DIR = Path(options.str("MAIL_DIR", str(VAR_DIR / "mail")))
# What stands before the path of links in mails
SITE_URL = options.str(
    "SITE_URL",
    f"http://localhost:{options.int('PORT', 8000)}"
    if LOCAL_MODE
    else f"https://{ALLOWED_HOSTS[0].lstrip('.')}",
).rstrip("/")
DEFAULT_FROM_EMAIL = options.str("DEFAULT_FROM_EMAIL", "Waste Management Area <portal@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL
# Where people write to the Lead; empty: the address that mail of the portal comes from
CONTACT_ADDRESS = options.str("CONTACT_ADDRESS", "")
EMAIL_SUBJECT_PREFIX = ""
# What stands behind the @ of a Message-ID
MAIL_DOMAIN = parseaddr(DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
# DKIM, where no mail server behind the portal signs; empty: off
DKIM_SELECTOR = options.str("DKIM_SELECTOR", "")
DKIM_KEY_FILE = options.str("DKIM_KEY_FILE", "")
if DKIM_SELECTOR or DKIM_KEY_FILE:
    from mailings import signing  # it asks nothing of the settings until a mail is signed

    if not re.fullmatch(r"[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*", DKIM_SELECTOR) or not DKIM_KEY_FILE:
        cannot_start("Set both DKIM_SELECTOR, a name in the DNS, and DKIM_KEY_FILE, or none.")
    if DELIVERY_BACKEND != "django.core.mail.backends.smtp.EmailBackend":
        cannot_start("DKIM_SELECTOR is for SMTP; what DELIVERY_BACKEND names must sign by itself.")
    try:
        DKIM_KEY = signing.read_key(DKIM_KEY_FILE)
    except ValueError as error:
        cannot_start(f"DKIM_KEY_FILE: {error}")
# Reports and replies come to this address with a +token; empty: nothing comes in by mail
INBOUND_ADDRESS = options.str("INBOUND_ADDRESS", "")
# Whose Authentication-Results headers count: the name of our own mail server; empty: nobody's
AUTHSERV_ID = options.str("AUTHSERV_ID", "")
AUTHSERV_HOPS = options.int("AUTHSERV_HOPS", 0)  # Received headers that our servers put above it
# A mail service's keys: ANYMAIL_BREVO_API_KEY and the like, as django-anymail names them
ANYMAIL = {"IGNORE_UNSUPPORTED_FEATURES": True}  # such as the return path: most have their own
ANYMAIL |= {
    name.removeprefix("ANYMAIL_"): value.strip()
    for name, value in os.environ.items()
    if name.startswith("ANYMAIL_") and value.strip()
}
if (secret := ANYMAIL.get("WEBHOOK_SECRET")) and (":" not in secret or len(secret) < 20):
    cannot_start("ANYMAIL_WEBHOOK_SECRET is weak: set it to a name, a colon and a long password.")
MAIL_RATE = options.float("MAIL_RATE", 20.0)  # mails a second at most, of all workers together
OUTBOX_LEASE = options.float("OUTBOX_LEASE", 120.0)  # seconds that a worker owns what it claimed
if MAIL_RATE <= 0:
    cannot_start("MAIL_RATE is no rate: set it to the mails that may leave in a second.")
if OUTBOX_LEASE < 2 * EMAIL_TIMEOUT:
    cannot_start("OUTBOX_LEASE is too short: set it to twice EMAIL_TIMEOUT at least, in seconds.")
# What becomes of a mail whose worker died in mid-send: "ask" the Lead, or "repeat" it
OUTBOX_UNCERTAIN = options.str("OUTBOX_UNCERTAIN", "ask")
# Whether a commit wakes a Celery worker; without, beat and `manage.py send_outbox` find the mail
OUTBOX_RING = options.bool("OUTBOX_RING", True)
OUTBOX_BODIES_DAYS = options.int("OUTBOX_BODIES_DAYS", 30)  # then only the facts are kept

# Files

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = Path(options.str("MEDIA_ROOT", str(VAR_DIR / "files")))
# Files in a bucket instead. Its key, region and endpoint are boto3's own variables (AWS_...)
S3_BUCKET = options.str("S3_BUCKET", "")
STORAGES = {
    "default": {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "signature_version": "s3v4",  # the older one is refused by most regions
            "default_acl": None,  # private, as the bucket is
            "file_overwrite": False,
            "max_memory_size": 1024 * 1024,  # bytes of one file; the rest waits on the disk
        },
    }
    if S3_BUCKET
    else {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage",
    },
}
MAX_DOCUMENT_BYTES = options.int("MAX_DOCUMENT_BYTES", 50 * 1024 * 1024)
# A virus scanner, tcp://host:port or unix:///path; empty: none
CLAMD_ADDRESS = options.str("CLAMD_ADDRESS", "")
# Where the proxy has MEDIA_ROOT for itself, such as /protected/: then it sends the bytes
X_ACCEL_PREFIX = options.str("X_ACCEL_PREFIX", "")
# The weekly check of addresses elsewhere asks public ones only; tests have theirs on this machine
ADDRESS_CHECK_LOOPBACK = False
WHITENOISE_MAX_AGE = 3600
FILE_UPLOAD_PERMISSIONS = 0o640
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024  # bytes, of text; files have limits of their own
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2000

# Languages and time

LANGUAGE_CODE = "en"
# Other languages are for the pages and mails that are translated whole (wmaportal/middleware.py):
# half of a page in another language helps nobody
LANGUAGES = [("en", _("English")), ("fr", _("French")), ("es", _("Spanish"))]
MAIL_LANGUAGES = LANGUAGES  # in which reminders are written
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["wmaportal.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

# django-countries: the short names that the United Nations use, where the package has others

COUNTRIES_OVERRIDE = {
    "BN": _("Brunei Darussalam"),
    "BO": _("Bolivia (Plurinational State of)"),
    "BS": _("Bahamas"),
    "FM": _("Micronesia (Federated States of)"),
    "GB": _("United Kingdom of Great Britain and Northern Ireland"),
    "GM": _("Gambia"),
    "IR": _("Iran (Islamic Republic of)"),
    "KP": _("Democratic People’s Republic of Korea"),
    "KR": _("Republic of Korea"),
    "LA": _("Lao People’s Democratic Republic"),
    "MD": _("Republic of Moldova"),
    "NL": _("Netherlands (Kingdom of the)"),
    "NR": _("Nauru"),
    "PS": _("State of Palestine"),
    "RU": _("Russian Federation"),
    "SY": _("Syrian Arab Republic"),
    "TZ": _("United Republic of Tanzania"),
    "VA": _("Holy See"),
    "VE": _("Venezuela (Bolivarian Republic of)"),
    "VN": _("Viet Nam"),
}

# Security

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],  # the vendored sheet has its arrows and ticks as data:
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
SESSION_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "wmaportal.errors.csrf_failure"
if not LOCAL_MODE:
    SECURE_SSL_REDIRECT = options.bool("SECURE_SSL_REDIRECT", True)
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_REDIRECT_EXEMPT = [r"^health/$"]
    SECURE_HSTS_SECONDS = options.int("SECURE_HSTS_SECONDS", 365 * 24 * 3600)
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True

# Number of proxies that add themselves to X-Forwarded-For in front of the portal
TRUSTED_PROXIES = options.int("TRUSTED_PROXIES", 0)

SIMPLE_HISTORY_REVERT_DISABLED = True

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
