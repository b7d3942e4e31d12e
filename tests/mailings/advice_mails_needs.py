"""Each mail about needs of countries, by the step that sends it (test_headers.py).

A step takes a name, which it puts wherever people write something, and leaves one mail to be sent.
"""

from advice import registering
from tests.factories import NOW, LeadFactory, NeedFactory, PartnerUserFactory


def need_decided(names):
    need = NeedFactory(
        title=f"Storage {names}", status="open", submitted_by=PartnerUserFactory(name=names)
    )
    registering.move(need.pk, "met", f"<b>{names}</b>\nSecond line.", LeadFactory(), NOW)


STEPS = {f"advice/mail/{step.__name__}": step for step in (need_decided,)}
