"""Notes of colleagues on a profile: they go to the expert, and the answer goes back."""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from experts.models import Correction, Expert
from experts.telling import tell
from mailings import outbox
from partners.models import User
from partners.refusals import Refused

PER_DAY = 5  # notes that one person may write in 24 hours


@transaction.atomic
def suggest(expert_id: int, text: str, by: User, now: datetime) -> Correction:
    """Store a note and tell the expert. Raises Refused after five notes in a day."""
    User.objects.select_for_update(no_key=True).get(pk=by.pk)  # one at a time
    if Correction.objects.filter(by=by, at__gt=now - timedelta(days=1)).count() >= PER_DAY:
        raise Refused(_("You have written five notes today. Go on tomorrow."))
    expert = Expert.objects.get(pk=expert_id)
    correction = Correction.objects.create(expert=expert, by=by, text=text, at=now)
    tell(expert, "correction", correction=correction)
    return correction


@transaction.atomic
def answer(correction_id: int, taken: bool, now: datetime) -> Correction:
    """The expert took the note over or not; whoever wrote it is told. Safe to repeat."""
    correction = Correction.objects.select_for_update().get(pk=correction_id)
    if correction.state != Correction.State.OPEN:
        return correction
    correction.state = Correction.State.DONE if taken else Correction.State.DECLINED
    correction.answered_at = now
    correction.save()
    context = {"correction": correction}
    outbox.post("experts/mail/correction_answered", correction.by.email, context)
    return correction
