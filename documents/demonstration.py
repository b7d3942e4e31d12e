"""Demonstration data of the floor: true documents and practices, an invented comment round.

Called by `manage.py loaddemo` alone. Documents and practices stand in data/demonstration/ with
their sources; people, comments, proposals and reports of uses are invented and say so. Ages count
back from the moment of loading.
"""

import io
import json
from datetime import date, datetime, timedelta
from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile
from docx import Document as Docx

from documents import compiling, extracting, publishing
from documents.models import (
    Comment,
    CommentRound,
    Document,
    Invitee,
    Licence,
    LimitValue,
    Practice,
    PracticeReview,
    PracticeVersion,
    Precondition,
    Proposal,
    Recommendation,
    Reference,
    Requirement,
    Response,
    Result,
    RoundQuestion,
    Support,
    Translation,
    UseReport,
    Version,
)
from experts.models import Expert
from partners import demonstration as people
from partners import files
from partners.models import Membership, Organisation, Partner, Role, Term, User

GOOD_PRACTICES = "good-practices"
CONCEPT_NOTE = "threshold-concept-note"
OUTSIDE = "https://example.org/draft-fact-sheet"
CORE_MEMBER = "core@example.org"
#: The source of an organisation that documents alone name
PUBLISHER = "Named as publisher in the library"
#: Who comments: key in the data, address, organisation, its kind and country
COMMENTERS = {
    "ministry": (people.PARTNER, "Ministry of Environment (example)", "government", "UY"),
    "chile": ("chile@example.org", "Ministry of Ecology (example)", "government", "CL"),
    "laboratories": ("labs@example.org", "Association of Laboratories (example)", "ngo", "DE"),
    "recycling": ("lamps@example.org", "Lamp Recyclers Union (example)", "industry", "KE"),
}
MINUTES_A_COMMENT = 7  # between two of them, so that they have an order


def load(now: datetime):
    """Everything, in the caller's transaction; `finish` does the rest when it is committed."""
    lead = User.objects.get(email=people.LEAD)
    terms = dict(Term.objects.values_list("code", "pk"))
    commenters = _people(lead, now)
    _load_library(terms, lead, now)
    _load_limits()
    _load_practices(terms, lead, now)
    _load_concept_note(terms, commenters, lead, now)
    _load_open_answers(commenters, lead, now)
    _load_proposals(commenters, lead, now)


def finish(now: datetime):
    """What needs committed rows: the text of files, the first edition of the living document."""
    extracting.extract_waiting(now)
    lead = User.objects.get(email=people.LEAD)
    compiling.make(compiling.ask(lead, now).number, now)


def _read(name: str):
    data = Path(__file__).parent / "data" / "demonstration" / f"{name}.json"
    return json.loads(data.read_text(encoding="utf-8"))


def _people(lead: User, now: datetime) -> dict[str, tuple[User, Organisation]]:
    """Partners who comment, and a core member."""
    known = {}
    for key, (email, name, kind, country) in COMMENTERS.items():
        organisation = people.organisation(name, kind, country)
        user = User.objects.filter(email=email).first()
        if user is None:
            user = people.person(email, f"{name.removesuffix(' (example)')}, desk (example)")
            organisation.contact = user
            organisation.save(update_fields=["contact"])
            Membership.objects.create(
                user=user,
                organisation=organisation,
                status=Membership.Status.APPROVED,
                from_on=people.SINCE,
                decided_by=lead,
                decided_at=now,
            )
            people.standing(organisation, Partner.Status.APPROVED, now, actor=lead)
        known[key] = user, organisation
    core = people.person(CORE_MEMBER, "Core member 02 (example)")
    Role.objects.create(user=core, kind=Role.Kind.CORE_MEMBER, from_on=people.SINCE)
    return known


def _house(name: str) -> Organisation:
    """A true organisation by its name; made where the list of partners does not have it."""
    known = Organisation.objects.filter(name=name).order_by("pk").first()
    return known or Organisation.objects.create(
        name=name, kind=Organisation.Kind.OTHER, source=PUBLISHER
    )


def _load_library(terms: dict, lead: User, now: datetime):
    superseded = {}
    for row in _read("library"):
        loaded_at = now - timedelta(days=500)
        document = Document.objects.create(
            code=row["code"],
            title=row["title"],
            kind=row["kind"],
            summary=row["summary"],
            year=row["year"],
            languages=row["languages"],
            countries=row["countries"],
            process=row["process"],
            source=row["source"],
            created_at=loaded_at,
        )
        document.terms.set([terms[code] for code in row["terms"]])
        document.organisations.set([_house(name) for name in row["organisations"]])
        language = "en" if "en" in row["languages"] else row["languages"][0]
        published = row["status"] != "draft"
        version = Version.objects.create(
            document=document,
            number=1,
            created_by=lead,
            created_at=loaded_at,
            published_by=lead if published else None,
            published_at=loaded_at if published else None,
        )
        if row["url"]:
            Translation.objects.create(
                version=version,
                language=language,
                is_original=True,
                url=row["url"],
                added_by=lead,
                added_at=loaded_at,
            )
        if published:
            Document.objects.filter(pk=document.pk).update(current=version, status=row["status"])
        superseded[row["code"]] = row.get("superseded_by")
    for code, newer in superseded.items():
        if newer:
            Document.objects.filter(code=code).update(
                superseded_by=Document.objects.get(code=newer)
            )
    _load_draft_of_2010(terms, lead, now)


def _load_draft_of_2010(terms: dict, lead: User, now: datetime):
    """Version 0 of the living document: never reviewed. Edition 1 supersedes it."""
    loaded_at = now - timedelta(days=500)
    document = Document.objects.create(
        code=GOOD_PRACTICES,
        title="Good Practices for Management of Mercury Releases from Waste",
        kind=Document.Kind.GUIDELINE,
        summary=(
            "Practices and technologies for mercury waste, the preconditions for repeating them "
            "elsewhere, and recommendations. Its first draft of 2010 was never reviewed, as treaty "
            "talks began; since then the portal keeps it alive, edition by edition."
        ),
        year=2010,
        languages=["en"],
        source="UNEP wedocs, 'Good Practices for Management of Mercury Releases from Waste (First "
        "Draft)' (2010)",
        created_at=loaded_at,
    )
    codes = ("handling-collection", "treatment-recovery", "treatment-stabilization", "products")
    document.terms.set([terms[code] for code in codes])
    document.organisations.set([_house("UNEP Global Mercury Partnership, Waste Management Area")])
    version = Version.objects.create(
        document=document,
        number=0,
        title="Good Practices for Management of Mercury Releases from Waste (First Draft)",
        change_note="First draft. Never reviewed.",
        dated_on=date(2010, 1, 1),
        created_by=lead,
        created_at=loaded_at,
        published_by=lead,
        published_at=loaded_at,
    )
    Document.objects.filter(pk=document.pk).update(
        current=version, status=Document.Status.PUBLISHED
    )


def _load_limits():
    known = {}
    for row in _read("limits"):
        key, replaces = row.pop("key"), row.pop("replaces", None)
        row["document"] = Document.objects.get(code=row["document"])
        known[key] = LimitValue.objects.create(replaces=known.get(replaces), **row)


def _load_practices(terms: dict, lead: User, now: datetime):
    """The true practices; some were reviewed so long ago that their owners are written to."""
    requirements = {one.code: one for one in Requirement.objects.all()}
    partner = User.objects.get(email=people.PARTNER)
    experts = list(Expert.objects.listed().prefetch_related("terms").order_by("pk"))
    rows = _read("practices")
    for number, row in enumerate(rows):
        reviewed_at = now - timedelta(days=row["days"])
        practice = Practice.objects.create(
            code=row["code"],
            owner=partner if number % 4 == 1 else lead,
            organisation=partner.memberships.first().organisation if number % 4 == 1 else None,
            created_at=reviewed_at - timedelta(days=40),
        )
        version = _practice_version(practice, row, terms, requirements, experts, number)
        _publish(version, lead, reviewed_at)
        PracticeReview.objects.create(
            practice=practice, at=reviewed_at, role=PracticeReview.Role.LEAD, user=lead
        )
    _load_uses(partner, now)
    _load_unpublished(rows, terms, requirements, experts, partner, now)


def _practice_version(
    practice: Practice, row: dict, terms: dict, requirements: dict, experts: list, number: int
) -> PracticeVersion:
    """A draft with everything that the data say."""
    version = PracticeVersion.objects.create(
        practice=practice,
        kind=row["kind"],
        title=row["title"],
        summary=row["summary"],
        country_id=row["country"],
        operator=row["operator"],
        year=row["year"],
        technology=row["technology"],
        description=row["description"],
        steps="\n".join(row["steps"]),
        results_text=row["results_text"],
        lessons="\n".join(row["lessons"]),
        replicability=row["replicability"],
        safeguards=row["safeguards"],
        cost_band=row["cost_band"],
        cost_note=row["cost_note"],
        own_statement=row["own_statement"],
        created_by=practice.owner,
        created_at=practice.created_at,
        changed_at=practice.created_at,
    )
    wanted = {terms[code] for code in row["terms"]}
    version.terms.set(wanted)
    Precondition.objects.bulk_create(
        [
            Precondition(
                version=version,
                order=order,
                kind=kind,
                weight=weight,
                text=text,
                requirement=requirements.get(code),
                how_met=how_met,
            )
            for order, (kind, weight, text, code, how_met) in enumerate(row["preconditions"])
        ]
    )
    Recommendation.objects.bulk_create(
        [
            Recommendation(version=version, order=order, text=text)
            for order, text in enumerate(row["recommendations"])
        ]
    )
    Result.objects.bulk_create(
        [
            Result(version=version, order=order, what=what, value=value, unit=unit, year=year)
            for order, (what, value, unit, year) in enumerate(row["results"])
        ]
    )
    Reference.objects.create(version=version, text=row["source"], url=row["url"])
    fitting = [one for one in experts if wanted & {term.pk for term in one.terms.all()}]
    if fitting:
        version.experts.add(fitting[number % len(fitting)])
    if row["operator"]:
        operator = Organisation.objects.filter(name=row["operator"]).order_by("pk").first()
        if operator:
            version.organisations.add(operator)
    return version


def _publish(version: PracticeVersion, lead: User, at: datetime):
    """As the step does, but in the past."""
    version.status = PracticeVersion.Status.PUBLISHED
    version.submitted_at, version.decided_at, version.decided_by = at, at, lead
    version.checked = ["practice", "preconditions", "recommendations", "units", "sources", "person"]
    version.save()
    practice = version.practice
    practice.current, practice.reviewed_at = version, at
    practice.status = Practice.Status.PUBLISHED
    practice.save()


def _load_uses(partner: User, now: datetime):
    """Three reports, of which two are about the warning example."""
    reports = [
        (
            "ph-lamp-facility", "LK", 1, UseReport.Outcome.HELPED,
            "Two small crushers instead of one plant.",
            "We signed a seven-year contract with a cement company before ordering the crusher.",
        ),
        (
            "ph-lamp-facility", "AM", 0, UseReport.Outcome.EARLY,
            "A fee on imported lamps came first.", "The tender follows next year.",
        ),
        (
            "jp-pharmacy-collection", "UY", 0, UseReport.Outcome.HELPED,
            "Schools instead of pharmacies.", "1,140 thermometers in six weeks.",
        ),
    ]  # fmt: skip
    for code, country, years_ago, outcome, changed, brought in reports:
        practice = Practice.objects.get(code=code)
        UseReport.objects.create(
            practice=practice,
            version_number=practice.current.number,
            user=partner,
            country=country,
            year=now.year - years_ago,
            outcome=outcome,
            changed=changed,
            brought=brought,
            at=now - timedelta(days=20 + 200 * years_ago),
            fictitious=True,
        )


def _load_unpublished(rows, terms, requirements, experts, partner: User, now: datetime):
    """What the partner is writing: a draft, and one that waits for the Lead's review."""
    for code, title, status in (
        ("uy-school-take-back", "Take-back of thermometers in schools (example)", "draft"),
        ("uy-lamp-points", "Collection points for lamps in hardware shops (example)", "submitted"),
    ):
        practice = Practice.objects.create(
            code=code,
            owner=partner,
            organisation=partner.memberships.first().organisation,
            created_at=now - timedelta(days=9),
            fictitious=True,
        )
        row = next(row for row in rows if row["code"] == "jp-pharmacy-collection")
        row = row | {"title": title, "country": "UY", "operator": "", "year": now.year}
        row |= {"source": "Own records (example)", "url": "", "results": [], "results_text": ""}
        version = _practice_version(practice, row, terms, requirements, experts, 0)
        if status == "submitted":
            version.status = PracticeVersion.Status.SUBMITTED
            version.submitted_at = now - timedelta(days=3)
            version.save()


def _load_concept_note(terms: dict, commenters: dict, lead: User, now: datetime):
    """Two versions with a finished round between them, and a round that is open on the second."""
    note = _read("concept_note")
    document = Document.objects.create(
        code=note["code"],
        title=note["title"],
        kind=Document.Kind.CONCEPT_NOTE,
        summary=note["summary"],
        year=now.year,
        languages=["en"],
        process=Document.Process.MINAMATA,
        owner=lead,
        review_by=now.date() + timedelta(days=300),
        source="Written for the demonstration",
        created_at=now - timedelta(days=250),
        fictitious=True,
    )
    document.terms.set([terms["policy-thresholds"]])
    first, second = (_add_text(document, row, lead, now) for row in note["versions"])
    _finished_round(first, note, commenters, lead, now)
    publishing.publish(second.pk, lead, now - timedelta(days=note["versions"][1]["days"]))
    opened_at = now - timedelta(days=20)
    comment_round = CommentRound.objects.create(
        title="Second text of the concept note on thresholds (example)",
        version=second,
        audience="partners",
        invitation="The first round brought eight comments. Tell us what is still missing, above "
        "all on sampling and on small countries.",
        opens_at=opened_at,
        closes_at=(now + timedelta(days=11)).replace(hour=23, minute=59, second=0, microsecond=0),
        status=CommentRound.Status.OPEN,
        opened_by=lead,
        opened_at=opened_at,
        fictitious=True,
    )
    comment_round.team.set([lead, commenters["laboratories"][0]])
    _invite(comment_round, commenters)
    Document.objects.filter(pk=document.pk).update(status=Document.Status.OPEN)
    partner, ministry = commenters["ministry"]
    for paragraph, text in (
        ("3.1", "Inspectors ask who writes the number of samples down."),
        ("5.1", "Add the date of sampling."),
    ):
        Comment.objects.create(
            round=comment_round,
            author=partner,
            organisation=ministry,
            section=paragraph.partition(".")[0],
            paragraph=paragraph,
            type=Comment.Type.TECHNICAL,
            text=text,
            created_at=now - timedelta(days=2),
            changed_at=now - timedelta(days=2),
        )


def _add_text(document: Document, row: dict, lead: User, now: datetime) -> Version:
    """A version with a DOCX of its sections; the first is published at once."""
    text = Docx()
    text.core_properties.title = document.title
    for heading, paragraphs in row["sections"]:
        text.add_heading(heading, level=1)
        for paragraph in paragraphs:
            text.add_paragraph(paragraph)
    content = io.BytesIO()
    text.save(content)
    name = f"{document.code}-v{row['number']}.docx"
    checked = files.check_document(SimpleUploadedFile(name, content.getvalue()))
    version = publishing.add_version(
        document.pk,
        [publishing.Part("en", True, checked)],
        lead,
        now - timedelta(days=row["days"]),
        number=row["number"],
        change_note=row["change_note"],
        licence=Licence.CC_BY,
    )
    if row["number"] == 1:
        publishing.publish(version.pk, lead, now - timedelta(days=row["days"]))
    return version


def _finished_round(version: Version, note: dict, commenters: dict, lead: User, now: datetime):
    opened_at, finished_at = now - timedelta(days=230), now - timedelta(days=150)
    comment_round = CommentRound.objects.create(
        title="First text of the concept note on thresholds (example)",
        version=version,
        audience="partners",
        invitation="Which parts help you to apply a threshold, and which do not?",
        opens_at=opened_at,
        closes_at=opened_at + timedelta(days=42),
        status=CommentRound.Status.FINISHED,
        opened_by=lead,
        opened_at=opened_at,
        finished_by=lead,
        finished_at=finished_at,
        is_public_response=True,
        fictitious=True,
    )
    comment_round.team.set([lead])
    for number, text in enumerate(note["questions"], start=1):
        RoundQuestion.objects.create(round=comment_round, number=number, text=text)
    _invite(comment_round, commenters, done_at=opened_at + timedelta(days=30))
    for number, row in enumerate(note["comments"], start=1):
        key, kind, section, paragraph, text, proposed, verdict, reason = row
        user, organisation = commenters[key]
        sent_at = opened_at + timedelta(days=30, minutes=MINUTES_A_COMMENT * number)
        comment = Comment.objects.create(
            round=comment_round,
            number=number,
            author=user,
            organisation=organisation,
            section=section,
            paragraph=paragraph,
            type=kind,
            text=text,
            proposed_text=proposed,
            status=Comment.Status.SENT,
            created_at=sent_at,
            changed_at=sent_at,
            sent_at=sent_at,
        )
        Response.objects.create(
            comment=comment, verdict=verdict, reason=reason, by=lead, at=finished_at
        )


def _invite(comment_round: CommentRound, commenters: dict, done_at: datetime | None = None):
    Invitee.objects.bulk_create(
        [
            Invitee(round=comment_round, user=user, done_at=done_at)
            for user, _organisation in commenters.values()
        ]
    )


def _load_open_answers(commenters: dict, lead: User, now: datetime):
    """A round on a document elsewhere: closed, with answers still to write and one late comment."""
    opened_at = now - timedelta(days=60)
    comment_round = CommentRound.objects.create(
        title="Draft fact sheet on lamps of another body (example)",
        address=OUTSIDE,
        audience="partners",
        invitation="The area sends one joint comment. Write what you would change.",
        opens_at=opened_at,
        closes_at=now - timedelta(days=18),
        status=CommentRound.Status.OPEN,
        opened_by=lead,
        opened_at=opened_at,
        fictitious=True,
    )
    comment_round.team.set([lead])
    _invite(comment_round, commenters, done_at=now - timedelta(days=25))
    texts = [
        ("chile", "general", 1, "The sheet speaks of lamps only; tubes and compact lamps differ."),
        ("laboratories", "technical", 2, "Give the mercury content as a range, with a source."),
        ("recycling", "technical", 2, "Crushing needs under-pressure. Say so."),
        ("ministry", "editorial", 3, "The table has no unit."),
    ]
    for number, (key, kind, page, text) in enumerate(texts, start=1):
        user, organisation = commenters[key]
        at = now - timedelta(days=25, minutes=-MINUTES_A_COMMENT * number)
        comment = Comment.objects.create(
            round=comment_round,
            number=number,
            author=user,
            organisation=organisation,
            page=page,
            type=kind,
            text=text,
            status=Comment.Status.SENT,
            created_at=at,
            changed_at=at,
            sent_at=at,
        )
        if number == 1:
            Response.objects.create(
                comment=comment,
                verdict=Response.Verdict.ACCEPTED,
                reason="Goes into the joint comment.",
                by=lead,
                at=now - timedelta(days=10),
            )
    user, organisation = commenters["chile"]
    Comment.objects.create(
        round=comment_round,
        author=user,
        organisation=organisation,
        page=4,
        type=Comment.Type.GENERAL,
        text="A picture of the collection box would help.",
        status=Comment.Status.LATE,
        created_at=now - timedelta(days=17),
        changed_at=now - timedelta(days=17),
    )


def _load_proposals(commenters: dict, lead: User, now: datetime):
    rows = [
        (
            "ministry", Proposal.Kind.NEW, "Checklist for handing over lamp waste (example)",
            "Inspectors in small towns need one page: what to look at, what to write down.",
            Proposal.Status.PROPOSED, "", "",
        ),
        (
            "laboratories", Proposal.Kind.INPUT, "Sampling annex for the sourcebook (example)",
            "The sourcebook says little about sampling. We would write four pages.",
            Proposal.Status.TAKEN_UP, "", "sourcebook-2015",
        ),
        (
            "recycling", Proposal.Kind.NEW, "List of prices for lamp treatment (example)",
            "Buyers ask us for prices every week.",
            Proposal.Status.DECLINED,
            "Prices change too fast, and the partnership recommends no company.", "",
        ),
    ]  # fmt: skip
    for number, (key, kind, title, why, status, reason, code) in enumerate(rows):
        user, organisation = commenters[key]
        decided = status != Proposal.Status.PROPOSED
        proposal = Proposal.objects.create(
            kind=kind,
            title=title,
            why=why,
            document=Document.objects.filter(code=code).first(),
            organisation=organisation,
            status=status,
            reason=reason,
            proposed_by=user,
            proposed_at=now - timedelta(days=12 + 30 * number),
            decided_by=lead if decided else None,
            decided_at=now - timedelta(days=5 + 20 * number) if decided else None,
            fictitious=True,
        )
        for other, _organisation in commenters.values():
            if other != user and number < 2:
                Support.objects.create(
                    proposal=proposal, user=other, at=now - timedelta(days=3 + number)
                )
