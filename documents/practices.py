"""Good practices from a draft to the directory: start, save, submit, review, new version, archive.

A version that is in work belongs to the owner and the Lead; what was published never changes.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from django.db import IntegrityError, models, transaction
from django.utils import translation
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents.models import (
    Photo,
    Practice,
    PracticeVersion,
    Precondition,
    Recommendation,
    Reference,
    Result,
    ReviewComment,
)
from mailings import outbox
from partners import decisions, permissions
from partners.models import Membership, User
from partners.refusals import Refused

Status = PracticeVersion.Status

#: The groups of the form: the reviewer comments on each. "all" is the sheet as a whole.
PARTS = {
    "what": gettext_lazy("What it is"),
    "place": gettext_lazy("Where and when"),
    "done": gettext_lazy("What was done"),
    "preconditions": gettext_lazy("Preconditions"),
    "results": gettext_lazy("Results"),
    "recommendations": gettext_lazy("Recommendations and lessons"),
    "safeguards": gettext_lazy("Safeguards"),
    "cost": gettext_lazy("Cost and financing"),
    "people": gettext_lazy("Who can tell more"),
    "references": gettext_lazy("Sources"),
    "photos": gettext_lazy("Photos"),
    "all": gettext_lazy("The sheet as a whole"),
}

#: The checklist of the reviewer, after the draft of 2010: all must be ticked to publish.
CHECKS = {
    "practice": gettext_lazy("The practice is described so that others understand it"),
    "preconditions": gettext_lazy("The preconditions to repeat it are named"),
    "recommendations": gettext_lazy("There are recommendations that others can follow"),
    "units": gettext_lazy("Figures have units"),
    "sources": gettext_lazy("Sources are given"),
    "person": gettext_lazy("A resource person or organisation is named"),
}

#: Plain fields that the form fills in and a new version takes over.
CONTENT = (
    "kind",
    "form",
    "title",
    "summary",
    "country_id",
    "site",
    "operator",
    "year",
    "technology",
    "description",
    "steps",
    "results_text",
    "lessons",
    "replicability",
    "safeguards",
    "cost_band",
    "cost_note",
    "financing",
    "own_statement",
)
LINKS = ("terms", "experts", "organisations")
ROWS = {
    "preconditions": (Precondition, ("kind", "weight", "text", "requirement_id", "how_met")),
    "recommendations": (Recommendation, ("text",)),
    "results": (Result, ("what", "value", "unit", "year")),
    "references": (Reference, ("text", "url")),
    "photos": (Photo, ("image", "caption", "rights", "width", "height")),
}
#: States of a version in which its words may change.
EDITABLE = (Status.DRAFT, Status.RETURNED)

#: Words that stand in addresses where the code of a practice would.
_RESERVED = {"new", "feed", "compare", "book", "link"}


class Collision(Refused):
    """Somebody else saved this draft meanwhile."""


@dataclass(frozen=True)
class Missing:
    """What a draft needs before it can be submitted, and the field or rows where it is typed."""

    field: str
    text: str


@dataclass(frozen=True)
class Point:
    """A point of the reviewer's checklist, with what the portal found by itself."""

    code: str
    label: str
    found: str
    is_found: bool


@transaction.atomic
def start(owner: User, now: datetime, title: str = "") -> PracticeVersion:
    """A new practice with an empty draft; its code comes from the title and stays for ever."""
    house = Membership.objects.held_on(now.date()).filter(user=owner).order_by("pk").first()
    practice = _with_free_code(
        title, owner=owner, organisation_id=house and house.organisation_id, created_at=now
    )
    return PracticeVersion.objects.create(
        practice=practice, title=title, created_by=owner, created_at=now, changed_at=now
    )


def _with_free_code(title: str, **fields) -> Practice:
    stem = slugify(title)[:70].strip("-_") or "practice"
    taken = set(Practice.objects.filter(code__startswith=stem).values_list("code", flat=True))
    for number in count(1):
        code = stem if number == 1 else f"{stem}-{number}"
        if code in taken | _RESERVED:
            continue
        try:
            with transaction.atomic():
                return Practice.objects.create(code=code, **fields)
        except IntegrityError:  # somebody else took it at this moment
            continue
    raise AssertionError("numbers never end")


@transaction.atomic
def save(
    version_id: int,
    revision: int,
    values: dict,
    rows: dict[str, list[dict]],
    by: User,
    now: datetime,
) -> PracticeVersion:
    """Keep what was typed of a draft, however incomplete; what is not named stays as it is.

    `values`: fields of CONTENT, `change_note`, and for each of LINKS a list of keys. `rows`: for a
    key of ROWS all its rows in order, each a dict of fields, with `pk` for one that exists; with
    `keep` that one stays as it is. The `image` of a new photo is a file made by
    partners.files.clean_picture. Rows that are not named are removed.

    Raises Collision when the draft was saved after `revision`, Refused when it cannot be edited.
    """
    version = _locked(version_id)
    _need_editable(version)
    if version.revision != revision:
        raise Collision(_("Somebody else changed this draft while you wrote."))
    for field in (*CONTENT, "change_note"):
        if field in values:
            setattr(version, field, values[field])
    version.revision += 1
    version.changed_at = now
    version.save()
    for link in LINKS:
        if link in values:
            getattr(version, link).set(values[link])
    for relation, wanted in rows.items():
        _save_rows(version, relation, wanted)
    return version


def _save_rows(version: PracticeVersion, relation: str, wanted: list[dict]):
    model, fields = ROWS[relation]
    known = {row.pk: row for row in getattr(version, relation).all()}
    changed, added, unused = [], [], []
    for order, typed in enumerate(wanted):
        row = known.pop(typed.get("pk"), None)
        if row is None and typed.get("keep"):
            continue
        if row is None:
            row = model(version=version)
            added.append(row)
        else:
            changed.append(row)
        row.order = order
        for field in fields:
            if field not in typed or typed.get("keep"):
                continue
            if field != "image":
                setattr(row, field, typed[field])
                continue
            if row.image:
                unused.append(row.image.name)
            row.image.save(typed[field].name, typed[field], save=False)
    model.objects.filter(pk__in=list(known)).delete()
    model.objects.bulk_update(changed, ["order", *(f.removesuffix("_id") for f in fields)])
    model.objects.bulk_create(added)
    if relation == "photos":
        unused += [row.image.name for row in known.values()]
        transaction.on_commit(lambda: _drop_files(unused))


def _drop_files(names: list[str]):
    """Remove files of photos that no version shows any more."""
    still = set(Photo.objects.filter(image__in=names).values_list("image", flat=True))
    for name in set(names) - still:
        Photo._meta.get_field("image").storage.delete(name)


def _locked(version_id: int) -> PracticeVersion:
    """The version and its practice, both locked."""
    version = PracticeVersion.objects.defer("search").select_for_update().get(pk=version_id)
    version.practice = Practice.objects.select_for_update().get(pk=version.practice_id)
    return version


def _need_editable(version: PracticeVersion):
    if version.practice.status == Practice.Status.ARCHIVED:
        raise Refused(_("This practice is archived. It must be restored before it can change."))
    if version.status == Status.SUBMITTED:
        raise Refused(_("This version waits for the reviewer. Take it back before you change it."))
    if version.status == Status.PUBLISHED:
        raise Refused(_("This version is published and cannot change. Start a new version."))


@transaction.atomic
def new_version(practice_id: int, by: User, now: datetime) -> PracticeVersion:
    """A draft with all that the published version says; photos point at the same files.

    Raises Refused when the practice is not published or another version is in work.
    """
    practice = Practice.objects.select_for_update().get(pk=practice_id)
    if practice.status != Practice.Status.PUBLISHED:
        raise Refused(_("Only a published practice can have a new version."))
    if practice.versions.exclude(status=Status.PUBLISHED).exists():
        raise Refused(_("A new version is already in work."))
    old = practice.versions.defer("search").get(pk=practice.current_id)
    new = PracticeVersion.objects.create(
        practice=practice,
        number=practice.versions.aggregate(last=models.Max("number"))["last"] + 1,
        created_by=by,
        created_at=now,
        changed_at=now,
        **{field: getattr(old, field) for field in CONTENT},
    )
    for link in LINKS:
        getattr(new, link).set(getattr(old, link).values_list("pk", flat=True))
    for relation, (model, fields) in ROWS.items():
        model.objects.bulk_create(
            model(
                version=new,
                order=row.order,
                **{
                    field: row.image.name if field == "image" else getattr(row, field)
                    for field in fields
                },
            )
            for row in getattr(old, relation).all()
        )
    return new


def missing(version: PracticeVersion) -> list[Missing]:
    """What must still be typed before the version can be submitted; empty when nothing is."""
    asked = [
        ("title", _("a title")),
        ("country_id", _("the country")),
        ("summary", _("a summary")),
    ]
    if version.form == PracticeVersion.Form.FULL:
        asked.append(("description", _("what was done")))
    lacking = [
        Missing(field.removesuffix("_id"), words)
        for field, words in asked
        if not getattr(version, field)
    ]
    conditions = list(version.preconditions.all())
    if not conditions:
        lacking.append(Missing("preconditions", _("one precondition")))
    if any(not (row.text and row.kind) for row in conditions):
        lacking.append(Missing("preconditions", _("words and kind of each precondition")))
    if not version.recommendations.exists():
        lacking.append(Missing("recommendations", _("one recommendation")))
    if any(not row.text for row in version.references.all()):
        lacking.append(Missing("references", _("words for each source")))
    if any(not (row.caption and row.rights) for row in version.photos.all()):
        lacking.append(Missing("photos", _("caption and rights of each photo")))
    if not (version.experts.listed().exists() or version.organisations.exists()):
        lacking.append(Missing("people", _("one resource person or organisation")))
    if version.number > 1 and not version.change_note:
        lacking.append(Missing("change_note", _("what changed since the last version")))
    return lacking


def points(version: PracticeVersion) -> list[Point]:
    """The reviewer's checklist, with what the portal counted; that is ticked at first."""
    words = len(" ".join((version.summary, version.description, version.steps)).split())
    conditions = version.preconditions.count()
    advice = version.recommendations.count()
    figures = version.results.count()
    sources = version.references.count()
    people = [person.name for person in version.experts.listed().defer("search")]
    houses = [house.name for house in version.organisations.all()]
    found = {
        "practice": (_("%(n)s words in summary, description and steps") % {"n": words}, False),
        "preconditions": (_("Rows: %(n)s") % {"n": conditions}, False),
        "recommendations": (_("Rows: %(n)s") % {"n": advice}, False),
        "units": (
            _("Figures in rows, each with its unit: %(n)s. Look at the text, too.") % {"n": figures}
            if figures
            else _("No figures in rows. Look at the text, too."),
            not version.results_text,
        ),
        "sources": (_("Rows: %(n)s") % {"n": sources}, sources > 0),
        "person": ("; ".join([*people, *houses]) or _("nobody"), bool(people or houses)),
    }
    return [Point(code, str(label), *found[code]) for code, label in CHECKS.items()]


def _move(version_id: int, to: Status, sentence: str) -> PracticeVersion:
    """Lock the version if it may go to this status. Raises Refused with the sentence."""
    version = _locked(version_id)
    if to not in PracticeVersion.NEXT.get(version.status, ()):
        raise Refused(sentence)
    if version.practice.status == Practice.Status.ARCHIVED:
        raise Refused(_("This practice is archived."))
    version.status = to
    return version


@transaction.atomic
def submit(version_id: int, by: User, now: datetime) -> PracticeVersion:
    """Hand the draft to the reviewer. Raises Refused when something is missing."""
    version = _move(version_id, Status.SUBMITTED, _("This version was already submitted."))
    if lacking := missing(version):
        named = ", ".join(one.text for one in lacking)
        raise Refused(_("Before it can be submitted it needs: %(what)s.") % {"what": named})
    version.submitted_at = now
    version.save()
    return version


@transaction.atomic
def take_back(version_id: int, by: User, now: datetime) -> PracticeVersion:
    """Make a submitted version a draft again."""
    version = _move(version_id, Status.DRAFT, _("This version does not wait for the reviewer."))
    version.submitted_at = None
    version.changed_at = now
    version.save()
    return version


@transaction.atomic
def publish(version_id: int, by: User, now: datetime, checked: Iterable[str]) -> PracticeVersion:
    """The reviewer publishes: it becomes what readers get, and the practice counts as reviewed.

    `checked` are the ticked points of CHECKS. Raises Refused unless all are, and for a version
    that does not wait. The owner gets a mail.
    """
    version = _move(version_id, Status.PUBLISHED, _("This version does not wait for the reviewer."))
    ticked = [code for code in CHECKS if code in set(checked)]
    if len(ticked) < len(CHECKS):
        raise Refused(_("Tick every point of the list, or return the sheet with comments."))
    version.checked = ticked
    version.decided_by, version.decided_at = by, now
    version.save()
    practice = version.practice
    practice.current, practice.reviewed_at = version, now
    practice.status = Practice.Status.PUBLISHED
    practice.save(update_fields=["current", "reviewed_at", "status"])
    decisions.record(by, "published", practice, now)
    _tell(practice, "published", title=version.title)
    return version


@transaction.atomic
def return_with_comments(
    version_id: int, by: User, now: datetime, comments: dict[str, str]
) -> PracticeVersion:
    """The reviewer gives the sheet back; `comments` are texts by key of PARTS, one at least.

    They stand at their group of the form, and the owner gets them in a mail.
    """
    version = _move(version_id, Status.RETURNED, _("This version does not wait for the reviewer."))
    said = {part: comments[part].strip() for part in PARTS if comments.get(part, "").strip()}
    if not said:
        raise Refused(_("Write one comment at least, so that the owner knows what to change."))
    version.decided_by, version.decided_at = by, now
    version.save()
    ReviewComment.objects.bulk_create(
        ReviewComment(version=version, part=part, text=text, by=by, at=now)
        for part, text in said.items()
    )
    decisions.record(by, "returned", version.practice, now)
    with translation.override("en"):  # as the mail
        headings = [str(PARTS[part]) for part in said]
    _tell(
        version.practice,
        "returned",
        title=version.title,
        comments=[list(pair) for pair in zip(headings, said.values(), strict=True)],
    )
    return version


def last_comments(version: PracticeVersion) -> list[ReviewComment]:
    """What the reviewer wrote when the version was last returned."""
    if version.decided_at is None:
        return []
    return list(version.review_comments.filter(at=version.decided_at).order_by("pk"))


@transaction.atomic
def archive(practice_id: int, reason: str, by: User, now: datetime) -> Practice:
    """Take a practice out of the directory; its address stays, with the reason on top.

    A version in work stays as it is until the practice is restored. Raises Refused without a
    reason. Where the Lead does it, it stands in the log and the owner gets a mail.
    """
    if not reason.strip():
        raise Refused(_("Give a reason."))
    practice = Practice.objects.select_for_update().get(pk=practice_id)
    if Practice.Status.ARCHIVED not in Practice.NEXT[practice.status]:
        raise Refused(_("This practice is already archived."))
    practice.status, practice.status_reason = Practice.Status.ARCHIVED, reason.strip()
    practice.save(update_fields=["status", "status_reason"])
    if permissions.is_lead(by):
        decisions.record(by, "archived", practice, now, reason)
    if practice.owner_id != by.pk:
        title = _title_of(practice)
        _tell(practice, "archived", title=title, reason=practice.status_reason)
    return practice


@transaction.atomic
def restore(practice_id: int, by: User, now: datetime) -> Practice:
    """Bring an archived practice back into the directory; its review may be due at once."""
    practice = Practice.objects.select_for_update().get(pk=practice_id)
    if practice.status != Practice.Status.ARCHIVED:
        raise Refused(_("This practice is not archived."))
    if practice.current_id is None:
        raise Refused(_("This practice was never published. Start a new one."))
    practice.status, practice.status_reason = Practice.Status.PUBLISHED, ""
    practice.save(update_fields=["status", "status_reason"])
    if permissions.is_lead(by):
        decisions.record(by, "restored", practice, now)
    return practice


def _title_of(practice: Practice) -> str:
    newest = practice.versions.order_by("-number").values_list("title", flat=True).first()
    return newest or practice.code


def _tell(practice: Practice, what: str, **context):
    """Promise the mail `documents/mail/practice_<what>` to the owner, who may have left."""
    owner = practice.owner
    if owner and owner.is_active:
        context |= {"practice": practice, "owner": owner}
        outbox.post(f"documents/mail/practice_{what}", owner.email, context)


def unlisted_links(version: PracticeVersion, user: User) -> list[int]:
    """Keys of resource persons whose profile this person does not see: saving keeps them."""
    linked = set(version.experts.values_list("pk", flat=True))
    seen = version.experts.visible_to(user).values_list("pk", flat=True)
    return sorted(linked - set(seen))
