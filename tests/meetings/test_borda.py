"""The Borda count, held against examples that were counted by hand."""

import itertools

import pytest

from meetings import borda

#: Subjects, rankings, points counted by hand
BY_HAND = [
    # Two answers of three subjects: A 2+1, B 1+2, C 0+0
    ("ABC", ["ABC", "BAC"], {"A": 3, "B": 3, "C": 0}),
    # A wins most first places, B the count: A 2+2+2+0+0, B 1+1+1+2+2, C 0+0+0+1+1
    ("ABC", ["ABC", "ABC", "ABC", "BCA", "BCA"], {"A": 6, "B": 7, "C": 2}),
    # A alone is placed: 3 points, and the others share 2+1+0
    ("ABCD", ["A"], {"A": 3, "B": 1, "C": 1, "D": 1}),
    # The example on the page: A 3, B 2, and C and D share 1+0
    ("ABCD", ["AB"], {"A": 3, "B": 2, "C": 0.5, "D": 0.5}),
    # Leaving the last one out or placing it last is the same
    ("ABC", ["AB"], {"A": 2, "B": 1, "C": 0}),
    ("ABC", [], {"A": 0, "B": 0, "C": 0}),
]


@pytest.mark.parametrize(("subjects", "rankings", "points"), BY_HAND)
def test_points_are_those_counted_by_hand(subjects, rankings, points):
    assert borda.points(subjects, rankings) == points


def test_points_are_how_many_subjects_one_beats_with_half_a_point_for_each_tie():
    """The other definition of the count, for all rankings of up to four of four subjects."""
    subjects = "ABCD"
    for length in range(1, 5):
        for ranking in itertools.permutations(subjects, length):
            place = {one: ranking.index(one) if one in ranking else 9 for one in subjects}
            duels = {
                one: sum(
                    1.0 if place[one] < place[other] else 0.5 * (place[one] == place[other])
                    for other in subjects
                    if other != one
                )
                for one in subjects
            }
            assert borda.points(subjects, [ranking]) == duels


def test_each_answer_gives_away_the_same_number_of_points():
    given = [sum(borda.points("ABCDE", [ranking]).values()) for ranking in ("A", "AB", "ABCDE")]
    assert given == [10, 10, 10]


def test_equal_points_share_a_place():
    assert borda.places([4, 7, 4, 1.5]) == [2, 1, 2, 4]
