"""The first words of a text, for lists and feeds."""

import pytest

from mailings import markdown


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Two **lamps**, [one](https://example.org).", "Two lamps, one."),
        ("# Head\n\nText\n- one\n- two", "Head Text one two"),
        ("a & b <b>", "a & b <b>"),
        ("", ""),
        ("word " * 60, " ".join(["word"] * 39) + "…"),
    ],
)
def test_first_words_are_one_line_without_marks(text, expected):
    assert markdown.first_words(text) == expected
