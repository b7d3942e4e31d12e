"""200 practices to PDF through a Celery worker, against Typst alone with the same text.

`python -m bench.practices prepare N`, `... make` and `... alone FOLDER` are the children, in the
environment of a portal: they write the practices, ask for an edition and wait for the worker, and
typeset the text and pictures of that edition with bench/reference.typ.
"""

import io
import json
import random
import subprocess
import sys
import tempfile
import threading
import time
from datetime import timedelta
from pathlib import Path
from statistics import median

NAMES = ("practices.pdf_200_ratio", "practices.pdf_peak_mb")
PRACTICES = 200
RUNS = 3
REFERENCE = Path(__file__).parent / "reference.typ"


def measure(wanted) -> list[dict]:
    from bench.ground import child, portal, row
    from wmaportal.local import servers

    with portal() as place, tempfile.TemporaryDirectory() as folder:
        child(place.environ, "bench.practices", "prepare", PRACTICES)
        command = [sys.executable, "-m", "celery", "-A", "wmaportal", "worker"]
        worker = subprocess.Popen(
            [*command, "--concurrency", "1", "--without-mingle", "--without-gossip"],
            cwd=servers.ROOT,
            env=place.environ,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            with _Peak(worker.pid) as peak:
                made = [
                    json.loads(child(place.environ, "bench.practices", "make"))
                    for _run in range(RUNS)
                ]
        finally:
            worker.terminate()
            worker.wait(30)
        alone = json.loads(child(place.environ, "bench.practices", "alone", folder))
    whole = median(one["seconds"] for one in made)
    print(
        f"  {PRACTICES} practices, {made[0]['mb']:.1f} MB: whole path {whole:.2f} s with "
        f"{made[0]['notes']} notes on how far it is, Typst alone {alone:.2f} s"
    )
    return [
        row("practices.pdf_200_ratio", whole / alone, "×", 3),
        row("practices.pdf_peak_mb", peak.megabytes, "MB", 1000),
    ]


class _Peak:
    """The most memory that a process and its children had together, in `megabytes`."""

    def __init__(self, pid: int):
        self.pid, self.megabytes, self.over = pid, 0.0, threading.Event()

    def __enter__(self):
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()
        return self

    def __exit__(self, *error):
        self.over.set()
        self.thread.join()

    def _watch(self):
        import psutil

        process = psutil.Process(self.pid)
        while not self.over.wait(0.05):
            total = 0
            for one in [process, *process.children(recursive=True)]:
                try:
                    total += one.memory_info().rss
                except psutil.NoSuchProcess:
                    continue
            self.megabytes = max(self.megabytes, total / 1e6)


def prepare(number: int):
    """So many published practices, copies of the demonstration's with a photo each."""
    from django.db import transaction
    from django.utils import timezone

    from documents.models import Practice, PracticeVersion

    known = list(Practice.objects.published().order_by("pk"))
    originals = list(
        PracticeVersion.objects.filter(pk__in=[one.current_id for one in known]).order_by("pk")
    )
    pictures = [_photo(seed) for seed in range(8)]
    with transaction.atomic():
        for count in range(number - len(known)):
            _copy(originals[count % len(originals)], count, pictures, timezone.now())


def _copy(original, count: int, pictures: list[bytes], now):
    from django.core.files.base import ContentFile

    from documents.models import Photo, Practice, PracticeVersion

    rows = {
        name: list(getattr(original, name).all())
        for name in ("preconditions", "recommendations", "results", "references")
    }
    practice = Practice.objects.create(code=f"bench-{count:04}", created_at=now)
    version = PracticeVersion.objects.create(
        practice=practice,
        created_at=now,
        **{
            field: getattr(original, field)
            for field in (
                "kind", "form", "summary", "country_id", "site", "operator", "year", "technology",
                "description", "steps", "results_text", "lessons", "replicability", "safeguards",
                "cost_band", "cost_note", "financing", "own_statement",
            )
        },
        title=f"{original.title} {count}",
    )  # fmt: skip
    version.terms.set(original.terms.all())
    version.experts.set(original.experts.all())
    for kept in rows.values():
        for row in kept:
            row.pk, row.version = None, version
            row._state.adding = True
        type(kept[0]).objects.bulk_create(kept) if kept else None
    Photo.objects.create(
        version=version,
        image=ContentFile(pictures[count % len(pictures)], name="photo.jpg"),
        caption="The plant from the north, with the store in front",
        rights="Example, by permission",
        width=1600,
        height=1200,
    )
    version.status = PracticeVersion.Status.PUBLISHED
    version.decided_at = now - timedelta(days=100)
    version.save()
    practice.current, practice.status = version, Practice.Status.PUBLISHED
    practice.reviewed_at = now - timedelta(days=100)
    practice.save()


def _photo(seed: int) -> bytes:
    """As the portal keeps a photo: 1600 by 1200 pixels, a scene with fine detail."""
    from PIL import Image, ImageFilter

    pick = random.Random(seed)
    small = Image.frombytes("RGB", (160, 120), pick.randbytes(160 * 120 * 3))
    scene = small.resize((1600, 1200), Image.Resampling.BICUBIC)
    grain = Image.frombytes("L", (1600, 1200), pick.randbytes(1600 * 1200))
    grain = grain.filter(ImageFilter.GaussianBlur(1)).convert("RGB")
    out = io.BytesIO()
    Image.blend(scene, grain, 0.3).save(out, "JPEG", quality=82)
    return out.getvalue()


def make() -> dict:
    """Seconds from the Lead's button until the edition is in the library, and its megabytes."""
    from django.utils import timezone

    from documents import compiling
    from documents.models import Compilation
    from partners.models import User

    lead = User.objects.filter(roles__kind="lead").first()
    began = time.perf_counter()
    edition = compiling.ask(lead, timezone.now())
    seen = set()
    while edition.state in (Compilation.State.WAITING, Compilation.State.RUNNING):
        time.sleep(0.02)
        edition.refresh_from_db()
        seen.add((edition.step, edition.done))
    seconds = time.perf_counter() - began
    if edition.state != Compilation.State.DONE or edition.total != PRACTICES:
        raise RuntimeError(f"{edition.state}, {edition.total} practices: {edition.problem}")
    size = edition.version.translations.get().size
    return {"seconds": seconds, "mb": size / 1e6, "notes": len(seen)}


def alone(folder: Path) -> float:
    """Median seconds of Typst in a process of its own, with everything prepared."""
    from documents import book, compiling
    from documents.models import Compilation
    from partners import typesetting
    from partners.typesetting.letters import showable

    edition = Compilation.objects.latest("number")
    chapters = book.chapters()
    changed = book.changes(chapters, None)
    data = compiling.prepared(edition, chapters, changed, folder, lambda *said, **how: None)
    words, took = data(showable), []
    for _run in range(RUNS):
        began = time.perf_counter()
        typesetting.write_pdf(REFERENCE, words, 120, folder)
        took.append(time.perf_counter() - began)
    return median(took)


if __name__ == "__main__":
    import django

    django.setup()
    if sys.argv[1] == "prepare":
        prepare(int(sys.argv[2]))
    elif sys.argv[1] == "make":
        print(json.dumps(make()))
    else:
        print(json.dumps(alone(Path(sys.argv[2]))))
