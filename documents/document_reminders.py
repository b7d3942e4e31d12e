"""Documents of the library whose day of review has come: the owner is asked, then the Lead.

One ladder of the one engine (mailings/reminders.py). The cycle is the day of review, so that a new
day ends it; a mail that waits in the outbox is stopped when it would leave.
"""

from datetime import datetime, timedelta

from dateutil.relativedelta import relativedelta
from django.db import transaction
from django.db.models import (
    Case,
    DateTimeField,
    Exists,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Value,
    When,
)
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents import reviewing
from documents.models import Document
from mailings import outbox, reminders, suppression, topics
from mailings.models import OutgoingMail, Reminder, Suppression
from mailings.outbox import Letter, Skip
from mailings.reminders import Ladder
from partners import decisions, permissions
from partners.models import User
from partners.refusals import Refused

TOPIC = "document"
TEMPLATE = "documents/mail/document_review"
DAYS = [0, 30, 60]  # past due
DAYS_BETWEEN = 14
#: Without an answer for so long, the document stands in the Lead's queue.
OVERDUE_AFTER = timedelta(days=30)


def register():
    """Name the topic and the function that writes the mail; called when the app is ready."""
    outbox.prepared_by(TEMPLATE, letters)
    name = gettext_lazy("Questions whether your documents are still right")
    topics.register(topics.of_people(TOPIC, name))


class _Moment(Func):
    """The first moment, in UTC, of a day."""

    template = "(%(expressions)s::timestamp AT TIME ZONE 'UTC')"
    output_field = DateTimeField()


def is_due(document: Document, now: datetime) -> bool:
    """In the library, and the day of its review has come."""
    shown = (Document.Status.PUBLISHED, Document.Status.OPEN)
    is_past = document.review_by is not None and document.review_by <= now.date()
    return is_past and document.status in shown


def due(now: datetime) -> QuerySet[Document]:
    """Documents of which the review is due (`is_due` in SQL), with `due_at`."""
    shown = (Document.Status.PUBLISHED, Document.Status.OPEN)
    found = Document.objects.filter(status__in=shown, review_by__lte=now.date())
    return found.annotate(due_at=_Moment(F("review_by")))


def _to_ask(now: datetime) -> QuerySet[Document]:
    return (
        due(now)
        .filter(reviewing.has_owner(now))
        .annotate(
            cycle=F("due_at"),
            address=F("owner__email"),
            language=Value("en"),
            block=Value(""),
        )
    )


LADDER = Ladder(
    topic=TOPIC,
    template=TEMPLATE,
    kind=OutgoingMail.Kind.REMINDER,
    due=_to_ask,
    days=DAYS,
    days_between=DAYS_BETWEEN,
    spread=timedelta(hours=4),
)


def scan(now: datetime) -> dict[str, int]:
    """Write the questions that are due at this moment; returns how many."""
    return {"document owners": reminders.scan(LADDER, now)}


def overdue(now: datetime) -> QuerySet[Document]:
    """Documents that need the Lead, with `since`: unanswered for long, or nobody can be asked.

    One that the Lead has just given to somebody else is left out for a while.
    """
    stopped = Suppression.objects.filter(
        topic=TOPIC, address_hash=suppression.AddressHash(OuterRef("owner__email"))
    )
    can_be_asked = reviewing.has_owner(now) & ~Exists(stopped)
    asked_by_hand = Reminder.objects.filter(
        topic=TOPIC, object_id=OuterRef("pk"), step=None, at__gt=now - OVERDUE_AFTER
    )
    late = Q(due_at__lte=now - OVERDUE_AFTER)
    return (
        due(now)
        .filter(late | ~can_be_asked)
        .exclude(Exists(asked_by_hand))
        .annotate(
            since=Case(
                When(can_be_asked, then=F("due_at") + Value(OVERDUE_AFTER)), default=F("due_at")
            )
        )
    )


@transaction.atomic
def still_right(document_id: int, by: User, now: datetime) -> Document:
    """Somebody looked through the document: it is reviewed again after REVIEW_MONTHS.

    Raises Refused where no review is due.
    """
    document = Document.objects.defer("search").select_for_update().get(pk=document_id)
    if not is_due(document, now):
        raise Refused(_("The review of this document is not due."))
    document.review_by = now.date() + relativedelta(months=reviewing.REVIEW_MONTHS)
    document.save(update_fields=["review_by"])
    if by.has_perm("documents.change_document"):
        decisions.record(by, "said to be still right", document, now)
    return document


@transaction.atomic
def give_to(document_id: int, email: str, by: User, now: datetime) -> Document:
    """The Lead gives the document to another owner, a partner, who is asked at once.

    Raises Refused when nobody with this address is a partner today, and when no review is due.
    """
    document = Document.objects.defer("search").select_for_update().get(pk=document_id)
    owner = User.objects.filter(email=email.strip().lower()).first()
    if owner is None or not permissions.is_partner(owner, now.date()):
        raise Refused(_("Nobody with this address is a partner. Ask the person to sign in first."))
    if owner.pk == document.owner_id:
        raise Refused(_("This person is the owner already."))
    if not is_due(document, now):
        raise Refused(_("The review of this document is not due."))
    document.owner = owner
    document.save(update_fields=["owner"])
    decisions.record(by, "gave to another owner", document, now, reason=owner.email)
    cycle = due(now).values_list("due_at", flat=True).get(pk=document.pk)
    reminders.write_again(LADDER, document.pk, cycle, owner.email, "en", by, now)
    return document


# What stands in the mail, decided when it leaves


def letters(mails: list[OutgoingMail], now: datetime) -> dict[int, Letter | Skip]:
    """The question; nothing where it is not open any more, or another person's."""
    taken = [mail.reminder for mail in mails if mail.reminder]
    keys = [reminder.object_id for reminder in taken]
    asked = _to_ask(now).select_related("owner").defer("search").in_bulk(keys)
    overtaken = reminders.overtaken(taken, DAYS_BETWEEN, now)
    stops = topics.tokens(TOPIC, {document.owner_id for document in asked.values()})
    found: dict[int, Letter | Skip] = {}
    for mail in mails:
        document = mail.reminder and asked.get(mail.reminder.object_id)
        if document is None or document.cycle != mail.reminder.cycle:
            found[mail.pk] = Skip("The question was answered meanwhile, or nobody is asked.")
        elif mail.reminder_id in overtaken:
            found[mail.pk] = Skip("Another mail about the document left meanwhile.")
        else:
            stop = stops[document.owner_id]
            context = {"document": document, "name": str(document.owner), "stop": stop}
            found[mail.pk] = Letter(context, to=document.owner.email, stop=stop)
    return found
