"""Who would get an announcement: by number, by how they want to hear of it, and by region."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Expression, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from mailings.models import Announcement, Frequency, Subscription
from partners.models import Membership, Region

FEW = 5  # of so few people an author could find out who they are and what they chose


@dataclass(frozen=True)
class Readership:
    """`at_once` get its mail, `in_digest` read of it once a day or week; regions of both."""

    at_once: int | str
    in_digest: int | str
    regions: list[tuple[str, int | str]]

    def without_few(self) -> "Readership":
        """For authors: numbers below FEW in words alone."""
        regions = [(region, _in_words(number)) for region, number in self.regions]
        return Readership(_in_words(self.at_once), _in_words(self.in_digest), regions)


def _in_words(number: int) -> int | str:
    few = _("fewer than %(number)s") % {"number": FEW}
    return few if 0 < number < FEW else number


#: Regions of readers as expressions over subscriptions; the first that is known counts
_known: list[Expression] = []


def known_by(region: Expression):
    """Name what tells a reader's region better than the organisation does; called in an app's
    `ready`.
    """
    _known.append(region)


def of(announcement: Announcement, now: datetime) -> Readership:
    """As it would be now. A reader's region is that which is known of the person, else that of the
    organisation that the person is of.
    """
    house = Membership.objects.held_on(now.date()).filter(user=OuterRef("user")).order_by("pk")
    region_of_house = Subquery(house.values("organisation__country__region")[:1])
    rows = (
        Subscription.objects.reaching(announcement, now)
        .annotate(region=Coalesce(*_known, region_of_house, Value("")))
        .order_by()
        .values_list("region", "frequency")
        .annotate(number=Count("pk"))
    )
    regions: dict[str, int] = {}
    at_once = total = 0
    for region, frequency, number in rows:
        regions[region] = regions.get(region, 0) + number
        total += number
        at_once += number if frequency == Frequency.AT_ONCE else 0
    named = [(one.label, regions.pop(one.value)) for one in Region if one.value in regions]
    if unknown := sum(regions.values()):
        named.append((_("Region not known"), unknown))
    return Readership(at_once, total - at_once, named)
