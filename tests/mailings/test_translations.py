"""French and Spanish of announcements: nothing that the portal says around them is English."""

from importlib import import_module

import pytest

from mailings import announcement_mails, digesting, preference_forms, presenting, subscribing
from mailings.models import Frequency
from tests.translating import LANGUAGES, in_code, in_templates, untranslated


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_text_is_translated_and_none_is_fuzzy(code):
    shown = in_templates(["mailings/mail/announcement.*", "mailings/mail/digest*"]) | in_code(
        [announcement_mails.facts, presenting.days, digesting.register]
    )

    assert untranslated(code, shown) == {}


@pytest.mark.parametrize("code", LANGUAGES)
def test_preferences_that_a_mail_opens_are_translated_whole(code):
    pages = ("by_mail", "nobody", "without_sign_in")
    shown = in_templates([f"mailings/preferences_{page}.html" for page in pages])
    shown |= in_code([preference_forms, subscribing, Frequency])

    assert untranslated(code, shown) == {}


@pytest.mark.parametrize("code", LANGUAGES)
def test_what_can_be_followed_is_called_by_a_name_of_the_readers_language(code):
    apps = ("experts", "documents", "advice", "meetings", "wmaportal")
    shown = in_code([import_module(f"{app}.following") for app in apps])

    assert untranslated(code, shown) == {}
