"""The ways between states: in the models, and in the triggers of migration 0002."""

import importlib

import pytest

from meetings.models import Booking, Meeting, Outcome, Question, Report, Statement

WAYS = importlib.import_module("meetings.migrations.0002_rules").WAYS


@pytest.mark.parametrize("model", [Meeting, Booking, Question, Statement, Outcome, Report])
def test_models_and_database_know_the_same_ways(model):
    in_model = {f"{old}>{new}" for old, after in model.NEXT.items() for new in after}

    assert set(WAYS[model._meta.model_name]) == in_model
