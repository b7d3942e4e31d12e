"""The comment table: filled offline, uploaded, looked at, taken over as drafts, nothing twice."""

import io
import re
import time
import zipfile
from datetime import date, timedelta

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from documents import comment_tables, commenting
from documents.models import Comment, CommentTable
from tests.factories import (
    NOW,
    CommentFactory,
    CommentRoundFactory,
    FileFactory,
    MembershipFactory,
    PartnerUserFactory,
    SecretariatFactory,
    SectionFactory,
)

pytestmark = pytest.mark.django_db
AFTER = NOW + timedelta(days=11)  # the factories' rounds have closed a day before
HEADER = ("Section", "Paragraph", "Page", "Type", "Comment", "Proposed text", "Organisation")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def partner():
    return PartnerUserFactory()


@pytest.fixture
def made(client, partner):
    """An open round on a text of two sections; the partner is signed in."""
    text = FileFactory()
    comment_round = CommentRoundFactory(version=text.version)
    SectionFactory(translation=text, order=1)
    SectionFactory(translation=text, order=2, labels=["2.1", "2.10"])
    client.force_login(partner)
    return comment_round


def saved(book: Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def xlsx(*rows) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    return saved(book)


def upload(client, made, content: bytes, name: str = "Our comments.xlsx", **values):
    address = reverse("table_upload", args=[made.pk])
    return client.post(address, {"file": SimpleUploadedFile(name, content), **values})


def preview(client, made, *rows):
    """(address, page) of the preview of these rows."""
    answer = upload(client, made, xlsx(*rows))
    assert answer.status_code == 302, answer.context["form"].errors
    return answer["Location"], client.get(answer["Location"])


def lines(page) -> list:
    return page.context["lines"]


def drafts(partner) -> list[tuple]:
    found = Comment.objects.filter(author=partner).order_by("pk")
    return list(found.values_list("section", "paragraph", "type", "text", "proposed_text"))


def test_a_place_merged_over_rows_counts_for_those_that_exist_however_far_and_often():
    """A file names its rows and merges itself: up to the millionth, thousands of times."""
    rows = {2: {1: "3"}, 3: {2: "a"}, 5: {1: "4", 2: "b"}, 1_048_576: {2: "c"}}
    merges = [(2, 1, 1_048_576, 1)] * 20_000 + [(5, 1, 6, 1), (3, 2, 9, 2), (4, 1, 9, 1)]
    began = time.process_time()

    comment_tables._fill_merged(rows, merges, column=1)

    assert time.process_time() - began < 1
    assert {number: row.get(1) for number, row in rows.items()} == {
        2: "3",
        3: "3",
        5: "4",
        1_048_576: "3",
    }


def test_the_table_of_the_portal_comes_back_as_the_same_comments(client, made, partner):
    house = MembershipFactory(user=partner, organisation__name="=Ministry, of “Lamps”").organisation
    question = made.questions.create(number=1, text="=2+3 Is the value right?")
    answer = client.get(reverse("table_download", args=[made.pk]))
    book = load_workbook(io.BytesIO(answer.content))
    sheet, aid = book.worksheets
    assert [cell.value for cell in sheet[1]] == [*HEADER, "Question number"]
    choices = {str(one.sqref): one.formula1 for one in sheet.data_validations.dataValidation}
    assert choices["D2:D501"] == '"General,Technical,Editorial"'
    place = choices["G2:G501"].rpartition("!")[2].replace("$", "")
    assert [cell.value for row in aid[place] for cell in row] == ["'=Ministry, of “Lamps”"]
    cells = [cell for page in book for row in page for cell in row if cell.value]
    assert not [cell.value for cell in cells if cell.data_type == "f"]
    words = " ".join(str(cell.value) for row in aid for cell in row)
    assert "4 December 2026, 09:00 UTC" in words
    assert made.get_absolute_url() in words
    assert "Waste contaminated with mercury" in words

    name = aid[place][0][0].value
    sheet.append(["2", "2.10", None, "Editorial", "Two lines\nof it", "Better", name, 1])
    sheet.append([None, None, 3, None, "A good text", None, None, None])
    for row, text in ((4, "=HYPERLINK(1)"), (5, "-5 °C is meant")):
        cell = sheet.cell(row, 5, text)
        cell.data_type = "s"
    answer = upload(client, made, saved(book), organisation="")
    page = client.get(answer["Location"])
    assert [line.notes + line.problems for line in lines(page)] == [[], [], [], []]
    assert "Add 4 comments to my drafts" in page.content.decode()
    assert not Comment.objects.exists()

    client.post(answer["Location"])
    assert drafts(partner) == [
        ("2", "2.10", "editorial", "Two lines\nof it", "Better"),
        ("", "", "general", "A good text", ""),
        ("", "", "general", "=HYPERLINK(1)", ""),
        ("", "", "general", "-5 °C is meant", ""),
    ]
    first, second, *_rest = Comment.objects.order_by("pk")
    assert (first.organisation, first.question, first.status) == (house, question, "draft")
    assert (second.organisation, second.page) == (None, 3)


def test_the_template_of_iso_is_understood(client, made, partner):
    mine = MembershipFactory(user=partner).organisation
    content = xlsx(
        ["Template for comments and secretariat observations", None, None, None, "Date: 2026"],
        [],
        [
            "MB/ NC1",
            "Line number (e.g. 17)",
            "Clause/ Subclause (e.g. 3.1)",
            "Paragraph/ Figure/ Table/ (e.g. Table 1)",
            "Type of comment2",
            "Comments",
            "Proposed change",
            "Observations of the secretariat",
        ],
        ["JP", "17", "Clause 2", "Paragraph 1", "te", "First", "-", None],
        [None, None, "2.1 Waste", None, "ed", "Second", None, None],
        [None, None, "Section 2", "Table 1", "ge/te", "Third", None, None],
        ["JP", None, "2", None, None, None, None, None],
        [None, None, 2.1, None, "GE", "Fourth", None, None],
        [None, None, "1", "2.10", "GE", "Fifth", None, None],
    )
    answer = upload(client, made, content, organisation=mine.pk)
    page = client.get(answer["Location"])
    assert [
        (line.row, line.comment.section, line.comment.paragraph, line.comment.type)
        for line in lines(page)
    ] == [
        (4, "2", "2.1", "technical"),
        (5, "2", "2.1", "editorial"),
        (6, "2", "Table 1", "general"),
        (8, "2", "2.1", "general"),
        (9, "2", "2.10", "general"),
    ]
    assert {line.comment.organisation for line in lines(page)} == {mine}
    assert lines(page)[0].comment.proposed_text == ""
    assert [len(line.notes) for line in lines(page)] == [0, 0, 2, 1, 1]
    words = page.content.decode()
    assert "“Table 1” is not a number in the text: kept as typed." in words
    assert "The type “ge/te” is not known: General." in words
    assert "also makes 2.1 of 2.10" in words
    assert "2.10 stands in section 2 of the text." in words
    assert "“MB/ NC1”, “Line number (e.g. 17)”, “Observations of the secretariat”" in words
    assert "Rows with a place but no comment are left out: 7." in words


def test_what_is_there_already_is_left_out_and_a_second_post_makes_nothing_twice(
    client, made, partner
):
    common = {"round": made, "author": partner, "section": "2", "paragraph": "2.1"}
    CommentFactory(**common, text="Said  before", proposed_text="")
    CommentFactory(**common, text="Taken back", proposed_text="", status="withdrawn")
    CommentFactory(round=made, section="2", paragraph="2.1", text="Of others", proposed_text="")
    rows = [
        (*HEADER, "Own _x0000_ column"),
        ["2", "2.1", None, None, "Said before"],
        ["2", "2.1", None, None, "Taken back"],
        ["2", "2.1", None, None, "Of others"],
        ["2", "2.10", None, None, "Said before"],
        [None, "2.10", None, None, "Said before"],
        [None, None, "none", None, "x" * 10_001],
        [None, None, "none", None, "Later _x0000_"],
    ]
    address, page = preview(client, made, *rows)
    assert [(line.is_double, bool(line.problems)) for line in lines(page)] == [
        (True, False),
        (False, False),
        (False, False),
        (False, False),
        (True, False),
        (False, True),
        (False, True),
    ]
    words = page.content.decode()
    assert "Add 3 comments to my drafts" in words
    assert "“Comment” has 10001 characters; 10000 is the limit." in words
    assert 'href="#row-7"' in words

    assert client.post(address)["Location"] == made.get_absolute_url()
    again = client.post(address, follow=True).content.decode()
    assert "taken over or thrown away already" in again
    assert commenting.drafts_of(made, partner).count() == 3
    assert CommentTable.objects.get().rows == []
    assert client.get(address)["Location"] == made.get_absolute_url()
    _address, page = preview(client, made, *rows)
    assert page.context["new"] == 0
    assert "to my drafts" not in page.content.decode()


def bomb() -> bytes:
    out = io.BytesIO(xlsx(HEADER))
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet9.xml", b" " * 31_000_000)
    return out.getvalue()


def with_macros() -> bytes:
    out = io.BytesIO(xlsx(HEADER, [None, None, None, None, "Comment"]))
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    return out.getvalue()


def long_table() -> bytes:
    return xlsx(HEADER, *([None, None, None, None, f"Comment {n}"] for n in range(501)))


def test_a_place_over_several_rows_counts_for_each_and_a_number_made_a_date_is_told(client, made):
    book = Workbook()
    for row in (
        ["Clause", "Comment(s)"],
        ["2.1", "First"],
        [None, "Second"],
        [None, "Third"],
        [date(2026, 1, 2), "Fourth"],
    ):
        book.active.append(row)
    book.active.merge_cells("A2:A3")
    page = client.get(upload(client, made, saved(book))["Location"])
    assert [line.comment.place for line in lines(page)] == ["2.1", "2.1", "", ""]
    assert "“Clause”: the spreadsheet made a date of the number." in page.content.decode()


REFUSED = [
    ("zip bomb", bomb, "a.xlsx", "unpacks to"),
    ("macros", with_macros, "a.xlsx", "has macros"),
    ("text", lambda: b"Comment\nwords\n", "a.csv", "no Excel workbook"),
    ("a page", lambda: b"<html><script>x()</script></html>", "a.xlsx", "does not know"),
    ("cut", lambda: long_table()[:5000], "a.xlsx", "damaged"),
    ("long", long_table, "a.xlsx", "more than 500 rows"),
    ("header alone", lambda: xlsx(HEADER, []), "a.xlsx", "has no comment yet"),
    ("nothing", lambda: xlsx([]), "a.xlsx", "has no column “Comment”. Name"),
    (
        "other columns",
        lambda: xlsx(["Clause", "What we think"], ["2", "Words"]),
        "a.xlsx",
        "has no column “Comment”. It has “Clause”, “What we think”.",
    ),
]


@pytest.mark.parametrize(
    ("content", "name", "words"), [one[1:] for one in REFUSED], ids=[one[0] for one in REFUSED]
)
def test_it_is_refused_with_a_sentence_and_nothing_is_kept(client, made, content, name, words):
    answer = upload(client, made, content(), name)
    assert words in answer.context["form"].errors["file"][0]
    assert not CommentTable.objects.exists()


def test_a_formula_counts_by_its_value_and_one_without_is_a_problem(client, made):
    content = io.BytesIO(xlsx(HEADER, ["1", None, None, None, "=1+1"], ["2", None, None, None, 7]))
    out = io.BytesIO()
    with zipfile.ZipFile(content) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, re.sub(b"</f><v ?/>|</f><v></v>", b"</f><v>2</v>", old.read(name)))
    page = client.get(upload(client, made, out.getvalue())["Location"])
    assert [line.comment.text for line in lines(page)] == ["2", "7"]
    page = client.get(upload(client, made, content.getvalue())["Location"])
    assert [bool(line.problems) for line in lines(page)] == [True, False]
    assert "formula without a result" in page.content.decode()


def test_after_the_close_no_table_is_taken_and_one_from_before_goes_to_the_lead(
    client, made, partner, clock
):
    address, _page = preview(client, made, HEADER, ["2", None, None, None, "In time"])
    clock.move_to(AFTER)
    page = client.get(reverse("table_upload", args=[made.pk])).content.decode()
    assert "The round is over" in page
    assert 'type="file"' not in page
    assert reverse("comment_add", args=[made.pk]) in page
    assert upload(client, made, xlsx(HEADER, [None] * 4 + ["Late"])).status_code == 409
    assert CommentTable.objects.count() == 1

    assert "Offer 1 comment to the Lead" in client.get(address).content.decode()
    assert "came too late" in client.post(address, follow=True).content.decode()
    assert Comment.objects.get().status == Comment.Status.LATE

    made.status, made.finished_at = "finished", AFTER
    made.save()
    table = CommentTable.objects.create(round=made, user=partner, rows=[], file_name="a.xlsx")
    address = reverse("table_preview", args=[made.pk, table.pk])
    assert "Its answers are written" in client.get(address).content.decode()


def test_a_table_is_of_who_uploaded_it_alone_and_goes_after_a_week(client, made, partner):
    address, _page = preview(client, made, HEADER, ["2", None, None, None, "Mine"])
    assert (
        "Our comments.xlsx" in client.get(reverse("table_upload", args=[made.pk])).content.decode()
    )
    for other in (PartnerUserFactory(), SecretariatFactory()):
        client.force_login(other)
        assert client.get(address).status_code == 404
        assert client.post(address).status_code == 404
        assert client.post(address, {"action": "drop"}).status_code == 404

    client.force_login(partner)
    assert comment_tables.forget_old(NOW + timedelta(days=7)) == 0
    other, _page = preview(client, made, HEADER, ["2", None, None, None, "Mine"])
    client.post(other, {"action": "drop"})
    assert client.get(other).status_code == 404
    filled = comment_tables.Filled([])
    for number in range(5):
        comment_tables.keep(made.pk, partner, f"{number}.xlsx", filled, NOW)
    names = [one.file_name for one in comment_tables.waiting_tables(made, partner)]
    assert names == ["4.xlsx", "3.xlsx", "2.xlsx", "1.xlsx", "0.xlsx"]
    assert comment_tables.forget_old(NOW + timedelta(days=8)) == 5
    assert not Comment.objects.exists()


def test_a_preview_makes_as_many_queries_for_many_rows_as_for_one(client, made):
    numbers = []
    for count in (1, 60):
        rows = [["2", "2.1", None, None, f"Comment {n}"] for n in range(count)]
        address, _page = preview(client, made, HEADER, *rows)
        with CaptureQueriesContext(connection) as queries:
            client.get(address)
        numbers.append(len(queries))
    assert numbers[0] == numbers[1]
