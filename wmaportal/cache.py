"""The cache: Redis, and while Redis is away the memory of this process.

Sign-in counts its attempts here, so the portal must go on without Redis; what is counted is then
true for one process only, which is the best that can be had.
"""

import threading
import time

import redis
from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache

RETRY_SECONDS = 5  # a page makes several calls; only one each so often may wait for a time-out

AWAY = (
    redis.ConnectionError,  # also refused, authentication, still loading
    redis.TimeoutError,
    redis.exceptions.OutOfMemoryError,
    redis.exceptions.ReadOnlyError,
    OSError,
)


class _Breaker:
    """Is a Redis worth asking? Shared by the threads of a process, one for each address."""

    def __init__(self):
        self.lock = threading.Lock()
        self.answered = True
        self.ask_again_at = 0.0

    def may_ask(self) -> bool:
        """True when Redis answered last, or for one caller each RETRY_SECONDS when it did not."""
        if self.answered:
            return True
        with self.lock:
            now = time.monotonic()
            if now < self.ask_again_at:
                return False
            self.ask_again_at = now + RETRY_SECONDS
            return True

    def note(self, answered: bool) -> bool:
        """Remember how it went; True when Redis went away with this call."""
        if answered and self.answered:
            return False
        with self.lock:
            went_away = self.answered and not answered
            self.answered = answered
            if not answered:
                self.ask_again_at = time.monotonic() + RETRY_SECONDS
        return went_away


_breakers: dict[str, _Breaker] = {}


class RedisOrOwnMemory(BaseCache):
    """Django's RedisCache, and its LocMemCache while Redis does not answer; raises neither's."""

    def __init__(self, location, params):
        super().__init__(params)
        self._redis = RedisCache(location, params)
        # The time-outs in OPTIONS are Redis's; LocMemCache ignores what it does not know
        self._memory = LocMemCache(f"instead of {location}", params)
        self._breaker = _breakers.setdefault(str(location), _Breaker())

    def _call(self, method: str, *args, **kwargs):
        if self._breaker.may_ask():
            try:
                result = getattr(self._redis, method)(*args, **kwargs)
            except AWAY:
                if self._breaker.note(answered=False):
                    # What an earlier outage left is older than what Redis was told since
                    self._memory.clear()
            else:
                self._breaker.note(answered=True)
                return result
        return getattr(self._memory, method)(*args, **kwargs)

    def answers(self) -> bool:
        """Does Redis answer now? Asks it whatever it did before."""
        try:
            self._redis._cache.get_client().ping()
        except AWAY:
            self._breaker.note(answered=False)
            return False
        self._breaker.note(answered=True)
        return True

    def add(self, key, value, timeout=DEFAULT_TIMEOUT, version=None):
        return self._call("add", key, value, timeout=timeout, version=version)

    def get(self, key, default=None, version=None):
        return self._call("get", key, default, version=version)

    def set(self, key, value, timeout=DEFAULT_TIMEOUT, version=None):
        return self._call("set", key, value, timeout=timeout, version=version)

    def touch(self, key, timeout=DEFAULT_TIMEOUT, version=None):
        return self._call("touch", key, timeout=timeout, version=version)

    def delete(self, key, version=None):
        return self._call("delete", key, version=version)

    def get_many(self, keys, version=None):
        return self._call("get_many", list(keys), version=version)

    def has_key(self, key, version=None):
        return self._call("has_key", key, version=version)

    def incr(self, key, delta=1, version=None):
        return self._call("incr", key, delta, version=version)

    def set_many(self, data, timeout=DEFAULT_TIMEOUT, version=None):
        return self._call("set_many", data, timeout=timeout, version=version)

    def delete_many(self, keys, version=None):
        return self._call("delete_many", list(keys), version=version)

    def clear(self):
        return self._call("clear")
