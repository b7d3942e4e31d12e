"""What goes with a profile that was erased: the expert's words in requests, reports and stories.

That somebody was asked, and what the answer was, stays: the portal shows later what it did. The
floor of experts knows nothing of requests, and the row of an erased profile stays, so that nothing
goes by itself (experts/listing.py, STAYS).
"""

from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from advice.models import (
    AnswerLink,
    Attachment,
    Choice,
    Message,
    Outcome,
    Report,
    Side,
    Story,
)
from experts.listing import ERASE_AFTER
from experts.models import Expert


def _erased(now: datetime) -> QuerySet[Expert]:
    return Expert.objects.filter(
        status=Expert.Status.WITHDRAWN, removed_at__lte=now - ERASE_AFTER, user=None, email=""
    )


@transaction.atomic
def forget_erased(now: datetime) -> int:
    """Erase what these experts wrote; safe to repeat. Returns how many texts went."""
    of_erased = Q(choice__expert__in=_erased(now))
    own_side = of_erased & Q(side=Side.EXPERT)
    files = Attachment.objects.filter(message__in=Message.objects.filter(own_side).values("pk"))
    for attachment in files:
        storage, name = attachment.file.storage, attachment.file.name
        transaction.on_commit(lambda storage=storage, name=name: storage.delete(name))
    files.delete()
    Story.objects.filter(of_erased).delete()
    Outcome.objects.filter(own_side).exclude(sentence="", agrees=False).update(
        sentence="", agrees=False
    )
    Report.objects.filter(own_side).exclude(text="").update(text="")
    AnswerLink.objects.filter(own_side).delete()
    words = Message.objects.filter(own_side).exclude(text="", folded="")
    reasons = Choice.objects.filter(expert__in=_erased(now)).exclude(words="", why=[])
    return words.update(text="", folded="") + reasons.update(words="", why=[])
