"""Every listed expert stands in one group."""
import pytest
from datetime import timedelta
from experts import freshness
from tests.factories import NOW, ExpertFactory
pytestmark = pytest.mark.django_db

def test_sql():
    ExpertFactory()
    ExpertFactory(confirmed_at=NOW-timedelta(days=400))
    print(freshness.numbers(NOW))
    print(list(freshness.silent(NOW).values("pk","cycle","due_at","why","since")))
    assert 0
