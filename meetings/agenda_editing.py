"""The draft of an agenda: sessions, their items, and the order in which these stand.

Each step locks the meeting, so that two organisers come one after the other. Nobody but organisers
sees the draft; what others read is published (publishing_agenda.py).
"""

import hashlib
import json

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from meetings.models import Item, Meeting, Minutes, Outcome, Paper, Presenter, Question, Session
from partners.refusals import Refused

SESSION_FIELDS = ("number", "title", "title_fr", "title_es", "day", "begins_at", "room", "chair")
ITEM_FIELDS = (
    *("title", "title_fr", "title_es", "kind", "duration", "text"),
    *("is_cancelled", "cancelled_because"),
)


class ChangedMeanwhile(Refused):
    """Somebody else saved the same thing since the form was opened; nothing is saved."""

    def __init__(self):
        super().__init__(
            _("Somebody else changed this while you wrote. Look at both texts, then save again.")
        )


def lock(meeting_id: int) -> Meeting:
    """The meeting, held until the transaction ends, for all that changes its agenda."""
    return Meeting.objects.select_for_update(no_key=True).get(pk=meeting_id)


def fingerprint(values) -> str:
    """A short word for plain values, which is another one as soon as they differ."""
    text = json.dumps(values, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def values_of_session(session: Session) -> dict:
    """What is stored, in the shape that `edit_session` takes."""
    return {name: getattr(session, name) for name in SESSION_FIELDS}


def values_of_item(item: Item) -> dict:
    """What is stored, in the shape that `edit_item` takes."""
    presenters = item.presenters.order_by("number", "pk").values("name", "user_id", "expert_id")
    questions = _discussed(item).values_list("text", flat=True)
    return {
        **{name: getattr(item, name) for name in ITEM_FIELDS},
        "presenters": list(presenters),
        "questions": list(questions),
    }


# Sessions


def next_number(meeting: Meeting) -> int:
    """The number of a new session: none that sessions or papers ever had."""
    sessions = meeting.sessions.aggregate(most=Max("number"))["most"] or 0
    papers = meeting.papers.aggregate(most=Max("session_number"))["most"] or 0
    return max(sessions, papers) + 1


@transaction.atomic
def add_session(meeting_id: int, values: dict) -> Session:
    """`values`: SESSION_FIELDS. Raises Refused where another session has the number."""
    meeting = lock(meeting_id)
    _check_number(meeting, values["number"])
    return Session.objects.create(meeting=meeting, **values)


@transaction.atomic
def edit_session(meeting_id: int, session_id: int, values: dict, seen: str) -> Session:
    """`seen`: fingerprint of the values that the form was opened with.

    Raises Refused where another session has the number, or papers carry the one that it had.
    """
    meeting = lock(meeting_id)
    session = _session(meeting, session_id)
    if fingerprint(values_of_session(session)) != seen:
        raise ChangedMeanwhile
    if values["number"] != session.number:
        _check_number(meeting, values["number"])
        if session.papers.exists():
            raise Refused(_("Papers carry the number of this session: it keeps it."))
    for name, value in values.items():
        setattr(session, name, value)
    session.save(update_fields=list(values))
    return session


@transaction.atomic
def remove_session(meeting_id: int, session_id: int):
    """Take a session off the draft, with its items. Raises Refused where minutes hang on one."""
    session = _session(lock(meeting_id), session_id)
    _remove(list(session.items.values_list("pk", flat=True)))
    session.delete()


def _session(meeting: Meeting, session_id: int) -> Session:
    session = meeting.sessions.filter(pk=session_id).first()
    if session is None:
        raise Refused(_("This session is not on the agenda any more."))
    return session


def _check_number(meeting: Meeting, number: int):
    if meeting.sessions.filter(number=number).exists():
        said = _("Session %(number)s is there already. The next free number is %(free)s.")
        raise Refused(said % {"number": number, "free": next_number(meeting)})
    if Paper.objects.filter(meeting=meeting, session_number=number).exists():
        said = _("There are papers of a session %(number)s. The next free number is %(free)s.")
        raise Refused(said % {"number": number, "free": next_number(meeting)})


# Items


@transaction.atomic
def add_item(meeting_id: int, session_id: int, values: dict) -> Item:
    """A new last item of the session.

    `values`: ITEM_FIELDS; `presenters`, dicts with name, user_id and expert_id; `questions`, texts.
    """
    session = _session(lock(meeting_id), session_id)
    last = session.items.aggregate(last=Max("position"))["last"] or 0
    fields = {name: values[name] for name in ITEM_FIELDS}
    item = Item.objects.create(session=session, position=last + 1, **fields)
    _set_presenters(item, values["presenters"])
    _set_questions(item, values["questions"])
    return item


@transaction.atomic
def edit_item(meeting_id: int, item_id: int, values: dict, seen: str) -> Item:
    """`values` as for `add_item`; `seen`: fingerprint of what the form was opened with.

    Raises ChangedMeanwhile, and Refused when it is not on the agenda any more.
    """
    item = _item(lock(meeting_id), item_id)
    stored = values_of_item(item)
    if fingerprint(stored) != seen:
        raise ChangedMeanwhile
    for name in ITEM_FIELDS:
        setattr(item, name, values[name])
    item.save(update_fields=ITEM_FIELDS)
    if values["presenters"] != stored["presenters"]:
        _set_presenters(item, values["presenters"])
    _set_questions(item, values["questions"])
    return item


@transaction.atomic
def remove_item(meeting_id: int, item_id: int):
    """Take an item off the draft. Raises Refused where minutes or outcomes hang on it."""
    item = _item(lock(meeting_id), item_id)
    _remove([item.pk])


def _item(meeting: Meeting, item_id: int) -> Item:
    found = Item.objects.filter(session__meeting=meeting, pk=item_id).select_related("session")
    item = found.first()
    if item is None:
        raise _gone()
    return item


def _gone() -> Refused:
    return Refused(_("This item is not on the agenda any more."))


def _remove(items: list[int]):
    """With their discussion questions; papers and polls stay with the meeting."""
    held = (
        Minutes.objects.filter(item__in=items).exists()
        or Outcome.objects.filter(item__in=items).exists()
    )
    if held:
        raise Refused(
            _("There are minutes or outcomes about it, so it stays. You can cancel items instead.")
        )
    Question.objects.filter(item__in=items, kind=Question.Kind.DISCUSSION).delete()
    Item.objects.filter(pk__in=items).delete()


def _set_presenters(item: Item, rows: list[dict]):
    item.presenters.all().delete()
    Presenter.objects.bulk_create(
        Presenter(item=item, number=number, **row) for number, row in enumerate(rows, 1)
    )


def _discussed(item: Item):
    """Those of its questions that are for discussion alone: others are polls, edited elsewhere."""
    return item.questions.filter(kind=Question.Kind.DISCUSSION).order_by("number")


def _set_questions(item: Item, texts: list[str]):
    """Let these be the discussion questions, in this order; a text keeps its translations."""
    rows = list(_discussed(item))
    if [row.text for row in rows] == texts:
        return
    words = {row.text: (row.text_fr, row.text_es) for row in rows}
    for row, text in zip(rows, texts, strict=False):
        row.text = text
        row.text_fr, row.text_es = words.get(text, ("", ""))
        row.save(update_fields=["text", "text_fr", "text_es"])
    for row in rows[len(texts) :]:
        row.delete()
    meeting = item.session.meeting
    last = meeting.questions.aggregate(last=Max("number"))["last"] or 0
    Question.objects.bulk_create(
        Question(meeting=meeting, item=item, number=number, text=text)
        for number, text in enumerate(texts[len(rows) :], last + 1)
    )


# Order

_AGENDA_ORDER = ("day", "begins_at", "number", "items__position", "items__pk")


@transaction.atomic
def move_item(meeting_id: int, item_id: int, session_id: int, position: int) -> Item:
    """Put an item into a session, at a position from 1; past the end it becomes the last.

    Raises Refused where the item or the session is not on the agenda any more.
    """
    order = _order(lock(meeting_id))
    if session_id not in order:
        raise Refused(_("This session is not on the agenda any more."))
    item = _taken_out(order, item_id)
    order[session_id].insert(max(position, 1) - 1, item)
    return _store(order, item)


@transaction.atomic
def shift_item(meeting_id: int, item_id: int, down: bool) -> Item:
    """Move an item one place up or down; at an edge into the session before or after.

    Raises Refused where it is the first or last of all, or not on the agenda any more.
    """
    order = _order(lock(meeting_id))
    sessions = list(order)
    found = [
        (number, place)
        for number, session in enumerate(sessions)
        for place, item in enumerate(order[session])
        if item.pk == item_id
    ]
    if not found:
        raise _gone()
    [(number, place)] = found
    to, position = number, place + (1 if down else -1)
    if position < 0 or position == len(order[sessions[number]]):
        to = number + (1 if down else -1)
        if not 0 <= to < len(sessions):
            raise Refused(_("There is no place further in this direction."))
        position = 0 if down else len(order[sessions[to]])
    item = _taken_out(order, item_id)
    order[sessions[to]].insert(position, item)
    return _store(order, item)


def _order(meeting: Meeting) -> dict[int, list[Item]]:
    """Items of each session, both as they stand on the agenda: one query however many."""
    order: dict[int, list[Item]] = {}
    rows = meeting.sessions.order_by(*_AGENDA_ORDER).values_list(
        "pk", "items__pk", "items__position", "items__title"
    )
    for session_id, pk, position, title in rows:
        items = order.setdefault(session_id, [])
        if pk is not None:
            items.append(Item(pk=pk, session_id=session_id, position=position, title=title))
    return order


def _taken_out(order: dict[int, list[Item]], item_id: int) -> Item:
    for items in order.values():
        for item in items:
            if item.pk == item_id:
                items.remove(item)
                return item
    raise _gone()


def _store(order: dict[int, list[Item]], moved: Item) -> Item:
    """One UPDATE; that no place is taken twice is looked at when the transaction ends."""
    changed = []
    for session_id, items in order.items():
        for position, item in enumerate(items, 1):
            if (item.session_id, item.position) != (session_id, position):
                item.session_id, item.position = session_id, position
                changed.append(item)
    if changed:
        Item.objects.bulk_update(changed, ["session", "position"])
    return moved
