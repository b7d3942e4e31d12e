"""The mail of an announcement, by the step that sends it (test_headers.py)."""

from decimal import Decimal

from mailings import campaigning
from tests.factories import (
    NOW,
    AnnouncementFactory,
    OrganisationFactory,
    PartnerUserFactory,
    PreferencesFactory,
    SubscriptionFactory,
    topic_called,
)


def announcement(names, language="en"):
    row = AnnouncementFactory(
        topic=topic_called("finance"),
        title=f"Money for {names} & <others>",
        text="## Who\n\nA **ministry** or a city.\n\n- *Lamps*\n- Thermometers\n\n> Apply < soon >",
        author=PartnerUserFactory(name=names),
        organisation=OrganisationFactory(name=f"House of {names}"),
        amount=Decimal("50000"),
        currency="USD",
        who_may_apply=f"Cities & {names}",
        closes_on=NOW.date(),
        links=["https://example.org/call?a=1&b=2"],
    )
    row.countries.set(["KE", "JP"])
    subscription = SubscriptionFactory(topic=row.topic)
    PreferencesFactory(user=subscription.user, language=language)
    campaigning.start(row.pk, None, NOW)


STEPS = {campaigning.TEMPLATE: announcement}
#: Mail of the list: it can be stopped, and says what list it is of
OF_THE_LIST = set(STEPS)
