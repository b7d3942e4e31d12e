"""Comments: written where they belong, kept as typed, sent together, never lost after the close."""

import re
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from documents import commenting
from documents.models import Comment, CommentRound, Invitee
from partners.refusals import Refused
from tests.factories import (
    NOW,
    CommentFactory,
    CommentRoundFactory,
    FileFactory,
    MembershipFactory,
    PartnerUserFactory,
    ResponseFactory,
    SectionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
AFTER = NOW + timedelta(days=11)  # the factories' rounds have closed a day before


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def partner():
    return PartnerUserFactory()


@pytest.fixture
def made(client, partner):
    """An open round on a text of two sections; the partner is signed in."""
    text = FileFactory()
    comment_round = CommentRoundFactory(version=text.version)
    SectionFactory(translation=text, order=1)
    SectionFactory(translation=text, order=2)
    client.force_login(partner)
    return comment_round


def add(made):
    return reverse("comment_add", args=[made.pk])


def typed(**values):
    return {"type": "technical", "text": "Say which decision.", "place": "2.1", **values}


def test_a_comment_is_anchored_at_its_paragraph_sent_and_changed_until_the_close(
    client, made, partner, clock
):
    text = client.get(reverse("round_text", args=[made.pk])).content.decode()
    address = f"{add(made)}?paragraph=2.1"
    assert f'href="{address}"' in text
    page = client.get(address).content.decode()
    assert "Waste falls under Article 11." in page
    answer = client.post(address, typed(proposed_text="= on dry matter"))
    assert answer["Location"].endswith(f"/rounds/{made.pk}/text/#p-2.1")
    client.post(add(made), typed(place="", text="A good text."))
    draft = Comment.objects.get(paragraph="2.1")
    assert (draft.section, draft.status, draft.number) == ("2", "draft", None)
    assert draft.proposed_text == "= on dry matter"

    assert not Invitee.objects.exists()
    client.post(reverse("round_send", args=[made.pk]))
    sent = list(Comment.objects.order_by("number").values_list("number", "text", "status"))
    assert sent == [(1, "A good text.", "sent"), (2, "Say which decision.", "sent")]
    assert Invitee.objects.get(user=partner).done_at == NOW

    edit = reverse("comment_edit", args=[made.pk, draft.pk])
    draft.refresh_from_db()
    client.post(edit, typed(text="Say it better.", seen=draft.changed_at.isoformat()))
    draft.refresh_from_db()
    assert (draft.text, draft.status, draft.number) == ("Say it better.", "sent", 2)
    clock.move_to(AFTER)
    answer = client.post(edit, typed(text="Too late.", seen=draft.changed_at.isoformat()))
    assert "cannot be changed any more" in answer.content.decode()
    assert "Too late." in answer.content.decode()
    draft.refresh_from_db()
    assert draft.text == "Say it better."


def test_what_comes_after_the_close_is_refused_clearly_and_offered_to_the_lead(
    client, made, partner, clock
):
    kept = CommentFactory(round=made, author=partner, status="draft", text="Half done")
    clock.move_to(AFTER)
    answer = client.post(add(made), typed(text="Typed for an hour"), follow=True)
    words = answer.content.decode()
    assert "The round is closed: this comment came too late. Your text is kept" in words
    assert "Typed for an hour" in words
    late = Comment.objects.get(text="Typed for an hour")
    assert (late.status, late.number) == (Comment.Status.LATE, None)

    page = client.get(made.get_absolute_url()).content.decode()
    assert "Offer them to the Lead" in page
    client.post(reverse("round_send", args=[made.pk]))
    kept.refresh_from_db()
    assert (kept.status, kept.text) == (Comment.Status.LATE, "Half done")

    made.status = "finished"
    made.finished_at = AFTER
    made.save()
    answer = client.post(add(made), typed(text="After the end"))
    assert "After the end" in answer.content.decode()
    assert not Comment.objects.filter(text="After the end").exists()


def test_two_windows_do_not_overwrite_each_other(client, made, partner):
    draft = CommentFactory(round=made, author=partner, status="draft", text="First")
    seen = draft.changed_at.isoformat()
    commenting.save(made.pk, partner, {"text": "Second"}, NOW + timedelta(minutes=1), draft.pk)
    edit = reverse("comment_edit", args=[made.pk, draft.pk])
    answer = client.post(edit, typed(text="Third", seen=seen))
    words = answer.content.decode()
    assert answer.status_code == 409
    assert "changed in another window" in words and "Second" in words and "Third" in words
    draft.refresh_from_db()
    assert draft.text == "Second"
    seen = answer.context["form"]["seen"].value()
    client.post(edit, typed(text="Third", seen=seen))
    draft.refresh_from_db()
    assert draft.text == "Third"


def test_a_draft_may_be_half_done_but_is_not_sent_without_words(client, made, partner):
    client.post(add(made), {"type": "general", "text": "", "place": "1.2"})
    with pytest.raises(Refused, match="no words yet"):
        commenting.send_all(made.pk, partner, NOW)
    empty = Comment.objects.get()
    client.post(add(made), typed())
    answer = client.post(reverse("round_send", args=[made.pk]), follow=True)
    assert "1 comment is sent." in answer.content.decode()
    assert "The draft on 1.2 has no words: write it or delete it." in answer.content.decode()
    assert commenting.drafts_of(made, partner).get() == empty
    client.post(reverse("comment_drop", args=[made.pk, empty.pk]))
    answer = client.post(reverse("round_send", args=[made.pk]), follow=True)
    assert "You have no draft to send." in answer.content.decode()


def test_what_is_a_draft_and_what_was_sent_stands_at_its_paragraph(client, made, partner):
    for place in ("2.1", "1.2"):
        client.post(add(made), typed(place=place))
    draft = Comment.objects.get(paragraph="1.2")
    commenting.save(made.pk, partner, {"text": ""}, NOW, draft.pk)
    commenting.send_all(made.pk, partner, NOW)

    page = client.get(reverse("round_text", args=[made.pk])).content.decode()

    sent = Comment.objects.get(number=1)
    for comment, words in ((draft, "Your draft, not sent"), (sent, "Your comment 1")):
        address = reverse("comment_edit", args=[made.pk, comment.pk])
        assert re.search(rf'href="{address}">{words}<', page)
    assert "The drafting team sees it when you send it." in page


def test_a_comment_that_was_taken_back_is_read_and_not_written_any_more(client, made, partner):
    gone = CommentFactory(round=made, author=partner, status="withdrawn", text="Not any more.")
    edit = reverse("comment_edit", args=[made.pk, gone.pk])

    page = client.get(edit).content.decode()
    assert "Not any more." in page
    assert "<textarea" not in page
    answer = client.post(edit, typed(text="Again.", seen=gone.changed_at.isoformat()))
    assert "Write a new one instead." in answer.content.decode()
    assert "Again." in answer.content.decode()
    gone.refresh_from_db()
    assert gone.text == "Not any more."


def test_a_late_comment_is_written_on_when_the_round_is_prolonged(client, made, partner, clock):
    late = CommentFactory(round=made, author=partner, status="late", text="Too late.")
    CommentRound.objects.filter(pk=made.pk).update(closes_at=AFTER + timedelta(days=7))
    clock.move_to(AFTER)

    page = client.get(reverse("comment_edit", args=[made.pk, late.pk]))

    assert not page.context["is_read_only"]


def test_who_reads_a_translation_comments_on_its_words_and_comes_back_to_it(client, made):
    french = FileFactory(version=made.version, language="fr", is_original=False)
    SectionFactory(translation=french, order=1, paragraphs=["Déchets.", "Mercure."])
    text = reverse("round_text", args=[made.pk])
    link = f"{add(made)}?paragraph=1.1&language=fr"

    assert link.replace("&", "&amp;") in client.get(text, {"language": "fr"}).content.decode()
    assert "Déchets." in client.get(link).content.decode()
    answer = client.post(link, typed(place="1.1"))
    assert answer["Location"] == f"{text}?language=fr#p-1.1"
    assert "language=" not in client.get(text, {"language": "xx"}).context["reading"].comment_url(
        "1"
    )


@pytest.mark.parametrize("status", ["open", "finished"])
def test_after_the_close_a_sent_comment_is_read_with_its_answer(
    client, made, partner, clock, status
):
    sent = CommentFactory(round=made, author=partner)
    ResponseFactory(comment=sent, reason="Added to the annex.")
    CommentRound.objects.filter(pk=made.pk).update(status=status)
    clock.move_to(AFTER)

    for address in (reverse("comment_edit", args=[made.pk, sent.pk]), made.get_absolute_url()):
        page = client.get(address).content.decode()
        assert sent.text in page
        assert ("Added to the annex." in page) == (status == "finished")
        assert "Offer it to the Lead" not in page


def test_who_is_no_partner_is_told_how_to_take_part_in_a_round_of_the_home_page(client, made):
    client.force_login(UserFactory())
    secret = CommentRoundFactory(audience="core")

    told = client.get(made.get_absolute_url())

    assert told.status_code == 403
    assert "This round asks partners." in told.content.decode()
    assert client.get(secret.get_absolute_url()).status_code == 404


def test_a_comment_that_is_taken_back_keeps_its_number_to_itself(made, partner):
    for text in ("One", "Two"):
        commenting.save(made.pk, partner, {"text": text}, NOW)
        commenting.send_all(made.pk, partner, NOW)
    second = Comment.objects.get(text="Two")
    commenting.drop(second.pk, partner, NOW)
    second.refresh_from_db()
    assert (second.status, second.number) == (Comment.Status.WITHDRAWN, 2)
    commenting.save(made.pk, partner, {"text": "Three"}, NOW)
    commenting.send_all(made.pk, partner, NOW)
    assert Comment.objects.get(text="Three").number == 3
    with pytest.raises(Refused, match="cannot be taken back"):
        commenting.drop(second.pk, partner, NOW)


def test_who_has_no_comments_says_so_once(client, made, partner):
    client.post(reverse("round_no_comments", args=[made.pk]))
    invitee = Invitee.objects.get(user=partner)
    assert (invitee.done_at, invitee.has_no_comments) == (NOW, True)
    commenting.save(made.pk, partner, {"text": "One after all"}, NOW)
    commenting.send_all(made.pk, partner, NOW)
    invitee.refresh_from_db()
    assert not invitee.has_no_comments
    with pytest.raises(Refused, match="You sent comments"):
        commenting.no_comments(made.pk, partner, NOW)


def test_nobody_comments_for_others_or_reads_their_drafts(client, made, partner):
    theirs = CommentFactory(round=made, status="draft", text="Somebody's draft")
    sent = CommentFactory(round=made, text="Somebody's comment")
    page = client.get(made.get_absolute_url()).content.decode()
    assert "Somebody" not in page
    for name in ("comment_edit", "comment_drop"):
        for comment in (theirs, sent):
            address = reverse(name, args=[made.pk, comment.pk])
            assert client.post(address, typed()).status_code == 404
    person = UserFactory()
    with pytest.raises(Refused, match="not for you"):
        commenting.save(made.pk, person, {"text": "Mine"}, NOW)
    client.force_login(person)
    assert client.post(add(made), typed()).status_code == 404
    assert Comment.objects.count() == 2


def test_only_organisations_of_the_person_can_be_represented(client, made, partner):
    own = MembershipFactory(user=partner).organisation
    other = MembershipFactory().organisation
    answer = client.post(add(made), typed(organisation=other.pk))
    assert "Select a valid choice" in answer.content.decode()
    client.post(add(made), typed(organisation=own.pk))
    assert Comment.objects.get().organisation == own


def test_a_number_that_the_text_does_not_have_is_kept_as_typed(client, made):
    client.post(add(made), typed(place="Annex II", page="7"))
    comment = Comment.objects.get()
    assert (comment.section, comment.paragraph, comment.page) == ("Annex II", "", 7)


def test_numbers_go_on_from_one_person_to_the_next(made):
    people = [PartnerUserFactory(), PartnerUserFactory()]
    for person in people:
        for number in range(3):
            commenting.save(made.pk, person, {"text": f"{number}"}, NOW)
    assert [commenting.send_all(made.pk, person, NOW) for person in people] == [3, 3]
    assert sorted(Comment.objects.values_list("number", flat=True)) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("text", ["", "  \n"])
def test_a_sent_comment_is_taken_back_but_not_emptied(client, made, partner, text):
    sent = CommentFactory(round=made, author=partner, text="Say which decision.")
    edit = reverse("comment_edit", args=[made.pk, sent.pk])

    answer = client.post(edit, typed(text=text, seen=sent.changed_at.isoformat()))

    assert "needs words" in answer.content.decode()
    sent.refresh_from_db()
    assert (sent.text, sent.status) == ("Say which decision.", "sent")


def test_a_draft_is_dropped_by_its_author_alone(made, partner):
    draft = CommentFactory(round=made, author=partner, status="draft")

    with pytest.raises(CommentRound.DoesNotExist):
        commenting.drop(draft.pk, PartnerUserFactory(), NOW)
    commenting.drop(draft.pk, partner, NOW)

    assert not Comment.objects.exists()


def test_the_number_of_a_question_may_be_nonsense(client, made):
    for number in ("9" * 5000, "x", "٣", ""):
        assert client.get(add(made), {"question": number}).status_code == 200
