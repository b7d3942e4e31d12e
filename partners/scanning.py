"""A virus scanner for uploads: clamd, at the address in the setting CLAMD_ADDRESS.

Without an address nothing is scanned. With one, what it did not pass is not stored: not what it
found something in, and not what it could not be asked about.
"""

import logging
from urllib.parse import urlsplit

from clamav_client.clamd import ClamdError, ClamdNetworkSocket, ClamdUnixSocket
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.utils.translation import gettext as _

TIMEOUT = 30.0  # seconds for one step: connecting, a block, the answer
CLEAN = "OK"
FOUND = "FOUND"

log = logging.getLogger(__name__)


def check(upload):
    """Let the scanner read the file. Raises ValidationError unless it says that it is clean."""
    address = settings.CLAMD_ADDRESS
    if not address:
        return
    client = _client(address)
    upload.seek(0)
    try:
        answer = client.instream(upload).get("stream", ("", ""))
    except (ClamdError, OSError, UnicodeDecodeError) as error:
        log.error("The scanner at %s cannot be asked: %s", address, error)
        raise _not_now() from None
    state, what = answer
    if state == FOUND:
        log.warning("An upload is refused: %s", what)
        raise ValidationError(
            _("The virus scanner found %(what)s in this file. It is not stored.") % {"what": what}
        )
    if state != CLEAN:
        log.error("The scanner at %s did not answer: %s %s", address, state, what)
        raise _not_now()


def _client(address: str) -> ClamdNetworkSocket | ClamdUnixSocket:
    """Raises ImproperlyConfigured for what is neither tcp://host:port nor unix:///path."""
    parts = urlsplit(address)
    if parts.scheme == "unix" and parts.path:
        return ClamdUnixSocket(parts.path, timeout=TIMEOUT)
    if parts.scheme == "tcp" and parts.hostname and parts.port:
        return ClamdNetworkSocket(parts.hostname, parts.port, timeout=TIMEOUT)
    raise ImproperlyConfigured("CLAMD_ADDRESS is tcp://host:port or unix:///path.")


def _not_now() -> ValidationError:
    return ValidationError(
        _("The file cannot be checked for viruses now. Nothing was stored; try again later.")
    )
