"""Demonstration data: only ever loaded by this command."""

import secrets

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from advice import demonstration as advice
from documents import demonstration as documents
from experts import demonstration as experts
from mailings import announcement_demonstration as announcements
from mailings import demonstration as mailings
from meetings import demonstration as meetings
from partners import decisions
from partners import demonstration as people
from partners.models import Decision, User

LOADED = "loaded the demonstration"
PASSWORD = "sulphur-holds-it"  # noqa: S105, in LOCAL_MODE; elsewhere each loading makes its own


class Command(BaseCommand):
    help = (
        "Load the demonstration: organisations, forty invented experts, documents, three sign-ins. "
        "Safe to repeat: a second run changes nothing."
    )

    def add_arguments(self, parser):
        parser.add_argument(
            "--signins", action="store_true", help="Load nothing; show the sign-ins again."
        )
        parser.add_argument(
            "--experts",
            type=int,
            metavar="N",
            help="For measuring: add invented experts until N are on the list.",
        )
        parser.add_argument(
            "--yes-really", action="store_true", help="Load it although this is not LOCAL_MODE."
        )

    def handle(self, *, signins, experts, yes_really, verbosity, **options):
        if not (settings.LOCAL_MODE or yes_really):
            raise CommandError(
                "This portal is not in LOCAL_MODE. Invented experts would stand beside real ones, "
                "and they cannot be told apart by a search engine. Add --yes-really to load them."
            )
        if signins:
            self._show_sign_ins(PASSWORD if settings.LOCAL_MODE else None)
            return
        password = PASSWORD if settings.LOCAL_MODE else secrets.token_urlsafe(12)
        loaded = self._load(password)
        added = None if experts is None else self._load_many(experts)
        if not verbosity:
            return
        if loaded:
            self.stdout.write("The demonstration is loaded.")
            self._show_sign_ins(password)
        else:
            self.stdout.write("The demonstration was loaded before; nothing changed.")
        if added is not None:
            self.stdout.write(f"{added} invented experts added; {experts} were asked for.")

    def _load(self, password: str) -> bool:
        """False, and nothing changed, when the log says that it was loaded before."""
        now = timezone.now()
        with transaction.atomic():
            if Decision.objects.filter(action=LOADED).exists():
                return False
            people.load(now, password)
            experts.load(now, password)
            documents.load(now)
            advice.load(now)
            meetings.load(now)
            mailings.load_subscriptions(now)
            announcements.load(now)
            decisions.record(None, LOADED, User.objects.get(email=people.LEAD), now)
        documents.finish(now)
        return True

    def _load_many(self, total: int) -> int:
        with transaction.atomic():
            added = experts.load_many(total, timezone.now())
        if added:
            experts.analyse()
        return added

    def _show_sign_ins(self, password: str | None):
        lead = User.objects.filter(email=people.LEAD).first()
        if lead is None:
            self.stdout.write("There are no demonstration sign-ins: run manage.py loaddemo first.")
            return
        shown = password or "was shown once, when the demonstration was loaded"
        self.stdout.write(
            "Sign in by password, or with a code by e-mail (read it at /mailbox/)\n"
            f"  Lead      {people.LEAD}\n"
            f"  Partner   {people.PARTNER}\n"
            f"  Expert    {people.EXPERT}\n"
            f"  Password  {shown}"
        )
        factor = people.second_factor(lead)
        if factor is not None and settings.LOCAL_MODE:
            self.stdout.write(
                f"The Lead is asked for a second factor as well\n"
                f"  Now       {factor.code} (a new one each 30 seconds)\n"
                f"  App key   {factor.secret}\n"
                f"            {factor.uri}\n"
                f"  Recovery  {' '.join(factor.recovery_codes[:3])} (each once)"
            )
