"""Editions of the living document: what stands in the PDF, who asks for one, what goes wrong."""

import io
from datetime import timedelta

import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image
from pypdf import PdfReader

from documents import book, compiling, publishing
from documents.models import Compilation, Document, Photo, Practice, Version
from experts.models import Expert
from partners import typesetting
from partners.models import Decision, Term
from partners.refusals import Refused
from tests.factories import (
    NOW,
    CommentFactory,
    CommentRoundFactory,
    ExpertFactory,
    LeadFactory,
    OrganisationFactory,
    PartnerUserFactory,
    PracticeFactory,
    PracticeVersionFactory,
    SecretariatFactory,
    UserFactory,
    VersionFactory,
)
from tests.factories.documents import publish

pytestmark = pytest.mark.django_db
State = Compilation.State
LATER = NOW + timedelta(days=100)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def lead():
    return LeadFactory()


@pytest.fixture
def no_typst(monkeypatch):
    """For what surrounds the typesetter: the PDF is two words, and its data are kept."""
    seen = []

    def write(template, data, seconds, folder):
        seen.append(data)
        (folder / "made.pdf").write_bytes(b"%PDF-1.7 made")
        return folder / "made.pdf"

    monkeypatch.setattr(typesetting, "write_pdf", write)
    return seen


def practice(title: str, term: str = "", photo: bool = False, **fields) -> Practice:
    """Published, in the chapter of this term, with a photo where wanted."""
    made = PracticeFactory(bare=True)
    _new_version(made, title, term, photo, **fields)
    return made


def _new_version(made: Practice, title: str, term: str = "", photo: bool = False, **fields):
    number = made.versions.count() + 1
    version = PracticeVersionFactory(practice=made, number=number, title=title, **fields)
    if term:
        version.terms.set([Term.objects.get(code=term)])
    if photo:
        out = io.BytesIO()
        Image.new("RGB", (1200, 900), "teal").save(out, "JPEG")
        row = Photo(version=version, caption=f"Photo of {title}", rights="Example")
        row.width, row.height = 1200, 900
        row.image.save("photo.jpg", ContentFile(out.getvalue()), save=True)
    publish(version)
    made.current, made.status, made.reviewed_at = version, Practice.Status.PUBLISHED, NOW
    made.save()


def edition(lead, now=NOW) -> Compilation:
    """Asked for and made."""
    compiling.make(compiling.ask(lead, now).number, now)
    made = Compilation.objects.latest("number")
    assert (made.state, made.problem) == (State.DONE, "")
    return made


def pdf(made: Compilation) -> PdfReader:
    with made.version.translations.get().file.open("rb") as file:
        return PdfReader(io.BytesIO(file.read()))


def text_of(reader: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def titles(outline: list) -> list:
    return [titles(item) if isinstance(item, list) else item.title for item in outline]


# What stands in an edition


def test_an_edition_is_a_tagged_pdf_with_title_language_bookmarks_and_photos(lead):
    practice("Lamps in shops", "products-lamps", photo=True)
    practice("Amalgam separators", "products-dental", photo=True)
    practice("A leaking landfill", "disposal-landfill", photo=True, kind="warning")

    reader = pdf(edition(lead))

    catalog = reader.trailer["/Root"]
    assert reader.metadata.title == f"{compiling.TITLE}. Edition 1, 24 November 2026"
    assert catalog["/Lang"] == "en"
    assert bool(catalog["/MarkInfo"]["/Marked"]) is True
    assert "/StructTreeRoot" in catalog
    assert "pdfuaid:part" in reader.xmp_metadata.stream.get_data().decode()
    products, disposal = (Term.objects.get(code=code).label for code in ("products", "disposal"))
    assert titles(reader.outline) == [
        "Contents",
        "What changed since the last edition",
        "How to cite",
        products,
        ["Amalgam separators", "Lamps in shops"],
        disposal,
        ["A leaking landfill"],
    ]
    text = text_of(reader)
    address = reverse("version_detail", args=[compiling.LIBRARY_CODE, 1])
    for words in (
        "Warning example A leaking landfill",
        "Photo of Lamps in shops",
        "Sealed boxes Bought by the ministry",
        "Keep the period short.",
        "(2026). Good practices for mercury waste. Edition 1, 24 November 2026.",
    ):
        assert words in text
    assert address in text.replace(" ", "")
    assert sum(len(page.images) for page in reader.pages) == 3


def test_no_edition_names_a_resource_person_and_the_page_only_those_the_reader_may_see(
    lead, client
):
    seen, hidden = ExpertFactory(name="Anna Seen"), ExpertFactory(name="Hanna Hidden")
    made = PracticeFactory(bare=True)
    version = PracticeVersionFactory(practice=made, title="Lamps")
    version.experts.add(seen, hidden)
    version.organisations.add(OrganisationFactory(name="Lamp Works"))
    publish(version)
    made.current, made.status, made.reviewed_at = version, Practice.Status.PUBLISHED, NOW
    made.save()
    hidden.status = Expert.Status.UNLISTED
    hidden.save()

    issued = edition(lead)
    text = text_of(pdf(issued))
    address = f"{reverse('practice_book')}?chapter={book.OTHER}"
    page = client.get(address).content.decode()
    client.force_login(lead)
    whole = client.get(address).content.decode()

    names = set(version.experts.values_list("name", flat=True))
    assert "Lamp Works" in text
    assert [name for name in names if name in text] == []
    with issued.version.translations.get().file.open("rb") as file:
        assert b"Anna Seen" not in file.read()
    assert f'<a href="{seen.get_absolute_url()}">Anna Seen</a>' in page
    assert "Hanna Hidden" not in page
    assert "Hanna Hidden" in whole


def test_the_next_edition_says_what_changed_and_the_one_before_keeps_its_file(lead, client):
    document = Document.objects.create(
        code=compiling.LIBRARY_CODE, title="Good practices", kind="catalogue", created_at=NOW
    )
    VersionFactory(document=document, number=0, change_note="First draft. Never reviewed.")
    changes, leaves = practice("Lamps", "products-lamps"), practice("Kilns")
    practice("Stays", "products-dental")
    first = edition(lead)
    before = pdf(first).metadata.title
    _new_version(changes, "Lamps in all shops", "products-lamps")
    leaves.status = Practice.Status.ARCHIVED
    leaves.save()
    practice("Batteries", "products-batteries")

    second = edition(lead, LATER)

    note = "New: Batteries. Changed: Lamps in all shops. Left: Kilns."
    assert (first.number, second.number, second.version.change_note) == (1, 2, note)
    text = text_of(pdf(second))
    head = "What changed since edition 1 New • Batteries Changed • Lamps in all shops"
    assert f"{head} Left the collection • Kilns How to cite" in text
    document.refresh_from_db()
    assert (document.current, document.status) == (second.version, Document.Status.PUBLISHED)
    assert set(document.versions.values_list("number", flat=True)) == {0, 1, 2}
    first.refresh_from_db()
    assert pdf(first).metadata.title == before
    old = client.get(first.version.get_absolute_url())
    assert f'href="{document.get_absolute_url()}">Go to version 2<' in old.content.decode()
    kept = client.get(reverse("version_file", args=[document.code, 1, "en"]))
    assert kept.getvalue().startswith(b"%PDF")
    listed = client.get(reverse("practice_book")).content.decode()
    assert note in listed
    assert second.version.get_absolute_url() in listed
    assert f'href="{reverse("version_file", args=[document.code, 2, "en"])}"' in listed
    contents = client.get(reverse("compilation_detail", args=[1])).content.decode()
    assert "Kilns" in contents
    assert changes.versions.get(number=1).get_absolute_url() in contents


def test_what_people_typed_is_never_markup_and_any_letters_can_be_printed(lead):
    markup = '#panic() *bold* $x$ @ref <l> `raw` // \\ " [#pagebreak()]'
    for title in (markup, "水银废物管理", "إدارة نفايات الزئبق", "བོད 😀", "x" * 190):
        practice(title, summary=f"= {title}", steps=f"{title}\n\n+ one", site=title[:100])

    reader = pdf(edition(lead))

    listed = titles(reader.outline)[-1]
    assert markup in listed
    assert {"水银废物管理", "إدارة نفايات الزئبق", "bod ? †"} <= set(listed)
    assert "† Written in Latin letters here." in text_of(reader)


# Who asks, and when


def test_only_the_lead_asks_for_an_edition(no_typst):
    practice("Lamps")
    add = reverse("compilation_add")
    for user in (None, UserFactory(), PartnerUserFactory(), SecretariatFactory()):
        client = Client()
        if user:
            client.force_login(user)
        refused = 403 if user else 302
        assert client.get(add).status_code == client.post(add).status_code == refused
        assert add not in client.get(reverse("practice_book")).content.decode()
    assert not Compilation.objects.exists()
    client = Client()
    lead = LeadFactory()
    client.force_login(lead)
    assert add in client.get(reverse("practice_book")).content.decode()

    answer = client.post(add)

    made = Compilation.objects.get()
    assert (made.number, made.state, made.asked_by) == (1, State.WAITING, lead)
    assert answer["Location"] == reverse("compilation_detail", args=[1])
    assert Decision.objects.filter(action="asked for an edition", actor=lead).exists()
    page = client.get(answer["Location"]).content.decode()
    assert "It waits for a worker." in page
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page
    assert Client().get(answer["Location"]).status_code == 404  # until it is made


def test_an_edition_is_for_whom_its_document_is(lead, no_typst):
    practice("Lamps")
    edition(lead)
    Document.objects.update(audience="partners")
    visitor, partner = Client(), Client()
    partner.force_login(PartnerUserFactory())

    for client, status in ((visitor, 404), (partner, 200)):
        assert client.get(reverse("compilation_detail", args=[1])).status_code == status
        book_page = client.get(reverse("practice_book")).content.decode()
        assert (compiling.LIBRARY_CODE in book_page) is (status == 200)
        assert ("Edition 1" in book_page) is (status == 200)


def test_one_edition_is_made_at_a_time(lead, client, no_typst):
    with pytest.raises(Refused, match="no published practice"):
        compiling.ask(lead, NOW)
    practice("Lamps")
    compiling.ask(lead, NOW)
    client.force_login(lead)

    with pytest.raises(Refused, match="Edition 1 is being made"):
        compiling.ask(lead, NOW + timedelta(seconds=90))
    compiling.make(1, NOW)
    compiling.make(1, NOW)  # Celery may deliver twice

    assert (len(no_typst), Version.objects.count()) == (1, 1)
    Compilation.objects.filter(number=1).update(number=5)
    Compilation.objects.create(number=2, as_of=NOW, asked_by=lead)  # in the same instant
    with pytest.raises(Refused, match="just now"):
        compiling.ask(lead, NOW)


def test_no_edition_while_comments_on_one_wait_for_an_answer(lead, client, no_typst):
    practice("Lamps")
    issued = edition(lead)
    comment = CommentFactory(round=CommentRoundFactory(version=issued.version))
    client.force_login(lead)

    answer = client.post(reverse("compilation_add"))

    assert answer.status_code == 409
    assert "Comments on an edition wait for an answer: 1." in answer.content.decode()
    assert Compilation.objects.count() == 1
    comment.delete()
    assert compiling.ask(lead, NOW).number == 2


def test_a_comment_that_comes_meanwhile_fails_the_edition_which_leaves_nothing_behind(
    lead, client, folder, no_typst
):
    practice("Lamps")
    issued = edition(lead)
    stored = sorted(path for path in folder.rglob("*") if path.is_file())
    compiling.ask(lead, NOW)
    comment = CommentFactory(round=CommentRoundFactory(version=issued.version))

    compiling.make(2, NOW)

    failed = Compilation.objects.get(number=2)
    assert (failed.state, failed.version) == (State.FAILED, None)
    assert "1 comment on this document is not answered yet." in failed.problem
    assert sorted(path for path in folder.rglob("*") if path.is_file()) == stored
    assert Version.objects.count() == 1
    client.force_login(lead)
    page = client.get(reverse("compilation_detail", args=[2])).content.decode()
    assert failed.problem in page
    assert f'action="{reverse("compilation_add")}"' in page
    comment.delete()
    client.post(reverse("compilation_add"))
    compiling.make(2, NOW)
    failed.refresh_from_db()
    assert (failed.state, failed.problem) == (State.DONE, "")
    assert failed.entries.count() == 1


def test_an_error_is_kept_and_raised_and_tells_strangers_nothing(lead, monkeypatch):
    def broken(*args):
        raise OSError("disk of /srv/secret is full")

    monkeypatch.setattr(typesetting, "write_pdf", broken)
    practice("Lamps")
    compiling.ask(lead, NOW)

    with pytest.raises(OSError, match="full"):
        compiling.make(1, NOW)

    failed = Compilation.objects.get()
    assert (failed.state, failed.finished_at) == (State.FAILED, NOW)
    assert failed.problem == "The portal could not make it. Tell the operator."


# Workers that are lost, and a broker that was away


def test_an_edition_whose_worker_is_gone_can_be_asked_for_again(lead, client, no_typst):
    practice("Lamps")
    compiling.ask(lead, NOW)
    Compilation.objects.update(state=State.RUNNING, started_at=NOW)
    lost = Compilation.objects.get()
    publishing.add_version(  # by hand, meanwhile
        Document.objects.create(code=compiling.LIBRARY_CODE, title="Good practices").pk,
        [publishing.Part("en", True, url="https://example.org/book")],
        lead,
        NOW,
    )
    late = NOW + compiling.LOST_AFTER
    assert not compiling.is_lost(lost, late - timedelta(seconds=1))
    assert compiling.is_lost(lost, late)

    again = compiling.ask(lead, late)

    assert (again.pk, again.number, again.state) == (lost.pk, 2, State.WAITING)
    making = compiling._Making(lost, NOW)  # the worker was only slow
    with pytest.raises(compiling._Lost):
        making.run()
    assert Compilation.objects.get().state == State.WAITING
    compiling.make(2, late)
    assert Compilation.objects.get().state == State.DONE
    assert Version.objects.get(number=2).compilation == again


def test_an_edition_that_no_worker_was_told_of_is_made_by_the_hourly_housekeeping(lead, no_typst):
    practice("Lamps")
    compiling.ask(lead, NOW)

    assert compiling.make_waiting(NOW + timedelta(minutes=1)) == 0  # a worker may be on its way
    assert compiling.make_waiting(NOW + timedelta(hours=1)) == 1
    assert compiling.make_waiting(NOW + timedelta(hours=2)) == 0

    made = Compilation.objects.get()
    assert (made.state, made.as_of) == (State.DONE, NOW + timedelta(hours=1))


def test_reading_a_chapter_takes_the_same_queries_however_many_practices_it_has(lead, client):
    def queries() -> int:
        with CaptureQueriesContext(connection) as seen:
            assert client.get(f"{reverse('practice_book')}?chapter=products").status_code == 200
        return len(seen)

    practice("Lamps", "products-lamps", photo=True)
    few = queries()
    for number in range(4):
        practice(f"Lamps {number}", "products-lamps", photo=True)

    assert queries() == few
