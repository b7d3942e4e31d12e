"""Admin for the Lead; everybody else works on the pages."""

from advice.admin import requests  # noqa: F401 (it registers)
