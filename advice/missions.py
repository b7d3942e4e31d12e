"""Missions and joint projects: drafted from a need, staffed, published, moved on to their end.

What a mission says is edited in admin; each step here is the Lead's.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from advice import matching
from advice.matching import Proposal, Wish
from advice.models import Mission, MissionPerson, MissionPlace, Need
from experts.models import Expert
from partners import decisions
from partners.models import PartnershipArea, Term, User
from partners.refusals import Refused

#: How many experts are proposed for each place.
PROPOSED = 2
#: The area whose portal this is: part of each mission that begins here.
OWN_AREA = "waste"


@transaction.atomic
def draft_from_need(need_id: int, by: User, now: datetime) -> tuple[Mission, bool]:
    """A draft with one place for each field of the need, and experts proposed for each.

    Gives the mission and whether it is new: while a need has a draft, that one comes back, so that
    two clicks or two Leads make one. Nobody is proposed for two places. Raises Refused for a need
    that is not in the register.
    """
    need = Need.objects.select_for_update(of=("self",)).select_related("country").get(pk=need_id)
    if need.status not in Need.PUBLIC:
        raise Refused(_("This need is not in the register: decide on it first."))
    known = need.missions.filter(status=Mission.Status.DRAFT).first()
    if known:
        return known, False
    mission = Mission.objects.create(
        title=need.title,
        country=need.country,
        need=need,
        summary=need.description,
        year=now.year,
        created_by=by,
        created_at=now,
        fictitious=need.fictitious,
    )
    mission.areas.set(PartnershipArea.objects.filter(slug=OWN_AREA))
    wanted = list(need.terms.all()) or [None]  # a need without terms wants somebody, too
    taken: set[int] = set()
    for number, term in enumerate(wanted, 1):
        place = MissionPlace.objects.create(
            mission=mission, number=number, term=term, wanted="" if term else need.title
        )
        if term:
            taken |= _fill(place, people_for(term, need.description, need.country_id, taken, now))
    decisions.record(by, "drafted", mission, now)
    return mission, True


def people_for(
    term: Term, text: str, country: str, taken: Iterable[int], now: datetime
) -> list[Proposal]:
    """Who could go for a field of expertise, the best first: PROPOSED at most, each with the field.

    `country` is a code; `taken` are keys of experts who go for another place.
    """
    wish = Wish((term.pk,), text, country, mission=True, left_out=frozenset(taken))
    return [one for one in matching.propose(wish, now, PROPOSED) if term.pk in one.expert.term_ids]


def _fill(place: MissionPlace, proposals: list[Proposal]) -> set[int]:
    """Propose experts for a place, each with as many of the reasons as there is room for. Returns
    their keys.
    """
    MissionPerson.objects.bulk_create(
        MissionPerson(
            mission_id=place.mission_id,
            place=place,
            expert=one.expert,
            as_what=str(place)[: MissionPerson._meta.get_field("as_what").max_length],
            why=in_lines(one.reasons),
        )
        for one in proposals
    )
    return {one.expert.pk for one in proposals}


def in_lines(reasons: Iterable[str]) -> str:
    """Whole sentences only: one that would not fit is left out."""
    lines = ""
    for reason in reasons:
        longer = f"{lines}\n{reason}".strip()
        if len(longer) <= MissionPerson._meta.get_field("why").max_length:
            lines = longer
    return lines


@transaction.atomic
def move(mission_id: int, to: str, by: User, now: datetime, reason: str = "") -> Mission:
    """Publish a draft, or say how far a mission is; `to` is a status.

    Raises Refused for a status that cannot follow, for a mission of which nothing is said yet, and
    for cancelling without a reason, which everybody reads.
    """
    mission = Mission.objects.select_for_update().get(pk=mission_id)
    if to not in Mission.NEXT.get(mission.status, ()):
        raise Refused(
            _("This mission is “%(status)s” now: the step cannot be done any more.")
            % {"status": mission.get_status_display()}
        )
    if not (mission.summary.strip() or mission.places.exists()):
        raise Refused(_("Say what is done, or add a place, before others see it."))
    reason = reason.strip()
    if to == Mission.Status.CANCELLED and not reason:
        raise Refused(_("Give a reason: everybody reads it."))
    mission.status, mission.status_reason = to, reason
    mission.save(update_fields=["status", "status_reason"])
    decisions.record(by, f"moved to {to}", mission, now, reason)
    return mission


@transaction.atomic
def send(person_id: int, by: User, now: datetime) -> MissionPerson:
    """Somebody who was proposed goes, or went: from now on everybody reads the name.

    Raises Refused for somebody who is named already or not on the list any more.
    """
    person = _proposed(person_id)
    if person.expert.status != Expert.Status.LISTED:
        raise Refused(_("%(name)s is not on the list any more.") % {"name": person})
    person.is_sent = True
    person.save(update_fields=["is_sent"])
    decisions.record(by, "named", person.mission, now, reason=str(person))
    return person


@transaction.atomic
def drop(person_id: int) -> MissionPerson:
    """Take back a proposal, which nobody but the Lead saw. Raises Refused for who is named."""
    person = _proposed(person_id)
    person.delete()
    return person


def _proposed(person_id: int) -> MissionPerson:
    """A proposal, locked. Raises Refused when it is none any more."""
    people = MissionPerson.objects.select_for_update(of=("self",))
    person = people.select_related("mission", "expert").filter(pk=person_id).first()
    if person is None:
        raise Refused(_("This proposal is gone."))
    if person.is_sent:
        raise Refused(_("%(name)s is named already.") % {"name": person})
    return person
