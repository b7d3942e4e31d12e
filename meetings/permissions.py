"""Who may do what with meetings.

Who may see one is `visible_to` of its QuerySet alone; these are the steps. Each that depends on a
day takes today's date.
"""

from datetime import date, datetime

from meetings.models import Meeting, Outcome, Question
from partners import permissions as ground
from partners.models import Country, Organisation


def can_add_meeting(user) -> bool:
    """The Lead begins meetings."""
    return user.has_perm("meetings.add_meeting")


def can_organise(user, meeting: Meeting) -> bool:
    """The Lead, and who was named as an organiser of this meeting.

    They edit it, see registrations with everything that the host must know, and write the minutes.
    """
    if user.has_perm("meetings.change_meeting"):
        return True
    return (
        user.is_authenticated and user.is_active and meeting.organisers.filter(pk=user.pk).exists()
    )


def takes_part(user, meeting: Meeting) -> bool:
    """Has a confirmed seat, on site or online."""
    return (
        user.is_authenticated
        and user.is_active
        and user.registrations.taking_part().filter(meeting=meeting).exists()
    )


def speaks_for(user, today: date) -> list[Organisation]:
    """Organisations for which the person may answer or state something today."""
    if not ground.is_partner(user, today):
        return []
    return list(Organisation.objects.of(user, today).order_by("name", "pk"))


def can_report_progress(user, outcome: Outcome, today: date) -> bool:
    """Who answers for an action, and who reviews it.

    Its owner, members and the contact person of the responsible organisation, organisers of its
    meeting or of a later one of the series, and the Lead.
    """
    if outcome.kind != Outcome.Kind.ACTION or not (user.is_authenticated and user.is_active):
        return False
    if outcome.owner_id == user.pk or can_organise(user, outcome.meeting):
        return True
    organisation = outcome.organisation
    if organisation is not None and (
        organisation.contact_id == user.pk
        or Organisation.objects.of(user, today).filter(pk=organisation.pk).exists()
    ):
        return True
    meeting = outcome.meeting
    return (
        meeting.series_id is not None
        and user.organised_meetings.filter(
            series=meeting.series_id, starts_on__gte=meeting.starts_on
        ).exists()
    )


def can_publish_report(user) -> bool:
    """The Lead: it goes into the library, and partners are asked to read it."""
    return user.has_perm("meetings.change_meeting") and user.has_perm("documents.add_document")


def states_for(user, country: Country, today: date) -> list[Organisation]:
    """Partner organisations of that country for which the person may write its statement."""
    if not (user.is_authenticated and user.is_active):
        return []
    own = Organisation.objects.of(user, today).partners().filter(country=country)
    return list(own.order_by("name", "pk"))


def can_register_needs(user) -> bool:
    """The Lead takes needs of statements into the register, as those that partners submit."""
    return user.has_perm("advice.change_need")


def is_asked(user, question: Question, today: date) -> bool:
    """Belongs to those whom the question asks: partners, or confirmed participants."""
    if question.asked_of == Question.AskedOf.PARTNERS:
        return ground.is_partner(user, today)
    return takes_part(user, question.meeting)


def answers_for(user, question: Question, today: date) -> list[Organisation]:
    """Where each organisation has one answer: those for which the person may give it.

    Of a question to all partners these are organisations that are partners.
    """
    if not is_asked(user, question, today):
        return []
    own = Organisation.objects.of(user, today)
    if question.asked_of == Question.AskedOf.PARTNERS:
        own = own.partners()
    return list(own.order_by("name", "pk"))


def can_see_results(user, question: Question, now: datetime) -> bool:
    """Organisers always; others as the question says.

    Of an anonymous one nobody does while it takes answers: from figures before and after somebody
    answered one could tell what that was.
    """
    if question.is_anonymous and not question.is_over(now):
        return False
    if can_organise(user, question.meeting):
        return True
    if question.results == Question.Results.AT_ONCE:
        return question.status != Question.Status.PREPARED
    return question.results == Question.Results.AFTERWARDS and question.is_over(now)


def can_read_answers(user, question: Question, now: datetime) -> bool:
    """Written answers, with whose they are: organisers, and those who are asked themselves."""
    return can_see_results(user, question, now) and (
        can_organise(user, question.meeting) or is_asked(user, question, now.date())
    )
