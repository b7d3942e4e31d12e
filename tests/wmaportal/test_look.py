"""The shared design: base page, forms, error pages, map, scale, stylesheets."""

import json
import re
from collections import Counter
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import html5lib
import pytest
from django import forms
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.paginator import Paginator
from django.template import engines
from django.template.loader import render_to_string
from django.urls import resolve, reverse
from django.utils import translation

from experts import statistics
from experts.models import Expert, Policy
from partners import map as world_map
from partners import scale
from partners.models import Region
from tests.factories import NOW, ExpertFactory

ROOT = Path(settings.BASE_DIR)
TEMPLATES = [path for path in (ROOT / "templates").rglob("*.html") if "mail" not in path.parts]


def parsed(html: str):
    """The page as a tree; raises where it is not strict HTML5 or an id stands twice."""
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(html)
    ids = Counter(element.get("id") for element in tree.iter() if element.get("id"))
    assert [name for name, count in ids.items() if count > 1] == []
    return tree


def fragment(html: str):
    return html5lib.HTMLParser(namespaceHTMLElements=False).parseFragment(html)


def by_id(tree, name: str):
    return next(element for element in tree.iter() if element.get("id") == name)


def words(element) -> str:
    return " ".join("".join(element.itertext()).split())


def rendered(text: str, rf, path="/", **context) -> str:
    """A template's text, as for a visitor who is not signed in."""
    request = rf.get(path)
    request.user, request.session = AnonymousUser(), {}
    request._messages = FallbackStorage(request)
    request.resolver_match = resolve(request.path)
    return engines["django"].from_string(text).render(context, request)


# Error pages


@pytest.mark.parametrize("name", ["400", "500", "503"])
def test_an_error_page_without_context_is_strict_html(name):
    tree = parsed(render_to_string(f"{name}.html"))

    assert words(tree.find(".//main//p")) == name
    assert [form.get("action") for form in tree.iter("form")] == []


@pytest.mark.parametrize("name", ["403", "403_csrf", "404", "429"])
def test_an_error_page_for_a_visitor_is_strict_html(name, rf):
    html = rendered(f'{{% extends "{name}.html" %}}', rf, reason="What happened & what to do.")

    tree = parsed(html)

    assert "What happened & what to do." in [words(p) for p in tree.find(".//main").iter("p")]


def test_the_page_for_503_says_when_it_tries_again():
    tree = parsed(render_to_string("503.html", {"minutes": 3}))

    texts = [words(p) for p in tree.find(".//main").iter("p")]
    assert "Try again in about 3 minutes. This page tries by itself." in texts


# Base page


def test_the_areas_that_exist_are_linked_and_the_current_one_is_marked(rf):
    path = reverse("expert_list")
    tree = parsed(rendered('{% extends "base.html" %}', rf, path=f"{path}7/"))

    nav = next(nav for nav in tree.iter("nav") if nav.get("class") == "areas")
    first = nav.find(".//a")
    assert (first.get("href"), first.get("aria-current"), words(first)) == (path, "true", "Experts")


def test_signing_in_leads_back_to_the_page(rf):
    tree = parsed(rendered('{% extends "base.html" %}', rf, path="/experts/?q=lamps&region=africa"))

    links = [a.get("href") for a in tree.iter("a") if words(a) == "Sign in"]
    assert links == [f"{reverse('account_login')}?next=/experts/%3Fq%3Dlamps%26region%3Dafrica"]


def test_what_is_rendered_once_is_rendered_once_for_each_language_and_key():
    template = engines["django"].from_string(
        "{% load look %}{% once key %}{{ value }}{% endonce %}"
    )

    def render(value, key="a"):
        return template.render({"value": value, "key": key})

    first, again, other = render(1), render(2), render(3, key="b")
    with translation.override("fr"):
        french = render(4)

    assert [first, again, other, french] == ["1", "1", "3", "4"]


def test_pages_keep_the_query_and_mark_the_current_one(rf):
    page = Paginator(range(400), 10).page(7)

    tree = fragment(
        rendered('{% include "parts/pages.html" %}', rf, path="/?region=africa", page=page)
    )

    links = [(words(a), a.get("href"), a.get("aria-current")) for a in tree.iter("a")]
    assert links == [
        ("Previous", "?region=africa&page=6", None),
        ("Page 1", "?region=africa&page=1", None),
        ("Page 6", "?region=africa&page=6", None),
        ("Page 7", "?region=africa&page=7", "page"),
        ("Page 8", "?region=africa&page=8", None),
        ("Page 40", "?region=africa&page=40", None),
        ("Next", "?region=africa&page=8", None),
    ]


def test_a_facet_escapes_its_labels_and_says_what_is_checked(rf):
    option = {"value": 'a"', "label": "Lamps & <tubes>", "count": 7, "checked": True, "group": True}
    facet = {"name": "term", "label": "Expertise", "open": True, "options": [option]}

    tree = fragment(rendered('{% include "parts/facet.html" %}', rf, facet=facet))

    box = tree.find(".//input")
    assert (box.get("name"), box.get("value"), box.get("checked")) == ("term", 'a"', "")
    assert words(tree.find(".//label")) == "Lamps & <tubes>7"
    assert tree.find(".//label").get("class") == "check group"


# Forms


class SampleForm(forms.Form):
    name = forms.CharField(help_text="As it shall stand on the list")
    experience = forms.CharField(required=False, max_length=400, widget=forms.Textarea)
    audience = forms.ChoiceField(
        label="Who may see it?",
        choices=[("lead", "Only the Lead"), ("partners", "Partners")],
        widget=forms.RadioSelect,
    )
    agree = forms.BooleanField(label="I agree")
    trap = forms.CharField(required=False, widget=forms.TextInput(attrs={"tabindex": "-1"}))

    def clean_name(self):
        raise forms.ValidationError("Enter your <name>.")


def test_a_field_has_label_help_and_error_before_the_input_and_is_described_by_them():
    tree = fragment(str(SampleForm({"name": "x"})))

    field = next(div for div in tree.iter("div") if div.get("class") == "field bad")
    assert [child.get("id") or child.tag for child in field] == [
        "label",
        "id_name_helptext",
        "id_name_error",
        "id_name",
    ]
    described = by_id(tree, "id_name")
    assert described.get("aria-describedby") == "id_name_helptext id_name_error"
    assert described.get("aria-invalid") == "true"
    assert described.get("value") == "x"


def test_the_summary_links_each_problem_to_a_field_that_is_there():
    tree = fragment(str(SampleForm({"name": "x"})))

    section = tree.find(".//section")
    links = [(a.get("href").removeprefix("#"), words(a)) for a in section.iter("a")]
    assert links == [
        ("id_name", "Name: Enter your <name>."),
        ("id_audience_0", "Who may see it?: This field is required."),
        ("id_agree", "I agree: This field is required."),
    ]
    assert [by_id(tree, target).tag for target, text in links] == ["input"] * 3


def test_radio_buttons_stand_in_a_fieldset_with_a_legend():
    tree = fragment(str(SampleForm()))

    fieldset = tree.find(".//fieldset")
    assert words(fieldset.find("legend")) == "Who may see it?"
    assert [words(label) for label in fieldset.iter("label")] == ["Only the Lead", "Partners"]


def test_only_optional_fields_are_marked_and_a_trap_is_hidden_from_people():
    tree = fragment(str(SampleForm()))

    assert [words(label) for label in tree.iter("label")] == [
        "Name",
        "Experience (optional)",
        "Only the Lead",
        "Partners",
        "I agree",
        "Leave this empty",
    ]
    trap = next(div for div in tree.iter("div") if div.get("class") == "trap")
    assert trap.get("aria-hidden") == "true"
    assert trap.find("input").get("tabindex") == "-1"


# Map, figures and scale


def test_every_country_of_the_six_regions_has_a_place_on_the_map():
    regions = json.loads((ROOT / "partners" / "data" / "regions.json").read_text())
    countries = {code for region in regions for code in region["countries"]}

    places = world_map.places()

    assert set(places["countries"]) == countries
    assert set(places["regions"]) == set(Region.values)


def test_the_land_of_every_region_is_in_the_file_that_the_map_points_at():
    land = (ROOT / "static" / "world.svg").read_text()

    assert set(re.findall(r'id="([^"]+)"', land)) == {*Region.values, "elsewhere"}


def test_the_map_links_regions_with_experts_and_says_the_same_in_a_table(rf):
    numbers = {"east-asia": 21, "africa": 1200}
    regions = [
        {"code": code, "name": label, "total": numbers.get(code, 0)}
        for code, label in Region.choices
    ]
    drawn = world_map.draw(regions, {"JP": 21, "KE": 1200, "XX": 1})

    html = rendered('{% include "parts/map.html" %}', rf, map=drawn, list_url="/experts/")

    tree = fragment(html)
    spots = [
        element for element in tree.iter() if element.get("class") == "spot" and element.get("href")
    ]
    assert [(words(a), a.get("href")) for a in spots] == [
        ("21 East Asia", "/experts/?region=east-asia"),
        ("1k Africa", "/experts/?region=africa"),
    ]
    rows = [[words(cell) for cell in row] for row in tree.find(".//tbody")]
    assert rows == [[str(label), f"{numbers.get(code, 0):,}"] for code, label in Region.choices]
    assert html.count("<circle cx=") == 2


@pytest.mark.parametrize("number", [1, 9, 40, 90_000])
def test_a_dot_never_hides_its_region(number):
    drawn = world_map.draw(
        [{"code": code, "name": code, "total": number} for code in Region.values], {"JP": number}
    )

    dots = drawn["regions"][0]["dots"]
    assert 4 < float(re.search(r'r="([\d.]+)"', dots)[1]) <= 9


@pytest.mark.django_db
def test_figures_count_listed_experts_and_know_who_is_shown():
    policy = Policy.current()
    lapsed = policy.limits(NOW).stale_since - timedelta(days=1)
    ExpertFactory(country_id="JP")
    ExpertFactory(country_id="JP", confirmed_at=None)
    ExpertFactory(country_id="KE", confirmed_at=lapsed)
    ExpertFactory(country_id="KE", status=Expert.Status.AWAITING)

    figures = statistics.figures(NOW)

    counted = {
        region["code"]: (region["total"], region["confirmed"], region["shown"])
        for region in figures["regions"]
        if region["total"]
    }
    assert counted == {"east-asia": (2, 1, 2), "africa": (1, 0, 0)}
    assert figures["countries"] == {"JP": 2, "KE": 1}
    assert (figures["total"], figures["confirmed"], figures["shown"]) == (3, 1, 2)


@pytest.mark.django_db
def test_groups_of_expertise_count_each_expert_once():
    ExpertFactory(terms=["products-lamps", "products-batteries"])
    ExpertFactory(terms=["products"])

    groups = statistics.by_group(NOW)

    assert [(group["code"], group["number"]) for group in groups] == [("products", 2)]


def test_the_scale_has_a_tick_for_each_expert_only_when_the_list_is_about_forty():
    ticks = {
        total: len(scale.draw(total, total // 2)["ticks"])
        for total in (3, 35, 36, 40, 44, 45, 90_000)
    }

    assert ticks == {3: 0, 35: 0, 36: 37, 40: 41, 44: 45, 45: 0, 90_000: 0}
    assert scale.draw(0, 0) is None


@pytest.mark.parametrize(
    "confirmed,anchor,then", [(0, "start", 12.5), (5, "", None), (32, "", 12.5), (39, "end", 12.5)]
)
def test_the_words_under_the_scale_do_not_run_into_each_other(confirmed, anchor, then):
    drawn = scale.draw(40, confirmed)

    assert (drawn["anchor"], drawn["then"]) == (anchor, then)


# Home


@pytest.mark.django_db
def test_an_empty_list_has_no_link_to_an_empty_page(client):
    tree = parsed(client.get(reverse("home")).content.decode())

    links = [a.get("href") for a in tree.find(".//main").iter("a")]
    assert [link for link in links if link.startswith(reverse("expert_list") + "?")] == []
    assert "Find an expert" not in [words(a) for a in tree.find(".//main").iter("a")]


@pytest.mark.django_db
def test_home_takes_as_many_queries_for_three_experts_as_for_one(
    client, django_assert_max_num_queries
):
    def queries():
        with django_assert_max_num_queries(20) as asked:
            parsed(client.get(reverse("home")).content.decode())
        return len(asked)

    ExpertFactory()
    one = queries()
    ExpertFactory(country_id="KE")
    ExpertFactory(country_id="FR")

    assert queries() == one <= 18


@pytest.mark.parametrize("name", ["privacy", "accessibility", "contact"])
def test_the_pages_at_the_foot_are_strict_html_and_need_no_database(client, name):
    response = client.get(reverse(name))

    assert response.status_code == 200
    parsed(response.content.decode())


# Files


def test_only_the_tokens_hold_colours():
    sheets = [path for path in (ROOT / "static").glob("*.css") if path.name != "tokens.css"]

    found = {
        path.name: re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;\s,)])|rgba?\(|hsla?\(", path.read_text())
        for path in sheets
    }

    assert {name: colours for name, colours in found.items() if colours} == {}


def test_the_stylesheet_imports_hashed_files_into_layers():
    name = staticfiles_storage.stored_name("portal.css")
    sheet = Path(staticfiles_storage.path(name)).read_text()

    imports = re.findall(r'@import url\("([^"]+)"\) layer\((\w+)\)', sheet)

    assert [(re.sub(r"\.[0-9a-f]{12}\.", ".HASH.", url), layer) for url, layer in imports] == [
        ("vendor/pico.min.HASH.css", "vendor"),
        ("tokens.HASH.css", "tokens"),
    ]


@pytest.mark.parametrize(
    "path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT / "templates"))
)
def test_no_template_has_inline_styles_or_scripts(path):
    text = path.read_text()

    inline = re.findall(r"<style|\sstyle=|\son[a-z]+=\"|javascript:", text)
    scripts = [
        tag
        for tag in re.findall(r"<script\b[^>]*>", text)
        if " src=" not in tag and "application/" not in tag  # blocks of data are no scripts
    ]

    assert inline + scripts == []


def test_an_item_of_a_message_is_a_note_that_is_read_out(rf):
    messages = [SimpleNamespace(level_tag="success", __str__=lambda self: "Saved")]

    tree = fragment(rendered('{% include "parts/messages.html" %}', rf, messages=messages))

    note = tree.find(".//div")
    assert (note.get("class"), note.get("role")) == ("note good", "status")
