"""Onto the list and off it: every transition, who is told, what is hidden, what is erased."""

from datetime import timedelta

import pytest
import time_machine
from dateutil.relativedelta import relativedelta
from django.contrib.auth.models import AnonymousUser
from django.core.files.base import ContentFile
from django.http import QueryDict
from django.urls import reverse

from experts import consent, correcting, directory, editing, invitations, listing
from experts.models import Change, Consent, Correction, Edit, Expert, Invitation
from partners.models import Decision
from partners.refusals import Refused
from tests.experts.pages import form_data
from tests.factories import NOW, TODAY, ExpertFactory, LeadFactory, UserFactory
from wmaportal import housekeeping

pytestmark = pytest.mark.django_db
Status = Expert.Status


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def lead():
    return LeadFactory()


@pytest.fixture
def expert():
    return ExpertFactory(claimed=True)


def there(expert) -> Expert:
    return Expert.objects.get(pk=expert.pk)


# Transitions

STEPS = {
    "submit": (Status.AWAITING, lambda one, lead: listing.submit(one.pk, NOW)),
    "approve": (Status.LISTED, lambda one, lead: listing.approve(one.pk, lead, NOW)),
    "reject": (Status.DRAFT, lambda one, lead: listing.reject(one.pk, lead, "Reason", NOW)),
    "unlist": (Status.UNLISTED, lambda one, lead: listing.unlist(one.pk, lead, "Reason", NOW)),
    "relist": (Status.LISTED, lambda one, lead: listing.relist(one.pk, lead, NOW)),
    "remove": (Status.WITHDRAWN, lambda one, lead: listing.remove(one.pk, one.user, NOW)),
}
ALLOWED = {
    "submit": {Status.DRAFT, Status.UNLISTED, Status.WITHDRAWN},
    "approve": {Status.AWAITING},
    "reject": {Status.AWAITING},
    "unlist": {Status.LISTED},
    "relist": {Status.UNLISTED},
    "remove": {Status.DRAFT, Status.AWAITING, Status.LISTED, Status.UNLISTED},
}


@pytest.mark.parametrize("status", Status)
@pytest.mark.parametrize("step", STEPS)
def test_a_step_goes_from_where_it_may_and_from_nowhere_else(lead, step, status):
    expert = ExpertFactory(claimed=True, status=status)
    consent.agree(expert, expert.user, NOW)
    to, do = STEPS[step]

    if status in ALLOWED[step]:
        do(expert, lead)
        assert to in Expert.NEXT[status]
        assert (there(expert).status, there(expert).version) == (to, expert.version + 1)
    else:
        with pytest.raises(Refused):
            do(expert, lead)
        assert (there(expert).status, there(expert).version) == (status, expert.version)


@pytest.mark.parametrize("field", listing.REQUIRED_TO_SUBMIT)
def test_what_is_missing_cannot_be_handed_in(field):
    empty = {"country": None, "terms": (), "languages": []}.get(field, "")
    key = "country_id" if field == "country" else field
    expert = ExpertFactory(claimed=True, status=Status.DRAFT, **{key: empty})

    with pytest.raises(Refused, match="still empty"):
        listing.hand_in(expert.pk, expert.user, NOW)
    assert (there(expert).status, Consent.objects.count()) == (Status.DRAFT, 0)


def test_without_consent_nothing_is_handed_in():
    expert = ExpertFactory(claimed=True, status=Status.DRAFT)

    with pytest.raises(Refused, match="Agree"):
        listing.submit(expert.pk, NOW)
    listing.hand_in(expert.pk, expert.user, NOW)
    assert there(expert).status == Status.AWAITING
    with pytest.raises(Refused, match="already"):
        listing.hand_in(expert.pk, expert.user, NOW)
    assert Consent.objects.count() == 1


@pytest.mark.parametrize(
    ("status", "step", "said"),
    [
        (Status.AWAITING, "approve", "listed"),
        (Status.AWAITING, "reject", "returned"),
        (Status.LISTED, "unlist", "unlisted"),
        (Status.UNLISTED, "relist", "listed again"),
    ],
)
def test_the_expert_is_told_and_the_log_has_it(lead, mailoutbox, status, step, said):
    expert = ExpertFactory(claimed=True, status=status)

    STEPS[step][1](expert, lead)

    assert [mail.to for mail in mailoutbox] == [[expert.email]]
    text = mailoutbox[0].body
    assert ("Reason" in text) == (step in ("reject", "unlist"))
    log = Decision.objects.get()
    assert (log.actor, log.action, log.subject) == (lead, said, expert.name)


@pytest.mark.parametrize("step", [listing.reject, listing.unlist])
def test_a_reason_is_needed(lead, step):
    with pytest.raises(Refused, match="reason"):
        step(ExpertFactory(status=Status.AWAITING).pk, lead, " \n", NOW)


def test_somebody_without_any_address_is_told_nothing(lead, mailoutbox):
    listing.unlist(ExpertFactory(email="").pk, lead, "Reason", NOW)

    assert mailoutbox == []


# Pause


@pytest.mark.parametrize(
    ("until", "fits"),
    [
        (TODAY - timedelta(days=1), False),
        (TODAY, False),
        (TODAY + timedelta(days=1), True),
        (TODAY + relativedelta(months=12), True),
        (TODAY + relativedelta(months=12, days=1), False),
    ],
)
def test_a_pause_ends_in_the_future_and_within_twelve_months(client, expert, until, fits):
    client.force_login(expert.user)

    response = client.post(reverse("expert_pause"), {"until": until.isoformat()})

    assert response.status_code == (302 if fits else 200)
    if not fits:
        assert list(response.context["form"].errors) == ["until"]
    assert there(expert).paused_until == (until if fits else None)


def test_a_pause_is_said_on_card_and_page_and_ends_by_itself_with_one_mail(
    client, expert, mailoutbox
):
    listing.pause(expert.pk, TODAY + timedelta(days=7), NOW)
    card = client.get("/experts/").context["cards"][0]
    assert card["limit"] == "Not available until 1 December 2026"
    page = client.get(expert.get_absolute_url()).content.decode()
    assert "This expert takes a pause." in page

    day = timedelta(days=1)
    assert listing.end_past_pauses(NOW + 6 * day) == 0
    assert listing.end_past_pauses(NOW + 7 * day) == 1
    assert listing.end_past_pauses(NOW + 7 * day) == 0
    assert [mail.to for mail in mailoutbox] == [[expert.email]]
    assert there(expert).paused_until is None


def test_ending_a_pause_that_is_none_changes_nothing(expert):
    listing.end_pause(expert.pk, NOW)

    assert there(expert).version == expert.version


def test_who_is_off_the_list_cannot_pause(expert, lead):
    listing.unlist(expert.pk, lead, "Reason", NOW)

    with pytest.raises(Refused):
        listing.pause(expert.pk, TODAY + timedelta(days=7), NOW)


# Removed


def shown_everywhere(client, expert) -> dict:
    csv = b"".join(client.get("/experts/list.csv").streaming_content).decode()
    return {
        "page": client.get(expert.get_absolute_url()).status_code == 200,
        "directory": directory.find(QueryDict(), AnonymousUser(), NOW).total == 1,
        "search": directory.find(QueryDict("q=Tanaka"), AnonymousUser(), NOW).total == 1,
        "card": "Tanaka" in client.get("/experts/").content.decode(),
        "csv": "Tanaka" in csv,
        "roster": "Tanaka" in client.get("/experts/roster/").content.decode(),
        "vcard": client.get(f"/experts/{expert.pk}/vcard/").status_code == 200,
        "photo": client.get(f"/experts/{expert.pk}/photo/").status_code == 200,
    }


def test_removed_is_hidden_everywhere_at_once(client, settings, tmp_path, mailoutbox):
    settings.MEDIA_ROOT = tmp_path
    expert = ExpertFactory(claimed=True, name="Aiko Tanaka")
    expert.photo.save("me.jpg", ContentFile(b"jpeg"))
    everywhere = shown_everywhere(client, expert)
    assert everywhere == dict.fromkeys(everywhere, True) | {"vcard": False}

    listing.remove(expert.pk, expert.user, NOW)

    assert shown_everywhere(client, expert) == dict.fromkeys(everywhere, False)
    assert [mail.to for mail in mailoutbox] == [[expert.email]]
    assert "24 December 2026" in mailoutbox[0].body
    assert consent.has_agreed(expert) is False


def test_what_waits_for_the_lead_is_not_asked_for_any_more(expert):
    editing.submit(expert.pk, {"name": "New"}, expert.version, expert.user, NOW)

    listing.remove(expert.pk, expert.user, NOW)

    assert Change.objects.get().state == Change.State.REPLACED


def rich_expert(lead) -> Expert:
    """Somebody with something in every place where the portal keeps things."""
    expert = ExpertFactory(
        claimed=True,
        website="https://example.org",
        orcid="0000-0002-1825-0097",
        linkedin="https://www.linkedin.com/in/x",
        missions=True,
        training=True,
        available_from=TODAY,
        available_until=TODAY,
        max_open_requests=2,
        status_reason="Private words",
    )
    expert.photo.save("me.jpg", ContentFile(b"jpeg"))
    consent.agree(expert, expert.user, NOW)
    correcting.suggest(expert.pk, "Her phone is +81 1", UserFactory(), NOW)
    editing.submit(
        expert.pk, {"summary": "New", "phone": "+81 2"}, there(expert).version, expert.user, NOW
    )
    Invitation.objects.create(
        kind="claim",
        name=expert.name,
        email=expert.email,
        expert=expert,
        invited_by=lead,
        sent_at=NOW,
        expires_at=NOW,
    )
    listing.remove(expert.pk, expert.user, NOW)
    return there(expert)


def test_after_thirty_days_is_erased_what_the_page_promises_and_the_rest_stays(
    lead, settings, tmp_path, mailoutbox, django_capture_on_commit_callbacks
):
    settings.MEDIA_ROOT = tmp_path
    expert = rich_expert(lead)
    stays = {
        "name": expert.name,
        "organisation_id": expert.organisation_id,
        "country_id": "JP",
        "terms": list(expert.terms.all()),
        "consents": [True, False],
    }
    month = timedelta(days=30)
    assert listing.erase_removed(NOW + month - timedelta(seconds=1)) == 0

    with django_capture_on_commit_callbacks(execute=True):
        assert listing.erase_removed(NOW + month) == 1

    expert = there(expert)
    assert {
        "name": expert.name,
        "organisation_id": expert.organisation_id,
        "country_id": expert.country_id,
        "terms": list(expert.terms.all()),
        "consents": [one.given for one in expert.consents.all()],
    } == stays
    kept = {
        field.name: getattr(expert, field.attname)
        for field in Expert._meta.concrete_fields
        if getattr(expert, field.attname) not in (None, "", [], False)
    }
    assert sorted(kept) == [
        "approved_at",
        "confirmed_at",
        "country",
        "created_at",
        "email_audience",
        "group_ids",
        "id",
        "name",
        "organisation",
        "phone_audience",
        "region",
        "removed_at",
        "search",
        "sort_name",
        "status",
        "term_ids",
        "version",
    ]
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    for model in (Edit, Change, Correction, Invitation):
        assert not model.objects.exists()
    assert not Expert.history.filter(id=expert.pk).exists()
    assert listing.erase_removed(NOW + 2 * month) == 0
    assert Expert.objects.filter(search="years").count() == 0


@pytest.mark.parametrize(
    "only", [{"website": "https://example.org"}, {"worked_in": ["VN"]}, {"position": "Head"}, {}]
)
def test_also_what_little_there_is_is_erased(only):
    """An imported profile may have no address, no text and no sign-in, and still a web site."""
    bare = {"email": "", "phone": "", "summary": "", "experience": "", "position": ""}
    expert = ExpertFactory(
        **bare | {"worked_in": [], "languages": [], "remote_advice": False} | only,
        status=Status.WITHDRAWN,
        removed_at=NOW - timedelta(days=30),
    )
    assert Expert.history.filter(id=expert.pk).exists()

    assert listing.erase_removed(NOW) == 1

    assert (there(expert).website, there(expert).worked_in, there(expert).position) == ("", [], "")
    assert not Expert.history.filter(id=expert.pk).exists()
    assert listing.erase_removed(NOW) == 0


def test_an_accepted_nomination_goes_with_the_profile(lead):
    user = UserFactory()
    token = invitations.nominate("Ada", "ada@example.org", lead, NOW).token
    expert = invitations.accept(token, user, NOW)
    listing.remove(expert.pk, user, NOW)

    listing.erase_removed(NOW + timedelta(days=30))

    assert not Invitation.objects.exists()


def test_coming_back_before_the_erasure_needs_nothing_typed_again(client, expert, lead):
    client.force_login(expert.user)
    consent.agree(expert, expert.user, NOW)
    client.post(reverse("expert_remove"))
    assert there(expert).status == Status.WITHDRAWN
    assert "Come back to the list" in client.get(reverse("expert_me")).content.decode()

    page = client.get(reverse("expert_submit"))
    assert (page.status_code, page.context["missing"]) == (200, [])
    client.post(reverse("expert_submit"), {"agree": "on"})

    back = there(expert)
    assert (back.status, back.removed_at, back.summary) == (Status.AWAITING, None, expert.summary)
    assert [one.given for one in back.consents.all()] == [True, False, True]
    assert listing.erase_removed(NOW + timedelta(days=40)) == 0
    listing.approve(expert.pk, lead, NOW)
    assert client.get(expert.get_absolute_url()).status_code == 200


def test_who_comes_back_with_a_gap_can_fill_it(client):
    expert = ExpertFactory(claimed=True, summary="")
    client.force_login(expert.user)
    client.post(reverse("expert_remove"))
    page = client.get(reverse("expert_me")).content.decode()
    assert "Before you can come back: Summary." in page

    client.post(reverse("expert_edit"), form_data(expert, summary="Filled in."))
    client.post(reverse("expert_submit"), {"agree": "on"})

    assert there(expert).status == Status.AWAITING


def test_coming_back_is_refused_with_a_sentence_when_the_address_is_taken(client, expert):
    client.force_login(expert.user)
    client.post(reverse("expert_remove"))
    ExpertFactory(email=expert.email)

    response = client.post(reverse("expert_submit"), {"agree": "on"})

    assert response.status_code == 200
    assert response.context["form"].non_field_errors() == [
        "Another profile has this e-mail address."
    ]
    assert there(expert).status == Status.WITHDRAWN


def test_after_the_erasure_the_person_may_apply_anew(client, expert):
    listing.remove(expert.pk, expert.user, NOW)
    listing.erase_removed(NOW + timedelta(days=30))
    client.force_login(expert.user)

    client.post(reverse("expert_apply"))

    assert Expert.objects.get(user=expert.user).status == Status.DRAFT
    assert Expert.objects.count() == 2


# Untouched


def draft(days: int, **fields) -> Expert:
    with time_machine.travel(NOW - timedelta(days=days), tick=False):
        return ExpertFactory(
            claimed=True,
            status=Status.DRAFT,
            created_at=NOW - timedelta(days=days),
            approved_at=None,
            confirmed_at=None,
            **fields,
        )


def test_drafts_that_nobody_touched_for_thirty_days_go(
    settings, tmp_path, django_capture_on_commit_callbacks
):
    settings.MEDIA_ROOT = tmp_path
    old, young = draft(30), draft(29)
    touched = draft(31)
    editing.submit(touched.pk, {"summary": "New"}, 1, touched.user, NOW)
    with time_machine.travel(NOW - timedelta(days=30), tick=False):
        old.photo.save("me.jpg", ContentFile(b"jpeg"))

    with django_capture_on_commit_callbacks(execute=True):
        assert listing.drop_untouched_drafts(NOW) == 1

    assert set(Expert.objects.all()) == {young, touched}
    assert not Expert.history.filter(id=old.pk).exists()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
    assert old.user.pk is not None, "the account stays"


def test_an_old_draft_with_consent_is_hidden_and_erased_later():
    expert = draft(31)
    consent.agree(expert, expert.user, NOW - timedelta(days=31))

    assert listing.drop_untouched_drafts(NOW) == 1

    assert (there(expert).status, there(expert).removed_at) == (Status.WITHDRAWN, NOW)
    assert Consent.objects.count() == 1
    assert listing.erase_removed(NOW + timedelta(days=30)) == 1


def test_unanswered_nominations_go_with_name_and_address(lead):
    invitations.nominate("Ada", "ada@example.org", lead, NOW - timedelta(days=30))
    invitations.nominate("Ben", "ben@example.org", lead, NOW - timedelta(days=29))

    assert listing.drop_untouched_drafts(NOW) == 1
    assert [one.name for one in Invitation.objects.all()] == ["Ben"]


def test_keeping_house_twice_is_keeping_it_once(lead, mailoutbox):
    expert = ExpertFactory(claimed=True)
    listing.pause(expert.pk, TODAY + timedelta(days=1), NOW)
    draft(40)
    gone = ExpertFactory(claimed=True)
    listing.remove(gone.pk, gone.user, NOW)
    assert len(mailoutbox) == 1  # left before the address is forgotten
    later = NOW + timedelta(days=31)

    first, second = housekeeping.keep_house(later), housekeeping.keep_house(later)

    assert {name: number for name, number in first.items() if number} == {
        "pauses ended": 1,
        "removed profiles erased": 1,
        "untouched drafts dropped": 1,
    }
    assert {name: number for name, number in second.items() if number} == {}
    assert len(mailoutbox) == 2
