"""Small numbers are not public: behind one or two requests stand people who can be guessed."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

AT_LEAST = 3


@dataclass(frozen=True)
class Cell:
    """A number of a table, or the words that stand in its place."""

    number: int | None  # None: hidden
    words: str = ""

    @property
    def is_shown(self) -> bool:
        return self.number is not None

    def __str__(self):
        return self.words or str(self.number)


def cells(numbers: list[int], is_whole: bool, adds_up: bool = True) -> list[Cell]:
    """The numbers of one column as they are shown; all of them where `is_whole`.

    Where the column adds up to a number that the page shows as well, a number that alone is hidden
    would follow from the others: the smallest of these is hidden with it.
    """
    if is_whole:
        return [Cell(number) for number in numbers]
    few = [number < AT_LEAST for number in numbers]
    beside = None
    if adds_up and sum(few) == 1 and len(numbers) > 1:
        shown = [place for place, is_few in enumerate(few) if not is_few]
        beside = min(shown, key=numbers.__getitem__)
    return [
        Cell(None, _("fewer than 3"))
        if few[place]
        else Cell(None, _("not shown"))
        if place == beside
        else Cell(number)
        for place, number in enumerate(numbers)
    ]
