"""Proposals: partners make and support them, the Lead decides, the proposer hears of it."""

import pytest
import time_machine
from django.urls import reverse

from documents import proposing
from documents.models import Proposal
from mailings.models import OutgoingMail
from partners.refusals import Refused
from tests.factories import NOW, DocumentFactory, LeadFactory, PartnerUserFactory, UserFactory

pytestmark = pytest.mark.django_db
SAID = {"kind": "new", "title": "Sampling guide", "why": "Inspectors need one."}


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


def test_a_partner_proposes_and_another_supports_once(client):
    proposer, other = PartnerUserFactory(), PartnerUserFactory()
    client.force_login(proposer)
    client.post(reverse("proposal_add"), {**SAID, "kind": "input"})
    assert not Proposal.objects.exists()  # of an input, the document must be named
    client.post(reverse("proposal_add"), SAID)
    proposal = Proposal.objects.get()
    support = reverse("proposal_support", args=[proposal.pk])
    client.post(support)
    assert proposal.supports.count() == 0
    client.force_login(other)
    client.post(support, {"note": "I have samples."})
    client.post(support)
    assert [one.user for one in proposal.supports.all()] == [other]
    assert "Sampling guide" in client.get(reverse("proposal_list")).content.decode()
    client.post(support, {"withdraw": "1"})
    assert proposal.supports.count() == 0


def test_who_is_no_partner_sees_no_proposal(client):
    proposal = proposing.propose(SAID, PartnerUserFactory(), NOW)
    client.force_login(UserFactory())
    assert client.get(proposal.get_absolute_url()).status_code == 404
    assert client.post(reverse("proposal_support", args=[proposal.pk])).status_code == 404
    assert client.get(reverse("proposal_list")).status_code == 403


def test_each_step_comes_after_the_one_before_and_is_told():
    lead, document = LeadFactory(), DocumentFactory()
    proposal = proposing.propose(SAID, PartnerUserFactory(), NOW)
    with pytest.raises(Refused, match="cannot be done now"):
        proposing.start_work(proposal.pk, lead, NOW)
    with pytest.raises(Refused, match="No published document"):
        proposing.publish(proposal.pk, "nothing", lead, NOW)
    proposing.take_up(proposal.pk, lead, NOW)
    proposing.start_work(proposal.pk, lead, NOW)
    done = proposing.publish(proposal.pk, document.code, lead, NOW)
    assert (done.status, done.result) == (Proposal.Status.PUBLISHED, document)
    with pytest.raises(Refused, match="cannot be done now"):
        proposing.decline(proposal.pk, "Too late", lead, NOW)
    with pytest.raises(Refused, match="Give a reason"):
        proposing.decline(proposal.pk, " ", lead, NOW)
    mails = OutgoingMail.objects.filter(template=proposing.DECIDED)
    assert [mail.to for mail in mails] == [proposal.proposed_by.email] * 3


def test_the_queue_shows_what_waits_and_declines_with_a_reason(client):
    proposal = proposing.propose(SAID, PartnerUserFactory(), NOW)
    client.force_login(LeadFactory(totp=True))
    queue = f"{reverse('admin:index')}?kind=proposals"
    assert "Sampling guide" in client.get(queue).content.decode()
    decide = reverse("admin:queue_decide", args=["proposals", proposal.pk])
    client.post(decide, {"step": "decline", "reason": "Basel does it."})
    proposal.refresh_from_db()
    assert (proposal.status, proposal.reason) == (Proposal.Status.DECLINED, "Basel does it.")
    assert OutgoingMail.objects.get(template=proposing.DECIDED).to == proposal.proposed_by.email


def test_what_is_taken_up_needs_the_lead_no_more_and_keeps_its_steps(client):
    proposal = proposing.propose(SAID, PartnerUserFactory(), NOW)
    client.force_login(LeadFactory(totp=True))
    queue = reverse("admin:index")

    first = client.get(queue)
    client.post(reverse("admin:queue_decide", args=["proposals", proposal.pk]), {"step": "take_up"})
    then = client.get(queue)
    listed = client.get(f"{queue}?kind=proposals_under_way").content.decode()
    client.post(
        reverse("admin:queue_decide", args=["proposals_under_way", proposal.pk]), {"step": "start"}
    )

    assert (first.context["need_you"], then.context["need_you"]) == (1, 0)
    assert "Work has begun" in listed
    proposal.refresh_from_db()
    assert proposal.status == Proposal.Status.IN_WORK
