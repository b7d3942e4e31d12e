"""Each mail about requests for advice, by the step that sends it (test_headers.py).

A step takes a name, which it puts wherever people write something, and leaves one mail to be sent.
"""

from datetime import timedelta

from advice import answer_links, answering, conversing, drafting, request_reminders, sending
from advice.models import AnswerLink, Choice, Side
from mailings import links, suppression
from mailings.models import OutgoingMail
from tests.factories import NOW, AdviceRequestFactory, ExpertFactory, PartnerUserFactory

DAY = timedelta(days=1)


def _asked(names, at=NOW, language="en", keep=False) -> Choice:
    """An expert was asked; the mails of it are gone, or kept."""
    requester = PartnerUserFactory(name=names)
    request = AdviceRequestFactory(
        requester=requester,
        text=f"<b>{names}</b> needs help.\nSecond line & more.",
        mail_language=language,
    )
    place = request.places.create(number=1)
    expert = ExpertFactory(claimed=True, name=names, mail_language=language)
    drafting.choose(request.pk, {place.pk: [(expert.pk, [])]}, requester, at)
    sending.send(request.pk, requester, at)
    if not keep:
        OutgoingMail.objects.all().delete()
    return Choice.objects.select_related("expert__user", "place__request").get(place=place)


def _only(template: str):
    """Of the mails that a step wrote, the one that is looked at; it leaves now."""
    OutgoingMail.objects.exclude(template=template).delete()
    OutgoingMail.objects.update(next_try=NOW)


def request_asked(names):
    _asked(names, keep=True)
    _only("advice/mail/request_asked")


def expert_news(names):
    choice = _asked(names)
    answering.accept(choice.pk, NOW)
    _only("advice/mail/expert_news")


def request_news(names):
    choice = _asked(names)
    answering.decline(choice.pk, Choice.Reason.TIME, "", NOW)
    OutgoingMail.objects.filter(context__what="with_lead").delete()
    _only("advice/mail/request_news")


def request_message(names):
    choice = _asked(names)
    conversing.say(choice.pk, Side.REQUESTER, f"{names}, good day.\nTwo & <lines>.", [], NOW)


def request_reminder(names, language="en"):
    _asked(names, NOW - 3 * DAY, language)
    request_reminders.scan(NOW)
    _only("advice/mail/request_reminder")


def outcome_question(names, language="en"):
    choice = _asked(names, NOW - 22 * DAY, language)
    answering.accept(choice.pk, NOW - 21 * DAY)
    request_reminders.scan(NOW)
    _only("advice/mail/outcome_question")
    OutgoingMail.objects.exclude(to=choice.expert.email).delete()


def fresh_link(names):
    choice = _asked(names)
    link = AnswerLink.objects.create(
        choice=choice,
        address_hash=suppression.hash_of(choice.expert.email),
        expires_at=NOW + links.VALID_FOR,
    )
    answer_links.send_fresh(link, NOW)


STEPS = {
    f"advice/mail/{step.__name__}": step
    for step in (
        *(request_asked, expert_news, request_news, request_message, request_reminder),
        *(outcome_question, fresh_link),
    )
}
REMINDERS = {"advice/mail/request_reminder", "advice/mail/outcome_question"}
RELAYED = {"advice/mail/request_asked", "advice/mail/request_message"}
TRANSACTIONAL = {"advice/mail/fresh_link"}
