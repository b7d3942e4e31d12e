"""What waits for one person of statements of meetings, for “My page”."""

from datetime import datetime

from django.db.models import Q
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from meetings import stating
from meetings.models import Meeting, Statement
from partners.waiting import Waiting


def for_person(user, now: datetime) -> list[Waiting]:
    """Countries of the person that have sent none: for partnership meetings, and for the others
    to which the person is registered.
    """
    countries = stating.countries_of(user, now)
    if not countries:
        return []
    asked = Q(kind=Meeting.Kind.PARTNERSHIP) | Q(registrations__user=user)
    meetings = (
        Meeting.objects.visible_to(user)
        .upcoming(now.date())
        .filter(asked, status=Meeting.Status.ANNOUNCED)
        .distinct()
    )
    there = {
        (one.meeting_id, one.country_id): one
        for one in Statement.objects.filter(meeting__in=meetings, country__in=countries)
    }
    found = []
    for meeting in meetings:
        if not stating.takes_statements(meeting, now):
            continue
        until = date_format(stating.begins_at(meeting), "j F Y")
        for country in countries:
            statement = there.get((meeting.pk, country.pk))
            if statement and statement.status == Statement.Status.SENT:
                continue
            found.append(
                Waiting(
                    _("Statement of %(country)s for: %(meeting)s")
                    % {"country": country, "meeting": meeting},
                    reverse("statement_edit", args=[meeting.code, country.pk.lower()]),
                    _("Situation, priorities and needs, before the meeting begins on %(day)s.")
                    % {"day": until},
                    _("Draft") if statement else _("Asked"),
                )
            )
    return found
