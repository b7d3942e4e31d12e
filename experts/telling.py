"""What an expert is told of a step: one mail, where there is an address."""

from experts.models import Expert
from mailings import outbox


def tell(expert: Expert, what: str, **context):
    """Promise the mail `experts/mail/<what>` to the person, if there is an address at all."""
    if expert.mail_address:
        outbox.post(f"experts/mail/{what}", expert.mail_address, {"expert": expert, **context})
