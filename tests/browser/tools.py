"""Small things that browser tests share."""

#: For add_init_script: collects what the Content-Security-Policy refuses.
WATCH = """
window.refusals = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.refusals.push(`${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""


def cookies_of(client, base_url: str) -> list[dict]:
    """The cookies of a test client, for a browser's context."""
    return [
        {"name": name, "value": cookie.value, "url": base_url}
        for name, cookie in client.cookies.items()
    ]


def hand_in(own, title: str):
    """On a partner's page: a first announcement, from its topic to the Lead's queue."""
    own.goto("/announcements/write/")
    own.get_by_role("link", name="Projects").click()
    own.get_by_label("Title").fill(title)
    own.get_by_label("Text", exact=True).fill("Two plants collect **lamps**.")
    own.get_by_label("I have read the rules of the list").check()
    own.get_by_role("button", name="Save and look at it").click()
    own.get_by_role("button", name="Hand it in").click()
