"""A comment round from the Lead's first words to the answers, the next version and what changed."""

import io
import re
from datetime import timedelta

import pytest
from django.utils import timezone
from openpyxl import load_workbook
from playwright.sync_api import expect

from documents.models import CommentRound, Extraction
from tests.factories import (
    DocumentFactory,
    FileFactory,
    LeadFactory,
    PartnerUserFactory,
    SectionFactory,
    VersionFactory,
)

pytestmark = pytest.mark.django_db(transaction=True)

OLD = "The value should be applied after a sample has been taken."
NEW = "The value applies to the mean of five samples."


def with_text(document, number: int, paragraph: str, published: bool):
    """A version of the document whose text has been read: one section of one paragraph."""
    version = VersionFactory(document=document, number=number, published=published, url=False)
    text = FileFactory(version=version)
    Extraction.objects.create(translation=text, state="done")
    SectionFactory(
        translation=text,
        order=1,
        label="1",
        heading="Thresholds",
        labels=["1.1"],
        paragraphs=[paragraph],
    )
    return version


def moment(days: int) -> str:
    return (timezone.now() + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M")


def test_a_round_is_opened_commented_answered_and_leads_to_the_next_version(visit):
    document = DocumentFactory(bare=True, code="thresholds", title="Note on thresholds")
    with_text(document, 1, OLD, published=True)
    partner, lead = PartnerUserFactory(), LeadFactory()

    desk = visit(lead)
    desk.goto(document.get_absolute_url())
    desk.get_by_role("link", name="Ask for comments on it").click()
    desk.get_by_label("Invitation").fill("Is the value right for your waste?")
    desk.get_by_label("Opens (UTC)").fill(moment(0))
    desk.get_by_label("Closes (UTC)").fill(moment(20))
    desk.locator("main form[method=post] button").first.click()
    expect(desk.locator("h1")).to_have_text("Open the round")
    desk.get_by_role("button", name="Open the round").click()
    made = CommentRound.objects.get()

    own = visit(partner)
    own.goto(made.get_absolute_url())
    own.get_by_role("link", name="Read and comment").click()
    own.get_by_role("link", name="Comment on 1.1").click()
    own.get_by_label("Comment", exact=True).fill("One sample says little.")
    own.get_by_label("Proposed text").fill(NEW)
    own.get_by_role("button", name="Save as a draft").click()

    own.goto(f"{made.get_absolute_url()}table/")
    with own.expect_download() as table:
        own.get_by_role("link", name="Get the comment table (Excel)").click()
    book = load_workbook(io.BytesIO(table.value.path().read_bytes()))
    row = {"Section": "1", "Comment": "Say which laboratory test is meant."}
    sheet = book.worksheets[0]
    sheet.append([row.get(cell.value) for cell in sheet[1]])
    filled = io.BytesIO()
    book.save(filled)
    own.locator("input[type=file]").set_input_files(
        {"name": "ours.xlsx", "mimeType": "application/octet-stream", "buffer": filled.getvalue()}
    )
    own.get_by_role("button", name="Upload and look").click()
    expect(own.locator("main")).to_contain_text("Say which laboratory test is meant.")
    own.get_by_role("button", name="Add 1 comment to my drafts").click()
    own.goto(f"{made.get_absolute_url()}text/")
    own.get_by_role("button", name="Send all").click()
    expect(own.locator(".note.good")).to_be_visible()

    # The twenty days are over
    CommentRound.objects.update(
        opens_at=timezone.now() - timedelta(days=2),
        opened_at=timezone.now() - timedelta(days=2),
        closes_at=timezone.now() - timedelta(hours=1),
    )
    desk.goto(f"{made.get_absolute_url()}answers/")
    expect(desk.locator("main")).to_contain_text("0 of 2 answered.")
    desk.locator("main ul.rows").get_by_role("link", name=re.compile("^Answer")).first.click()
    for verdict, reason in (("Not accepted", "Annex 2 names it."), ("Accepted", "Taken over.")):
        desk.get_by_label("Answer", exact=True).select_option(label=verdict)
        desk.get_by_label("Reason").fill(reason)
        desk.get_by_role("button", name="Save and next unanswered").click()
    desk.goto(f"{made.get_absolute_url()}finish/")
    expect(desk.locator("main")).to_contain_text("2 of 2 answered.")
    desk.get_by_label("Publish all comments and answers").check()
    desk.get_by_role("button", name="Finish the round").click()
    expect(desk.locator("main")).to_contain_text("finished")

    newer = with_text(document, 2, NEW, published=False)
    desk.goto(newer.get_absolute_url())
    desk.get_by_role("link", name="Publish", exact=True).click()
    desk.get_by_role("button", name=re.compile("^Publish")).click()
    expect(desk.locator("main")).to_contain_text("Version 2 is published.")

    public = visit()
    public.goto(f"{made.get_absolute_url()}matrix/")
    expect(public.locator("main")).to_contain_text("One sample says little.")
    expect(public.locator("main")).to_contain_text("Taken over.")
    public.goto(document.get_absolute_url())
    public.get_by_role("link", name="Compare two versions").click()
    expect(public.locator("main")).to_contain_text("mean of five samples")
    expect(public.locator("main")).to_contain_text("One sample says little.")
