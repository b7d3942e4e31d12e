"""Words planted in requests, answers and conversations: a crawl finds each only where it may be.

What is crawled are the pages that know of requests; those of experts, documents and partners are
crawled for private words of profiles (test_private_fields_stay_private.py).
"""

# ruff: noqa: F401, F811 (fixtures are imported)
from dataclasses import dataclass

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from advice import answering, conversing, drafting, leading, sending
from advice.models import AdviceRequest, Attachment, Choice, Side
from partners import files
from partners.models import User
from tests.factories import ExpertFactory, UserFactory
from tests.wmaportal.test_private_fields_stay_private import crawl
from tests.worlds import read_only_world, world, world_in_transaction

WORDS = {
    "text": "zqtext",
    "house": "zqhouse",
    "message": "zqmessage",
    "folded": "zqfolded",
    "file": "zqfile",
    "declined": "zqdeclined",
    "draft": "zqdraft",
    "address": "zqasker@private.test",
}
SHARED = {"text", "house", "message", "file"}
#: Beside these nobody reads anything. Who asked reads what the own program folded away.
MAY_READ = {
    "visitor": set(),
    "person": set(),
    "partner": set(),
    "other": set(),
    "secretariat": set(),
    "former": set(),
    "zqasker": SHARED | {"draft", "folded", "address"},
    "expert": SHARED,
    "zqsaidno": {"text", "house"},
    "lead": SHARED | {"declined", "address"},
}
#: What lies beside requests is crawled elsewhere; the mails of this machine are make run's alone.
SKIP = "^/(?!(advice|my|countries|admin)/)|^/admin/.|^/accounts/|^/advice/needs/"


@dataclass(frozen=True)
class Planted:
    request: AdviceRequest
    asked: Choice
    attachment: Attachment


@pytest.fixture(scope="module")
def planted(world_in_transaction) -> Planted:
    """A request of a newcomer that one expert declined and another is asked; a draft beside it."""
    now = timezone.now()
    asker = UserFactory(email=WORDS["address"], name="Zq Asker (example)")
    first = ExpertFactory(
        name="Zq Declined (example)", email="zqsaidno@example.org", confirmed_at=now
    )
    first.user = UserFactory(email="zqsaidno@example.org")
    first.save()
    second = world_in_transaction.user("expert").expert
    values = {
        "country_id": "UY",
        "text": f"{WORDS['text']} is what we need.",
        "house": f"Ministry {WORDS['house']}",
        "languages": ["en"],
        "remote_advice": True,
    }
    request = drafting.begin(values, [], asker, now)
    place = request.places.get()
    drafting.choose(request.pk, {place.pk: [(first.pk, []), (second.pk, [])]}, asker, now)
    upload = SimpleUploadedFile("plan.txt", WORDS["file"].encode())
    attachment = drafting.attach(request.pk, files.check_document(upload), asker, now)
    drafting.begin({**values, "text": WORDS["draft"], "house": ""}, [], asker, now)
    sending.send(request.pk, asker, now)
    leading.take_on(request.pk, world_in_transaction.user("lead"), now)
    declined = place.choices.get(expert=first)
    answering.decline(declined.pk, Choice.Reason.OTHER, WORDS["declined"], now)
    asked = place.choices.get(expert=second)
    conversing.say(
        asked.pk,
        Side.REQUESTER,
        f"{WORDS['message']}: write to {WORDS['address']}.",
        [],
        now,
        folded=WORDS["folded"],
    )
    return Planted(request, asked, attachment)


@pytest.mark.parametrize("role", MAY_READ)
def test_the_words_of_a_request_are_read_by_its_circle_alone(role, planted, read_only_world):
    client = _client(read_only_world, role)
    start = [
        "/advice/",
        "/my/",
        "/countries/uy/",
        "/advice/use/",
        f"/advice/requests/{planted.request.pk}/",
        f"/advice/answers/{planted.asked.pk}/",
        f"/advice/files/{planted.attachment.pk}/",
        "/search/?q=zqtext",
        *(["/admin/"] if role == "lead" else []),
    ]
    found: dict[str, set[str]] = {}
    for address, words in crawl(client, start, SKIP):
        for name, word in WORDS.items():
            if word in words:
                found.setdefault(name, set()).add(address)

    assert set(found) == MAY_READ[role], found


def _client(world, role: str):
    if role != "zqasker":
        return world.client(role)
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(email=WORDS["address"]))
    return client
