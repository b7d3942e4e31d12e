"""Mails about requests: whom, with which words, in which language; and whether they still leave.

A mail is written when it leaves (mailings/outbox.py), so that it says what is true then; each side
gets a link of its own that acts without sign-in, and a reply by e-mail comes back into the
conversation.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Count, Q
from django.utils.functional import Promise, lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from advice.models import AdviceRequest, AnswerLink, Choice, ContactReveal, Message, Side
from experts.models import Audience, Expert
from mailings import links, outbox, relay
from mailings.models import OutgoingMail
from mailings.outbox import Letter, Skip
from partners import languages


def _named(codes: list[str]) -> str:
    return ", ".join(map(languages.name, codes))


_spoken = lazy(_named, str)  # in the language of the mail, which is active later

Kind = OutgoingMail.Kind

ASKED = "advice/mail/request_asked"
TO_EXPERT = "advice/mail/expert_news"
TO_REQUESTER = "advice/mail/request_news"
MESSAGE = "advice/mail/request_message"

#: Codes of the two places in a conversation (mailings/relay.py); the key is that of the choice
PLACES = {Side.EXPERT: "advice_expert", Side.REQUESTER: "advice_requester"}


def register():
    """Name the functions that write the mails; called when the app is ready."""
    for template in (ASKED, TO_EXPERT):
        outbox.prepared_by(template, letters_to_experts)
    outbox.prepared_by(TO_REQUESTER, letters_to_requesters)
    outbox.prepared_by(MESSAGE, letters_with_messages)


# Promised by steps


def ask(choice: Choice):
    """The question whether the expert can help."""
    expert = choice.expert
    outbox.post(
        ASKED, expert.mail_address, {"choice": choice, "what": "asked"}, Kind.RELAYED, expert.reads
    )


def tell_expert(choice: Choice, what: str):
    """`what`: accepted, called_off, too_late. Nothing where there is no address any more."""
    if choice.expert.mail_address:
        outbox.post(
            TO_EXPERT,
            choice.expert.mail_address,
            {"choice": choice, "what": what},
            Kind.MODERATION,
            choice.expert.reads,
        )


def tell_requester(
    request: AdviceRequest,
    what: str,
    choice: Choice | None = None,
    following: Choice | None = None,
):
    """`what` happened; `choice` is the expert it is about, `following` who is asked now."""
    outbox.post(
        TO_REQUESTER,
        request.requester.email,
        {"request": request, "what": what, "choice": choice, "following": following},
        Kind.MODERATION,
        request.mail_language,
    )


def relay_message(message: Message):
    """What one side wrote goes to the other; what the Lead wrote to both."""
    sides = (
        [Side.REQUESTER, Side.EXPERT] if message.side == Side.LEAD else [other_side(message.side)]
    )
    for side in sides:
        to, language = address_of(message.choice, side), _language_of(message.choice, side)
        if to:
            outbox.post(
                MESSAGE, to, {"message": message, "side": str(side)}, Kind.RELAYED, language
            )


def other_side(side: str) -> Side:
    return Side.EXPERT if side == Side.REQUESTER else Side.REQUESTER


def address_of(choice: Choice, side: str) -> str:
    """Where mail to one side of a choice goes now; empty where nobody may be written to."""
    if side == Side.EXPERT:
        return choice.expert.mail_address
    requester = choice.place.request.requester
    return requester.email if requester.is_active else ""


def _language_of(choice: Choice, side: str) -> str:
    if side == Side.EXPERT:
        return choice.expert.reads
    return choice.place.request.mail_language


# Written when they leave

_CHOICES = (
    Choice.objects.annotate(
        files=Count(
            "place__request__attachments", filter=Q(place__request__attachments__message=None)
        )
    )
    .select_related(
        "expert__user",
        "expert__organisation",
        "place__term",
        "place__request__requester",
        "place__request__organisation",
        "place__request__country",
        "place__request__area",
    )
    .defer("expert__search")
)


def choices(keys: Iterable[int]) -> dict[int, Choice]:
    """These choices with all that a mail says of them, by key; one query."""
    return _CHOICES.in_bulk(list(keys))


def _key(mail: OutgoingMail, name: str) -> int | None:
    kept = mail.context.get(name)
    return kept["pk"] if kept else None


def _gone() -> Skip:
    return Skip("What the mail speaks of is gone.")


def letters_to_experts(mails: list[OutgoingMail], now: datetime) -> dict[int, Letter | Skip]:
    """The question, or what became of it; a question that was called off meanwhile stays here."""
    found = choices({_key(mail, "choice") for mail in mails})
    about = {mail.pk: found.get(_key(mail, "choice")) for mail in mails}
    letters: dict[int, Letter | Skip] = {}
    for mail in mails:
        choice, what = about[mail.pk], mail.context["what"]
        if choice is None or not choice.expert.mail_address:
            letters[mail.pk] = _gone()
        elif what == "asked" and choice.status != Choice.Status.ASKED:
            letters[mail.pk] = Skip("The question was called off, or answered, meanwhile.")
        elif what == "accepted" and choice.status != Choice.Status.ACCEPTED:
            letters[mail.pk] = Skip("The request was withdrawn, or called off, meanwhile.")
    to_write = [mail for mail in mails if mail.pk not in letters]
    tokens = make_links(to_write, about, Side.EXPERT, now)
    known = _known_to_experts([about[mail.pk].pk for mail in to_write])
    for mail in to_write:
        choice = about[mail.pk]
        letters[mail.pk] = letter(
            choice,
            Side.EXPERT,
            mail,
            now,
            tokens[mail.pk],
            can_reply=mail.context["what"] in ("asked", "accepted"),
            what=mail.context["what"],
            files=choice.files,
            address=choice.place.request.requester.email if choice.pk in known else "",
        )
    return letters


def _known_to_experts(keys: list[int]) -> set[int]:
    """Choices of which the expert knows the requester's address."""
    reveals = ContactReveal.objects.filter(choice__in=keys, of__isnull=False)
    return set(reveals.values_list("choice", flat=True))


def letters_to_requesters(mails: list[OutgoingMail], now: datetime) -> dict[int, Letter | Skip]:
    """What happened to the request, in the requester's language."""
    requests = AdviceRequest.objects.select_related(
        "requester", "organisation", "country", "area"
    ).in_bulk({_key(mail, "request") for mail in mails})
    found = choices(
        {key for mail in mails for name in ("choice", "following") if (key := _key(mail, name))}
    )
    letters: dict[int, Letter | Skip] = {}
    for mail in mails:
        request = requests.get(_key(mail, "request"))
        choice = found.get(_key(mail, "choice"))
        if request is None or not request.requester.is_active:
            letters[mail.pk] = _gone()
            continue
        relayed = mail.context["what"] == "accepted"
        if relayed and (choice is None or choice.status != Choice.Status.ACCEPTED):
            letters[mail.pk] = Skip("The expert does not help any more.")
            continue
        context = {
            "request": request,
            "title": request.title,
            "name": request.requester.name,
            "what": mail.context["what"],
            "choice": choice,
            "following": found.get(_key(mail, "following")),
            "contact": contact_for_requester(choice) if relayed else {},
            "reason": request.status_reason,
        }
        token = relay.reply_token(PLACES[Side.REQUESTER], choice.pk) if relayed else ""
        letters[mail.pk] = Letter(context, to=request.requester.email, relay=token)
    return letters


def contact_for_requester(choice: Choice) -> dict[str, str]:
    """What the requester may know of the expert: field → value; only what was given, as long as the
    expert helps, is there, and has not taken it back.
    """
    expert = choice.expert
    if choice.status != Choice.Status.ACCEPTED or expert.status == Expert.Status.WITHDRAWN:
        return {}
    reveal = choice.reveals.filter(expert=expert).first()
    fields = reveal.fields.split() if reveal else []
    return {
        field: value
        for field in Expert.PRIVATE_FIELDS
        if field in fields
        and getattr(expert, f"{field}_audience") != Audience.LEAD
        and (value := getattr(expert, field))
    }


def letters_with_messages(mails: list[OutgoingMail], now: datetime) -> dict[int, Letter | Skip]:
    """One message to the other side, under the writer's name and the portal's address."""
    messages = (
        Message.objects.select_related("author")
        .prefetch_related("attachments")
        .in_bulk({_key(mail, "message") for mail in mails})
    )
    found = choices({message.choice_id for message in messages.values()})
    about = {}
    letters: dict[int, Letter | Skip] = {}
    for mail in mails:
        message = messages.get(_key(mail, "message"))
        choice = found.get(message.choice_id) if message else None
        about[mail.pk] = choice
        if choice is None or not address_of(choice, mail.context["side"]):
            letters[mail.pk] = _gone()
    to_write = [mail for mail in mails if mail.pk not in letters]
    for side in (Side.EXPERT, Side.REQUESTER):
        of_side = [mail for mail in to_write if mail.context["side"] == side]
        tokens = make_links(of_side, about, side, now)
        for mail in of_side:
            choice, message = about[mail.pk], messages[_key(mail, "message")]
            letters[mail.pk] = letter(
                choice,
                side,
                mail,
                now,
                tokens[mail.pk],
                message=message,
                text=shown_text(message, choice),
                files=list(message.attachments.all()),
                writer=writer_of(message, choice),
            )
    return letters


def shown_text(message: Message, choice: Choice) -> str:
    """The message as the other side reads it: without addresses until the expert has accepted."""
    if message.side == Side.LEAD or choice.status == Choice.Status.ACCEPTED:
        return message.text
    return relay.without_addresses(message.text)


def writer_of(message: Message, choice: Choice) -> str | Promise:
    """The name under which a message stands, in the language of who reads it later."""
    if message.side == Side.EXPERT:
        return choice.expert.name
    if message.side == Side.LEAD:
        return gettext_lazy("The Lead")
    return choice.place.request.requester.name or gettext_lazy("The requester")


def make_links(
    mails: list[OutgoingMail], about: dict[int, Choice], side: Side, now: datetime
) -> dict[int, str]:
    """Token by key of the mail; `about` has the choice by key of the mail."""
    if not mails:
        return {}
    return links.make(
        AnswerLink,
        mails,
        {
            mail.pk: (
                address_of(about[mail.pk], side),
                {"choice": about[mail.pk], "side": side},
            )
            for mail in mails
        },
        now,
    )


def hide_addresses(choice: Choice, side: Side):
    """Before acceptance the expert reads the request without the addresses that stand in it.

    Changes the text in memory: nothing of the request may be saved afterwards.
    """
    if side == Side.EXPERT and choice.status != Choice.Status.ACCEPTED:
        request = choice.place.request
        request.text = relay.without_addresses(request.text)
        request.house = relay.without_addresses(request.house)


def letter(
    choice: Choice,
    side: Side,
    mail: OutgoingMail,
    now: datetime,
    token: str,
    can_reply: bool = True,
    **context,
) -> Letter:
    """One mail to one side of a choice: with its link and, where it can be replied to, the way back
    into the conversation.
    """
    request = choice.place.request
    hide_addresses(choice, side)
    sender = ""
    if mail.kind == Kind.RELAYED:
        name = " ".join((context.get("writer") or request.requester.name).split())
        sender = str(_("%(name)s via Waste Management Area") % {"name": name})
    return Letter(
        {
            "choice": choice,
            "request": request,
            "title": request.title,
            "token": token,
            "side": str(side),
            "valid_until": now + links.VALID_FOR,
            "spoken": _spoken(request.languages),
            **context,
        },
        to=address_of(choice, side),
        relay=relay.reply_token(PLACES[side], choice.pk) if can_reply else "",
        sender=sender,
        stop=context.get("stop", ""),
    )
