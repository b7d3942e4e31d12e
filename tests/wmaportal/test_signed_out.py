"""A session that ends while somebody types: the words wait for the same person, and no other."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone

from documents.models import Comment
from tests.factories import CommentRoundFactory, PartnerUserFactory
from wmaportal import signed_out

pytestmark = pytest.mark.django_db
TEXT = "The value should name the leaching test.\nSee <Annex> 2."


@pytest.fixture
def address():
    now = timezone.now()
    comment_round = CommentRoundFactory(opens_at=now, closes_at=now + timedelta(days=9))
    return reverse("comment_add", args=[comment_round.pk]) + "?paragraph=2.1"


@pytest.fixture
def partner(client, address):
    """Types a comment; the session has ended before it is sent."""
    partner = PartnerUserFactory()
    client.force_login(partner)
    Session.objects.update(expire_date=timezone.now() - timedelta(minutes=1))
    answer = client.post(address, {"type": "general", "place": "2.1", "text": TEXT})
    assert answer.url.startswith("/accounts/login/?next=")
    assert not Comment.objects.exists()
    return partner


def test_after_signing_in_the_words_are_there_and_saved_with_one_click(client, partner, address):
    client.force_login(partner)

    page = client.get(address)

    assert "You were signed out before this was saved" in page.content.decode()
    assert "See &lt;Annex&gt; 2." in page.content.decode()
    assert page["Cache-Control"] == "private, no-store"
    client.post(address, dict(page.context["kept"]["fields"]))
    assert Comment.objects.get().text == TEXT
    assert "You were signed out" not in client.get(address).content.decode()


def test_somebody_else_at_the_same_computer_reads_nothing(client, partner, address):
    assert TEXT[:20] not in client.get(address, follow=True).content.decode()

    client.force_login(PartnerUserFactory())

    assert TEXT[:20] not in client.get(address).content.decode()


def test_who_does_not_want_them_goes_on_without(client, partner, address):
    client.force_login(partner)

    client.get(f"{address}&typed=no")

    assert "You were signed out" not in client.get(address).content.decode()


def test_they_wait_for_an_hour(client, partner, address, time_machine):
    time_machine.move_to(timezone.now() + signed_out.KEPT_FOR + timedelta(seconds=1))
    client.force_login(partner)

    assert "You were signed out" not in client.get(address).content.decode()


def test_a_password_is_never_kept(client):
    client.force_login(PartnerUserFactory())
    Session.objects.update(expire_date=timezone.now() - timedelta(minutes=1))

    client.post(reverse("account_set_password"), {"password1": "cinnabar is a red mineral"})

    assert signed_out.KEPT not in client.session


def test_words_of_nobody_are_not_kept(client, address):
    client.post(address, {"type": "general", "text": TEXT})

    assert signed_out.KEPT not in client.session
