"""Admin for the Lead; everybody else works on the pages."""

from documents.admin import library, practices, rounds  # noqa: F401 (they register)
