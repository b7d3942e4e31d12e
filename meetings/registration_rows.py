"""Who comes, for the organisers: the list with its filters, and the same as a file."""

from collections.abc import Iterator

from django.db.models import Prefetch, Q, QuerySet

from meetings.models import Booking, FormAnswer, Meeting
from partners.csv_files import neutral

HEADER = (
    *("Part", "Number", "State", "Since (UTC)", "Name", "Organisation", "Country", "Address"),
    *("Costs to be paid", "Diet", "Access needs", "Letter for a visa", "Who sees the name"),
)


def found(meeting: Meeting, filters: dict) -> QuerySet[Booking]:
    """Bookings of a meeting in the order of their lines; without a state, those that are live.

    `filters`: what meetings.forms.registrations.RegistrationFilterForm found.
    """
    bookings = Booking.objects.filter(part__meeting=meeting)
    if "status" in filters:
        bookings = bookings.filter(status=filters["status"])
    else:
        bookings = bookings.live()
    if "part" in filters:
        bookings = bookings.filter(part=filters["part"])
    if "funded" in filters:
        bookings = bookings.filter(registration__is_funded=True)
    if "needs" in filters:
        bookings = bookings.exclude(registration__diet="", registration__access="")
    if words := filters.get("q"):
        bookings = bookings.filter(
            Q(registration__name__icontains=words)
            | Q(registration__organisation__name__icontains=words)
            | Q(registration__organisation_name__icontains=words)
        )
    return bookings.select_related(
        "part", "registration__user", "registration__organisation", "registration__country"
    ).order_by("part__kind", "part__on", "part", "number")


def table(meeting: Meeting, bookings: QuerySet[Booking]) -> Iterator[list]:
    """The header, then a row for each booking, in English; no cell of it is a formula."""
    questions = list(meeting.form_questions.order_by("part", "number", "pk"))
    yield [*HEADER, *(neutral(question.text) for question in questions)]
    answers = Prefetch("registration__answers", FormAnswer.objects.select_related("question"))
    for booking in bookings.prefetch_related(answers):
        person = booking.registration
        said = {answer.question_id: answer.text for answer in person.answers.all()}
        cells = [
            str(booking.part),
            booking.number,
            booking.get_status_display(),
            f"{booking.at:%Y-%m-%d %H:%M}",
            person.name,
            person.represents,
            str(person.country or ""),
            person.user.email,
            "yes" if person.is_funded else "",
            person.diet,
            person.access,
            "yes" if person.wants_letter else "",
            person.get_appearance_display(),
            *(said.get(question.pk, "") for question in questions),
        ]
        yield [neutral(cell) for cell in cells]
