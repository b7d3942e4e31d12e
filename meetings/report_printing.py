"""The report of a meeting as PDF/UA-1, made by Typst (report.typ) in the look of the portal.

Made on request for organisers; what the Lead publishes is kept as a version of a document of the
library, and others get that. A text in a script without a font is written in Latin letters and
marked, so that no name stops it.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from meetings.report_blocks import Block, Content
from partners import typesetting
from partners.refusals import Refused
from partners.typesetting.letters import IN_LATIN, Shown, in_plain_letters, showable

SECONDS = 60  # at most, for one PDF
WAIT_SECONDS = 15  # at most, for others to be made
TEMPLATE = Path(__file__).parent / "report.typ"

logger = logging.getLogger(__name__)
_one_at_a_time = threading.Lock()


class Busy(Refused):
    """Others are being made, and have been for WAIT_SECONDS."""


def pdf(content: Content, status: str) -> bytes:
    """The file; `status` stands under the title: "Draft of 3 May 2027".

    Raises Busy, and subprocess.SubprocessError when Typst cannot run or takes longer than SECONDS.
    """
    try:
        return _typeset(data(content, status, showable))
    except typesetting.Unshowable as error:  # letters that have a font each, but not together
        logger.warning("%s is typeset in plain letters: %s", content.title, error)
        return _typeset(data(content, status, in_plain_letters))


def _typeset(values: dict) -> bytes:
    """Run Typst, one at a time for each worker."""
    if not _one_at_a_time.acquire(timeout=WAIT_SECONDS):
        raise Busy(_("Other reports are being typeset. Nothing was changed."))
    try:
        return typesetting.pdf(TEMPLATE, values, SECONDS)
    finally:
        _one_at_a_time.release()


def data(content: Content, status: str, show: Callable[[str], str]) -> dict:
    """What report.typ needs; `show` makes a text that the fonts can show."""
    shown = Shown(show)

    def block(one: Block) -> dict:
        return {
            "kind": one.kind,
            "lines": [shown(line) for line in one.lines],
            "header": [shown(cell) for cell in one.header],
            "rows": [[shown(cell) for cell in row] for row in one.rows],
            "links": one.links or [""] * len(one.rows),
        }

    area, partnership = _("Waste Management Area"), _("UNEP Global Mercury Partnership")
    found = {
        "lang": (get_language() or "en").split("-")[0],
        "facts": [[name, shown(value)] for name, value in content.facts],
        "sections": [
            {
                "number": one.number,
                "title": shown(one.title) or "?",  # a heading must not be empty
                "level": one.level,
                "blocks": [block(part) for part in one.blocks],
            }
            for one in content.sections
        ],
        "words": {
            "title": shown(content.title) or "?",
            "when": ", ".join(filter(None, (content.when, shown(content.where)))),
            "status": status,
            "area": area,
            "partnership": partnership,
            "publisher": f"{area}, {partnership}",
            "page": _("Page"),
            "contents": _("Contents"),
            "note": "",
            "names": _(
                "Names of countries and territories do not imply any opinion on their status or "
                "boundaries."
            ),
        },
    }
    if shown.is_marked:
        found["words"]["note"] = _("%(mark)s Written in Latin letters here.") % {"mark": IN_LATIN}
    return found
