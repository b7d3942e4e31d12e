"""Admin for the Lead; everybody else works on the pages."""

from advice.admin import missions, needs, requests, survey  # noqa: F401 (they register)
