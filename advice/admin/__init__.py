"""The floor in the Lead's admin, one file for each subject."""

from advice.admin import survey  # noqa: F401 (registers)
