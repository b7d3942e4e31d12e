"""The list comes in: read, compared, shown, confirmed, written; and what must not come in."""

import datetime
import io
import time
import zipfile
from datetime import date, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from openpyxl import Workbook

from experts.importing import runs, sheets, values
from experts.importing.workbook import Unreadable
from experts.models import Audience, Consent, Expert, ImportRun
from partners.models import Country, Decision, Organisation, Term
from tests.experts.spreadsheets import (
    ANNE,
    HEADER,
    JANE,
    SHEET,
    cells,
    text,
    upload,
    with_parts,
    with_sheet_data,
    xlsx,
)
from tests.factories import NOW, ExpertFactory, LeadFactory, OrganisationFactory
from wmaportal.celery import app as celery_app

pytestmark = pytest.mark.django_db
State = ImportRun.State


@pytest.fixture(autouse=True)
def _clock(request):
    if "worker" in request.fixturenames:  # a stopped clock stops a worker as well
        yield
        return
    with time_machine.travel(NOW, tick=True):
        yield


@pytest.fixture
def lead():
    return LeadFactory(totp=True)


@pytest.fixture
def lead_client(client, lead):
    client.force_login(lead)
    return client


def preview(file, lead, edition_on=None) -> ImportRun:
    return runs.start(file, "April 2017", edition_on, lead, NOW)


def bring_in(file, lead, edition_on=None) -> ImportRun:
    """Preview and confirm."""
    run = preview(file, lead, edition_on)
    assert run.report["errors"] == []
    runs.confirm(run.pk, run.digest)
    runs.write(run.pk, lead.pk, NOW)
    run.refresh_from_db()
    return run


def counts(run: ImportRun) -> tuple:
    found = run.report["counts"]
    return tuple(found[name] for name in ("new", "changed", "unchanged", "kept", "errors"))


def only_error(file, lead) -> tuple:
    """(row, column, reason) of the one error of a preview."""
    errors = preview(file, lead).report["errors"]
    assert len(errors) == 1, errors
    row, column, _value, reason = errors[0]
    return row, column, reason


# What an import makes


def test_a_new_person_is_listed_with_what_the_list_says(lead):
    run = bring_in(text(HEADER, JANE), lead, edition_on=date(2017, 4, 30))

    jane = Expert.objects.get()
    assert run.state == State.DONE
    assert (jane.name, jane.email, jane.country_id, jane.region) == (
        "Jane Doe",
        "jane@example.org",
        "JP",
        "east-asia",
    )
    assert (jane.status, jane.approved_by, jane.approved_at) == (Expert.Status.LISTED, lead, NOW)
    assert [term.code for term in jane.terms.all()] == ["products-lamps"]
    assert jane.term_ids == [jane.terms.get().pk]
    assert jane.languages == ["en"]
    assert jane.organisation.name == "Ministry of Lamps"
    assert (jane.email_audience, jane.phone_audience) == (Audience.LEAD, Audience.LEAD)
    assert jane.confirmed_at is None
    assert jane.imported_updated_on == date(2017, 4, 30)


def test_consent_is_the_published_list_with_edition_and_date(lead):
    bring_in(text(HEADER, JANE), lead, edition_on=date(2017, 4, 30))

    consent = Consent.objects.get()
    assert consent.channel == Consent.Channel.PUBLISHED_LIST
    assert (consent.edition, consent.given, consent.at) == ("April 2017 (2017-04-30)", True, NOW)


def test_history_says_who_imported_what(lead):
    bring_in(text(HEADER, JANE), lead)

    line = Expert.history.get()
    assert (line.history_type, line.history_user, line.history_date) == ("+", lead, NOW)
    assert line.history_change_reason == "Import: list.csv, April 2017"
    assert line.term_ids == Expert.objects.get().term_ids


def test_an_import_is_one_line_of_the_log(lead):
    bring_in(text(HEADER, JANE, ANNE), lead)

    decision = Decision.objects.get()
    assert (decision.action, decision.actor) == ("imported", lead)
    assert decision.reason == "2 new, 0 changed, 0 kept, 0 unchanged"


def test_the_search_finds_an_imported_person_by_the_synonyms_of_its_terms(lead):
    bring_in(text(HEADER, JANE), lead)

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT name FROM experts_expert WHERE search @@ portal_query('fluorescentes')"
        )
        assert cursor.fetchall() == [("Jane Doe",)]


def test_a_preview_writes_nothing(lead):
    preview(text(HEADER, JANE), lead)

    assert (Expert.objects.count(), Organisation.objects.count(), Decision.objects.count()) == (
        0,
        0,
        0,
    )


def test_unknown_organisations_stand_in_the_preview_once(lead):
    OrganisationFactory(name="Cnrs", country_id="FR")
    again = ("John Roe", "Japan", "", "", "", "ministry of lamps")

    run = preview(text(HEADER, JANE, again, ANNE), lead)

    assert run.report["organisations"] == [["Ministry of Lamps", "Japan"]]


def test_a_ministry_of_another_country_is_another_organisation(lead):
    OrganisationFactory(name="Ministry of Lamps", country_id="KE")

    run = preview(text(HEADER, JANE), lead)

    assert run.report["organisations"] == [["Ministry of Lamps", "Japan"]]


def test_an_organisation_of_many_countries_is_known_by_name_or_acronym(lead):
    unido = OrganisationFactory(
        name="Organization for Industry", acronym="UNIDO", kind="intergovernmental", country_id="AT"
    )

    bring_in(text(HEADER, (*JANE[:5], "UNIDO")), lead)

    assert Expert.objects.get().organisation == unido


def test_the_number_of_queries_does_not_grow_with_the_rows(lead):
    def queries(number):
        rows = [(f"Person {number}-{n}", "Peru", "", "Lamps", "es", "One") for n in range(number)]
        with CaptureQueriesContext(connection) as caught:
            bring_in(text(HEADER, *rows), lead)
        return len(caught)

    queries(1)
    assert queries(3) == queries(30)


# The same again, and changes


def test_the_same_file_again_changes_nothing(lead):
    bring_in(xlsx(HEADER, JANE, ANNE), lead, edition_on=date(2017, 4, 30))
    before = list(Expert.objects.order_by("pk").values())

    run = preview(xlsx(HEADER, JANE, ANNE), lead, edition_on=date(2018, 1, 1))

    assert counts(run) == (0, 0, 2, 0, 0)
    assert not runs.can_confirm(run)
    assert list(Expert.objects.order_by("pk").values()) == before
    assert Expert.history.count() == 2


def test_what_differs_is_shown_before_and_after_and_then_written(lead):
    bring_in(text(HEADER, JANE), lead)

    run = bring_in(text(HEADER, (*JANE[:3], "Batteries", "English; Japanese", JANE[5])), lead)

    jane = Expert.objects.get()
    assert counts(run) == (0, 1, 0, 0, 0)
    assert (jane.languages, jane.version) == (["en", "ja"], 2)
    assert jane.term_ids == [term.pk for term in jane.terms.all()]
    assert Expert.history.count() == 2
    assert Expert.history.latest().languages == ["en", "ja"]


def test_the_preview_has_each_field_before_and_after(lead):
    bring_in(text(HEADER, JANE), lead)

    run = preview(text(HEADER, (*JANE[:4], "English; Japanese", "Other House")), lead)

    assert run.report["changed"][0]["fields"] == [
        ["Organisation", "Ministry of Lamps", "Other House"],
        ["Languages", "English", "English; Japanese"],
    ]


def test_an_empty_cell_changes_nothing(lead):
    bring_in(text(HEADER, JANE), lead)

    run = preview(text(HEADER, ("Jane Doe", "Japan", "", "", "-", "n/a")), lead)

    assert counts(run) == (0, 0, 1, 0, 0)


def test_a_person_without_address_is_known_by_name_and_country(lead):
    ExpertFactory(name="José Peña", country_id="PE", email="", confirmed_at=None)

    run = preview(text(("Name", "Country", "Position"), ("JOSE PENA", "Perú", "Chief")), lead)

    assert counts(run)[:2] == (0, 1)


def test_two_profiles_of_one_name_and_country_need_the_address(lead):
    for number in (1, 2):
        ExpertFactory(name="Li Wei", country_id="CN", email=f"li{number}@example.org")

    error = only_error(text(("Name", "Country"), ("Li Wei", "China")), lead)

    assert error == (
        2,
        "A Name",
        "2 profiles have this name and country. Add the e-mail address.",
    )


def test_two_persons_of_one_name_are_told_apart_by_their_addresses(lead):
    rows = [("Li Wei", "China", f"li{number}@example.org") for number in (1, 2)]
    file = [("Name", "Country", "E-mail"), *rows]

    assert counts(bring_in(text(*file), lead)) == (2, 0, 0, 0, 0)
    assert counts(preview(text(*file), lead)) == (0, 0, 2, 0, 0)


def test_one_person_in_two_rows_with_other_words_is_an_error(lead):
    assert only_error(text(HEADER, JANE, ("Jane D.", *JANE[1:])), lead) == (
        3,
        "C E-mail",
        "This is the person of row 2 again, with other words. Keep one.",
    )


def test_a_row_that_stands_twice_is_read_once(lead):
    run = preview(text(HEADER, JANE, JANE, ANNE), lead)

    assert counts(run) == (2, 0, 0, 0, 0)
    assert [note[0] for note in run.report["notes"]] == [3]


# What an import does not touch


def test_what_an_expert_confirmed_stays(lead):
    expert = ExpertFactory(name="Jane Doe", email="jane@example.org")
    before = Expert.objects.values().get()

    run = preview(text(HEADER, JANE), lead)

    assert counts(run) == (0, 0, 0, 1, 0)
    assert run.report["kept"] == [[2, expert.name, "Kept: the expert has confirmed this profile."]]
    assert run.report["organisations"] == []
    assert Expert.objects.values().get() == before


@pytest.mark.parametrize("status", ["withdrawn", "unlisted", "awaiting", "draft"])
@pytest.mark.parametrize("email", ["jane@example.org", ""])
def test_nobody_is_listed_again_by_an_import(lead, status, email):
    ExpertFactory(name="Jane Doe", email=email, status=status, confirmed_at=None)

    run = preview(text(HEADER, JANE), lead)

    assert counts(run) == (0, 0, 0, 1, 0)
    assert not runs.can_confirm(run)


def test_an_import_never_moves_the_confirmation(lead):
    confirmed = ExpertFactory(email="jane@example.org")
    never = ExpertFactory(email="anne@example.org", confirmed_at=None)

    bring_in(text(HEADER, JANE, ANNE), lead)

    moments = [row.confirmed_at for row in Expert.objects.order_by("pk")]
    assert moments == [confirmed.confirmed_at, never.confirmed_at]


def test_the_address_of_a_claimed_profile_stays(lead):
    ExpertFactory(
        claimed=True, name="Jane Doe", email="own@example.org", confirmed_at=None, phone=""
    )
    header = ("Name", "Country", "E-mail", "Phone")

    bring_in(text(header, ("Jane Doe", "Japan", "jane@example.org", "+81 1")), lead)

    jane = Expert.objects.get()
    assert (jane.email, jane.phone) == ("own@example.org", "+81 1")


def test_nothing_is_written_while_one_row_has_an_error(lead):
    run = preview(text(HEADER, JANE, ("Bob", "Urugay", "", "", "", "")), lead)

    assert not runs.can_confirm(run)
    with pytest.raises(runs.Refused):
        runs.confirm(run.pk, run.digest)
    assert Expert.objects.count() == 0


def test_what_changed_since_the_preview_is_shown_before_it_is_written(lead):
    bring_in(text(HEADER, JANE), lead)
    run = preview(text(HEADER, (*JANE[:3], "Batteries", *JANE[4:])), lead)
    runs.confirm(run.pk, run.digest)
    Expert.objects.get().set_terms(
        Term.objects.filter(code="products-batteries").values_list("pk", flat=True)
    )

    runs.write(run.pk, lead.pk, NOW)

    run.refresh_from_db()
    assert run.state == State.PREVIEWED
    assert run.report["changed_meanwhile"]
    assert Expert.history.count() == 1


def test_an_old_preview_in_another_tab_cannot_be_confirmed(lead):
    run = preview(text(HEADER, JANE), lead)

    with pytest.raises(runs.Refused):
        runs.confirm(run.pk, "another digest")


def test_confirming_twice_writes_once(lead):
    run = bring_in(text(HEADER, JANE), lead)

    runs.write(run.pk, lead.pk, NOW)

    assert Expert.history.count() == 1
    assert Decision.objects.count() == 1


def test_an_ended_import_keeps_neither_file_nor_persons(lead, django_capture_on_commit_callbacks):
    run = preview(text(HEADER, JANE), lead)
    name, storage = run.file.name, run.file.storage
    assert storage.exists(name)

    with django_capture_on_commit_callbacks(execute=True):
        runs.cancel(run.pk, NOW)

    run.refresh_from_db()
    assert run.state == State.CANCELLED
    assert not storage.exists(name)
    assert "jane" not in str(run.report).lower()


def test_previews_that_nobody_confirms_are_forgotten_after_a_week(lead):
    run = preview(text(HEADER, JANE), lead)

    assert runs.forget_old(NOW + timedelta(days=6)) == 0
    assert runs.forget_old(NOW + timedelta(days=8)) == 1
    run.refresh_from_db()
    assert run.state == State.CANCELLED


# Spreadsheets as ministries send them


@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"])
def test_text_in_every_encoding_and_separator(lead, separator, encoding):
    run = preview(text(HEADER, ANNE, separator=separator, encoding=encoding), lead)

    assert run.report["new"] == [[2, "Anne Dupré", "France", "CNRS"]]


def test_the_separator_that_excel_writes_into_the_first_line(lead):
    run = preview(upload(b"sep=;\r\nName;Country\r\nJane;Japan\r\n", "list.csv"), lead)

    assert run.report["new"] == [[3, "Jane", "Japan", ""]]


def test_a_title_above_the_header_and_a_region_between_the_rows_are_no_persons(lead):
    rows = [("Resource Persons List",), (), HEADER, ("EAST ASIA",), JANE, HEADER, ("Europe",), ANNE]

    run = preview(xlsx(*rows), lead)

    assert [row[:2] for row in run.report["new"]] == [[5, "Jane Doe"], [8, "Anne Dupré"]]


def test_the_sheet_with_the_list_is_chosen_and_named(lead):
    run = preview(xlsx(("Read me",), title="Notes", Liste=[HEADER, JANE], Old=[HEADER, ANNE]), lead)

    assert (run.report["sheet"], run.report["other_sheets"]) == ("Liste", ["Old"])
    runs.read_again(run.pk, "Old")
    runs.read(run.pk, NOW)
    run.refresh_from_db()
    assert run.report["new"][0][1] == "Anne Dupré"


def test_a_header_in_two_rows_with_merged_cells(lead):
    rows = [
        ("Name", None, "Country", "Contact", None),
        (None, None, None, "E-mail", "Phone"),
        ("Jane", "Doe", "Japan", "jane@example.org", "+81 1"),
    ]

    bring_in(xlsx(*rows, merge=("A1:B2", "C1:C2", "D1:E1")), lead)

    jane = Expert.objects.get()
    assert (jane.name, jane.email, jane.phone) == ("Jane Doe", "jane@example.org", "+81 1")


def test_merged_cells_between_the_rows_count_for_each_of_them(lead):
    rows = [("Country", "Name"), ("Japan", "Jane"), (None, "Joe"), ("France", "Anne")]

    run = preview(xlsx(*rows, merge=("A2:A3",)), lead)

    assert [row[1:3] for row in run.report["new"]] == [
        ["Jane", "Japan"],
        ["Joe", "Japan"],
        ["Anne", "France"],
    ]


def test_first_and_last_name_in_columns_of_their_own(lead):
    for header in (("Nom", "Prénom"), ("Surname", "Given name"), ("Apellidos", "Nombre")):
        run = preview(text((*header, "Pays"), ("Dupré", "Anne", "France")), lead)
        assert run.report["new"][0][1] == "Anne Dupré"


def test_all_columns_of_the_list(lead):
    header = (
        "Nombre completo;País;Region;Cargo;Áreas de especialidad;Idiomas;Tel;Correo electrónico;"
        "Resumen;Experiencia;Worked in;Missions;Training;Available from;Available until;Sitio web;"
        "ORCID;LinkedIn;Última actualización;Hobby"
    ).split(";")
    row = (
        "Ana Pérez",
        "URY",
        "America",
        "Directora",
        "Lámparas / amalgama dental\nLaw, policy and institutions",
        "Español e inglés",
        "'+598 2 1234567",
        "Ana <ANA@Example.org>; other@example.org",
        "Setzt um.",
        "Line one\nLine two",
        "Brasil, Bolivia; Peru",
        "x",
        "no",
        "01.02.2027",
        "2027-12-31",
        "www.example.org/ana",
        "https://orcid.org/0000-0002-1825-0097",
        "https://www.linkedin.com/in/ana",
        "abril de 2017",
        "chess",
    )

    run = bring_in(text(header, row, separator=";"), lead)

    ana = Expert.objects.get()
    assert {term.code for term in ana.terms.all()} == {
        "products-lamps",
        Term.objects.get(label_en="Law, policy and institutions").code,
        Term.objects.get(label_es="Amalgama dental").code,
    }
    assert {
        name: getattr(ana, name)
        for name in (
            "country_id",
            "position",
            "languages",
            "phone",
            "email",
            "experience",
            "worked_in",
            "missions",
            "training",
            "available_from",
            "available_until",
            "website",
            "orcid",
            "imported_updated_on",
        )
    } == {
        "country_id": "UY",
        "position": "Directora",
        "languages": ["es", "en"],
        "phone": "+598 2 1234567",
        "email": "ana@example.org",
        "experience": "Line one\nLine two",
        "worked_in": ["BR", "BO", "PE"],
        "missions": True,
        "training": False,
        "available_from": date(2027, 2, 1),
        "available_until": date(2027, 12, 31),
        "website": "https://www.example.org/ana",
        "orcid": "0000-0002-1825-0097",
        "imported_updated_on": date(2017, 4, 1),
    }
    assert run.state == State.DONE
    assert counts(preview(text(header, row, separator=";"), lead)) == (0, 0, 1, 0, 0)


def test_days_numbers_and_truth_values_of_excel(lead):
    header = ("Name", "Country", "Phone", "Last updated", "Missions")
    row = ("Jane", "Japan", 8135550, datetime.datetime(2017, 4, 30), True)

    bring_in(xlsx(header, row), lead)

    jane = Expert.objects.get()
    assert (jane.phone, jane.imported_updated_on, jane.missions) == (
        "8135550",
        date(2017, 4, 30),
        True,
    )


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("Country", "Urugay", "“Urugay” is not a country. Did you mean Uruguay?"),
        ("Country", "Atlantis", "“Atlantis” is not a country of the list."),
        ("Expertise", "Lamp", "Did you mean Lamps?"),
        ("Languages", "Englisch", "“Englisch” is not a language. Did you mean English?"),
        ("E-mail", "jane(at)example.org", "is not an e-mail address."),
        ("Region", "Africa", "“Africa” does not fit Japan, which is in East Asia."),
        ("Last updated", "03/04/2017", "This can be 3 April 2017 or 4 March 2017."),
        ("Last updated", "2027-01-01", "This day lies in the future."),
        ("Last updated", "yesterday", "“yesterday” is not a day."),
        ("Missions", "perhaps", "Write yes or no"),
        ("Website", "javascript://example.org/%0aalert(1)", "is not a web address."),
        ("ORCID", "1234", "An ORCID iD looks like"),
        ("Summary", "x" * 301, "This has 301 characters; 300 is the limit."),
        ("Position", "a\x1bb", "characters that cannot be stored"),
        ("Experience", "y" * 100_000, "4000 is the limit."),
    ],
)
def test_an_error_names_row_column_and_reason(lead, column, value, reason):
    rows = [("Name", "Country"), ("Anne", "France"), ("Jane", "Japan")]
    if column == "Country":
        rows[2] = ("Jane", value)
        letter = "B"
    else:
        rows = [(*rows[0], column), (*rows[1], ""), (*rows[2], value)]
        letter = "C"

    row, where, why = only_error(text(*rows), lead)

    assert (row, where) == (3, f"{letter} {column}")
    assert reason in why


def test_a_missing_country_or_name_is_an_error(lead):
    rows = [("Name", "Country", "Position"), ("Jane", "", ""), ("", "Japan", "Chief")]

    assert [error[3] for error in preview(text(*rows), lead).report["errors"]] == [
        "The country is missing. A person on the list has one.",
        "The name is missing.",
    ]


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("2017-04-30", date(2017, 4, 30)),
        ("30.04.2017", date(2017, 4, 30)),
        ("03.04.2017", date(2017, 4, 3)),
        ("30/04/2017", date(2017, 4, 30)),
        ("04/30/2017", date(2017, 4, 30)),
        ("5/5/2017", date(2017, 5, 5)),
        ("April 2017", date(2017, 4, 1)),
        ("30 avril 2017", date(2017, 4, 30)),
        ("April 30, 2017", date(2017, 4, 30)),
        ("abr. 2017", date(2017, 4, 1)),
        ("04/2017", date(2017, 4, 1)),
        ("2017", date(2017, 1, 1)),
        ("2017-04-30 00:00:00", date(2017, 4, 30)),
    ],
)
def test_days_as_people_write_them(written, day):
    assert values.day(written) == day


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("Iran (Islamic Republic of)", "IR"),
        ("Iran, Islamic Republic of", "IR"),
        ("iran", "IR"),
        ("Côte d’Ivoire", "CI"),
        ("cote d'ivoire", "CI"),
        ("Ivory Coast", "CI"),
        ("jp", "JP"),
        ("JPN", "JP"),
        ("Japon", "JP"),
        ("Alemania", "DE"),
        ("États-Unis", "US"),
        ("USA", "US"),
        ("U.S.A.", "US"),
        ("UK", "GB"),
        ("Viet Nam", "VN"),
        ("Vietnam", "VN"),
        ("South Korea", "KR"),
        ("Republic of Korea", "KR"),
        ("The Gambia", "GM"),
        ("Türkiye", "TR"),
        ("Turkey", "TR"),
        ("NA", "NA"),
    ],
)
def test_countries_as_people_write_them(written, code):
    assert values.country_words(Country.objects.all()).one(written) == code


def test_every_country_is_known_by_its_name_and_no_two_share_a_code():
    words = values.country_words(Country.objects.all())

    for country in Country.objects.all():
        for name in (country.name, country.code, *country.other_names.split(" . ")):
            assert words.one(name) == country.code, name


def test_every_term_is_known_by_its_labels_alone_and_all_in_one_cell():
    terms = list(Term.objects.prefetch_related("synonyms"))
    words = values.term_words(terms)

    for term in terms:
        for name in (term.label_en, term.label_fr, term.label_es, term.code):
            assert words.many(name) == [term.pk], name
    for separator in ("; ", ", ", " / ", "\n"):
        whole = separator.join(term.label_en for term in terms)
        assert words.many(whole) == [term.pk for term in terms], separator


def test_a_word_of_two_terms_is_asked_back(lead):
    for code in ("products-lamps", "products-batteries"):
        Term.objects.get(code=code).synonyms.create(text="shiny things")

    error = only_error(text(HEADER, (*JANE[:3], "shiny things", *JANE[4:])), lead)

    assert error[2].startswith("“shiny things” can mean Lamps or ")


# Files that nobody should send


def formula_without_result():
    book = Workbook()
    book.active.append(("Name", "Country"))
    book.active.append(("Jane", '=CONCATENATE("Ja","pan")'))
    out = io.BytesIO()
    book.save(out)
    return upload(out.getvalue())


def test_a_formula_without_result_is_an_error_of_its_cell(lead):
    row, column, reason = only_error(formula_without_result(), lead)

    assert (row, column) == (2, "B Country")
    assert "formula without a result" in reason


def test_the_result_of_a_formula_is_read(lead):
    rows = cells(1, "Name", "Country") + (
        b'<row r="2"><c r="A2" t="inlineStr"><is><t>Jane</t></is></c>'
        b'<c r="B2" t="str"><f>"Ja"&amp;"pan"</f><v>Japan</v></c></row>'
    )

    assert preview(with_sheet_data(rows), lead).report["new"] == [[2, "Jane", "Japan", ""]]


def test_shared_texts_of_excel_are_read_without_their_reading_aids(lead):
    """As Excel writes them: in a part of its own, in pieces with formats, Japanese with kana."""
    strings = (
        b"<si><t>Name</t></si><si><t>Country</t></si>"
        b"<si><r><t xml:space='preserve'>Jane </t></r><r><rPr><b/></rPr><t>Doe_x000D_</t></r></si>"
        b"<si><t>\xe6\x97\xa5\xe6\x9c\xac</t><rPh sb='0' eb='2'><t>nihon</t></rPh></si>"
    )
    rows = (
        b'<row><c t="s"><v>0</v></c><c t="s"><v>1</v></c>'
        b'<c t="inlineStr"><is><t>Position</t></is></c>'
        b'</row><row><c t="s"><v>2</v></c><c t="inlineStr"><is><t>Japan</t></is></c>'
        b'<c t="s"><v>3</v></c></row>'
    )

    bring_in(with_sheet_data(rows, strings), lead)

    jane = Expert.objects.get()
    assert (jane.name, jane.position) == ("Jane Doe", "\u65e5\u672c")


def test_an_error_value_of_excel_is_an_error_of_its_cell(lead):
    rows = cells(1, "Name", "Country") + (
        b'<row r="2"><c r="A2" t="inlineStr"><is><t>Jane</t></is></c>'
        b'<c r="B2" t="e"><f>A9</f><v>#REF!</v></c></row>'
    )

    assert only_error(with_sheet_data(rows), lead)[:2] == (2, "B Country")


@pytest.mark.parametrize("escape", ["_x0000_", "_xD800_"])
def test_nul_and_half_characters_in_a_workbook_are_errors_of_their_cell(lead, escape):
    rows = cells(1, "Name", "Country", "Position") + cells(2, "Jane", "Japan", f"a{escape}b")

    row, column, reason = only_error(with_sheet_data(rows), lead)

    assert (row, column) == (2, "C Position")
    assert "cannot be stored" in reason


def no_list():
    return xlsx(("Fruit", "Colour"), ("Apple", "red"))


def damaged():
    whole = xlsx(HEADER, JANE).read()
    return upload(whole[: len(whole) // 2])


def broken_xml():
    return with_parts(xlsx(HEADER, JANE), {SHEET: lambda xml: xml[:-40]})


def entity_bomb():
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    return with_parts(xlsx(HEADER, JANE), {SHEET: lambda xml: bomb + xml})


def missing_strings():
    row = b'<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>7</v></c></row>'
    return with_sheet_data(row, strings=b"<si><t>Name</t></si>")


def too_many_rows():
    rows = [cells(1, "Name", "Country")]
    rows += [b"<row><c><v>1</v></c></row>" for _n in range(sheets.MAX_ROWS + 100)]
    return with_sheet_data(b"".join(rows))


def quote_without_end():
    return upload(b'Name,Country\n"Jane,' + b"x" * 200_000, "list.csv")


def damaged_utf8():
    return upload("Name,Country\nAnne Dupré,Côte d’Ivoire\n".encode() + b"\xc3,Peru", "list.csv")


def old_excel():
    return upload(b"\xd0\xcf\x11\xe0" + b"\0" * 600, "list.xls")


def empty():
    return upload(b"", "list.csv")


def binary():
    return upload(b"\x00\x01\x02" * 500, "list.csv")


def macros():
    file = io.BytesIO(xlsx(HEADER, JANE).read())
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"x")
    return upload(file.getvalue(), "list.xlsm")


def zip_bomb():
    return with_parts(xlsx(HEADER, JANE), {SHEET: lambda xml: xml + b" " * 210 * 1024 * 1024})


HOSTILE = [
    no_list,
    damaged,
    broken_xml,
    entity_bomb,
    missing_strings,
    quote_without_end,
    damaged_utf8,
    old_excel,
    binary,
    macros,
    zip_bomb,
]


@pytest.mark.parametrize("make", HOSTILE, ids=lambda make: make.__name__)
def test_a_file_that_is_no_list_is_refused_with_a_sentence(lead, make):
    with pytest.raises((ValidationError, Unreadable)):
        preview(make(), lead)
    assert ImportRun.objects.count() == 0


@pytest.mark.parametrize("make", [*HOSTILE, empty], ids=lambda make: make.__name__)
def test_the_form_says_what_is_wrong_with_the_file(lead_client, make):
    response = lead_client.post(
        reverse("admin:experts_importrun_add"), {"file": make(), "edition": "April 2017"}
    )

    assert response.status_code == 200
    assert len(response.context["form"].errors["file"]) == 1
    assert 'value="April 2017"' in response.content.decode()
    assert ImportRun.objects.count() == 0


def test_too_many_rows_fail_with_a_sentence(lead):
    run = preview(too_many_rows(), lead)  # long, so a worker reads it

    runs.read(run.pk, NOW)

    run.refresh_from_db()
    assert run.state == State.FAILED
    assert run.report["problem"].startswith("The list has more than 20000 rows.")


def test_a_million_empty_rows_and_thousands_of_empty_columns_are_nothing(lead):
    empty_cells = b"".join(b'<c s="0"/>' for _n in range(16_384))
    rows = cells(1, "Name", "Country") + cells(2, "Jane", "Japan")
    rows += b'<row r="3">' + empty_cells + b"</row>"
    rows += b"".join(b'<row r="%d" s="1" customFormat="1"/>' % n for n in range(4, 150_000))
    run = preview(with_sheet_data(rows), lead)

    runs.read(run.pk, NOW)

    run.refresh_from_db()
    assert run.report["new"] == [[2, "Jane", "Japan", ""]]


# The Lead's pages


def send(client, file, **more):
    data = {"file": file, "edition": "April 2017", "edition_on": "2017-04-30"} | more
    return client.post(reverse("admin:experts_importrun_add"), data, follow=True)


def test_two_clicks_from_the_preview_to_done(lead_client):
    page = send(lead_client, text(HEADER, JANE))
    run = ImportRun.objects.get()
    assert "Jane Doe" in page.content.decode()

    done = lead_client.post(
        reverse("admin:experts_importrun_confirm", args=[run.pk]),
        {"digest": run.digest},
        follow=True,
    )

    assert "Done: 1 person is new" in done.content.decode()
    assert Expert.objects.get().imported_updated_on == date(2017, 4, 30)


def test_the_page_shows_errors_and_gives_all_as_csv(lead_client):
    rows = [("Name", "Country"), *[(f"Person {n}", f"=Atlantis{n}") for n in range(210)]]
    page = send(lead_client, text(*rows)).content.decode()
    run = ImportRun.objects.get()

    assert "210 errors: nothing can be imported." in page
    assert ("Atlantis199" in page, "Atlantis200" in page) == (True, False)
    lines = lead_client.get(reverse("admin:experts_importrun_errors", args=[run.pk]))
    lines = lines.content.decode().splitlines()
    assert len(lines) == 211
    assert lines[1].startswith(",2,B Country,'=Atlantis0,")


@pytest.mark.parametrize("page", ["add", "changelist"])
def test_pages_open_for_the_lead(lead_client, page):
    assert lead_client.get(reverse(f"admin:experts_importrun_{page}")).status_code == 200


def test_pages_of_each_state_open(lead_client, lead):
    run = preview(text(HEADER, JANE), lead)
    for state in State.values:
        ImportRun.objects.filter(pk=run.pk).update(state=state)
        response = lead_client.get(reverse("admin:experts_importrun_change", args=[run.pk]))
        assert response.status_code == 200, state


def test_a_run_that_is_not_there_is_404(lead_client):
    for pk in ("999999", "nonsense", "9" * 30):
        response = lead_client.get(f"/admin/experts/importrun/{pk}/change/")
        assert response.status_code == 404


def test_cancelling_says_so_and_writes_nothing(lead_client, lead):
    run = preview(text(HEADER, JANE), lead)

    lead_client.post(reverse("admin:experts_importrun_cancel", args=[run.pk]))

    run.refresh_from_db()
    assert (run.state, Expert.objects.count()) == (State.CANCELLED, 0)


# Long lists


def long_list():
    rows = [(f"Person {n}", "Peru", f"person{n}@example.org") for n in range(runs.LARGE_ROWS + 1)]
    return text(("Name", "Country", "E-mail"), *rows)


@pytest.fixture
def no_redis(monkeypatch):
    """Celery's broker at an address where nobody listens."""
    monkeypatch.setattr(celery_app.conf, "broker_write_url", "redis://127.0.0.1:9/0")


def test_without_redis_a_long_list_answers_503_and_leaves_nothing(lead_client, no_redis):
    response = send(lead_client, long_list())

    assert (response.status_code, response["Retry-After"]) == (503, "60")
    assert ImportRun.objects.count() == 0


def test_without_redis_a_long_list_can_be_confirmed_later(lead_client, lead, no_redis):
    run = preview(long_list(), lead)
    runs.read(run.pk, NOW)
    run.refresh_from_db()

    response = lead_client.post(
        reverse("admin:experts_importrun_confirm", args=[run.pk]), {"digest": run.digest}
    )

    run.refresh_from_db()
    assert (response.status_code, run.state) == (503, State.PREVIEWED)
    assert runs.can_confirm(run)


def test_without_redis_a_short_list_is_imported(lead_client, no_redis):
    send(lead_client, text(HEADER, JANE))
    run = ImportRun.objects.get()

    lead_client.post(
        reverse("admin:experts_importrun_confirm", args=[run.pk]), {"digest": run.digest}
    )

    assert Expert.objects.count() == 1


def test_the_page_of_a_waiting_run_asks_again_by_itself(lead_client, lead):
    run = preview(long_list(), lead)
    address = reverse("admin:experts_importrun_change", args=[run.pk])

    page = lead_client.get(address).content.decode()
    part = lead_client.get(address, headers={"HX-Request": "true"}).content.decode()
    runs.read(run.pk, NOW)
    ended = lead_client.get(address, headers={"HX-Request": "true"})

    assert 'hx-trigger="every 2s"' in page
    assert part.lstrip().startswith('<section id="progress"')
    assert ended["HX-Refresh"] == "true"


def wait_for(run: ImportRun, state: State):
    for _moment in range(200):
        run.refresh_from_db()
        if run.state == state:
            return
        time.sleep(0.1)
    raise AssertionError(f"The run is {run.state}: {run.report}")


def test_a_worker_reads_and_writes_a_long_list(worker, lead_client):
    send(lead_client, long_list())
    run = ImportRun.objects.get()
    wait_for(run, State.PREVIEWED)

    lead_client.post(
        reverse("admin:experts_importrun_confirm", args=[run.pk]), {"digest": run.digest}
    )

    wait_for(run, State.DONE)
    assert Expert.objects.count() == runs.LARGE_ROWS + 1
    assert Expert.history.count() == runs.LARGE_ROWS + 1


def test_an_interrupted_writing_leaves_nothing_and_is_started_again(worker, lead_client, lead):
    run = preview(long_list(), lead)
    runs.read(run.pk, NOW)
    run.refresh_from_db()
    runs.confirm(run.pk, run.digest)  # and then the worker was killed
    assert Expert.objects.count() == 0

    lead_client.post(reverse("admin:experts_importrun_again", args=[run.pk]))

    wait_for(run, State.DONE)
    assert Expert.objects.count() == runs.LARGE_ROWS + 1
