"""Take one message from a mail server: `read_mail --recipient portal+bounce-…@example.org`.

The mail server hands it over on standard input (docs/mail.md).
"""

import logging
import os
import sys

from django.core.management.base import BaseCommand
from django.utils import timezone

from mailings import inbound

logger = logging.getLogger(__name__)

_AT_ONCE = 64 * 1024  # bytes


class Command(BaseCommand):
    help = (
        "Read one message from standard input and act on it. Ends with 0 for everything that was "
        "read, junk too, and with 75 when the mail server should try again."
    )
    requires_system_checks = ()  # one process for each message
    stealth_options = ("stdin",)

    def add_arguments(self, parser):
        parser.add_argument(
            "--recipient",
            default="",
            help="the address that the message was sent to; without it, its headers say",
        )

    def handle(self, recipient, stdin=None, **options):
        try:
            content = _read(stdin or sys.stdin.buffer)
            outcome = inbound.receive(content, recipient, timezone.now())
        except Exception:  # the database is away, or we are wrong: the mail must not be lost
            logger.exception("A message could not be taken in; the mail server tries again.")
            sys.exit(os.EX_TEMPFAIL)
        self.stdout.write(str(outcome))


def _read(stream) -> bytes:
    """The beginning, as far as it is of use; the rest is read too, so that the pipe holds."""
    content = stream.read(inbound.MOST)
    while stream.read(_AT_ONCE):
        pass
    return content
