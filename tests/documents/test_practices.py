"""A practice from its first draft to the directory and out of it: what a step asks and writes."""

import io

import pytest
from django.core.files.base import ContentFile
from PIL import Image

from documents import practices
from documents.models import Photo, Practice, PracticeVersion, Result
from mailings import delivery
from mailings.models import OutgoingMail
from partners.models import Decision
from partners.refusals import Refused
from tests.factories import (
    NOW,
    ExpertFactory,
    LeadFactory,
    PartnerUserFactory,
    PracticeFactory,
)

pytestmark = pytest.mark.django_db
ALL = list(practices.CHECKS)
Status = PracticeVersion.Status


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def picture() -> ContentFile:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "JPEG")
    return ContentFile(out.getvalue(), name="photo.jpg")


def with_photo(version: PracticeVersion) -> Photo:
    row = {"image": picture(), "caption": "A box", "rights": "M. Sato", "width": 40, "height": 30}
    practices.save(version.pk, version.revision, {}, {"photos": [row]}, version.practice.owner, NOW)
    return version.photos.get()


@pytest.fixture
def draft() -> PracticeVersion:
    return PracticeFactory(published=False).versions.get()


@pytest.fixture
def waiting(draft) -> PracticeVersion:
    return practices.submit(draft.pk, draft.practice.owner, NOW)


def templates() -> list[tuple[str, str]]:
    return [(mail.template, mail.to) for mail in OutgoingMail.objects.order_by("pk")]


def test_the_code_comes_from_the_title_and_is_given_once():
    owner = PartnerUserFactory()
    titles = ["Lamps in Lima", "Lamps in Lima", "New", "水銀", "ランプ"]

    codes = [practices.start(owner, NOW, title).practice.code for title in titles]

    assert codes == ["lamps-in-lima", "lamps-in-lima-2", "new-2", "practice", "practice-2"]


def test_a_full_sheet_is_refused_until_all_that_is_asked_for_is_there():
    empty = practices.start(PartnerUserFactory(), NOW)
    lacking = [one.field for one in practices.missing(empty)]
    assert lacking == [
        "title",
        "country",
        "summary",
        "description",
        "preconditions",
        "recommendations",
        "people",
    ]

    with pytest.raises(Refused):
        practices.submit(empty.pk, empty.practice.owner, NOW)

    empty.refresh_from_db()
    assert empty.status == Status.DRAFT


@pytest.mark.parametrize("rows", ["preconditions", "recommendations", "experts"])
def test_nothing_is_submitted_without_one_of_each(draft, rows):
    getattr(draft, rows).clear() if rows == "experts" else getattr(draft, rows).all().delete()

    with pytest.raises(Refused):
        practices.submit(draft.pk, draft.practice.owner, NOW)


def test_a_resource_person_who_left_the_list_is_none(draft):
    draft.experts.set([ExpertFactory(status="unlisted")])

    assert [one.field for one in practices.missing(draft)] == ["people"]


def test_a_snapshot_needs_no_description_and_a_full_sheet_does(draft):
    practices.save(draft.pk, 1, {"description": ""}, {}, draft.practice.owner, NOW)
    draft.refresh_from_db()
    assert [one.field for one in practices.missing(draft)] == ["description"]

    draft.form = PracticeVersion.Form.SNAPSHOT

    assert practices.missing(draft) == []


def test_rows_are_kept_changed_added_and_removed_in_their_order(draft):
    first = draft.preconditions.get()
    rows = [
        {"kind": "legal", "weight": "helps", "text": "A law", "requirement_id": None},
        {"pk": first.pk, "text": "Two sealed boxes"},
    ]
    practices.save(
        draft.pk, 1, {"title": "Boxes"}, {"preconditions": rows, "recommendations": []}, None, NOW
    )

    draft.refresh_from_db()
    assert [(row.text, row.kind) for row in draft.preconditions.all()] == [
        ("A law", "legal"),
        ("Two sealed boxes", "technical"),
    ]
    assert (draft.title, draft.revision) == ("Boxes", 2)
    assert draft.condition_kinds == ["legal", "technical"]
    assert not draft.recommendations.exists()


def test_a_second_window_overwrites_nothing(draft):
    practices.save(draft.pk, 1, {"title": "First window"}, {}, None, NOW)

    with pytest.raises(practices.Collision):
        practices.save(draft.pk, 1, {"title": "Second window"}, {}, None, NOW)

    draft.refresh_from_db()
    assert draft.title == "First window"


def test_what_waits_or_is_published_does_not_change(waiting):
    lead = LeadFactory()
    with pytest.raises(Refused, match="Take it back"):
        practices.save(waiting.pk, 1, {"title": "Other"}, {}, None, NOW)
    practices.publish(waiting.pk, lead, NOW, ALL)

    with pytest.raises(Refused, match="published"):
        practices.save(waiting.pk, 1, {"title": "Other"}, {}, None, NOW)


def test_what_is_taken_back_can_change_and_waits_no_more(waiting):
    practices.take_back(waiting.pk, waiting.practice.owner, NOW)

    version = practices.save(waiting.pk, 1, {"title": "Other"}, {}, None, NOW)

    assert (version.status, version.submitted_at) == (Status.DRAFT, None)


def test_publishing_needs_every_tick_and_makes_it_what_readers_get(waiting):
    lead = LeadFactory()
    with pytest.raises(Refused, match="every point"):
        practices.publish(waiting.pk, lead, NOW, ALL[1:])

    practices.publish(waiting.pk, lead, NOW, ALL)

    practice = Practice.objects.get()
    assert (practice.current, practice.status) == (waiting, Practice.Status.PUBLISHED)
    assert (practice.reviewed_at, practice.current.checked) == (NOW, ALL)
    assert templates() == [("documents/mail/practice_published", practice.owner.email)]
    assert [(one.action, one.actor) for one in Decision.objects.all()] == [("published", lead)]
    with pytest.raises(Refused):
        practices.publish(waiting.pk, lead, NOW, ALL)


def test_a_returned_sheet_carries_the_comments_and_can_be_submitted_again(waiting):
    lead = LeadFactory()
    with pytest.raises(Refused, match="one comment"):
        practices.return_with_comments(waiting.pk, lead, NOW, {"done": "  ", "unknown": "x"})

    practices.return_with_comments(waiting.pk, lead, NOW, {"results": "Which year?", "cost": ""})

    waiting.refresh_from_db()
    assert waiting.status == Status.RETURNED
    said = [(one.part, one.text) for one in practices.last_comments(waiting)]
    assert said == [("results", "Which year?")]
    mail = OutgoingMail.objects.get()
    assert (mail.template, mail.context["comments"]) == (
        "documents/mail/practice_returned",
        [["Results", "Which year?"]],
    )
    practices.submit(waiting.pk, waiting.practice.owner, NOW)
    waiting.refresh_from_db()
    assert waiting.status == Status.SUBMITTED


def test_a_new_version_begins_with_everything_and_the_old_one_stays_what_it_was(draft):
    photo = with_photo(draft)
    Result.objects.create(version=draft, what="Boxes", value="1.5", unit="t", year=2016)
    practices.submit(draft.pk, draft.practice.owner, NOW)
    practices.publish(draft.pk, LeadFactory(), NOW, ALL)
    owner = draft.practice.owner

    new = practices.new_version(draft.practice_id, owner, NOW)

    assert (new.number, new.status, new.title) == (2, Status.DRAFT, draft.title)
    for rows in ("preconditions", "recommendations", "results", "photos"):
        assert [str(row) for row in getattr(new, rows).all()] == [
            str(row) for row in getattr(draft, rows).all()
        ]
    assert set(new.experts.all()) == set(draft.experts.all())
    assert new.photos.get().image.name == photo.image.name
    with pytest.raises(Refused, match="already in work"):
        practices.new_version(draft.practice_id, owner, NOW)

    practices.save(new.pk, 1, {"change_note": "Newer."}, {"photos": []}, owner, NOW)
    practices.submit(new.pk, owner, NOW)
    practices.publish(new.pk, LeadFactory(), NOW, ALL)
    assert Practice.objects.get().current_id == new.pk
    assert photo.image.storage.exists(photo.image.name)


def test_the_file_of_a_photo_goes_with_its_last_row(draft, django_capture_on_commit_callbacks):
    photo = with_photo(draft)
    storage, name = photo.image.storage, photo.image.name
    row = {"pk": photo.pk, "image": picture(), "width": 40, "height": 30}
    with django_capture_on_commit_callbacks(execute=True):
        practices.save(draft.pk, 2, {}, {"photos": [row]}, None, NOW)
    photo.refresh_from_db()
    assert (storage.exists(name), photo.caption) == (False, "A box")

    with django_capture_on_commit_callbacks(execute=True):
        practices.save(draft.pk, 3, {}, {"photos": []}, None, NOW)

    assert not storage.exists(photo.image.name)


def test_the_lead_archives_with_a_reason_that_the_owner_reads_and_the_owner_restores():
    practice = PracticeFactory()
    lead = LeadFactory()
    with pytest.raises(Refused, match="reason"):
        practices.archive(practice.pk, " ", lead, NOW)

    practices.archive(practice.pk, "The plant is closed.", lead, NOW)

    practice.refresh_from_db()
    assert (practice.status, practice.status_reason) == ("archived", "The plant is closed.")
    assert templates() == [("documents/mail/practice_archived", practice.owner.email)]
    practices.restore(practice.pk, practice.owner, NOW)
    practice.refresh_from_db()
    assert (practice.status, practice.status_reason) == ("published", "")


def test_the_owner_archives_without_a_mail_to_oneself():
    practice = PracticeFactory()

    practices.archive(practice.pk, "Closed.", practice.owner, NOW)

    assert (templates(), list(Decision.objects.all())) == ([], [])


def test_the_portal_ticks_only_what_it_can_know(draft):
    before = {point.code: point.is_found for point in practices.points(draft)}
    practices.save(
        draft.pk,
        1,
        {"results_text": "About 17 t."},
        {"references": [{"text": "A report"}]},
        None,
        NOW,
    )
    draft.refresh_from_db()

    after = {point.code: point.is_found for point in practices.points(draft)}

    assert before == dict.fromkeys(ALL, False) | {"units": True, "person": True}
    assert after == dict.fromkeys(ALL, False) | {"sources": True, "person": True}


def test_the_mails_say_what_was_decided_and_lead_there(waiting, mailoutbox):
    lead, practice = LeadFactory(), waiting.practice
    practices.return_with_comments(waiting.pk, lead, NOW, {"cost": "Who\npays?", "all": "Good."})
    practices.submit(waiting.pk, practice.owner, NOW)
    practices.publish(waiting.pk, lead, NOW, ALL)
    practices.archive(practice.pk, "Closed.", lead, NOW)

    delivery.deliver()

    mails = {mail.subject.split(":")[0]: mail for mail in mailoutbox}
    returned = mails["Your practice needs a change"]
    assert "Cost and financing\nWho\npays?" in returned.body
    assert f"/practices/{practice.code}/edit/" in returned.body
    assert "<strong>Cost and financing</strong><br>Who<br>pays?" in returned.alternatives[0][0]
    published = mails["Your practice is published"]
    assert f"/practices/{practice.code}/" in published.body
    assert "“Closed.”" in mails["Your practice is archived"].body
