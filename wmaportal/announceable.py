"""One click makes a draft of an announcement: gathers what each app offers (mailings/drafts.py)."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from advice import announceable as advice
from documents import announceable as documents
from mailings import announcing
from mailings.drafts import Announceable, Draft
from mailings.models import Announcement, AnnouncementTopic
from meetings import announceable as meetings
from partners.models import User
from partners.refusals import Refused

#: Word in the address → how its things become drafts
THINGS: Announceable = documents.THINGS | advice.THINGS | meetings.THINGS


def draft_of(kind: str, key: int, user) -> Draft | None:
    """What an announcement of this thing begins with; None for what the person may not see."""
    find = THINGS.get(kind)
    return find(key, user) if find else None


@transaction.atomic
def begin(draft: Draft, by: User, now: datetime) -> Announcement:
    """A draft of this person, to be finished. Raises Refused as `announcing.save` does, and where
    the Lead took the topic away.
    """
    topic = AnnouncementTopic.objects.filter(code=draft.topic, is_open=True).first()
    if topic is None:
        raise Refused(_("There is no topic for this any more. Write a new announcement."))
    values = announcing.values_of(
        topic=topic,
        title=_at_most(draft.title, _TITLE),
        text=_at_most(draft.text, _TEXT),
        audience=draft.audience,
        begins_on=draft.begins_on,
        ends_on=draft.ends_on,
        closes_on=draft.closes_on,
        countries=draft.countries,
        terms=draft.terms,
    )
    made = announcing.save(None, values, 0, by, now)
    made.about_path = draft.path
    made.save(update_fields=["about_path"])
    return made


_TITLE, _TEXT = (Announcement._meta.get_field(name).max_length for name in ("title", "text"))


def _at_most(words: str, length: int) -> str:
    return words if len(words) <= length else words[: length - 1].rstrip() + "…"
