from contextlib import contextmanager

import pytest
from django.core.cache import cache

from wmaportal import cache as cache_module
from wmaportal.cache import RedisOrOwnMemory
from wmaportal.local import servers

OPTIONS = {"OPTIONS": {"socket_connect_timeout": 0.3, "socket_timeout": 0.5}}


@contextmanager
def nobody_listens():
    """REDIS_URL of a port where no server is."""
    yield f"redis://127.0.0.1:{servers.free_port()}/0"


def test_what_is_put_into_the_cache_is_in_redis():
    cache.set("word", "mercury")

    other_process = RedisOrOwnMemory(cache._redis._servers[0], OPTIONS)

    assert other_process.get("word") == "mercury"
    assert cache.answers() is True


@pytest.mark.parametrize(
    ("method", "arguments", "answer"),
    [
        ("add", ("new", 1), True),
        ("get", ("absent", "default"), "default"),
        ("set", ("a", 1), None),
        ("touch", ("absent",), False),
        ("delete", ("absent",), False),
        ("get_many", (["absent"],), {}),
        ("has_key", ("absent",), False),
        ("set_many", ({"a": 1},), []),
        ("delete_many", (["a"],), None),
        ("get_or_set", ("b", 2), 2),
        ("clear", (), None),
    ],
)
def test_without_redis_every_call_is_answered_from_memory(method, arguments, answer):
    with nobody_listens() as url:
        cached = RedisOrOwnMemory(url, OPTIONS)

        assert getattr(cached, method)(*arguments) == answer
        assert cached.answers() is False


def test_without_redis_counting_goes_on_in_this_process():
    with nobody_listens() as url:
        RedisOrOwnMemory(url, OPTIONS).set("tries", 1)

        assert RedisOrOwnMemory(url, OPTIONS).incr("tries") == 2


def test_a_redis_that_is_away_is_asked_once_in_some_seconds():
    breaker = cache_module._Breaker()
    breaker.note(answered=False)

    assert [breaker.may_ask() for _ in range(3)] == [False, False, False]
    breaker.ask_again_at = 0
    assert [breaker.may_ask() for _ in range(3)] == [True, False, False]


def test_what_an_earlier_outage_left_is_forgotten_at_the_next(tmp_path):
    server = servers.Valkey(tmp_path / "valkey", keep=False)
    server.start()
    try:
        cached = RedisOrOwnMemory(server.url, OPTIONS)
        server.kill()
        cached.set("figure", "old")
        assert cached.get("figure") == "old"
        server.start()
        assert cached.answers()
        cached.set("figure", "new")
        server.kill()

        assert cached.get("figure") is None
    finally:
        server.close()
