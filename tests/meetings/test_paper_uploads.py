"""What a presenter sends through a link: distrusted, read by organisers alone until they decide."""

from datetime import timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from mailings.models import OutgoingMail
from meetings import paper_uploads, papering, waiting
from meetings.models import Paper, PaperVersion, UploadLink
from partners import files
from partners.models import User
from partners.refusals import Refused
from tests.factories import NOW, DocumentFactory, LeadFactory, MeetingFactory, UserFactory
from tests.factories.papers import PaperFactory, PaperVersionFactory, UploadLinkFactory
from wmaportal import moderation

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def lead():
    return LeadFactory()


@pytest.fixture
def chair():
    return UserFactory(name="Chair (example)")


@pytest.fixture
def paper(chair):
    meeting = MeetingFactory()
    meeting.organisers.add(chair)
    return PaperFactory(meeting=meeting, title="Slides")


def text(words="mercury", name="slides.txt"):
    return SimpleUploadedFile(name, words.encode())


def checked(words="mercury"):
    return files.check_document(text(words))


def address(link) -> str:
    return reverse("paper_upload", args=[link.token])


def mails() -> list[tuple[str, str]]:
    return list(OutgoingMail.objects.order_by("pk").values_list("template", "to"))


def test_a_link_goes_to_the_address_and_works_for_its_days(paper, chair):
    link = paper_uploads.make_link(paper.pk, "Ann", "Ann@Example.org", 7, chair, NOW)

    assert mails() == [("meetings/mail/paper_wanted", "ann@example.org")]
    end = NOW + 7 * DAY
    assert paper_uploads.find(link.token, end - timedelta(seconds=1)) == link
    assert paper_uploads.find(link.token, end) is None


def test_a_link_without_an_address_sends_nothing(paper, chair):
    paper_uploads.make_link(paper.pk, "Ann", "", 7, chair, NOW)

    assert mails() == []


def test_no_link_is_made_for_a_document_of_the_library(chair):
    paper = PaperFactory(document=DocumentFactory())

    with pytest.raises(Refused, match="document of the library"):
        paper_uploads.make_link(paper.pk, "Ann", "", 7, chair, NOW)


def test_the_link_is_shown_once(client, paper, chair):
    client.force_login(chair)
    page = reverse("paper_invite", args=[paper.meeting.code, paper.pk])

    first = client.post(page, {"name": "Ann", "address": "", "days": 7}, follow=True)
    second = client.get(reverse("paper_manage", args=[paper.meeting.code]))

    token = UploadLink.objects.get().token
    assert [token in page.content.decode() for page in (first, second)] == [True, False]


def test_an_upload_waits_and_its_readers_get_the_version_before(client, paper, chair):
    PaperVersionFactory(paper=paper, words="old")
    link = UploadLinkFactory(paper=paper)

    answer = client.post(address(link), {"file": text("new")})

    version = PaperVersion.objects.latest("number")
    assert (answer.status_code, answer["Location"]) == (302, address(link))
    assert (version.number, version.who, version.approved_at) == (2, link.name, None)
    read = client.get(paper.get_absolute_url())
    assert b"".join(read.streaming_content) == b"old"
    assert client.get(version.get_absolute_url()).status_code == 302  # to sign in
    client.force_login(chair)
    assert b"".join(client.get(version.get_absolute_url()).streaming_content) == b"new"


def test_looking_at_the_link_changes_nothing(client, paper):
    link = UploadLinkFactory(paper=paper)

    for _n in range(3):
        assert client.get(address(link)).status_code == 200
        assert client.head(address(link)).status_code == 200

    assert (PaperVersion.objects.count(), mails()) == (0, [])


@pytest.mark.parametrize("how", ["unknown", "old", "revoked", "cancelled", "removed"])
def test_a_dead_link_says_so(client, paper, chair, how):
    link = UploadLinkFactory(paper=paper)
    if how == "unknown":
        link.token = "unknown"
    elif how == "old":
        UploadLink.objects.update(expires_at=NOW)
    elif how == "revoked":
        paper_uploads.revoke_link(link.pk, NOW)
    elif how == "cancelled":
        meeting = paper.meeting
        meeting.status, meeting.status_reason = "cancelled", "Storm."
        meeting.save()
    else:
        papering.remove(paper.pk, chair, NOW)

    answers = [client.get(address(link)), client.post(address(link), {"file": text()})]

    assert [one.status_code for one in answers] == [410, 410]
    assert answers[0].content == Client().get(reverse("paper_upload", args=["x"])).content
    assert PaperVersion.objects.count() == 0


def test_a_file_that_is_not_what_it_says_is_refused(client, paper):
    link = UploadLinkFactory(paper=paper)

    for name, content in (
        ("slides.pdf", b"<html><script>1</script>"),
        ("slides.exe", b"MZ\x90\x00\x03\x00"),
        ("slides.pdf", b"%PDF-1.7 no end"),
        ("slides.txt", b""),
    ):
        page = client.post(address(link), {"file": SimpleUploadedFile(name, content)})
        assert (page.status_code, list(page.context["form"].errors)) == (200, ["file"])

    assert PaperVersion.objects.count() == 0


def test_a_form_without_a_file_asks_for_one(client, paper):
    page = client.post(address(UploadLinkFactory(paper=paper)))

    assert (page.status_code, list(page.context["form"].errors)) == (200, ["file"])


def test_the_same_file_twice_is_kept_once(paper):
    link = UploadLinkFactory(paper=paper)
    paper_uploads.upload(link.pk, checked(), NOW)

    with pytest.raises(Refused, match="We have this file already"):
        paper_uploads.upload(link.pk, checked(), NOW)


def test_one_link_takes_ten_files_in_a_day(paper):
    link = UploadLinkFactory(paper=paper)
    for number in range(10):
        paper_uploads.upload(link.pk, checked(f"file {number}"), NOW)

    with pytest.raises(Refused, match="Too many files"):
        paper_uploads.upload(link.pk, checked("one more"), NOW)
    paper_uploads.upload(link.pk, checked("one more"), NOW + DAY)


def test_approval_gives_the_file_to_its_readers_and_tells_the_presenter(client, paper, chair):
    version = paper_uploads.upload(UploadLinkFactory(paper=paper).pk, checked(), NOW)
    client.force_login(chair)
    page = reverse("paper_decide", args=[paper.meeting.code, version.pk])

    client.post(page, {"approve": "1"})

    assert b"".join(Client().get(paper.get_absolute_url()).streaming_content) == b"mercury"
    assert mails() == [("meetings/mail/paper_decided", "presenter01@example.org")]
    with pytest.raises(Refused, match="decided on this file already"):
        paper_uploads.decline(version.pk, "Late.", chair, NOW)


def test_declining_needs_a_reason_that_the_presenter_reads(client, paper, chair):
    link = UploadLinkFactory(paper=paper)
    version = paper_uploads.upload(link.pk, checked(), NOW)
    client.force_login(chair)
    page = reverse("paper_decide", args=[paper.meeting.code, version.pk])

    silent = client.post(page, {"decline": "1", "reason": " "})
    client.post(page, {"decline": "1", "reason": "Twenty pages are too many."})

    assert list(silent.context["form"].errors) == ["reason"]
    mail = OutgoingMail.objects.get()
    assert mail.context["reason"] == "Twenty pages are too many."
    assert mail.context["can_send_again"] is True
    assert Client().get(paper.get_absolute_url()).status_code == 302
    assert "Twenty pages are too many." in Client().get(address(link)).content.decode()


def test_a_presenter_without_an_address_is_told_nothing(paper, chair):
    link = UploadLinkFactory(paper=paper, address="")
    version = paper_uploads.upload(link.pk, checked(), NOW)

    paper_uploads.approve(version.pk, chair, NOW)

    assert mails() == []


def test_what_waits_stands_in_the_queue_and_on_the_page_of_its_organisers(paper, chair, lead):
    version = paper_uploads.upload(UploadLinkFactory(paper=paper).pk, checked(), NOW)

    def in_queue():
        kind = next(one for one in moderation.EXCEPTIONS if one.code == "papers")
        return [item.title for item in kind.describe(kind.waiting(NOW))]

    def on_page(user):
        user = User.objects.get(pk=user.pk)
        return [one.title for one in waiting.papers.for_person(user, NOW)]

    assert (in_queue(), on_page(chair)) == (
        ["S0-1 Slides"],
        ["Read a paper and decide: S0-1 Slides"],
    )
    assert (on_page(lead), on_page(UserFactory())) == ([], [])
    paper_uploads.approve(version.pk, chair, NOW)
    assert (in_queue(), on_page(chair)) == ([], [])


def test_a_revoked_link_keeps_what_came_through_it(client, paper, chair):
    link = UploadLinkFactory(paper=paper)
    paper_uploads.upload(link.pk, checked(), NOW)
    client.force_login(chair)

    client.post(reverse("paper_link_revoke", args=[paper.meeting.code, link.pk]))

    assert UploadLink.objects.get().works(NOW) is False
    assert Paper.objects.get().versions.count() == 1
    with pytest.raises(Refused, match="does not work any more"):
        paper_uploads.upload(link.pk, checked("more"), NOW)
