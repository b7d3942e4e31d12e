"""The next meeting: discussion questions, titles in French, and a second version of the agenda."""

from datetime import datetime, timedelta

from experts.models import Expert
from meetings import agenda_editing, publishing_agenda
from meetings.models import Item, Meeting, Session

QUESTIONS = {
    "Situation and needs of countries": (
        "What is the situation of mercury waste in your country?",
        "What do you need from others, and what can you offer?",
    ),
    "Which services are missing?": (
        "Which treatment is not offered in your region?",
        "What would a provider need to come?",
    ),
    "Priority areas": ("What are the priority areas of the next two years?",),
}
IN_FRENCH = {
    "Opening": "Ouverture",
    "Situation and needs of countries": "Situation et besoins des pays",
    "Priority areas": "Domaines prioritaires",
}
CANCELLED = "Storage before treatment"
TEXTS = {
    "Review of the threshold of 15 mg/kg": (
        "What was measured since the last meeting, and what follows for the guideline."
    ),
}


def load(meeting: Meeting, now: datetime):
    """In the caller's transaction; the first version is there."""
    items = {item.title: item for item in Item.objects.filter(session__meeting=meeting)}
    for title, text in TEXTS.items():
        Item.objects.filter(pk=items[title].pk).update(text=text)
    for title, text in IN_FRENCH.items():
        Item.objects.filter(pk=items[title].pk).update(title_fr=text)
    for title, texts in QUESTIONS.items():
        _change(meeting, items[title], questions=list(texts))
    _present(meeting, items["Stabilization: what it costs"], "Expert 07 (example)")
    last = meeting.sessions.order_by("day", "begins_at").last()
    moved = items["Review of the threshold of 15 mg/kg"]
    agenda_editing.move_item(meeting.pk, moved.pk, last.pk, 2)
    _change(meeting, items[CANCELLED], is_cancelled=True, cancelled_because="Speaker cannot come")
    Session.objects.filter(pk=last.pk).update(room="Hall B")
    draft = publishing_agenda.draft(meeting)
    by, at = meeting.created_by, now - timedelta(days=3)
    words = "\n".join(change.words for change in draft.changes if change.is_noticed)
    publishing_agenda.publish(meeting.pk, draft.seen, words, True, by, at)


def _change(meeting: Meeting, item: Item, **values):
    stored = agenda_editing.values_of_item(Item.objects.get(pk=item.pk))
    seen = agenda_editing.fingerprint(stored)
    agenda_editing.edit_item(meeting.pk, item.pk, stored | values, seen)


def _present(meeting: Meeting, item: Item, name: str):
    """By an expert of the list."""
    expert = Expert.objects.listed().get(name=name)
    row = {"name": name, "user_id": None, "expert_id": expert.pk}
    _change(meeting, item, presenters=[row])
