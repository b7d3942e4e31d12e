"""The reader's own times by the zone of the browser: once, and then as the portal writes them."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template
from django.test import RequestFactory

from tests.browser.tools import WATCH
from tests.factories import MeetingFactory

pytestmark = pytest.mark.django_db(transaction=True)
BANGKOK = ZoneInfo("Asia/Bangkok")
MOMENTS = [datetime(2027, 3, 9, hour, 30, tzinfo=BANGKOK) for hour in (0, 9, 16, 23)]
AGENDA = Template(
    "{% load meeting_times %}{% include 'meetings/parts/zone_line.html' %}"
    "{% for one in moments %}<p class='clocks'>{% clock one %}</p>{% endfor %}"
)


def written(meeting, zone: str = "") -> str:
    """An agenda as the portal writes it for a reader of this zone."""
    request = RequestFactory().get("/meetings/")
    request.COOKIES = {"zone": zone} if zone else {}
    return AGENDA.render(Context({"meeting": meeting, "moments": MOMENTS, "request": request}))


#: Puts an agenda into the page, its script too, and waits until the script has run
SHOW = """
(html) => new Promise((done) => {
  const main = document.querySelector("main");
  main.innerHTML = html;
  const script = main.querySelector("script");
  if (!script) return done();
  const again = document.createElement("script");
  again.src = script.src;
  again.onload = done;
  document.head.append(again);
})
"""
READ = """
() => [document.querySelector("[data-own-zone]").textContent,
  ...Array.from(document.querySelectorAll(".clocks"), (one) => one.innerHTML)]
"""


@pytest.mark.parametrize(
    ("zone", "city", "in_browser"),
    [
        ("America/Montevideo", "Montevideo", "Montevideo"),
        ("Asia/Jakarta", "Jakarta", "Jakarta"),
        ("Asia/Calcutta", "Kolkata", "Calcutta"),  # Chromium has the old name
        ("Europe/London", "London", "London"),
        ("Pacific/Kiritimati", "Kiritimati", "Kiritimati"),
        ("Pacific/Pago_Pago", "Pago Pago", "Pago Pago"),
        ("America/St_Johns", "St. John’s", "St Johns"),
    ],
)
def test_the_browsers_zone_is_shown_at_once_and_kept(browser, base_url, zone, city, in_browser):
    meeting = MeetingFactory()
    context = browser.new_context(base_url=base_url, timezone_id=zone)
    context.add_init_script(WATCH)
    page = context.new_page()
    try:
        page.goto("/meetings/zone/")
        page.evaluate(SHOW, written(meeting))
        line, *clocks = page.evaluate(READ)
        page.evaluate(SHOW, written(meeting, zone))

        assert [line.replace(in_browser, city), *clocks] == page.evaluate(READ)
        assert [one["value"] for one in context.cookies() if one["name"] == "zone"] == [zone]
        assert page.evaluate("window.refusals") == []
        page.goto("/meetings/zone/")
        assert page.locator("#id_zone").input_value() == zone
    finally:
        context.close()


def test_what_a_reader_chose_is_left_alone(browser, base_url):
    meeting = MeetingFactory()
    context = browser.new_context(base_url=base_url, timezone_id="America/Montevideo")
    page = context.new_page()
    try:
        page.goto("/meetings/zone/")
        page.get_by_label("Your time zone").select_option("none")
        page.get_by_role("button", name="Use this zone").click()
        page.goto("/meetings/zone/")
        page.evaluate(SHOW, written(meeting))

        assert [one["value"] for one in context.cookies() if one["name"] == "zone"] == ["none"]
        assert page.evaluate(READ)[0].strip() == ""
    finally:
        context.close()
