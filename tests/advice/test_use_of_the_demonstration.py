"""The use of the list on the demonstration: each figure against SQL that was written by hand."""

# ruff: noqa: F401, F811 (fixtures are imported)
import pytest
from django.utils import timezone

from tests.advice.use_by_hand import by_code, by_hand, periods
from tests.factories import NOW
from tests.worlds import read_only_world, world, world_in_transaction

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", list(periods(NOW)))
def test_every_figure_of_the_demonstration_equals_sql_written_by_hand(name, read_only_world):
    now = timezone.now()
    period = periods(now)[name]

    assert by_code(*period, now) == by_hand(*period, now)
