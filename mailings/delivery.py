"""Workers: claim rows under a lease, write them, hand them over, write down what came of it.

A mail is marked 'sending' by the same commit that writes the outcome of the one before, and
nothing of it is handed over earlier, so a killed worker leaves at most one mail whose fate is
unknown. Every outcome is fenced by owner and lease: a worker that was away too long finds that its
rows belong to another, and stops. Leases and the rate are measured by PostgreSQL's clock, due times
by the caller's.

While the server works on one mail, the next is written; while PostgreSQL commits, the next is
announced to the server.
"""

import logging
import random
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import BadHeaderError, get_connection
from django.core.mail.backends.smtp import EmailBackend as Smtp
from django.db import InterfaceError, OperationalError, connection, transaction
from django.template import TemplateDoesNotExist, TemplateSyntaxError
from django.utils import timezone, translation

from mailings import bounces, campaigning, kinds, mime, outbox, signing, smtp, suppression, throttle
from mailings.models import OutgoingMail
from mailings.models.packed import pack
from partners import mail as ground

logger = logging.getLogger(__name__)

State = OutgoingMail.State

AT_ONCE = 20  # rows that a worker claims
#: Of mail to many: what is asked in a claim costs the same for a hundred readers as for twenty, and
#: who changes a wish takes the own row out of the claim (outbox.ask_again_on_commit). Not of
#: digests: each is asked for by itself, and others wait meanwhile
AT_ONCE_OF_MANY = 100
OF_MANY = {
    OutgoingMail.PRIORITY[kind]
    for kind in (OutgoingMail.Kind.REMINDER, OutgoingMail.Kind.ANNOUNCEMENT)
}
GIVE_UP_AFTER, GIVE_UP_TRIES = timedelta(days=3), 5  # both
#: Between tries of one mail, doubled each time, with a little chance so that they do not march.
FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=4)
BROKEN_WAIT = timedelta(seconds=5)  # the first, where the connection broke
LOOK_EVERY = 0.25  # seconds between looks for sign-in mail while other mail leaves
PAUSE = 0.2  # seconds between looks while the rate allows nothing, and while PostgreSQL is away
DATABASE_AWAY = (OperationalError, InterfaceError)
PATIENCE = (421, 450, 452)  # answers after which the rate is halved
CANNOT_BE_WRITTEN = (BadHeaderError, TemplateDoesNotExist, TemplateSyntaxError, ValueError)


class Lost(Exception):
    """What became of a mail cannot be written: its row is not this worker's any more."""


def deliver(
    seconds: float = 20, only_first: bool = False, stop: Callable[[], bool] = lambda: False
) -> Counter:
    """Deliver what is due until nothing is; no mail is begun after so many seconds.

    One that was begun may take settings.EMAIL_TIMEOUT more. `only_first`: sign-in mail alone.
    `stop` is asked before each mail. Returns how many mails came to each state. Several may run at
    once. Raises OperationalError or InterfaceError where PostgreSQL is away.
    """
    worker = Worker(time.monotonic() + seconds, stop)
    try:
        while worker.has_time() and worker.batch(only_first):
            pass
    except Lost:
        logger.warning("A lease ran out; another worker goes on.")
    finally:
        worker.close()
    return worker.done


@dataclass(frozen=True)
class Outcome:
    """What became of one mail that was tried."""

    state: State
    said: str = ""
    wait: timedelta | None = None
    remote_id: str = ""
    is_tried: bool = True  # else it goes back as it was
    is_away: bool = False  # the server; nobody tries it for a while
    answer: smtp.Answer | None = None


class Worker:
    """One lease and one connection to the server."""

    def __init__(self, end: float, stop: Callable[[], bool]):
        """`end`: of time.monotonic(), when no more mail is begun."""
        self.owner = uuid.uuid4()
        self.done: Counter = Counter()
        self.done_in_claim = 0  # written off since the last claim
        self.end, self.stop = end, stop
        self.last = end + settings.EMAIL_TIMEOUT + 5  # how long PostgreSQL is waited for
        self.lease = timedelta(seconds=settings.OUTBOX_LEASE)
        self.delivery = get_connection(settings.DELIVERY_BACKEND)
        self.is_open = False
        self.talk: smtp.Talk | None = None
        self.waiting: deque[OutgoingMail] = deque()  # claimed and not tried
        self.letters: dict[int, outbox.Letter] = {}
        self.may_own = False  # rows, for all that is known
        self.tried: int | None = None  # key of the mail whose fate is not written yet
        self.renewed = 0.0  # time.monotonic() of the last renewal of all that is claimed
        self.looked = time.monotonic()  # for sign-in mail
        self.gave_up = -1.0  # time.monotonic() of the last look for rows of the dead
        self.is_troubled = True  # the throttle has counts that a success clears

    def has_time(self) -> bool:
        return time.monotonic() < self.end and not self.stop()

    def close(self):
        """Give back what was not tried, and close the connection."""
        try:
            if self.may_own:
                self._put_back()
        finally:
            self._close_connection()

    def batch(self, only_first: bool) -> bool:
        """Claim and deliver some mails; False when there was nothing, or no server."""
        if not self._open_where_mail_is_due(only_first):
            return False
        is_allowed = self._claim(only_first)
        if not self.waiting and not self.done_in_claim:
            if not is_allowed:
                self._wait_for_the_rate()
            return not is_allowed
        mail = self._begin(self._next())
        while mail:
            outcome = self._hand_over(mail)
            following, trouble = self._next_meanwhile()
            if outcome is None:
                outcome = self._answer(mail)
            if not outcome.is_tried:
                self._put_back(outcome.said, mail)
                if outcome.is_away:
                    throttle.server_away()
                return False
            if outcome.is_away:
                following = None
            if following:
                self._announce(following)
            following = self._finish(mail, outcome, following)
            self._learn(mail, outcome)
            if trouble:
                raise trouble
            if outcome.is_away:
                return False
            if self._somebody_waits():
                self._claim(only_first=True)
            mail = following
        self.may_own = bool(self.waiting)
        return True

    def _wait_for_the_rate(self):
        """Until it allows some more, or sign-in mail comes, which does not wait for it."""
        until = time.monotonic() + min(1.0, AT_ONCE / settings.MAIL_RATE)
        while time.monotonic() < until and self.has_time() and not self._is_due(only_first=True):
            time.sleep(PAUSE)

    # Claiming

    def _open_where_mail_is_due(self, only_first: bool) -> bool:
        """Before the claim: a server that is away or slow to greet costs no lease."""
        self._give_up_the_dead()
        if self.is_open:
            return True
        if not throttle.may_be_tried() or not self._is_due(only_first):
            return False
        error = self._open()
        if error is not None:
            throttle.server_away()
            return False
        return self.has_time()

    def _is_due(self, only_first: bool) -> bool:
        with connection.cursor() as cursor:
            priorities = _priorities(only_first)
            cursor.execute(_IS_DUE, {"priorities": priorities, "now": timezone.now()})
            return cursor.fetchone()[0]

    def _give_up_the_dead(self):
        """Rows in the hand of a worker whose lease ran out: nobody knows whether they left.

        Looked at once a second at most.
        """
        if time.monotonic() - self.gave_up < 1:
            return
        self.gave_up = time.monotonic()
        repeat = settings.OUTBOX_UNCERTAIN == "repeat"
        with connection.cursor() as cursor:
            cursor.execute(
                _GIVE_UP_THE_DEAD,
                {
                    "state": State.DEFERRED if repeat else State.UNCERTAIN,
                    "said": "The worker that sent it was ended in the middle.",
                    "next": timezone.now() + FIRST_WAIT if repeat else None,
                    "finished": None if repeat else timezone.now(),
                },
            )

    def _claim(self, only_first: bool) -> bool:
        """Put due rows, the most urgent first, before those that wait; False for a mere rate.

        The commit does not wait for the disk: after a power cut such rows are nobody's, and the
        fence of `_mark` and `_finish` finds that.
        """
        now = timezone.now()
        self.may_own, self.done_in_claim, is_allowed = True, 0, True
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL synchronous_commit TO off")
                found = self._lock(cursor, only_first, now)
                others = [key for key, priority in found if priority != OutgoingMail.FIRST]
                keys = [key for key, priority in found if priority == OutgoingMail.FIRST]
                if others:
                    grant = throttle.take(len(others))
                    self.is_troubled |= grant.is_troubled
                    is_allowed = grant.number > 0 or grant.is_held
                    keys += others[: grant.number]
                if keys:
                    cursor.execute(_LEASE, [self.owner, self.lease, keys])
            by_key = OutgoingMail.objects.select_related("reminder").in_bulk(keys)
        if not keys:
            self.may_own = bool(self.waiting)
            return is_allowed
        if not self.waiting:
            self.renewed = time.monotonic()
        self.waiting.extendleft(reversed(self._sort_out([by_key[key] for key in keys], now)))
        return True

    def _lock(self, cursor, only_first: bool, now: datetime) -> list[tuple[int, int]]:
        """(key, priority) of due rows, by priority: there is one index scan for each."""
        found: list[tuple[int, int]] = []
        for priority in _priorities(only_first):
            most = AT_ONCE_OF_MANY if priority in OF_MANY else AT_ONCE
            before = sum(mail.priority <= priority for mail in self.waiting)
            room = most - before - len(found)
            if room > 0:
                cursor.execute(_LOCK, {"priority": priority, "now": now, "room": room})
                found += [(key, priority) for (key,) in cursor.fetchall()]
        return found

    def _sort_out(self, mails: list[OutgoingMail], now: datetime) -> list[OutgoingMail]:
        """Those that may leave; the others are written off, in one commit."""
        letters, over = _letters([mail for mail in mails if mail.template], now)
        for mail in mails:
            letter = letters.get(mail.pk)
            if letter and letter.to:
                mail.to = letter.to
        can_be_blocked = [mail for mail in mails if mail.kind not in kinds.EXEMPT_FROM_SUPPRESSION]
        blocked = suppression.found({mail.to for mail in can_be_blocked})
        for mail in can_be_blocked:
            if mail.to in blocked and mail.pk not in over:
                over[mail.pk] = Outcome(State.SKIPPED, str(blocked[mail.to].get_reason_display()))
        self.letters |= letters
        self._write_off([(mail, over[mail.pk]) for mail in mails if mail.pk in over])
        return [mail for mail in mails if mail.pk not in over]

    def _write_off(self, over: list[tuple[OutgoingMail, Outcome]]):
        """Mails that were not tried and that this worker is done with."""
        if not over:
            return
        now, rows = timezone.now(), []
        for mail, outcome in over:
            self.letters.pop(mail.pk, None)
            state = _at_last(mail, outcome, now)
            is_over = state in (State.SKIPPED, State.FAILED)
            next_try = now + outcome.wait if outcome.wait else mail.next_try
            rows.append((mail, state, is_over, next_try))
            self.done[state] += 1
        self.done_in_claim += len(over)
        values = {
            "owner": self.owner,
            "now": now,
            "ids": [mail.pk for mail, *_ in rows],
            "states": [str(state) for _, state, *_ in rows],
            "over": [is_over for _, _, is_over, _ in rows],
            "next": [next_try for *_, next_try in rows],
            "said": [outcome.said for _, outcome in over],
        }
        self._insist(_WRITE_OFF, values)
        others = sum(mail.priority != OutgoingMail.FIRST for mail, _ in over)
        if others:
            throttle.give_back(others)

    # Writing

    def _next(self) -> OutgoingMail | None:
        """The next mail, written; what cannot be written is written off on the way."""
        while self.waiting:
            mail = self.waiting.popleft()
            try:
                smtp.envelope(mail.to)
                letter = self.letters.pop(mail.pk, None)
                if letter:
                    _write(mail, letter, timezone.now())
                if mail.content is None:
                    raise ValueError("Its content was erased.")
            except Exception as error:  # whatever a template's tags raise
                _raise_if_database_is_away(error)
                logger.exception("The mail %s cannot be written.", mail.pk)
                self._write_off([(mail, _unwritten(mail, error))])
            else:
                return mail
        return None

    def _next_meanwhile(self) -> tuple[OutgoingMail | None, Exception | None]:
        """`_next` while the server works: the answer it owes is read whatever happens here."""
        try:
            return (self._next() if self.has_time() else None), None
        except DATABASE_AWAY as error:
            return None, error

    # Trying

    def _open(self) -> Exception | None:
        """Open the connection; what went wrong, where it did."""
        try:
            self.delivery.open()
            if isinstance(self.delivery, Smtp):
                self.talk = smtp.Talk(self.delivery.connection, settings.EMAIL_TIMEOUT)
        except Exception as error:  # whatever a backend's library raises
            logger.warning("The mail server cannot be reached: %s", _said(error))
            self._close_connection()
            if getattr(error, "smtp_code", None) in PATIENCE:
                throttle.slow_down()
            return error
        self.is_open = True
        return None

    def _close_connection(self):
        self.is_open, self.talk = False, None
        try:
            self.delivery.close()
        except Exception as error:  # whatever a backend's library raises
            logger.info("The mail server was gone when the connection was closed: %s", _said(error))

    def _announce(self, mail: OutgoingMail):
        if self.talk:
            try:
                self.talk.begin(*_envelope(mail), len(mail.content))
            except smtp.Broken:
                self._close_connection()

    def _hand_over(self, mail: OutgoingMail) -> Outcome | None:
        """All but the server's answer to the whole message; None when that is waited for.

        A server may close a connection that was in use for a while: then another is opened, once.
        """
        while True:
            if not self.is_open:
                if not self.has_time():
                    return Outcome(State.DEFERRED, is_tried=False)
                error = self._open()
                if error is not None:
                    return Outcome(State.DEFERRED, _said(error), is_tried=False, is_away=True)
            self.tried = mail.pk
            if not self.talk:
                return self._by_backend(mail)
            was_used = self.talk.carried > 0
            try:
                answer = self.talk.hand_over(*_envelope(mail), mail.content)
            except smtp.Broken as error:
                self._close_connection()
                self.tried = None
                if not was_used:
                    wait = _wait(mail, BROKEN_WAIT)
                    return Outcome(State.DEFERRED, _said(error), wait, is_away=True)
            else:
                return self._by_answer(mail, answer) if answer else None

    def _answer(self, mail: OutgoingMail) -> Outcome:
        try:
            return self._by_answer(mail, self.talk.answer())
        except smtp.Unknown as error:
            self._close_connection()
            return _unknown(mail, error)

    def _by_answer(self, mail: OutgoingMail, answer: smtp.Answer) -> Outcome:
        if answer.code == 421 or self.talk.connection.sock is None:
            self._close_connection()
        said = f"{answer.code} {answer.text}"[:500]
        if answer.is_accepted:
            return Outcome(State.SENT, said, answer=answer)
        if answer.is_final:
            return Outcome(State.FAILED, said, answer=answer)
        return Outcome(State.DEFERRED, said, _wait(mail), answer=answer)

    def _by_backend(self, mail: OutgoingMail) -> Outcome:
        try:
            message = mime.as_django(mail.content, *_envelope(mail))
            self.delivery.send_messages([message])
        except Exception as error:  # whatever a mail service's library raises
            return self._by_error(mail, error)
        status = getattr(message, "anymail_status", None)
        remote = getattr(status, "message_id", None)
        return Outcome(State.SENT, remote_id="" if remote is None else str(remote)[:200])

    def _by_error(self, mail: OutgoingMail, error: Exception) -> Outcome:
        """HTTP codes of mail services; without one, the service or the disk is away."""
        code = getattr(error, "status_code", None)
        if type(error).__name__ == "AnymailRecipientsRefused":
            return Outcome(State.FAILED, _said(error), answer=smtp.Answer(550, "", True))
        if code is not None and 400 <= code < 500 and code not in (401, 403, 408, 429):
            return Outcome(State.FAILED, _said(error), answer=smtp.Answer(554, ""))
        logger.warning("The mail service did not take a mail: %s", _said(error))
        if code is None and _may_have_left(error):
            return _unknown(mail, error)
        if code == 429:
            return Outcome(
                State.DEFERRED, _said(error), _wait(mail), answer=smtp.Answer(PATIENCE[0], "")
            )
        return Outcome(State.DEFERRED, _said(error), _wait(mail), is_away=True)

    # Outcomes

    def _begin(self, mail: OutgoingMail | None) -> OutgoingMail | None:
        """Commit that this mail is being sent, or the first one behind it that still may be.

        Who changes a wish, pauses a mailing or waits longer than the lease takes rows away.
        """
        while mail and not self._mark(mail):
            self._give_back(mail)
            mail = self._next()
        return mail

    def _mark(self, mail: OutgoingMail) -> bool:
        """Commit that this mail is being sent; False where its row was taken away."""
        return bool(self._insist(_WRITE, {**self._fence(), **_NOTHING_DONE, **_written(mail)}))

    def _finish(
        self, mail: OutgoingMail, outcome: Outcome, following: OutgoingMail | None
    ) -> OutgoingMail | None:
        """Write the outcome and mark the next mail 'sending', in one commit; returns the next one.

        Raises Lost.
        """
        now = timezone.now()
        state = _at_last(mail, outcome, now)
        is_over = state in (State.SENT, State.FAILED)
        has_left = is_over or state == State.UNCERTAIN  # for all that is known
        renew = time.monotonic() - self.renewed > settings.OUTBOX_LEASE / 4
        values = {
            **self._fence(),
            **(_written(following) if following else _NOTHING_NEXT),
            "done": mail.pk,
            "state": str(state),
            "said": outcome.said,
            "attempts": mail.attempts + 1,
            "finished": now if has_left else None,
            "next_try": now + outcome.wait if outcome.wait else mail.next_try,
            "remote": outcome.remote_id,
            "erase": is_over and mail.template == "",
            "renewed": [other.pk for other in self.waiting] if renew else [],
        }
        found = {key for (key,) in self._insist(_WRITE, values, _WAS_WRITTEN)}
        if mail.pk not in found:
            logger.error("The mail %s is %s, which its row cannot be told.", mail.pk, state)
            raise Lost
        self.tried = None
        self.done[state] += 1
        if renew:
            self.renewed = time.monotonic()
        if following and following.pk not in found:
            self._give_back(following)
            return self._begin(self._next())
        return following

    def _give_back(self, mail: OutgoingMail):
        if mail.priority != OutgoingMail.FIRST:
            throttle.give_back(1)

    def _fence(self) -> dict:
        return {"owner": self.owner, "lease": self.lease}

    def _somebody_waits(self) -> bool:
        """Whether sign-in mail came after the claim; looked at four times a second."""
        if time.monotonic() - self.looked < LOOK_EVERY:
            return False
        self.looked = time.monotonic()
        return self._is_due(only_first=True)

    def _learn(self, mail: OutgoingMail, outcome: Outcome):
        """What the outcome says about the server and the address."""
        now = timezone.now()
        if outcome.state == State.SENT:
            if self.is_troubled:
                throttle.succeeded()
                self.is_troubled = False
            return
        if outcome.is_away:
            throttle.server_away()
            self.is_troubled = True
        if outcome.answer and outcome.answer.code in PATIENCE:
            throttle.slow_down()
        if outcome.state == State.FAILED and mail.campaign_id:
            if campaigning.note_failure(mail.campaign_id, now):
                self._leave_alone(mail.campaign_id)
        elif outcome.state == State.FAILED or outcome.state == State.UNCERTAIN:
            throttle.failed(now, outcome.said)
            self.is_troubled = True
        if outcome.state == State.FAILED and outcome.answer:
            bounces.refused(mail, outcome.answer, now)

    def _leave_alone(self, campaign: int):
        """Mails of a mailing that was paused just now are not this worker's any more."""
        self.waiting = deque(mail for mail in self.waiting if mail.campaign_id != campaign)

    def _put_back(self, said: str = "", mail: OutgoingMail | None = None):
        """All that is this worker's goes back to the queue, but for a mail that was tried.

        `mail` was not; `said` is why.
        """
        if mail:
            self.tried = None
        values = {
            "owner": self.owner,
            "tried": self.tried,
            "id": mail.pk if mail else None,
            "said": said,
        }
        self._insist(_PUT_BACK, values)
        self.waiting.clear()
        self.letters.clear()
        self.may_own = False

    def _insist(self, statement: str, values: dict, evidence: str = "") -> list[tuple]:
        """The rows of a statement, run again after PostgreSQL was away.

        A commit may have been done before the connection broke: `evidence` returns the rows that
        the statement would have returned then.
        """
        was_away = False
        while True:
            try:
                with connection.cursor() as cursor:
                    cursor.execute(statement, values)
                    found = cursor.fetchall()
                    if was_away and evidence:
                        cursor.execute(evidence, values)
                        found += cursor.fetchall()
                    return found
            except DATABASE_AWAY:
                if connection.in_atomic_block or time.monotonic() > self.last:
                    raise
                was_away = True
                connection.close()
                time.sleep(PAUSE)


_FREE = "(lease_until IS NULL OR lease_until < clock_timestamp())"
_DUE = f"state IN ('queued', 'deferred') AND next_try <= %(now)s AND {_FREE}"
_MINE = "claimed_by = %(owner)s AND lease_until > clock_timestamp()"

_IS_DUE = f"""
SELECT EXISTS (SELECT 1 FROM unnest(%(priorities)s::int[]) AS one(priority), LATERAL (
    SELECT 1 FROM mailings_outgoingmail WHERE priority = one.priority AND {_DUE} LIMIT 1) AS due)
"""  # noqa: S608

_LOCK = f"""
SELECT id FROM mailings_outgoingmail WHERE priority = %(priority)s AND {_DUE}
ORDER BY next_try, id LIMIT %(room)s FOR UPDATE SKIP LOCKED
"""  # noqa: S608

_LEASE = """
UPDATE mailings_outgoingmail SET claimed_by = %s, lease_until = clock_timestamp() + %s
WHERE id = ANY (%s)
"""

_GIVE_UP_THE_DEAD = """
UPDATE mailings_outgoingmail SET state = %(state)s, answer = %(said)s, attempts = attempts + 1,
    next_try = coalesce(%(next)s, next_try), finished_at = %(finished)s,
    claimed_by = NULL, lease_until = NULL
WHERE id IN (
    SELECT id FROM mailings_outgoingmail
    WHERE state = 'sending' AND lease_until < clock_timestamp() FOR UPDATE SKIP LOCKED)
"""

_WRITE_OFF = f"""
UPDATE mailings_outgoingmail o SET state = new.state, answer = new.said, next_try = new.next_try,
    attempts = attempts + CASE WHEN new.is_over OR new.state = 'paused' THEN 0 ELSE 1 END,
    finished_at = CASE WHEN new.is_over THEN %(now)s END,
    content = CASE WHEN new.is_over AND o.template = '' THEN NULL ELSE o.content END,
    claimed_by = NULL, lease_until = NULL
FROM unnest(%(ids)s::bigint[], %(states)s::text[], %(over)s::boolean[], %(next)s::timestamptz[],
    %(said)s::text[]) AS new(id, state, is_over, next_try, said)
WHERE o.id = new.id AND {_MINE}
RETURNING o.id
"""  # noqa: S608

#: One row is done, one is sent next, the others keep their lease; either may be missing.
_WRITE = f"""
UPDATE mailings_outgoingmail SET
    state = CASE id WHEN %(done)s THEN %(state)s WHEN %(id)s THEN 'sending' ELSE state END,
    claimed_by = CASE id WHEN %(done)s THEN NULL ELSE claimed_by END,
    lease_until = CASE id WHEN %(done)s THEN NULL ELSE clock_timestamp() + %(lease)s END,
    answer = CASE id WHEN %(done)s THEN %(said)s ELSE answer END,
    attempts = CASE id WHEN %(done)s THEN %(attempts)s ELSE attempts END,
    finished_at = CASE id WHEN %(done)s THEN %(finished)s ELSE finished_at END,
    next_try = CASE id WHEN %(done)s THEN %(next_try)s ELSE next_try END,
    remote_id = CASE id WHEN %(done)s THEN %(remote)s ELSE remote_id END,
    "to" = CASE id WHEN %(id)s THEN %(to)s ELSE "to" END,
    language = CASE id WHEN %(id)s THEN %(language)s ELSE language END,
    subject = CASE id WHEN %(id)s THEN %(subject)s ELSE subject END,
    content = CASE WHEN id = %(done)s AND %(erase)s THEN NULL
        WHEN id = %(id)s THEN coalesce(%(content)s, content) ELSE content END
WHERE id = ANY (ARRAY[%(done)s, %(id)s]::bigint[] || %(renewed)s::bigint[]) AND {_MINE}
    AND (state = 'sending' OR id IS DISTINCT FROM %(done)s)
RETURNING id
"""  # noqa: S608

_NOTHING_DONE = {
    "done": None,
    "state": "",
    "said": "",
    "attempts": 0,
    "finished": None,
    "next_try": None,
    "remote": "",
    "erase": False,
    "renewed": [],
}
_NOTHING_NEXT = {"id": None, "to": "", "language": "", "subject": "", "content": None}

_WAS_WRITTEN = f"""
SELECT id FROM mailings_outgoingmail
WHERE (id = %(done)s AND state = %(state)s AND attempts = %(attempts)s AND claimed_by IS NULL)
    OR (id = %(id)s AND state = 'sending' AND {_MINE})
"""  # noqa: S608

_PUT_BACK = """
UPDATE mailings_outgoingmail SET
    state = CASE WHEN attempts > 0 THEN 'deferred' ELSE 'queued' END,
    answer = CASE WHEN id = %(id)s THEN %(said)s ELSE answer END,
    claimed_by = NULL, lease_until = NULL
WHERE state IN ('queued', 'deferred', 'sending') AND claimed_by = %(owner)s
    AND id IS DISTINCT FROM %(tried)s
RETURNING id
"""


def _priorities(only_first: bool) -> list[int]:
    if only_first:
        return [OutgoingMail.FIRST]
    return sorted(set(OutgoingMail.PRIORITY.values()))


def _letters(
    mails: list[OutgoingMail], now: datetime
) -> tuple[dict[int, outbox.Letter], dict[int, Outcome]]:
    """What to write into each mail, and what becomes of those that are not to be written.

    Where a template's function breaks, each of its mails is asked for alone.
    """
    if not mails:
        return {}, {}
    try:
        with transaction.atomic():
            found = outbox.letters(mails, now)
    except Exception as error:  # whatever an app's function raises
        _raise_if_database_is_away(error)
        if len(mails) == 1:
            logger.exception("The mail %s cannot be prepared.", mails[0].pk)
            return {}, {mails[0].pk: _unwritten(mails[0], error)}
        letters, over = {}, {}
        for mail in mails:
            of_this, over_of_this = _letters([mail], now)
            letters |= of_this
            over |= over_of_this
        return letters, over
    letters, over = {}, {}
    for mail in mails:
        letter = found.get(mail.pk)
        if isinstance(letter, outbox.Letter):
            letters[mail.pk] = letter
        elif isinstance(letter, outbox.Hold):
            over[mail.pk] = Outcome(State.PAUSED, mail.answer)
        else:
            why = letter.why if letter else "Nothing is to be said any more."
            over[mail.pk] = Outcome(State.SKIPPED, why[:500])
    return letters, over


def _unwritten(mail: OutgoingMail, error: Exception) -> Outcome:
    """A mail without sense fails, one that met a mistake of ours or of the moment comes again."""
    said = f"The mail cannot be written: {_said(error)}"[:500]
    if isinstance(error, CANNOT_BE_WRITTEN):
        return Outcome(State.FAILED, said)
    return Outcome(State.DEFERRED, said, _wait(mail))


def _raise_if_database_is_away(error: Exception):
    """In an except clause: the error again where PostgreSQL is still away.

    A deadlock is the mail's own, and so is a query that ended its connection: others go on.
    """
    if isinstance(error, DATABASE_AWAY) and not connection.is_usable():
        raise error


def _write(mail: OutgoingMail, letter: outbox.Letter, now: datetime):
    """Fill the templates in; a mail that is tried again says what is true then."""
    mail.language = letter.language or mail.language
    with translation.override(mail.language):
        if letter.varies:
            written = ground.write_alike(mail.template, letter.context, letter.varies)
        else:
            written = ground.write(mail.template, mail.to, letter.context)
    mail.subject = written.subject[:998]
    headers = kinds.headers(mail, written.subject, now, letter)
    boundary = f"part{mail.token}"
    mail.content = signing.signed(
        mime.build(headers, written.text, written.html, boundary, letter.calendar, letter.method)
    )


def _written(mail: OutgoingMail) -> dict:
    """What `_WRITE` keeps of a mail; ready-made content stands there already."""
    return {
        "id": mail.pk,
        "to": mail.to,
        "language": mail.language,
        "subject": mail.subject,
        "content": pack(mail.content) if mail.template else None,
    }


def _envelope(mail: OutgoingMail) -> tuple[str, str]:
    """(sender, recipient) as SMTP knows them."""
    return smtp.envelope(kinds.return_path(mail)), smtp.envelope(mail.to)


def _at_last(mail: OutgoingMail, outcome: Outcome, now: datetime) -> State:
    """The state of an outcome; a mail that was put off for long enough has failed."""
    is_old = mail.created_at < now - GIVE_UP_AFTER and mail.attempts + 1 >= GIVE_UP_TRIES
    return State.FAILED if outcome.state == State.DEFERRED and is_old else outcome.state


def _unknown(mail: OutgoingMail, error: Exception) -> Outcome:
    """All was handed over and nothing was answered."""
    if settings.OUTBOX_UNCERTAIN == "repeat":
        return Outcome(State.DEFERRED, _said(error), _wait(mail), is_away=True)
    return Outcome(
        State.UNCERTAIN, f"No answer to the whole message: {_said(error)}"[:500], is_away=True
    )


def _may_have_left(error: Exception) -> bool:
    """A mail service got the request, for all that is known, and its answer did not come."""
    cause = error.__cause__ or error.__context__
    name = type(cause).__name__
    if name in ("ConnectionError", "ChunkedEncodingError"):
        return "NewConnectionError" not in repr(cause) and "NameResolution" not in repr(cause)
    return name == "ReadTimeout"


def _wait(mail: OutgoingMail, first: timedelta = FIRST_WAIT) -> timedelta:
    """Until the next try: a minute, doubled each time, a fifth more or less."""
    doubled = first * 2 ** min(mail.attempts, 10)
    return min(doubled, LONGEST_WAIT) * random.uniform(0.8, 1.2)


def _said(error: Exception) -> str:
    """One line of an exception, at most 500 characters, without characters that no text has."""
    words = "".join(c if c.isprintable() else " " for c in f"{type(error).__name__}: {error}")
    return " ".join(words.split())[:500]
