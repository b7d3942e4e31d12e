"""Limit values: what is in force, with what it replaced."""

from datetime import date

import pytest
from django.urls import reverse

from documents.models import LimitValue
from partners.audience import Audience
from tests.factories import DocumentFactory

pytestmark = pytest.mark.django_db


def value(**fields):
    ordinary = {"scope": "Sludge", "value": "7.5", "unit": "mg/kg", "decision": "D/1",
                "body": "Some body", "decided_on": date(2019, 3, 1)}  # fmt: skip
    return LimitValue.objects.create(**{**ordinary, **fields})


def test_a_value_stands_with_its_history_and_only_as_exact_as_its_date(client):
    LimitValue.objects.all().delete()
    old = value(status="superseded", decided_to="year")
    value(value="3", decision="D/2", replaces=old, decided_to="month")
    hidden = DocumentFactory(audience=Audience.CORE, title="Secret paper")
    value(scope="Ash", value=None, unit="", words="no limit", document=hidden)
    page = client.get(reverse("limit_list")).content.decode()
    assert page.count('<th scope="row">') == 2
    assert "7.5 mg/kg: D/1, Some body, 2019<" in page
    assert "D/2, Some body, March 2019" in page
    assert "no limit" in page
    assert "Secret paper" not in page
