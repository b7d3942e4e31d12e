"""The list to take away: page, PDF, CSV, Excel, vCard."""

import csv
import io
import zipfile
from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse
from openpyxl import load_workbook
from pypdf import PdfReader

from experts import roster
from experts.models import Audience, Expert
from tests.factories import (
    NOW,
    ExpertFactory,
    LeadFactory,
    OrganisationFactory,
    PartnerUserFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
EXPORTS = ("expert_roster", "expert_roster_pdf", "expert_export_csv", "expert_export_xlsx")


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=False):
        yield


def fetch(client, name: str, query: str = "") -> bytes:
    response = client.get(reverse(name) + query)
    assert response.status_code == 200
    return response.getvalue()


def as_text(name: str, content: bytes) -> str:
    """All text of an export, hidden parts of the file included."""
    if name == "expert_roster_pdf":
        reader = PdfReader(io.BytesIO(content))
        pages = " ".join(page.extract_text() for page in reader.pages)
        return " ".join((pages + content.decode("latin-1")).split())
    if name == "expert_export_xlsx":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return " ".join(archive.read(part).decode() for part in archive.namelist())
    return content.decode()


def pdf_of(client, query: str = "") -> PdfReader:
    return PdfReader(io.BytesIO(fetch(client, "expert_roster_pdf", query)))


def pdf_text(reader: PdfReader) -> str:
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def csv_rows(client, query: str = "") -> list[dict]:
    text = fetch(client, "expert_export_csv", query).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


# Who is in it


def test_the_roster_goes_by_region_and_then_by_name(client):
    ExpertFactory(name="Zoë", country_id="JP")
    ExpertFactory(name="Émile", country_id="FR")
    ExpertFactory(name="adam", country_id="TH")

    made = roster.build(Expert.objects.listed(), NOW, whole=True)

    assert [(part.name, [person.name for person in part.people]) for part in made.parts] == [
        ("East Asia", ["adam", "Zoë"]),
        ("Europe", ["Émile"]),
    ]
    assert [(part.total, part.fresh) for part in made.parts] == [(2, 2), (1, 1)]


def test_each_entry_says_when_it_was_confirmed(client):
    ExpertFactory(name="A", confirmed_at=NOW - timedelta(days=76))
    ExpertFactory(name="B", confirmed_at=NOW - timedelta(days=900))
    ExpertFactory(name="C", confirmed_at=None, imported_updated_on="2017-04-01")

    (part,) = roster.build(Expert.objects.listed(), NOW, whole=True).parts

    assert [person.confirmed for person in part.people] == [
        "Confirmed 9 September 2026",
        "Lapsed: confirmed 7 June 2024",
        "Never confirmed; list of April 2017",
    ]


@pytest.mark.parametrize("name", EXPORTS)
@pytest.mark.parametrize("status", ["draft", "awaiting", "unlisted", "withdrawn"])
def test_who_is_not_listed_is_in_no_file_not_even_the_leads(client, name, status):
    ExpertFactory(name="Listed")
    ExpertFactory(name="Hiddenperson", status=status)
    client.force_login(LeadFactory())

    assert "Hiddenperson" not in as_text(name, fetch(client, name))


@pytest.mark.parametrize("name", EXPORTS)
@pytest.mark.parametrize("reader", [None, UserFactory, PartnerUserFactory, LeadFactory])
def test_no_private_field_is_in_any_file(client, name, reader):
    for audience in Audience:
        ExpertFactory(
            email=f"planted-{audience}@example.org",
            email_audience=audience,
            phone=f"+999 7777 {audience}",
            phone_audience=audience,
            max_open_requests=7531,
        )
    if reader:
        client.force_login(reader())

    text = as_text(name, fetch(client, name))

    assert [word for word in ("planted", "7777", "7531") if word in text] == []


def test_filters_of_the_directory_hold_for_files(client):
    ExpertFactory(name="Here", country_id="JP")
    ExpertFactory(name="There", country_id="FR")

    assert [row["Name"] for row in csv_rows(client, "?region=europe")] == ["There"]
    assert "Here" not in pdf_text(pdf_of(client, "?region=europe"))
    assert [row["Name"] for row in csv_rows(client, "?region=nowhere")] == ["Here", "There"]


def test_the_whole_list_has_the_lapsed_too_a_filtered_one_is_what_the_page_shows(client):
    ExpertFactory(name="Old", confirmed_at=NOW - timedelta(days=900))
    ExpertFactory(name="New")

    assert [row["Name"] for row in csv_rows(client)] == ["New", "Old"]
    assert [row["Name"] for row in csv_rows(client, "?region=east-asia")] == ["New"]


@pytest.mark.parametrize("name", EXPORTS)
def test_an_empty_result_is_an_empty_file(client, name):
    ExpertFactory(name="Onlyone")

    assert "Onlyone" not in as_text(name, fetch(client, name, "?region=africa"))


@pytest.mark.parametrize("name", EXPORTS)
def test_files_take_the_same_queries_for_one_expert_and_for_three(
    client, name, django_assert_num_queries
):
    expected = {"expert_roster": 4, "expert_roster_pdf": 4}.get(name, 3)
    for _ in range(3):
        ExpertFactory()
        fetch(client, name)  # what is read once for each process
        with django_assert_num_queries(expected - (name == "expert_export_csv")):
            fetch(client, name)


def test_a_list_that_is_too_long_gets_a_page_with_a_way_out(client, monkeypatch):
    ExpertFactory.create_batch(3)
    monkeypatch.setattr(roster, "MOST", 2)
    monkeypatch.setattr("experts.views.roster.MOST_IN_XLSX", 2)

    for name in ("expert_roster", "expert_roster_pdf", "expert_export_xlsx"):
        response = client.get(reverse(name))
        assert response.status_code == 400
        assert reverse("expert_export_csv") in response.content.decode()
    assert len(csv_rows(client)) == 3


# The PDF


def test_the_pdf_is_tagged_and_has_title_language_and_bookmarks(client):
    ExpertFactory(name="Anna", country_id="JP")

    reader = pdf_of(client)

    catalog = reader.trailer["/Root"]
    assert reader.metadata.title == "Resource Persons List"
    assert catalog["/Lang"] == "en"
    assert bool(catalog["/MarkInfo"]["/Marked"]) is True
    assert "/StructTreeRoot" in catalog
    assert "pdfuaid:part" in reader.xmp_metadata.stream.get_data().decode()
    assert titles(reader.outline) == ["East Asia (1)", ["Anna"]]


def titles(outline: list) -> list:
    return [titles(item) if isinstance(item, list) else item.title for item in outline]


@pytest.mark.parametrize(
    "name",
    ["山田 太郎", "김철수", "Иванов Пётр", "Nguyễn Ánh", "Ελένη", "สมชาย ใจดี", "አበበ", "Łukasz Ž"],
)
def test_names_keep_their_own_letters(client, name):
    ExpertFactory(name=name)

    text = pdf_text(pdf_of(client))

    assert name in text
    assert roster.IN_LATIN not in text


def test_names_from_right_to_left_come_out_whole(client):
    ExpertFactory(name="محمد عبد الله", country_id="JO")

    reader = pdf_of(client)

    assert titles(reader.outline) == ["South & West Asia (1)", ["محمد عبد الله"]]
    fonts = {str(font) for page in reader.pages for font in page_fonts(page)}
    assert any("NotoSansArabic" in font for font in fonts)


def page_fonts(page) -> list:
    return [font.get_object()["/BaseFont"] for font in page["/Resources"]["/Font"].values()]


def test_only_the_fonts_of_the_portal_are_used_and_all_are_embedded(client):
    ExpertFactory(name="東京 سلام ไทย")

    fonts = {str(font) for page in pdf_of(client).pages for font in page_fonts(page)}

    assert {font.partition("+")[2].partition("-")[0] for font in fonts} <= {
        "NotoSans", "NotoSerif", "NotoSansArabic", "NotoSansThai", "NotoSansCJKjp",
    }  # fmt: skip
    assert all("+" in font for font in fonts)  # subsets: embedded


@pytest.mark.parametrize(
    "name", ["ལྷ་ས་བོད", "ꮳꮃꭹ", "😀🎉", "\u0301", "𠮷野家", "\ue000\ufffe\x7f", "a\u202eb"]
)
def test_a_name_without_a_font_does_not_stop_the_roster(client, name):
    ExpertFactory(name=name, organisation=OrganisationFactory(name=name))
    ExpertFactory(name="Next Person")

    assert "Next Person" in pdf_text(pdf_of(client))


def test_a_name_without_a_font_is_written_in_latin_letters_and_marked(client):
    ExpertFactory(name="བོད")

    text = pdf_text(pdf_of(client))

    assert roster.showable("བོད") == "bod †"
    assert "bod †" in text
    assert "† Written in Latin letters here" in text


def test_letters_that_typst_refuses_after_all_end_in_plain_ones():
    assert roster.in_plain_letters("Zoë Müller") == "Zoe Muller †"
    assert roster.in_plain_letters("Anna") == "Anna"


def test_what_people_typed_is_never_markup(client):
    name = '#set page(fill: red) *bold* $x$ @ref <l> `raw` \\ "'
    ExpertFactory(name=name, position="#panic()")

    assert titles(pdf_of(client).outline) == ["East Asia (1)", [name]]


def test_a_very_long_word_is_broken(client):
    ExpertFactory(name="x" * 150, position="y" * 150)

    assert len(pdf_of(client).pages) == 1


def test_each_name_leads_to_the_profile(client):
    expert = ExpertFactory()

    (page,) = pdf_of(client).pages

    links = [
        note.get_object()["/A"]["/URI"] for note in page["/Annots"] if "/A" in note.get_object()
    ]
    assert [link for link in links if link.endswith(expert.get_absolute_url())]
    assert all(link.startswith("http") for link in links)


# CSV and Excel


def test_csv_begins_with_the_mark_that_excel_needs(client):
    ExpertFactory(name="Zoë")

    content = fetch(client, "expert_export_csv")

    assert content.startswith(b"\xef\xbb\xbfName,Position,")
    assert "Zoë" in content.decode()


@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1+1"])
def test_formulas_are_neutral_in_files(client, name):
    ExpertFactory()
    Expert.objects.update(name=name)  # as stored before a name was one line

    assert csv_rows(client)[0]["Name"] == f"'{name}"
    sheet = load_workbook(io.BytesIO(fetch(client, "expert_export_xlsx"))).active
    cell = sheet["A2"]
    assert cell.data_type == "s"
    assert cell.value.startswith("'")


def test_excel_has_the_same_rows_as_csv(client):
    ExpertFactory(name="Anna")
    ExpertFactory(name="Ben", position="")

    sheet = load_workbook(io.BytesIO(fetch(client, "expert_export_xlsx"))).active

    header, *rows = sheet.iter_rows(values_only=True)
    assert list(header) == list(csv_rows(client)[0])
    assert [row[0] for row in rows] == ["Anna", "Ben"]


# vCard


def card(client, expert):
    return client.get(reverse("expert_vcard", args=[expert.pk]))


def test_the_vcard_is_for_those_who_may_see_the_contact(client):
    expert = ExpertFactory(email_audience=Audience.PARTNERS, claimed=True)
    assert card(client, expert).status_code == 404
    for reader, status in (
        (UserFactory(), 404),
        (PartnerUserFactory(), 200),
        (LeadFactory(), 200),
        (expert.user, 200),
    ):
        client.force_login(reader)
        assert card(client, expert).status_code == status


def test_the_vcard_has_only_what_the_reader_may_see(client):
    expert = ExpertFactory(
        email="planted@example.org", email_audience=Audience.PARTNERS, phone="+999 7777"
    )
    client.force_login(PartnerUserFactory())

    text = card(client, expert).content.decode()

    assert "EMAIL;TYPE=INTERNET,WORK:planted@example.org\r\n" in text
    assert "7777" not in text


def test_the_vcard_escapes_and_folds(client):
    house = OrganisationFactory(name="Institute; of, things\\")
    expert = ExpertFactory(organisation=house, position="é" * 100)
    Expert.objects.update(name="Müller, Ana\r\nTEL:110")  # as stored before a name was one line
    expert.refresh_from_db()
    client.force_login(LeadFactory())

    content = card(client, expert).content

    unfolded = content.replace(b"\r\n ", b"").decode()
    assert "FN:Müller\\, Ana  TEL:110\r\n" in unfolded
    assert "ORG:Institute\\; of\\, things\\\\\r\n" in unfolded
    assert f"TITLE:{'é' * 100}\r\n" in unfolded
    assert max(len(line) for line in content.split(b"\r\n")) <= 75


def test_a_vcard_is_kept_by_no_cache(client):
    client.force_login(LeadFactory())

    assert "no-store" in card(client, ExpertFactory())["Cache-Control"]
