"""Admin for the Lead; everybody else works on the pages."""

from advice.admin import needs  # noqa: F401 (they register)
