"""Addresses of the floor: needs. The letters and roles are those of tests/pages.py.

The role "partner" submitted the need that waits and the one that was declined.
"""

from datetime import datetime

from advice import registering
from advice.models import Call, Need
from partners.models import Country, Term, User

OURS = """
#                                GET        POST       PUT        DELETE
country_list                     2222222222 XXXXXXXXXX XXXXXXXXXX
country_detail@known             2222222222 XXXXXXXXXX XXXXXXXXXX
country_detail@empty             2222222222 XXXXXXXXXX XXXXXXXXXX
country_detail@unknown           ---------- XXXXXXXXXX XXXXXXXXXX
need_list                        2222222222 XXXXXXXXXX XXXXXXXXXX
need_add                         SF2FFFF222 SF2FFFF222 SXXXXXXXXX
need_detail@open                 2222222222 XXXXXXXXXX XXXXXXXXXX
need_detail@being_met            2222222222 XXXXXXXXXX XXXXXXXXXX
need_detail@met                  2222222222 XXXXXXXXXX XXXXXXXXXX
need_detail@awaiting             S-2--2--22 XXXXXXXXXX XXXXXXXXXX
need_detail@declined             S-2--2--22 XXXXXXXXXX XXXXXXXXXX
need_move@open                   SXXXXXXXXX SFFFFFFF22 SXXXXXXXXX
need_move@awaiting               SXXXXXXXXX SFFFFFFF33 SXXXXXXXXX
supply_and_demand                2222222222 XXXXXXXXXX XXXXXXXXXX
supply_and_demand_csv            2222222222 XXXXXXXXXX XXXXXXXXXX
call_open                        SXXXXXXXXX SFFFFFFF33 SXXXXXXXXX
call_end                         SXXXXXXXXX SFFFFFFF33 SXXXXXXXXX
"""

MODELS = """
advice_call                2F2F23 2F2FF3 2F2F23
advice_need                2F2F23 2F2F23 2F2F23
"""

FILES: set[str] = {"supply_and_demand_csv"}
ALIKE: set[str] = {"need_detail@being_met"}
QUERIES: dict[str, tuple[str, str]] = {
    "need_list@filtered": ("need_list", "?q=mercury&status=open&region=america&term=disposal"),
    "need_list@nothing": ("need_list", "?q=thermometers&country=AQ&year=1901"),
    "need_list@unknown": ("need_list", "?status=awaiting&region=mars&term=magic"),
    "need_list@past-the-end": ("need_list", "?page=99"),
}


def furnish(partner: User, other: User, lead: User, now: datetime):
    """A need that was declined; one that waits and a call are there."""
    declined = Need.objects.create(
        country_id="PE",
        title="A gold price that stays high (example)",
        description="The price should not fall, so that miners can buy retorts.",
        source=Need.Source.STATEMENT,
        year=now.year,
        submitted_by=partner,
        submitted_at=now,
        fictitious=True,
    )
    declined.terms.set(Term.objects.filter(code="industry-asgm"))
    registering.decline(declined.pk, "This is not about mercury waste.", lead, now)


def arguments(now: datetime) -> dict[str, list]:
    """url_name@object → arguments of the address."""
    by_status = {
        need.status: [need.pk] for need in Need.objects.order_by("pk") if need.status != "open"
    }
    by_status["open"] = [Need.objects.filter(title__startswith="One more year").get().pk]
    nothing = Country.objects.get(pk="TV")
    return {
        **{f"need_detail@{status}": key for status, key in by_status.items()},
        **{f"need_move@{status}": key for status, key in by_status.items()},
        "call_end": [Call.objects.latest("pk").pk],
        "country_detail@known": ["uy"],
        "country_detail@empty": [nothing.pk.lower()],
        "country_detail@unknown": ["xx"],
    }


def keys() -> dict[str, object]:
    """The key of one row of each model in admin."""
    return {
        "advice_call": Call.objects.latest("pk").pk,
        "advice_need": Need.objects.earliest("pk").pk,
    }
