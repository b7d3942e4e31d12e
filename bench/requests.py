"""Asking a server again and again: latencies in milliseconds, several pages in turn."""

import http.client
import time
from statistics import median
from urllib.parse import urlsplit


class Asker:
    """One kept-alive connection to a server."""

    def __init__(self, url: str):
        self.connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=120)

    def get(self, path: str) -> float:
        """Milliseconds until the whole answer is read. Raises AssertionError unless it is 200."""
        start = time.perf_counter()
        self.connection.request("GET", path)
        answer = self.connection.getresponse()
        answer.read()
        took = (time.perf_counter() - start) * 1000
        assert answer.status == 200, f"{path}: {answer.status}"
        return took


def medians(url: str, paths: dict[str, str], rounds: int) -> dict[str, float]:
    """The median of each page, all asked in turn so that they meet the same machine."""
    asker = Asker(url)
    for path in paths.values():  # caches of templates and connections are warm in any real use
        asker.get(path)
        asker.get(path)
    taken = {name: [] for name in paths}
    for _round in range(rounds):
        for name, path in paths.items():
            taken[name].append(asker.get(path))
    return {name: median(times) for name, times in taken.items()}
