"""What somebody changed in a text, marked word by word."""

import pytest

from partners import word_changes


def marked(side):
    return [words for words, differs in side if differs]


def test_what_changed_is_marked_word_by_word_and_nothing_is_lost():
    old, new = "Two plants\ncollect lamps.", "Three plants\n\ncollect lamps and batteries."
    before, after = word_changes.sides(old, new)
    assert "".join(words for words, _differs in before) == old
    assert "".join(words for words, _differs in after) == new
    assert marked(before) == ["Two", "lamps."]
    assert marked(after) == ["Three", "\n", "lamps and batteries."]


def test_words_that_follow_each_other_are_one_piece():
    before, after = word_changes.sides("We collect old lamps here.", "We sell new radios here.")
    assert marked(before) == ["collect old lamps"]
    assert marked(after) == ["sell new radios"]


@pytest.mark.parametrize(
    ("old", "new"), [("One two", "One  two"), ("One two ", "One two"), ("", "")]
)
def test_spaces_make_no_difference(old, new):
    before, after = word_changes.sides(old, new)
    assert marked(before) == marked(after) == []
    assert "".join(words for words, _differs in before) == old
    assert "".join(words for words, _differs in after) == new
