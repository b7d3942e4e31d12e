"""Keys of rows in what a browser sent, which may be anything."""

from collections.abc import Iterable


def keys_in(sent: Iterable[str]) -> list[int]:
    """The keys among these, in their order; what can be none is left out."""
    return [int(key) for key in sent if key.isascii() and key.isdecimal() and len(key) < 19]


def key_in(sent: str) -> int:
    """The key that this is; 0, which no row has, for what can be none."""
    return next(iter(keys_in([sent])), 0)
