"""The best of many by rough points, with sets of bits: 100,000 cost a few milliseconds.

A set is an integer, as in partners/directory/index.py. The points of all are kept as binary
numbers standing upright: one set for the ones, one for the twos, and so on, so that adding a number
to all members of a set takes a few operations on whole sets.
"""


class Points:
    """Points of everybody, 0 at the beginning; whole numbers, never negative."""

    def __init__(self):
        self.planes: list[int] = []  # the set of those whose points have this binary digit

    def add(self, members: int, points: int):
        """Give each member of the set so many points (0 or more)."""
        digit = 0
        while points >> digit:
            if points >> digit & 1:
                self._carry(members, digit)
            digit += 1

    def _carry(self, members: int, digit: int):
        while members:
            if digit >= len(self.planes):
                self.planes.extend([0] * (digit + 1 - len(self.planes)))
            had = self.planes[digit]
            self.planes[digit] = had ^ members
            members &= had
            digit += 1

    def best(self, among: int, number: int) -> tuple[int, int]:
        """(sure, even): two sets, of those who are among the best `number` whatever happens, and
        of those with equal points for the places that are left.
        """
        sure, even = 0, among
        for plane in reversed(self.planes):
            above = even & plane
            if sure.bit_count() + above.bit_count() >= number:
                even = above
            else:
                sure |= above
                even &= ~plane
        if sure.bit_count() + even.bit_count() <= number:
            return sure | even, 0
        return sure, even
