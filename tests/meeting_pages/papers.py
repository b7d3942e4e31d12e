"""Addresses of meetings: papers. The letters and roles are those of tests/pages.py.

The role "other" organises the meeting `own`, in which the role "expert" has a seat.
"""

from datetime import date, datetime, timedelta

from django.core.files.uploadedfile import SimpleUploadedFile

from meetings import papering
from meetings.demonstration import NEXT
from meetings.models import (
    Booking,
    Meeting,
    Paper,
    PaperVersion,
    Part,
    Registration,
    UploadLink,
)
from partners import demonstration as people
from partners import files
from partners.models import User

PAPERS = "papers-example"

OURS = """
#                         GET        POST       PUT        DELETE
paper_list@next           2222222222 XXXXXXXXXX XXXXXXXXXX
paper_list@true           2222222222 XXXXXXXXXX XXXXXXXXXX
paper_list@draft          S----2--22 XXXXXXXXXX XXXXXXXXXX
paper_zip@next            2222222222 XXXXXXXXXX XXXXXXXXXX
paper_zip@draft           S----2--22 XXXXXXXXXX XXXXXXXXXX
paper_file@public         2222222222 XXXXXXXXXX XXXXXXXXXX
paper_file@partners       S-2222-222 XXXXXXXXXX XXXXXXXXXX
paper_file@participants   S--222--22 XXXXXXXXXX XXXXXXXXXX
paper_file@library        S-3--3-333 XXXXXXXXXX XXXXXXXXXX
paper_file@named          S--------- XXXXXXXXXX XXXXXXXXXX
paper_file@awaited        S--------- XXXXXXXXXX XXXXXXXXXX
paper_version@old         2222222222 XXXXXXXXXX XXXXXXXXXX
paper_version@waits       S---2---22 XXXXXXXXXX XXXXXXXXXX
paper_version@declined    S---2---22 XXXXXXXXXX XXXXXXXXXX
paper_manage@next         SFFFFFFF22 SXXXXXXXXX SXXXXXXXXX
paper_manage@own          SFFF2FFF22 SXXXXXXXXX SXXXXXXXXX
paper_manage@draft        S----F--22 SXXXXXXXXX SXXXXXXXXX
paper_add@own             SFFF2FFF22 SFFF2FFF22 SXXXXXXXXX
paper_edit@own            SFFF2FFF22 SFFF2FFF22 SXXXXXXXXX
paper_remove@own          SFFF2FFF22 SFFF3FFF33 SXXXXXXXXX
paper_new_version@own     SFFF2FFF22 SFFF2FFF22 SXXXXXXXXX
paper_invite@own          SFFF2FFF22 SFFF2FFF22 SXXXXXXXXX
paper_decide@waits        SFFF2FFF22 SFFF2FFF22 SXXXXXXXXX
paper_decide@declined     SFFF2FFF22 SFFF2FFF22 SXXXXXXXXX
paper_link_revoke@own     SXXXXXXXXX SFFF3FFF33 SXXXXXXXXX
paper_upload@works        2222222222 2222222222 XXXXXXXXXX
paper_upload@dead         GGGGGGGGGG GGGGGGGGGG XXXXXXXXXX
"""

MODELS = """
"""

FILES: set[str] = {"paper_file", "paper_version", "paper_zip"}
ALIKE: set[str] = {"paper_upload@dead", "paper_manage@draft", "paper_list@draft"}
QUERIES: dict[str, tuple[str, str]] = {}


def furnish(partner: User, other: User, lead: User, now: datetime):
    """A meeting with a paper for each audience, in each state, and with links."""
    meeting = Meeting.objects.create(
        code=PAPERS,
        title="A meeting with papers (example)",
        starts_on=date(2024, 3, 1),
        ends_on=date(2024, 3, 1),
        status=Meeting.Status.HELD,
        created_by=lead,
        fictitious=True,
    )
    meeting.organisers.add(other)
    expert = User.objects.get(email=people.EXPERT)
    part = Part.objects.create(meeting=meeting, kind=Part.Kind.ON_SITE)
    registration = Registration.objects.create(meeting=meeting, user=expert, name=expert.name)
    Booking.objects.create(
        part=part, registration=registration, number=1, status=Booking.Status.CONFIRMED
    )
    made = {}
    for audience in ("public", "partners", "participants"):
        values = papering.Values(f"For {audience} (example)", audience)
        made[audience] = papering.add(meeting.pk, values, lead, now, checked=_file(audience))
    public = made["public"]
    papering.add_version(public.pk, _file("newer"), lead, now)
    for token, days in (("paper-dead", -1), ("paper-works", 30)):
        link = UploadLink.objects.create(
            paper=public,
            token=token,
            name="Presenter 01 (example)",
            created_by=lead,
            created_at=now - timedelta(days=10),
            expires_at=now + timedelta(days=days),
        )
    for _n in range(2):
        version = papering.receive(public, _file("sent"), link, now)
    version.declined_at, version.declined_because = now, "Too long (example)."
    version.save()
    papering.add(meeting.pk, papering.Values("Awaited (example)", "public"), lead, now)


def _file(words: str) -> files.Checked:
    return files.check_document(SimpleUploadedFile(f"{words}.txt", words.encode()))


def arguments(now: datetime) -> dict[str, list]:
    """url_name@object → arguments of the address."""
    codes = {"next": NEXT, "true": "wma-bilbao-2019", "draft": "draft-example", "own": PAPERS}
    found = {
        f"{page}@{name}": [code]
        for page in ("paper_list", "paper_zip", "paper_manage", "paper_add")
        for name, code in codes.items()
    }
    for number, name in enumerate(("public", "partners", "participants", "awaited"), 1):
        found[f"paper_file@{name}"] = [PAPERS, 0, number]
    library = Paper.objects.get(meeting__code=NEXT, document__isnull=False)
    found["paper_file@library"] = [NEXT, library.session_number, library.number]
    named = Paper.objects.filter(is_only_named=True, meeting__audience="public").earliest("pk")
    found["paper_file@named"] = [named.meeting.code, named.session_number, named.number]
    for number, name in ((1, "old"), (3, "waits"), (4, "declined")):
        found[f"paper_version@{name}"] = [PAPERS, 0, 1, number]
        version = PaperVersion.objects.get(
            paper__meeting__code=PAPERS, paper__number=1, number=number
        )
        found[f"paper_decide@{name}"] = [PAPERS, version.pk]
    public = Paper.objects.filter(meeting__code=PAPERS, number=1).first()
    for page in ("edit", "remove", "new_version", "invite"):
        found[f"paper_{page}@own"] = [PAPERS, public.pk if public else 0]
    link = UploadLink.objects.filter(token="paper-works").first()
    found["paper_link_revoke@own"] = [PAPERS, link.pk if link else 0]
    return found | {f"paper_upload@{name}": [f"paper-{name}"] for name in ("works", "dead")}


def keys() -> dict[str, object]:
    """The key of one row of each model in admin."""
    return {}
