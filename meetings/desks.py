"""The desk of a meeting: when it is open, how many seats there are, what it asks, site visits."""

from datetime import date, datetime

from django.db import transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from meetings import seats
from meetings.models import Booking, FormAnswer, FormQuestion, Meeting, Part, RegistrationDesk
from partners.refusals import Refused


@transaction.atomic
def keep(
    meeting_id: int, values: dict, ways: dict[str, int | None], now: datetime
) -> RegistrationDesk:
    """Set up the desk, or change it.

    `values`: fields of RegistrationDesk; `ways`: kind → seats (None: no limit) of each way that is
    offered, others go. Raises Refused where people have seats that would go, and where answers
    would be erased later than those who registered were told.
    """
    locked = RegistrationDesk.objects.select_for_update(no_key=True)
    before = locked.filter(meeting=meeting_id).first()
    parts = {part.kind: part for part in seats.locked(meeting_id).values() if part.is_way}
    if before and why_not_erased_on(before, values["erase_on"]):
        raise Refused(why_not_erased_on(before, values["erase_on"]))
    desk, _is_new = RegistrationDesk.objects.update_or_create(
        meeting_id=meeting_id, defaults=values
    )
    for kind in Part.WAYS:
        part = parts.get(kind)
        if kind not in ways:
            if part:
                _remove(part)
        elif part is None:
            Part.objects.create(meeting_id=meeting_id, kind=kind, seats=ways[kind])
        elif part.seats != ways[kind]:
            seats.set_seats(part.pk, ways[kind], now)
    return desk


def why_not_erased_on(desk: RegistrationDesk, day: date) -> str:
    """Why answers cannot be kept until this day, in a sentence; empty where they can."""
    is_promised = day > desk.erase_on and desk.meeting.registrations.exists()
    if not is_promised:
        return ""
    said = _("People registered while the form said: %(promise)s Choose that day or before.")
    return said % {"promise": erased_in_words(desk.erase_on)}


def erased_in_words(day: date) -> str:
    """What the form promises of sensitive answers."""
    return _("Erased on %(day)s.") % {"day": date_format(day, "j F Y")}


@transaction.atomic
def add_visit(meeting: Meeting, values: dict) -> Part:
    """`values`: title, text, on, begins_at, seats. Raises Refused where there is no desk yet."""
    if not RegistrationDesk.objects.filter(meeting=meeting).exists():
        raise Refused(_("Set up the registration first."))
    return Part.objects.create(meeting=meeting, kind=Part.Kind.VISIT, **values)


@transaction.atomic
def change_visit(part_id: int, values: dict, now: datetime) -> Part:
    """More seats go to the waiting list. Raises Refused for fewer seats than people have."""
    wanted = values.get("seats")
    fields = {name: value for name, value in values.items() if name != "seats"}
    part = seats.set_seats(part_id, wanted, now)
    for name, value in fields.items():
        setattr(part, name, value)
    part.save(update_fields=list(fields))
    return part


@transaction.atomic
def remove_visit(part_id: int):
    """Take a site visit off, with its questions. Raises Refused while somebody has a place."""
    meeting_id = Part.objects.values_list("meeting", flat=True).get(pk=part_id)
    parts = seats.locked(meeting_id)
    if part_id in parts:
        _remove(parts[part_id])


def _remove(part: Part):
    """With bookings that have ended, and questions that were asked for it alone."""
    number = part.bookings.live().count()
    if number:
        said = ngettext(
            "%(n)s person is registered there (%(part)s). Decline the registration first, with a "
            "reason.",
            "%(n)s people are registered there (%(part)s). Decline the registrations first, with a "
            "reason.",
            number,
        )
        raise Refused(said % {"n": number, "part": part})
    Booking.objects.filter(part=part).delete()
    FormAnswer.objects.filter(question__part=part).delete()
    part.delete()


# Questions of the form


@transaction.atomic
def add_question(meeting: Meeting, part: Part | None, values: dict) -> FormQuestion:
    """As the last one, on the form or, with `part`, where one signs up for a site visit."""
    last = _beside(meeting.pk, part and part.pk).last()
    number = last.number + 1 if last else 1
    return FormQuestion.objects.create(meeting=meeting, part=part, number=number, **values)


@transaction.atomic
def change_question(question_id: int, values: dict) -> FormQuestion:
    """Raises Refused for another kind of answer, once somebody has answered.

    Nor is a question sensitive no more then: that its answers are erased was promised.
    """
    question = FormQuestion.objects.select_for_update().get(pk=question_id)
    has_answers = question.answers.exists()
    if question.kind != values["kind"] and has_answers:
        raise Refused(_("People have answered already: the kind of the answer stays as it is."))
    if question.is_sensitive and not values["is_sensitive"] and has_answers:
        raise Refused(
            _(
                "People have answered already and were told that their answers will be erased: "
                "the question stays sensitive."
            )
        )
    for name, value in values.items():
        setattr(question, name, value)
    question.save(update_fields=list(values))
    return question


@transaction.atomic
def move_question(question_id: int, up: bool):
    """One place up or down; at the end of the list nothing happens."""
    question = FormQuestion.objects.get(pk=question_id)
    beside = list(_beside(question.meeting_id, question.part_id).select_for_update())
    place = beside.index(question)
    other = place - 1 if up else place + 1
    if 0 <= other < len(beside):
        beside[place], beside[other] = beside[other], beside[place]
        for number, one in enumerate(beside, 1):
            one.number = number
        FormQuestion.objects.bulk_update(beside, ["number"])


@transaction.atomic
def remove_question(question_id: int):
    """With everything that was answered to it."""
    FormAnswer.objects.filter(question=question_id).delete()
    FormQuestion.objects.filter(pk=question_id).delete()


def _beside(meeting_id: int, part_id: int | None):
    """The questions of the same form, in their order."""
    return FormQuestion.objects.filter(meeting=meeting_id, part=part_id).in_order()
