"""Countries' statements: partners write them before the meeting, needs go into the register.

Colleagues of one country write the same statement. Who saves second is shown what the first has
written meanwhile; rows of needs that the own form did not know stay.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, time

from django.db import transaction
from django.db.models import Max
from django.urls import reverse
from django.utils.translation import gettext as _

from advice import registering
from advice.models import Need
from meetings import permissions
from meetings.models import Meeting, StatedNeed, Statement
from partners import mail
from partners.audience import Audience
from partners.models import Country, Organisation, Term, User
from partners.refusals import Refused

#: Kinds of meetings to which countries come with a statement
KINDS = (Meeting.Kind.PARTNERSHIP, Meeting.Kind.CORE, Meeting.Kind.EXPERT_GROUP)
NEEDS_AT_MOST = 10


class Collision(Refused):
    """A colleague has saved the statement since the form was shown."""


@dataclass
class Row:
    """One need as the form has it; `pk` of a stored one, and empty words to remove that."""

    pk: int | None
    title: str
    text: str = ""
    terms: Sequence[Term] = field(default_factory=list)


def begins_at(meeting: Meeting) -> datetime:
    """The moment until which statements are taken: the first session, else the first midnight."""
    first = (
        meeting.sessions.filter(day=meeting.starts_on, begins_at__isnull=False)
        .order_by("begins_at")
        .first()
    )
    clock = first.begins_at if first else time()
    return datetime.combine(meeting.starts_on, clock, meeting.zone)


def takes_statements(meeting: Meeting, now: datetime) -> bool:
    """Announced, of a kind to which countries come, and not begun."""
    if meeting.status != Meeting.Status.ANNOUNCED or meeting.kind not in KINDS:
        return False
    day = meeting.day_at(now)
    return day < meeting.starts_on or (day == meeting.starts_on and now < begins_at(meeting))


@transaction.atomic
def save(
    meeting_id: int,
    country: Country,
    values: dict,
    needs: Sequence[Row],
    seen: int,
    by: User,
    now: datetime,
) -> Statement:
    """Write the statement of a country down; the first time makes it.

    `values`: situation, priorities, organisation (one of the person's, in that country). `seen` is
    the version that the form was made from, 0 where there was none. A need of the register stays
    as it is. Raises Collision when there is another version now, and Refused for somebody who
    does not speak for the country, when the meeting takes none, and once it is sent.
    """
    meeting = _locked(meeting_id, country, by, now)
    if values["organisation"] not in permissions.states_for(by, country, now.date()):
        raise Refused(_("Choose an organisation of this country to which you belong."))
    statement = Statement.objects.filter(meeting=meeting, country=country).first()
    if (statement.version if statement else 0) != seen:
        raise Collision(
            _(
                "A colleague has saved this statement since you opened the page. Both texts stand "
                "below. Put into yours what shall stay, and save again."
            )
        )
    if statement is None:
        statement = Statement(meeting=meeting, country=country, version=0)
    elif statement.status == Statement.Status.SENT:
        raise Refused(_("This statement is sent. Take it back to a draft before you change it."))
    statement.situation, statement.priorities = values["situation"], values["priorities"]
    statement.organisation = values["organisation"]
    statement.author, statement.changed_at = by, now
    statement.version += 1
    statement.save()
    _write_needs(statement, needs)
    return statement


def _locked(meeting_id: int, country: Country, by: User, now: datetime) -> Meeting:
    """The meeting, locked so that colleagues follow each other, when `by` may write now."""
    meeting = Meeting.objects.select_for_update(no_key=True).get(pk=meeting_id)
    if not permissions.states_for(by, country, now.date()):
        raise Refused(_("Only partners of %(country)s write its statement.") % {"country": country})
    if not takes_statements(meeting, now):
        raise Refused(_("Statements are written until the meeting begins: this is over."))
    return meeting


def _write_needs(statement: Statement, rows: Sequence[Row]):
    stored = {need.pk: need for need in statement.needs.filter(need=None)}
    number = statement.needs.aggregate(most=Max("number"))["most"] or 0
    for row in rows:
        known = stored.get(row.pk)
        if not row.title and not row.text:
            if known:
                known.delete()
            continue
        if known is None:
            number += 1
            known = StatedNeed(statement=statement, number=number)
        known.title, known.text = row.title, row.text
        known.save()
        known.terms.set(row.terms)
    if statement.needs.count() > NEEDS_AT_MOST:
        raise Refused(_("A statement has at most %(n)s needs.") % {"n": NEEDS_AT_MOST})


@transaction.atomic
def send(statement_id: int, by: User, now: datetime) -> Statement:
    """Show it to whoever sees the meeting. Raises Refused as `save`, and without a situation."""
    statement = _of_writer(statement_id, Statement.Status.SENT, by, now)
    if not statement.situation:
        raise Refused(_("Describe the situation of your country before you send the statement."))
    statement.status, statement.sent_at = Statement.Status.SENT, now
    statement.save(update_fields=["status", "sent_at"])
    return statement


@transaction.atomic
def take_back(statement_id: int, by: User, now: datetime) -> Statement:
    """Make it a draft again, which only colleagues and organisers see. Raises Refused as `save`."""
    statement = _of_writer(statement_id, Statement.Status.DRAFT, by, now)
    statement.status = Statement.Status.DRAFT
    statement.save(update_fields=["status"])
    return statement


def _of_writer(statement_id: int, to: str, by: User, now: datetime) -> Statement:
    statement = Statement.objects.select_related("country").get(pk=statement_id)
    _locked(statement.meeting_id, statement.country, by, now)
    statement = Statement.objects.select_for_update(of=("self",)).get(pk=statement_id)
    if to not in Statement.NEXT[statement.status]:
        raise Refused(
            _("This statement is “%(status)s” already.")
            % {"status": statement.get_status_display()}
        )
    return statement


@transaction.atomic
def register(stated_id: int, by: User, now: datetime) -> tuple[Need, bool]:
    """Take a need of a statement into the register, once.

    The register is public: it names the meeting only where everybody may see that. Returns the row
    of the register, and whether it is new: a second click finds the first one's. Raises Refused for
    a draft.
    """
    statement_id = StatedNeed.objects.values_list("statement", flat=True).get(pk=stated_id)
    # The statement first, as `save` does
    statement = (
        Statement.objects.select_related("meeting", "country", "author")
        .select_for_update(of=("self",), no_key=True)
        .get(pk=statement_id)
    )
    stated = StatedNeed.objects.select_for_update(of=("self",)).get(pk=stated_id)
    if stated.need_id is not None:
        return stated.need, False
    if statement.status != Statement.Status.SENT:
        raise Refused(_("This statement is a draft. Its needs can be taken over once it is sent."))
    meeting = statement.meeting
    source, url = _("Statement of %(country)s") % {"country": statement.country}, ""
    if meeting.audience == Audience.PUBLIC:
        source += f", {meeting}"
        url = mail.absolute(statement.get_absolute_url())
    values = {
        "country": statement.country,
        "title": stated.title,
        "description": stated.text or stated.title,
        "source": Need.Source.MEETING,
        "source_text": source,
        "url": url,
        "year": meeting.starts_on.year,
        "fictitious": statement.fictitious,
        "terms": list(stated.terms.all()),
    }
    stated.need = registering.take_over(values, statement.author, by, now)
    stated.save(update_fields=["need"])
    return stated.need, True


def countries_of(user, now: datetime) -> list[Country]:
    """Countries for which the person may write a statement today, by name."""
    own = Organisation.objects.of(user, now.date()).partners()
    return list(Country.objects.filter(pk__in=own.values("country")).order_by("sort_name"))


@dataclass(frozen=True)
class ToWrite:
    """A country for which the person may write a statement, and the one that there is."""

    country: Country
    statement: Statement | None
    url: str


def to_write(meeting: Meeting, user, now: datetime) -> list[ToWrite]:
    """Empty where the meeting takes no statements, and for people who speak for no country."""
    if not user.is_authenticated or not takes_statements(meeting, now):
        return []
    countries = countries_of(user, now)
    there = {one.country_id: one for one in meeting.statements.filter(country__in=countries)}
    return [
        ToWrite(
            one, there.get(one.pk), reverse("statement_edit", args=[meeting.code, one.pk.lower()])
        )
        for one in countries
    ]
