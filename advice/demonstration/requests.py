"""Invented requests, each on the way that real ones take: asked, answered, ended, told.

The texts stand in data/demonstration_requests.json. Who asks and who answers is invented and says
so. Every step is the portal's own, with the moment at which it is said to have been taken; of what
is long past no mail is kept. `script` says what happens: "accept", "decline", "hand_on" after so
many days, "no_answer", "nobody", "outcomes".
"""

import json
from datetime import datetime, timedelta
from pathlib import Path

from advice import answering, asking, conversing, drafting, leading, matching, outcomes, sending
from advice.models import AdviceRequest, Choice, Message, Side
from experts import presenting
from experts.models import Expert
from mailings.models import OutgoingMail
from partners import demonstration as people
from partners.models import Membership, Partner, Term, User

#: Mails of younger requests stay in the mailbox of the demonstration, to be tried
MAILS_KEPT_FOR = timedelta(days=3)
DAY = timedelta(days=1)


def load(now: datetime):
    """In the caller's transaction."""
    lead = User.objects.get(email=people.LEAD)
    terms = dict(Term.objects.values_list("code", "pk"))
    experts = _experts()
    for row in _read():
        _load(row, experts, terms, lead, now)
    _forget_old_mails(now)


def _read() -> list[dict]:
    data = Path(__file__).parents[1] / "data" / "demonstration_requests.json"
    return json.loads(data.read_text(encoding="utf-8"))


def _experts() -> dict[int, Expert]:
    """The forty by number."""
    found = Expert.objects.filter(fictitious=True, name__startswith="Expert ").defer("search")
    return {int(one.name.split()[1]): one for one in found}


def _requester(code: str, country: str, now: datetime) -> User:
    """An official of a ministry that is a partner; a newcomer is none."""
    if code == "partner":
        return User.objects.get(email=people.PARTNER)
    known = User.objects.filter(email=f"{code}@example.org").first()
    if known is not None:
        return known
    is_newcomer = code.startswith("newcomer")
    kind = "Newcomer" if is_newcomer else "Official"
    user = people.person(f"{code}@example.org", f"{kind} {code[-2:]} (example)")
    if not is_newcomer:
        name = presenting.country(country)
        ministry = people.organisation(
            f"Ministry of Environment, {name} (example)", "government", country, contact=user
        )
        Membership.objects.create(
            user=user,
            organisation=ministry,
            status=Membership.Status.APPROVED,
            from_on=people.SINCE,
            decided_by=user,
            decided_at=now,
        )
        people.standing(ministry, Partner.Status.APPROVED, now)
    return user


def _load(row: dict, experts: dict, terms: dict, lead: User, now: datetime):
    at = now - timedelta(days=row["days"])
    by = _requester(row["by"], row["country"], now)
    membership = Membership.objects.held_on(now.date()).filter(user=by).first()
    values = {
        "country_id": row["country"],
        "text": row["text"],
        "languages": row["languages"],
        "mail_language": next(
            (code for code in row["languages"] if code in ("en", "fr", "es")), "en"
        ),
        "team": row.get("team", False),
        "organisation": membership.organisation if membership else None,
        **{way: way in row["ways"] for way in ("remote_advice", "mission", "training")},
    }
    term_ids = [terms[code] for code in row["terms"]]
    request = drafting.begin(values, term_ids, by, at)
    AdviceRequest.objects.filter(pk=request.pk).update(fictitious=True)
    found = matching.propose(matching.wish_of(request), at, limit=len(experts))
    reasons = {one.expert.pk: list(one.reasons) for one in found}
    wanted = [
        (experts[number].pk, reasons.get(experts[number].pk, ["chosen by hand"]))
        for number in row["experts"]
    ]
    if not row.get("team"):
        drafting.choose(request.pk, {request.places.get().pk: wanted}, by, at)
    if row.get("draft"):
        return
    sending.send(request.pk, by, at)
    for step, *said in row["script"]:
        at = _STEPS[step](request, at, lead, experts, *said)


def _asked(request: AdviceRequest) -> Choice:
    return Choice.objects.select_related("expert__user").get(
        place__request=request, status=Choice.Status.ASKED
    )


def _accept(request, at, lead, experts, days):
    choice, at = _asked(request), at + days * DAY
    answering.accept(choice.pk, at, choice.expert.user)
    for hours, side, text in (
        (5, Side.EXPERT, "Good morning. I can call on Thursday. Which figures do you have?"),
        (29, Side.REQUESTER, "Thank you very much. Thursday is good. I send a table before."),
    ):
        written = conversing.say(choice.pk, side, text, [], at + timedelta(hours=hours))
        Message.objects.filter(pk=written.pk).update(author=_author(choice, side, request))
    return at


def _author(choice: Choice, side: Side, request: AdviceRequest) -> User | None:
    return choice.expert.user if side == Side.EXPERT else request.requester


def _decline(request, at, lead, experts, days, reason):
    choice, at = _asked(request), at + days * DAY
    answering.decline(choice.pk, reason, "", at, choice.expert.user)
    return at


def _hand_on(request, at, lead, experts, days, number):
    choice, at = _asked(request), at + days * DAY
    answering.hand_on(choice.pk, experts[number].pk, "", at, choice.expert.user)
    return at


def _no_answer(request, at, lead, experts):
    at += asking.ANSWER_WITHIN
    asking.move_on(at)
    return at


def _nobody(request, at, lead, experts, days, reason):
    leading.end_without_expert(request.pk, lead, reason, at + days * DAY)
    return at


def _outcomes(request, at, lead, experts, happened, helped, requester_says, expert_says, agrees):
    choice = Choice.objects.get(place__request=request, status=Choice.Status.ACCEPTED)
    for days, side, sentence in (
        (23, Side.REQUESTER, requester_says),
        (26, Side.EXPERT, expert_says),
    ):
        values = {"happened": happened, "helped": helped, "sentence": sentence, "agrees": agrees}
        outcomes.say(choice.pk, side, values, at + days * DAY)
    return at


_STEPS = {
    "accept": _accept,
    "decline": _decline,
    "hand_on": _hand_on,
    "no_answer": _no_answer,
    "nobody": _nobody,
    "outcomes": _outcomes,
}


def _forget_old_mails(now: datetime):
    """Mails of steps that are said to be long ago left long ago."""
    young = AdviceRequest.objects.sent().filter(sent_at__gt=now - MAILS_KEPT_FOR)
    keys = list(young.values_list("pk", flat=True))
    choices = list(Choice.objects.filter(place__request__in=keys).values_list("pk", flat=True))
    OutgoingMail.objects.filter(template__startswith="advice/mail/").exclude(
        context__request__pk__in=keys
    ).exclude(context__choice__pk__in=choices).delete()
