"""The Resource Persons List as a lying column: a share of it, beside that of the survey of 2014."""

#: The list that the survey of 2014 asked about; the scale has a tick for each of them.
ABOUT_FORTY = range(36, 45)
ASKED_IN_2014 = 12.5  # percent: 5 of 40


def draw(total: int, part: int) -> dict | None:
    """Places on the lying column, in percent of the list; None while nobody is listed.

    A tick for each expert only where the list is about the forty of 2014: else the ticks would be
    a fence, and the share of 2014 would say nothing.
    """
    if not total:
        return None
    ticked = total in ABOUT_FORTY
    ticks = [(round(100 * n / total, 1), n % 5 == 0) for n in range(total + 1 if ticked else 0)]
    share = round(100 * part / total, 1)
    # Words at the end of the column would run into "listed", words at its beginning out of it
    anchor = "end" if share > 86 else "start" if share < 6 else ""
    return {
        "ticks": ticks,
        "share": share,
        "label_at": min(share, 91.0),
        "anchor": anchor,
        "all": part == total,
        "then": ASKED_IN_2014 if ticked and abs(share - ASKED_IN_2014) > 12 else None,
    }
