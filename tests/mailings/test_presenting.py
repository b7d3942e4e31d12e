"""Amounts of money as readers of each language write them, in pages and in mails alike."""

from decimal import Decimal

import pytest
from django.template import Context, Template
from django.utils import translation

from mailings import announcement_mails, presenting
from mailings.models import Announcement
from tests.factories import AnnouncementFactory

NARROW = "\u202f"  # a space at which no line ends


@pytest.mark.parametrize(
    ("language", "amount", "currency", "shown"),
    [
        ("en", "50000", "USD", "USD 50,000"),
        ("en", "50000.50", "USD", "USD 50,000.50"),
        ("en", "1234567.5", "EUR", "EUR 1,234,567.50"),
        ("fr", "50000", "USD", f"USD 50{NARROW}000"),
        ("fr", "1234567.50", "EUR", f"EUR 1{NARROW}234{NARROW}567,50"),
        ("es", "50000", "USD", "USD 50.000"),
        ("es", "1234567.50", "PEN", "PEN 1.234.567,50"),
        ("fr", "500.00", "USD", "USD 500"),
        ("es", "0", "", "0"),
    ],
)
def test_an_amount_is_written_as_the_language_writes_it(language, amount, currency, shown):
    announcement = Announcement(amount=Decimal(amount), currency=currency)
    with translation.override(language):
        assert presenting.money(announcement) == shown


def test_no_amount_is_no_word():
    assert presenting.money(Announcement()) == ""


@pytest.mark.parametrize(
    ("language", "fact"),
    [
        ("en", ("Amount", "USD 50,000")),
        ("fr", ("Montant", f"USD 50{NARROW}000")),
        ("es", ("Importe", "USD 50.000")),
    ],
)
def test_a_mail_says_it_in_the_language_of_its_reader(db, language, fact):
    announcement = AnnouncementFactory(amount=50_000, currency="USD")
    assert fact in announcement_mails.same_for_all(announcement, language)["facts"]


@pytest.mark.parametrize(
    ("language", "shown"), [("en", "12,345"), ("fr", f"12{NARROW}345"), ("es", "12.345")]
)
def test_pages_group_numbers_in_the_same_way(language, shown):
    page = Template("{% load humanize %}{{ n|intcomma }}")
    with translation.override(language):
        assert page.render(Context({"n": 12_345})) == shown
