"""Addresses of the library, comment rounds and good practices, for the table of tests/pages.py.

The same letters and the same roles; `furnish` adds what the demonstration does not have. The role
"partner" owns what is not public yet, and "other" is in the drafting team of the closed round.
"""

import io
from datetime import datetime, timedelta

from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from docx import Document as Docx

from documents import extracting, practices, publishing, reviewing
from documents.demonstration import CONCEPT_NOTE
from documents.models import (
    Comment,
    CommentRound,
    CommentTable,
    Document,
    ExternalAddress,
    LimitValue,
    Photo,
    Practice,
    PracticeLink,
    PracticeReview,
    Proposal,
    Requirement,
    UseReport,
    Version,
)
from mailings import links, suppression
from partners import files
from partners.audience import Audience
from partners.models import User

OURS = """
#                                GET        POST       PUT        DELETE
document_list                    2222222222 XXXXXXXXXX XXXXXXXXXX
document_feed                    2222222222 XXXXXXXXXX XXXXXXXXXX
document_export_csv              2222222222 XXXXXXXXXX XXXXXXXXXX
document_add                     SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
limit_list                       2222222222 XXXXXXXXXX XXXXXXXXXX
document_detail@public           2222222222 XXXXXXXXXX XXXXXXXXXX
document_detail@partners         --2--2-222 XXXXXXXXXX XXXXXXXXXX
document_detail@core             -----2--22 XXXXXXXXXX XXXXXXXXXX
document_detail@draft            --2--2--22 XXXXXXXXXX XXXXXXXXXX
document_edit@public             SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
document_edit@core               S----F--22 S----F--22 SXXXXXXXXX
document_edit@draft              S-2--F--22 S-2--F--22 SXXXXXXXXX
document_cite@public             2222222222 XXXXXXXXXX XXXXXXXXXX
document_cite@partners           --2--2-222 XXXXXXXXXX XXXXXXXXXX
document_cite@core               -----2--22 XXXXXXXXXX XXXXXXXXXX
document_cite@draft              --2--2--22 XXXXXXXXXX XXXXXXXXXX
document_end@public              SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
document_end@core                S----F--22 S----F--22 SXXXXXXXXX
document_still_right@public      SXXXXXXXXX SFFFFFFF33 SXXXXXXXXX
document_still_right@draft       SXXXXXXXXX S-3--F--33 SXXXXXXXXX
address_keep                     SXXXXXXXXX SFFFFFFF33 SXXXXXXXXX
version_compare@public           2222222222 XXXXXXXXXX XXXXXXXXXX
version_compare@partners         --2--2-222 XXXXXXXXXX XXXXXXXXXX
version_compare@core             -----2--22 XXXXXXXXXX XXXXXXXXXX
version_compare@draft            --2--2--22 XXXXXXXXXX XXXXXXXXXX
version_add@public               SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
version_add@draft                S-2--F--22 S-2--F--22 SXXXXXXXXX
version_detail@public            2222222222 XXXXXXXXXX XXXXXXXXXX
version_detail@partners          --2--2-222 XXXXXXXXXX XXXXXXXXXX
version_detail@core              -----2--22 XXXXXXXXXX XXXXXXXXXX
version_detail@draft             --2--2--22 XXXXXXXXXX XXXXXXXXXX
version_detail@unpublished       -----2--22 XXXXXXXXXX XXXXXXXXXX
version_publish@public           SFFFFFFF22 SFFFFFFF33 SXXXXXXXXX
version_publish@draft            S-F--F--22 S-F--F--33 SXXXXXXXXX
version_publish@unpublished      S-F--F-F22 S-F--F-F33 SXXXXXXXXX
version_drop@public              SFFFFFFF22 SFFFFFFF33 SXXXXXXXXX
version_drop@draft               S-2--F--22 S-3--F--33 SXXXXXXXXX
version_drop@unpublished         S-F--F-F22 S-F--F-F33 SXXXXXXXXX
translation_add@public           SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
translation_add@draft            S-2--F--22 S-2--F--22 SXXXXXXXXX
translation_add@unpublished      S-F--F-F22 S-F--F-F22 SXXXXXXXXX
version_file@public              2222222222 XXXXXXXXXX XXXXXXXXXX
version_file@partners            --2--2-222 XXXXXXXXXX XXXXXXXXXX
version_file@core                -----2--22 XXXXXXXXXX XXXXXXXXXX
version_file@draft               --2--2--22 XXXXXXXXXX XXXXXXXXXX
version_file@elsewhere           ---------- XXXXXXXXXX XXXXXXXXXX
version_file@unpublished         -----2--22 XXXXXXXXXX XXXXXXXXXX
version_read@public              2222222222 XXXXXXXXXX XXXXXXXXXX
version_read@partners            --2--2-222 XXXXXXXXXX XXXXXXXXXX
version_read@core                -----2--22 XXXXXXXXXX XXXXXXXXXX
version_read@draft               --2--2--22 XXXXXXXXXX XXXXXXXXXX
version_read@elsewhere           ---------- XXXXXXXXXX XXXXXXXXXX
version_read@unpublished         -----2--22 XXXXXXXXXX XXXXXXXXXX
proposal_list                    SF2FF2F222 SXXXXXXXXX SXXXXXXXXX
proposal_add                     SF2FFFF222 SF2FFFF222 SXXXXXXXXX
proposal_detail                  S-2--2-222 SXXXXXXXXX SXXXXXXXXX
proposal_support                 SXXXXXXXXX S-3--3-333 SXXXXXXXXX
round_list                       2222222222 XXXXXXXXXX XXXXXXXXXX
round_add                        SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
round_detail@open                SF2FF2F222 XXXXXXXXXX XXXXXXXXXX
round_detail@finished            2222222222 XXXXXXXXXX XXXXXXXXXX
round_detail@closed              S-2-22-222 XXXXXXXXXX XXXXXXXXXX
round_detail@prepared            S----2--22 XXXXXXXXXX XXXXXXXXXX
round_detail@core                S----2--22 XXXXXXXXXX XXXXXXXXXX
round_detail@public              2222222222 XXXXXXXXXX XXXXXXXXXX
round_text@open                  SF2FF2F222 XXXXXXXXXX XXXXXXXXXX
round_text@finished              2222222222 XXXXXXXXXX XXXXXXXXXX
round_text@core                  S----2--22 XXXXXXXXXX XXXXXXXXXX
round_edit@open                  S-F--F-F22 S-F--F-F22 SXXXXXXXXX
round_edit@finished              SFFFFFFF33 SFFFFFFF33 SXXXXXXXXX
round_edit@prepared              S----F--22 S----F--22 SXXXXXXXXX
round_open@open                  S-F--F-F33 S-F--F-F33 SXXXXXXXXX
round_open@prepared              S----F--22 S----F--33 SXXXXXXXXX
comment_add@open                 S-2--2-222 S-2--2-222 SXXXXXXXXX
comment_add@closed               S-2-F2-222 S-2-F2-222 SXXXXXXXXX
comment_add@core                 S----2--22 S----2--22 SXXXXXXXXX
comment_add@public               S222222222 S222222222 SXXXXXXXXX
comment_edit                     S-2------- S-2------- SXXXXXXXXX
comment_drop                     SXXXXXXXXX S-3------- SXXXXXXXXX
round_send@open                  SXXXXXXXXX S-3--3-333 SXXXXXXXXX
round_send@core                  SXXXXXXXXX S----3--33 SXXXXXXXXX
round_no_comments@open           SXXXXXXXXX S-3--3-333 SXXXXXXXXX
round_no_comments@core           SXXXXXXXXX S----3--33 SXXXXXXXXX
table_download@open              S-2--2-222 SXXXXXXXXX SXXXXXXXXX
table_download@core              S----2--22 SXXXXXXXXX SXXXXXXXXX
table_upload@open                S-2--2-222 S-2--2-222 SXXXXXXXXX
table_upload@closed              S-2-F2-222 S-9-F9-999 SXXXXXXXXX
table_preview                    S-2------- S-3------- SXXXXXXXXX
answer_list@open                 S-F--F-F22 S-F--F-F22 SXXXXXXXXX
answer_list@closed               S-F-2F-F22 S-F-2F-F22 SXXXXXXXXX
answer_list@core                 S----F--22 S----F--22 SXXXXXXXXX
answer_edit@closed               S-F-2F-F22 S-F-2F-F22 SXXXXXXXXX
answer_edit@finished             SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
round_finish@open                S-F--F-F22 S-F--F-F22 SXXXXXXXXX
round_finish@closed              S-F-FF-F22 S-F-FF-F22 SXXXXXXXXX
round_finish@finished            SFFFFFFF33 SFFFFFFF33 SXXXXXXXXX
round_cancel@open                S-F--F-F22 S-F--F-F22 SXXXXXXXXX
round_cancel@prepared            S----F--22 S----F--22 SXXXXXXXXX
round_matrix@open                S-F--F-F22 XXXXXXXXXX XXXXXXXXXX
round_matrix@finished            2222222222 XXXXXXXXXX XXXXXXXXXX
round_matrix@closed              S-2-2F-F22 XXXXXXXXXX XXXXXXXXXX
round_matrix@core                S----F--22 XXXXXXXXXX XXXXXXXXXX
matrix_xlsx@open                 S-F--F-F22 XXXXXXXXXX XXXXXXXXXX
matrix_xlsx@finished             2222222222 XXXXXXXXXX XXXXXXXXXX
matrix_xlsx@closed               S-2-2F-F22 XXXXXXXXXX XXXXXXXXXX
matrix_csv@open                  S-F--F-F22 XXXXXXXXXX XXXXXXXXXX
matrix_csv@finished              2222222222 XXXXXXXXXX XXXXXXXXXX
matrix_csv@closed                S-2-2F-F22 XXXXXXXXXX XXXXXXXXXX
practice_list                    2222222222 XXXXXXXXXX XXXXXXXXXX
practice_feed                    2222222222 XXXXXXXXXX XXXXXXXXXX
practice_add                     SF2FFFF222 SF2FFFF222 SXXXXXXXXX
practice_compare                 2222222222 XXXXXXXXXX XXXXXXXXXX
practice_book                    2222222222 XXXXXXXXXX XXXXXXXXXX
compilation_add                  SFFFFFFF22 SFFFFFFF33 SXXXXXXXXX
compilation_detail               2222222222 XXXXXXXXXX XXXXXXXXXX
practice_by_link@open            2222222222 2222222222 XXXXXXXXXX
practice_by_link@dead            GGGGGGGGGG GGGGGGGGGG XXXXXXXXXX
practice_by_link_fresh@open      3333333333 2222222222 XXXXXXXXXX
practice_by_link_fresh@dead      GGGGGGGGGG 2222222222 XXXXXXXXXX
practice_detail@published        2222222222 XXXXXXXXXX XXXXXXXXXX
practice_detail@own              2222222222 XXXXXXXXXX XXXXXXXXXX
practice_detail@draft            --2-----22 XXXXXXXXXX XXXXXXXXXX
practice_detail@submitted        --2-----22 XXXXXXXXXX XXXXXXXXXX
practice_detail@archived         2222222222 XXXXXXXXXX XXXXXXXXXX
practice_version@published       2222222222 XXXXXXXXXX XXXXXXXXXX
practice_version@draft           --2-----22 XXXXXXXXXX XXXXXXXXXX
practice_edit@published          SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
practice_edit@own                SF2FFFFF22 SF2FFFFF22 SXXXXXXXXX
practice_edit@draft              S-2-----22 S-2-----22 SXXXXXXXXX
practice_edit@submitted          S-3-----33 S-3-----33 SXXXXXXXXX
practice_edit@archived           SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
practice_submit@own              SF3FFFFF33 SF3FFFFF33 SXXXXXXXXX
practice_submit@draft            S-2-----22 S-3-----33 SXXXXXXXXX
practice_submit@submitted        S-2-----22 S-3-----33 SXXXXXXXXX
practice_photo@published         2222222222 XXXXXXXXXX XXXXXXXXXX
practice_photo@draft             --2-----22 XXXXXXXXXX XXXXXXXXXX
practice_archive@published       SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
practice_archive@own             SF2FFFFF22 SF2FFFFF22 SXXXXXXXXX
practice_archive@draft           S-2-----22 S-2-----22 SXXXXXXXXX
practice_archive@archived        SFFFFFFF22 SFFFFFFF22 SXXXXXXXXX
practice_valid@published         SXXXXXXXXX SFFFFFFF33 SXXXXXXXXX
practice_valid@own               SXXXXXXXXX SF3FFFFF33 SXXXXXXXXX
practice_valid@draft             SXXXXXXXXX S-3-----33 SXXXXXXXXX
practice_review@published        SFFFFFFF33 SFFFFFFF33 SXXXXXXXXX
practice_review@draft            S-F-----33 S-F-----33 SXXXXXXXXX
practice_review@submitted        S-F-----22 S-F-----22 SXXXXXXXXX
use_add@published                SF2FFFF222 SF2FFFF222 SXXXXXXXXX
use_add@draft                    S--------- S--------- SXXXXXXXXX
use_add@archived                 SF2FFFF222 SF2FFFF222 SXXXXXXXXX
"""

MODELS = """
documents_comment          2F2F23 2F2FF3 2F2F23
documents_commentround     2F2F23 2F2FF3 2F2F23
documents_document         2F2F23 2F2FF3 2F2F23
documents_limitvalue       222F23 222F23 222F23
documents_practice         2F2F23 2F2F23 2F2F23
documents_proposal         2F2F23 2F2FF3 2F2F23
documents_requirement      222F23 222F23 222F23
documents_usereport        2F2F23 2F2FF3 2F2F23
documents_version          2F2F23 2F2FF3 2F2F23
"""

FILES = {
    "document_export_csv",
    "document_feed",
    "matrix_csv",
    "matrix_xlsx",
    "practice_feed",
    "practice_photo",
    "table_download",
    "version_file",
    "document_cite",
}

#: Pages that look like another one of the table: who gets them is what differs.
ALIKE = {
    *("document_detail@partners", "document_detail@core", "document_edit@core"),
    *("document_edit@draft", "document_end@core", "version_compare@partners"),
    *("version_compare@core", "version_compare@draft", "version_detail@partners"),
    *("version_detail@core", "version_detail@draft", "version_publish@draft"),
    *("version_drop@draft", "translation_add@draft", "translation_add@unpublished"),
    *("version_read@partners", "version_read@core", "version_read@draft"),
    *("version_read@unpublished", "round_detail@core", "round_text@core", "comment_add@core"),
    *("comment_add@public", "answer_list@core", "round_matrix@core", "practice_detail@own"),
    *("practice_version@draft", "practice_edit@own", "practice_archive@own"),
    *("practice_archive@draft", "practice_submit@own", "use_add@archived"),
}

QUERIES = {
    "document_list@words": ("document_list", "?q=mercury+waste&region=asia-pacific"),
    "document_list@nothing": ("document_list", "?q=thermometers&language=ar&year=1901"),
    "document_list@unknown": ("document_list", "?kind=magic&sort=colour"),
    "practice_list@filtered": ("practice_list", "?without=engineered-landfill&kind=full"),
    "practice_list@nothing": ("practice_list", "?q=thermometers&country=AQ"),
    "practice_list@unknown": ("practice_list", "?region=mars&without=magic"),
    "practice_compare@three": (
        "practice_compare",
        "?practice=jp-nomura-kohsan-recovery&practice=es-mersade&practice=ph-lamp-facility",
    ),
    "version_compare@first-and-second": ("version_compare@public", "?from=1&to=2"),
}


def furnish(partner: User, other: User, lead: User, picture: bytes, now: datetime):
    """Documents and rounds for each audience and state; a photograph, an uploaded table."""
    for audience in (Audience.PARTNERS, Audience.CORE):
        document = _document(f"for-{audience}", audience, None, now)
        publishing.publish(_version(document, lead, now).pk, lead, now)
    _version(Document.objects.get(code="for-partners"), lead, now)
    _version(_document("own-draft", Audience.PUBLIC, partner, now), partner, now)
    extracting.extract_waiting(now)
    _rounds(other, lead, now)
    draft = _practice("draft").versions.get()
    second = practices.new_version(_practice("published").pk, lead, now)
    second.change_note = "A photograph."
    second.save()
    for version in (draft, second):
        photo = Photo(version=version, caption="A lamp", rights="Example", width=128, height=128)
        photo.image.save("photo.jpg", ContentFile(picture), save=True)
    practices.submit(second.pk, lead, now)
    practices.publish(second.pk, lead, now, list(practices.CHECKS))
    practices.archive(_practice("archived").pk, "The plant closed.", lead, now)
    CommentTable.objects.create(
        round=_round("open"), user=partner, file_name="comments.xlsx", rows=[], at=now
    )
    elsewhere = Document.objects.get(code="waste-assessment-2017").current.translations.get()
    ExternalAddress.objects.create(
        url=elsewhere.url, checked_at=now, dead_since=now, failures=3, problem="gone"
    )
    due = _due(now)
    PracticeLink.objects.create(
        practice=due,
        role=PracticeReview.Role.OWNER,
        reviewed_at=due.reviewed_at,
        address_hash=suppression.hash_of(due.owner.email),
        expires_at=now + links.VALID_FOR,
    )


def _due(now: datetime) -> Practice:
    """A practice that its owner is asked about."""
    practices = reviewing.due(Practice.objects.published(), now).filter(owner__isnull=False)
    return practices.order_by("pk").first()


def _document(code: str, audience: str, owner: User | None, now: datetime) -> Document:
    return Document.objects.create(
        code=code,
        title=f"Document {code} (example)",
        kind=Document.Kind.OTHER,
        summary="Made for the table of addresses.",
        audience=audience,
        owner=owner,
        year=now.year,
        languages=["en"],
        source="Written for the demonstration",
        fictitious=True,
    )


def _version(document: Document, by: User, now: datetime) -> Version:
    text = Docx()
    text.add_heading("Purpose", level=1)
    text.add_paragraph(f"What stands in {document.code} is for {document.audience} alone.")
    content = io.BytesIO()
    text.save(content)
    checked = files.check_document(SimpleUploadedFile("text.docx", content.getvalue()))
    return publishing.add_version(document.pk, [publishing.Part("en", True, checked)], by, now)


def _rounds(other: User, lead: User, now: datetime):
    """One in preparation, one for core members, one for everybody; a team for the closed one."""
    values = {
        "invitation": "Made for the table of addresses.",
        "opens_at": now - timedelta(days=1),
        "closes_at": now + timedelta(days=20),
        "opened_by": lead,
        "fictitious": True,
    }
    CommentRound.objects.create(
        title="Round prepared (example)", address="https://example.org/prepared", **values
    )
    for name, code in (("core", "for-core"), ("public", "sourcebook-2015")):
        document = Document.objects.get(code=code)
        CommentRound.objects.create(
            title=f"Round {name} (example)",
            version=document.current,
            audience=name,
            status=CommentRound.Status.OPEN,
            opened_at=now,
            **values,
        )
        Document.objects.filter(pk=document.pk).update(status=Document.Status.OPEN)
    _round("closed").team.add(other)


_TITLES = {
    "open": "Second text",
    "finished": "First text",
    "closed": "Draft fact sheet",
    "prepared": "Round prepared",
    "core": "Round core",
    "public": "Round public",
}
_CODES = {
    "public": CONCEPT_NOTE,
    "partners": "for-partners",
    "core": "for-core",
    "draft": "own-draft",
    "elsewhere": "sourcebook-2015",
}
_PRACTICES = {
    "published": "jp-nomura-kohsan-recovery",
    "own": "jp-pharmacy-collection",
    "draft": "uy-school-take-back",
    "submitted": "uy-lamp-points",
    "archived": "au-ecocycle",
}
_OF_DOCUMENTS = (
    *("document_detail", "document_edit", "document_end", "document_still_right"),
    *("version_add", "version_compare"),
)
_OF_VERSIONS = ("version_detail", "version_publish", "version_drop", "translation_add")
_OF_TEXTS = ("version_file", "version_read")
_OF_ROUNDS = (
    *("round_detail", "round_edit", "round_open", "round_text", "round_send", "round_no_comments"),
    *("comment_add", "table_download", "table_upload", "answer_list", "round_finish"),
    *("round_cancel", "round_matrix", "matrix_xlsx", "matrix_csv"),
)
_OF_PRACTICES = (
    *("practice_detail", "practice_edit", "practice_submit", "practice_archive"),
    *("practice_valid", "practice_review", "use_add"),
)


def _round(name: str) -> CommentRound:
    return CommentRound.objects.get(title__startswith=_TITLES[name])


def _practice(name: str) -> Practice:
    return Practice.objects.get(code=_PRACTICES[name])


def arguments(now: datetime) -> dict[str, list]:
    """url_name@object → arguments of the address."""
    found: dict[str, list] = {
        **{f"{page}@{name}": [code] for page in _OF_DOCUMENTS for name, code in _CODES.items()},
        **{f"{page}@{name}": [code, 1] for page in _OF_VERSIONS for name, code in _CODES.items()},
        **{
            f"{page}@{name}": [code, 1, "en"] for page in _OF_TEXTS for name, code in _CODES.items()
        },
        **{f"{page}@unpublished": ["for-partners", 2] for page in _OF_VERSIONS},
        **{f"{page}@unpublished": ["for-partners", 2, "en"] for page in _OF_TEXTS},
        **{f"{page}@{name}": [code] for page in _OF_PRACTICES for name, code in _PRACTICES.items()},
        **{f"practice_version@{name}": [code, 1] for name, code in _PRACTICES.items()},
    }
    for name, code in _CODES.items():
        found[f"document_cite@{name}"] = [code, "bibtex"]
    for name in _TITLES:
        found |= {f"{page}@{name}": [_round(name).pk] for page in _OF_ROUNDS}
    draft = Comment.objects.filter(round=_round("open"), status="draft").earliest("pk")
    for page in ("comment_edit", "comment_drop"):
        found[page] = [draft.round_id, draft.pk]
    for page, name in (("answer_edit@closed", "closed"), ("answer_edit@finished", "finished")):
        comment = _round(name).comments.get(number=2)
        found[page] = [comment.round_id, comment.pk]
    table = CommentTable.objects.get()
    dead = ExternalAddress.objects.dead().get()
    proposal = Proposal.objects.get(status="proposed")
    link = PracticeLink.objects.get(practice=_due(now))
    return found | {
        "address_keep": [dead.pk],
        "table_preview": [table.round_id, table.pk],
        "proposal_detail": [proposal.pk],
        "proposal_support": [proposal.pk],
        "compilation_detail": [1],
        "practice_by_link@open": [link.token],
        "practice_by_link@dead": ["nonsense"],
        "practice_by_link_fresh@open": [link.token],
        "practice_by_link_fresh@dead": ["nonsense"],
        **{
            f"practice_photo@{name}": [_PRACTICES[name], photo.pk]
            for photo in Photo.objects.all()
            for name in ("published", "draft")
            if photo.version.practice.code == _PRACTICES[name]
        },
    }


def keys() -> dict[str, object]:
    """The key of one row of each model in admin."""
    return {
        "documents_comment": _round("finished").comments.first().pk,
        "documents_commentround": _round("finished").pk,
        "documents_document": Document.objects.get(code=CONCEPT_NOTE).pk,
        "documents_limitvalue": LimitValue.objects.first().pk,
        "documents_practice": _practice("published").pk,
        "documents_proposal": Proposal.objects.first().pk,
        "documents_requirement": Requirement.objects.first().pk,
        "documents_usereport": UseReport.objects.first().pk,
        "documents_version": Version.objects.first().pk,
    }
