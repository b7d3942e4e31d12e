"""Admin for the Lead; everybody else works on the pages."""

from advice.admin import missions  # noqa: F401 (it registers)
