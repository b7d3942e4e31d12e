"""The library and the practices as directories: numbers against counting by hand, who sees what.

The oracle knows the documents and practices from the tables below, never from the portal's code.
"""

import random
import re
from datetime import date, timedelta

import pytest
import time_machine
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from documents import library_directory, practice_directory, reviewing, uses
from documents.models import (
    Document,
    Practice,
    PracticeVersion,
    Precondition,
    Requirement,
    Translation,
    UseReport,
)
from partners.models import Role, Term
from partners.models.countries import region_of
from tests.factories import (
    NOW,
    DocumentFactory,
    LeadFactory,
    PartnerUserFactory,
    PracticeFactory,
    PracticeVersionFactory,
    RoleFactory,
    SectionFactory,
    UserFactory,
    VersionFactory,
)
from tests.factories.documents import publish

COUNTRIES = ("KE", "FJ", "JP", "BR", "PH")
TERMS = ("products-lamps", "products-dental", "handling-collection")
GROUP_OF = {code: code.partition("-")[0] for code in TERMS}
AUDIENCES = {
    "visitor": {"public"},
    "partner": {"public", "partners"},
    "core member": {"public", "partners", "core"},
    "owner": {"public"},
    "lead": {"public", "partners", "core"},
}


@pytest.fixture(autouse=True)
def _now():
    with time_machine.travel(NOW, tick=False):
        yield


def user_of(role: str):
    """A person of this role, who owns nothing yet."""
    return {
        "visitor": AnonymousUser,
        "partner": PartnerUserFactory,
        "core member": lambda: RoleFactory(kind=Role.Kind.CORE_MEMBER).user,
        "owner": UserFactory,
        "lead": LeadFactory,
    }[role]()


def counted_by_hand(rows: list[dict], asked: dict, fits, values: dict, all_of=()) -> tuple:
    """(keys, counts, without): `fits(row, name, value)`; `all_of`: filters whose values are AND."""

    def left(wanted: dict) -> list[dict]:
        return [
            row
            for row in rows
            if all(
                (all if name in all_of else any)(fits(row, name, value) for value in chosen)
                for name, chosen in wanted.items()
            )
        ]

    counts = {}
    for name, possible in values.items():
        others = {other: chosen for other, chosen in asked.items() if other != name}
        among = left(asked if name in all_of else others)
        numbers = {value: sum(fits(row, name, value) for row in among) for value in possible}
        counts[name] = {value: number for value, number in numbers.items() if number}
    without = {
        name: len(left({other: some for other, some in asked.items() if other != name}))
        for name in asked
    }
    return {row["key"] for row in left(asked)}, counts, without


# The library

DOCUMENT_VALUES = {
    "kind": ("guideline", "report", "fact_sheet"),
    "term": (*TERMS, *set(GROUP_OF.values())),
    "language": ("en", "fr", "ja"),
    "country": COUNTRIES,
    "region": ("africa", "oceania", "east-asia", "america"),
    "year": ("2019", "2020", "2021", "2010s", "2020s"),
    "process": ("minamata", "basel"),
    "audience": ("public", "partners", "core"),
    "status": ("open", "published", "superseded", "archived"),
}
DOCUMENT_QUERIES = (
    "",
    "q=kelp",
    "q=zircon&kind=guideline&kind=report",
    "term=products&year=2020s&language=en",
    "status=superseded&status=archived&region=africa",
    "audience=core&audience=partners&country=KE",
    "term=products-lamps&process=basel&year=2019&q=kelp",
    "status=published&language=fr&language=ja&sort=title",
)


def random_documents(owner, number: int = 70) -> list[dict]:
    """Documents of every status and audience; what the oracle knows of them."""
    chance, lead, rows = random.Random(5), LeadFactory(), []
    for _number in range(number):
        row = {
            "kind": chance.choice(DOCUMENT_VALUES["kind"]),
            "year": chance.choice([None, 2019, 2020, 2021]),
            "languages": chance.sample(DOCUMENT_VALUES["language"], chance.randint(0, 2)),
            "countries": chance.sample(COUNTRIES, chance.randint(0, 2)),
            "process": chance.choice(["", "minamata", "basel"]),
            "audience": chance.choice(["public", "partners", "core"]),
            "status": chance.choice([*DOCUMENT_VALUES["status"], "published", "draft"]),
            "is_own": chance.random() < 0.3,
        }
        terms = chance.sample(TERMS, chance.randint(0, 2))
        in_summary, in_text, in_old_text = (chance.random() < 0.4 for _word in range(3))
        document = DocumentFactory(
            bare=True,
            summary="About kelp." if in_summary else "About lamps.",
            owner=owner if row["is_own"] else None,
            **{name: row[name] for name in ("kind", "year", "languages", "countries")},
            **{name: row[name] for name in ("process", "audience")},
        )
        document.terms.add(*Term.objects.filter(code__in=terms))
        for of_version, says in ((1, in_old_text), (2, in_text)):
            version = VersionFactory(
                document=document,
                number=of_version,
                url=False,
                published=row["status"] != "draft",
                published_by=lead if row["status"] != "draft" else None,
            )
            text = Translation.objects.create(
                version=version, language="en", is_original=True, url="https://example.org/x"
            )
            SectionFactory(
                translation=text, order=1, paragraphs=["A zircon." if says else "A stone.", "End."]
            )
        document.status = row["status"]
        document.save()
        row |= {
            "key": document.pk,
            "terms": {*terms, *(GROUP_OF[code] for code in terms)},
            "regions": {region_of()[code] for code in row["countries"]},
            "words": {word for word, there in (("kelp", in_summary), ("zircon", in_text)) if there},
        }
        rows.append(row)
    return rows


def document_fits(row: dict, name: str, value: str) -> bool:
    if name == "year":
        year = str(row["year"])
        return year == value or (value.endswith("s") and year[:3] == value[:3])
    if name in ("term", "language", "country", "region", "word"):
        many = {"country": "countries"}.get(name, f"{name}s")
        return value in row[many]
    return row[name] == value


@pytest.mark.django_db
def test_the_numbers_of_the_library_are_those_counted_by_hand_for_each_role():
    owner = UserFactory()
    rows = random_documents(owner)
    for role, audiences in AUDIENCES.items():
        user = owner if role == "owner" else user_of(role)
        seen = [
            row
            for row in rows
            if row["status"] != "draft"
            and (row["audience"] in audiences or (role == "owner" and row["is_own"]))
        ]
        for query in DOCUMENT_QUERIES:
            params = QueryDict(query)
            values = dict(DOCUMENT_VALUES)
            if audiences == {"public"}:
                del values["audience"]  # nobody is asked who sees one kind alone
            asked = {name: params.getlist(name) for name in values if name in params}
            asked.setdefault("status", ["open", "published"])
            words = [{"word": params["q"]}] if "q" in params else []
            matching = [
                row for row in seen if all(document_fits(row, "word", one["word"]) for one in words)
            ]

            found = library_directory.find(params, user, NOW)
            keys, counts, without = counted_by_hand(matching, asked, document_fits, values)

            assert {one.pk for one in found.results} == keys, (role, query)
            assert found.total == len(keys), (role, query)
            for name, possible in values.items():
                known = {one: found.counts[name].get(one, 0) for one in possible}
                expected = {one: counts[name].get(one, 0) for one in possible}
                assert known == expected, (role, query, name)
            if "status" not in params:
                assert found.without["status"] == without["status"], (role, query)
            for name in set(asked) - {"status"}:
                assert found.without[name] == without[name], (role, query, name)


@pytest.mark.django_db
@pytest.mark.parametrize("role", AUDIENCES)
def test_a_title_that_somebody_may_not_see_is_in_no_list_count_or_suggestion(client, role):
    titles = {
        "public": "Quarkonium",
        "partners": "Bismuthinite",
        "core": "Ytterbium",
        "draft": "Praseodymium",
    }
    for audience in ("public", "partners", "core"):
        DocumentFactory(title=titles[audience], audience=audience, summary="")
    DocumentFactory(title=titles["draft"], published=False, summary="")
    user = user_of(role)
    if user.is_authenticated:
        client.force_login(user)

    for name, title in titles.items():
        seen = name in AUDIENCES[role]
        page = client.get(reverse("document_list"), {"q": title})
        assert page.context["found"].total == seen, title
        assert sum(page.context["found"].counts["kind"].values()) == seen, title
        misspelt = title.replace("i", "", 1)
        offered = client.get(reverse("document_list"), {"q": misspelt}).context["suggestions"]
        assert (title in [one["text"] for one in offered]) == seen, title


@pytest.mark.django_db
def test_a_visitor_is_not_told_that_there_are_other_audiences(client):
    DocumentFactory(audience="core")

    page = client.get(reverse("document_list"), {"audience": "core"})

    assert [str(label) for label, _value in page.context["unknown"]] == []
    assert "audience" not in page.context["found"].facets
    assert page.context["found"].total == 0


# Practices

PRACTICE_VALUES = {
    "term": (*TERMS, *set(GROUP_OF.values())),
    "without": ("engineered-landfill", "treatment-plant", "waste-law", "laboratory"),
    "region": ("africa", "oceania", "east-asia", "america"),
    "country": COUNTRIES,
    "kind": ("practice", "warning"),
    "cost": ("tiny", "large"),
    "condition": ("legal", "technical", "finance"),
    "used": ("once", "often", "never"),
    "review": ("due", "in_time"),
    "form": ("snapshot", "full"),
}
PRACTICE_QUERIES = (
    "",
    "q=kelp",
    "without=engineered-landfill",
    "without=engineered-landfill&without=waste-law&kind=practice",
    "without=treatment-plant&without=engineered-landfill&without=waste-law&term=products",
    "condition=legal&condition=finance&region=africa&sort=used",
    "used=once&review=due",
    "used=often&used=never&cost=tiny&q=kelp",
    "review=in_time&country=KE&country=JP&form=full&sort=title",
)
#: The review is due 24 months after this moment: one of them has just become due
REVIEWED = (
    NOW - timedelta(days=30),
    NOW.replace(year=NOW.year - 2),
    NOW.replace(year=NOW.year - 2) + timedelta(seconds=1),
    NOW - timedelta(days=2000),
)


def random_practices(number: int = 50) -> list[dict]:
    """Practices of every status; what the oracle knows of those that are published."""
    chance, owner, rows = random.Random(7), PartnerUserFactory(), []
    requirements = {one.code: one for one in Requirement.objects.all()}
    needable = PRACTICE_VALUES["without"][:3]  # nothing needs a laboratory
    for _number in range(number):
        row = {
            "kind": chance.choice(["practice", "practice", "warning"]),
            "form": chance.choice(["snapshot", "full"]),
            "cost": chance.choice(["", "tiny", "large"]),
            "country": chance.choice([None, *COUNTRIES]),
            "terms": set(chance.sample(TERMS, chance.randint(0, 2))),
            "needs": set(chance.sample(needable, chance.randint(0, 2))),
            "helped_by": set(chance.sample(needable, 1)),
            "conditions": set(chance.sample(PRACTICE_VALUES["condition"], chance.randint(0, 2))),
            "reviewed": chance.choice(REVIEWED),
            "uses": chance.choice([0, 0, 1, 2, 3, 4]),
            "status": chance.choice(["published"] * 4 + ["archived", "draft"]),
            "words": {"kelp"} if chance.random() < 0.5 else set(),
        }
        practice = PracticeFactory(bare=True, owner=owner)
        sheet = PracticeVersionFactory(
            practice=practice,
            rows=False,
            kind=row["kind"],
            form=row["form"],
            cost_band=row["cost"],
            country_id=row["country"],
            lessons="Kelp grows." if row["words"] else "Nothing grows.",
        )
        sheet.terms.add(*Term.objects.filter(code__in=row["terms"]))
        wanted = [("technical", "must", code) for code in row["needs"]]
        wanted += [("technical", "helps", code) for code in row["helped_by"]]
        wanted += [(kind, "hinders", None) for kind in row["conditions"]]
        for kind, weight, code in wanted:
            Precondition.objects.create(
                version=sheet,
                kind=kind,
                weight=weight,
                text="x",
                requirement=requirements.get(code),
            )
        if row["status"] != "draft":
            publish(sheet)
            practice.current, practice.reviewed_at = sheet, row["reviewed"]
            practice.status = row["status"]
            practice.save()
            for year in range(row["uses"]):
                _tell(practice, owner, 2015 + year)
            _tell(practice, owner, 2014, hidden_at=NOW)
        row["terms"] |= {GROUP_OF[code] for code in row["terms"]}
        row["conditions"].add("technical")
        row["region"] = region_of().get(row["country"])
        row["key"] = practice.pk
        rows.append(row)
    return rows


def _tell(practice, user, year, **fields):
    return UseReport.objects.create(
        practice=practice,
        version_number=1,
        user=user,
        country="PE",
        year=year,
        outcome="helped",
        brought="Less of it.",
        **fields,
    )


def practice_fits(row: dict, name: str, value: str) -> bool:
    if name == "without":
        return value not in row["needs"]
    if name in ("term", "condition", "word"):
        return value in row[f"{name}s"]
    if name == "used":
        return {"once": row["uses"] >= 1, "often": row["uses"] >= 3, "never": not row["uses"]}[
            value
        ]
    if name == "review":
        is_due = row["reviewed"] <= NOW.replace(year=NOW.year - 2)
        return is_due == (value == "due")
    return row[name] == value


@pytest.mark.django_db
def test_the_numbers_of_the_practices_are_those_counted_by_hand_for_everybody():
    rows = random_practices()
    published = [row for row in rows if row["status"] == "published"]
    for user in (AnonymousUser(), PartnerUserFactory(), LeadFactory()):
        for query in PRACTICE_QUERIES:
            params = QueryDict(query)
            asked = {name: params.getlist(name) for name in PRACTICE_VALUES if name in params}
            matching = [row for row in published if params.get("q", "kelp") in row["words"]]
            matching = matching if "q" in params else published

            found = practice_directory.find(params, user, NOW)
            keys, counts, without = counted_by_hand(
                matching, asked, practice_fits, PRACTICE_VALUES, all_of=("without",)
            )

            assert {one.pk for one in found.results} == keys, query
            assert found.total == len(keys), query
            for name, possible in PRACTICE_VALUES.items():
                known = {one: found.counts[name].get(one, 0) for one in possible}
                assert known == {one: counts[name].get(one, 0) for one in possible}, (query, name)
                if name in asked:
                    assert found.without[name] == without[name], (query, name)
            assert {key: found.uses[key] for key in keys} == {
                row["key"]: row["uses"] for row in rows if row["key"] in keys
            }


@pytest.mark.django_db
def test_works_without_asks_for_all_values_and_names_what_some_practice_needs(client):
    requirements = {one.code: one for one in Requirement.objects.all()}
    for title, codes in (
        ("Neither", ()),
        ("Landfill", ("engineered-landfill",)),
        ("Both", ("engineered-landfill", "waste-law")),
    ):
        practice = PracticeFactory(published=False, version={"title": title})
        for code in codes:
            Precondition.objects.create(
                version=practice.versions.get(),
                kind="legal",
                text="x",
                requirement=requirements[code],
            )
        publish(practice.versions.get())
        practice.current, practice.status = practice.versions.get(), "published"
        practice.reviewed_at = NOW
        practice.save()

    def titles(query):
        page = client.get(f"{reverse('practice_list')}?{query}")
        return sorted(card["practice"].current.title for card in page.context["cards"])

    assert titles("without=waste-law") == ["Landfill", "Neither"]
    assert titles("without=waste-law&without=engineered-landfill") == ["Neither"]
    page = client.get(reverse("practice_list"), {"without": ["waste-law", "engineered-landfill"]})
    values = next(one for one in page.context["facets"] if one["name"] == "without")
    assert {(one["value"], one["count"]) for one in values["options"]} == {
        ("waste-law", 1),
        ("engineered-landfill", 1),
    }
    nothing = client.get(
        f"{reverse('practice_list')}?without=waste-law&without=engineered-landfill&kind=warning"
    )
    offered = [one["text"] for one in nothing.context["loosen"]]
    assert [one for one in offered if "” and “" in one] == []
    assert offered == ["Without “Warning example”: 1 practice"]


@pytest.mark.django_db
def test_a_card_says_what_kind_of_practice_it_is_and_how_often_it_was_used(client):
    practice = PracticeFactory(
        version={
            "title": "A plant that stood idle",
            "kind": "warning",
            "form": "snapshot",
            "cost_band": "large",
            "site": "Taguig City",
            "summary": "It was bought in 2013. Nobody ran it.",
        },
        reviewed_at=NOW - timedelta(days=1000),
    )
    for year in (2020, 2021):
        _tell(practice, practice.owner, year)

    html = client.get(reverse("practice_list")).content.decode()
    card = re.search(r'<ul class="rows"><li>.*?</li></ul>', html, re.DOTALL)[0]
    words = " ".join(re.sub(r"<[^>]+>", " ", card).split())

    assert words.startswith(
        "A plant that stood idle Warning example Review due Taguig City, Japan "
        "It was bought in 2013."
    )
    assert "Snapshot (half a page) 1 to 10 million USD Used by 2 others" in words
    assert "Nobody ran it" not in words


@pytest.mark.django_db
def test_what_is_ticked_in_the_list_stands_side_by_side(client):
    for title in ("Boxes", "Ovens", "Salt"):
        PracticeFactory(version={"title": title})

    html = client.get(reverse("practice_list")).content.decode()
    form = re.search(r'<form action="([^"]+)">\s*<ul class="rows">.*?</form>', html, re.DOTALL)
    codes = re.findall(r'type="checkbox" name="practice" value="([^"]+)"', form[0])
    compared = client.get(form[1], {"practice": codes[:2]})

    assert len(codes) == 3
    assert [one.code for one in compared.context["found"].practices] == codes[:2]
    assert compared.context["found"].has_right_number


@pytest.mark.django_db
def test_a_click_on_the_map_of_practices_gives_the_figure_that_stands_there(client):
    for country in ("KE", "KE", "FJ"):
        PracticeFactory(version={"country_id": country, "kind": "warning"})
    PracticeFactory(version={"country_id": "KE"})

    html = client.get(reverse("practice_list"), {"kind": "warning"}).content.decode()

    spots = re.findall(r'class="spot" href="([^"]+)">.*?<text class="count[^>]*>(\d+)<', html)
    shown = [
        (client.get(url.replace("&amp;", "&")).context["found"].total, int(figure))
        for url, figure in spots
    ]
    assert sorted(shown) == [(1, 1), (2, 2)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    ["kind=x&cost=x&without=x&used=x&review=x&condition=x&sort=x", "q=%21&page=1", "q=%3A*"],
)
def test_what_the_practices_do_not_know_is_named_and_ignored(client, query):
    PracticeFactory()

    page = client.get(f"{reverse('practice_list')}?{query}")

    assert page.status_code == 200
    if "kind" in query:
        assert [value for _label, value in page.context["unknown"]] == ["x"] * 7
        assert page.context["found"].total == 1


@pytest.mark.django_db
def test_a_part_for_htmx_is_what_the_whole_page_says(client):
    for _number in range(3):
        PracticeFactory()
    headers = {"HX-Request": "true", "HX-Target": "results"}

    whole = client.get(reverse("practice_list"), {"kind": "practice"}).content.decode()
    swapped = client.get(
        reverse("practice_list"), {"kind": "practice"}, headers=headers
    ).content.decode()

    assert "<html" not in swapped
    rows = re.search(r'<ul class="rows">.*?<div class="acts">', swapped, re.DOTALL)[0]
    assert rows in whole
    assert 'id="map" hx-swap-oob="true"' in swapped


# Both


def in_both() -> dict:
    """What both directories say to a visitor."""
    library = library_directory.find(QueryDict(""), AnonymousUser(), NOW)
    practices = practice_directory.find(QueryDict(""), AnonymousUser(), NOW)
    return {
        "documents": library.total,
        "lamps": library.counts["term"].get("products-lamps", 0),
        "practices": practices.total,
        "due": practices.counts["review"].get("due", 0),
        "warnings": practices.counts["kind"].get("warning", 0),
        "used": practices.counts["used"].get("once", 0),
        "needs no law": practices.counts["without"].get("waste-law", 0),
    }


@pytest.mark.django_db(transaction=True)
def test_what_is_kept_in_memory_follows_every_kind_of_write():
    """In transactions of their own; the sets are read once, then changed row by row."""
    document, other = DocumentFactory(), DocumentFactory()
    practice = PracticeFactory(reviewed_at=NOW - timedelta(days=1000))
    archived = PracticeFactory()
    library_directory.KEEPER.kept.clear()
    practice_directory.KEEPER.kept.clear()
    expected = in_both()
    assert (expected["documents"], expected["practices"], expected["due"]) == (2, 2, 1)
    read = library_directory.KEEPER.current().times, practice_directory.KEEPER.current().times

    def now_says(**changes):
        expected.update(changes)
        return in_both() == expected

    document.terms.add(Term.objects.get(code="products-lamps"))
    assert now_says(lamps=1)
    Document.objects.filter(pk=other.pk).update(audience="core")
    assert now_says(documents=1)
    Document.objects.filter(pk=document.pk).update(status="archived")
    assert now_says(documents=0, lamps=0)
    Document.objects.filter(pk=document.pk).update(status="published")
    assert now_says(documents=1, lamps=1)
    reviewing.still_valid(practice.pk, "owner", practice.owner, NOW)
    assert now_says(due=0)
    told = uses.report(
        practice.pk,
        practice.owner,
        {
            "country": "PE",
            "year": 2025,
            "organisation_id": None,
            "outcome": "helped",
            "changed": "",
            "brought": "Less of it.",
        },
        NOW,
    )
    assert now_says(used=1)
    uses.hide(told.pk, "Not true.", practice.owner, NOW)
    assert now_says(used=0)
    newer = PracticeVersionFactory(practice=practice, number=2, kind="warning")
    Precondition.objects.create(
        version=newer, kind="legal", text="x", requirement=Requirement.objects.get(code="waste-law")
    )
    assert now_says()
    publish(newer)
    Practice.objects.filter(pk=practice.pk).update(current=newer)
    assert now_says(**{"warnings": 1, "needs no law": 1})
    Practice.objects.filter(pk=archived.pk).update(status=Practice.Status.ARCHIVED)
    assert now_says(**{"practices": 1, "needs no law": 0})
    assert read == (
        library_directory.KEEPER.current().times,
        practice_directory.KEEPER.current().times,
    ), "they were never read anew"
    assert newer.status == PracticeVersion.Status.PUBLISHED


@pytest.mark.django_db
@pytest.mark.parametrize(
    "name",
    ["document_list", "document_feed", "document_export_csv", "practice_list", "practice_feed"],
)
@pytest.mark.parametrize("role", ["visitor", "lead"])
def test_thirty_rows_cost_as_many_queries_as_three(client, name, role):
    user = user_of(role)
    if user.is_authenticated:
        client.force_login(user)
    lead, lamps = LeadFactory(), Term.objects.get(code="products-lamps")

    def add(number):
        for _number in range(number):
            document = DocumentFactory(bare=True)
            VersionFactory(document=document, published_by=lead)
            document.terms.add(lamps)
            practice = PracticeFactory(
                owner=lead, version={"rows": False, "kind": "warning", "year": date.today().year}
            )
            _tell(practice, lead, 2020)

    client.get(reverse(name))  # what is asked once a minute, or once in a process
    numbers = []
    for more in (3, 27):
        add(more)
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(reverse(name), {"q": "lamps"} if "document" in name else {})
            content = b"".join(answer) if answer.streaming else answer.content
        assert answer.status_code == 200
        assert content
        numbers.append(len(queries))
    assert numbers[0] == numbers[1], numbers
    assert numbers[0] <= 14
