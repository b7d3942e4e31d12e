"""'My page' names what somebody keeps, whatever its state, so that nobody has to search for it."""

import pytest
from django.urls import reverse

from documents import proposing
from documents.models import PracticeVersion
from tests.factories import NOW, DocumentFactory, PartnerUserFactory, PracticeFactory

pytestmark = pytest.mark.django_db


def test_ones_own_practices_documents_and_proposals_stand_on_my_page(client):
    owner = PartnerUserFactory()
    shown, waits = PracticeFactory(owner=owner), PracticeFactory(owner=owner, published=False)
    PracticeVersion.objects.filter(practice=waits).update(status="submitted", submitted_at=NOW)
    document = DocumentFactory(owner=owner, title="My guideline")
    values = {"kind": "new", "title": "A guideline on dental waste", "why": "Nobody wrote one."}
    proposal = proposing.propose(values, owner, NOW)
    PracticeFactory()
    client.force_login(owner)

    page = client.get(reverse("my_page"))

    assert [(one.url, one.state) for one in page.context["kept"]] == [
        (shown.get_absolute_url(), "Published"),
        (waits.get_absolute_url(), "Waiting for review"),
        (document.get_absolute_url(), "Published"),
        (proposal.get_absolute_url(), "Proposed"),
    ]
    assert "My guideline" in page.content.decode()
