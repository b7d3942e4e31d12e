"""Admin for the Lead; everybody else works on the pages."""

from advice.admin import missions, needs, requests  # noqa: F401 (they register)
