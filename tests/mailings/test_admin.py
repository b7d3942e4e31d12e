"""The Lead's view of mail: what may be read, what may be decided, how it is going."""

import os
import re
import secrets
from datetime import timedelta
from pathlib import Path

import psycopg2
import pytest
import time_machine
from django.conf import settings as portal
from django.core.mail import send_mail
from django.db import connection
from django.urls import reverse
from django.utils import translation

from experts import invitations, links
from experts.models import FollowUp, Invitation, ProfileLink
from mailings import (
    bounces,
    campaigning,
    deciding,
    delivery,
    kinds,
    mime,
    outbox,
    posting,
    relay,
    suppression,
    throttle,
)
from mailings.deciding import DROPPED
from mailings.links import VALID_FOR
from mailings.masking import masked
from mailings.models import (
    Bounce,
    IncomingCount,
    OutgoingMail,
    StopLink,
    Suppression,
    Throttle,
)
from mailings.moderation import KINDS
from partners import mail as ground
from partners.models import Decision
from partners.moderation import Answer
from partners.refusals import Refused
from tests.factories import NOW, ExpertFactory, LeadFactory, UserFactory

pytestmark = pytest.mark.django_db

CHANGELIST = reverse("admin:mailings_outgoingmail_changelist")
PROGRESS = reverse("admin:mailings_outgoingmail_progress")
TO = "person@example.net"


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def page(client, mail) -> str:
    response = client.get(reverse("admin:mailings_outgoingmail_change", args=[mail.pk]))
    assert response.status_code == 200
    return response.content.decode()


def row(state="queued", **values) -> OutgoingMail:
    return OutgoingMail.objects.create(
        **{
            "kind": "moderation",
            "state": state,
            "to": TO,
            "template": "experts/mail/listed",
            "answer": "What was said before",
            "created_at": NOW,
            "next_try": NOW,
            **values,
        }
    )


READY_MADE = {"kind": "transactional", "template": "", "content": b"Subject: code\r\n\r\n123456"}
SENDING = {"claimed_by": "0" * 32, "lease_until": NOW + timedelta(days=365 * 50)}


def said(response):
    return [str(message) for message in response.wsgi_request._messages]


def act(client, action, *mails):
    data = {"action": action, "_selected_action": [mail.pk for mail in mails]}
    return client.post(CHANGELIST, data)


def states(*mails):
    for mail in mails:
        mail.refresh_from_db()
    return [mail.state for mail in mails]


# What may be read

TEMPLATES = sorted(
    str(found.relative_to(folder)).removesuffix(".subject.txt")
    for folder in portal.TEMPLATES[0]["DIRS"]
    for found in Path(folder).glob("*/mail/*.subject.txt")
)


class Anything(str):
    """What a template may ask for: each attribute is there and the same word, but the key."""

    pk = 7
    NOT_OF_WORDS = ("alters_data", "day", "hour", "minute", "month", "tzinfo", "weekday", "year")

    def __getattr__(self, name):
        if name.startswith("_") or name in self.NOT_OF_WORDS:
            raise AttributeError(name)
        return self


def source_of(name: str) -> str:
    """A template with those that it extends."""
    text = (Path(portal.TEMPLATES[0]["DIRS"][0]) / name).read_text()
    return text + "".join(source_of(base) for base in re.findall(r'{% extends "(.+?)" %}', text))


def context_of(template: str, word: str) -> dict:
    """Every name that the templates speak of, as this word."""
    text = "".join(source_of(f"{template}{ending}") for ending in (".subject.txt", ".txt", ".html"))
    names = set(re.findall(r"[a-z_]{2,}", " ".join(re.findall(r"{[{%].*?[}%]}", text))))
    more = {"total": 2, "more": 1, "drafts": 1, "words_at_most": 1000}
    more["policy"] = {"reminders_a_year": 3}
    more["comments"] = [Anything(word)] if template.endswith("/answers") else [[Anything(word)] * 2]
    of_a_digest = [(Anything(word), [Anything(word)])]
    more |= {"groups": of_a_digest, "followed": of_a_digest}
    if template.startswith(campaigning.TEMPLATE):  # a test mail of it, too
        more["facts"] = [(Anything(word), Anything(word))]
    return dict.fromkeys(names, Anything(word)) | more


@pytest.mark.parametrize("make", [lambda: secrets.token_hex(16), lambda: secrets.token_urlsafe(16)])
def test_no_token_of_any_mail_of_the_portal_is_on_a_page_of_admin(client, lead, settings, make):
    settings.INBOUND_ADDRESS = "portal@example.org"
    shown = {}
    for template in TEMPLATES:
        token = make()
        mail = row("sent", template=template, kind="reminder", answer=f"NoReverseMatch: '{token}'")
        with translation.override("en"):
            written = ground.write(template, TO, context_of(template, token))
        headers = kinds.headers(mail, written.subject, NOW, outbox.Letter(stop=token))
        mail.subject = written.subject
        mail.content = mime.build(headers, written.text, written.html, f"part{mail.token}")
        mail.context = {"token": token}
        mail.save()
        had = token in f"{written.text} {mail.content.decode()}"
        html = page(client, mail)
        shown[template] = had, token in html, "<table" in html.partition("as it was sent")[2]

    listed = client.get(CHANGELIST, {"q": TO, "all": ""}).content.decode() + page(client, mail)
    tokens = [mail.context["token"] for mail in OutgoingMail.objects.all()]
    assert len(tokens) == len(TEMPLATES)
    assert [token for token in tokens if token in listed] == []
    assert len(TEMPLATES) > 25
    assert {template: seen for template, (_had, seen, _html) in shown.items() if seen} == {}
    assert all(had for had, _seen, _html in shown.values())


def test_true_mails_show_their_words_without_tokens(client, lead, mailoutbox):
    expert = ExpertFactory(email=TO)
    invitations.invite_to_claim(ExpertFactory(user=None).pk, lead, NOW)
    link = ProfileLink.objects.create(
        expert=expert,
        address_hash=suppression.hash_of(TO),
        created_at=NOW,
        expires_at=NOW + VALID_FOR,
    )
    links.send_fresh(link, NOW)
    assert len(mailoutbox) == 2
    tokens = [
        *ProfileLink.objects.values_list("token", flat=True),
        *Invitation.objects.values_list("token", flat=True),
        *StopLink.objects.values_list("token", flat=True),
        *FollowUp.objects.values_list("token", flat=True),
    ]
    assert len(tokens) >= 3

    for mail in OutgoingMail.objects.all():
        html = page(client, mail)
        assert "[…]/" in html
        assert masked(mail.subject) in html.replace("&#x27;", "'")
        assert [token for token in tokens if token in html] == []
        assert str(mail.context) not in html


def test_ready_made_mail_shows_neither_subject_nor_words(client, lead):
    send_mail("Code 987654", "Your code is 987654.", None, [TO])
    mail = OutgoingMail.objects.get()
    mail.subject = "Code 987654"  # even if something wrote one
    mail.save()

    for html in (
        page(client, mail),
        client.get(CHANGELIST).content.decode(),
        client.get(PROGRESS).content.decode(),
    ):
        assert "987654" not in html
        assert "Your code" not in html
    assert "Not readable" in page(client, mail)


def test_the_html_part_is_not_rendered(client, lead, mailoutbox):
    expert = ExpertFactory(email=TO, name="<b>Ann</b> & <script>x</script>")
    outbox.post("experts/mail/listed", TO, {"expert": expert})
    assert len(mailoutbox) == 1

    html = page(client, OutgoingMail.objects.get())
    assert "&lt;b&gt;Ann&lt;/b&gt; &amp; &lt;script&gt;" in html
    assert "font-family" not in html


def test_what_was_reported_stands_beside_the_mail(client, lead):
    mail = row("sent")
    bounce = bounces.note(TO, Bounce.Kind.HARD, Bounce.Source.REPORT, NOW, mail, "5.1.1", "gone")

    html = page(client, mail)
    assert reverse("admin:mailings_bounce_change", args=[bounce.pk]) in html
    about = client.get(reverse("admin:mailings_bounce_change", args=[bounce.pk])).content.decode()
    assert reverse("admin:mailings_outgoingmail_change", args=[mail.pk]) in about


def test_words_that_are_not_there_yet_or_any_more_are_said_to_be_so(client, lead):
    assert "It is written when it leaves." in page(client, row())
    assert "Not kept." in page(client, row("sent"))


MASKS = [
    ("http://localhost:8000/experts/by-link/0123456789abcdef0123456789abcdef/edit/", True),
    ("https://portal.example.org/x/?token=abcdefghijklmnopqrstuvwxyz", True),
    ("portal+stop-0123456789abcdef0123456789abcdef@example.org", True),
    ("a word 0123456789abcdef0123 in a text", True),
    ("abcdefghijKLMNOPQRSTUVWX and -aB-------------------", True),
    ("Bundesministeriumsangelegenheiten", False),
    ("RAMSARCONVENTIONSECRETARIAT", False),
    ("http://localhost:8000/experts/me/edit/", False),
    ("----------------------------------", False),
    ("水銀廃棄物の適正処理に関する専門家の登録を確認してください2026年Hg", False),
    ("+81 3 5550 2000 and 5550200055502000555020", False),
]


@pytest.mark.parametrize(("text", "hides"), MASKS)
def test_what_is_masked(text, hides):
    assert ("[…]" in masked(text)) == hides
    if not hides:
        assert masked(text) == text


def test_a_very_long_word_is_masked_in_no_time():
    assert masked("a" * 500_000 + " " + "1a" * 250_000) == "a" * 500_000 + " […]"
    assert masked("http://x/" + "-" * 500_000) == "http://x/[…]"
    assert masked("1-" * 250_000) == "1-" * 250_000


def test_rows_are_found_by_state_kind_mail_and_address(client, lead):
    wanted = row("failed", to="Wanted@example.net")
    row("sent", **READY_MADE)
    for query in (
        {"state__exact": "failed"},
        {"kind__exact": "moderation"},
        {"mail": "experts/mail/listed"},
        {"q": "wanted@"},
    ):
        found = client.get(CHANGELIST, query).context["cl"].queryset
        assert [mail.pk for mail in found] == [wanted.pk], query
    assert client.get(CHANGELIST, {"mail": "-"}).context["cl"].queryset.get().template == ""


def test_a_list_of_many_takes_as_many_queries_as_a_list_of_one(
    client, lead, django_assert_num_queries
):
    def number():
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as queries:
            client.get(CHANGELIST)
            client.get(reverse("admin:mailings_suppression_changelist"))
            client.get(PROGRESS)
        return len(queries)

    def add(n):
        row("failed")
        row("uncertain")
        suppression.suppress(str(n), "", Suppression.Reason.BOUNCED, NOW)

    add(1)
    number()  # what is asked once in a process
    first = number()
    for n in range(2, 8):
        add(n)
    assert number() == first


# What may be decided


def test_an_uncertain_mail_is_sent_again_with_its_message_id(client, lead, mailoutbox):
    expert = ExpertFactory(email=TO)
    context = {"expert": {"model": "experts.expert", "pk": expert.pk}}
    first, second = (row("uncertain", context=context) for _n in range(2))
    message_id = first.message_id

    response = act(client, "repeat", first, second)

    assert said(response) == ["2 mails are sent again."]
    assert states(first, second) == ["queued", "queued"]
    assert (first.answer, first.message_id) == ("", message_id)
    assert mailoutbox[0].extra_headers.get("Message-ID") == message_id
    decisions = Decision.objects.filter(action="repeated mail", actor=lead)
    assert sorted(decisions.values_list("object_id", flat=True)) == [first.pk, second.pk]


@pytest.mark.parametrize("state", ["queued", "sending", "sent", "deferred", "failed", "skipped"])
def test_no_other_mail_is_repeated(client, lead, state):
    mail = row(state, **(SENDING if state == "sending" else {}))

    response = act(client, "repeat", mail)

    assert said(response)[0].startswith("Only a mail that is uncertain")
    assert states(mail) == [state]
    assert mail.answer == "What was said before"
    assert not Decision.objects.exists()


def test_ready_made_mail_is_repeated_only_while_its_words_are_there(client, lead):
    there, gone = row("uncertain", **READY_MADE), row("uncertain", **READY_MADE | {"content": None})

    response = act(client, "repeat", there, gone)

    assert states(there, gone) == ["queued", "uncertain"]
    assert said(response) == [
        "1 mail is sent again.",
        "1 mail was left as it is: it is in another state.",
    ]


@pytest.mark.parametrize("state", ["uncertain", "queued", "deferred"])
def test_what_is_open_is_dropped(client, lead, state):
    mail, code = row(state), row(state, **READY_MADE)

    response = act(client, "drop", mail, code)

    assert said(response) == ["2 mails are dropped."]
    assert states(mail, code) == ["skipped", "skipped"]
    assert (mail.answer, mail.finished_at, code.content) == (DROPPED, NOW, None)
    assert Decision.objects.filter(action="dropped mail").count() == 2


@pytest.mark.parametrize("state", ["sending", "sent", "failed", "skipped"])
def test_what_is_over_or_in_a_workers_hand_is_not_dropped(client, lead, state):
    mail = row(state, **(SENDING if state == "sending" else {}))
    response = act(client, "drop", mail)

    assert said(response)[0].startswith("Only a mail that waits or is uncertain")
    assert states(mail) == [state]


def test_a_mail_that_a_worker_claimed_is_not_dropped(client, lead):
    claimed = row("queued", **SENDING)
    left_behind = row("queued", claimed_by="0" * 32, lease_until=NOW - timedelta(days=365 * 20))

    act(client, "drop", claimed, left_behind)

    assert states(claimed, left_behind) == ["queued", "skipped"]
    assert left_behind.claimed_by is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("state", "step"), [("queued", deciding.drop), ("uncertain", deciding.repeat)]
)
def test_who_comes_second_does_not_wait_and_is_refused(state, step):
    """A worker that is claiming the row, or another Lead who decides on it at this moment."""
    mail, lead = row(state), LeadFactory()
    other = psycopg2.connect(os.environ["DATABASE_URL"])
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT FROM mailings_outgoingmail WHERE id = %s FOR UPDATE", [mail.pk])
            with pytest.raises(Refused):
                step([mail.pk], lead, NOW)
        other.rollback()  # waits until the lock is gone, which closing does not
    finally:
        other.close()

    assert states(mail) == [state]
    assert not Decision.objects.exists()
    assert step([mail.pk], lead, NOW) == 1


def test_nothing_is_changed_or_deleted_by_hand(client, lead):
    mail = row("sent")
    for view in ("change", "delete"):
        address = reverse(f"admin:mailings_outgoingmail_{view}", args=[mail.pk])
        assert client.post(address, {"state": "queued", "post": "yes"}).status_code == 403
    assert states(mail) == ["sent"]
    html = client.get(CHANGELIST).content.decode()
    assert "delete_selected" not in html


# Progress


def progress(client):
    response = client.get(PROGRESS)
    assert response.status_code == 200
    return response


def test_the_figures_are_those_of_the_outbox(client, lead):
    row(created_at=NOW - timedelta(hours=2))
    row("deferred", next_try=NOW + timedelta(hours=1), created_at=NOW - timedelta(hours=9))
    for minutes in (1, 1, 5, 70):
        row("sent", kind="reminder", finished_at=NOW - timedelta(minutes=minutes))
    found = progress(client).context["progress"]

    assert found.rows == [
        ("Transactional", [0] * 8),
        ("Moderation notice", [1, 0, 0, 1, 0, 0, 0, 0]),
        ("Passed on between two people", [0] * 8),
        ("Reminder", [0, 0, 4, 0, 0, 0, 0, 0]),
        ("Announcement", [0] * 8),
        ("Digest of announcements", [0] * 8),
    ]
    assert found.totals == [1, 0, 4, 1, 0, 0, 0, 0]
    assert (found.waiting, found.in_last_hour, found.busiest) == (2, 3, 2)
    assert found.oldest == NOW - timedelta(hours=2)
    assert found.is_late


def test_failures_of_seven_days_are_grouped_by_what_the_server_said(client, lead):
    for name in ("a", "b"):
        row(
            "failed",
            finished_at=NOW,
            answer=f"550 5.1.1 <{name}@example.net> unknown 4bQz9x1Fz{name}",
        )
    row("failed", finished_at=NOW - timedelta(days=6), answer="554 no")
    row("failed", finished_at=NOW - timedelta(days=8), answer="554 never")

    found = progress(client).context["failures"]
    assert [(group["said"], group["n"]) for group in found] == [
        ("550 5.1.1 … unknown …", 2),
        ("554 no", 1),
    ]


def test_addresses_that_are_marked_are_counted(client, lead):
    for number, kind in enumerate((Bounce.Kind.HARD, Bounce.Kind.HARD, Bounce.Kind.COMPLAINT)):
        bounces.note(f"{number}@example.net", kind, Bounce.Source.SMTP, NOW)
    html = progress(client).content.decode()

    assert "2 addresses from which mail came back" in html
    assert "1 whose reader marked our mail as unwanted" in html


def test_mail_that_came_in_is_counted_by_sort_for_a_week(client, lead):
    forged, reply = posting.Outcome.FORGED, relay.Outcome.TAKEN
    for days, sort, number in ((0, reply, 2), (6, reply, 3), (6, forged, 7), (7, forged, 9)):
        day = NOW.date() - timedelta(days=days)
        IncomingCount.objects.create(day=day, sort=sort, number=number)
    found = progress(client).context["progress"].came_in

    assert found == [("A forged mail at the posting address", 7), ("A reply, taken", 5)]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "At most 100,000 mails a second leave now."),
        ({"slowed_until": NOW + timedelta(minutes=5)}, "leaves at half the speed"),
        ({"slowed_until": NOW - timedelta(minutes=5)}, "At most 100,000"),
        ({"away_until": NOW + timedelta(seconds=5)}, "cannot be reached"),
        ({"held_at": NOW, "held_why": "554 go away"}, "554 go away"),
    ],
)
def test_the_speed_is_said_in_words(client, lead, values, words):
    Throttle.objects.update(**values)

    assert words in progress(client).content.decode()


def test_the_lead_lets_held_mail_go_on(client, lead):
    address = reverse("admin:mailings_outgoingmail_go_on")
    Throttle.objects.update(held_at=NOW, held_why="554 go away")
    assert address in progress(client).content.decode()

    response = client.post(address)

    assert said(response) == ["Mail leaves again."]
    assert throttle.current().held_at is None
    decision = Decision.objects.get()
    assert (decision.action, decision.reason) == ("let mail go on", "554 go away")
    assert address not in progress(client).content.decode()
    assert said(client.post(address)) == ["Mail is not held any more."]
    assert Decision.objects.count() == 1


def test_uncertain_mails_are_decided_on_the_page(client, lead):
    first, second, third = (row("uncertain") for _n in range(3))
    address = reverse("admin:mailings_outgoingmail_decide")

    client.post(address, {"mail": [first.pk, "nonsense"], "step": "repeat"})
    client.post(address, {"mail": [second.pk], "step": "drop"})

    assert states(first, second, third) == ["queued", "skipped", "uncertain"]
    nothing = client.post(address, {"step": "drop"})
    assert said(nothing)[-1] == "Nothing is ticked. Tick at least one mail."
    assert client.post(address, {"mail": [third.pk], "step": "explode"}).status_code == 400
    assert states(third) == ["uncertain"]


def test_looking_changes_nothing_and_others_see_nothing(client):
    row("uncertain")
    client.force_login(UserFactory())
    assert client.get(PROGRESS).status_code == 403
    assert client.post(reverse("admin:mailings_outgoingmail_go_on")).status_code == 403


# The queue

HELD, UNCERTAIN = (
    next(kind for kind in KINDS if kind.code == code) for code in ("held-mail", "uncertain-mail")
)


def test_the_queue_says_that_mail_is_held_until_the_lead_lets_it_go_on():
    assert not HELD.waiting(NOW).exists()
    Throttle.objects.update(held_at=NOW - timedelta(hours=1), held_why="554 go away")
    row()
    row("queued", **READY_MADE, priority=0)

    (item,) = HELD.describe(HELD.waiting(NOW))
    assert (item.since, item.facts) == (NOW - timedelta(hours=1), {"waiting": 1})
    HELD.steps["go_on"].run(item.object.pk, Answer(LeadFactory(), NOW))
    assert not HELD.waiting(NOW).exists()


def test_the_queue_asks_about_each_uncertain_mail():
    first, second = row("uncertain"), row("uncertain", to="")
    row("sent")
    items = UNCERTAIN.describe(UNCERTAIN.waiting(NOW).order_by("pk"))
    assert [item.title for item in items] == [
        "Nobody knows whether a mail to person@example.net left",
        "Nobody knows whether a mail to an unknown address left",
    ]

    answer = Answer(LeadFactory(), NOW)
    UNCERTAIN.steps["repeat"].run(first.pk, answer)
    UNCERTAIN.steps["drop"].run(second.pk, answer)

    assert states(first, second) == ["queued", "skipped"]
    with pytest.raises(Refused):
        UNCERTAIN.steps["repeat"].run(first.pk, answer)


def test_both_stand_in_the_queue_with_their_buttons(client, lead):
    mail = row("uncertain")
    Throttle.objects.update(held_at=NOW, held_why="554 go away")
    index = reverse("admin:index")
    html = client.get(index).content.decode()
    assert "Mail is held: it was refused too often in a row" in html
    assert "Nobody knows whether a mail to person@example.net left" in html

    for kind, pk, step in (("held-mail", 1, "go_on"), ("uncertain-mail", mail.pk, "drop")):
        address = reverse("admin:queue_decide", args=[kind, pk])
        assert address in client.get(index, {"kind": kind}).content.decode()
        assert client.post(address, {"step": step}).url == index

    assert throttle.current().held_at is None
    assert states(mail) == ["skipped"]


# Addresses


def test_a_mark_is_lifted_in_admin(client, lead):
    bounces.note(TO, Bounce.Kind.HARD, Bounce.Source.SMTP, NOW)
    suppression.suppress("0" * 64, "profile", Suppression.Reason.STOPPED, NOW)
    changelist = reverse("admin:mailings_suppression_changelist")
    keys = list(Suppression.objects.values_list("pk", flat=True))

    response = client.post(changelist, {"action": "lift", "_selected_action": keys})

    assert "Written to again: 1." in said(response)
    assert [found.reason for found in Suppression.objects.all()] == ["stopped"]
    assert Decision.objects.get().action == "lifted suppression"


def test_neither_the_address_nor_its_hash_is_shown(client, lead):
    bounces.note(TO, Bounce.Kind.HARD, Bounce.Source.SMTP, NOW, diagnostic=f"550 <{TO}> unknown")
    bounce, mark = Bounce.objects.get(), Suppression.objects.get()
    for address in (
        reverse("admin:mailings_suppression_changelist"),
        reverse("admin:mailings_suppression_change", args=[mark.pk]),
        reverse("admin:mailings_bounce_changelist"),
        reverse("admin:mailings_bounce_change", args=[bounce.pk]),
    ):
        html = client.get(address).content.decode()
        assert TO not in html
        assert mark.address_hash not in html


def test_a_worker_sends_what_was_repeated_once(client, lead):
    expert = ExpertFactory(email=TO)
    mail = row("uncertain", context={"expert": {"model": "experts.expert", "pk": expert.pk}})
    act(client, "repeat", mail)
    act(client, "repeat", mail)
    delivery.deliver()
    delivery.deliver()

    assert states(mail) == ["sent"]
    assert Decision.objects.filter(action="repeated mail").count() == 1
