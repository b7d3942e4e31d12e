"""The matrix of a round: the same rows on the page, in XLSX and in CSV; who reads it, and when."""

import csv
import io

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from documents import matrices
from documents.models import CommentRound, Document
from partners.models import Partner
from tests.factories import (
    NOW,
    CommentFactory,
    CommentRoundFactory,
    LeadFactory,
    OrganisationFactory,
    PartnerUserFactory,
    ResponseFactory,
    SectionFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db

FORMULAS = ["=1+1", "+SUM(A1)", "-2", "@cmd", "\t=1", "＝HYPERLINK(1)", " =1"]


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def finished():
    """Public, on a text of two sections: one comment accepted, one not, one of a person alone."""
    section = SectionFactory(label="2", order=1)
    SectionFactory(translation=section.translation, label="10", order=2)
    comment_round = CommentRoundFactory(
        version=section.version, status="finished", finished_at=NOW, is_public_response=True
    )
    house = OrganisationFactory(name="Association of Laboratories (example)")
    for section_label, organisation, verdict in (
        ("10", house, "not_accepted"),
        ("2", house, "accepted"),
        ("", None, "noted"),
    ):
        comment = CommentFactory(
            round=comment_round,
            organisation=organisation,
            section=section_label,
            paragraph=section_label and f"{section_label}.1",
            text=f"About “{section_label}”.",
            author__name="Ann Author",
        )
        ResponseFactory(comment=comment, verdict=verdict, reason=f"Answer {section_label}.")
    CommentFactory(round=comment_round, status="draft", text="A draft.")
    CommentFactory(round=comment_round, status="late", text="Too late.")
    CommentFactory(round=comment_round, status="withdrawn", text="Taken back.")
    return comment_round


def lines_of_csv(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def sheet_of(content: bytes):
    return load_workbook(io.BytesIO(content)).active


def as_words(sheet) -> list[list[str]]:
    return [["" if one is None else str(one) for one in row] for row in sheet.values]


def codes(client, user, comment_round) -> list[int]:
    """What this person gets at the page and the two files."""
    client.logout()
    if user:
        client.force_login(user)
    return [
        client.get(reverse(name, args=[comment_round.pk])).status_code
        for name in ("round_matrix", "matrix_xlsx", "matrix_csv")
    ]


def test_page_and_files_hold_the_same_rows_in_the_order_of_the_text(client, finished):
    client.force_login(PartnerUserFactory())

    page = client.get(reverse("round_matrix", args=[finished.pk]))
    table = lines_of_csv(client.get(reverse("matrix_csv", args=[finished.pk])).content)
    sheet = sheet_of(client.get(reverse("matrix_xlsx", args=[finished.pk])).content)

    assert [row.comment for row in page.context["rows"]] == [
        "About “”.",
        "About “2”.",
        "About “10”.",
    ]
    names = [str(name) for _key, name in matrices.COLUMNS]
    assert table[0] == names
    assert as_words(sheet) == table
    keys = [key for key, _name in matrices.COLUMNS]
    shown = [
        ["" if getattr(row, key) is None else str(getattr(row, key)) for key in keys]
        for row in page.context["rows"]
    ]
    assert shown == table[1:]
    text = page.content.decode()
    for row in page.context["rows"]:
        for words in (row.organisation, row.comment, row.response, row.status):
            assert words in text
    assert "3 comments from 1 organisation: 1 accepted, 1 not accepted, 1 noted." in text
    assert [row[names.index("Organisation")] for row in table[1:]] == [
        "In a personal capacity",
        *["Association of Laboratories (example)"] * 2,
    ]


def test_names_of_people_drafts_and_late_comments_are_in_no_matrix(client, finished):
    for user in (PartnerUserFactory(), LeadFactory()):
        client.force_login(user)
        page = client.get(reverse("round_matrix", args=[finished.pk])).content.decode()
        table = client.get(reverse("matrix_csv", args=[finished.pk])).content.decode()
        for words in ("Ann Author", "A draft.", "Too late.", "Taken back."):
            assert words not in page
            assert words not in table


def test_the_sheet_is_ready_to_print_and_nothing_in_a_file_runs(finished):
    for words in FORMULAS:
        CommentFactory(round=finished, text=words, proposed_text=words)
    lead = LeadFactory()

    sheet = sheet_of(matrices.as_xlsx(finished, lead))
    table = lines_of_csv(matrices.as_csv(finished, lead))

    cells = [cell for row in sheet.iter_rows() for cell in row]
    assert "f" not in {cell.data_type for cell in cells}
    for line in [*table, *as_words(sheet)]:
        assert not any(words.lstrip().startswith(tuple("=+-@＝")) for words in line)
    written = [line[[key for key, _name in matrices.COLUMNS].index("comment")] for line in table]
    assert {f"'{words}" for words in FORMULAS} <= set(written)
    assert all(cell.alignment.wrap_text for cell in cells if cell.value is not None)
    assert sheet.freeze_panes == "B2"
    assert (sheet.page_setup.orientation, int(sheet.page_setup.paperSize)) == ("landscape", 9)
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.sheet_properties.pageSetUpPr.fitToPage


def test_who_reads_the_matrix_before_and_after_the_end(client):
    comment_round = CommentRoundFactory()
    member, lead, partner = PartnerUserFactory(), LeadFactory(), PartnerUserFactory()
    comment_round.team.add(member)
    author = ResponseFactory(comment__round=comment_round).comment.author
    ResponseFactory(comment__round=comment_round)
    people = {"visitor": None, "person": UserFactory(), "partner": partner, "author": author}
    people |= {"member": member, "lead": lead}

    def got(**changes):
        CommentRound.objects.filter(pk=comment_round.pk).update(**changes)
        return {name: codes(client, user, comment_round)[0] for name, user in people.items()}

    assert got() == {
        "visitor": 302,
        "person": 404,
        "partner": 403,
        "author": 200,
        "member": 200,
        "lead": 200,
    }
    hidden = got(status="finished", finished_at=NOW)
    assert hidden == got() | {"partner": 403, "visitor": 302}
    assert got(is_public_response=True) == dict.fromkeys(people, 200)
    Document.objects.filter(versions=comment_round.version).update(audience="partners")
    assert got() == hidden | {"partner": 200}
    for user in people.values():
        assert len(set(codes(client, user, comment_round))) == 1


def test_a_commenter_reads_own_comments_at_once_and_own_answers_after_the_end(client):
    comment_round = CommentRoundFactory()
    mine = ResponseFactory(comment__round=comment_round, reason="Mine is answered.").comment
    ResponseFactory(comment__round=comment_round, reason="Somebody else's.")
    address = reverse("round_matrix", args=[comment_round.pk])
    client.force_login(mine.author)

    before = client.get(address).content.decode()
    [row] = matrices.rows(comment_round, mine.author)
    CommentRound.objects.filter(pk=comment_round.pk).update(status="finished", finished_at=NOW)
    after = client.get(address).content.decode()

    assert mine.text in before
    assert (row.response, row.status) == ("", "")
    assert "Mine is answered." not in before
    assert "Mine is answered." in after
    assert "Somebody else" not in before + after


def test_who_commented_reads_their_own_also_when_no_partner_any_more(client, finished):
    author = finished.comments.sent().order_by("number").first().author
    Partner.objects.filter(person=author).update(status="withdrawn")
    Document.objects.filter(versions=finished.version).update(audience="partners")
    client.force_login(author)

    page = client.get(reverse("round_matrix", args=[finished.pk]))

    assert page.status_code == 200
    assert "Answer 10." in page.content.decode()
    assert "Answer 2." not in page.content.decode()
    assert len(lines_of_csv(matrices.as_csv(finished, author))) == 2


def test_nobody_reads_rows_of_a_round_that_is_not_for_them(finished):
    Document.objects.filter(versions=finished.version).update(audience="partners")
    assert matrices.rows(finished, AnonymousUser()) == []
    assert matrices.rows(finished, UserFactory()) == []
    assert len(matrices.rows(finished, PartnerUserFactory())) == 3


def test_places_of_a_document_elsewhere_are_sorted_by_number_then_page():
    elsewhere = CommentRoundFactory(version=None, address="https://example.org/draft.pdf")
    lead = LeadFactory()
    for section, page in (
        ("2.10", None),
        ("", 12),
        ("2.9", None),
        ("", 3),
        ("", None),
        ("A", None),
    ):
        CommentFactory(round=elsewhere, section=section, paragraph="", page=page)

    places = [row.place for row in matrices.rows(elsewhere, lead)]

    assert places == ["the whole", "2.9", "2.10", "A", "page 3", "page 12"]


def test_the_page_takes_the_same_queries_for_few_rows_and_many(client, finished):
    client.force_login(PartnerUserFactory())

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            client.get(reverse("round_matrix", args=[finished.pk]))
        return len(captured)

    few = queries()
    for _n in range(20):
        ResponseFactory(comment__round=finished, comment__organisation=OrganisationFactory())
    assert queries() == few
