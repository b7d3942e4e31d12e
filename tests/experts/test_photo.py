"""Photos: read safely, written anew, kept once; whatever else is sent is an error of the field."""

import io
import struct
import zlib

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from PIL import Image

from experts import editing, listing
from experts.models import Change, Expert
from partners import files
from tests.experts.pages import form_data, picture
from tests.factories import NOW, ExpertFactory, LeadFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


@pytest.fixture
def expert():
    return ExpertFactory(claimed=True)


@pytest.fixture
def save(client, expert, django_capture_on_commit_callbacks):
    """Send the form with this photo; the response."""
    client.force_login(expert.user)

    def send(photo=None, **changes):
        data = form_data(expert, **changes) | ({"photo": photo} if photo else {})
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(reverse("expert_edit"), data)

    return send


def stored(folder) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def photo_of(expert) -> str:
    return Expert.objects.get(pk=expert.pk).photo.name


def png_header(width: int, height: int) -> SimpleUploadedFile:
    """A PNG that claims a size and has next to no data: a bomb."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"\0" * 1000)
    return SimpleUploadedFile(
        "me.png",
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", pixels) + chunk(b"IEND", b""),
    )


def truncated() -> SimpleUploadedFile:
    whole = picture().read()
    return SimpleUploadedFile("me.jpg", whole[: len(whole) // 2])


def animated() -> SimpleUploadedFile:
    file = io.BytesIO()
    frames = [Image.new("RGB", (80, 60), colour) for colour in ("red", "green", "blue")]
    frames[0].save(file, "WEBP", save_all=True, append_images=frames[1:])
    return SimpleUploadedFile("me.webp", file.getvalue())


def see_through() -> SimpleUploadedFile:
    """A palette with a transparent colour."""
    file = io.BytesIO()
    image = Image.new("P", (80, 60), 0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.save(file, "PNG", transparency=0)
    return SimpleUploadedFile("me.png", file.getvalue())


@pytest.mark.parametrize(
    "photo",
    [
        picture(),
        picture(kind="PNG", mode="RGBA", name="me.png"),
        picture(mode="CMYK"),
        picture(mode="L"),
        picture(kind="PNG", mode="P", name="me.png"),
        picture((3000, 2000)),
        see_through(),
        animated(),
    ],
    ids=["jpeg", "alpha", "cmyk", "grey", "palette", "large", "transparent-palette", "animated"],
)
def test_a_picture_is_written_anew_as_a_small_jpeg(save, expert, folder, photo):
    assert save(photo).status_code == 302

    name = photo_of(expert)
    assert stored(folder) == [name]
    image = Image.open(folder / name)
    assert (image.format, image.mode, image.n_frames if hasattr(image, "n_frames") else 1) == (
        "JPEG",
        "RGB",
        1,
    )
    assert max(image.size) <= files.PHOTO_EDGE


def test_what_is_transparent_becomes_white(save, expert, folder):
    file = io.BytesIO()
    Image.new("RGBA", (80, 60), (255, 0, 0, 0)).save(file, "PNG")
    save(SimpleUploadedFile("me.png", file.getvalue()))

    assert Image.open(folder / photo_of(expert)).getpixel((5, 5)) == (255, 255, 255)


def test_exif_is_gone_and_the_picture_stands_upright(save, expert, folder):
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by 90 degrees
    exif[0x010F] = "Camera of a private person"
    exif.get_ifd(0x8825)[2] = (35.0, 41.0, 22.0)  # where it was taken
    save(picture((300, 200), exif=exif))

    image = Image.open(folder / photo_of(expert))
    assert dict(image.getexif()) == {}
    assert image.size == (200, 300)
    assert b"Camera" not in (folder / photo_of(expert)).read_bytes()


NO_PICTURES = {
    "text": lambda: SimpleUploadedFile("me.jpg", b"I am no picture at all"),
    "svg": lambda: SimpleUploadedFile(
        "me.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    ),
    "gif": lambda: picture(kind="GIF", name="me.gif"),
    "truncated": truncated,
    "header-only": lambda: SimpleUploadedFile("me.png", png_header(10, 10).read()[:30]),
    "bomb": lambda: png_header(20_000, 10_000),
    "empty": lambda: SimpleUploadedFile("me.jpg", b""),
    "11-mb": lambda: SimpleUploadedFile("me.jpg", picture().read() + b"\0" * 11 * 1024 * 1024),
    "50-mb": lambda: SimpleUploadedFile("me.jpg", b"\xff\xd8" + b"\0" * 50 * 1024 * 1024),
}


@pytest.mark.parametrize("kind", NO_PICTURES)
def test_what_is_no_usable_picture_is_an_error_of_the_field_and_typed_text_is_kept(
    save, expert, folder, kind
):
    response = save(NO_PICTURES[kind](), summary="Typed with care.", organisation="A new house")

    assert response.status_code == 200
    form = response.context["form"]
    assert list(form.errors) == ["photo"]
    assert form["summary"].value() == "Typed with care."
    assert "Choose the photo once more" in response.content.decode() or kind == "empty"
    assert (stored(folder), photo_of(expert)) == ([], "")
    assert Expert.objects.get(pk=expert.pk).summary == expert.summary
    assert not Change.objects.exists()


def test_a_replaced_and_a_removed_photo_leave_no_file(save, expert, folder):
    save(picture())
    first = photo_of(expert)
    save(picture((300, 300)))
    second = photo_of(expert)
    assert stored(folder) == [second] != [first]

    save(remove_photo="on")

    assert (stored(folder), photo_of(expert)) == ([], "")


def test_a_collision_leaves_no_file(client, save, expert, folder):
    data = form_data(expert)
    editing.submit(expert.pk, {"summary": "Quicker."}, expert.version, expert.user, NOW)

    client.force_login(expert.user)
    response = client.post(reverse("expert_edit"), {**data, "photo": picture()})

    assert response.status_code == 409
    assert stored(folder) == []
    assert "Choose the photo once more" in response.content.decode()


def test_a_photo_that_the_lead_undoes_is_gone(
    save, expert, folder, django_capture_on_commit_callbacks
):
    save(picture())
    save(picture((300, 300)))
    change = Change.objects.latest("pk")

    with django_capture_on_commit_callbacks(execute=True):
        editing.undo(change.edit_id, LeadFactory(), {"photo"}, NOW)

    assert (stored(folder), photo_of(expert)) == ([], "")


def test_a_transaction_that_is_rolled_back_keeps_the_photo(save, expert, folder, monkeypatch):
    save(picture())
    kept = photo_of(expert)
    monkeypatch.setattr(Expert, "set_terms", lambda *args: 1 / 0)
    version = Expert.objects.get(pk=expert.pk).version
    Expert.objects.filter(pk=expert.pk).update(status="draft")

    with pytest.raises(ZeroDivisionError):
        editing.submit(
            expert.pk,
            {"photo": files.clean_photo(picture()), "terms": []},
            version,
            expert.user,
            NOW,
        )
    assert stored(folder) == [kept]


def test_the_photo_is_seen_by_who_sees_the_profile(client, save, expert, folder):
    save(picture())
    client.logout()
    address = reverse("expert_photo", args=[expert.pk])

    response = client.get(address)
    assert (response.status_code, response["Content-Type"]) == (200, "image/jpeg")
    assert response["X-Content-Type-Options"] == "nosniff"
    listing.unlist(expert.pk, LeadFactory(), "Reason", NOW)
    assert client.get(address).status_code == 404


def test_a_photo_whose_file_is_lost_is_404(client, expert):
    Expert.objects.filter(pk=expert.pk).update(photo="photos/lost.jpg")

    assert client.get(reverse("expert_photo", args=[expert.pk])).status_code == 404
