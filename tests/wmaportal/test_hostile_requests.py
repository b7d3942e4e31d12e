import pytest

HOSTILE = [
    "/x%00y/",
    "/?q=%00",
    "/?q=a%00b",
    "/?%00=a",
    "/%ff/",
    "/?q=%ff",
    "/?q=%c3",
    "/?q=%ed%a0%80",  # half of a pair of surrogates
    "/?q=" + "a" * 8000,
]


@pytest.mark.parametrize("address", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_address_is_refused_before_anything_asks_the_database(client, address):
    client.cookies["sessionid"] = "s" * 32  # the database is closed to this test

    response = client.get(address)

    assert response.status_code == 400
    assert response["Cache-Control"] == "no-store"


def test_a_nul_in_a_cookie_is_refused(client):
    response = client.get("/", HTTP_COOKIE='sessionid="' + "s" * 32 + '\\000"')

    assert response.status_code == 400


@pytest.mark.parametrize(
    "query", ["q=" + "a" * 7998, "q=%e6%9d%b1%e4%ba%ac+%C3%A9", "q=%25FF", "q=a;b&&="]
)
def test_an_honest_query_passes(client, db, query):
    assert client.get(f"/mailbox/?{query}").status_code == 200


def test_a_nul_in_a_form_is_an_error_of_its_field(client, db):
    response = client.post("/accounts/login/", {"login": "a\0b@example.org", "password": "x"})

    assert response.status_code == 200
    assert list(response.context["form"].errors) == ["login"]
