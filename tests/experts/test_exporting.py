"""The Lead's export: public fields, private ones by choice, and the way back in."""

import csv
import io
from datetime import date

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import load_workbook

from experts import columns, exporting
from experts.importing import runs
from experts.models import Expert
from partners import csv_files
from partners.models import Decision
from partners.refusals import Refused
from tests.factories import NOW, ExpertFactory, LeadFactory, OrganisationFactory, UserFactory

pytestmark = pytest.mark.django_db
EXPORT = "admin:experts_importrun_export"


@pytest.fixture(autouse=True)
def _clock():
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def lead():
    return LeadFactory(totp=True)


@pytest.fixture
def lead_client(client, lead):
    client.force_login(lead)
    return client


def table(content: bytes, kind: str) -> list[dict]:
    """The rows of a file by their header."""
    if kind == "csv":
        header, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
    else:
        sheet = load_workbook(io.BytesIO(content)).active
        header, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def export(client, kind: str, query: str = "", **more) -> list[dict]:
    response = client.post(reverse(EXPORT) + query, {"kind": kind} | more)
    assert response["Content-Disposition"] == f'attachment; filename="experts-2026-11-24.{kind}"'
    return table(response.getvalue(), kind)


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_has_public_fields_alone(lead_client, kind):
    ExpertFactory(name="Jane Doe", email="jane@example.org", phone="+81 1")

    rows = export(lead_client, kind)

    assert [row["Name"] for row in rows] == ["Jane Doe"]
    assert rows[0]["Expertise"] == "Lamps; Segregation and collection"
    assert list(rows[0]) == [column.header for column in columns.PUBLIC]
    assert "jane@example.org" not in str(rows)
    assert Decision.objects.count() == 0


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_private_fields_are_a_choice_that_is_logged(lead_client, lead, kind):
    ExpertFactory(email="jane@example.org", phone="+81 1")

    rows = export(lead_client, kind, "?status__exact=listed", private="on")

    assert (rows[0]["E-mail"], rows[0]["Phone"]) == ("jane@example.org", "'+81 1")
    assert rows[0]["Who may see the e-mail"] == "Only the Lead"
    decision = Decision.objects.get()
    assert (decision.actor, decision.action) == (lead, "exported private fields")
    assert decision.reason == (
        f"1 profiles with private fields as {kind.upper()} (status__exact=listed)"
    )


def test_the_filters_of_the_list_choose_who_is_exported(lead_client):
    ExpertFactory(name="Listed")
    ExpertFactory(name="Off", status="unlisted")

    assert [row["Name"] for row in export(lead_client, "csv")] == ["Listed", "Off"]
    assert [row["Name"] for row in export(lead_client, "csv", "?status__exact=unlisted")] == ["Off"]


def test_private_fields_need_the_right_to_export_them(lead):
    with pytest.raises(Refused):
        exporting.for_the_lead(Expert.objects.all(), "csv", True, UserFactory(), NOW)


def test_who_is_no_lead_gets_no_export(client):
    client.force_login(UserFactory())

    assert client.get(reverse(EXPORT)).status_code == 403
    assert client.post(reverse(EXPORT), {"kind": "csv"}).status_code == 403


def test_the_page_says_how_many_and_refuses_an_unknown_format(lead_client):
    ExpertFactory()

    assert "1 profile." in lead_client.get(reverse(EXPORT)).content.decode()
    response = lead_client.post(reverse(EXPORT), {"kind": "pdf"})
    assert list(response.context["form"].errors) == ["kind"]


def test_unknown_filters_of_the_address_do_no_harm(lead_client):
    response = lead_client.get(reverse(EXPORT) + "?nonsense__exact=1")

    assert response.status_code == 302


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+81 3", "'+81 3"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("  =1", "'  =1"),
        ("＝1", "'＝1"),
        ("'=1", "''=1"),
        ("it's", "it's"),
        ("a=b", "a=b"),
        ("", ""),
        ("bell\x07", "bell"),
    ],
)
def test_formulas_are_neutralised_and_come_back_as_they_were(value, cell):
    assert csv_files.neutral(value) == cell
    assert csv_files.plain(cell) == value.replace("\x07", "")


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_no_cell_of_an_export_is_a_formula(kind):
    ExpertFactory(
        name="=1+1", position="@now", summary="-2", experience="+3", website="https://example.org"
    )

    content = exporting.public(Expert.objects.all(), kind).read()

    row = table(content, kind)[0]
    assert (row["Name"], row["Position"], row["Summary"], row["Experience"]) == (
        "'=1+1",
        "'@now",
        "'-2",
        "'+3",
    )


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_that_comes_back_changes_nothing(lead, kind):
    house = OrganisationFactory(name="Other House", country_id="FR", acronym="OH")
    ExpertFactory(
        name="Doe, Jane & Co",
        confirmed_at=None,
        organisation=house,
        country_id="BO",
        phone="+591 2",
        position="=HYPERLINK(1)",
        experience="One\n\n- two  \n+three",
        languages=["zh", "en"],
        worked_in=["KR", "CI", "BO"],
        website="http://example.org/ä?b=c",
        orcid="0000-0002-1825-0097",
        available_from=date(2027, 1, 1),
        available_until=date(2027, 3, 4),
        imported_updated_on=date(2017, 4, 3),
        missions=True,
        terms=["products", "handling-collection"],
    )
    ExpertFactory(confirmed_at=None, organisation=None, email="", phone="", worked_in=[])
    ExpertFactory()
    ExpertFactory(status="withdrawn")
    before = list(Expert.objects.order_by("pk").values())
    file = exporting.for_the_lead(Expert.objects.all(), kind, True, lead, NOW)

    run = runs.start(SimpleUploadedFile(f"back.{kind}", file.read()), "Back", NOW.date(), lead, NOW)

    assert run.report["errors"] == []
    assert run.report["changed"] == []
    assert run.report["counts"] | {"notes": 0} == {
        "rows": 4,
        "new": 0,
        "changed": 0,
        "unchanged": 4,
        "kept": 0,
        "organisations": 0,
        "errors": 0,
        "notes": 0,
    }
    assert list(Expert.objects.order_by("pk").values()) == before


def test_the_number_of_queries_does_not_grow_with_the_rows():
    def queries():
        with CaptureQueriesContext(connection) as caught:
            exporting.public(Expert.objects.all(), "csv")
        return len(caught)

    ExpertFactory()
    first = queries()
    ExpertFactory()
    ExpertFactory()
    assert queries() == first
