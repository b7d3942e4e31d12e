"""What waits for one person of outcomes of meetings, for “My page”."""

from datetime import datetime

from django.db.models import F, Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from meetings import lateness
from meetings.models import Meeting, Outcome
from partners.waiting import Waiting


def for_person(user, now: datetime) -> list[Waiting]:
    """Open actions that this person owns, or answers for as the contact person of who does them."""
    today = now.date()
    as_contact = Q(owner=None) | Q(owner__is_active=False)
    actions = (
        Outcome.objects.open_actions()
        .filter(Q(owner=user) | Q(organisation__contact=user) & as_contact)
        .exclude(meeting__status__in=(Meeting.Status.DRAFT, Meeting.Status.CANCELLED))
        .select_related("meeting")
        .order_by(F("due_on").asc(nulls_last=True), "pk")
    )
    waiting = []
    for action in actions:
        state = lateness.state(action, today)
        text = _("Agreed at: %(meeting)s.") % {"meeting": action.meeting}
        if action.due_on:
            text += " " + _("Due on %(day)s.") % {"day": date_format(action.due_on, "j F Y")}
        look = "warn" if action.is_late(today) else "info"
        title = _("Action: %(text)s") % {"text": action.text}
        waiting.append(Waiting(title, action.get_absolute_url(), text, state.words, look))
    return waiting
