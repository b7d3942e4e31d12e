"""Every page is HTML without an error; ids stand once, and all that is pointed at is there."""

# ruff: noqa: F401, F811 (fixtures are imported)
import re
from collections import Counter

import html5lib
import pytest

from tests import pages
from tests.worlds import read_only_world, world, world_in_transaction

#: Attributes that name ids.
POINTING = """
    for form list headers aria-describedby aria-labelledby aria-controls aria-owns
    aria-activedescendant aria-errormessage aria-details
""".split()
#: What an expert sees is what a visitor sees, except here and where nobody but experts comes.
EXPERTS_OWN = {"home", "my_page", "expert_list", "expert_detail@own", "expert_apply"}
_ALL = pages.views()
VIEWS = [
    view
    for view in _ALL
    if view.role != "expert"
    or view.name in EXPERTS_OWN
    or pages.View("lead", view.name) not in _ALL
]
FORMS = [
    pages.View(role, line.name)
    for line in pages.lines()
    for role in ("visitor", "expert", "partner", "lead")
    if line.expected(role)["POST"] == "2" and line.url_name not in pages.FILES
]
HTMX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "results"}
PARTS = ["?region=africa", "?q=nonsense", "?region=mars", "?q=lamps&sort=confirmed"]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("partners.even_time.STEP_SECONDS", 0.001)


def errors_of(text: str, fragment: bool = False) -> list[str]:
    parser = html5lib.HTMLParser(html5lib.getTreeBuilder("etree"), namespaceHTMLElements=False)
    tree = (parser.parseFragment if fragment else parser.parse)(text)
    source = text.splitlines()
    found = [
        f"{code} {data} in line {place[0]}: {source[min(place[0], len(source)) - 1][:200].strip()}"
        for place, code, data in parser.errors
        if place
    ]
    ids = Counter(element.get("id") for element in tree.iter() if element.get("id") is not None)
    found += [f"id {name!r} stands {times} times" for name, times in ids.items() if times > 1]
    for element in tree.iter():
        if not isinstance(element.tag, str):
            continue
        for attribute in POINTING:
            for name in (element.get(attribute) or "").split():
                if name not in ids and not fragment:
                    found.append(f"{attribute}={name!r} of <{element.tag}> points at nothing")
        link = element.get("href") or ""
        if (
            element.tag == "a"
            and re.fullmatch("#.+", link)
            and link[1:] not in ids
            and not fragment
        ):
            found.append(f"the link {link!r} leads to nothing on the page")
        if element.tag == "img" and element.get("alt") is None:
            found.append(f"<img src={element.get('src')!r}> has no alt")
    if fragment:
        return found
    headings = list(tree.iter("h1"))
    if len(headings) != 1:
        found.append(f"{len(headings)} h1")
    title = (
        "".join(tree.find("head/title").itertext()) if tree.find("head/title") is not None else ""
    )
    if not re.search(r"\w.* – \w", title):
        found.append(f"title {title!r}")
    if tree.get("lang") != "en":
        found.append(f"lang {tree.get('lang')!r}")
    return found


@pytest.mark.parametrize("view", VIEWS, ids=str)
def test_a_page_parses_without_an_error(view, read_only_world):
    client, address = pages.open_view(read_only_world, view)

    response = client.get(address)

    expected = 404 if view.name.endswith("past-the-end") else 200
    assert (response.status_code, response["Content-Type"]) == (
        expected,
        "text/html; charset=utf-8",
    )
    assert errors_of(response.content.decode()) == []


@pytest.mark.parametrize("view", FORMS, ids=str)
def test_a_page_with_the_errors_of_an_empty_form_parses_without_an_error(view, read_only_world):
    client, address = pages.open_view(read_only_world, view)

    response = client.post(address)

    assert response.status_code == 200
    assert errors_of(response.content.decode()) == []


@pytest.mark.parametrize("query", PARTS)
def test_a_part_of_a_page_parses_without_an_error(query, read_only_world):
    response = read_only_world.client("visitor").get(f"/experts/{query}", **HTMX)

    assert response.status_code == 200
    assert errors_of(response.content.decode(), fragment=True) == []


@pytest.mark.parametrize("role", ["visitor", "lead"])
@pytest.mark.parametrize(
    "address", ["/nonsense/", "/experts/999999/", "/?q=%00", "/admin/nonsense/"]
)
def test_an_error_page_parses_without_an_error(role, address, read_only_world):
    response = read_only_world.client(role).get(address, follow=True)

    assert errors_of(response.content.decode()) == []


def test_a_second_click_on_an_old_form_gets_a_page_that_parses(read_only_world):
    client = read_only_world.client("expert", enforce_csrf_checks=True)

    response = client.post(read_only_world.address("expert_edit"))

    assert response.status_code == 403
    assert errors_of(response.content.decode()) == []
