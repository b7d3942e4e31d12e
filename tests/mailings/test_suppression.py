"""Addresses that are not written to, and how they are written to again."""

import pytest

from mailings import bounces, outbox, suppression
from mailings.models import Bounce, Suppression
from partners.models import Decision
from partners.refusals import Refused
from tests.factories import NOW, ExpertFactory, LeadFactory

pytestmark = pytest.mark.django_db

TO = "Person@Example.net"


def mark(topic="", reason=Suppression.Reason.BOUNCED) -> Suppression:
    suppression.suppress(suppression.hash_of(TO), topic, reason, NOW)
    return Suppression.objects.get(topic=topic)


def test_the_hash_is_the_same_in_python_and_in_the_database():
    ExpertFactory(email=TO)

    from experts.models import Expert

    found = Expert.objects.annotate(found=suppression.AddressHash("email")).get().found
    assert found == suppression.hash_of(" person@example.NET ")


def test_no_mail_but_sign_in_mail_goes_to_a_marked_address(mailoutbox):
    mark()
    expert = ExpertFactory(email=TO)
    stopped = outbox.post("experts/mail/listed", TO, {"expert": expert})
    sign_in = outbox.post("experts/mail/listed", TO, {"expert": expert}, outbox.Kind.TRANSACTIONAL)

    assert [mail.to for mail in mailoutbox] == [[TO]]
    stopped.refresh_from_db()
    sign_in.refresh_from_db()
    assert (stopped.state, sign_in.state) == ("skipped", "sent")
    assert stopped.answer == "Mail to the address came back"


def test_a_mark_is_set_once_and_keeps_its_first_reason():
    mark()
    mark(reason=Suppression.Reason.COMPLAINT)

    assert Suppression.objects.get().reason == "bounced"


def test_the_lead_lifts_a_mark_and_bounces_are_forgiven():
    bounces.note(TO, Bounce.Kind.HARD, Bounce.Source.SMTP, NOW)
    row, lead = Suppression.objects.get(), LeadFactory()

    suppression.lift_by_hand(row.pk, lead, NOW)

    assert not Suppression.objects.exists()
    assert not Bounce.objects.get().counts
    decision = Decision.objects.get()
    assert (decision.actor, decision.action) == (lead, "lifted suppression")
    with pytest.raises(Refused):
        suppression.lift_by_hand(row.pk, lead, NOW)


def test_the_lead_cannot_lift_what_the_person_asked_for():
    row = mark("profile", Suppression.Reason.STOPPED)

    with pytest.raises(Refused):
        suppression.lift_by_hand(row.pk, LeadFactory(), NOW)

    assert Suppression.objects.get() == row
    assert not Decision.objects.exists()


def test_whether_somebody_in_the_portal_has_the_address_is_said_by_the_apps(monkeypatch):
    from experts.models import Expert

    mark()
    suppression.suppress(
        suppression.hash_of("nobody@example.net"), "", Suppression.Reason.BOUNCED, NOW
    )
    ExpertFactory(email=TO.upper())
    monkeypatch.setattr(suppression, "_known", {})
    suppression.known_by(
        "experts",
        lambda: Expert.objects.annotate(address_hash=suppression.AddressHash("email")),
    )

    rows = suppression.with_owner(Suppression.objects.order_by("pk"))

    assert [row.is_known for row in rows] == [True, False]
