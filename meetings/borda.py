"""The Borda count: how single rankings become one.

With n subjects the first place gives n - 1 points, the second n - 2, and so on. Who gives places to
some subjects only lets the others share the points that are left in equal parts, so that every
answer gives away the same number of points: a short ranking weighs neither more nor less than a
long one.
"""

from collections.abc import Hashable, Iterable, Sequence


def points(
    subjects: Sequence[Hashable], rankings: Iterable[Sequence[Hashable]]
) -> dict[Hashable, float]:
    """The points of each subject; halves are exact.

    A ranking names some of the subjects, the first place first, none of them twice.
    """
    number = len(subjects)
    total = dict.fromkeys(subjects, 0.0)
    for ranking in rankings:
        for place, subject in enumerate(ranking, start=1):
            total[subject] += number - place
        left = number - len(ranking)
        for subject in set(subjects).difference(ranking):
            total[subject] += (left - 1) / 2
    return total


def places(numbers: Sequence[float]) -> list[int]:
    """The place of each number, the largest first; equal ones share a place: 1, 2, 2, 4."""
    return [1 + sum(other > one for other in numbers) for one in numbers]
