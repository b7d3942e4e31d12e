"""French and Spanish of requests: nothing that their mails and the pages behind links show is left
in English (tests/experts/test_translations.py holds the catalogues themselves to more).
"""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from advice import (
    abuse,
    answer_links,
    answering,
    availability,
    conversing,
    drafting,
    outcomes,
    request_reminders,
    sending,
    states,
    telling,
)
from advice.forms.requests import (
    DeclineForm,
    HandOnForm,
    MessageForm,
    OutcomeForm,
    ReportForm,
    UnavailableForm,
)
from advice.models import Choice, ChoiceChange, Outcome, Side
from advice.views import acting
from documents.forms.practices import ExpertNameField
from experts import listing
from experts.models import Expert
from mailings import delivery
from mailings.models import OutgoingMail
from partners import files, office, scanning
from tests.factories import NOW, AdviceRequestFactory, ExpertFactory
from tests.translating import LANGUAGES, in_code, in_templates, untranslated

TEMPLATES = [
    "advice/by_link/*.html",
    "advice/mail/expert_news.*",
    "advice/mail/fresh_link.*",
    "advice/mail/outcome_question.*",
    "advice/mail/request_*",
]
#: Forms, steps behind the buttons, and what a file is refused for.
CODE = [
    *(DeclineForm, HandOnForm, ExpertNameField, UnavailableForm, MessageForm, OutcomeForm),
    *(ReportForm, Choice.Status, Choice.Reason, Side, Outcome.Happened, Outcome.Helped),
    *(acting, answering, conversing, outcomes.say, abuse.report, states.move_choice),
    *(availability.why_not, answer_links, listing.pause, request_reminders, telling),
    *(files.check_size, files.check_document, files._kind, files._check_pdf),
    *(files._check_picture, files._open_picture, files._protected_pdf),
    *(files._several_formats, files._unknown, office, scanning),
]
#: Of NameField, which ExpertNameField is made of.
SENTENCES = ["Several have the name “%(typed)s”. Choose one of: %(labels)s."]
#: English: what is kept for pages that are, and the portal's name, as in all its mails.
ENGLISH = ["named by %(name)s", "%(name)s via Waste Management Area"]


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_text_is_translated_and_none_is_fuzzy(code):
    shown = in_templates(TEMPLATES) | in_code(CODE) | dict.fromkeys(SENTENCES, "a field")

    assert untranslated(code, {text: shown[text] for text in shown if text not in ENGLISH}) == {}


# As people read it


@pytest.fixture
def clock():
    with time_machine.travel(NOW, tick=False):
        yield


def asked(language: str, *later: Expert) -> Choice:
    """An expert who is asked, and others who come after; both sides read this language."""
    request = AdviceRequestFactory(mail_language=language)
    place = request.places.create(number=1)
    expert = ExpertFactory(claimed=True, mail_language=language)
    order = [(one.pk, []) for one in (expert, *later)]
    drafting.choose(request.pk, {place.pk: order}, request.requester, NOW)
    sending.send(request.pk, request.requester, NOW)
    return Choice.objects.get(expert=expert)


def page_of(choice: Choice) -> str:
    """The page behind the link in the newest mail to the expert, after it left."""
    delivery.deliver()
    return reverse("answer_by_link", args=[choice.links.latest("pk").token])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "button", "label"),
    [("fr", "Oui, j’apporte mon aide", "Pourquoi"), ("es", "Sí, ayudo", "¿Por qué?")],
)
def test_the_page_speaks_the_language_of_the_mail_or_the_one_chosen(
    clock, client, language, button, label
):
    address = page_of(asked(language))

    for chosen in ("", f"?lang={language}"):
        page = client.get(address + chosen).content.decode()
        assert button in page
        assert label in page
        assert "Yes, I help" not in page
    assert "Yes, I help" in client.get(f"{address}?lang=en").content.decode()


@pytest.mark.django_db
def test_what_is_refused_is_said_in_french(clock, client):
    choice = asked("fr")
    address = page_of(choice)
    away = ExpertFactory(paused_until=NOW.date() + timedelta(days=9))

    page = client.post(address, {"hand_on": "1", "hand_on-colleague": away.name})

    assert page.status_code == 409
    assert (
        f"{away.name} ne peut pas être sollicité(e) pour cette demande actuellement."
        in page.content.decode()
    )


@pytest.mark.django_db
def test_what_is_kept_for_the_lead_is_english_whoever_presses_the_button(clock, client):
    away = ExpertFactory()
    choice = asked("fr", away)
    address = page_of(choice)
    Expert.objects.filter(pk=away.pk).update(paused_until=NOW.date() + timedelta(days=9))

    client.post(address, {"decline": "1", "decline-reason": Choice.Reason.TIME})

    assert ChoiceChange.objects.get(choice__expert=away, new="called_off").reason == (
        f"{away.name} is not available until 3 December 2026."
    )


@pytest.mark.django_db
def test_the_lead_is_named_in_the_language_of_each_mail(clock):
    choice = asked("fr")
    choice.place.request.mail_language = "es"
    choice.place.request.save()
    OutgoingMail.objects.all().delete()
    conversing.say(choice.pk, Side.LEAD, "Words", [], NOW)
    delivery.deliver()

    subjects = dict(OutgoingMail.objects.values_list("language", "subject"))
    assert subjects["fr"].startswith("Le chef de file vous a écrit")
    assert subjects["es"].startswith("El responsable del área le ha escrito")
