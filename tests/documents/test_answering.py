"""The drafting team answers, shares out, and the Lead ends the round."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.contrib import admin
from django.db import connection, transaction
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from documents import answer_overview, answering, publishing
from documents.models import Comment, CommentRound, Document, Response
from documents.moderation import rounds as moderation
from mailings import mime, outbox
from mailings.models import OutgoingMail
from partners import mail
from partners.models import Decision
from partners.refusals import Refused
from tests.factories import (
    NOW,
    CommentFactory,
    CommentRoundFactory,
    LeadFactory,
    OrganisationFactory,
    PartnerUserFactory,
    ResponseFactory,
    SectionFactory,
    UserFactory,
    VersionFactory,
)
from wmaportal.local import servers

pytestmark = pytest.mark.django_db
AFTER = NOW + timedelta(days=11)  # the factories' rounds have closed a day before
SENTENCE = "Two comments came from one house and say the same."


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def team_member():
    return PartnerUserFactory()


@pytest.fixture
def one_round(team_member):
    made = CommentRoundFactory()
    made.team.add(team_member)
    return made


def reread(row):
    return type(row)._base_manager.get(pk=row.pk)


def signed_in(client, user):
    client.force_login(user)
    return client


# Answers


def test_an_answer_needs_a_verdict_and_a_reason_also_when_it_only_notes(one_round, team_member):
    comment = CommentFactory(round=one_round)

    for verdict, reason in (
        ("", "Why."),
        ("perhaps", "Why."),
        ("noted", "  "),
        ("noted", "x" * 5001),
    ):
        with pytest.raises(Refused):
            answering.answer(comment.pk, verdict, reason, team_member, NOW)

    assert not Response.objects.exists()


@pytest.mark.parametrize("status", ["draft", "late", "withdrawn"])
def test_only_sent_comments_are_answered(one_round, team_member, status):
    sent = CommentFactory(round=one_round)
    other = CommentFactory(round=one_round, status=status)

    with pytest.raises(Refused, match="Only comments that were sent"):
        answering.answer_many(
            one_round.pk, [sent.pk, other.pk], "accepted", "Done.", team_member, NOW
        )

    assert not Response.objects.exists()


@pytest.mark.parametrize("status", ["prepared", "finished", "cancelled"])
def test_answers_stay_as_they_are_outside_an_open_round(team_member, status):
    answered = ResponseFactory(comment__round__status=status)
    comment, ended = answered.comment, answered.comment.round
    ended.team.add(team_member)

    with pytest.raises(Refused, match="This round"):
        answering.answer(comment.pk, "noted", "Changed.", team_member, NOW)
    with pytest.raises(Refused, match="This round"):
        answering.assign(ended.pk, [comment.pk], None, team_member, NOW)

    assert reread(answered).reason == "Added."


def test_an_answer_is_changed_until_the_round_is_finished(one_round, team_member):
    comment = CommentFactory(round=one_round)
    answering.answer(comment.pk, "accepted", "Added.", team_member, NOW)

    answering.answer(comment.pk, "partly", " Only the date. ", team_member, AFTER)

    [response] = Response.objects.all()
    assert (response.verdict, response.reason, response.at) == ("partly", "Only the date.", AFTER)


def test_who_saves_second_sees_the_first_answer_and_loses_no_word(one_round, client, clock):
    first, second = PartnerUserFactory(), PartnerUserFactory()
    one_round.team.add(first, second)
    comment = CommentFactory(round=one_round, changed_at=NOW - timedelta(days=5))
    address = reverse("answer_edit", args=[one_round.pk, comment.pk])
    page = signed_in(client, second).get(address)
    seen = page.context["form"]["seen"].value()
    answering.answer(comment.pk, "accepted", "The first answer.", first, NOW)

    typed = {"verdict": "not_accepted", "reason": "The second answer.", "seen": seen}
    answer = client.post(address, typed)

    assert answer.status_code == 409
    assert [response.reason for response in Response.objects.all()] == ["The first answer."]
    text = answer.content.decode()
    assert "The first answer." in text
    assert "The second answer." in text
    again = client.post(address, typed | {"seen": answer.context["form"]["seen"].value()})
    assert again.status_code == 302
    assert [response.reason for response in Response.objects.all()] == ["The second answer."]


def test_an_answer_to_words_that_their_author_changed_meanwhile_is_held_up(one_round, team_member):
    comment = CommentFactory(round=one_round)
    seen = answering.stamp(comment)
    Comment.objects.filter(pk=comment.pk).update(text="Another text.", changed_at=AFTER)

    with pytest.raises(answering.Collision):
        answering.answer(comment.pk, "accepted", "Added.", team_member, AFTER, seen=seen)


def test_the_same_answer_for_many_overwrites_nobodys(one_round, team_member):
    answered = ResponseFactory(comment__round=one_round).comment
    open_ones = CommentFactory.create_batch(3, round=one_round)
    keys = [comment.pk for comment in open_ones]

    with pytest.raises(Refused, match=rf"Comment {answered.number} has an answer already"):
        answering.answer_many(
            one_round.pk, [*keys, answered.pk], "noted", "Thank you.", team_member, NOW
        )
    assert Response.objects.count() == 1

    assert answering.answer_many(one_round.pk, keys, "noted", "Thank you.", team_member, NOW) == 3
    assert answering.unanswered(one_round.version.document_id) == 0


def test_nobody_answers_or_shares_out_comments_of_another_round(one_round, team_member, client):
    own, foreign = CommentFactory(round=one_round), CommentFactory()
    address = reverse("answer_list", args=[one_round.pk])
    typed = {"comment": [own.pk, foreign.pk], "bulk-verdict": "noted", "bulk-reason": "Thank you."}
    signed_in(client, team_member)

    for button in ({"do": "answer"}, {"do": "assign", "bulk-assigned_to": team_member.pk}):
        page = client.post(address, typed | button)
        assert page.status_code == 200
        assert "Only comments that were sent can be answered" in page.content.decode()
    with pytest.raises(Refused, match="Only the drafting team"):
        answering.answer(foreign.pk, "noted", "Thank you.", team_member, NOW)
    with pytest.raises(Refused, match="Only the drafting team"):
        answering.answer_many(
            foreign.round_id, [foreign.pk], "noted", "Thank you.", team_member, NOW
        )

    assert not Response.objects.exists()
    assert not Comment.objects.filter(assigned_to__isnull=False).exists()
    with pytest.raises(Refused, match="Nothing is ticked"):
        answering.answer_many(one_round.pk, [], "noted", "Thank you.", team_member, NOW)


def test_comments_are_given_to_the_team_and_leads_alone(one_round, team_member):
    lead, stranger = LeadFactory(), PartnerUserFactory()
    keys = [comment.pk for comment in CommentFactory.create_batch(2, round=one_round)]

    with pytest.raises(Refused, match="not of the drafting team"):
        answering.assign(one_round.pk, keys, stranger.pk, lead, NOW)
    for user in (team_member, lead):
        assert answering.assign(one_round.pk, keys, user.pk, lead, NOW) == 2
        assert {one.assigned_to for one in Comment.objects.all()} == {user}
    answering.assign(one_round.pk, keys, None, lead, NOW)
    assert {one.assigned_to for one in Comment.objects.all()} == {None}


# Late comments


def test_an_admitted_late_comment_gets_the_next_number_and_its_author_a_mail(one_round):
    CommentFactory(round=one_round, number=7)
    late = CommentFactory(round=one_round, status="late")
    lead = LeadFactory()

    answering.admit_late(late.pk, lead, AFTER)

    late = reread(late)
    assert (late.status, late.number, late.sent_at) == ("sent", 8, AFTER)
    assert answering.unanswered(one_round.version.document_id) == 2
    written = _written(late.author.email)
    assert "it is comment 8" in " ".join(written.text.split())
    assert Decision.objects.get().action == "admitted a late comment"
    with pytest.raises(Refused, match="does not wait any more"):
        answering.admit_late(late.pk, lead, AFTER)


def test_a_refused_late_comment_is_kept_with_its_text_and_its_author_reads_why(one_round):
    late = CommentFactory(round=one_round, status="late", text="Too late, and kept.")

    with pytest.raises(Refused, match="reason"):
        answering.refuse_late(late.pk, " ", LeadFactory(), AFTER)
    answering.refuse_late(late.pk, "The text is at the printer.", LeadFactory(), AFTER)

    kept = reread(late)
    assert (kept.status, kept.text) == ("not_admitted", "Too late, and kept.")
    assert kept in Comment.objects.visible_to(late.author)
    assert "The text is at the printer." in _written(late.author.email).html
    assert Decision.objects.get().reason == "The text is at the printer."


def test_a_late_comment_without_words_or_of_a_finished_round_is_not_admitted(one_round):
    empty = CommentFactory(round=one_round, status="late", text="", proposed_text="")
    over = CommentFactory(round__status="finished", status="late")

    for late in (empty, over):
        with pytest.raises(Refused):
            answering.admit_late(late.pk, LeadFactory(), AFTER)
        assert reread(late).status == "late"


def _written(address: str) -> mail.Written:
    """The one mail to this address, with its words."""
    row = OutgoingMail.objects.get(to=address)
    letter = outbox.letters([row], AFTER)[row.pk]
    return mail.write(row.template, letter.to or row.to, letter.context)


# The end


def test_a_round_is_not_finished_while_a_comment_is_unanswered_or_undecided(one_round):
    lead = LeadFactory()
    comment = CommentFactory(round=one_round)
    late = CommentFactory(round=one_round, status="late")

    with pytest.raises(Refused, match="1 comment is not answered"):
        answering.finish(one_round.pk, lead, AFTER)
    answering.answer(comment.pk, "accepted", "Added.", lead, AFTER)
    with pytest.raises(Refused, match="1 late comment waits"):
        answering.finish(one_round.pk, lead, AFTER)
    answering.refuse_late(late.pk, "Too late.", lead, AFTER)
    with pytest.raises(Refused, match="People can still comment until 4 December 2026, 09:00 UTC"):
        answering.finish(one_round.pk, lead, NOW)

    assert reread(one_round).status == CommentRound.Status.OPEN
    answering.finish(one_round.pk, lead, AFTER)
    with pytest.raises(Refused, match="is finished"):
        answering.finish(one_round.pk, lead, AFTER)


def test_the_next_version_is_not_published_while_a_comment_is_unanswered(one_round):
    document, lead = one_round.version.document, LeadFactory()
    comment = CommentFactory(round=one_round)
    following = VersionFactory(document=document, number=2, published=False)

    with pytest.raises(Refused, match="1 comment on this document is not answered"):
        publishing.publish(following.pk, lead, AFTER)
    answering.answer(comment.pk, "accepted", "Added.", lead, AFTER)
    publishing.publish(following.pk, lead, AFTER)

    assert reread(document).current == following


def test_an_override_needs_a_sentence_which_is_kept_with_the_round_and_in_the_log(one_round):
    CommentFactory(round=one_round)
    lead = LeadFactory()

    with pytest.raises(Refused, match="as a sentence"):
        answering.finish(one_round.pk, lead, AFTER, "Hurry.")
    answering.finish(one_round.pk, lead, AFTER, f" {SENTENCE} ", public=True)

    done = reread(one_round)
    assert (done.status, done.reason, done.finished_by) == ("finished", SENTENCE, lead)
    assert (done.finished_at, done.is_public_response) == (AFTER, True)
    decision = Decision.objects.get()
    assert (decision.action, decision.reason) == ("finished with an override", SENTENCE)
    assert answering.unanswered(one_round.version.document_id) == 0


def test_each_commenter_gets_exactly_one_mail_with_all_own_answers(one_round):
    busy, quiet, gone = PartnerUserFactory(), PartnerUserFactory(), PartnerUserFactory()
    for number, author in enumerate((busy, quiet, busy, gone), start=1):
        words = {"text": f"Said {number}.", "proposed_text": f"Proposed {number}."}
        comment = CommentFactory(round=one_round, author=author, number=number, **words)
        ResponseFactory(comment=comment, verdict="partly", reason=f"Because <{number}>.")
    CommentFactory(round=one_round, author=PartnerUserFactory(), status="draft")
    type(gone).objects.filter(pk=gone.pk).update(is_active=False)

    answering.finish(one_round.pk, LeadFactory(), AFTER)

    assert sorted(row.to for row in OutgoingMail.objects.all()) == sorted([busy.email, quiet.email])
    written = _written(busy.email)
    for words in ("Said 1.", "Proposed 1.", "Said 3.", "Accepted in part"):
        assert words in written.text
        assert words in written.html
    assert "Because <3>." in written.text
    assert "Because &lt;3&gt;." in written.html
    assert "Said 2." not in written.text


def test_the_mail_to_somebody_with_five_hundred_comments_stays_under_100_kilobytes(one_round):
    author = PartnerUserFactory()
    Comment.objects.bulk_create(
        Comment(
            round=one_round,
            author=author,
            number=number,
            status="sent",
            sent_at=NOW,
            text="汞" * 1500,
            proposed_text="水银 " * 500,
        )
        for number in range(1, 501)
    )
    answering.finish(one_round.pk, LeadFactory(), AFTER, SENTENCE)

    written = _written(author.email)
    built = mime.build([("Subject", "x")], written.text, written.html, "b" * 20)

    assert len(built) < 100_000
    assert "more comments have their answers on the page" in " ".join(written.text.split())
    assert reverse("round_matrix", args=[one_round.pk]) in written.text


def test_the_document_is_published_again_when_its_last_round_ends(one_round):
    document = one_round.version.document
    Document.objects.filter(pk=document.pk).update(status=Document.Status.OPEN)

    answering.finish(one_round.pk, LeadFactory(), AFTER)

    assert reread(document).status == Document.Status.PUBLISHED


def test_a_round_on_a_document_elsewhere_ends_in_the_same_way():
    elsewhere = CommentRoundFactory(version=None, address="https://example.org/draft.pdf")
    comment = CommentFactory(round=elsewhere, section="", paragraph="", page=4)
    lead = LeadFactory()

    answering.answer(comment.pk, "accepted", "Added.", lead, AFTER)
    answering.finish(elsewhere.pk, lead, AFTER)

    assert "page 4" in _written(comment.author.email).text


def test_a_cancelled_round_tells_everybody_who_wrote_and_keeps_the_reason(one_round):
    sent, draft = CommentFactory(round=one_round), CommentFactory(round=one_round, status="draft")
    Document.objects.update(status=Document.Status.OPEN)

    with pytest.raises(Refused, match="as a sentence"):
        answering.cancel(one_round.pk, "Stop.", LeadFactory(), NOW)
    answering.cancel(one_round.pk, SENTENCE, LeadFactory(), NOW)

    done = reread(one_round)
    assert (done.status, done.reason) == ("cancelled", SENTENCE)
    assert done.version.document.status == Document.Status.PUBLISHED
    for comment in (sent, draft):
        assert SENTENCE in _written(comment.author.email).html
    assert OutgoingMail.objects.count() == 2
    assert answering.unanswered(done.version.document_id) == 0
    with pytest.raises(Refused, match="has ended already"):
        answering.cancel(one_round.pk, SENTENCE, LeadFactory(), NOW)


@pytest.mark.django_db(transaction=True)
def test_an_answer_cannot_slip_past_the_end_of_its_round():
    comment = CommentFactory()
    lead, said = LeadFactory(), []

    def late_answer():
        try:
            answering.answer(comment.pk, "accepted", "Added.", lead, AFTER)
        except Refused as refusal:
            said.append(str(refusal))
        finally:
            connection.close()

    def it_waits() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM pg_locks"
                " WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
            )
            return cursor.fetchone()[0] > 0

    thread = threading.Thread(target=late_answer)
    with transaction.atomic():
        answering.finish(comment.round_id, lead, AFTER, SENTENCE)
        thread.start()
        assert servers.wait_until(it_waits, 10)
    thread.join()

    assert said == ["This round is finished: its answers do not change any more."]
    assert not Response.objects.exists()


# The queue


def test_the_queue_shows_rounds_to_finish_and_those_left_lying_for_two_weeks(one_round):
    codes = {kind.code: kind for kind in moderation.KINDS}
    over = codes["rounds_over"]
    CommentFactory(round=one_round)
    answered = ResponseFactory(comment__round=CommentRoundFactory()).comment.round
    left = CommentFactory(round__closes_at=NOW - timedelta(days=13)).round

    def waiting(now):
        return [one.object for one in over.describe(over.waiting(now).order_by("pk"))]

    assert waiting(NOW) == []
    assert waiting(NOW + timedelta(days=1)) == [left]
    assert waiting(AFTER) == [answered, left]
    assert waiting(one_round.closes_at + timedelta(days=14)) == [one_round, answered, left]
    late = CommentFactory(status="late")
    CommentFactory(status="late", round__status="cancelled")
    items = codes["comments_late"].describe(codes["comments_late"].waiting(NOW))
    assert [(one.object, one.facts) for one in items] == [(late, {"can_be_admitted": True})]


def test_drafts_of_others_are_not_in_the_leads_admin(one_round):
    sent = CommentFactory(round=one_round)
    CommentFactory(round=one_round, status="draft")
    request = RequestFactory().get("/")
    request.user = LeadFactory()

    assert [*admin.site.get_model_admin(Comment).get_queryset(request)] == [sent]


# The pages


def test_pages_of_the_team_are_for_the_team_and_the_end_for_the_lead(
    client, one_round, team_member, clock
):
    comment = CommentFactory(round=one_round)
    lead, partner, person = LeadFactory(), PartnerUserFactory(), UserFactory()
    addresses = {
        "answer_list": [one_round.pk],
        "answer_edit": [one_round.pk, comment.pk],
        "round_finish": [one_round.pk],
        "round_cancel": [one_round.pk],
    }

    def got(user):
        signed_in(client, user)
        return [
            client.get(reverse(name, args=args)).status_code for name, args in addresses.items()
        ]

    assert got(lead) == [200, 200, 200, 200]
    assert got(team_member) == [200, 200, 403, 403]
    assert got(partner) == [403, 403, 403, 403]
    assert got(comment.author) == [403, 403, 403, 403]
    assert got(person) == [404, 404, 404, 404]
    draft = CommentFactory(round=one_round, status="draft")
    signed_in(client, lead)
    assert client.get(reverse("answer_edit", args=[one_round.pk, draft.pk])).status_code == 404


def test_what_was_typed_and_ticked_for_many_is_still_there_after_an_error(
    client, one_round, team_member, clock
):
    answered = ResponseFactory(comment__round=one_round).comment
    waits, unticked = CommentFactory.create_batch(2, round=one_round)
    address = reverse("answer_list", args=[one_round.pk]) + "?answered=no"
    signed_in(client, team_member)
    sent = {
        "do": "answer",
        "comment": [answered.pk, waits.pk],
        "bulk-verdict": "noted",
        "bulk-reason": "Typed with care.",
    }

    page = client.post(address, sent)

    assert page.status_code == 200
    assert "has an answer already" in page.content.decode()
    assert "Typed with care." in page.content.decode()
    rows = dict(page.context["rows"])
    assert rows == {answered: True, waits: True, unticked: False}
    assert client.post(address, {"do": "assign", "comment": [waits.pk]}).status_code == 200
    assert client.post(f"{address}&page=9", sent).status_code == 200
    done = client.post(f"{address}&page=9", sent | {"comment": [waits.pk]})
    assert done.url == address
    assert Response.objects.get(comment=waits).reason == "Typed with care."


def test_the_list_is_filtered_and_stands_in_the_order_of_the_text(client, team_member, clock):
    section = SectionFactory(label="2", order=1)
    SectionFactory(translation=section.translation, label="10", order=2)
    comment_round = CommentRoundFactory(version=section.version)
    comment_round.team.add(team_member)
    house = OrganisationFactory(name="Federation of Recyclers")
    last = CommentFactory(round=comment_round, section="10", paragraph="10.1", type="editorial")
    first = CommentFactory(round=comment_round, section="", paragraph="", organisation=house)
    middle = ResponseFactory(
        comment__round=comment_round, comment__section="2", comment__paragraph="2.2"
    ).comment
    Comment.objects.filter(pk=last.pk).update(assigned_to=team_member)
    signed_in(client, team_member)

    def shown(query=""):
        page = client.get(reverse("answer_list", args=[comment_round.pk]) + query)
        assert page.status_code == 200
        return [comment for comment, _ticked in page.context["rows"]]

    assert shown() == [first, middle, last]
    assert shown("?answered=yes") == [middle]
    assert shown("?answered=no") == [first, last]
    assert shown("?section=10") == shown("?assigned=me") == shown("?type=editorial") == [last]
    assert shown("?section=whole") == shown(f"?organisation={house.pk}") == [first]
    assert shown("?assigned=nobody&organisation=none") == [middle]
    assert shown("?section=99&answered=perhaps") == [first, middle, last]


def test_save_and_next_goes_on_to_what_is_mine_or_nobodys(client, one_round, team_member, clock):
    other = PartnerUserFactory()
    one_round.team.add(other)
    here, others, nobodys = (
        CommentFactory(round=one_round, section=str(n), paragraph=f"{n}.1") for n in (1, 2, 3)
    )
    answering.assign(one_round.pk, [others.pk], other.pk, team_member, NOW)
    signed_in(client, team_member)

    def save(comment):
        address = reverse("answer_edit", args=[one_round.pk, comment.pk])
        seen = client.get(address).context["form"]["seen"].value()
        typed = {"verdict": "accepted", "reason": "Added.", "seen": seen, "next": "1"}
        return client.post(address, typed).url

    assert save(here) == reverse("answer_edit", args=[one_round.pk, nobodys.pk])
    assert save(nobodys) == reverse("answer_list", args=[one_round.pk])
    briefs = answer_overview.of(one_round)
    assert answer_overview.next_unanswered(briefs, here.pk, other.pk).pk == others.pk


def test_a_comment_stands_beside_its_paragraph_and_what_others_said_there(
    client, team_member, clock
):
    section = SectionFactory(label="1")
    comment_round = CommentRoundFactory(version=section.version)
    comment_round.team.add(team_member)
    mine, other = CommentFactory.create_batch(2, round=comment_round, paragraph="1.2")
    CommentFactory(round=comment_round, paragraph="1.1")
    signed_in(client, team_member)

    page = client.get(reverse("answer_edit", args=[comment_round.pk, mine.pk]))

    assert page.context["section"]["quoted"] == [
        ("1.2", "A leaching test may be used in addition.")
    ]
    assert page.context["others"] == [other]


def test_the_lead_finishes_on_the_page_and_an_override_is_asked_for_there(
    client, one_round, team_member
):
    comment = CommentFactory(round=one_round)
    lead = LeadFactory()
    address = reverse("round_finish", args=[one_round.pk])
    with time_machine.travel(AFTER, tick=False):
        signed_in(client, lead)
        page = client.get(address)
        assert [one.pk for one in page.context["waiting"]] == [comment.pk]
        assert page.context["people"] == 1
        assert client.post(address, {"public": "on"}).status_code == 200
        assert reread(one_round).status == "open"
        done = client.post(address, {"public": "on", "override": SENTENCE})
        assert done.url == one_round.get_absolute_url()
        assert client.get(address).status_code == 302

    assert (reread(one_round).status, reread(one_round).reason) == ("finished", SENTENCE)


def test_the_list_takes_the_same_queries_for_few_comments_and_many(
    client, one_round, team_member, clock
):
    signed_in(client, team_member)

    def queries(number: int) -> int:
        for _n in range(number):
            ResponseFactory(comment__round=one_round, comment__organisation=OrganisationFactory())
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("answer_list", args=[one_round.pk]))
        return len(captured)

    assert queries(2) == queries(20)
