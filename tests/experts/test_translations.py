"""French and Spanish: nothing that the pages and mails about a profile show is left in English."""

import io
import re

import pytest
from babel.messages.mofile import write_mo
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import translation

from experts.forms import ExpertForm
from mailings import topics
from partners import languages
from partners.models import Country
from partners.models.countries import region_of
from tests import translating
from tests.factories import ExpertFactory
from tests.translating import LANGUAGES, ROOT, folder

MAILS = ("reminder", "notice", "fresh_link", "unlisted_for_silence")

#: Where a page or mail begins; what they extend and include is found by reading them.
TEMPLATES = [
    "experts/by_link/*",
    "advice/survey_by_link*.html",
    "advice/mail/survey.*",
    "mailings/mail/announcement_answer.*",
    "mailings/stop.html",
    *(f"experts/mail/{name}.*" for name in MAILS),
    "experts/consent/2026-11.html",
    "django/forms/div.html",
    "django/forms/field.html",
    "django/forms/widgets/clearable_file_input.html",
]
#: Modules whose every sentence may be shown there.
MODULES = [
    "advice/forms/survey.py",
    "experts/confirmation.py",
    "experts/facts.py",
    "experts/filters.py",
    "experts/forms.py",
    "experts/links.py",
    "mailings/links.py",
    "experts/models/expert.py",
    "experts/presenting.py",
    "experts/switching_off.py",
    "wmaportal/context.py",
]
#: Of other modules, what the steps behind the buttons answer and what fields refuse.
SENTENCES = [
    "All of them",
    "Some of them",
    "None of them",
    "The list is not known",
    "My profile was out of date",
    "My field is not needed now",
    "People find me in other ways",
    "I do not know",
    "This survey is closed.",
    "Agree to be listed first.",
    "A pause lasts 12 months at most: until %(day)s.",
    "Another profile has this e-mail address.",
    "Choose a day in the future.",
    "Some fields are still empty: name, country, expertise, languages, summary.",
    "Somebody else changed this profile while you wrote.",
    "This profile is not on the list.",
    "This profile is removed already.",
    "This profile was already handed in.",
    "An ORCID iD looks like 0000-0002-1825-0097.",
    "This cell has characters that cannot be stored. Type it anew.",
    "This cell is too long for a list of words.",
    "“%(value)s” can mean %(meanings)s. Write one.",
    "“%(value)s” is not a country of the list.",
    "“%(value)s” is not a country. Did you mean %(near)s?",
    "“%(value)s” is not a language of ISO 639-1.",
    "“%(value)s” is not a language. Did you mean %(near)s?",
    "The file has %(size)s; %(limit)s is the limit. Choose a smaller one.",
    "The file is empty. Choose another one.",
    "The picture has %(pixels)s million pixels; 50 million is the limit.",
    "This file is not a picture that the portal can read. Choose a JPEG, PNG or WebP file.",
    "Yes",
    "No",
    "East Asia",
    "Oceania",
    "South & West Asia",
    "Africa",
    "America",
    "Europe",
]


def shown():
    """msgid (a pair where there is a plural) → where it stands."""
    found = dict.fromkeys(SENTENCES, "a step or field")
    found |= dict.fromkeys(map(str, settings.COUNTRIES_OVERRIDE.values()), "a country")
    found |= dict.fromkeys((str(topic.name) for topic in topics.everything()), "a topic")
    found |= translating.in_templates(TEMPLATES)
    for name in MODULES:
        found |= dict.fromkeys(translating.messages_in((ROOT / name).read_text()), name)
    return found


@pytest.fixture(params=LANGUAGES)
def code(request):
    return request.param


@pytest.fixture
def catalogue(code):
    return translating.catalogue(code)


def test_every_text_is_translated_and_none_is_fuzzy(code):
    assert translating.untranslated(code, shown()) == {}


def test_a_translation_has_the_placeholders_and_tags_of_the_english_text(catalogue):
    def marks(text):
        return sorted(re.findall(r"%\(\w+\)s|</?\w+[^>]*>|%(?!\()", text))

    wrong = []
    for entry in catalogue:
        if not entry.id:
            continue
        ids = entry.id if isinstance(entry.id, tuple) else (entry.id,)
        strings = entry.string if isinstance(entry.string, tuple) else (entry.string,)
        allowed = [marks(one) for one in ids]
        wrong += [string for string in strings if marks(string) not in allowed]
        wrong += list(entry.check(catalogue))
    assert wrong == []


def test_what_is_compiled_is_what_is_written(code, catalogue):
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)

    assert (folder(code) / "django.mo").read_bytes() == compiled.getvalue()


def test_a_draft_says_so_in_its_head_and_on_its_pages(code, client, db):
    draft = "Draft until a native reader has checked it" in (folder(code) / "django.po").read_text()
    with translation.override(code):
        words = translation.gettext("Draft translation: no native reader has checked it yet.")

    page = client.get(reverse("mail_stop", args=["unknown"]), {"lang": code}).content.decode()

    assert (words in page) == draft


# Names that are shown can be typed back: the form fills them in


@pytest.mark.django_db
def test_every_country_and_language_is_understood_as_the_form_writes_it(code):
    known = set(Country.objects.values_list("pk", flat=True))
    with translation.override(code):
        form = ExpertForm(expert=ExpertFactory())
        for name, keys in (
            ("languages", list(languages.names("en"))),
            ("worked_in", [key for key in region_of() if key in known]),
        ):
            field = form.fields[name]
            wrong = [key for key in keys if field.words().many(field.prepare_value([key])) != [key]]
            assert wrong == [], name


# English elsewhere

FRENCH = {"headers": {"accept-language": "fr"}}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address", ["/", "/experts/", "/privacy/", "/accounts/login/", "/nothing/"]
)
def test_a_page_that_is_not_translated_is_english_whatever_the_browser_asks_for(client, address):
    answer = client.get(address, {"lang": "fr"}, **FRENCH)

    assert answer.headers["Content-Language"] == "en"
    assert '<html lang="en"' in answer.content.decode()
    assert "Aller au contenu" not in answer.content.decode()


@pytest.mark.django_db
def test_the_admin_is_english(client):
    answer = client.get("/admin/login/", follow=True, **FRENCH)

    assert 'lang="en"' in answer.content.decode()
    assert answer.headers["Content-Language"] == "en"


@pytest.mark.django_db
def test_an_error_on_a_translated_page_is_english_and_so_is_the_next_page():
    client = Client(enforce_csrf_checks=True)
    address = reverse("profile_by_link_fresh", args=["unknown"])

    refused = client.post(address, {}, **FRENCH)

    assert refused.status_code == 403
    assert '<html lang="en"' in refused.content.decode()
    assert client.get(reverse("mail_stop", args=["x"]), **FRENCH)["Content-Language"] == "fr"
    assert client.get("/", **FRENCH)["Content-Language"] == "en"


@pytest.mark.django_db
def test_the_reader_may_choose_another_language_of_the_page(client):
    address = reverse("mail_stop", args=["x"])

    assert client.get(address, {"lang": "es"}, **FRENCH)["Content-Language"] == "es"
    assert client.get(address, {"lang": "de"})["Content-Language"] == "en"
    assert client.get(address, headers={"accept-language": "de"})["Content-Language"] == "en"
