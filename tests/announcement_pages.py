"""Addresses of announcements, for the table of tests/pages.py: the archive and what stands in it.

The same letters and the same roles; those in other states than published are the partner's.
"""

from datetime import datetime, timedelta

from django.core.files.base import ContentFile

from mailings.models import (
    Announcement,
    AnnouncementAnswer,
    AnnouncementEdit,
    AnnouncementFile,
    AnnouncementTopic,
)
from partners.audience import Audience
from partners.models import User

OURS = """
#                                GET        POST       PUT        DELETE
announcement_list                2222222222 XXXXXXXXXX XXXXXXXXXX
announcement_feed                2222222222 XXXXXXXXXX XXXXXXXXXX
announcement_topic_feed          2222222222 XXXXXXXXXX XXXXXXXXXX
announcement_topic_feed@unknown  ---------- XXXXXXXXXX XXXXXXXXXX
announcement_calendar            2222222222 XXXXXXXXXX XXXXXXXXXX
announcement_detail@public       2222222222 XXXXXXXXXX XXXXXXXXXX
announcement_detail@partners     S-2--2-222 XXXXXXXXXX XXXXXXXXXX
announcement_detail@core         S-2--2--22 XXXXXXXXXX XXXXXXXXXX
announcement_detail@draft        S-2------- XXXXXXXXXX XXXXXXXXXX
announcement_detail@submitted    S-2-----22 XXXXXXXXXX XXXXXXXXXX
announcement_detail@returned     S-2-----22 XXXXXXXXXX XXXXXXXXXX
announcement_detail@edited       S-2-----22 XXXXXXXXXX XXXXXXXXXX
announcement_detail@scheduled    S-2-----22 XXXXXXXXXX XXXXXXXXXX
announcement_detail@withdrawn    S-2-----22 XXXXXXXXXX XXXXXXXXXX
announcement_file@public         2222222222 XXXXXXXXXX XXXXXXXXXX
announcement_file@partners       S-2--2-222 XXXXXXXXXX XXXXXXXXXX
announcement_file@core           S-2--2--22 XXXXXXXXXX XXXXXXXXXX
announcement_file@draft          S-2------- XXXXXXXXXX XXXXXXXXXX
announcement_file@submitted      S-2-----22 XXXXXXXXXX XXXXXXXXXX
announcement_file@withdrawn      S-2-----22 XXXXXXXXXX XXXXXXXXXX
announcement_answer@public       SFFFFFF222 SFFFFFF222 SXXXXXXXXX
announcement_answer@partners     S-F--F-222 S-F--F-222 SXXXXXXXXX
announcement_answer@core         S-F--F--22 S-F--F--22 SXXXXXXXXX
announcement_answer@draft        S--------- S--------- SXXXXXXXXX
announcement_answer@withdrawn    S--------- S--------- SXXXXXXXXX
announcement_answer_on           S-2-2----- S-2-2----- SXXXXXXXXX
announcement_file@elsewhere      S--------- XXXXXXXXXX XXXXXXXXXX
"""

MODELS = ""

FILES = {
    "announcement_feed",
    "announcement_topic_feed",
    "announcement_calendar",
    "announcement_file",
}
ALIKE = {"announcement_detail@core"}
QUERIES: dict[str, tuple[str, str]] = {
    "announcement_list@filtered": (
        "announcement_list",
        "?q=mercury&topic=documents&time=past&year=2018",
    ),
    "announcement_list@open": ("announcement_list", "?time=open&topic=finance"),
    "announcement_list@nothing": ("announcement_list", "?q=unicorns"),
    "announcement_list@unknown": (
        "announcement_list",
        "?topic=magic&time=never&year=long-ago&country=XX",
    ),
    "announcement_list@past-the-end": ("announcement_list", "?page=99"),
}

#: One in each state, and of the published ones one for each audience; the name is in the title
_STATES = {
    **{str(audience): (Announcement.Status.PUBLISHED, audience) for audience in Audience},
    **{
        str(status): (status, Audience.PUBLIC)
        for status in Announcement.Status
        if status != Announcement.Status.PUBLISHED
    },
}


def _title(name: str) -> str:
    return f"Announced for the table: {name} (example)"


def furnish(partner: User, other: User, lead: User, now: datetime):
    """One in each state, each with a file."""
    topic = AnnouncementTopic.objects.get(code="projects")
    for name, (status, audience) in _STATES.items():
        was_sent = status in (Announcement.Status.PUBLISHED, Announcement.Status.WITHDRAWN)
        announcement = Announcement.objects.create(
            topic=topic,
            title=_title(name),
            text="## Plants\n\nTwo plants collect **lamps**: [read more](https://example.org).",
            audience=audience,
            status=status,
            author=partner,
            links=["https://example.org/lamps"],
            about_path="/meetings/",
            reason="It lacks figures." if status in ("returned", "withdrawn") else "",
            publish_at=now + timedelta(days=300) if status == "scheduled" else None,
            published_at=now if was_sent else None,
            submitted_at=None if status == "draft" else now,
            fictitious=True,
        )
        if status == Announcement.Status.EDITED:
            AnnouncementEdit.objects.create(
                announcement=announcement, title=announcement.title, text="Other words.", by=lead
            )
        kept = AnnouncementFile(
            announcement=announcement,
            name="lamps.txt",
            media_type="text/plain; charset=utf-8",
            size=5,
            sha256="0" * 64,
        )
        kept.file.save("lamps.txt", ContentFile(b"lamps"))
        if name == Audience.PUBLIC:
            announcement.answers.create(person=other, at=now)


def arguments(now: datetime) -> dict[str, list]:
    """url_name@object → arguments of the address."""
    keys = dict(Announcement.objects.values_list("title", "pk"))
    files = dict(AnnouncementFile.objects.values_list("announcement", "pk"))
    found: dict[str, list] = {
        "announcement_topic_feed": ["projects"],
        "announcement_topic_feed@unknown": ["nonsense"],
    }
    for name in _STATES:
        pk = keys[_title(name)]
        found[f"announcement_detail@{name}"] = [pk]
        found[f"announcement_answer@{name}"] = [pk]
        found[f"announcement_file@{name}"] = [pk, files[pk]]
    found["announcement_answer_on"] = [AnnouncementAnswer.objects.earliest("pk").pk]
    of_another = files[keys[_title("draft")]]
    found["announcement_file@elsewhere"] = [keys[_title("public")], of_another]
    return found


def keys() -> dict[str, object]:
    return {}
