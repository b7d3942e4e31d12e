"""Planted addresses and phones: a crawl of everything finds each only where its audience allows.

Each profile has an address, a phone and (in its photo's hidden data) a word that stands nowhere
else. The crawl follows every link from the home page, with every file, part of a page and vCard,
and notes where it read which of them.
"""

# ruff: noqa: F401, F811 (fixtures are imported)
import io
import re
import zipfile
from dataclasses import dataclass
from html.parser import HTMLParser

import pytest
from django.core.files.base import ContentFile
from PIL import Image
from pypdf import PdfReader

from experts.models import Audience, Expert
from tests import pages
from tests.factories import ExpertFactory, UserFactory
from tests.worlds import read_only_world, world, world_in_transaction

HTMX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_TARGET": "results"}
#: The directory has more addresses than atoms: of its queries these are followed, one at a time.
QUERY = re.compile(r"(page|sort|fresh|region|kind|organisation|next)=[^&]*|q=lamps|")


@dataclass(frozen=True)
class Plant:
    """A profile and the words planted in it."""

    name: str
    expert: Expert
    email: str
    phone: str
    hidden: str  # in the photo

    @property
    def marks(self) -> dict[str, re.Pattern]:
        digits = re.sub(r"\D", "", self.phone)
        return {
            "email": re.compile(re.escape(self.email), re.IGNORECASE),
            "phone": re.compile(r"[\s()./-]*".join(digits)),
            "photo": re.compile(self.hidden),
        }


def plant(name: str, number: int, **fields) -> Plant:
    email, phone = f"zq{number}xv@private.test", f"+999 7{number:03} 4321"
    hidden = f"hidden-place-{name}"
    photo = io.BytesIO()
    image = Image.new("RGB", (64, 64), "teal")
    exif = image.getexif()
    exif[0x010E] = hidden
    image.save(photo, "JPEG", exif=exif, comment=hidden.encode())
    expert = ExpertFactory(
        name=f"Planted {name} (example)", email=email, phone=phone, fictitious=True, **fields
    )
    from partners import files

    clean = files.clean_photo(ContentFile(photo.getvalue(), name="photo.jpg"))
    expert.photo.save("photo.jpg", clean, save=False)
    Expert.objects.filter(pk=expert.pk).update(photo=expert.photo.name)
    return Plant(name, expert, email, phone, hidden)


@pytest.fixture(scope="module")
def plants(world_in_transaction):
    """One profile for each audience, and one for each status that is not on the list.

    Planted once for the module; what a test writes beside them is taken back after it.
    """
    planted = [
        plant(str(audience), number, email_audience=audience, phone_audience=audience)
        for number, audience in enumerate(Audience, 100)
    ]
    planted += [
        plant(
            str(status),
            number,
            status=status,
            email_audience=Audience.PARTNERS,
            phone_audience=Audience.PARTNERS,
            user=UserFactory(email=f"owner-{status}@example.org"),
        )
        for number, status in enumerate(
            (
                Expert.Status.DRAFT,
                Expert.Status.AWAITING,
                Expert.Status.UNLISTED,
                Expert.Status.WITHDRAWN,
            ),
            200,
        )
    ]
    return {one.name: one for one in planted}


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found = []

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name in ("href", "src", "hx-get") and value and tag not in ("link", "script"):
                self.found.append(value)


def words_of(response) -> str:
    """All that a reader of this answer can get out of it."""
    content = b"".join(response) if response.streaming else response.content
    kind = response.get("Content-Type", "")
    head = f"{dict(response.headers)}\n"
    if "spreadsheetml" in kind:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return head + "\n".join(
                archive.read(name).decode("utf-8", "replace") for name in archive.namelist()
            )
    if kind == "application/pdf":
        reader = PdfReader(io.BytesIO(content))
        text = "\n".join(page.extract_text() for page in reader.pages)
        return f"{head}{text}\n{reader.metadata}\n{content.decode('latin-1')}"
    if "vcard" in kind:
        return head + content.decode().replace("\r\n ", "")
    return head + content.decode("utf-8" if "text" in kind or "json" in kind else "latin-1")


def crawl(client, start: list[str], skip: str = "(?!)"):
    """(address, words) of everything that links lead to from here; parts of pages as well."""
    seen, waiting = set(), list(start)
    while waiting:
        address = waiting.pop().split("#")[0]
        path, _mark, query = address.partition("?")
        if address in seen or not path.startswith("/") or path.startswith("/static/"):
            continue
        if not QUERY.fullmatch(query) or re.search(skip, path):
            continue
        # A part of the printed list has nothing that the whole has not; and of all the ways back
        # after signing in one is enough
        if (path.endswith(".pdf") and query) or f"{path}?next" in seen:
            continue
        seen |= {address, *([f"{path}?next"] if query.startswith("next=") else [])}
        response = client.get(address)
        assert response.status_code != 500, address
        words = words_of(response)
        yield address, words
        if response.status_code in (301, 302):
            waiting.append(response.url.removeprefix("http://localhost"))
        elif response.get("Content-Type", "").startswith("text/html"):
            links = Links()
            links.feed(response.content.decode())
            waiting += links.found
            if path in ("/experts/", "/partners/"):
                yield f"part of {address}", words_of(client.get(address, **HTMX))


def found_by(client, plants, profiles_of_others=True) -> dict[str, dict[str, set[str]]]:
    """Plant → which of its marks → addresses at which they were read.

    Without `profiles_of_others`, pages of experts and partners that no word was planted in are left
    to those who crawl everything: what stands there is another's, whoever comes.
    """
    found, planted = {}, "|".join(str(one.expert.pk) for one in plants.values())
    # The log of mails belongs to make run alone; admin is the Lead's; leaving ends the visit
    skip = "^/mailbox/|^/admin/.|^/accounts/logout/"
    if not profiles_of_others:
        skip += rf"|^/partners/\d|^/experts/(?!({planted})/)\d"
    start = [
        "/",
        "/experts/?fresh=lapsed",
        "/experts/?fresh=never",
        "/experts/?sort=confirmed",
    ]
    for one in plants.values():
        start += [
            f"/experts/{one.expert.pk}/{page}" for page in ("", "photo/", "vcard/", "correction/")
        ]
    number = 0
    for address, words in crawl(client, start, skip):
        number += 1
        for one in plants.values():
            for mark, pattern in one.marks.items():
                if pattern.search(words):
                    found.setdefault(one.name, {}).setdefault(mark, set()).add(address)
    assert number > 80
    return found


EVERYTHING = {"email", "phone"}
MAY_READ = {
    "visitor": {},
    "person": {},
    "partner": {"partners": EVERYTHING},
    "expert": {},
    "secretariat": {},
    "former": {},
}


@pytest.mark.parametrize("role", MAY_READ)
def test_the_planted_words_are_read_by_their_audience_alone(role, plants, read_only_world):
    everything = role in ("visitor", "partner")
    found = found_by(read_only_world.client(role), plants, profiles_of_others=everything)

    assert {name: set(marks) for name, marks in found.items()} == MAY_READ[role]
    for name, marks in found.items():
        key = plants[name].expert.pk
        for mark, addresses in marks.items():
            assert addresses == {f"/experts/{key}/", f"/experts/{key}/vcard/"}, mark


def test_the_lead_reads_all_of_them_outside_admin_on_profiles_and_vcards_alone(
    plants,
    read_only_world,
):
    found = found_by(read_only_world.client("lead"), plants)

    assert found == {
        name: {
            mark: {f"/experts/{one.expert.pk}/", f"/experts/{one.expert.pk}/vcard/"}
            for mark in ("email", "phone")
        }
        for name, one in plants.items()
    }


def test_the_owner_of_a_profile_reads_the_own_words_and_no_other(plants, read_only_world):
    found = found_by(read_only_world.client("owner-unlisted"), plants, profiles_of_others=False)

    assert {name: set(marks) for name, marks in found.items()} == {"unlisted": EVERYTHING}


@pytest.mark.parametrize("role", ["visitor", "partner", "expert", "former"])
@pytest.mark.parametrize("status", ["draft", "awaiting", "unlisted", "withdrawn"])
def test_a_profile_that_is_not_on_the_list_is_not_found_at_any_address(
    role,
    status,
    plants,
    read_only_world,
):
    client, one = read_only_world.client(role), plants[status]

    for page in ("", "photo/", "vcard/", "correction/"):
        response = client.get(f"/experts/{one.expert.pk}/{page}")
        expected = 302 if (role, page) == ("visitor", "correction/") else 404
        assert response.status_code == expected, page
        assert one.expert.name not in words_of(response)


@pytest.mark.parametrize("role", ["visitor", "partner", "lead"])
@pytest.mark.parametrize("name", ["lead", "accepted", "partners", "unlisted"])
def test_a_search_by_address_or_phone_finds_nobody(role, name, plants, read_only_world):
    client, one = read_only_world.client(role), plants[name]
    digits = re.sub(r"\D", "", one.phone)
    for words in (one.email, one.email.split("@")[0], one.phone, digits, digits[-7:], one.hidden):
        for address in ("/experts/", "/experts/roster/", "/experts/list.csv"):
            response = client.get(address, {"q": words})
            text = words_of(response)
            assert one.expert.name not in text, (words, address)


@pytest.mark.parametrize("role", ["visitor", "partner", "lead"])
def test_public_files_hold_the_names_of_all_listed_and_no_private_word(
    role, plants, read_only_world
):
    client = read_only_world.client(role)
    for name in ("expert_export_csv", "expert_export_xlsx", "expert_roster_pdf", "expert_roster"):
        text = words_of(client.get(read_only_world.address(name)))
        for one in plants.values():
            # Lines of the PDF may break within a name
            there = f"Planted {one.name}" in " ".join(text.split())
            assert there == (one.expert.status == Expert.Status.LISTED), (name, one.name)
            assert [mark for mark, pattern in one.marks.items() if pattern.search(text)] == [], name


def test_what_a_person_tells_search_engines_is_public(plants, read_only_world):
    for role in ("visitor", "partner", "lead"):
        client = read_only_world.client(role)
        for one in list(plants.values())[:3]:
            page = client.get(f"/experts/{one.expert.pk}/").content.decode()
            script = re.search(r'<script type="application/ld\+json">(.*?)</script>', page)[1]
            assert [mark for mark, pattern in one.marks.items() if pattern.search(script)] == []


def test_a_page_with_a_private_word_is_kept_in_no_cache(plants, read_only_world):
    client = read_only_world.client("partner")
    for page in ("", "vcard/"):
        response = client.get(f"/experts/{plants['partners'].expert.pk}/{page}")
        assert plants["partners"].email in words_of(response)
        assert "no-store" in response["Cache-Control"]


def test_every_role_of_the_table_is_crawled():
    told_apart = {
        "lead",
        "superuser",
        "unready",
        "other",
    }  # Leads read all; another expert is an expert
    assert set(pages.ROLES) - told_apart == set(MAY_READ)
