"""The ways from state to state: the models and the database know the same ones."""

import itertools

import pytest
from django.db import IntegrityError, connection, transaction

from advice.models import AdviceRequest, Choice, Mission, Need
from tests.factories import NeedFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("model", [AdviceRequest, Choice, Mission, Need])
def test_the_database_knows_the_same_ways_as_the_model(model):
    with connection.cursor() as cursor:
        cursor.execute("SELECT advice_known_ways(%s)", [model._meta.db_table])
        (known,) = cursor.fetchone()
    ways = {f"{old}>{new}" for old, after in model.NEXT.items() for new in after}

    assert set(known) == ways


def test_each_other_way_of_a_need_is_refused_by_the_database():
    for old, new in itertools.permutations(Need.Status.values, 2):
        need = NeedFactory(status=old, status_reason="Because")
        if new in Need.NEXT.get(old, ()):
            Need.objects.filter(pk=need.pk).update(status=new)
            continue
        with pytest.raises(IntegrityError), transaction.atomic():
            Need.objects.filter(pk=need.pk).update(status=new)
