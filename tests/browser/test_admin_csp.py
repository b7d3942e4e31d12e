"""No page of the Lead's admin breaks the Content-Security-Policy; it works on a phone."""

import re
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

WATCH = """
window.refusals = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.refusals.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


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
    page.add_init_script(WATCH)
    return page


def pattern(path: str) -> str:
    """Pages that differ by key or query alone are one."""
    path = re.sub(r"(?<=/)(\d+|[A-Z]{2}|[a-z-]+(?=/(?:change|history|delete)/))(?=/)", "N", path)
    return re.sub(r"\?.*", "?", path)


def pages(page, base_url):
    """Every page of admin that can be reached by links, one of each pattern; on the page itself."""
    seen, waiting = set(), ["/admin/"]
    while waiting:
        path = waiting.pop(0)
        if pattern(path) in seen:
            continue
        seen.add(pattern(path))
        response = page.goto(base_url + path)
        assert response.status == 200, path
        yield path
        links = page.eval_on_selector_all("a[href]", "links => links.map(link => link.href)")
        waiting += [
            link.removeprefix(base_url).split("#")[0]
            for link in links
            if link.startswith(f"{base_url}/admin/") and not re.search("/r/|[?&]o=|_filters", link)
        ]


def test_no_page_of_admin_breaks_the_policy_or_is_wider_than_a_phone(lead_page, base_url):
    lead_page.set_viewport_size({"width": 360, "height": 700})
    visited, wide = [], []
    for path in pages(lead_page, base_url):
        visited.append(path)
        assert lead_page.evaluate("window.refusals") == [], path
        if lead_page.evaluate("document.documentElement.scrollWidth") > 360:
            wide.append(path)

    assert wide == []
    assert len(visited) > 50


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
