"""Workers: claim rows under a lease, write them, hand them over, write down what came of it.

The row in hand is marked 'sending' by the same commit that writes the outcome of the one before, so
a killed worker leaves at most one mail whose fate is unknown. Every outcome is fenced by owner and
lease: a worker that was away too long finds that its rows belong to another, and stops. Leases are
measured by PostgreSQL's clock, due times by the caller's.
"""

import logging
import random
import time
import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import BadHeaderError, get_connection
from django.core.mail.backends.smtp import EmailBackend as Smtp
from django.db import InterfaceError, OperationalError, connection, transaction
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.utils import timezone, translation

from mailings import bounces, kinds, mime, outbox, smtp, suppression, throttle
from mailings.models import OutgoingMail
from partners import mail as ground

logger = logging.getLogger(__name__)

State = OutgoingMail.State

AT_ONCE = 20  # rows of one claim
GIVE_UP_AFTER = timedelta(days=3)
#: Between tries of one mail, doubled each time, with a little chance so that they do not march.
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=4)
DATABASE_AWAY = (OperationalError, InterfaceError)
PATIENCE = (421, 450, 452)  # answers after which the rate is halved
_QUEUED = "state IN ('queued', 'deferred')"
_FREE = "(lease_until IS NULL OR lease_until < clock_timestamp())"


class Lost(Exception):
    """The lease ran out and the row belongs to another worker."""


def deliver(seconds: float = 45, only_first: bool = False) -> Counter:
    """Deliver what is due until nothing is, at most for so many seconds.

    `only_first`: sign-in mail alone. Returns how many mails came to each state. Several may run at
    once. A database that goes away ends it; what was claimed is free again when the lease ends.
    """
    worker, done = Worker(uuid.uuid4()), Counter()
    end = time.monotonic() + seconds
    try:
        while time.monotonic() < end and worker.batch(done, only_first):
            pass
    except Lost:
        logger.warning("A lease ran out; another worker goes on.")
    finally:
        worker.close()
    return done


@dataclass(frozen=True)
class Outcome:
    """What became of one mail that was tried."""

    state: State
    answer: str = ""
    wait: timedelta | None = None
    remote_id: str = ""
    server_is_away: bool = False


class Worker:
    """One connection and one lease."""

    def __init__(self, owner: uuid.UUID):
        self.owner = owner
        self.lease = timedelta(seconds=settings.OUTBOX_LEASE)
        self.delivery = get_connection(settings.DELIVERY_BACKEND)
        self.renewed = 0.0  # time.monotonic() of the last renewal of all that is claimed

    def close(self):
        try:
            self.delivery.close()
        except OSError:
            logger.info("The mail server was gone when the connection was closed.")

    def batch(self, done: Counter, only_first: bool) -> bool:
        """Claim and deliver up to twenty mails; False when there was nothing, or no server."""
        mails = self._claim(done, only_first)
        if mails is None:  # the rate allows nothing for the moment
            time.sleep(min(1.0, AT_ONCE / settings.MAIL_RATE))
            return True
        if not mails:
            return False
        rest = mails
        while rest:
            mail, rest = rest[0], rest[1:]
            outcome = self._try(mail)
            if outcome.server_is_away:
                self._release(mail, rest, outcome)
                return False
            self._finish(mail, outcome, rest)
            done[outcome.state] += 1
        return True

    # Claiming

    def _claim(self, done: Counter, only_first: bool) -> list[OutgoingMail] | None:
        """Rows that are this worker's from now on, written and ready; the first is 'sending'.

        None when mail waits that the rate does not allow yet.
        """
        now = timezone.now()
        with transaction.atomic():
            self._give_up_the_dead(now)
            number, server_may_be_tried = throttle.take(0 if only_first else AT_ONCE, now)
            if not server_may_be_tried:
                return []
            keys = self._lock(number, now)
            if not keys:
                throttle.give_back(number)
                return None if number == 0 and self._rate_is_in_the_way(only_first, now) else []
            mails = sorted(
                OutgoingMail.objects.filter(pk__in=keys).select_related("reminder"),
                key=lambda mail: (mail.priority, mail.next_try, mail.pk),
            )
            others = sum(mail.priority != OutgoingMail.FIRST for mail in mails)
            throttle.give_back(number - others)
            ready = []
            for mail, why, state in _written(mails, now):
                if state is None:
                    ready.append(mail)
                    continue
                mail.state, mail.answer, mail.finished_at = state, why[:500], now
                if mail.template == "":
                    mail.content = None
                done[state] += 1
            self._write_claim(mails, ready)
        self.renewed = time.monotonic()
        return ready

    def _rate_is_in_the_way(self, only_first: bool, now: datetime) -> bool:
        held = throttle.current().held_at is not None
        due = OutgoingMail.objects.waiting().filter(next_try__lte=now, claimed_by=None)
        return not only_first and not held and due.exists()

    def _give_up_the_dead(self, now: datetime):
        """Rows in the hand of a worker whose lease ran out: nobody knows whether they left."""
        dead = OutgoingMail.objects.filter(state=State.SENDING).extra(
            where=["lease_until < clock_timestamp()"]
        )
        if settings.OUTBOX_UNCERTAIN == "repeat":
            dead.update(state=State.DEFERRED, claimed_by=None, lease_until=None, next_try=now)
        else:
            dead.update(
                state=State.UNCERTAIN,
                claimed_by=None,
                lease_until=None,
                answer="The worker that sent it was ended in the middle.",
            )

    def _lock(self, number: int, now: datetime) -> list[int]:
        """Keys of due rows, the most urgent first: sign-in mail always, others up to `number`."""
        found: list[int] = []
        with connection.cursor() as cursor:
            for priority in sorted(set(OutgoingMail.PRIORITY.values())):
                room = AT_ONCE - len(found)
                if priority != OutgoingMail.FIRST:
                    room = min(room, number)
                if room <= 0:
                    continue
                cursor.execute(
                    f"SELECT id FROM mailings_outgoingmail WHERE {_QUEUED} AND priority = %s "  # noqa: S608
                    f"AND next_try <= %s AND {_FREE} "
                    "ORDER BY next_try, id LIMIT %s FOR UPDATE SKIP LOCKED",
                    [priority, now, room],
                )
                keys = [key for (key,) in cursor.fetchall()]
                found += keys
                if priority != OutgoingMail.FIRST:
                    number -= len(keys)
        return found

    def _write_claim(self, mails: list[OutgoingMail], ready: list[OutgoingMail]):
        """One statement for the whole claim: what was written, who owns it, which goes first."""
        first = ready[0].pk if ready else None
        owned = {mail.pk for mail in ready}
        for mail in mails:
            if mail.pk == first:
                mail.state = State.SENDING
        with connection.cursor() as cursor:
            cursor.execute(
                """
                UPDATE mailings_outgoingmail o SET state = new.state, answer = new.answer,
                    finished_at = new.finished_at, "to" = new.address, language = new.language,
                    subject = new.subject, content = new.content,
                    claimed_by = CASE WHEN new.owned THEN %s END,
                    lease_until = CASE WHEN new.owned THEN clock_timestamp() + %s END
                FROM unnest(%s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::text[],
                        %s::text[], %s::text[], %s::bytea[], %s::boolean[])
                    AS new(id, state, answer, finished_at, address, language, subject, content,
                        owned)
                WHERE o.id = new.id
                """,
                [
                    self.owner,
                    self.lease,
                    [mail.pk for mail in mails],
                    [str(mail.state) for mail in mails],
                    [mail.answer for mail in mails],
                    [mail.finished_at for mail in mails],
                    [mail.to for mail in mails],
                    [mail.language for mail in mails],
                    [mail.subject for mail in mails],
                    [mail.content for mail in mails],
                    [mail.pk in owned for mail in mails],
                ],
            )

    # Trying

    def _try(self, mail: OutgoingMail) -> Outcome:
        """Hand one mail over. An exception of a backend that is no answer counts as 'later'."""
        content = bytes(mail.content)
        sender = kinds.return_path(mail)
        try:
            if self.delivery.open() is None and isinstance(self.delivery, Smtp):
                raise ConnectionError("No connection.")
        except Exception as error:  # whatever a backend's library raises
            logger.warning("The mail server cannot be reached: %s", error)
            return Outcome(State.DEFERRED, _said(error), server_is_away=True)
        if isinstance(self.delivery, Smtp):
            return self._by_smtp(mail, sender, content)
        return self._by_backend(mail, sender, content)

    def _by_smtp(self, mail: OutgoingMail, sender: str, content: bytes) -> Outcome:
        try:
            answer = smtp.send(self.delivery.connection, sender, mail.to, content)
        except smtp.Broken as error:
            self._forget_connection()
            return Outcome(State.DEFERRED, _said(error), server_is_away=True)
        except smtp.Unknown as error:
            self._forget_connection()
            return self._unknown(error)
        if answer.code == 421:
            self._forget_connection()
        return self._by_answer(mail, answer)

    def _unknown(self, error: Exception) -> Outcome:
        if settings.OUTBOX_UNCERTAIN == "repeat":
            return Outcome(State.DEFERRED, _said(error), wait=FIRST_WAIT)
        return Outcome(State.UNCERTAIN, f"No answer to the whole message: {error}"[:500])

    def _by_answer(self, mail: OutgoingMail, answer: smtp.Answer) -> Outcome:
        said = f"{answer.code} {answer.text}"[:500]
        if answer.is_accepted:
            return Outcome(State.SENT, said)
        if answer.is_final:
            bounces.refused(mail, answer, timezone.now())
            return Outcome(State.FAILED, said)
        if answer.code in PATIENCE:
            throttle.slow_down(timezone.now())
        return Outcome(State.DEFERRED, said, wait=_wait(mail))

    def _by_backend(self, mail: OutgoingMail, sender: str, content: bytes) -> Outcome:
        message = mime.as_django(content, sender, mail.to)
        try:
            self.delivery.send_messages([message])
        except Exception as error:  # whatever a mail service's library raises
            code = getattr(error, "status_code", None)
            if code is not None and 400 <= code < 500 and code not in (401, 403, 408, 429):
                return Outcome(State.FAILED, _said(error))
            logger.warning("The mail service did not take a mail: %s", _said(error))
            return Outcome(State.DEFERRED, _said(error), wait=_wait(mail))
        status = getattr(message, "anymail_status", None)
        remote = getattr(status, "message_id", "") or ""
        return Outcome(State.SENT, remote_id=remote if isinstance(remote, str) else "")

    def _forget_connection(self):
        self.delivery.close()

    # Outcomes

    def _finish(self, mail: OutgoingMail, outcome: Outcome, rest: list[OutgoingMail]):
        """Write the outcome and mark the next mail 'sending', in one commit. Raises Lost."""
        now = timezone.now()
        state = outcome.state
        if state == State.DEFERRED and mail.created_at < now - GIVE_UP_AFTER:
            state = State.FAILED
        over = state in (State.SENT, State.FAILED)
        renew = rest and time.monotonic() - self.renewed > settings.OUTBOX_LEASE / 4
        values = {
            "id": mail.pk,
            "owner": self.owner,
            "lease": self.lease,
            "state": str(state),
            "answer": outcome.answer,
            "finished": now if over else None,
            "next_try": now + outcome.wait if outcome.wait else mail.next_try,
            "remote": outcome.remote_id,
            "erase": over and mail.template == "",
            "next": rest[0].pk if rest else None,
            "renewed": [other.pk for other in rest] if renew else [],
        }
        if not self._insist(_FINISH, values):
            raise Lost
        if renew:
            self.renewed = time.monotonic()
        if state == State.SENT:
            if mail.priority != OutgoingMail.FIRST or self.seen_trouble:
                self._note_success()
        elif state == State.FAILED:
            self.seen_trouble = True
            throttle.failed(now, outcome.answer)

    seen_trouble = True  # until the throttle's row is known to be clear

    def _note_success(self):
        if self.seen_trouble:
            throttle.succeeded()
            throttle.server_there()
            self.seen_trouble = False

    def _release(self, mail: OutgoingMail, rest: list[OutgoingMail], outcome: Outcome):
        """The server is away: this mail was not handed over, the others were not tried."""
        now = timezone.now()
        self._insist(
            _RELEASE,
            {
                "owner": self.owner,
                "ids": [mail.pk, *(other.pk for other in rest)],
                "answer": outcome.answer,
                "id": mail.pk,
            },
        )
        throttle.server_away(now)
        self.seen_trouble = True

    def _insist(self, statement: str, values: dict) -> bool:
        """Run a fenced statement, again after the database was away, as long as the lease lasts.

        Returns whether it found this worker's row.
        """
        end = time.monotonic() + settings.OUTBOX_LEASE
        while True:
            try:
                with connection.cursor() as cursor:
                    cursor.execute(statement, values)
                    return cursor.fetchone() is not None
            except DATABASE_AWAY:
                if connection.in_atomic_block or time.monotonic() > end:
                    raise
                connection.close()
                time.sleep(0.2)


_FINISH = """
WITH done AS (
    UPDATE mailings_outgoingmail SET state = %(state)s, answer = %(answer)s,
        finished_at = %(finished)s, next_try = %(next_try)s, remote_id = %(remote)s,
        attempts = attempts + 1, claimed_by = NULL, lease_until = NULL,
        content = CASE WHEN %(erase)s THEN NULL ELSE content END
    WHERE id = %(id)s AND claimed_by = %(owner)s AND lease_until > clock_timestamp()
        AND state = 'sending'
    RETURNING id
), next AS (
    UPDATE mailings_outgoingmail o SET
        state = CASE WHEN o.id = %(next)s THEN 'sending' ELSE o.state END,
        lease_until = clock_timestamp() + %(lease)s
    FROM done
    WHERE o.id = ANY (%(renewed)s::bigint[] || %(next)s::bigint) AND o.claimed_by = %(owner)s
)
SELECT id FROM done
"""

_RELEASE = """
UPDATE mailings_outgoingmail SET
    state = CASE WHEN attempts > 0 THEN 'deferred' ELSE 'queued' END,
    answer = CASE WHEN id = %(id)s THEN %(answer)s ELSE answer END,
    claimed_by = NULL, lease_until = NULL
WHERE id = ANY (%(ids)s) AND claimed_by = %(owner)s AND lease_until > clock_timestamp()
RETURNING id
"""


def _written(mails: list[OutgoingMail], now: datetime):
    """(mail, why, state): state None for one that is ready, else what becomes of it."""
    blocked = suppression.found(
        {mail.to for mail in mails if mail.kind not in kinds.EXEMPT_FROM_SUPPRESSION}
    )
    posted = [mail for mail in mails if mail.template]
    letters = outbox.letters(posted, now)
    for mail in mails:
        letter = letters.get(mail.pk)
        if isinstance(letter, outbox.Skip):
            yield mail, letter.why, State.SKIPPED
            continue
        if letter is not None and letter.to and letter.to != mail.to:
            mail.to = letter.to
            if mail.kind not in kinds.EXEMPT_FROM_SUPPRESSION:
                blocked |= suppression.found({mail.to})
        if mail.to in blocked and mail.kind not in kinds.EXEMPT_FROM_SUPPRESSION:
            yield mail, blocked[mail.to].get_reason_display(), State.SKIPPED
            continue
        if letter is not None:
            try:
                _write(mail, letter, now)
            except (BadHeaderError, TemplateDoesNotExist, TemplateSyntaxError, ValueError) as error:
                logger.exception("The mail %s cannot be written.", mail.pk)
                yield mail, f"The mail cannot be written: {error}", State.FAILED
                continue
        yield mail, "", None


def _write(mail: OutgoingMail, letter: outbox.Letter, now: datetime):
    """Fill the templates in; a mail that is tried again says what is true then."""
    mail.language = letter.language or mail.language
    with translation.override(mail.language):
        written = ground.write(mail.template, mail.to, letter.context)
    mail.subject = written.subject
    headers = kinds.headers(mail, written.subject, now, letter.stop)
    mail.content = mime.build(headers, written.text, written.html, f"part{mail.token}")


def _wait(mail: OutgoingMail) -> timedelta:
    """Until the next try: a minute, doubled each time, a fifth more or less."""
    doubled = FIRST_WAIT * 2 ** min(mail.attempts, 10)
    return min(doubled, LONGEST_WAIT) * random.uniform(0.8, 1.2)


def _said(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:500]
