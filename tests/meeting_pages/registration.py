"""Addresses of meetings: registration. The letters and roles are those of tests/pages.py."""

from datetime import datetime, timedelta

from meetings import desks, registering, seats
from meetings.demonstration import NEXT
from meetings.models import Booking, FormQuestion, Meeting, Part, Registration, RegistrationDesk
from partners import demonstration as people
from partners.models import User

CLOSED, SMALL = "closed-example", "small-example"

OURS = """
#                              GET        POST       PUT        DELETE
register@next                  2232222222 2232222222 XXXXXXXXXX XXXXXXXXXX
register@closed                2223222222 2223222222 XXXXXXXXXX XXXXXXXXXX
register@true                  2222222222 2222222222 XXXXXXXXXX XXXXXXXXXX
register@draft                 S----2--22 S----2--22 XXXXXXXXXX XXXXXXXXXX
registration_own@next          S323333333 SXXXXXXXXX SXXXXXXXXX
registration_own@small         S332333333 SXXXXXXXXX SXXXXXXXXX
registration_own@closed        S332333333 SXXXXXXXXX SXXXXXXXXX
registration_own@draft         S----3--33 SXXXXXXXXX SXXXXXXXXX
registration_change@next       S-2------- S-2------- SXXXXXXXXX
registration_change@closed     S--2------ S--2------ SXXXXXXXXX
registration_cancel@next       S-2------- S-3------- SXXXXXXXXX
registration_cancel@small      S--2------ S--3------ SXXXXXXXXX
seat_accept@next               SXXXXXXXXX S--------- SXXXXXXXXX
seat_accept@small              SXXXXXXXXX S--3------ SXXXXXXXXX
seat_give_back@next            S-2------- S-3------- SXXXXXXXXX
seat_give_back@small           S--2------ S--3------ SXXXXXXXXX
way_move@next                  S-2------- S-3------- SXXXXXXXXX
way_move@closed                S--2------ S--3------ SXXXXXXXXX
visit_join@next                S-3------- S-3------- SXXXXXXXXX
visit_join@small               S--2------ S--3------ SXXXXXXXXX
desk_edit@next                 SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
desk_edit@draft                S----F--22 S----F--22 SXXXXXXXXX
form_question_add@next         SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
form_question_edit@next        SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
form_question_move@next        SXXXXXXXXX SFFFFFFF33 SXXXXXXXXX
form_question_remove@next      SXXXXXXXXX SFFFFFFF33 SXXXXXXXXX
visit_add@next                 SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
visit_edit@next                SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
visit_remove@next              SXXXXXXXXX SFFFFFFF33 SXXXXXXXXX
registration_list@next         SFFFFFFF22 SXXXXXXXXX SXXXXXXXXX
registration_list@draft        S----F--22 SXXXXXXXXX SXXXXXXXXX
registration_csv               SFFFFFFF22 SXXXXXXXXX SXXXXXXXXX
registration_xlsx              SFFFFFFF22 SXXXXXXXXX SXXXXXXXXX
registration_detail@next       SFFFFFFF22 SXXXXXXXXX SXXXXXXXXX
registration_detail@small      SFFFFFFF22 SXXXXXXXXX SXXXXXXXXX
registration_correct           SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
booking_approve                SXXXXXXXXX SFFFFFFF33 SXXXXXXXXX
booking_decline                SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
registration_add@next          SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
"""

MODELS = """
"""

FILES: set[str] = {"registration_csv", "registration_xlsx"}
ALIKE: set[str] = {"register@true"}
QUERIES: dict[str, tuple[str, str]] = {}


def furnish(partner: User, other: User, lead: User, now: datetime):
    """A meeting whose desk is closed, and a small one with an offer and somebody to approve."""
    expert = User.objects.get(email=people.EXPERT)
    closed = _meeting(CLOSED, "A meeting whose registration is closed (example)", lead, now)
    hall = Part.objects.create(meeting=closed, kind=Part.Kind.ON_SITE, seats=5)
    Part.objects.create(meeting=closed, kind=Part.Kind.ONLINE)
    _desk(closed, now, closes_at=now - timedelta(days=1))
    _register(hall, expert, now, by=lead)
    small = _meeting(SMALL, "A meeting with one seat (example)", lead, now)
    desk = _desk(small, now, closes_at=now + timedelta(days=5))
    hall = Part.objects.create(meeting=small, kind=Part.Kind.ON_SITE, seats=1)
    room = Part.objects.create(meeting=small, kind=Part.Kind.ONLINE)
    desks.add_visit(
        small, {"title": "Store (example)", "on": small.starts_on, "begins_at": None, "seats": 1}
    )
    others = User.objects.filter(email__in=["expert02@example.org", "expert03@example.org"])
    first, last = others.order_by("email")
    taken = _register(hall, first, now)
    _register(room, expert, now)
    mine = Registration.objects.get(meeting=small, user=expert)
    seats.move_way(mine, hall.pk, now)
    seats.cancel(taken.registration, now)
    desk.needs_approval = True
    desk.save()
    _register(hall, last, now)


def _meeting(code: str, title: str, lead: User, now: datetime) -> Meeting:
    day = now.date() + timedelta(days=30)
    return Meeting.objects.create(
        code=code,
        title=title,
        starts_on=day,
        ends_on=day,
        status=Meeting.Status.ANNOUNCED,
        created_by=lead,
        fictitious=True,
    )


def _desk(meeting: Meeting, now: datetime, closes_at: datetime) -> RegistrationDesk:
    return RegistrationDesk.objects.create(
        meeting=meeting,
        opens_at=now - timedelta(days=9),
        closes_at=closes_at,
        erase_on=meeting.ends_on + timedelta(days=30),
    )


def _register(part: Part, user: User, now: datetime, by: User | None = None) -> Booking:
    values = {"name": str(user), "country_id": "UY", "fictitious": True}
    return registering.register(part.meeting_id, user, part.pk, values, {}, now, by)


def arguments(now: datetime) -> dict[str, list]:
    """url_name@object → arguments of the address."""
    codes = {
        "next": NEXT,
        "true": "wma-bilbao-2019",
        "draft": "draft-example",
        "closed": CLOSED,
        "small": SMALL,
    }
    live = Booking.objects.live().select_related("part")
    seat = live.of_ways().get(registration__user__email=people.PARTNER, part__meeting__code=NEXT)
    offer = live.get(registration__user__email=people.EXPERT, status=Booking.Status.OFFERED)
    applied = Booking.objects.awaiting_approval().get(part__meeting__code=SMALL)
    visits = {one.meeting.code: one.pk for one in Part.objects.visits().select_related("meeting")}
    online = {
        one.meeting.code: one.pk
        for one in Part.objects.filter(kind=Part.Kind.ONLINE).select_related("meeting")
    }
    question = FormQuestion.objects.filter(meeting__code=NEXT).of_registering().get()
    objects = {
        "seat_accept@next": [NEXT, 999_999],
        "seat_accept@small": [SMALL, offer.pk],
        "seat_give_back@next": [NEXT, seat.pk],
        "way_move@next": [NEXT, online[NEXT]],
        "way_move@closed": [CLOSED, online[CLOSED]],
        "seat_give_back@small": [SMALL, offer.pk],
        "visit_join@next": [NEXT, visits[NEXT]],
        "visit_join@small": [SMALL, visits[SMALL]],
        "form_question_edit@next": [NEXT, question.pk],
        "form_question_move@next": [NEXT, question.pk],
        "form_question_remove@next": [NEXT, question.pk],
        "visit_edit@next": [NEXT, visits[NEXT]],
        "visit_remove@next": [NEXT, visits[NEXT]],
        "registration_detail@next": [NEXT, seat.registration_id],
        "registration_detail@small": [SMALL, applied.registration_id],
        "registration_correct": [NEXT, seat.registration_id],
        "booking_approve": [SMALL, applied.pk],
        "booking_decline": [NEXT, seat.pk],
        "registration_csv": [NEXT],
        "registration_xlsx": [NEXT],
    }
    alone = {
        line.split()[0]
        for line in OURS.splitlines()
        if line and line[0].isalpha() and line.split()[0] not in objects
    }
    return objects | {name: [codes[name.partition("@")[2]]] for name in alone}


def keys() -> dict[str, object]:
    """The key of one row of each model in admin."""
    return {}
