"""Practices and documents of which the review is overdue: nobody answers, or can be asked."""

from datetime import datetime

from django import forms
from django.db.models import Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from documents import document_reminders, practice_reminders, practices, publishing, reviewing
from documents.models import Document, Practice, PracticeExpert, PracticeReview
from experts.models import Expert
from mailings.models import Reminder
from partners.moderation import Asked, Bulk, Item, Kind, Step


def _overdue(now: datetime) -> QuerySet[Practice]:
    return practice_reminders.overdue(now)


def _describe(found: QuerySet[Practice]) -> list[Item]:
    links = PracticeExpert.objects.exclude(expert__status=Expert.Status.WITHDRAWN)
    links = links.select_related("expert").defer("expert__search")
    found = list(
        found.select_related("current", "owner", "organisation__contact")
        .defer("current__search")
        .prefetch_related(Prefetch("current__resource_persons", links, "to_ask"))
    )
    here = _with_owner(Practice, found)
    asked = _asked(found)
    return [
        Item(
            object=practice,
            title=practice.current.title,
            since=practice.since,
            facts={
                "due_on": reviewing.due_on(practice),
                "owner_left": practice.pk not in here,
                "can_be_asked": practice.can_be_asked,
                "contact": practice.organisation and practice.organisation.contact,
                "persons": [link.expert for link in practice.current.to_ask],
                "asked": asked[practice.pk],
            },
        )
        for practice in found
    ]


def _with_owner(model: type[Practice] | type[Document], found: list) -> set[int]:
    """Keys of those whose owner can still be asked."""
    keys = [one.pk for one in found]
    here = model.objects.filter(reviewing.has_owner(timezone.now()), pk__in=keys)
    return set(here.values_list("pk", flat=True))


def _asked(found: list[Practice]) -> dict[int, list[datetime]]:
    """When questions of this cycle were written, to whomever; by practice."""
    practice_of = {link.pk: one.pk for one in found for link in one.current.to_ask}
    cycles = {practice.pk: practice.reviewed_at for practice in found}
    reminders = Reminder.objects.filter(
        topic__in=(practice_reminders.OWNER, practice_reminders.ORGANISATION),
        object_id__in=list(cycles),
    ) | Reminder.objects.filter(topic=practice_reminders.PERSON, object_id__in=list(practice_of))
    said: dict[int, list[datetime]] = {key: [] for key in cycles}
    for reminder in reminders.order_by("at", "pk"):
        is_person = reminder.topic == practice_reminders.PERSON
        key = practice_of[reminder.object_id] if is_person else reminder.object_id
        if reminder.cycle == cycles[key]:
            said[key].append(reminder.at)
    return said


class OwnerForm(forms.Form):
    """Who is the owner from now on; left empty, nothing changes."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address of a partner"),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


def _describe_documents(found: QuerySet[Document]) -> list[Item]:
    found = list(found.select_related("owner").defer("search"))
    here = _with_owner(Document, found)
    return [
        Item(
            object=document,
            title=document.title,
            since=document.since,
            facts={"owner_left": document.pk not in here},
        )
        for document in found
    ]


def _contacts(sheets: list[Practice]) -> dict[int, dict]:
    """Whom the Lead will think of first: the contact person of the organisation."""
    found = {}
    for practice in sheets:
        contact = practice.organisation and practice.organisation.contact
        if contact and contact.pk != practice.owner_id:
            found[practice.pk] = {"email": contact.email}
    return found


KINDS = (
    Kind(
        code="practice_reviews",
        name=gettext_lazy("Overdue reviews"),
        waiting=_overdue,
        describe=_describe,
        template="admin/queue/practice_reviews.html",
        steps={
            "valid": Step(
                lambda pk, answer: reviewing.still_valid(
                    pk, PracticeReview.Role.LEAD, answer.by, answer.now
                ),
                gettext_lazy("Still valid: %(item)s."),
            ),
            "owner": Step(
                lambda pk, answer: practice_reminders.give_to(
                    pk, answer.said["email"], answer.by, answer.now
                ),
                gettext_lazy("%(item)s has another owner, who is asked now."),
                asked=Asked(
                    form=OwnerForm,
                    initial=_contacts,
                    heading=gettext_lazy("Another owner of the sheet"),
                    lead=gettext_lazy(
                        "The person must be a partner. The person owns the sheet at once, and gets "
                        "a mail with the question whether the practice is still valid. Leave a row "
                        "empty to leave the practice out."
                    ),
                    button=gettext_lazy("Give the sheet to this person"),
                ),
            ),
            "archive": Step(
                lambda pk, answer: practices.archive(pk, answer.reason, answer.by, answer.now),
                gettext_lazy("Archived: %(item)s."),
                needs_reason=True,
            ),
        },
        bulk=(
            Bulk("valid", gettext_lazy("Still valid")),
            Bulk(
                "archive",
                gettext_lazy("Archive with a reason"),
                "risky",
                gettext_lazy("Archive"),
            ),
        ),
    ),
    Kind(
        code="document_reviews",
        name=gettext_lazy("Documents to be reviewed"),
        waiting=document_reminders.overdue,
        describe=_describe_documents,
        template="admin/queue/document_reviews.html",
        steps={
            "right": Step(
                lambda pk, answer: document_reminders.still_right(pk, answer.by, answer.now),
                gettext_lazy("Still right: %(item)s."),
            ),
            "owner": Step(
                lambda pk, answer: document_reminders.give_to(
                    pk, answer.said["email"], answer.by, answer.now
                ),
                gettext_lazy("%(item)s has another owner, who is asked now."),
                asked=Asked(
                    form=OwnerForm,
                    initial=lambda documents: {},
                    heading=gettext_lazy("Another owner of the document"),
                    lead=gettext_lazy(
                        "The person must be a partner. The person owns the document at once, and "
                        "gets a mail with the question whether it is still right. Leave a row "
                        "empty to leave the document out."
                    ),
                    button=gettext_lazy("Give the document to this person"),
                ),
            ),
            "archive": Step(
                lambda pk, answer: publishing.archive(pk, answer.reason, answer.by, answer.now),
                gettext_lazy("Archived: %(item)s."),
                needs_reason=True,
            ),
        },
        bulk=(Bulk("right", gettext_lazy("The chosen are still right")),),
    ),
)
