"""The steps of an import: start → read → confirm → write, or cancel. Small ones run in the request.

Reading and writing hold an advisory lock on the run while they work, which ends with the worker's
connection however the worker ends: so it can be seen whether somebody is at work, two workers
never do the same, and an interrupted run is simply started again.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta

from django.db import IntegrityError, connection, connections, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, ngettext

from experts.importing import plan as planning
from experts.importing import sheets, values, writing
from experts.importing.workbook import Unreadable
from experts.models import Expert, ImportRun
from partners import decisions, files
from partners.languages import name as language_name
from partners.models import Country, Organisation, Term, User
from partners.refusals import Refused

State = ImportRun.State

LARGE_ROWS = 500  # more than these are for a worker
LARGE_BYTES = 1024 * 1024
SHOWN = 200  # of each kind, on the page of the preview
FORGOTTEN_AFTER = timedelta(days=7)
LOCK = 0x494D50  # first key of the advisory locks of imports; the second is the run, or 0 for all

CRASHED = gettext_noop("The portal could not read this file; nothing was saved. Tell the operator.")
NOT_WRITTEN = gettext_noop("Writing was interrupted; nothing was saved. Confirm again.")


def start(upload, edition: str, edition_on: date | None, by: User, now: datetime) -> ImportRun:
    """Keep the file and read it, or leave that to a worker: then the run is waiting.

    Raises ValidationError or Unreadable for a file that is no list; nothing is kept of it.
    """
    kind = files.sheet_kind(upload)
    large = upload.size > LARGE_BYTES or sheets.has_more_rows_than(upload, kind, LARGE_ROWS)
    if not large:
        sheets.read(upload, kind)
    upload.seek(0)
    run = ImportRun.objects.create(
        file=upload,
        file_name=values.shown(upload.name.rsplit("/", 1)[-1])[:200],
        edition=edition,
        edition_on=edition_on,
        started_by=by,
        started_at=now,
        report={"large": large},
    )
    if not large:
        read(run.pk, now)
        run.refresh_from_db()
    return run


def drop(run: ImportRun):
    """Forget a run that nobody could begin with, and its file."""
    run.file.storage.delete(run.file.name)
    run.delete()


def read(run_id: int, now: datetime, changed_meanwhile: bool = False):
    """Compare the file with the portal and keep the preview. Safe to repeat."""
    ImportRun.objects.filter(pk=run_id, state=State.WAITING).update(state=State.READING)
    try:
        with _at_work(run_id) as run, _Progress(run_id) as progress:
            if run is None or run.state != State.READING:
                return
            table = _table(run)
            plan = planning.make(table, now, progress=progress)
            _keep_preview(run, table, plan, State.READING, changed_meanwhile)
    except Unreadable as problem:
        _fail(run_id, now, str(problem))
    except Cancelled:
        return
    except Exception:
        _fail(run_id, now, _(CRASHED))
        raise


def confirm(run_id: int, digest: str) -> ImportRun:
    """The Lead says yes to the preview with this digest; `write` follows, here or in a worker.

    Raises Refused when the run is not there to be confirmed, or shows something else by now.
    """
    with transaction.atomic():
        run = ImportRun.objects.select_for_update().get(pk=run_id)
        if run.state != State.PREVIEWED or not can_confirm(run):
            raise Refused(_("There is nothing to confirm."))
        if run.digest != digest:
            raise Refused(_("The preview has changed meanwhile. Look at it again."))
        run.state = State.WRITING
        run.rows_done = 0
        run.report.pop("problem", None)
        run.save(update_fields=["state", "rows_done", "report"])
    return run


def can_confirm(run: ImportRun) -> bool:
    """There is something to write, and no row has an error."""
    counts = run.report.get("counts", {})
    return not counts.get("errors") and bool(counts.get("new") or counts.get("changed"))


def write(run_id: int, by_id: int, now: datetime):
    """Write what was confirmed, all or nothing; where the list changed since, preview again.

    Safe to repeat: does nothing unless the run is being written and nobody else is at it.
    """
    by = User.objects.get(pk=by_id)
    ImportRun.objects.filter(pk=run_id, state=State.WRITING).update(rows_done=0)
    try:
        with _at_work(run_id) as run, _Progress(run_id) as progress:
            if run is None or run.state != State.WRITING:
                return
            _wait_for_other_imports()
            table = _table(run)
            plan = planning.make(table, now, lock=True)
            if plan.digest() != run.digest:
                _keep_preview(run, table, plan, State.WRITING, changed_meanwhile=True)
                return
            writing.write(plan, run, by, now, progress)
            report = _ended_report(run) | {"changed_by": str(by)}
            _end(run, State.WRITING, State.DONE, now, report)
            decisions.record(by, "imported", run, now, in_words(run))
    except IntegrityError:  # somebody made a profile with such an address in this moment
        ImportRun.objects.filter(pk=run_id, state=State.WRITING).update(state=State.READING)
        read(run_id, now, changed_meanwhile=True)
    except Cancelled:
        return
    except Exception:
        give_back(run_id)
        raise


def give_back(run_id: int):
    """What was confirmed and cannot be written now can be confirmed again."""
    with transaction.atomic():
        run = ImportRun.objects.select_for_update().get(pk=run_id)
        if run.state == State.WRITING:
            run.state = State.PREVIEWED
            run.report["problem"] = _(NOT_WRITTEN)
            run.save(update_fields=["state", "report"])


def read_again(run_id: int, sheet: str = ""):
    """Back to waiting, for `read`: after a change of the vocabulary, or for another sheet."""
    with transaction.atomic():
        run = ImportRun.objects.select_for_update().get(pk=run_id)
        if run.state not in (State.WAITING, State.READING, State.PREVIEWED):
            raise Refused(_("This import has ended."))
        run.state = State.WAITING
        run.rows_done = 0
        if sheet:
            run.report["wanted_sheet"] = sheet
        run.save(update_fields=["state", "rows_done", "report"])


def cancel(run_id: int, now: datetime):
    """Nothing is written and the file goes. Raises Refused while it is being written."""
    with transaction.atomic():
        run = ImportRun.objects.select_for_update().get(pk=run_id)
        if run.state in (State.DONE, State.FAILED, State.CANCELLED):
            raise Refused(_("This import has ended."))
        if run.state == State.WRITING and is_at_work(run_id):
            raise Refused(_("This import is being written now. Wait until it has ended."))
        _end(run, run.state, State.CANCELLED, now, _ended_report(run))


def forget_old(now: datetime) -> int:
    """Cancel previews that nobody confirmed for a week: they hold private data. How many."""
    old = ImportRun.objects.filter(
        state__in=[State.WAITING, State.READING, State.PREVIEWED],
        started_at__lte=now - FORGOTTEN_AFTER,
    )
    keys = [run.pk for run in old if not is_at_work(run.pk)]
    for key in keys:
        cancel(key, now)
    return len(keys)


def is_at_work(run_id: int) -> bool:
    """Is somebody else reading or writing this run now?"""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted "
            "AND pid <> pg_backend_pid() AND classid = %s AND objid = %s AND objsubid = 2 "
            "AND database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database()))",
            [LOCK, run_id],
        )
        return cursor.fetchone()[0]


def in_words(run: ImportRun) -> str:
    """'12 new, 3 changed, 25 unchanged' for the log and the list of imports."""
    counts = run.report.get("counts")
    if not counts:
        return ""
    return ", ".join(
        [
            ngettext("%d new", "%d new", counts["new"]) % counts["new"],
            ngettext("%d changed", "%d changed", counts["changed"]) % counts["changed"],
            ngettext("%d kept", "%d kept", counts["kept"]) % counts["kept"],
            ngettext("%d unchanged", "%d unchanged", counts["unchanged"]) % counts["unchanged"],
        ]
    )


class Cancelled(Exception):
    """The run ended while it was worked on: what this transaction did must go."""


@contextmanager
def _at_work(run_id: int) -> Iterator[ImportRun | None]:
    """One transaction with the run's lock; None where another worker has it."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [LOCK, run_id])
            (free,) = cursor.fetchone()
        yield ImportRun.objects.filter(pk=run_id).first() if free else None


def _wait_for_other_imports():
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, 0)", [LOCK])


class _Progress:
    """Tells others how far the transaction is: by a connection of its own, once a second."""

    def __init__(self, run_id: int):
        self._run_id = run_id
        self._told_at = time.monotonic()
        self._connection = None

    def __enter__(self):
        return self

    def __exit__(self, *error):
        if self._connection:
            self._connection.close()

    def __call__(self, done: int, total: int):
        if time.monotonic() - self._told_at < 1:
            return
        self._told_at = time.monotonic()
        if self._connection is None:
            self._connection = connections.create_connection("default")
        with self._connection.cursor() as cursor:
            cursor.execute(
                "UPDATE experts_importrun SET rows_done = %s, rows_total = %s WHERE id = %s",
                [done, total, self._run_id],
            )


def _table(run: ImportRun) -> sheets.Table:
    with run.file.open("rb") as file:
        kind = files.sheet_kind(file)
        return sheets.read(file, kind, run.report.get("wanted_sheet", ""))


def _fail(run_id: int, now: datetime, problem: str):
    run = ImportRun.objects.filter(pk=run_id, state=State.READING).first()
    if run:
        _end(run, State.READING, State.FAILED, now, _ended_report(run) | {"problem": problem})


def _end(run: ImportRun, before: State, after: State, now: datetime, report: dict):
    """The last step of a run; its file goes with the commit."""
    changed = ImportRun.objects.filter(pk=run.pk, state=before).update(
        state=after, ended_at=now, report=report, rows_done=run.rows_total, file=""
    )
    if not changed:
        raise Cancelled
    name, storage = run.file.name, run.file.storage
    if name:
        transaction.on_commit(lambda: storage.delete(name))


def _ended_report(run: ImportRun) -> dict:
    """What stays of the preview: figures, no personal data."""
    kept = ("large", "sheet", "encoding", "counts", "columns")
    return {name: run.report[name] for name in kept if name in run.report}


def _keep_preview(run, table: sheets.Table, plan: planning.Plan, before: State, changed_meanwhile):
    report = {
        **{name: run.report[name] for name in ("large", "wanted_sheet") if name in run.report},
        **_report(table, plan),
        "changed_meanwhile": changed_meanwhile,
    }
    changed = ImportRun.objects.filter(pk=run.pk, state=before).update(
        state=State.PREVIEWED,
        report=report,
        digest=plan.digest(),
        rows_total=len(table.rows),
        rows_done=len(table.rows),
    )
    if not changed:
        raise Cancelled


# What the page of the preview shows


def _report(table: sheets.Table, plan: planning.Plan) -> dict:
    words = _Words(plan)
    return {
        "sheet": values.shown(table.sheet),
        "other_sheets": [values.shown(name) for name in table.other_sheets[:20]],
        "encoding": table.encoding,
        "separator": {";": ";", ",": ",", "\t": _("tab"), "|": "|"}.get(table.separator, ""),
        "header_row": table.header_row,
        "columns": [[values.shown(source.header), label(source.field)] for source in table.sources],
        "not_read": [values.shown(name) for name in table.not_read[:50]],
        "counts": {
            "rows": len(table.rows),
            "new": len(plan.new),
            "changed": len(plan.changed),
            "unchanged": plan.unchanged,
            "kept": len(plan.kept),
            "organisations": len(plan.houses),
            "errors": plan.error_count,
            "notes": len(plan.notes),
        },
        "new": [
            [
                entry.row,
                entry.values["name"],
                words.of("country", entry.values["country"]),
                words.of("organisation", entry.values.get("organisation")),
            ]
            for entry in plan.new[:SHOWN]
        ],
        "changed": [
            {
                "row": entry.row,
                "name": entry.expert.name,
                "pk": entry.expert.pk,
                "fields": [
                    [label(name), words.of(name, before), words.of(name, after)]
                    for name, (before, after) in entry.fields.items()
                ],
            }
            for entry in plan.changed[:SHOWN]
        ],
        "kept": [[entry.row, entry.name, _(entry.reason)] for entry in plan.kept[:SHOWN]],
        "organisations": [
            [house.name, words.of("country", house.country)] for house in plan.houses[:SHOWN]
        ],
        "errors": [[error.row, error.column, error.value, error.reason] for error in plan.errors],
        "notes": [
            [error.row, error.column, error.value, error.reason] for error in plan.notes[:SHOWN]
        ],
    }


def label(field: str) -> str:
    """A field's name as people read it."""
    if field == "region":
        return _("Region (checked)")
    name = str(Expert._meta.get_field(field).verbose_name)
    return name[:1].upper() + name[1:]


class _Words:
    """Values for people, with each kind of name looked up once."""

    def __init__(self, plan: planning.Plan):
        self._countries = {country.code: str(country) for country in Country.objects.all()}
        self._terms = {term.pk: term.label for term in Term.objects.all()}
        keys = {entry.values.get("organisation") for entry in plan.new[:SHOWN]}
        for entry in plan.changed[:SHOWN]:
            keys.update(entry.fields.get("organisation", ()))
        keys = [key for key in keys if isinstance(key, int)]
        self._houses = dict(Organisation.objects.filter(pk__in=keys).values_list("pk", "name"))

    def of(self, field: str, value) -> str:
        if isinstance(value, planning.House):
            return value.name
        if value is None or value == "" or value == []:
            return ""
        if field == "organisation":
            return self._houses.get(value, "")
        if field == "country":
            return self._countries.get(value, value)
        if field == "terms":
            return "; ".join(self._terms[key] for key in sorted(value))
        if field == "worked_in":
            return "; ".join(self._countries.get(code, code) for code in value)
        if field == "languages":
            return "; ".join(map(language_name, value))
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        return str(value)
