"""The life of an announcement: written, handed in, read by the Lead, published, withdrawn.

Nothing is published that no Lead agreed to in exactly these words, or that an author wrote whom
the Lead lets through. Steps that decide take `seen`, the version that the Lead had before the eyes.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from django.db import transaction
from django.utils.translation import gettext as _

from mailings import campaigning, outbox, permissions
from mailings.models import (
    Announcement,
    AnnouncementEdit,
    AnnouncementFile,
    AnnouncementTopic,
    ListRules,
    MailingPolicy,
    RulesAcceptance,
    TrustedAuthor,
)
from partners import decisions
from partners.files import Checked
from partners.models import Organisation, User
from partners.refusals import Refused

Status = Announcement.Status

#: What `save` takes as `values`, all of them
FIELDS = (
    *("topic", "title", "text", "language", "audience", "organisation", "links"),
    *("begins_on", "ends_on", "closes_on", "amount", "currency", "who_may_apply"),
)
SETS = ("countries", "terms")
FILES_AT_MOST = 5
BEGUN_A_DAY = 20  # announcements of one person, in 24 hours
#: One that could not leave in time is not sent at a moment that nobody chose: the Lead decides
MAY_BE_LATE = timedelta(hours=2)
AHEAD_AT_MOST = timedelta(days=366)


class Collision(Refused):
    """It was saved elsewhere since the form was shown; nothing of this form is saved."""


# The rules of the list


def current_rules() -> ListRules | None:
    """The text that counts now."""
    return ListRules.objects.order_by("-published_at", "-pk").first()


def has_accepted_rules(user: User) -> bool:
    """Whether this person accepted the text that counts now; also where there is none."""
    rules = current_rules()
    return rules is None or rules.acceptances.filter(user=user).exists()


@transaction.atomic
def accept_rules(rules_pk: int, by: User, now: datetime):
    """Note that the person accepts this text. Raises Refused where another one counts by now."""
    rules = current_rules()
    if rules is None or rules.pk != rules_pk:
        raise Refused(_("The rules of the list have changed. Read them again, then accept them."))
    RulesAcceptance.objects.get_or_create(rules=rules, user=by, defaults={"accepted_at": now})


# The author


def topics_for(user) -> list[AnnouncementTopic]:
    """Those that this person may write about, in the order of the list."""
    return [
        topic
        for topic in AnnouncementTopic.objects.filter(is_open=True)
        if permissions.can_write_about(user, topic)
    ]


def values_of(**said) -> dict:
    """The `values` of `save` from those that are known; all others are empty, or usual."""
    usual = {
        "language": "en",
        "audience": Announcement._meta.get_field("audience").default,
        "currency": "",
        "who_may_apply": "",
        "links": [],
    }
    sets = {name: [] for name in SETS}
    return dict.fromkeys(FIELDS) | usual | sets | said


@transaction.atomic
def save(
    pk: int | None,
    values: dict,
    seen: int,
    by: User,
    now: datetime,
    files: Iterable[Checked] = (),
    removed: Iterable[int] = (),
) -> Announcement:
    """Keep the draft; without a `pk` it is a new one.

    `values`: FIELDS and SETS; what the topic does not ask for is left empty. `seen`: `version` as
    it was when the form was shown. `removed`: keys of files.
    Raises Collision where somebody saved since then, and Refused for who may not write it, a topic
    that takes nothing, an organisation of others, and too many files or drafts.
    """
    if pk is None:
        announcement = _begun(by, now)
    else:
        announcement = _locked(pk)
        if not permissions.can_edit(by, announcement):
            raise _wrong_state(announcement)
        if announcement.version != seen:
            raise Collision(
                _(
                    "This announcement was saved in another window while you had it open here. "
                    "Your text is kept below and nothing is saved yet."
                )
            )
        announcement.version += 1
    _check_values(values, by, now)
    for name, value in _asked(values).items():
        setattr(announcement, name, value)
    announcement.changed_at = now
    announcement.save()
    for name in SETS:
        getattr(announcement, name).set(values[name])
    _remove(announcement.files.filter(pk__in=list(removed)))
    _keep_files(announcement, list(files), now)
    return announcement


def _begun(by: User, now: datetime) -> Announcement:
    if not permissions.can_write(by, now.date()):
        raise Refused(_("Only partners write announcements."))
    since = now - timedelta(days=1)
    if Announcement.objects.filter(author=by, created_at__gt=since).count() >= BEGUN_A_DAY:
        raise Refused(_("You began 20 announcements within a day. Go on tomorrow."))
    return Announcement(author=by, created_at=now)


def _check_values(values: dict, by: User, now: datetime):
    if not permissions.can_write_about(by, values["topic"]):
        raise Refused(_("This topic takes no announcements of yours. Choose another one."))
    house = values["organisation"]
    if house and not Organisation.objects.of(by, now.date()).filter(pk=house.pk).exists():
        raise Refused(_("You do not belong to this organisation. Choose another one."))


def _asked(values: dict) -> dict:
    """The values, those that the topic does not ask for emptied."""
    topic, found = values["topic"], {name: values[name] for name in FIELDS}
    if topic.dates != AnnouncementTopic.Dates.EVENT:
        found |= {"begins_on": None, "ends_on": None}
    if topic.dates != AnnouncementTopic.Dates.CLOSING:
        found |= {"closes_on": None}
    if not topic.asks_money:
        found |= {"amount": None, "currency": "", "who_may_apply": ""}
    return found


def _keep_files(announcement: Announcement, files: list[Checked], now: datetime):
    if files and announcement.files.count() + len(files) > FILES_AT_MOST:
        raise Refused(_("An announcement has five files at most. Give a link instead."))
    for checked in files:
        keep_file(announcement, checked, now)


def keep_file(announcement: Announcement, checked: Checked, now: datetime):
    """Store one file with it; in the caller's transaction, which has the say how many there are."""
    row = AnnouncementFile(
        announcement=announcement,
        name=checked.name,
        media_type=checked.media_type,
        size=checked.size,
        sha256=checked.sha256,
        added_at=now,
    )
    row.file.save(checked.name, checked.content, save=False)
    row.save()


@transaction.atomic
def drop(pk: int, by: User):
    """Delete a draft that was never handed in, with its files. Raises Refused for all others."""
    announcement = _locked(pk)
    if announcement.author_id != by.pk or announcement.status != Status.DRAFT:
        raise _wrong_state(announcement)
    _remove(announcement.files.all())
    announcement.delete()


def _remove(files: Iterable[AnnouncementFile]):
    """Delete these rows now, and what they hold with the transaction."""
    for row in files:
        transaction.on_commit(partial(row.file.storage.delete, row.file.name))
        row.delete()


@transaction.atomic
def submit(pk: int, by: User, now: datetime) -> Announcement:
    """Hand it in: it waits for the Lead. Of an author who is let through it is published at once.

    Raises Refused for who may not write it any more, where the rules of today are not accepted,
    and where the days of an event are missing.
    """
    announcement = _locked(pk)
    if not permissions.can_edit(by, announcement):
        raise _wrong_state(announcement)
    if not permissions.can_write(by, now.date()):
        raise Refused(_("Only partners write announcements."))
    if not permissions.can_write_about(by, announcement.topic):
        raise Refused(_("This topic takes no announcements of yours. Choose another one."))
    if not has_accepted_rules(by):
        raise Refused(_("Accept the rules of the list first: open the form again."))
    is_event = announcement.topic.dates == AnnouncementTopic.Dates.EVENT
    if is_event and announcement.begins_on is None:
        raise Refused(_("Enter the first day of the event first: open the form again."))
    _move(announcement, Status.SUBMITTED)
    announcement.submitted_at, announcement.reason = now, ""
    announcement.save(update_fields=["status", "submitted_at", "reason"])
    trusted = TrustedAuthor.objects.filter(user=by).first()
    if trusted and not needs_two(announcement):
        announcement.decided_by, announcement.decided_at = trusted.by, now
        _publish(announcement, by, now)
    return announcement


@transaction.atomic
def agree(pk: int, by: User, now: datetime, seen: int | None = None) -> Announcement:
    """The author takes the Lead's words, and they are published at once; what two Leads have to
    read waits for the other one. `seen`: the key of the words that were read; None where no others
    can have come since.

    The Lead wrote exactly these words and so agreed to them, and nothing else of the announcement
    can change while it waits for the author: a second look would be at the same thing.
    Raises Refused for others than the author, and where no edit waits or another one does.
    """
    announcement, edit = _edited(pk, by, now)
    if seen is not None and seen != edit.pk:
        raise Refused(_("The Lead proposes other words now. Look at them first."))
    announcement.title, announcement.text = edit.title, edit.text
    announcement.version += 1
    announcement.decided_by, announcement.decided_at = edit.by, now
    announcement.save(update_fields=["title", "text", "version", "decided_by", "decided_at"])
    edit.delete()
    if needs_two(announcement):
        _move(announcement, Status.SUBMITTED)
        announcement.submitted_at = now
        announcement.save(update_fields=["status", "submitted_at"])
        _note_first(announcement, edit.by)
    else:
        _publish(announcement, by, now)
    return announcement


@transaction.atomic
def disagree(pk: int, by: User, now: datetime) -> Announcement:
    """The author keeps the own words: it waits for the Lead again. Raises Refused as `agree`."""
    announcement, edit = _edited(pk, by, now)
    edit.delete()
    _move(announcement, Status.SUBMITTED)
    announcement.submitted_at = now
    announcement.save(update_fields=["status", "submitted_at"])
    return announcement


def _edited(pk: int, by: User, now: datetime) -> tuple[Announcement, AnnouncementEdit]:
    announcement = _locked(pk)
    if announcement.author_id != by.pk or not permissions.can_write(by, now.date()):
        raise Refused(_("Only the author can answer, as long as the author is a partner."))
    if announcement.status != Status.EDITED:
        raise _wrong_state(announcement)
    return announcement, announcement.edit


def withdraw(pk: int, by: User, reason: str, now: datetime) -> Announcement:
    """Take it out of the archive, or out of the line of those that are to leave.

    Its mailing is stopped; mails that have left stay where they are. The Lead gives a reason, and
    the author is told.
    Raises Refused for others, without that reason, and where it is in neither state.
    """
    announcement = _withdraw(pk, by, reason, now)
    # Afterwards, as it may take a while: a mail asks as it leaves whether it is withdrawn
    campaigning.stop_for(pk, by, now)
    return announcement


@transaction.atomic
def _withdraw(pk: int, by: User, reason: str, now: datetime) -> Announcement:
    announcement, reason = _locked(pk), reason.strip()
    if not permissions.can_withdraw(by, announcement):
        raise Refused(_("Only the author and the Lead can withdraw an announcement."))
    is_own = announcement.author_id == by.pk
    if not is_own and not reason:
        raise Refused(_("Give a reason: the author is told."))
    _move(announcement, Status.WITHDRAWN)
    announcement.withdrawn_at, announcement.reason = now, reason
    announcement.save(update_fields=["status", "withdrawn_at", "reason"])
    if not is_own:
        decisions.record(by, "withdrew", announcement, now, reason)
        _tell("withdrawn", announcement, reason=reason)
    return announcement


# The Lead


@transaction.atomic
def approve(
    pk: int, by: User, now: datetime, publish_at: datetime | None = None, seen: int | None = None
) -> Announcement:
    """The Lead agrees: it is published now, or at a later moment.

    `seen`: the version that was read; None where nothing can have changed since.
    Raises Refused where it does not wait, was changed since, or the moment is past or too far off,
    and where another Lead has to approve it first.
    """
    announcement = _waiting(pk, seen)
    if needs_two(announcement) and not has_other_eyes(announcement, by):
        raise Refused(_("It goes to everybody, so another Lead has to approve it, too."))
    announcement.decided_by, announcement.decided_at = by, now
    decisions.record(by, "approved", announcement, now)
    if publish_at is None:
        _publish(announcement, by, now)
    else:
        _schedule(announcement, publish_at, now)
    return announcement


def needs_two(announcement: Announcement) -> bool:
    """Whether two Leads read it: the switch is on, and it goes to everybody."""
    return MailingPolicy.current().four_eyes and announcement.goes_to_everybody()


def has_other_eyes(announcement: Announcement, by: User) -> bool:
    """Whether another Lead than this one agreed to it as it is now."""
    return (
        announcement.first_approved_by_id not in (None, by.pk)
        and announcement.first_approved_version == announcement.version
    )


@transaction.atomic
def approve_first(pk: int, by: User, now: datetime, seen: int | None = None) -> Announcement:
    """The first of two Leads agrees: it waits for the other one. Safe to repeat.

    Raises Refused where it does not wait or was changed since.
    """
    announcement = _waiting(pk, seen)
    _note_first(announcement, by)
    decisions.record(by, "approved as the first", announcement, now)
    return announcement


def _note_first(announcement: Announcement, by: User):
    announcement.first_approved_by = by
    announcement.first_approved_version = announcement.version
    announcement.save(update_fields=["first_approved_by", "first_approved_version"])


@transaction.atomic
def let_through(pk: int, by: User, now: datetime, seen: int | None = None) -> Announcement:
    """Approve it, and let this author's announcements through from now on. Raises as `approve`."""
    announcement = approve(pk, by, now, seen=seen)
    author = announcement.author
    _row, is_new = TrustedAuthor.objects.get_or_create(
        user=author, defaults={"by": by, "since": now}
    )
    if is_new:
        decisions.record(by, "let through", author, now)
    return announcement


@transaction.atomic
def schedule(
    pk: int, by: User, publish_at: datetime, now: datetime, seen: int | None = None
) -> Announcement:
    """Approve it for a later moment, or choose another moment for one that is scheduled.

    Raises Refused as `approve`.
    """
    announcement = _locked(pk)
    if announcement.status != Status.SCHEDULED:
        return approve(pk, by, now, publish_at, seen)
    announcement.decided_by, announcement.decided_at = by, now
    decisions.record(by, "scheduled anew", announcement, now)
    _schedule(announcement, publish_at, now)
    return announcement


@transaction.atomic
def give_back(
    pk: int, by: User, reason: str, now: datetime, seen: int | None = None
) -> Announcement:
    """Return it to the author, also one that is scheduled. Raises Refused without a reason."""
    if not reason.strip():
        raise Refused(_("Give a reason: the author is told."))
    announcement = _locked(pk)
    if announcement.status != Status.SCHEDULED:
        announcement = _waiting(pk, seen)
    _move(announcement, Status.RETURNED)
    announcement.decided_by, announcement.decided_at = by, now
    announcement.reason, announcement.publish_at = reason.strip(), None
    announcement.save(update_fields=["status", "decided_by", "decided_at", "reason", "publish_at"])
    decisions.record(by, "returned", announcement, now, announcement.reason)
    _tell("returned", announcement, reason=announcement.reason)
    return announcement


@transaction.atomic
def edit_for_author(
    pk: int, title: str, text: str, by: User, now: datetime, seen: int | None = None
) -> Announcement:
    """Propose other words; the author sees the difference, and they are published on agreement.

    Raises Refused where it does not wait, was changed since, or no word is another one.
    """
    announcement = _waiting(pk, seen)
    if (title, text) == (announcement.title, announcement.text):
        raise Refused(_("You changed no word. Approve the announcement instead."))
    AnnouncementEdit.objects.create(
        announcement=announcement, title=title, text=text, by=by, at=now
    )
    _move(announcement, Status.EDITED)
    announcement.decided_by, announcement.decided_at = by, now
    announcement.save(update_fields=["status", "decided_by", "decided_at"])
    decisions.record(by, "edited", announcement, now)
    _tell("edited", announcement)
    return announcement


@transaction.atomic
def publish(pk: int, by: User | None, now: datetime) -> Announcement:
    """Let one that is scheduled leave now. `by`: None for the clock.

    Raises Refused where it is not scheduled, and for the clock before its moment or long after.
    """
    announcement = _locked(pk)
    if announcement.status != Status.SCHEDULED:
        raise _wrong_state(announcement)
    if by is None and not announcement.publish_at <= now <= announcement.publish_at + MAY_BE_LATE:
        raise Refused(_("This is not the moment at which it was to leave."))
    if by is not None:
        announcement.decided_by, announcement.decided_at = by, now
        decisions.record(by, "published", announcement, now)
    _publish(announcement, by, now)
    return announcement


def publish_due(now: datetime) -> int:
    """Publish what is scheduled and due; returns how many. Safe to repeat.

    What is late by more than MAY_BE_LATE stays where it is and stands in the Lead's queue.
    """
    due = Announcement.objects.filter(
        status=Status.SCHEDULED, publish_at__range=(now - MAY_BE_LATE, now)
    )
    done = 0
    for pk in due.order_by("publish_at", "pk").values_list("pk", flat=True):
        try:
            publish(pk, None, now)
        except Refused:  # a Lead or another worker was faster
            continue
        done += 1
    return done


def late(now: datetime):
    """Scheduled ones that could not leave in time, for the Lead to decide on."""
    return Announcement.objects.filter(status=Status.SCHEDULED, publish_at__lt=now - MAY_BE_LATE)


# What the steps share


def _locked(pk: int) -> Announcement:
    found = Announcement.objects.select_for_update(of=("self",), no_key=True)
    return found.select_related("topic", "author").get(pk=pk)


def _waiting(pk: int, seen: int | None) -> Announcement:
    """One that waits for the Lead, as it was seen."""
    announcement = _locked(pk)
    if announcement.status != Status.SUBMITTED:
        raise _wrong_state(announcement)
    if seen is not None and seen != announcement.version:
        raise Refused(_("The author has changed it since you opened the page. Read it again."))
    return announcement


def _wrong_state(announcement: Announcement) -> Refused:
    return Refused(
        _("This announcement is “%(status)s”: this cannot be done now.")
        % {"status": announcement.get_status_display()}
    )


def _move(announcement: Announcement, to: Status):
    if to not in Announcement.NEXT.get(announcement.status, ()):
        raise _wrong_state(announcement)
    announcement.status = to


def _schedule(announcement: Announcement, publish_at: datetime, now: datetime):
    if publish_at <= now:
        raise Refused(_("This moment is past. Choose a later one."))
    if publish_at > now + AHEAD_AT_MOST:
        raise Refused(_("This moment is more than a year away. Choose an earlier one."))
    if announcement.status != Status.SCHEDULED:
        _move(announcement, Status.SCHEDULED)
    announcement.publish_at = publish_at
    announcement.save(update_fields=["status", "decided_by", "decided_at", "publish_at"])


def _publish(announcement: Announcement, by: User | None, now: datetime):
    """Into the archive, and its mailing begins. The caller knows that a Lead agreed."""
    _move(announcement, Status.PUBLISHED)
    announcement.published_at = now
    announcement.save(update_fields=["status", "decided_by", "decided_at", "published_at"])
    campaigning.start(announcement.pk, by, now)
    if by is None or by.pk != announcement.author_id:
        _tell("published", announcement)


def _tell(what: str, announcement: Announcement, **context):
    """One of the mails to the author."""
    author = announcement.author
    if author.is_active:
        context = {"person": author, "announcement": announcement, **context}
        outbox.post(f"mailings/mail/announcement_{what}", author.email, context)
