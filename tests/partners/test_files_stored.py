"""Stored files: gone with a transaction that does not commit, compared with their rows at night."""

import http.client
import io
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage, InMemoryStorage, default_storage
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from django.urls import reverse
from django.utils import timezone

from documents.models import Translation
from partners import file_check, moderation_files
from partners.models import Decision, FileFinding
from partners.moderation import Answer
from partners.refusals import Refused
from tests.factories import NOW, DocumentFactory, FileFactory, LeadFactory, VersionFactory

pytestmark = pytest.mark.django_db
Kind = FileFinding.Kind


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return tmp_path


def stored(folder) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


class Broken(Exception):
    pass


def test_a_file_goes_with_a_rollback_of_its_savepoint_and_no_other_does(folder):
    kept = FileFactory()

    with pytest.raises(Broken), transaction.atomic():
        FileFactory()
        assert len(stored(folder)) == 2
        raise Broken

    assert stored(folder) == [kept.file.name]


def test_a_file_goes_when_the_database_refuses_its_row(folder):
    kept = FileFactory()

    with pytest.raises(IntegrityError), transaction.atomic():
        FileFactory(version=kept.version)  # the same language once more

    assert stored(folder) == [kept.file.name]


@pytest.mark.django_db(transaction=True)
def test_a_file_goes_with_the_whole_transaction_and_stays_with_a_commit(folder):
    with transaction.atomic():
        kept = FileFactory()
    with pytest.raises(Broken), transaction.atomic():
        FileFactory()
        raise Broken
    with pytest.raises(Broken), transaction.atomic():  # what comes after the commit fails

        def fail():
            raise Broken

        transaction.on_commit(fail)
        other = FileFactory()

    assert stored(folder) == sorted([kept.file.name, other.file.name])
    assert Translation.objects.count() == 2


def test_no_half_of_a_file_stays_when_the_disk_is_full(folder, monkeypatch):
    class Full(io.BytesIO):
        def read(self, *size):
            if self.tell() > 100_000:
                raise OSError(28, "No space left on device")
            return super().read(*size)

    content = ContentFile(b"", name="a.pdf")
    content.file, content.size = Full(b"x" * 500_000), 500_000

    with pytest.raises(OSError, match="No space"), transaction.atomic():
        FileFactory(file=content)

    assert stored(folder) == []
    assert Translation.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_an_upload_that_is_cut_leaves_neither_row_nor_file(folder, base_url, client):
    """Over a true connection: the browser promises more than it sends, and hangs up."""
    document = DocumentFactory(bare=True)
    client.force_login(LeadFactory(totp=True))
    cookie = f"sessionid={client.cookies['sessionid'].value}; csrftoken={'a' * 32}"
    body = (
        b'--X\r\nContent-Disposition: form-data; name="csrfmiddlewaretoken"\r\n\r\n'
        + b"a" * 32
        + b'\r\n--X\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n'
        b"Content-Type: application/pdf\r\n\r\n%PDF-1.7\n" + b"x" * 3_000_000
    )
    connection = http.client.HTTPConnection(urlsplit(base_url).netloc, timeout=10)
    connection.putrequest("POST", reverse("version_add", args=[document.code]))
    connection.putheader("Cookie", cookie)
    connection.putheader("Content-Type", "multipart/form-data; boundary=X")
    connection.putheader("Content-Length", str(len(body) + 1_000_000))
    connection.endheaders()
    connection.send(body)
    connection.sock.shutdown(1)
    status = connection.getresponse().status
    connection.close()

    assert status < 500
    assert stored(folder) == []
    assert Translation.objects.count() == 0


def later():
    return timezone.now() + timedelta(days=2)


def test_the_check_finds_rows_without_files_and_files_without_rows(
    folder, django_assert_num_queries
):
    whole, gone = FileFactory(), FileFactory()
    gone.file.storage.delete(gone.file.name)
    orphan = default_storage.save("library/deep/orphan.pdf", ContentFile(b"x"))
    default_storage.save("elsewhere/no-field.pdf", ContentFile(b"x"))

    assert file_check.check(timezone.now()) == {"rows without files": 1, "files without rows": 0}
    assert file_check.check(later()) == {"rows without files": 1, "files without rows": 1}
    assert list(FileFinding.objects.values_list("kind", "path", "about")) == [
        (Kind.MISSING, gone.file.name, f"documents.translation {gone.pk}"),
        (Kind.ORPHAN, orphan, ""),
    ]

    first = FileFinding.objects.get(kind=Kind.ORPHAN).found_at
    default_storage.save(gone.file.name, ContentFile(b"back from the backup"))
    file_check.check(later() + timedelta(days=1))

    assert list(FileFinding.objects.values_list("path", "found_at")) == [(orphan, first)]
    assert default_storage.exists(whole.file.name)


def test_two_rows_may_share_a_file(folder):
    one = FileFactory()
    Translation.objects.create(
        version=VersionFactory(url=False),
        language="en",
        file=one.file.name,
        size=1,
        sha256=one.sha256,
    )

    assert set(file_check.check(later()).values()) == {0}


def test_the_check_asks_the_storage_alone(monkeypatch):
    """An object store has no paths."""
    store = InMemoryStorage()
    monkeypatch.setattr(file_check, "_fields", lambda: [field])
    field = Translation._meta.get_field("file")
    monkeypatch.setattr(field, "storage", store)
    assert not isinstance(store, FileSystemStorage)
    kept = FileFactory()
    store.save("library/orphan.pdf", ContentFile(b"x"))

    assert file_check.check(later()) == {"rows without files": 0, "files without rows": 1}
    store.delete(kept.file.name)
    assert file_check.check(later()) == {"rows without files": 1, "files without rows": 1}


def test_the_command_says_what_is_wrong(folder, capsys):
    gone = FileFactory()
    gone.file.storage.delete(gone.file.name)

    call_command("check_files")

    assert capsys.readouterr().out == (
        "rows without files: 1\n"
        "files without rows: 0\n"
        f"  The file of a row is missing: {gone.file.name} documents.translation {gone.pk}\n"
    )


@pytest.fixture
def finding():
    path = default_storage.save("library/orphan.pdf", ContentFile(b"x"))
    return FileFinding.objects.create(kind=Kind.ORPHAN, path=path, found_at=NOW)


def run(step: str, finding, lead):
    moderation_files.KINDS[0].steps[step].run(finding.pk, Answer(lead, NOW))


def titles() -> list[str]:
    kind = moderation_files.KINDS[0]
    return [item.title for item in kind.describe(kind.waiting(NOW))]


def test_the_lead_deletes_a_file_without_row(folder, finding, django_capture_on_commit_callbacks):
    lead = LeadFactory()
    assert titles() == ["No row points at the file library/orphan.pdf"]

    with django_capture_on_commit_callbacks(execute=True):
        run("delete", finding, lead)

    assert (titles(), stored(folder)) == ([], [])
    assert Decision.objects.get().actor == lead


def test_a_file_that_has_a_row_now_is_not_deleted(folder, finding):
    one = FileFactory(file=finding.path)

    with pytest.raises(Refused):
        run("delete", finding, LeadFactory())

    assert stored(folder) == [one.file.name]


def test_a_missing_file_cannot_be_deleted_but_noted(finding):
    FileFinding.objects.update(kind=Kind.MISSING, about="documents.translation 7")
    assert titles() == ["The file of documents.translation 7 is missing"]
    with pytest.raises(Refused):
        run("delete", finding, LeadFactory())

    run("note", finding, LeadFactory())

    assert titles() == []
    assert FileFinding.objects.count() == 1


def test_the_check_takes_as_many_queries_for_many_files(folder):
    def queries() -> int:
        with connection.execute_wrapper(count):
            numbers.append(0)
            file_check.check(later())
        return numbers[-1]

    def count(execute, *args):
        numbers[-1] += 1
        return execute(*args)

    numbers = []
    FileFactory()
    one = queries()
    for _n in range(3):
        FileFactory()

    assert queries() == one
