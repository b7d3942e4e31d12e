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
