"""What changed between two versions, and which comments led to it."""

import random
import re
import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from documents import comparing
from documents.models import Extraction
from tests.factories import (
    CommentFactory,
    CommentRoundFactory,
    DocumentFactory,
    FileFactory,
    LeadFactory,
    PartnerUserFactory,
    ResponseFactory,
    SectionFactory,
    VersionFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def document():
    return DocumentFactory(bare=True, code="note")


def text(document, number: int, *sections, published=True, language="en"):
    """A version with these sections: (heading, paragraph, …), numbered 1, 2, …"""
    version = VersionFactory(document=document, number=number, published=published, url=False)
    file = FileFactory(version=version, language=language)
    Extraction.objects.create(translation=file, state="done")
    for order, (heading, *paragraphs) in enumerate(sections, start=1):
        SectionFactory(
            translation=file,
            order=order,
            label=str(order),
            heading=heading,
            labels=[f"{order}.{n}" for n in range(1, len(paragraphs) + 1)],
            paragraphs=paragraphs,
        )
    return file


def states(found: comparing.Comparison) -> list[tuple[str, str, str]]:
    return [(one.state, one.label, one.old_label) for one in found.changes]


PURPOSE = ("Purpose", "The Convention asks parties to manage mercury waste.")
LIMITS = (
    "Thresholds",
    "The value should be applied after a sample has been taken.",
    "A leaching test may be used in addition.",
    "Tailings are outside.",
)


def test_sections_are_matched_by_heading_label_and_words(document):
    older = text(document, 1, PURPOSE, ("Cost", "Treatment abroad costs much."), LIMITS)
    newer = text(
        document,
        2,
        PURPOSE,
        ("Definitions", "Words have a meaning here, which this part gives."),
        ("Limit values", *LIMITS[1:]),
    )
    assert states(comparing.compare(older, newer, LeadFactory())) == [
        ("same", "1", "1"),
        ("gone", "", "2"),
        ("new", "2", ""),
        ("changed", "3", "3"),
    ]


def test_words_inside_a_paragraph_are_marked_and_unchanged_ones_are_folded(document):
    older = text(document, 1, LIMITS)
    newer = text(
        document,
        2,
        (
            "Thresholds",
            "The value is applied to dry matter after a sample has been taken.",
            "A new paragraph says something else entirely: costs, ports and ships.",
            *LIMITS[2:3],
        ),
    )
    (change,) = comparing.compare(older, newer, LeadFactory()).changes
    changed, folded, gone = change.stretches
    assert changed.clauses[0].pieces == [
        ("", "The value "),
        ("del", "should be "),
        ("ins", "is "),
        ("", "applied "),
        ("ins", "to dry matter "),
        ("", "after a sample has been taken."),
    ]
    assert [(one.state, one.label, one.old_label) for one in changed.clauses] == [
        ("changed", "1.1", "1.1"),
        ("new", "1.2", ""),
    ]
    assert folded.is_same and [one.label for one in folded.clauses] == ["1.3"]
    assert gone.clauses[0].pieces == [("del", "Tailings are outside.")]


def test_the_marked_text_always_gives_both_texts_back(document):
    chance = random.Random(7)
    words = "waste waste, mercury mercury. the of, of (and) a value. 15 mg/kg is – 汞废物".split()

    def some():
        return " ".join(chance.choice(words) for _ in range(chance.randint(0, 40)))

    for _ in range(300):
        old, new = some(), some()
        pieces = comparing._words(old, new, comparing.Purse())
        for kind, wanted in (("ins", new), ("del", old)):
            kept = "".join(part for one, part in pieces if one in ("", kind))
            assert kept.split() == wanted.split()


def test_comments_that_were_accepted_stand_beside_what_they_changed(client, document):
    older = text(document, 1, PURPOSE, LIMITS)
    text(document, 2, PURPOSE, (LIMITS[0], "The value is applied.", *LIMITS[2:]))
    finished = CommentRoundFactory(
        version=older.version, status="finished", audience="public", is_public_response=True
    )
    for section, paragraph, verdict, words in (
        ("2", "2.1", "accepted", "Say how."),
        ("2", "", "partly", "Say when."),
        ("2", "2.1", "not_accepted", "Say why."),
        ("", "", "accepted", "Well written."),
    ):
        comment = CommentFactory(round=finished, section=section, paragraph=paragraph, text=words)
        ResponseFactory(comment=comment, verdict=verdict, reason=f"Done: {words}")
    under_way = CommentFactory(round__version=older.version, section="2", text="Not yet public.")
    ResponseFactory(comment=under_way)
    address = reverse("version_compare", args=["note"])
    page = client.get(address).content.decode()
    whole, section = page.split("Comments that led to this")
    assert "Done: Well written." in whole and "Done: Say" not in whole
    assert "Done: Say how." in section and "Done: Say when." in section
    assert "Say why." not in page and "Not yet public." not in page
    finished.is_public_response = False
    finished.save()
    assert "Say how." not in client.get(address).content.decode()
    client.force_login(LeadFactory(totp=True))
    assert "Done: Say how." in client.get(address).content.decode()


def test_changes_are_said_in_words_for_ears(client, document):
    text(document, 1, PURPOSE, ("Cost", "Treatment abroad costs much."))
    text(document, 2, ("Purpose", "The Convention asks all parties to manage mercury waste."))
    page = client.get(reverse("version_compare", args=["note"])).content.decode()
    assert "What changed from version 1 to version 2" in page
    marked = '<ins><span class="sr"> inserted: </span>all<span class="sr"> end of change </span>'
    assert marked in page
    assert "Section is gone" in page
    assert "1 section changed" in page and "1 section is gone" in page


def test_side_by_side_each_column_is_that_version_and_no_other(client, document):
    text(document, 1, ("Limits", "The content is measured, then the waste goes abroad."))
    text(document, 2, ("Limits", "The content, of dry matter, is measured before it goes abroad."))
    address = reverse("version_compare", args=["note"])

    def shown(html: str) -> str:
        plain = re.sub(r'<span class="sr"[^>]*>.*?</span>', "", html, flags=re.DOTALL)
        return " ".join(re.sub(r"<[^>]+>", "", plain).split())

    page = client.get(address).content.decode()
    [pair] = re.findall(r'<div class="pair">(.*?)</div>', page, re.DOTALL)
    older, newer = map(shown, re.findall(r"<p class=.clause.>.*?</p>", pair, re.DOTALL))
    one = client.get(address, {"view": "one"}).content.decode()

    assert older == "1.1The content is measured, then the waste goes abroad."
    assert newer == "1.1The content, of dry matter, is measured before it goes abroad."
    assert '<div class="pair">' not in one
    assert "<del>" in one and "<ins>" in one


def test_versions_that_one_may_not_see_are_not_compared(client, document):
    for number in (1, 2):
        text(document, number, PURPOSE)
    text(document, 3, PURPOSE, published=False)
    address = reverse("version_compare", args=["note"])
    assert client.get(address, {"from": "2", "to": "3"}).status_code == 404
    assert "from version 1 to version 2" in client.get(address).content.decode()
    assert client.get(address, {"from": "x", "to": "²", "language": "�"}).status_code == 200
    turned = client.get(address, {"from": "2", "to": "1"}).content.decode()
    assert "from version 1 to version 2" in turned
    inner = DocumentFactory(audience="partners")
    assert client.get(reverse("version_compare", args=[inner.code])).status_code == 404
    client.force_login(PartnerUserFactory())
    page = client.get(reverse("version_compare", args=[inner.code])).content.decode()
    assert "There are no two texts to compare" in page


def test_a_version_without_text_in_the_language_is_said(client, document):
    text(document, 1, PURPOSE)
    text(document, 2, PURPOSE, language="fr")
    address = reverse("version_compare", args=["note"])
    page = client.get(address, {"from": "1", "to": "2"}).content.decode()
    assert re.search(r"Version \d has no text in this language", page)


def test_more_sections_take_no_more_queries(client, document):
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            client.get(reverse("version_compare", args=["note"]))
        return len(found)

    text(document, 1, PURPOSE)
    text(document, 2, PURPOSE)
    few = queries()
    many = [(f"Part {n}", f"Text {n}") for n in range(30)]
    text(document, 3, *many)
    text(document, 4, *many)
    assert queries() == few


def test_two_texts_of_two_hundred_pages_are_compared_in_bounded_time(document):
    chance = random.Random(1)
    known = [f"word{n}" for n in range(1500)] + ["the", "of", "and", "a", "waste"] * 150

    def paragraph(length=90):
        return " ".join(chance.choice(known) for _ in range(length))

    sections = [(f"Part {n}", *(paragraph() for _ in range(12))) for n in range(100)]
    changed = [
        (heading, *(" ".join(w for w in one.split() if chance.random() > 0.1) for one in rest))
        for heading, *rest in sections
    ]
    other = [(paragraph(4), *(paragraph() for _ in range(12))) for _ in range(100)]
    older, newer = text(document, 1, *sections), text(document, 2, *changed)
    strange = text(document, 3, *other)
    for to in (newer, strange):
        started = time.process_time()
        found = comparing.compare(older, to, LeadFactory())
        spent = time.process_time() - started
        print(f"{spent:.2f} s", found.is_coarse, found.summary)
        assert spent < 6  # measured alone: below 2
