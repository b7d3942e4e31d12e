"""Links sent to people: claim a listed profile, or say yes or no to a nomination."""

from datetime import datetime, timedelta

from django.core.cache import cache
from django.db import transaction
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from experts import consent, contact, switching_off
from experts.models import Expert, Invitation
from mailings import outbox
from partners import decisions
from partners.models import User
from partners.refusals import Refused

VALID_FOR = timedelta(days=30)
NOT_ASKED_AGAIN_FOR = timedelta(days=365)  # after a no
NOMINATIONS_A_DAY = 10  # of one person; the list grows by a few people a year


@transaction.atomic
def invite_to_claim(expert_id: int, by: User, now: datetime) -> Invitation:
    """The Lead asks a listed person to take over the own profile. Raises Refused when pointless."""
    expert = Expert.objects.select_for_update().get(pk=expert_id)
    if expert.user_id:
        raise Refused(_("This profile has an owner already."))
    if not expert.email:
        raise Refused(_("The profile has no e-mail address. Enter one first."))
    if expert.status != Expert.Status.LISTED:
        raise Refused(_("This profile is not on the list."))
    Invitation.objects.filter(expert=expert, state=Invitation.State.SENT).update(expires_at=now)
    invitation = Invitation.objects.create(
        kind=Invitation.Kind.CLAIM,
        name=expert.name,
        email=expert.email,
        expert=expert,
        invited_by=by,
        sent_at=now,
        expires_at=now + VALID_FOR,
    )
    decisions.record(by, "invited", expert, now)
    _send(invitation, "experts/mail/claim")
    return invitation


@transaction.atomic
def nominate(name: str, email: str, by: User, now: datetime) -> Invitation | None:
    """A partner names somebody; only name and address are kept until that person agrees.

    Returns None, and sends nothing, when the address is on the list, was nominated in the last 30
    days or said no in the last year: the page says the same in all cases, so it does not reveal who
    is known. Raises Refused after ten names in a day, sent or not.
    """
    _count_nomination(by, now)
    email = email.strip().lower()
    known = Expert.objects.filter(email=email).exclude(status=Expert.Status.WITHDRAWN).exists()
    asked = Invitation.objects.filter(email=email, sent_at__gt=now - VALID_FOR).exists()
    refused = Invitation.objects.filter(
        email=_after_a_no(email), answered_at__gt=now - NOT_ASKED_AGAIN_FOR
    ).exists()
    if known or asked or refused:
        return None
    invitation = Invitation.objects.create(
        kind=Invitation.Kind.NOMINATION,
        name=name,
        email=email,
        invited_by=by,
        sent_at=now,
        expires_at=now + VALID_FOR,
    )
    _send(invitation, "experts/mail/nomination")
    return invitation


@transaction.atomic
def accept(token: str, user: User, now: datetime) -> Expert:
    """The person behind the link, signed in, takes the profile over or starts one.

    Raises Refused when the link is used, too old, or the person has another profile.
    """
    User.objects.select_for_update(no_key=True).get(pk=user.pk)  # one profile, also for two clicks
    invited = find(token)
    if invited and invited.expert_id:  # profile before invitation, as in `invite_to_claim`
        Expert.objects.select_for_update().get(pk=invited.expert_id)
    invitation = _open(token, now)
    own = Expert.objects.filter(user=user).first()
    if own is not None and own.pk != invitation.expert_id:
        raise Refused(_("You have a profile already."))
    if invitation.kind == Invitation.Kind.CLAIM:
        expert = Expert.objects.get(pk=invitation.expert_id)
        if expert.user_id not in (None, user.pk):
            raise Refused(_("This profile has an owner already."))
        if expert.email != invitation.email or expert.status != Expert.Status.LISTED:
            raise Refused(_("This link is not valid any more. Ask the Lead for a new one."))
        expert.user = user
        expert.version += 1
        expert.save()
        switching_off.forget_links(expert.pk)
    else:
        expert = start_profile(user, invitation.name, invitation.email, now)
        invitation.expert = expert  # goes with the profile, and tells the Lead who nominated
    consent.agree(expert, user, now)
    _answer(invitation, Invitation.State.ACCEPTED, now)
    return expert


@transaction.atomic
def decline(token: str, now: datetime):
    """The person says no; name and address of a nomination are erased at once."""
    invitation = _open(token, now)
    if invitation.kind == Invitation.Kind.NOMINATION:
        invitation.name = str(_("(declined)"))
        invitation.email = _after_a_no(invitation.email)
    _answer(invitation, Invitation.State.DECLINED, now)


def start_profile(user: User, name: str, email: str, now: datetime) -> Expert:
    """A draft of the person's own; the caller records consent. Raises Refused on a second one."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)  # one at a time
        if Expert.objects.filter(user=user).exists():
            raise Refused(_("You have a profile already."))
        taken = Expert.objects.filter(email=email).exclude(status=Expert.Status.WITHDRAWN).first()
        if taken is not None and taken.user_id is None and email == user.email:
            raise Refused(
                _(
                    "You are on the list already. "
                    "The Lead can send you a link to take the profile over."
                )
            )
        with contact.one_profile_an_address():
            return Expert.objects.create(user=user, name=name[:150], email=email, created_at=now)


def find(token: str) -> Invitation | None:
    """The invitation behind a link, whatever its state."""
    return Invitation.objects.select_related("expert", "invited_by").filter(token=token).first()


def is_open(invitation: Invitation, now: datetime) -> bool:
    return invitation.state == Invitation.State.SENT and invitation.expires_at > now


def _open(token: str, now: datetime) -> Invitation:
    invitation = Invitation.objects.select_for_update().filter(token=token).first()
    if invitation is None or not is_open(invitation, now):
        raise Refused(_("This link is not valid any more. Ask for a new one."))
    return invitation


def _count_nomination(by: User, now: datetime):
    """Counted in the cache: a row for each would have to name those who are known already."""
    key = f"nominations-{by.pk}-{now:%Y-%m-%d}"
    cache.add(key, 0, timeout=24 * 3600)
    try:
        number = cache.incr(key)
    except ValueError:  # Redis went away between the two
        return
    if number > NOMINATIONS_A_DAY:
        raise Refused(_("You have named ten people today. Go on tomorrow."))


def _after_a_no(email: str) -> str:
    """What stands instead of an erased address: enough not to ask again, no way back to it."""
    digest = salted_hmac("experts.invitations.declined", email, algorithm="sha256").hexdigest()
    return f"declined-{digest[:32]}@invalid.invalid"


def _answer(invitation: Invitation, state: Invitation.State, now: datetime):
    invitation.state, invitation.answered_at = state, now
    invitation.save()


def _send(invitation: Invitation, template: str):
    outbox.post(template, invitation.email, {"invitation": invitation})
