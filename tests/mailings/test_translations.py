"""French and Spanish of announcements: nothing that the portal says around them is English."""

import pytest

from mailings import announcement_mails, digesting, presenting
from tests.translating import LANGUAGES, in_code, in_templates, untranslated


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_text_is_translated_and_none_is_fuzzy(code):
    shown = in_templates(["mailings/mail/announcement.*", "mailings/mail/digest*"]) | in_code(
        [announcement_mails.facts, presenting.days, digesting.register]
    )

    assert untranslated(code, shown) == {}
