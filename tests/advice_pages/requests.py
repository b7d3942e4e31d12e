"""Addresses of requests for advice. The letters and roles are those of tests/pages.py.

The role "partner" asked the role "expert" a day ago, and has a draft; nobody else may see either.
"""

from datetime import datetime

from django.core.files.uploadedfile import SimpleUploadedFile

from advice import abuse, answering, drafting
from advice.models import (
    AdviceRequest,
    AnswerLink,
    Attachment,
    Block,
    Choice,
    ContactReveal,
    Report,
    Side,
    Story,
)
from mailings import links, suppression
from partners import files
from partners.models import User

OURS = """
#                                GET        POST       PUT        DELETE
advice_home                      2222222222 XXXXXXXXXX XXXXXXXXXX
story_list                       2222222222 XXXXXXXXXX XXXXXXXXXX
request_add                      2222222222 2222222222 XXXXXXXXXX
request_terms                    XXXXXXXXXX 2222222222 XXXXXXXXXX
request_detail@asked             S-23----22 S-23------ SXXXXXXXXX
request_detail@accepted          S-2-3---22 S-2-3----- SXXXXXXXXX
request_detail@waiting           S-------22 S--------- SXXXXXXXXX
request_detail@draft             S-2------- S-2------- SXXXXXXXXX
request_edit@draft               S-2------- S-2------- SXXXXXXXXX
request_edit@asked               S-3------- S-3------- SXXXXXXXXX
request_experts@draft            S-2------- S-9------- SXXXXXXXXX
request_check@draft              S-2------- S-3------- SXXXXXXXXX
choice_detail@asked              S-22----22 S-22----22 SXXXXXXXXX
choice_detail@accepted           S-2-2---22 S-2-2---22 SXXXXXXXXX
request_file@asked               S-22----22 SXXXXXXXXX SXXXXXXXXX
request_file@draft               S-2------- SXXXXXXXXX SXXXXXXXXX
answer_by_link@asked             2222222222 2222222222 XXXXXXXXXX
answer_by_link@accepted          2222222222 2222222222 XXXXXXXXXX
answer_by_link@requester         2222222222 2222222222 XXXXXXXXXX
answer_by_link@dead              GGGGGGGGGG GGGGGGGGGG XXXXXXXXXX
answer_by_link_file@asked        2222222222 XXXXXXXXXX XXXXXXXXXX
answer_by_link_file@accepted     ---------- XXXXXXXXXX XXXXXXXXXX
answer_by_link_file@dead         GGGGGGGGGG XXXXXXXXXX XXXXXXXXXX
answer_by_link_fresh@asked       3333333333 2222222222 XXXXXXXXXX
answer_by_link_fresh@dead        GGGGGGGGGG 2222222222 XXXXXXXXXX
admin:advice_advicerequest_match SFFFFFF322 SFFFFFF399 SFFFFFF3XX
"""

MODELS = """
advice_advicerequest       2F2F23 2F2FF3 2F2F23
advice_block               2F2F23 2F2FF3 2F2F23
advice_choice              2F2F23 2F2FF3 2F2F23
advice_contactreveal       2F2F23 2F2FF3 2F2F23
advice_report              2F2F23 2F2FF3 2F2F23
advice_story               2F2F23 2F2FF3 2F2F23
"""

FILES: set[str] = {"request_file", "answer_by_link_file", "request_terms"}
ALIKE: set[str] = {"request_detail@waiting"}
QUERIES: dict[str, tuple[str, str]] = {
    "request_add@from-practice": ("request_add", "?practice=es-mersade"),
    "request_add@unknown": ("request_add", "?practice=magic&need=0"),
    "story_list@past-the-end": ("story_list", "?page=99"),
}


def furnish(partner: User, other: User, lead: User, now: datetime):
    """A request that `other` has accepted, files, links of each side, a report and a block."""
    accepted = drafting.begin(
        {
            "country_id": "UY",
            "text": "Who checks a collection point for lamps once a year?",
            "languages": ["en"],
            "remote_advice": True,
        },
        [],
        partner,
        now,
    )
    place = accepted.places.get()
    drafting.choose(accepted.pk, {place.pk: [(other.expert.pk, ["speaks English"])]}, partner, now)
    AdviceRequest.objects.filter(pk=accepted.pk).update(
        status=AdviceRequest.Status.ASKING, sent_at=now, asking_since=now
    )
    Choice.objects.filter(place=place).update(status=Choice.Status.ASKED, asked_at=now)
    answering.accept(place.choices.get().pk, now, other)
    for one, kind in ((_asked(partner).place.request, "asked"), (_draft(partner), "draft")):
        upload = SimpleUploadedFile(f"plan-{kind}.txt", b"Forty thousand lamps.")
        drafting.keep_file(Attachment(request=one, at=now), files.check_document(upload))
    for token, choice, side in (
        ("answer-asked", _asked(partner), Side.EXPERT),
        ("answer-accepted", _accepted(other), Side.EXPERT),
        ("answer-requester", _accepted(other), Side.REQUESTER),
    ):
        address = partner.email if side == Side.REQUESTER else choice.expert.mail_address
        AnswerLink.objects.create(
            choice=choice,
            side=side,
            token=token,
            address_hash=suppression.hash_of(address),
            created_at=now,
            expires_at=now + links.VALID_FOR,
        )
    abuse.report(_accepted(other).pk, Side.EXPERT, "This is advertising.", now, other)
    Block.objects.create(
        user=User.objects.get(email="colleague@example.org"), reason="Junk", by=lead, at=now
    )


def _asked(partner: User) -> Choice:
    return Choice.objects.select_related("expert__user", "place__request").get(
        place__request__requester=partner, status=Choice.Status.ASKED
    )


def _accepted(other: User) -> Choice:
    return Choice.objects.select_related("expert__user", "place__request__requester").get(
        expert__user=other, status=Choice.Status.ACCEPTED, place__request__fictitious=False
    )


def _draft(partner: User) -> AdviceRequest:
    return AdviceRequest.objects.get(requester=partner, status=AdviceRequest.Status.DRAFT)


def arguments(now: datetime) -> dict[str, list]:
    """url_name@object → arguments of the address."""
    partner = User.objects.get(email="partner@example.org")
    other = User.objects.get(email="expert01@example.org")
    asked, accepted, draft = _asked(partner), _accepted(other), _draft(partner)
    waiting = AdviceRequest.objects.filter(status=AdviceRequest.Status.WAITING).earliest("pk")
    found: dict[str, list] = {
        f"request_{page}@{name}": [one.pk]
        for page in ("detail", "edit", "experts", "check")
        for name, one in (
            ("asked", asked.place.request),
            ("accepted", accepted.place.request),
            ("waiting", waiting),
            ("draft", draft),
        )
    }
    files_of = {one.request_id: one.pk for one in Attachment.objects.all()}
    asked_file = files_of[asked.place.request_id]
    return found | {
        "choice_detail@asked": [asked.pk],
        "choice_detail@accepted": [accepted.pk],
        "request_file@asked": [asked_file],
        "request_file@draft": [files_of[draft.pk]],
        **{
            f"answer_by_link{page}@{name}": [f"answer-{name}"]
            for page in ("", "_fresh")
            for name in ("asked", "accepted", "requester", "dead")
        },
        **{
            f"answer_by_link_file@{name}": [f"answer-{name}", asked_file]
            for name in ("asked", "accepted", "dead")
        },
        "admin:advice_advicerequest_match": [waiting.pk],
    }


def keys() -> dict[str, object]:
    """The key of one row of each model in admin."""
    return {
        "advice_advicerequest": AdviceRequest.objects.sent().latest("pk").pk,
        "advice_block": Block.objects.first().pk,
        "advice_choice": Choice.objects.first().pk,
        "advice_contactreveal": ContactReveal.objects.first().pk,
        "advice_report": Report.objects.first().pk,
        "advice_story": Story.objects.first().pk,
    }
