"""Meetings, their agendas, registrations and outcomes."""

from datetime import date, time, timedelta

import factory
from django.db.models.functions import Greatest
from factory.django import DjangoModelFactory

from meetings.models import (
    Booking,
    Item,
    Meeting,
    Option,
    Outcome,
    Part,
    Question,
    Registration,
    RegistrationDesk,
    Series,
    Session,
    Statement,
)
from tests.factories import NOW
from tests.factories.partners import UserFactory


class SeriesFactory(DjangoModelFactory):
    class Meta:
        model = Series

    name = factory.Sequence(lambda n: f"Series {n:02} (example)")
    slug = factory.Sequence(lambda n: f"series-{n:02}")


class MeetingFactory(DjangoModelFactory):
    """An announced meeting of two days in Bangkok, that everybody sees."""

    class Meta:
        model = Meeting

    code = factory.Sequence(lambda n: f"meeting-{n:02}")
    title = factory.Sequence(lambda n: f"Meeting {n:02} (example)")
    form = Meeting.Form.HYBRID
    place = "Conference centre (example), Bangkok"
    country_id = "TH"
    time_zone = "Asia/Bangkok"
    starts_on = date(2027, 3, 9)
    ends_on = date(2027, 3, 10)
    languages = factory.LazyFunction(lambda: ["en"])
    status = Meeting.Status.ANNOUNCED
    created_at = changed_at = NOW - timedelta(days=30)
    fictitious = True


class SessionFactory(DjangoModelFactory):
    class Meta:
        model = Session

    meeting = factory.SubFactory(MeetingFactory)
    number = factory.LazyAttribute(lambda one: one.meeting.sessions.count() + 1)
    title = factory.LazyAttribute(lambda one: f"Session {one.number} (example)")
    day = factory.LazyAttribute(lambda one: one.meeting.starts_on)
    begins_at = time(9)


class ItemFactory(DjangoModelFactory):
    class Meta:
        model = Item

    session = factory.SubFactory(SessionFactory)
    position = factory.LazyAttribute(lambda one: one.session.items.count() + 1)
    title = factory.LazyAttribute(lambda one: f"Item {one.position} (example)")
    duration = 20


class PartFactory(DjangoModelFactory):
    """Being on site, with two seats."""

    class Meta:
        model = Part

    meeting = factory.SubFactory(MeetingFactory)
    kind = Part.Kind.ON_SITE
    seats = 2


class RegistrationDeskFactory(DjangoModelFactory):
    """Open at NOW until a month before the meeting of MeetingFactory."""

    class Meta:
        model = RegistrationDesk

    meeting = factory.SubFactory(MeetingFactory)
    opens_at = NOW - timedelta(days=20)
    closes_at = NOW + timedelta(days=80)
    erase_on = date(2027, 4, 10)


class RegistrationFactory(DjangoModelFactory):
    class Meta:
        model = Registration

    meeting = factory.SubFactory(MeetingFactory)
    user = factory.SubFactory(UserFactory)
    name = factory.LazyAttribute(lambda one: str(one.user))
    country_id = "UY"
    created_at = changed_at = NOW - timedelta(days=5)
    fictitious = True


class BookingFactory(DjangoModelFactory):
    """A confirmed seat."""

    class Meta:
        model = Booking

    part = factory.SubFactory(PartFactory)
    registration = factory.SubFactory(
        RegistrationFactory, meeting=factory.SelfAttribute("..part.meeting")
    )
    number = factory.LazyAttribute(lambda one: one.part.bookings.count() + 1)
    status = Booking.Status.CONFIRMED
    at = NOW - timedelta(days=5)

    @classmethod
    def _create(cls, model_class, *args, **kwargs):
        """The next number of the line goes on from here, as after the step."""
        booking = super()._create(model_class, *args, **kwargs)
        after = Greatest("next_number", booking.number + 1)
        Part.objects.filter(pk=booking.part_id).update(next_number=after)
        return booking


class OutcomeFactory(DjangoModelFactory):
    """An open action with an owner in words."""

    class Meta:
        model = Outcome

    meeting = factory.SubFactory(MeetingFactory)
    number = factory.LazyAttribute(lambda one: one.meeting.outcomes.count() + 1)
    kind = Outcome.Kind.ACTION
    text = factory.LazyAttribute(lambda one: f"Action {one.number} (example)")
    owner_name = "Lead"
    status = Outcome.Status.OPEN
    created_at = NOW - timedelta(days=100)
    fictitious = True


class StatementFactory(DjangoModelFactory):
    """The statement of Uruguay, which is sent."""

    class Meta:
        model = Statement

    meeting = factory.SubFactory(MeetingFactory)
    country_id = "UY"
    author = factory.SubFactory(UserFactory)
    situation = "Three plants have closed."
    status = Statement.Status.SENT
    sent_at = changed_at = NOW - timedelta(days=3)


class QuestionFactory(DjangoModelFactory):
    """An open question with a choice of one answer, that all partners are asked.

    `options` are the texts of its answers.
    """

    class Meta:
        model = Question
        skip_postgeneration_save = True

    meeting = factory.SubFactory(MeetingFactory)
    number = factory.LazyAttribute(lambda one: one.meeting.questions.count() + 1)
    text = factory.LazyAttribute(lambda one: f"Question {one.number} (example)?")
    kind = Question.Kind.CHOICE
    status = Question.Status.OPEN
    opened_at = NOW - timedelta(days=2)

    @factory.post_generation
    def options(self, create, extracted, **kwargs):
        texts = extracted if extracted is not None else ["Yes", "No", "Later"]
        if not self.has_options:
            texts = []
        for number, text in enumerate(texts, 1):
            Option.objects.create(question=self, number=number, text=text)
