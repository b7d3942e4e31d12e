"""Announcements that may say the same as another one, for a hint to who writes and who decides."""

from datetime import date

from rapidfuzz import fuzz, process, utils

from mailings.models import Announcement

NEAR = 82  # of 100, for the words of two titles in any order
SHOWN = 3
LOOKED_AT = 2000  # the newest open ones


def near(announcement: Announcement, user, today: date) -> list[Announcement]:
    """Open announcements that this person may see, with nearly the same title; the nearest first.

    Open: published and not past. One that is not saved yet may be handed over, too.
    """
    seen = Announcement.objects.visible_to(user).published().open_on(today)
    others = seen.exclude(pk=announcement.pk).order_by("-published_at", "-pk")
    titles = dict(others.values_list("pk", "title")[:LOOKED_AT])
    found = process.extract(
        announcement.title,
        titles,
        scorer=fuzz.token_sort_ratio,
        processor=utils.default_process,
        score_cutoff=NEAR,
        limit=SHOWN,
    )
    rows = others.in_bulk([pk for _title, _score, pk in found])
    return [rows[pk] for _title, _score, pk in found]
