import pytest


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch):
    """The even clock of answers has its own tests; here its steps are short."""
    monkeypatch.setattr("partners.even_time.STEP_SECONDS", 0.001)
