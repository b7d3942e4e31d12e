"""Admin for the Lead; everybody else works on the pages."""

from meetings.admin import meeting  # noqa: F401 (they register)
