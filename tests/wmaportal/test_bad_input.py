"""Nonsense in every address that reads something from its query: never a 500, never silence."""

# ruff: noqa: F401, F811 (fixtures are imported)
import re

import pytest

from tests import pages
from tests.worlds import read_only_world, world, world_in_transaction

LISTS = ("expert_list", "partner_list", "practice_list", "document_list", "need_list")
FILTERS = {
    "practice_list": ("term", "without", "region", "country", "kind", "cost", "used", "sort"),
    "document_list": ("kind", "term", "language", "region", "country", "year", "status", "sort"),
    "expert_list": ("region", "term", "language", "country", "can", "available", "fresh", "sort"),
    "partner_list": ("region", "kind", "country"),
    "need_list": ("status", "region", "term", "country", "year"),
}
BAD_PAGES = ("0", "-1", "99999999999999999999", "abc", "٣", "1.5", "", "1_0", "²", "1e3", "null")
NONSENSE = {
    "a NUL": "?q=%00&page=%00",
    "broken UTF-8": "?q=%ff%fe&region=%c3",
    "half a surrogate": "?q=%ed%a0%80",
    "10 KB": "?q=" + "x" * 10_000,
    "7 KB": "?q=" + "x" * 7_000,
    "7 KB of words": "?q=" + "mercury+" * 850,
    "the same again and again": "?" + "&".join(["region=africa"] * 200),
    "every name twice": "?q=a&q=b&page=1&page=2&sort=name&sort=x&term=a&term=b",
    "no names": "?=&=&&&;;",
    "brackets": "?region[]=africa&region[0]=x&__proto__=1",
    "SQL": "?q=%27%29%3B+DROP+TABLE+experts_expert%3B--&term=%27+OR+1%3D1",
    "signs of the search": "?q=%26+%7C+%21+%28+%29+%3A*+%3C-%3E+%5C+%27+%22",
    "percent": "?q=%25_%25&region=%25",
    "a script": "?q=%3Cscript%3Ealert(1)%3C/script%3E&region=%3Csvg/onload%3Dalert(1)%3E",
    "right to left": "?q=%E2%80%AE%D9%A3&page=%D9%A3",
    "a format": "?q={0.__class__}%25s%25(x)s",
    "another host": "?next=https://evil.example/&next=//evil.example",
    "an enormous number": "?organisation=" + "9" * 400 + "&page=1",
    "a lone accent and an emoji": "?q=%CC%81%F0%9F%92%A9",
}
#: One line of each address: its query is read in the same way whatever it is about.
READING = list(
    {
        line.url_name: line
        for line in reversed(pages.lines())
        if "2" in line.get and not line.name.startswith("admin:")
    }.values()
)
ADMIN_NONSENSE = {
    **{
        name: NONSENSE[name]
        for name in ("a NUL", "broken UTF-8", "10 KB", "signs of the search", "a script")
    },
    "an unknown filter": "?nonsense__exact=1&status__exact=nonsense&p=abc",
    "an enormous page": "?p=99999999999999999999",
    "an order that is none": "?o=99.-99.x&e=1&all=x",
    "a lookup that is not allowed": "?organisation__contact__password__startswith=p",
    "a day that is none": "?at__year=abc&at__month=99&at__gte=x",
    "a kind of queue that is none": "?kind=nonsense&mine=x&page=abc",
}


#: What reads no query of its own gets these; what filters, searches or pages gets all.
FOR_EVERY_PAGE = ("a NUL", "broken UTF-8", "10 KB", "every name twice", "a script", "another host")
FOR_EVERY_ADMIN_PAGE = ("broken UTF-8", "a script")
READS_ITS_QUERY = re.compile("list|detail|roster|export|suggest|map|login|apply|edition|mail")


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("partners.even_time.STEP_SECONDS", 0.001)


@pytest.mark.parametrize("sort", NONSENSE)
def test_no_page_breaks_on_nonsense_in_its_query(sort, read_only_world):
    query = NONSENSE[sort]
    clients = {role: read_only_world.client(role) for role in ("visitor", "expert", "lead")}
    for line in READING:
        if sort not in FOR_EVERY_PAGE and not READS_ITS_QUERY.search(line.name):
            continue
        role = next((role for role in clients if line.expected(role)["GET"] in "23"), None)
        if role is None:
            continue
        answer = clients[role].get(read_only_world.address(line.name) + query)
        text = b"".join(answer).decode("utf-8", "replace")
        assert answer.status_code in (200, 302, 400, 404), (line.name, answer.status_code)
        assert "<script>alert" not in text and "<svg/onload" not in text, line.name
        if answer.status_code == 302:
            assert not re.match("(https?:)?//evil", answer.url), line.name


@pytest.mark.parametrize("sort", ADMIN_NONSENSE)
def test_no_page_of_admin_breaks_on_nonsense_in_its_query(sort, read_only_world):
    """Lists and our own pages read their query; a model's forms are Django's, asked for a few."""
    client, query = read_only_world.client("lead"), ADMIN_NONSENSE[sort]
    for line in pages.lines():
        if not line.name.startswith("admin:") or line.expected("lead")["GET"] != "2":
            continue
        if sort in FOR_EVERY_ADMIN_PAGE or not line.name.endswith(("_change", "_add", "_history")):
            answer = client.get(read_only_world.address(line.name) + query)
            assert answer.status_code in (200, 302, 400, 404), (line.name, answer.status_code)


@pytest.mark.parametrize("number", [*BAD_PAGES, "2&page=99"])
@pytest.mark.parametrize("name", LISTS)
def test_a_page_that_does_not_exist_is_not_found_and_leads_to_the_first(
    name,
    number,
    read_only_world,
):
    address = read_only_world.address(name)
    chosen = {"partner_list": "kind=government"}.get(name, "region=africa")

    answer = read_only_world.client("visitor").get(f"{address}?{chosen}&page={number}")

    assert answer.status_code == 404
    links = re.findall(r'href="([^"]*)"', answer.content.decode())
    assert f"{address}?{chosen}" in [link.replace("&amp;", "&") for link in links]


@pytest.mark.parametrize(
    "name, field", [(name, field) for name in LISTS for field in FILTERS[name]]
)
def test_an_unknown_value_is_named_and_only_it_is_ignored(name, field, read_only_world):
    client, address = read_only_world.client("visitor"), read_only_world.address(name)
    kept = "country=JP" if field != "country" else "region=europe"
    without = client.get(f"{address}?{kept}")

    answer = client.get(f"{address}?{kept}&{field}=zq%22%3Cxv")

    assert answer.status_code == 200
    text = answer.content.decode()
    assert "zq&quot;&lt;xv" in text
    assert answer.context["page"].paginator.count == without.context["page"].paginator.count


@pytest.mark.parametrize(
    "address",
    [
        "/experts/0/",
        "/experts/99999999999999999999/",
        "/experts/99999999999999999999/photo/",
        "/experts/99999999999999999999/vcard/",
        "/partners/99999999999999999999/",
        "/experts/-1/",
        "/experts/٣/",
        "/experts/invitation/nonsense/",
        "/experts/invitation/" + "a" * 300 + "/",
        "/mailbox/nonsense/",
        "/mailbox/..%2f..%2fsecret_key/",
        "/static/nonsense.css",
        "/static/../wmaportal/settings.py",
        "/accounts/2fa/webauthn/keys/99999999999999999999/edit/",
        "/admin/experts/expert/99999999999999999999/change/",
        "/admin/experts/expert/_00/change/",
        "/admin/experts/importrun/99999999999999999999/change/",
        "/admin/experts/importrun/99999999999999999999/errors.csv",
        "/admin/partners/term/99999999999999999999/merge/",
        "/admin/r/99999999999999999999/1/",
        "/my/memberships/99999999999999999999/end/",
    ],
)
def test_a_key_that_does_not_exist_is_not_found(address, read_only_world):
    answer = read_only_world.client("lead").get(address)

    assert answer.status_code in (302, 404, 410), answer.status_code
    assert answer.status_code != 302 or address.startswith("/admin/")


@pytest.mark.parametrize("verb", ["PROPFIND", "TRACE", "BREW", "PATCH", "OPTIONS"])
def test_a_verb_that_nobody_takes_writes_and_breaks_nothing(verb, read_only_world):
    client = read_only_world.client("visitor")
    for name in ("home", "expert_list", "expert_edit", "account_login", "invitation@claim"):
        answer = client.generic(verb, read_only_world.address(name))
        assert answer.status_code in (200, 302, 405), (name, answer.status_code)
