"""The Lead prepares a comment round, opens it, and changes it without taking anything away."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from documents import rounds
from documents.models import CommentRound, Document
from partners.audience import Audience
from partners.models import Decision, Role
from partners.refusals import Refused
from tests.factories import (
    NOW,
    CommentFactory,
    CommentRoundFactory,
    DocumentFactory,
    LeadFactory,
    MembershipFactory,
    OrganisationFactory,
    PartnerFactory,
    PartnerUserFactory,
    RoleFactory,
    UserFactory,
    VersionFactory,
)

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
VALUES = ("title", "version", "address", "audience", "invitation", "opens_at", "closes_at")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def lead():
    return LeadFactory()


def prepared(**values) -> CommentRound:
    return CommentRoundFactory(
        status="prepared", opened_at=None, opened_by=None, opens_at=NOW, **values
    )


def as_form(comment_round, **changed):
    """What the browser sends for the form of this round."""
    return {
        "title": comment_round.title,
        "document": comment_round.version.document.code if comment_round.version_id else "",
        "address": comment_round.address,
        "audience": comment_round.audience,
        "invitation": comment_round.invitation,
        "questions": "\n".join(one.text for one in comment_round.questions.all()),
        "opens_at": comment_round.opens_at.strftime("%Y-%m-%dT%H:%M"),
        "closes_at": comment_round.closes_at.strftime("%Y-%m-%dT%H:%M"),
        "team": "",
        **changed,
    }


def test_a_round_is_prepared_looked_at_and_opened_in_the_browser(client, lead):
    document, member, partner = DocumentFactory(), UserFactory(), PartnerUserFactory()
    client.force_login(lead)
    page = client.get(reverse("round_add"), {"document": document.code})
    values = {name: page.context["form"][name].value() for name in page.context["form"].fields}
    assert (values["document"], document.title in values["title"]) == (document.code, True)
    answer = client.post(
        reverse("round_add"),
        {
            "title": "Comments on the thresholds",
            "document": document.code,
            "audience": "partners",
            "invitation": "Is the value right?",
            "questions": "Wet or dry?\n\nWhich test?",
            "opens_at": "2026-11-24T09:00",
            "closes_at": "2026-12-24T23:59",
            "team": member.email.upper(),
        },
    )
    made = CommentRound.objects.get()
    assert answer["Location"] == reverse("round_open", args=[made.pk])
    assert list(made.questions.values_list("number", "text")) == [
        (1, "Wet or dry?"), (2, "Which test?"),
    ]  # fmt: skip
    assert list(made.team.all()) == [member]
    client.force_login(partner)
    assert client.get(made.get_absolute_url()).status_code == 404

    client.force_login(lead)
    shown = client.get(answer["Location"]).content.decode()
    assert "24 December 2026, 23:59 UTC" in shown
    client.post(answer["Location"])
    document.refresh_from_db()
    assert document.status == Document.Status.OPEN
    assert made.invitees.filter(user=partner).exists()
    client.force_login(partner)
    page = client.get(made.get_absolute_url()).content.decode()
    assert "Comments close on 24 December 2026, 23:59 UTC" in page
    assert list(Decision.objects.values_list("action", flat=True)) == ["opened", "prepared"]


def test_who_is_asked_is_frozen_when_the_round_opens(lead):
    partner, person = PartnerUserFactory(), UserFactory()
    gone = PartnerUserFactory(is_active=False)
    core = RoleFactory(user=UserFactory(), kind=Role.Kind.CORE_MEMBER).user
    house = PartnerFactory(person=None, organisation=OrganisationFactory()).organisation
    colleague = MembershipFactory(organisation=house).user
    former = MembershipFactory(organisation=house, to_on=NOW.date() - DAY).user
    for_all, for_core = prepared(), prepared(audience=Audience.CORE)
    assert rounds.open_round(for_all.pk, lead, NOW) == for_all.invitees.count()
    rounds.open_round(for_core.pk, lead, NOW)
    asked = {one.user for one in for_all.invitees.all()}
    assert {partner, core, colleague} <= asked
    assert not asked & {person, gone, former}
    assert {one.user for one in for_core.invitees.all()} == {core}
    PartnerUserFactory()
    assert for_all.invitees.count() == len(asked)


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("narrowed", "for fewer people than the round: Core members"),
        ("twice", "opened already"),
        ("past", "The close has passed"),
        ("draft", "Publish the version first"),
        ("other", "Another round on this document"),
        ("superseded", "cannot be opened"),
    ],
)
def test_a_round_that_people_could_not_use_is_not_opened(case, words, lead):
    made = prepared()
    document = made.version.document
    now = NOW
    if case == "twice":
        rounds.open_round(made.pk, lead, NOW)
    elif case == "narrowed":
        Document.objects.filter(pk=document.pk).update(audience=Audience.CORE)
    elif case == "past":
        now = made.closes_at
    elif case == "draft":
        made.version = VersionFactory(document=document, number=2, published=False, url=False)
        made.save()
    elif case == "other":
        CommentRoundFactory(version=VersionFactory(document=document, number=2, url=False))
    else:
        document.status = Document.Status.SUPERSEDED
        document.save()
    asked = made.invitees.count()
    with pytest.raises(Refused, match=words):
        rounds.open_round(made.pk, lead, now)
    assert made.invitees.count() == asked


def test_an_open_round_closes_later_but_never_earlier_and_keeps_what_was_asked(client, lead):
    made = CommentRoundFactory()
    made.questions.create(number=1, text="Wet or dry?")
    client.force_login(lead)
    edit = reverse("round_edit", args=[made.pk])
    later = made.closes_at + 7 * DAY
    for changed, words in (
        ({"closes_at": (made.closes_at - DAY).strftime("%Y-%m-%dT%H:%M")}, "not earlier"),
        ({"questions": ""}, "add questions at the end"),
    ):
        answer = client.post(edit, as_form(made, invitation="Typed long", **changed))
        assert words in answer.content.decode(), changed
        assert "Typed long" in answer.content.decode()
    values = {name: getattr(made, name) for name in VALUES}
    for changed, words in (
        ({"audience": "public"}, "do not change any more"),
        ({"address": "https://example.org/"}, "do not change any more"),
        ({"opens_at": NOW}, "its beginning"),
    ):
        with pytest.raises(Refused, match=words):
            rounds.change(made.pk, values | changed, ["Wet or dry?"], [], lead, NOW)
    locked = [name for name, field in answer.context["form"].fields.items() if field.disabled]
    assert locked == ["document", "address", "audience", "opens_at"]
    client.post(
        edit,
        as_form(
            made,
            audience="public",
            closes_at=later.strftime("%Y-%m-%dT%H:%M"),
            questions="Wet or dry?\nHow often?",
        ),
    )
    made.refresh_from_db()
    assert (made.closes_at, made.questions.count()) == (later, 2)
    assert made.audience == "partners"
    assert "11 December 2026, 09:00 UTC" in Decision.objects.get(action="changed").reason


def test_an_open_round_keeps_its_version_when_a_newer_one_is_published(client, lead):
    made = CommentRoundFactory()
    asked_about, document = made.version, made.version.document
    document.current = VersionFactory(document=document, number=2, url=False)
    document.save()
    later = (made.closes_at + 7 * DAY).strftime("%Y-%m-%dT%H:%M")
    client.force_login(lead)

    answer = client.post(reverse("round_edit", args=[made.pk]), as_form(made, closes_at=later))

    assert answer.status_code == 302
    closed, made.closes_at = made.closes_at, None
    made.refresh_from_db()
    assert (made.version, made.closes_at) == (asked_about, closed + 7 * DAY)


def test_a_round_is_never_for_more_people_than_its_document(client, lead):
    document = DocumentFactory(title="For the core alone", audience=Audience.CORE)
    made, partner = prepared(version=document.current), PartnerUserFactory()
    client.force_login(lead)
    answer = client.post(reverse("round_add"), as_form(made))
    assert "This document is for fewer people: Core members" in answer.content.decode()

    # A document may be narrowed while people are asked about it
    opened = CommentRoundFactory(title="Comments on what is hidden now")
    opened.invitees.create(user=partner)
    seen = {None: reverse("home"), partner: reverse("my_page")}
    for audience, is_named in (("public", True), ("core", False)):
        Document.objects.filter(versions=opened.version_id).update(audience=audience)
        for person, address in seen.items():
            client.logout()
            if person:
                client.force_login(person)
            assert (opened.title in client.get(address).content.decode()) is is_named, address


def test_a_document_tells_nothing_of_a_round_of_the_core_and_is_not_open_after_the_close(
    client, lead, clock
):
    secret, told = prepared(audience=Audience.CORE), prepared()
    CommentRound.objects.filter(pk=told.pk).update(opens_at=NOW + DAY)
    for made in (secret, told):
        rounds.open_round(made.pk, lead, NOW)

    def badge(made):
        page = client.get(made.version.document.get_absolute_url())
        return page.context["state"].words

    assert (badge(secret), badge(told)) == ("Published", "Published")
    clock.move_to(NOW + 2 * DAY)
    assert (badge(secret), badge(told)) == ("Published", "Open for comments")
    clock.move_to(told.closes_at)
    assert (badge(secret), badge(told)) == ("Published", "Comments are being answered")


def test_a_question_that_has_comments_stays(lead):
    made = prepared()
    question = made.questions.create(number=1, text="Wet or dry?")
    CommentFactory(round=made, question=question, status="draft")
    values = {name: getattr(made, name) for name in VALUES}
    rounds.change(made.pk, values, [], [], lead, NOW)
    assert made.questions.get() == question


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"address": "https://example.org/basel.pdf"}, "one of both"),
        ({"document": ""}, "one of both"),
        ({"document": "nowhere"}, "No document of the library has the code “nowhere”"),
        ({"team": "nobody@example.org"}, "Nobody signs in with nobody@example.org"),
        ({"questions": "x" * 501}, "more than 500 letters"),
        ({"closes_at": "2026-01-01T00:00"}, "closes before it opens"),
        ({"closes_at": "soon"}, "Enter a valid date/time"),
    ],
)
def test_what_is_wrong_is_said_and_what_was_typed_stays(client, lead, changed, words):
    made = prepared()
    client.force_login(lead)
    answer = client.post(reverse("round_add"), as_form(made, invitation="Long words", **changed))
    assert words in answer.content.decode()
    assert "Long words" in answer.content.decode()
    assert CommentRound.objects.count() == 1


def test_a_round_on_a_document_elsewhere_names_its_address(client, lead):
    made = prepared(version=None, address="https://example.org/basel.pdf")
    rounds.open_round(made.pk, lead, NOW)
    client.force_login(PartnerUserFactory())
    page = client.get(made.get_absolute_url()).content.decode()
    assert 'href="https://example.org/basel.pdf"' in page
    assert "Write a comment" in page
    assert client.get(reverse("round_text", args=[made.pk])).status_code == 404


def test_the_list_begins_with_what_closes_first_and_is_the_same_number_of_queries(
    client, django_assert_max_num_queries
):
    late, soon = CommentRoundFactory(), CommentRoundFactory(closes_at=NOW + DAY)
    over = CommentRoundFactory(closes_at=NOW - DAY)
    client.force_login(PartnerUserFactory())
    with django_assert_max_num_queries(40) as few:
        page = client.get(reverse("round_list"))
    assert [row["round"] for row in page.context["taking"]] == [soon, late]
    assert [row["round"] for row in page.context["others"]] == [over]
    CommentRoundFactory.create_batch(5)
    with django_assert_max_num_queries(len(few)):
        client.get(reverse("round_list"))
