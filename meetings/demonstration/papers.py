"""Papers of the next meeting: small true files, invented like the meeting."""

import io
from datetime import datetime, timedelta

import typst
from django.core.files.uploadedfile import SimpleUploadedFile
from docx import Document as Docx

from documents.demonstration import CONCEPT_NOTE
from documents.models import Document
from meetings import paper_uploads, papering
from meetings.models import Meeting, PaperAudience, Session, UploadLink
from partners import demonstration as people
from partners import files
from partners.models import User

LOGISTICS = [
    ("Venue", "Conference centre (example), Hall A, ten minutes from the station."),
    ("Lunch", "Lunch is offered on both days. Tell us your diet when you register."),
    ("Site visit", "The bus leaves the venue at 13:00. Closed shoes are needed."),
]
AGENDA = [
    ("First day, morning", "Opening, open actions, situation and needs of countries."),
    ("First day, afternoon", "Technologies and services."),
    ("Second day", "Priority areas, decisions and actions."),
]
COSTS = [
    ("What stabilization costs", "Prices of three plants for each tonne, all invented."),
    ("Question", "Which services are missing in your region?"),
]
HOST = [("For the host", "Number of seats, interpreters and meals for each day.")]


def load(meeting: Meeting, now: datetime):
    """In the caller's transaction, after the agenda."""
    lead = User.objects.get(email=people.LEAD)

    def add(title, audience=PaperAudience.PUBLIC, session=None, item=None, days=9, **what):
        place = {"session_id": session and session.pk, "item_id": item and item.pk}
        values = papering.Values(title, audience, **place)
        return papering.add(meeting.pk, values, lead, now - timedelta(days=days), **what)

    add("Logistics note (example)", checked=_pdf("logistics", "Logistics note", LOGISTICS))
    agenda = add(
        "Provisional agenda (example)", days=8, checked=_word("agenda", "Agenda", AGENDA[:2])
    )
    papering.add_version(
        agenda.pk, _word("agenda-2", "Agenda", AGENDA), lead, now - timedelta(days=3)
    )
    add(
        "Notes for participants (example)",
        PaperAudience.PARTICIPANTS,
        checked=_pdf("participants", "Notes for participants", HOST),
    )
    review, costs = _item(meeting, 1, "Review"), _item(meeting, 2, "Stabilization")
    document = Document.objects.get(code=CONCEPT_NOTE)
    add(document.title, PaperAudience.PARTNERS, *review, document_id=document.pk)
    asked = add("Costs of stabilization (example)", PaperAudience.PARTNERS, *costs, days=6)
    link = UploadLink.objects.create(
        paper=asked,
        name="Expert 07 (example)",
        created_by=lead,
        created_at=now - timedelta(days=5),
        expires_at=now + timedelta(days=30),
    )
    paper_uploads.upload(link.pk, _pdf("costs", "Costs", COSTS), now - timedelta(days=1))


def _item(meeting: Meeting, number: int, title: str) -> tuple:
    """(session, its item that is called so), as the agenda of the demonstration has them."""
    session = Session.objects.get(meeting=meeting, number=number)
    return session, session.items.filter(title__startswith=title).first()


def _pdf(name: str, title: str, sections: list[tuple[str, str]]) -> files.Checked:
    text = "".join(f"= {heading}\n{words}\n\n" for heading, words in sections)
    head = f'#set document(title: "{title} (example)")\n#set text(lang: "en")\n'
    return _checked(f"{name}.pdf", typst.compile((head + text).encode()))


def _word(name: str, title: str, sections: list[tuple[str, str]]) -> files.Checked:
    text, content = Docx(), io.BytesIO()
    text.core_properties.title = f"{title} (example)"
    for heading, words in sections:
        text.add_heading(heading, level=1)
        text.add_paragraph(words)
    text.save(content)
    return _checked(f"{name}.docx", content.getvalue())


def _checked(name: str, content: bytes) -> files.Checked:
    return files.check_document(SimpleUploadedFile(name, content))
