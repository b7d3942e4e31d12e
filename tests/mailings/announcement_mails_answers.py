"""The mail of “Answer the partner”, by the step that sends it (test_headers.py).

A step takes a name, which it puts wherever people write something, and leaves one mail to be sent.
"""

from mailings import answering
from tests.factories import NOW, AnnouncementFactory, PartnerUserFactory


def announcement_answer(names):
    author = PartnerUserFactory(name=names)
    announcement = AnnouncementFactory(title=f"{names} collects lamps", author=author)
    person = PartnerUserFactory(name=names)
    answering.answer(announcement.pk, person, f"{names}, good day.\nTwo & <lines>.", NOW)


STEPS = {answering.TEMPLATE: announcement_answer}
RELAYED = {answering.TEMPLATE}
