"""Papers from presenters: the link to upload one, what came through it, and the decision on it."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from mailings import outbox
from meetings import papering
from meetings.models import Meeting, Paper, PaperVersion, UploadLink
from partners import decisions
from partners.files import Checked
from partners.models import User
from partners.refusals import Refused

WANTED = "meetings/mail/paper_wanted"
DECIDED = "meetings/mail/paper_decided"
UPLOADS_A_DAY = 10  # through one link: who has it must not fill the disk


@transaction.atomic
def make_link(
    paper_id: int, name: str, address: str, days: int, by: User, now: datetime
) -> UploadLink:
    """Let somebody upload this paper without sign-in, for so many days.

    The link goes to the address by mail, where one is given. Raises Refused for a document of the
    library.
    """
    paper = Paper.objects.select_for_update().get(pk=paper_id)
    papering.check_takes_files(paper)
    link = UploadLink.objects.create(
        paper=paper,
        name=name,
        address=address.strip().lower(),
        created_by=by,
        created_at=now,
        expires_at=now + timedelta(days=days),
    )
    if link.address:
        outbox.post(WANTED, link.address, {"link": link})
    return link


@transaction.atomic
def revoke_link(link_id: int, now: datetime) -> UploadLink:
    """Let a link not work any more; what came through it stays. Raises Refused for a dead one."""
    link = (
        UploadLink.objects.select_for_update(of=("self",)).select_related("paper").get(pk=link_id)
    )
    if not link.works(now):
        raise Refused(_("This link does not work any more."))
    link.revoked_at = now
    link.save(update_fields=["revoked_at"])
    return link


def find(token: str, now: datetime) -> UploadLink | None:
    """The link that works now; None for any other: unknown, too old, revoked, meeting cancelled."""
    link = (
        UploadLink.objects.select_related("paper__meeting__country", "paper__item")
        .exclude(paper__meeting__status=Meeting.Status.CANCELLED)
        .filter(token=token)
        .first()
    )
    return link if link and link.works(now) else None


@transaction.atomic
def upload(link_id: int, checked: Checked, now: datetime) -> PaperVersion:
    """Keep what a presenter sent, as a version that waits for the organisers.

    Raises Refused for a link that does not work any more, for the same file once more while it
    waits, and after UPLOADS_A_DAY files in a day.
    """
    paper_id = UploadLink.objects.values_list("paper", flat=True).get(pk=link_id)
    paper = Paper.objects.select_for_update().get(pk=paper_id)
    link = UploadLink.objects.select_for_update().get(pk=link_id)
    if not link.works(now):
        raise Refused(_("This link does not work any more."))
    if link.versions.waiting().filter(sha256=checked.sha256).exists():
        raise Refused(_("We have this file already. It waits for the organisers."))
    if link.versions.filter(added_at__gt=now - timedelta(days=1)).count() >= UPLOADS_A_DAY:
        raise Refused(_("Too many files came through this link today. Try again tomorrow."))
    return papering.receive(paper, checked, link, now)


@transaction.atomic
def approve(version_id: int, by: User, now: datetime) -> PaperVersion:
    """Let the readers of the paper have it. Raises Refused when it does not wait any more."""
    version = _waiting(version_id)
    version.approved_by, version.approved_at = by, now
    version.save(update_fields=["approved_by", "approved_at"])
    decisions.record(by, "approved", version, now)
    _tell(version, "", now)
    return version


@transaction.atomic
def decline(version_id: int, reason: str, by: User, now: datetime) -> PaperVersion:
    """Say no, and why. Raises Refused without a reason, or when it does not wait any more."""
    version, reason = _waiting(version_id), reason.strip()
    if not reason:
        raise Refused(_("Give a reason: the other side is told."))
    version.declined_at, version.declined_because = now, reason
    version.save(update_fields=["declined_at", "declined_because"])
    decisions.record(by, "declined", version, now, reason)
    _tell(version, reason, now)
    return version


def _waiting(version_id: int) -> PaperVersion:
    version = (
        PaperVersion.objects.select_for_update(of=["self"])
        .select_related("paper__meeting", "link")
        .get(pk=version_id)
    )
    if version.approved_at or version.declined_at:
        raise Refused(_("Somebody has decided on this file already."))
    return version


def _tell(version: PaperVersion, reason: str, now: datetime):
    """The presenter hears of it, where an address is known."""
    link = version.link
    if link and link.address:
        context = {"link": link, "version": version, "reason": reason}
        outbox.post(DECIDED, link.address, context | {"can_send_again": link.works(now)})
