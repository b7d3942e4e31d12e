"""Pages that the table of addresses has not: HTML without an error, and all that is pointed at is
there. Those of the table: test_permission_table.py.
"""

# ruff: noqa: F401, F811 (fixtures are imported)
import pytest

from tests import pages
from tests.validity import BESIDE_THE_TABLE, errors_of
from tests.worlds import read_only_world, world, world_in_transaction

HTMX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "results"}
PARTS = ["?region=africa", "?q=nonsense", "?region=mars", "?q=lamps&sort=confirmed"]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr("partners.even_time.STEP_SECONDS", 0.001)


@pytest.mark.parametrize("view", BESIDE_THE_TABLE, ids=str)
def test_a_page_parses_without_an_error(view, read_only_world):
    client, address = pages.open_view(read_only_world, view)

    response = client.get(address)

    expected = 404 if view.name.endswith("past-the-end") else 200
    assert (response.status_code, response["Content-Type"]) == (
        expected,
        "text/html; charset=utf-8",
    )
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
