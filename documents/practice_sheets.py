"""A version of a practice as pages show it: its rows, figures in words, citation, schema.org."""

import json
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from django.db.models import Prefetch, prefetch_related_objects
from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _

from documents import reviewing
from documents.models import Practice, PracticeVersion, Precondition
from experts.models import Expert
from partners import mail

_BY_WEIGHT = {
    Precondition.Weight.MUST: (0, "info", "level-3"),
    Precondition.Weight.HELPS: (1, "good", "level-2"),
    Precondition.Weight.HINDERS: (2, "warn", "cross"),
}


def read_rows(versions: Iterable[PracticeVersion], user=None):
    """Read all rows of these versions, each kind with one query.

    Each version then has `conditions` (musts first; each with `look`: kind and symbol of a badge)
    and `figures` (each with `words`, the number as people read it), and with a `user` `persons`:
    the resource persons whom this user may see.
    """
    versions = list(versions)
    wanted = [
        "preconditions",
        "recommendations",
        "results",
        "references",
        "photos",
        "terms",
        "organisations",
    ]
    if user is not None:
        seen = Expert.objects.visible_to(user).select_related("country").defer("search")
        wanted.append(Prefetch("experts", seen.order_by("name"), to_attr="persons"))
    prefetch_related_objects(versions, *wanted)
    for version in versions:
        for row in version.preconditions.all():
            row.look = _BY_WEIGHT[row.weight][1:]
        version.conditions = sorted(
            version.preconditions.all(), key=lambda row: _BY_WEIGHT[row.weight][0]
        )
        version.figures = list(version.results.all())
        for row in version.figures:
            row.words = figure(row.value)


def figure(value: Decimal) -> str:
    """'1,370,000' or '0.5': grouped as the reader's language does, without zeros at the end."""
    return number_format(value.normalize(), force_grouping=True)


def terms(version: PracticeVersion) -> str:
    return "; ".join(term.label for term in version.terms.all())


def cost(version: PracticeVersion) -> str:
    """Band and words, whichever there are."""
    return ". ".join(filter(None, (version.get_cost_band_display(), version.cost_note)))


def reviewed(practice: Practice) -> str:
    """'March 2025, next March 2027'; empty for what was never published."""
    due_on = reviewing.due_on(practice)
    if due_on is None:
        return ""
    return _("%(last)s, next %(next)s") % {
        "last": date_format(practice.reviewed_at, "YEAR_MONTH_FORMAT"),
        "next": date_format(due_on, "YEAR_MONTH_FORMAT"),
    }


def badges(practice: Practice, version: PracticeVersion, now: datetime) -> list[tuple[str, str]]:
    """[(words, kind)]: the state, the review, the number of the version."""
    found = []
    if version.status != PracticeVersion.Status.PUBLISHED:
        found.append((version.get_status_display(), "info"))
    elif practice.status == Practice.Status.ARCHIVED:
        found.append((_("Archived"), "warn"))
    elif version.pk != practice.current_id:
        found.append((_("Older version"), "warn"))
    elif reviewing.is_due(practice, now):
        found.append((_("Review due"), "warn"))
    else:
        found.append((_("Published"), "good"))
    if version.kind == PracticeVersion.Kind.WARNING:
        found.append((_("Warning example"), "warn"))
    found.append((_("Version %(n)s") % {"n": version.number}, ""))
    return found


def citation(practice: Practice, version: PracticeVersion) -> str:
    """How to cite a published version."""
    by = str(practice.organisation) if practice.organisation else _("Waste Management Area")
    return _("%(by)s (%(year)s). %(title)s (version %(n)s). %(collection)s. %(url)s") % {
        "by": by,
        "year": version.decided_at.year,
        "title": version.title,
        "n": version.number,
        "collection": _("Good practices, UNEP Global Mercury Partnership"),
        "url": mail.absolute(version.get_absolute_url()),
    }


def schema(practice: Practice, version: PracticeVersion) -> str:
    """The published version for search engines, as JSON that may stand in a script element."""
    data = {
        "@context": "https://schema.org",
        "@type": "HowTo" if version.steps else "Article",
        "name": version.title,
        "headline": version.title[:110],
        "description": version.summary,
        "url": mail.absolute(practice.get_absolute_url()),
        "datePublished": version.decided_at.date().isoformat(),
        "dateModified": practice.reviewed_at.date().isoformat(),
        "version": version.number,
        "about": [term.label for term in version.terms.all()],
    }
    if version.steps:
        data["step"] = [{"@type": "HowToStep", "text": text} for text in version.step_list]
    if version.country:
        data["contentLocation"] = {"@type": "Country", "name": str(version.country)}
    if photos := list(version.photos.all()):
        data["image"] = [mail.absolute(photo_address(practice, photo)) for photo in photos]
    return json.dumps(data).replace("<", "\\u003c")


def photo_address(practice: Practice, photo) -> str:
    return reverse("practice_photo", args=[practice.code, photo.pk])
