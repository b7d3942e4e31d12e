"""Factories: each builds the ordinary case; a test names only what it is about.

`NOW` is the moment at which the factories' world stands: freeze the clock there (time-machine), or
hand it over as `now`.
"""

from datetime import UTC, date, datetime

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TODAY = NOW.date()
SINCE = date(2020, 1, 1)  # from this day on the factories' roles and memberships are held

from tests.factories.advice import (  # noqa: E402
    AdviceRequestFactory,
    ChoiceFactory,
    MissionFactory,
    NeedFactory,
    PlaceFactory,
)
from tests.factories.documents import (  # noqa: E402
    CommentFactory,
    CommentRoundFactory,
    DocumentFactory,
    FileFactory,
    PracticeFactory,
    PracticeVersionFactory,
    ResponseFactory,
    SectionFactory,
    VersionFactory,
)
from tests.factories.experts import ExpertFactory  # noqa: E402
from tests.factories.mailings import (  # noqa: E402
    AnnouncementFactory,
    CampaignFactory,
    PreferencesFactory,
    SubscriptionFactory,
    topic_called,
)
from tests.factories.meetings import (  # noqa: E402
    BookingFactory,
    ItemFactory,
    MeetingFactory,
    OutcomeFactory,
    PartFactory,
    QuestionFactory,
    RegistrationDeskFactory,
    RegistrationFactory,
    SeriesFactory,
    SessionFactory,
    StatementFactory,
)
from tests.factories.partners import (  # noqa: E402
    LeadFactory,
    MembershipFactory,
    OrganisationFactory,
    PartnerFactory,
    PartnerUserFactory,
    RoleFactory,
    SecretariatFactory,
    UserFactory,
)

__all__ = [
    "NOW",
    "SINCE",
    "TODAY",
    "AdviceRequestFactory",
    "AnnouncementFactory",
    "BookingFactory",
    "CampaignFactory",
    "ChoiceFactory",
    "CommentFactory",
    "CommentRoundFactory",
    "DocumentFactory",
    "ExpertFactory",
    "FileFactory",
    "ItemFactory",
    "LeadFactory",
    "MeetingFactory",
    "MembershipFactory",
    "MissionFactory",
    "NeedFactory",
    "OrganisationFactory",
    "OutcomeFactory",
    "PartFactory",
    "PartnerFactory",
    "PartnerUserFactory",
    "PlaceFactory",
    "PracticeFactory",
    "PracticeVersionFactory",
    "PreferencesFactory",
    "QuestionFactory",
    "RegistrationDeskFactory",
    "RegistrationFactory",
    "ResponseFactory",
    "RoleFactory",
    "SecretariatFactory",
    "SectionFactory",
    "SeriesFactory",
    "SessionFactory",
    "StatementFactory",
    "SubscriptionFactory",
    "UserFactory",
    "VersionFactory",
    "topic_called",
]
