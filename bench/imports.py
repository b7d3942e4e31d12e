"""The import of 5,000 rows with their history, and its memory, against openpyxl reading the file.

`python -m bench.imports times FILE` and `... memory FILE` are the children that measure, in the
environment of a portal; what they write they roll back, so that every run begins from the same.
"""

import io
import json
import random
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from statistics import median

NAMES = ("import.rows_ratio", "import.peak_mb")
ROWS = 5_000
RUNS = 3


def measure(wanted) -> list[dict]:
    from bench.ground import child, portal, row

    rows = []
    with portal() as place, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "list.xlsx"
        child(place.environ, "bench.imports", "make", path)
        if wanted("import.rows_ratio"):
            alone, whole = json.loads(child(place.environ, "bench.imports", "times", path))
            print(f"  openpyxl alone {alone:.2f} s, preview and confirm {whole:.2f} s")
            rows.append(row("import.rows_ratio", whole / alone, "×", 40))
        if wanted("import.peak_mb"):
            peak = float(child(place.environ, "bench.imports", "memory", path))
            rows.append(row("import.peak_mb", peak, "MB", 300))
    return rows


def times(path: Path) -> list[float]:
    """Median seconds of reading alone and of the import, from interleaved runs."""
    alone, whole = [], []
    for _run in range(RUNS):
        alone.append(_seconds(lambda: read_alone(path)))
        whole.append(_seconds(lambda: import_and_roll_back(path)))
    return [median(alone), median(whole)]


def workbook(rows: int) -> bytes:
    """A list as ministries send it: titles above the header, sixteen columns, a fixed seed."""
    from faker import Faker
    from openpyxl import Workbook

    from partners.models import Country, Term

    Faker.seed(2026)
    fake, pick = Faker(), random.Random(2026)
    countries = list(Country.objects.order_by("code"))
    terms = list(Term.objects.exclude(parent=None).order_by("pk"))
    houses = [
        (f"{fake.company()} {number}", pick.choice(countries).name) for number in range(rows // 8)
    ]
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Resource persons")
    sheet.append(["Resource Persons List"])
    sheet.append([])
    sheet.append(
        [
            "No.",
            "Name",
            "Position",
            "Organisation",
            "Country",
            "Region",
            "Field(s) of expertise",
            "Languages",
            "E-mail",
            "Phone",
            "Summary",
            "Experience",
            "Worked in",
            "Missions",
            "Website",
            "Last updated",
        ]
    )
    for number in range(1, rows + 1):
        house, home = pick.choice(houses)
        country = next(country for country in countries if country.name == home)
        sheet.append(
            [
                number,
                f"{fake.name()} {number}",
                fake.job()[:150],
                house,
                home,
                country.get_region_display(),
                "; ".join(term.label_en for term in pick.sample(terms, pick.randint(1, 5))),
                pick.choice(["English", "English, French", "English; Spanish", "English, Arabic"]),
                f"person{number}@example.org",
                f"+{pick.randint(1, 99)} {pick.randint(1000000, 9999999)}",
                fake.sentence(12)[:300],
                fake.text(600),
                "; ".join(country.name for country in pick.sample(countries, 3)),
                pick.choice(["yes", "no", ""]),
                f"https://example.org/{number}",
                date(2017, pick.randint(1, 12), pick.randint(1, 28)),
            ]
        )
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def read_alone(path: Path) -> int:
    """The yardstick: every cell of the file through openpyxl's fast mode, and nothing else."""
    from openpyxl import load_workbook

    book = load_workbook(path, read_only=True, data_only=True)
    cells = sum(len(row) for sheet in book for row in sheet.iter_rows(values_only=True))
    book.close()
    return cells


def import_and_roll_back(path: Path):
    """Preview and confirm as the Lead's browser and a worker do, then undo it all."""
    from django.core.files.base import ContentFile
    from django.db import connection, transaction
    from django.utils import timezone

    from experts.importing import runs
    from experts.models import Expert, ImportRun
    from partners.models import User

    file = ContentFile(path.read_bytes(), name="list.xlsx")
    with transaction.atomic():
        lead = User.objects.create_user("lead-of-the-bench@example.org")
        before = Expert.history.count()
        now = timezone.now()
        run = runs.start(file, "Bench", None, lead, now)
        name, storage = run.file.name, run.file.storage
        runs.read(run.pk, now)
        run.refresh_from_db()
        runs.confirm(run.pk, run.digest)
        runs.write(run.pk, lead.pk, now)
        with connection.cursor() as cursor:  # what a commit would check
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        run.refresh_from_db()
        written = Expert.history.count() - before
        transaction.set_rollback(True)
    storage.delete(name)
    if run.state != ImportRun.State.DONE or written != run.report["counts"]["new"]:
        raise RuntimeError(f"The import did not end well: {run.state} {run.report}")


def peak_megabytes() -> float:
    """The most memory that this process ever had (VmHWM counts from its own start)."""
    status = Path("/proc/self/status").read_text()
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1024


def _seconds(work) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    import django

    django.setup()
    what, path = sys.argv[1], Path(sys.argv[2])
    if what == "make":
        path.write_bytes(workbook(ROWS))
    elif what == "times":
        print(json.dumps(times(path)))
    elif what == "memory":
        import_and_roll_back(path)
        print(peak_megabytes())
