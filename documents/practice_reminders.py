"""Who is written to when the review of a practice is due, and what stands in these mails.

The owner; when the owner has left, the contact person of the practice's organisation and the
resource persons. Three ladders of the one engine (mailings/reminders.py): of practices for the
owner, of practices for the contact person, of `PracticeExpert` rows for resource persons. The
cycle of all is `reviewed_at`, so that one answer ends it for everybody; a mail that waits in the
outbox is stopped when it would leave.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import (
    Case,
    CharField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Lower
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents import practice_links, reviewing
from documents.models import Practice, PracticeExpert, PracticeLink, PracticeReview
from documents.practice_links import Asked
from experts import switching_off
from experts.models import Expert
from experts.models.expert import MAIL_ADDRESS
from mailings import links, outbox, reminders, suppression, topics
from mailings.models import OutgoingMail, Reminder, Suppression
from mailings.outbox import Letter, Skip
from mailings.reminders import Ladder, Verdict
from partners import decisions, permissions
from partners.models import Membership, User
from partners.refusals import Refused

OWNER, ORGANISATION, PERSON = "practice", "practice_contact", "practice_person"
TO_OWNER = "documents/mail/practice_review"
TO_COLLEAGUE = "documents/mail/practice_review_colleague"

DAYS = [0, 30, 60]  # past due
DAYS_BETWEEN = 14
SPREAD = timedelta(hours=4)
#: Without an answer for so long after the review was due, the practice stands in the Lead's queue;
#: also when the Lead has given the sheet to somebody else.
OVERDUE_AFTER = timedelta(days=30)

_ROLES = {
    OWNER: PracticeReview.Role.OWNER,
    ORGANISATION: PracticeReview.Role.ORGANISATION,
    PERSON: PracticeReview.Role.RESOURCE_PERSON,
}


def register():
    """Name the topics and the functions that write the mails; called when the app is ready."""
    outbox.prepared_by(TO_OWNER, letters)
    outbox.prepared_by(TO_COLLEAGUE, letters)
    topics.register(
        topics.Topic(
            OWNER,
            gettext_lazy("Reminders about your good practice"),
            _switch_off,
            _switch_on,
            _is_off,
            _user_of,
        )
    )
    name = gettext_lazy("Questions about good practices of colleagues")
    topics.register(topics.of_people(ORGANISATION, name))
    topics.register(switching_off.of_experts(PERSON, name))


# Who is due


def _owners(now: datetime) -> QuerySet[Practice]:
    off = When(reminders_off_at__isnull=False, then=Value(Verdict.OFF.value))
    return (
        reviewing.unanswered(now)
        .filter(reviewing.has_owner(now))
        .annotate(
            cycle=F("reviewed_at"),
            address=F("owner__email"),
            language=Value("en"),
            block=Case(off, default=Value(""), output_field=CharField()),
        )
    )


def _left_alone(now: datetime) -> QuerySet[Practice]:
    return reviewing.unanswered(now).exclude(reviewing.has_owner(now))


def _contacts(now: datetime) -> QuerySet[Practice]:
    """Practices whose organisation has a contact person other than the owner who has left."""
    return (
        _left_alone(now)
        .filter(organisation__contact__is_active=True)
        .exclude(organisation__contact=F("owner"))
        .annotate(
            cycle=F("reviewed_at"),
            address=F("organisation__contact__email"),
            language=Value("en"),
            block=Value(""),
        )
    )


def _persons(now: datetime) -> QuerySet[PracticeExpert]:
    """Resource persons of these practices, each address once, and not the contact person again."""
    practices = _left_alone(now)
    contacts = _contacts(now).values("current", "address")
    links = _with_address(PracticeExpert.objects.exclude(expert__status=Expert.Status.WITHDRAWN))
    practice = practices.filter(current=OuterRef("version"))
    paused = When(expert__paused_until__gt=now.date(), then=Value(Verdict.PAUSED.value))
    same = links.filter(
        version=OuterRef("version"), mail_to=OuterRef("mail_to"), pk__lt=OuterRef("pk")
    )
    return (
        links.filter(version__in=practices.values("current"))
        .exclude(Exists(contacts.filter(current=OuterRef("version"), address=OuterRef("mail_to"))))
        .exclude(~Q(mail_to="") & Exists(same))
        .annotate(
            cycle=Subquery(practice.values("reviewed_at")),
            due_at=Subquery(practice.values("due_at")),
            address=F("mail_to"),
            language=Value("en"),
            block=Case(paused, default=Value(""), output_field=CharField()),
        )
    )


def _with_address(links: QuerySet[PracticeExpert]) -> QuerySet[PracticeExpert]:
    """With `mail_to`: where mail to the resource person goes, in small letters, or empty."""
    expert = Expert.objects.filter(pk=OuterRef("expert"))
    return links.annotate(mail_to=Subquery(expert.annotate(to=Lower(MAIL_ADDRESS)).values("to")))


def _ladder(topic: str, template: str, due) -> Ladder:
    return Ladder(
        topic=topic,
        template=template,
        kind=OutgoingMail.Kind.REMINDER,
        due=due,
        days=DAYS,
        days_between=DAYS_BETWEEN,
        spread=SPREAD,
    )


LADDERS = (
    _ladder(OWNER, TO_OWNER, _owners),
    _ladder(ORGANISATION, TO_COLLEAGUE, _contacts),
    _ladder(PERSON, TO_COLLEAGUE, _persons),
)


def scan(now: datetime) -> dict[str, int]:
    """Write the questions that are due at this moment; returns how many to whom."""
    names = ("practice owners", "practice contact persons", "practice resource persons")
    return {name: reminders.scan(ladder, now) for name, ladder in zip(names, LADDERS, strict=True)}


def overdue(now: datetime) -> QuerySet[Practice]:
    """Practices that need the Lead, with `since`: unanswered for long, or nobody can be asked.

    One that the Lead has just given to somebody else is left out for a while.
    """
    reachable = [
        Exists(_reachable(due(now), topic).filter(**{to: OuterRef("pk")}))
        for due, topic, to in (
            (_owners, OWNER, "pk"),
            (_contacts, ORGANISATION, "pk"),
            (_persons, PERSON, "version__practice"),
        )
    ]
    asked_by_hand = Reminder.objects.filter(
        topic=OWNER,
        object_id=OuterRef("pk"),
        step=None,
        by__isnull=False,
        at__gt=now - OVERDUE_AFTER,
    )
    is_late = Q(due_at__lte=now - OVERDUE_AFTER)
    return (
        reviewing.unanswered(now)
        .annotate(can_be_asked=reachable[0] | reachable[1] | reachable[2])
        .filter(is_late | Q(can_be_asked=False))
        .exclude(Exists(asked_by_hand))
        .annotate(
            since=Case(
                When(can_be_asked=False, then=F("due_at")),
                default=F("due_at") + Value(OVERDUE_AFTER),
            )
        )
    )


def _reachable(things: QuerySet, topic: str) -> QuerySet:
    suppressed = Suppression.objects.filter(
        topic__in=("", topic), address_hash=suppression.AddressHash(OuterRef("address"))
    )
    return things.filter(block="").exclude(address="").exclude(Exists(suppressed))


@transaction.atomic
def give_to(practice_id: int, email: str, by: User, now: datetime) -> Practice:
    """The Lead gives the sheet to another owner, a partner with this address, who is asked at once.

    The organisation becomes that of the new owner, where that is one alone. Raises Refused when
    nobody with this address is a partner today, and when the review is not due.
    """
    practice = Practice.objects.select_for_update().get(pk=practice_id)
    owner = User.objects.filter(email=email.strip().lower()).first()
    if owner is None or not permissions.is_partner(owner, now.date()):
        raise Refused(_("Nobody with this address is a partner. Ask the person to sign in first."))
    if owner.pk == practice.owner_id:
        raise Refused(_("This person is the owner already."))
    if not reviewing.unanswered(now).filter(pk=practice_id).exists():
        raise Refused(_("Somebody answered meanwhile: the review is not due any more."))
    held = Membership.objects.held_on(now.date()).filter(user=owner)
    organisations = list(held.values_list("organisation", flat=True)[:2])
    if len(organisations) == 1:
        practice.organisation_id = organisations[0]
    practice.owner = owner
    practice.save(update_fields=["owner", "organisation"])
    begin_anew(practice)
    decisions.record(by, "gave to another owner", practice, now, reason=owner.email)
    reminders.write_again(LADDERS[0], practice.pk, practice.reviewed_at, email, "en", by, now)
    return practice


@transaction.atomic
def send_fresh(link: PracticeLink, now: datetime) -> OutgoingMail:
    """The question once more, to the address on file today of whoever is asked in the link's role.

    Raises Refused where nobody is asked any more, and when enough were sent for now.
    """
    practice = Practice.objects.select_for_update().get(pk=link.practice_id)
    one = practice_links.asked_by(link, now)
    is_open = reviewing.unanswered(now).filter(pk=practice.pk).exists()
    if one is None or not one.address or not is_open:
        raise Refused(_("Nobody is asked about this practice in this way any more."))
    topic = next(topic for topic, role in _ROLES.items() if role == one.role)
    by_hand = OutgoingMail.objects.filter(
        reminder__topic=topic, reminder__object_id=one.key, reminder__step=None
    )
    links.check_fresh(by_hand, now)
    ladder = next(ladder for ladder in LADDERS if ladder.topic == topic)
    cycle = practice.reviewed_at
    return reminders.write_again(ladder, one.key, cycle, one.address, "en", None, now)


# What stands in the mails, decided when they leave


def letters(mails: list[OutgoingMail], now: datetime) -> dict[int, Letter | Skip]:
    """The question with a link that answers it; nothing where it is not open any more."""
    found: dict[int, Letter | Skip] = {}
    for topic in (OWNER, ORGANISATION, PERSON):
        of_topic = [mail for mail in mails if mail.reminder and mail.reminder.topic == topic]
        if of_topic:
            found |= _letters(of_topic, topic, now)
    gone = Skip("What the mail speaks of is gone.")
    return {mail.pk: found.get(mail.pk, gone) for mail in mails}


def _letters(mails: list[OutgoingMail], topic: str, now: datetime) -> dict[int, Letter | Skip]:
    role = _ROLES[topic]
    keys = [mail.reminder.object_id for mail in mails]
    asked = practice_links.asked(role, keys)
    open_now = set(
        reviewing.unanswered(now)
        .filter(pk__in=[one.practice.pk for one in asked.values()])
        .values_list("pk", flat=True)
    )
    has_owner = set(
        Practice.objects.filter(reviewing.has_owner(now), pk__in=open_now).values_list(
            "pk", flat=True
        )
    )
    overtaken = reminders.overtaken([mail.reminder for mail in mails], DAYS_BETWEEN, now)
    stops = topics.tokens(topic, {one.reader for one in asked.values()})
    found: dict[int, Letter | Skip] = {}
    for mail in mails:
        one = asked.get(mail.reminder.object_id)
        why = _why_not(one, mail.reminder, open_now, has_owner, now)
        if not why and mail.reminder_id in overtaken:
            why = "Another mail about the practice left meanwhile."
        if why:
            found[mail.pk] = Skip(why)
    to_write = [mail for mail in mails if mail.pk not in found]
    people = {mail.pk: asked[mail.reminder.object_id] for mail in to_write}
    tokens = practice_links.make(to_write, people, now)
    for mail in to_write:
        one = people[mail.pk]
        context = {
            "practice": one.practice,
            "title": one.practice.current.title,
            "name": one.name,
            "role": str(role),
            "reviewed_at": one.practice.reviewed_at,
            "token": tokens[mail.pk],
            "stop": stops[one.reader],
            "valid_until": now + links.VALID_FOR,
        }
        found[mail.pk] = Letter(context, to=one.address, stop=stops[one.reader])
    return found


def _why_not(
    one: Asked | None, reminder: Reminder, open_now: set[int], has_owner: set[int], now: datetime
) -> str:
    """Why this question is not sent any more, in the Lead's words; empty when it is."""
    if one is None:
        return "The practice is not published any more, or nobody is there to be asked."
    practice = one.practice
    if practice.reviewed_at != reminder.cycle or practice.pk not in open_now:
        return "The question was answered meanwhile."
    if (one.role == PracticeReview.Role.OWNER) != (practice.pk in has_owner):
        return "The practice has another owner now, or the owner has left."
    if not one.address:
        return "There is no address any more."
    if one.role == PracticeReview.Role.OWNER and practice.reminders_off_at:
        return "Reminders were switched off meanwhile."
    if one.paused_until and one.paused_until > now.date():
        return "Paused meanwhile."
    return ""


# The switch behind the unsubscribe link


def begin_anew(practice: Practice):
    """Another owner gets reminders, whatever the former one switched off or still would."""
    practice.reminders_off_at = None
    practice.save(update_fields=["reminders_off_at"])
    topics.forget(OWNER, practice.pk)


def _switch_off(practice_id: int, now: datetime):
    Practice.objects.filter(pk=practice_id, reminders_off_at=None).update(reminders_off_at=now)


def _switch_on(practice_id: int, now: datetime):
    Practice.objects.filter(pk=practice_id).update(reminders_off_at=None)


def _is_off(practice_id: int) -> bool:
    return Practice.objects.filter(pk=practice_id, reminders_off_at__isnull=False).exists()


def _user_of(practice_id: int) -> int:
    owned = Practice.objects.filter(owner__isnull=False)
    return owned.values_list("owner", flat=True).get(pk=practice_id)
