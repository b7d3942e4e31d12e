"""Pages of good practices: the form loses nothing, and each role sees what it may."""

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from documents import practices
from documents.forms.practices import ROWS, PracticeForm
from documents.models import Practice, PracticeVersion, Result
from tests.factories import (
    NOW,
    ExpertFactory,
    LeadFactory,
    OrganisationFactory,
    PartnerUserFactory,
    PracticeFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
ALL = list(practices.CHECKS)


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def draft() -> PracticeVersion:
    return PracticeFactory(published=False, code="boxes").versions.get()


@pytest.fixture
def owner(client, draft):
    client.force_login(draft.practice.owner)
    return client


def picture(name="photo.jpg") -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(out, "JPEG")
    return SimpleUploadedFile(name, out.getvalue())


def typed(version: PracticeVersion, **changes) -> dict:
    """What a browser sends of the form; rows are `{"results": [{…}]}`, others as they stand."""
    fields = [name for names in PracticeForm.GROUPS.values() for name in names]
    data = {
        name: getattr(version, name, "") or ""
        for name in fields
        if name not in ROWS and name not in ("terms", "country", "own_statement")
    }
    data |= {"country": version.country_id or "", "revision": version.revision}
    stored = {
        "preconditions": [
            {"pk": row.pk, "text": row.text, "kind": row.kind, "weight": row.weight}
            for row in version.preconditions.all()
        ],
        "recommendations": [
            {"pk": row.pk, "text": row.text} for row in version.recommendations.all()
        ],
        "persons": [
            {"name": f"{person.name} ({person.country})"} for person in version.experts.all()
        ],
        "photos": [
            {"pk": one.pk, "caption": one.caption, "rights": one.rights}
            for one in version.photos.all()
        ],
    }
    for key in ROWS:
        rows = changes.pop(key, stored.get(key, []))
        data |= {f"{key}-TOTAL_FORMS": len(rows) + 1, f"{key}-INITIAL_FORMS": 0}
        for number, row in enumerate(rows):
            data |= {f"{key}-{number}-{name}": value for name, value in row.items()}
        if key == "preconditions":
            data[f"{key}-{len(rows)}-weight"] = "must"
    return data | changes


def save(client, version, **changes):
    version.refresh_from_db()
    return client.post(reverse("practice_edit", args=["boxes"]), typed(version, **changes))


def problems(response) -> list[str]:
    return [f"{label}: {error}" for _id, label, error in response.context["problems"]]


# The form


def test_a_title_begins_a_draft_and_leads_to_the_form(client):
    client.force_login(PartnerUserFactory())

    response = client.post(reverse("practice_add"), {"title": " Lamps  in Lima "}, follow=True)

    version = PracticeVersion.objects.get()
    assert response.redirect_chain == [("/practices/lamps-in-lima/edit/", 302)]
    assert (version.title, version.status) == ("Lamps in Lima", "draft")
    lacking = [place for _text, place in response.context["missing"]]
    assert lacking[:2] == ["id_country", "id_summary"]
    content = response.content.decode()
    for place in lacking:
        assert f'id="{place}"' in content


def test_a_draft_is_saved_however_incomplete(owner, draft):
    response = save(owner, draft, title="", summary="", country="", preconditions=[], persons=[])

    draft.refresh_from_db()
    assert response.status_code == 302
    assert (draft.title, draft.country, draft.preconditions.count()) == ("", None, 0)


def test_all_kinds_of_rows_are_saved_and_stand_in_the_form_again(owner, draft):
    expert = ExpertFactory(name="Ana Pérez", country_id="PE")
    OrganisationFactory(name="Ministry of Health", acronym="MoH")
    rows = {
        "preconditions": [{"text": "A law", "kind": "legal", "weight": "helps", "how_met": "2015"}],
        "recommendations": [{"text": "Begin small."}, {"text": "Keep boxes closed."}],
        "results": [
            {"what": "Lamps", "value": "1,370,000.5", "unit": "lamps a year", "year": 2013}
        ],
        "references": [{"text": "A report", "url": "example.org/report"}],
        "persons": [{"name": "ana pérez"}],
        "houses": [{"name": "moh"}],
        "photos": [{"image": picture(), "caption": "A box", "rights": "M. Sato"}],
    }

    assert save(owner, draft, **rows).status_code == 302

    result, photo = draft.results.get(), draft.photos.get()
    assert str(result) == "Lamps: 1370000.5 lamps a year"
    assert (photo.width, photo.height, photo.caption) == (40, 30, "A box")
    assert [row.text for row in draft.recommendations.all()] == [
        "Begin small.",
        "Keep boxes closed.",
    ]
    assert draft.references.get().url == "https://example.org/report"
    assert list(draft.experts.all()) == [expert]
    page = owner.get(reverse("practice_edit", args=["boxes"])).content.decode()
    for value in ("1370000.5", "Begin small.", "https://example.org/report", "Ministry of Health"):
        assert f'value="{value}"' in page or f">\n{value}</textarea>" in page


def test_emptying_a_row_removes_it(owner, draft):
    row = draft.preconditions.get()

    save(owner, draft, preconditions=[{"pk": row.pk, "text": " ", "kind": "", "weight": "must"}])

    assert not draft.preconditions.exists()


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ({"value": "1.37 million", "unit": "USD"}, "is not a number. Write the figure in digits"),
        ({"value": "1,370", "unit": "USD"}, "can mean two numbers"),
        ({"value": "1.23456", "unit": "USD"}, "4 after it"),
        ({"value": "9" * 15, "unit": "USD"}, "At most 14 digits"),
        ({"value": "50", "unit": ""}, "needs its unit"),
        ({"value": "", "unit": "USD"}, "Type the figure"),
    ],
)
def test_a_figure_that_cannot_be_kept_stands_there_and_the_rest_is_saved(owner, draft, row, error):
    row = {"what": "Cost", **row}

    response = save(owner, draft, title="New title", results=[row])

    draft.refresh_from_db()
    assert (draft.title, draft.results.count()) == ("New title", 0)
    (said,) = problems(response)
    assert error in said
    again = response.context["sheet"].rows["results"][0]
    assert {name: again[name].value() for name in row} == row


def test_a_row_that_was_stored_stays_as_it_is_while_its_change_is_wrong(owner, draft):
    result = Result.objects.create(version=draft, what="Lamps", value=50, unit="million")

    save(
        owner,
        draft,
        results=[{"pk": result.pk, "what": "Lamps", "value": "many", "unit": "million"}],
    )

    assert [str(row) for row in draft.results.all()] == ["Lamps: 50 million"]


def test_an_unknown_name_is_answered_with_the_nearest_and_names_saved_before_stay(owner, draft):
    ExpertFactory(name="Ana Pérez", country_id="PE")
    known = draft.experts.get()

    response = save(owner, draft, persons=[{"name": "Anna Perez"}], houses=[{"name": "Zzz"}])

    assert "Did you mean Ana Pérez (Peru)?" in problems(response)[0]
    assert "does not know “Zzz”" in problems(response)[1]
    assert list(draft.experts.all()) == [known]


def test_two_experts_of_one_name_are_told_apart_by_their_country(owner, draft):
    ExpertFactory(name="Ana Pérez", country_id="PE")
    other = ExpertFactory(name="Ana Pérez", country_id="CL")

    response = save(owner, draft, persons=[{"name": "Ana Pérez"}])
    assert "Ana Pérez (Peru); Ana Pérez (Chile)" in problems(response)[0]
    save(owner, draft, persons=[{"name": "Ana Pérez (Chile)"}])

    assert list(draft.experts.all()) == [other]


def test_a_resource_person_whom_the_owner_does_not_see_is_not_lost_by_saving(owner, draft):
    hidden = ExpertFactory(status="unlisted")
    draft.experts.add(hidden)

    save(owner, draft, persons=[])

    assert list(draft.experts.all()) == [hidden]


def test_a_photo_beside_an_error_is_kept_and_not_asked_for_again(owner, draft):
    photos = [
        {"image": picture(), "caption": "A box", "rights": ""},
        {"image": SimpleUploadedFile("x.jpg", b"no picture"), "caption": "", "rights": ""},
    ]

    response = save(owner, draft, photos=photos)

    photo = draft.photos.get()
    assert "not a picture" in problems(response)[0]
    page = response.content.decode()
    assert f'name="photos-0-pk" value="{photo.pk}"' in page
    save(owner, draft, photos=[{"pk": photo.pk, "caption": "A box", "rights": "M. Sato"}])
    assert [(one.pk, one.rights) for one in draft.photos.all()] == [(photo.pk, "M. Sato")]


def test_a_second_window_shows_both_texts_and_saving_again_settles_it(owner, draft):
    second = typed(draft, title="Second window", recommendations=[{"text": "From the second."}])
    save(owner, draft, title="First window")

    response = owner.post(reverse("practice_edit", args=["boxes"]), second)

    draft.refresh_from_db()
    assert (response.status_code, draft.title) == (409, "First window")
    assert response.context["differences"] == [
        ("Title", "First window", "Second window"),
        ("Recommendation", "Keep the period short.", "From the second."),
    ]
    assert 'value="Second window"' in response.content.decode()
    second["revision"] = response.context["sheet"].form["revision"].value()
    assert owner.post(reverse("practice_edit", args=["boxes"]), second).status_code == 302
    draft.refresh_from_db()
    assert draft.title == "Second window"


def test_what_is_typed_while_it_waits_for_the_reviewer_stays_on_the_page(owner, draft):
    practices.submit(draft.pk, draft.practice.owner, NOW)

    response = save(owner, draft, title="Too late")

    assert "Take it back" in problems(response)[0]
    assert 'value="Too late"' in response.content.decode()


@pytest.mark.parametrize(
    "data", [{}, {"revision": "x"}, {"revision": 1}, {"revision": 1, "title": 1}]
)
def test_half_a_form_changes_nothing(owner, draft, data):
    response = owner.post(reverse("practice_edit", args=["boxes"]), data)

    draft.refresh_from_db()
    assert response.status_code == 200
    assert (draft.revision, draft.preconditions.count()) == (1, 1)
    assert ("Only a part of the form" in response.content.decode()) is bool(data)


# Steps on pages


def test_a_practice_goes_to_the_reviewer_and_back_and_is_published(owner, draft):
    lead = Client()
    lead.force_login(LeadFactory())
    submit, review = (reverse(f"practice_{step}", args=["boxes"]) for step in ("submit", "review"))
    assert "Before it can" not in owner.get(submit).content.decode()

    owner.post(submit)
    sheet = lead.get(review)
    ticked = sheet.context["form"]["checked"].value()
    assert ticked == ["units", "person"]
    refused = lead.post(review, {"publish": 1, "checked": ticked, "comment_done": "Kept text"})
    assert "every point" in refused.content.decode()
    assert "Kept text</textarea>" in refused.content.decode()
    lead.post(review, {"return": 1, "checked": ticked, "comment_preconditions": "Which law?"})

    form = owner.get(reverse("practice_edit", args=["boxes"]))
    groups = {one["key"]: [c.text for c in one["comments"]] for one in form.context["groups"]}
    assert groups.pop("preconditions") == ["Which law?"]
    assert not any(groups.values())
    owner.post(submit)
    lead.post(review, {"publish": 1, "checked": ALL})
    assert Practice.objects.get().status == Practice.Status.PUBLISHED


def test_the_owner_says_still_valid_starts_a_version_and_archives(client):
    practice = PracticeFactory(code="boxes", reviewed_at=NOW.replace(year=2024, month=1))
    client.force_login(practice.owner)
    assert "Review due" in client.get("/practices/boxes/").content.decode()

    client.post("/practices/boxes/valid/")
    assert "Review due" not in client.get("/practices/boxes/").content.decode()
    response = client.post("/practices/boxes/edit/", {"new_version": 1}, follow=True)
    assert response.context["version"].number == 2
    client.post("/practices/boxes/archive/", {"reason": "Closed in 2025."})

    page = Client().get("/practices/boxes/").content.decode()
    assert "Closed in 2025." in page
    assert "noindex" in page


# Who sees what

ROLES = ("visitor", "person", "partner", "owner", "lead")


def clients(practice) -> dict[str, Client]:
    found = {role: Client() for role in ROLES}
    found["person"].force_login(UserFactory())
    found["partner"].force_login(PartnerUserFactory())
    found["owner"].force_login(practice.owner)
    found["lead"].force_login(LeadFactory())
    return found


PAGES = {
    # visitor, person, partner, owner, Lead; 302 is the way to sign-in or to another step
    "/practices/open/": (200, 200, 200, 200, 200),
    "/practices/open/v1/": (200, 200, 200, 200, 200),
    "/practices/open/v2/": (404, 404, 404, 200, 200),
    "/practices/open/edit/": (302, 403, 403, 200, 200),
    "/practices/open/submit/": (302, 403, 403, 200, 200),
    "/practices/open/review/": (302, 403, 403, 403, 302),
    "/practices/open/archive/": (302, 403, 403, 200, 200),
    "/practices/open/used/": (302, 403, 200, 200, 200),
    "/practices/open/photos/{published}/": (200, 200, 200, 200, 200),
    "/practices/open/photos/{new}/": (404, 404, 404, 200, 200),
    "/practices/hidden/": (404, 404, 404, 200, 200),
    "/practices/hidden/v1/": (404, 404, 404, 200, 200),
    "/practices/hidden/edit/": (302, 404, 404, 302, 302),
    "/practices/hidden/submit/": (302, 404, 404, 200, 200),
    "/practices/hidden/review/": (302, 404, 404, 403, 200),
    "/practices/hidden/archive/": (302, 404, 404, 200, 200),
    "/practices/hidden/used/": (302, 404, 404, 404, 404),
    "/practices/hidden/photos/{hidden}/": (404, 404, 404, 200, 200),
    "/practices/open/photos/{hidden}/": (404, 404, 404, 404, 404),
    "/practices/new/": (302, 403, 200, 200, 200),
}


def test_each_role_gets_its_pages_and_photos_and_no_other():
    owner, lead = PartnerUserFactory(), LeadFactory()
    hidden = PracticeFactory(published=False, code="hidden", owner=owner).versions.get()
    opened = PracticeFactory(published=False, code="open", owner=owner).versions.get()
    keys = {}
    for name, version in (("hidden", hidden), ("published", opened)):
        row = {"image": picture(), "caption": "A", "rights": "B", "width": 40, "height": 30}
        practices.save(version.pk, 1, {}, {"photos": [row]}, owner, NOW)
        practices.submit(version.pk, owner, NOW)
        keys[name] = version.photos.get().pk
    practices.publish(opened.pk, lead, NOW, ALL)
    keys["new"] = practices.new_version(opened.practice_id, owner, NOW).photos.get().pk
    readers = clients(hidden.practice)

    got = {
        page: tuple(reader.get(page.format(**keys)).status_code for reader in readers.values())
        for page in PAGES
    }

    assert got == PAGES


def test_a_draft_archived_before_it_was_published_is_seen_by_nobody_else(client):
    practice = PracticeFactory(published=False, code="boxes")
    practices.archive(practice.pk, "Given up.", practice.owner, NOW)

    codes = {role: c.get("/practices/boxes/").status_code for role, c in clients(practice).items()}

    assert codes == {"visitor": 404, "person": 404, "partner": 404, "owner": 200, "lead": 200}


def test_the_words_of_a_new_version_and_hidden_experts_are_on_no_page_of_others(client):
    practice = PracticeFactory(code="boxes")
    new = practices.new_version(practice.pk, practice.owner, NOW)
    gone = ExpertFactory(name="Gone Expert", status="unlisted")
    values = {"title": "Secret title", "experts": [gone.pk]}
    practices.save(new.pk, 1, values, {}, practice.owner, NOW)
    practices.return_with_comments(
        _submitted(new).pk, LeadFactory(), NOW, {"all": "Secret comment"}
    )

    for address in ("/practices/boxes/", "/practices/boxes/v1/", "/practices/compare/"):
        page = client.get(address).content.decode()
        assert "Secret" not in page
        assert "Gone Expert" not in page


def _submitted(version):
    version.status, version.submitted_at = "submitted", NOW
    version.save()
    return version


def test_the_page_says_whose_figures_they_are_who_can_tell_more_and_where_else_it_stands(client):
    practice = PracticeFactory(published=False, code="boxes")
    version = practices.save(
        practice.versions.get().pk, 1, {"own_statement": True}, {}, practice.owner, NOW
    )
    Result.objects.create(version=version, what="Cost", value=1370000, unit="USD")
    practices.submit(version.pk, practice.owner, NOW)
    practices.publish(version.pk, LeadFactory(), NOW, ALL)

    page = client.get("/practices/boxes/").content.decode()

    assert "Figures as stated by the operator, shown without endorsement" in page
    assert "1,370,000" in page
    assert version.experts.get().name in page
    assert "November 2026, next November 2028" in page
    assert '"@type": "Article"' in page
    assert practice.owner.name not in page


# Comparison


def test_two_to_four_are_compared_in_the_order_asked_and_unknown_codes_are_named(client):
    for code in ("one", "two"):
        PracticeFactory(code=code)
    PracticeFactory(code="hidden", published=False)

    page = client.get("/practices/compare/?practice=two&practice=one&practice=hidden")

    assert [one.code for one in page.context["found"].practices] == ["two", "one"]
    assert page.context["found"].unknown == ["hidden"]
    labels = [row.label for row in page.context["found"].rows]
    assert "Preconditions: technical" in labels
    assert "Preconditions: legal" not in labels


@pytest.mark.parametrize("number", [0, 1, 5])
def test_another_number_leads_to_the_choice_and_keeps_what_was_chosen(client, number):
    codes = [PracticeFactory(code=f"p{n}").code for n in range(5)][:number]

    page = client.get("/practices/compare/", {"practice": codes})

    chosen = [code for code in page.context["chosen"] if code]
    assert (page.status_code, chosen) == (200, codes[:4])


def test_pages_ask_the_same_questions_for_one_row_and_for_three(client, lead):
    def filled(code, number):
        practice = PracticeFactory(code=code, published=False)
        version = practice.versions.get()
        rows = {
            "preconditions": [{"kind": "legal", "text": f"Law {n}"} for n in range(number)],
            "results": [{"what": f"R{n}", "value": n, "unit": "t"} for n in range(number)],
            "references": [{"text": f"Source {n}"} for n in range(number)],
        }
        people = [ExpertFactory(country_id="JP").pk for _n in range(number)]
        houses = [OrganisationFactory().pk for _n in range(number)]
        values = {"experts": people, "organisations": houses}
        practices.save(version.pk, 1, values, rows, practice.owner, NOW)
        practices.submit(version.pk, practice.owner, NOW)
        return version

    one, three = filled("one", 1), filled("three", 3)

    def queries(address):
        client.get(address)
        with CaptureQueriesContext(connection) as asked:
            assert client.get(address).status_code == 200
        return len(asked)

    for page in ("review", "submit"):
        assert queries(f"/practices/one/{page}/") == queries(f"/practices/three/{page}/")
    for version in (one, three):
        practices.take_back(version.pk, version.practice.owner, NOW)
    assert queries("/practices/one/edit/") == queries("/practices/three/edit/")
    for version in (one, three):
        practices.submit(version.pk, version.practice.owner, NOW)
        practices.publish(version.pk, lead, NOW, ALL)
    assert queries("/practices/one/") == queries("/practices/three/")
    PracticeFactory(code="four")
    compare = "/practices/compare/?practice=one&practice=three"
    assert queries(compare) == queries(f"{compare}&practice=four")
