"""The Lead's queue with the keyboard; test_every_page.py looks at all pages of admin."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.sessions.backends.db import SessionStore
from django.utils import timezone

from experts import editing
from experts.models import Expert
from partners import standing
from tests.factories import (
    ExpertFactory,
    LeadFactory,
    MembershipFactory,
    OrganisationFactory,
    UserFactory,
)


@pytest.fixture
def lead_page(page, base_url):
    """A browser in which the Lead is signed in, over a portal with one of everything."""
    now = timezone.now()
    lead = LeadFactory(totp=True)
    LeadFactory(totp=True)
    expert = ExpertFactory(claimed=True)
    changes = {"summary": "New.", "position": "Director", "name": "Ana (example)"}
    editing.submit(expert.pk, changes, expert.version, expert.user, now - timedelta(days=1))
    ExpertFactory(status=Expert.Status.AWAITING, submitted_at=now, approved_at=None)
    standing.apply(OrganisationFactory(), "We collect lamps.", UserFactory(), now)
    MembershipFactory()
    session = SessionStore()
    session["_auth_user_id"] = str(lead.pk)
    session["_auth_user_backend"] = settings.AUTHENTICATION_BACKENDS[0]
    session["_auth_user_hash"] = lead.get_session_auth_hash()
    session.save()
    page.context.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": session.session_key, "url": base_url}]
    )
    return page


def test_the_queue_works_with_the_keyboard_alone(lead_page, base_url):
    """Unfold a reason, type it, reject: Tab and Enter do it, and the page says that it is done."""
    lead_page.goto(f"{base_url}/admin/?kind=partners")
    lead_page.locator("summary.risky").focus()
    lead_page.keyboard.press("Enter")
    lead_page.keyboard.press("Tab")
    lead_page.keyboard.type("Not about waste.")
    lead_page.keyboard.press("Tab")
    lead_page.keyboard.press("Enter")
    lead_page.wait_for_selector(".note.good")

    assert "Declined" in lead_page.inner_text(".note.good")
