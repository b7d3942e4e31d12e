"""Every page as a browser reaches it: the furnished demonstration of tests/pages.py."""

import json
from dataclasses import dataclass

from bench.ground import Portal

_CODE = """
import json
from django.utils import timezone
from tests import pages
pages.furnish(timezone.now())
world, found = pages.World(), []
for view in pages.views({roles!r}):
    client, address = pages.open_view(world, view)
    cookies = {{name: cookie.value for name, cookie in client.cookies.items()}}
    found.append([view.role, view.name, address, cookies])
print("VISITS", json.dumps(found))
"""


@dataclass(frozen=True)
class Visit:
    """A page as one role sees it; `cookies` are those of its browser."""

    role: str
    name: str  # as in tests/pages.py
    address: str
    cookies: dict[str, str]

    def sign_in(self, context, url: str):
        """Give a browser's context the sign-in of this visit, and no other."""
        context.clear_cookies()
        context.add_cookies(
            [{"name": name, "value": value, "url": url} for name, value in self.cookies.items()]
        )


def visits(running: Portal, roles: tuple[str, ...] = ("visitor", "expert", "lead")) -> list[Visit]:
    """Furnish the demonstration and sign the roles in."""
    said = running.python(_CODE.format(roles=roles))
    line = next(line for line in said.splitlines() if line.startswith("VISITS "))
    return [Visit(*row) for row in json.loads(line.removeprefix("VISITS "))]
