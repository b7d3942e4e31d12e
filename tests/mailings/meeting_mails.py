"""Each mail about meetings, by the step that sends it (test_headers.py): one module a subject."""

STEPS: dict = {}
