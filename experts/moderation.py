"""What waits for the Lead on the list of experts: profiles, edits, those who stay silent."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django import forms
from django.db.models import Exists, F, OuterRef, Prefetch, QuerySet
from django.db.models.functions import Coalesce
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_countries import countries

from experts import editing, following_up, freshness, listing
from experts.models import Change, Edit, Expert, FollowUp, Invitation
from experts.reminders import TOPIC
from mailings.models import OutgoingMail, Reminder
from partners import languages, word_changes
from partners.models import Organisation, Region, Term
from partners.models.countries import region_of
from partners.moderation import Answer, Asked, Bulk, Item, Kind, Part, Step

#: Direct edits are shown to the Lead for this long; they are live in any case.
RECENT = timedelta(days=14)

_LONG_FIELDS = ("summary", "experience")
_DAYS = ("available_from", "available_until")


def _profiles(now: datetime) -> QuerySet[Expert]:
    return Expert.objects.awaiting().annotate(since=Coalesce("submitted_at", "created_at"))


def _describe_profiles(experts: QuerySet[Expert]) -> list[Item]:
    nominations = Invitation.objects.filter(kind=Invitation.Kind.NOMINATION)
    found = (
        experts.select_related("country", "organisation", "user")
        .defer("search")
        .prefetch_related(
            "consents",
            "terms",
            Prefetch("invitations", nominations.select_related("invited_by"), "nominations"),
        )
    )
    return [
        Item(
            object=expert,
            title=_("New profile: %(name)s") % {"name": _with_country(expert)},
            since=expert.since,
            facts={
                "nominated_by": next((one.invited_by for one in expert.nominations), None),
                "consent": next(iter(reversed(expert.consents.all())), None),
                "expertise": "; ".join(term.label for term in expert.terms.all()),
                "languages": ", ".join(map(languages.name, expert.languages)),
            },
        )
        for expert in found
    ]


def _with_country(expert: Expert) -> str:
    return f"{expert}, {expert.country}" if expert.country else str(expert)


def _proposed(now: datetime) -> QuerySet[Edit]:
    waiting = Change.objects.filter(edit=OuterRef("pk"), state=Change.State.WAITING)
    return Edit.objects.filter(Exists(waiting)).annotate(since=F("at"))


def _describe_proposed(edits: QuerySet[Edit]) -> list[Item]:
    edits = _with_changes(edits, Change.State.WAITING)
    now_there = {
        change.pk: editing.value_of(edit.expert, change.field)
        for edit in edits
        for change in edit.shown
    }
    names = _Names(
        (change.field, value)
        for edit in edits
        for change in edit.shown
        for value in (now_there[change.pk], change.after)
    )
    return [
        Item(
            object=edit,
            title=_("%(name)s: proposed edit") % {"name": edit.expert},
            since=edit.since,
            parts=[_part(change, now_there[change.pk], names) for change in edit.shown],
        )
        for edit in edits
    ]


def _direct(now: datetime) -> QuerySet[Edit]:
    applied = Change.objects.filter(edit=OuterRef("pk"), state=Change.State.APPLIED)
    return (
        Edit.objects.filter(Exists(applied), seen_at=None, at__gt=now - RECENT)
        .exclude(expert__status=Expert.Status.WITHDRAWN)
        .annotate(since=F("at"))
    )


def _describe_direct(edits: QuerySet[Edit]) -> list[Item]:
    edits = _with_changes(edits, Change.State.APPLIED)
    names = _Names(
        (change.field, value)
        for edit in edits
        for change in edit.shown
        for value in (change.before, change.after)
    )
    return [
        Item(
            object=edit,
            title=_("%(name)s: direct edit") % {"name": edit.expert},
            since=edit.since,
            parts=[_part(change, change.before, names) for change in edit.shown],
        )
        for edit in edits
    ]


def _with_changes(edits: QuerySet[Edit], state: Change.State) -> list[Edit]:
    changes = Prefetch("changes", Change.objects.filter(state=state), "shown")
    return list(
        edits.select_related("expert", "by").defer("expert__search").prefetch_related(changes)
    )


class _Names:
    """Labels of the organisations and terms that a page needs: one query for each."""

    def __init__(self, values: Iterable[tuple]):
        keys = {"organisation": set(), "terms": set()}
        for field, value in values:
            if field == "terms":
                keys["terms"].update(value or ())
            elif field == "organisation" and value:
                keys["organisation"].add(value)
        self.organisations = Organisation.objects.in_bulk(keys["organisation"])
        self.terms = Term.objects.in_bulk(keys["terms"])

    def of(self, field: str, value) -> list[str]:
        """The words for one kept value; a list has one for each of its entries."""
        if value in (None, "", []):
            return []
        if field == "terms":
            return [self.terms[key].label for key in value if key in self.terms]
        if field == "organisation":
            return [str(self.organisations.get(value, ""))]
        if field == "country":
            return [str(countries.name(value))]
        if field == "languages":
            return [languages.name(code) for code in value]
        if field == "worked_in":
            return [str(countries.name(code)) for code in value]
        if field == "photo":
            return [_("a photo")]
        if field in _DAYS:
            return [date_format(date.fromisoformat(value))]
        if isinstance(value, bool):
            return [_("Yes") if value else _("No")]
        return [str(value)]


def _part(change: Change, before, names: _Names) -> Part:
    """One changed field, with what differs marked on both sides."""
    field = change.field
    if field in Expert.PRIVATE_FIELDS:
        secret = _("private: the portal keeps no copy")
        return Part(field, editing.label(field), [(secret, False)], [(_("changed"), False)], False)
    old, new = names.of(field, before), names.of(field, change.after)
    if field in ("terms", "languages", "worked_in"):
        sides = _entries(old, new), _entries(new, old)
    elif field in _LONG_FIELDS and old and new:
        sides = word_changes.sides(old[0], new[0])
    elif field == "photo" and old and new:
        sides = [(_("the former photo"), True)], [(_("a new photo"), True)]
    else:
        sides = [(word, True) for word in old], [(word, True) for word in new]
    if field == "country":
        sides = _with_regions(*sides, before, change.after)
    none = [(_("not stated"), False)]
    return Part(field, editing.label(field), sides[0] or none, sides[1] or none)


def _entries(these: list[str], others: list[str]) -> list[tuple[str, bool]]:
    """The entries of a list, those that the other side has not marked; with “; ” between."""
    found = []
    for name in these:
        if found:
            found.append(("; ", False))
        found.append((name, name not in others))
    return found


def _with_regions(before: list, after: list, old: str | None, new: str | None) -> tuple[list, list]:
    """The region stands beside the country when it changes too."""
    old_region, new_region = region_of().get(old), region_of().get(new)
    if old_region == new_region:
        return before, after
    sides = []
    for words, region in ((before, old_region), (after, new_region)):
        sides.append(words + ([(f" ({Region(region).label})", False)] if region else []))
    return tuple(sides)


def _accept_all(pk: int, answer: Answer):
    fields = set(
        Change.objects.filter(edit=pk, state=Change.State.WAITING).values_list("field", flat=True)
    )
    return editing.decide(pk, answer.by, fields, "", answer.now)


def _undo(pk: int, answer: Answer):
    """Take back the ticked fields, or all of which the portal kept the former value."""
    fields = set(answer.parts)
    if not fields:
        applied = Change.objects.filter(edit=pk, state=Change.State.APPLIED)
        fields = set(applied.values_list("field", flat=True)) - set(Expert.PRIVATE_FIELDS)
    return editing.undo(pk, answer.by, fields, answer.now)


# Experts who stay silent through the reminders, or whom none reaches

#: Reasons for which a mail of the Lead would not reach the expert either.
_NOT_WRITTEN_TO = frozenset(freshness.Why) - {freshness.Why.UNCONFIRMED}


def _silent(now: datetime) -> QuerySet[Expert]:
    return freshness.silent(now)


def _describe_silent(experts: QuerySet[Expert]) -> list[Item]:
    """Why each is here, what became of the reminders, what Leads did earlier in this cycle."""
    found = list(
        experts.select_related("organisation", "country", "user")
        .defer("search")
        .prefetch_related(
            Prefetch("follow_ups", FollowUp.objects.select_related("by").order_by("at", "pk"))
        )
    )
    reminders = _reminders_of(found)
    return [
        Item(
            object=expert,
            title=_with_country(expert),
            since=expert.since,
            facts={
                "why": str(freshness.Why(expert.why).label),
                "can_be_written_to": expert.why not in _NOT_WRITTEN_TO,
                "mails": [
                    (reminder.at, reminder.step is None, fate(reminder))
                    for reminder in reminders[expert.pk]
                    if reminder.cycle == expert.cycle
                ],
                "done": [
                    one
                    for one in expert.follow_ups.all()
                    if (one.answered_at or one.at) >= expert.cycle
                ],
            },
        )
        for expert in found
    ]


def _reminders_of(experts: list[Expert]) -> dict[int, list[Reminder]]:
    """Every reminder about these experts, the oldest first: one query and one for bounces."""
    found = {expert.pk: [] for expert in experts}
    rows = Reminder.objects.filter(topic=TOPIC, object_id__in=found).order_by("at", "pk")
    mails = rows.select_related("mail").defer("mail__content", "mail__context")
    for reminder in mails.prefetch_related("mail__bounces"):
        found[reminder.object_id].append(reminder)
    return found


def fate(reminder: Reminder) -> str:
    """What became of the mail of a reminder, in a few words."""
    mail = getattr(reminder, "mail", None)  # kept for as long as the outbox keeps its rows
    if mail is None:
        return _("written")
    if bounce := next(iter(mail.bounces.all()), None):
        return _("came back: %(why)s") % {"why": _small(bounce.get_kind_display())}
    words = {
        OutgoingMail.State.SENT: _("delivered"),
        OutgoingMail.State.FAILED: _("refused by the mail server"),
        OutgoingMail.State.UNCERTAIN: _("perhaps delivered"),
        OutgoingMail.State.SKIPPED: _("not sent: %(why)s") % {"why": mail.answer},
    }
    return words.get(mail.state, _("on its way"))


def _small(words: str) -> str:
    return words[:1].lower() + words[1:]


class ContactForm(forms.Form):
    """Whom the Lead asks about one expert; left empty, nobody is asked."""

    name = forms.CharField(
        label=gettext_lazy("Name of the contact person"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"), widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )


def _contacts(experts: list[Expert]) -> dict[int, dict]:
    return {
        key: {"name": name, "email": email}
        for key, (name, email) in following_up.contacts(experts).items()
    }


_SILENT = Kind(
    code="silent",
    name=gettext_lazy("Unconfirmed"),
    waiting=_silent,
    describe=_describe_silent,
    template="admin/queue/silent.html",
    steps={
        "again": Step(
            lambda pk, answer: following_up.write_again(pk, answer.by, answer.now),
            gettext_lazy("Written to again: %(item)s."),
        ),
        "contact": Step(
            lambda pk, answer: following_up.ask_contact(
                pk, answer.said["name"], answer.said["email"], answer.by, answer.now
            ),
            gettext_lazy("Asked about %(item)s."),
            asked=Asked(
                form=ContactForm,
                initial=_contacts,
                heading=gettext_lazy("Ask the contact person"),
                lead=gettext_lazy(
                    "The person gets one mail with the public part of the profile and a link that "
                    "works for 30 days, and answers without sign-in. Leave a row empty to leave "
                    "the expert out."
                ),
                button=gettext_lazy("Send the question"),
            ),
        ),
        "leave": Step(
            lambda pk, answer: following_up.leave(pk, answer.by, answer.now),
            gettext_lazy("Left for now: %(item)s."),
        ),
        "unlist": Step(
            lambda pk, answer: following_up.unlist(pk, answer.by, answer.reason, answer.now),
            gettext_lazy("Off the list: %(item)s. The expert is told why."),
            needs_reason=True,
        ),
    },
    bulk=(
        Bulk("again", gettext_lazy("Write again"), ""),
        Bulk("contact", gettext_lazy("Ask the contact person")),
        Bulk("leave", gettext_lazy("Leave for now")),
        Bulk("unlist", gettext_lazy("Unlist with a reason"), "risky", gettext_lazy("Unlist")),
    ),
    ticked=True,
)

KINDS = (
    Kind(
        code="edits",
        name=gettext_lazy("Proposed edits"),
        waiting=_proposed,
        describe=_describe_proposed,
        template="admin/queue/edits.html",
        steps={
            "approve": Step(_accept_all, gettext_lazy("Approved and shown: %(item)s.")),
            "part": Step(
                lambda pk, answer: editing.decide(
                    pk, answer.by, set(answer.parts), answer.reason, answer.now
                ),
                gettext_lazy("Approved in part: %(item)s. The expert is told."),
                needs_parts=True,
            ),
            "reject": Step(
                lambda pk, answer: editing.decide(pk, answer.by, set(), answer.reason, answer.now),
                gettext_lazy("Rejected: %(item)s. The expert is told why."),
                needs_reason=True,
            ),
        },
        bulk=(Bulk("approve", gettext_lazy("Approve the chosen")),),
    ),
    Kind(
        code="profiles",
        name=gettext_lazy("New profiles"),
        waiting=_profiles,
        describe=_describe_profiles,
        template="admin/queue/profiles.html",
        steps={
            "approve": Step(
                lambda pk, answer: listing.approve(pk, answer.by, answer.now),
                gettext_lazy("Approved and listed: %(item)s."),
            ),
            "reject": Step(
                lambda pk, answer: listing.reject(pk, answer.by, answer.reason, answer.now),
                gettext_lazy("Given back: %(item)s. The person is told why."),
                needs_reason=True,
            ),
        },
        bulk=(Bulk("approve", gettext_lazy("Approve and list the chosen")),),
    ),
    _SILENT,
    Kind(
        code="direct",
        name=gettext_lazy("Recent direct edits"),
        waiting=_direct,
        describe=_describe_direct,
        template="admin/queue/direct.html",
        steps={
            "fine": Step(
                lambda pk, answer: editing.mark_seen(pk, answer.by, answer.now),
                gettext_lazy("Looked at: %(item)s."),
            ),
            "undo": Step(_undo, gettext_lazy("Undone: %(item)s. The expert is told.")),
            "undo_part": Step(
                _undo,
                gettext_lazy("Undone in part: %(item)s. The expert is told."),
                needs_parts=True,
            ),
        },
        bulk=(Bulk("fine", gettext_lazy("The chosen are fine")),),
        is_exception=False,
        ticked=True,
    ),
)
