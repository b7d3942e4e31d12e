"""The list comes in and goes out: upload, preview, confirm, progress; and the Lead's export."""

import csv

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import FileResponse, Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from kombu.exceptions import OperationalError

from experts import columns, exporting, tasks
from experts.importing import runs
from experts.importing.workbook import Unreadable
from experts.models import Expert, ImportRun
from partners import files
from partners.admin import RecordAdmin
from partners.refusals import Refused

State = ImportRun.State


class UploadForm(forms.ModelForm):
    """The file, and which edition of the list it is: what the imported persons agreed to."""

    class Meta:
        model = ImportRun
        fields = ["file", "edition", "edition_on"]
        labels = {"file": gettext_lazy("Excel workbook (.xlsx) or CSV text")}
        widgets = {
            "file": forms.FileInput(attrs={"accept": ".xlsx,.csv,.tsv,.txt"}),
            "edition_on": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }
        help_texts = {
            "edition_on": gettext_lazy(
                "Stands as ‘last updated’ of new persons whose row has no date of its own."
            )
        }

    def clean_file(self):
        upload = self.cleaned_data["file"]
        files.sheet_kind(upload)
        return upload


class ExportForm(forms.Form):
    kind = forms.ChoiceField(
        label=gettext_lazy("Format"),
        choices=[
            ("xlsx", gettext_lazy("Excel workbook (.xlsx)")),
            ("csv", gettext_lazy("CSV text")),
        ],
        initial="xlsx",
        widget=forms.RadioSelect,
    )
    private = forms.BooleanField(
        label=gettext_lazy("With private fields: e-mail, phone and who may see them"),
        help_text=gettext_lazy("The log of decisions then says that you exported them, and when."),
        required=False,
    )

    def __init__(self, *args, may_have_private: bool, **kwargs):
        super().__init__(*args, **kwargs)
        if not may_have_private:
            del self.fields["private"]


@admin.register(ImportRun)
class ImportRunAdmin(RecordAdmin):
    """Every import, and the pages on its way. Rows are written by steps, not by hand."""

    list_display = ["file_name", "edition", "state", "result", "started_by", "started_at"]
    list_filter = ["state"]
    list_select_related = ["started_by"]
    search_fields = ["file_name", "edition"]
    actions = None

    @admin.display(description=gettext_lazy("result"))
    def result(self, run):
        return runs.in_words(run)

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def get_urls(self):
        def named(route, view, name):
            return path(route, self.admin_site.admin_view(view), name=f"experts_importrun_{name}")

        return [
            named("export/", self.export_view, "export"),
            named("<int:pk>/confirm/", self.confirm_view, "confirm"),
            named("<int:pk>/cancel/", self.cancel_view, "cancel"),
            named("<int:pk>/again/", self.again_view, "again"),
            named("<int:pk>/errors.csv", self.errors_view, "errors"),
            *super().get_urls(),
        ]

    # In

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def add_view(self, request, form_url="", extra_context=None):
        """Upload a list; what follows is its preview."""
        self._need_right(request)
        form = UploadForm(request.POST or None, request.FILES or None)
        if form.is_valid():
            said = form.cleaned_data
            try:
                run = runs.start(
                    said["file"], said["edition"], said["edition_on"], request.user, timezone.now()
                )
            except ValidationError as problem:
                form.add_error("file", problem)
            except Unreadable as problem:
                form.add_error("file", str(problem))
            else:
                if run.state == State.WAITING and not _in_worker(tasks.read_import, run.pk):
                    runs.drop(run)
                    return _no_worker()
                return self._to(run.pk)
        context = {"title": _("Import a list"), "form": form}
        return self._page(request, "upload", context)

    @method_decorator(require_safe)
    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Where an import stands: progress, preview or result."""
        if not (self.has_view_permission(request) or self.has_add_permission(request)):
            raise PermissionDenied
        run = self._run(unquote(object_id))
        in_work = run.state in (State.WAITING, State.READING, State.WRITING)
        context = {
            "title": run.file_name,
            "run": run,
            "report": run.report,
            "counts": run.report.get("counts"),
            "in_work": in_work,
            "at_work": in_work and runs.is_at_work(run.pk),
            "can_confirm": run.state == State.PREVIEWED and runs.can_confirm(run),
            "shown": runs.SHOWN,
            "errors": run.report.get("errors", [])[: runs.SHOWN],
        }
        if request.htmx:
            if not in_work:
                response = HttpResponse()
                response["HX-Refresh"] = "true"
                return response
            return TemplateResponse(request, "admin/experts/importrun/progress.html", context)
        return self._page(request, "run", context)

    @method_decorator(require_POST)
    def confirm_view(self, request, pk: int):
        self._need_right(request)
        run = self._run(pk)
        try:
            run = runs.confirm(run.pk, request.POST.get("digest", ""))
        except Refused as refusal:
            messages.warning(request, str(refusal))
            return self._to(pk)
        if run.rows_total > runs.LARGE_ROWS:
            if not _in_worker(tasks.write_import, run.pk, request.user.pk):
                runs.give_back(run.pk)
                return _no_worker()
            return self._to(pk)
        runs.write(run.pk, request.user.pk, timezone.now())
        return self._to(pk)

    @method_decorator(require_POST)
    def cancel_view(self, request, pk: int):
        self._need_right(request)
        try:
            runs.cancel(self._run(pk).pk, timezone.now())
        except Refused as refusal:
            messages.warning(request, str(refusal))
            return self._to(pk)
        messages.success(request, _("Cancelled: nothing was imported, and the file is gone."))
        return redirect("admin:experts_importrun_changelist")

    @method_decorator(require_POST)
    def again_view(self, request, pk: int):
        """Read again (for another sheet, or after a change), or go on after an interruption."""
        self._need_right(request)
        run = self._run(pk)
        if run.state == State.WRITING:
            if not _in_worker(tasks.write_import, pk, request.user.pk):
                return _no_worker()
            return self._to(pk)
        try:
            runs.read_again(pk, request.POST.get("sheet", "")[:100])
        except Refused as refusal:
            messages.warning(request, str(refusal))
            return self._to(pk)
        if not run.report.get("large"):
            runs.read(pk, timezone.now())
        elif not _in_worker(tasks.read_import, pk):
            return _no_worker()
        return self._to(pk)

    @method_decorator(require_safe)
    def errors_view(self, request, pk: int):
        """All errors of a preview as CSV, to hand to whoever made the list."""
        self._need_right(request)
        run = self._run(pk)
        response = HttpResponse(
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="import-{pk}-errors.csv"'},
        )
        response.write("\ufeff")
        writer = csv.writer(response)
        writer.writerow([_("Sheet"), _("Row"), _("Column"), _("Value"), _("Reason")])
        sheet = columns.neutral(run.report.get("sheet", ""))
        for row, *words in run.report.get("errors", []):
            writer.writerow([sheet, row, *map(columns.neutral, words)])
        return response

    # Out

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def export_view(self, request):
        """The profiles that the list in admin shows with the filters of this query string."""
        experts_admin = self.admin_site.get_model_admin(Expert)
        if not experts_admin.has_view_permission(request):
            raise PermissionDenied
        try:
            chosen = experts_admin.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect(reverse("admin:experts_importrun_export"))
        experts = Expert.objects.filter(
            pk__in=chosen.get_queryset(request).order_by().values("pk")
        ).order_by("sort_name", "pk")
        form = ExportForm(
            request.POST or None, may_have_private=request.user.has_perm("experts.export_private")
        )
        filters = request.GET.urlencode()
        if form.is_valid():
            now = timezone.now()
            kind = form.cleaned_data["kind"]
            private = form.cleaned_data.get("private", False)
            file = exporting.for_the_lead(experts, kind, private, request.user, now, filters)
            return FileResponse(
                file,
                as_attachment=True,
                filename=exporting.name_of(kind, now),
                content_type=exporting.TYPES[kind],
            )
        context = {
            "title": _("Export the list"),
            "form": form,
            "number": experts.count(),
            "filters": filters,
        }
        return self._page(request, "export", context)

    # What the pages share

    def _need_right(self, request):
        if not self.has_add_permission(request):
            raise PermissionDenied

    def _run(self, pk) -> ImportRun:
        try:
            return ImportRun.objects.select_related("started_by").get(pk=pk)
        except (ImportRun.DoesNotExist, ValueError, OverflowError):
            raise Http404(_("There is no such import.")) from None

    def _to(self, pk: int) -> HttpResponse:
        return redirect("admin:experts_importrun_change", pk)

    def _page(self, request, name: str, context: dict) -> TemplateResponse:
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "has_add_permission": self.has_add_permission(request),
            **context,
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, f"admin/experts/importrun/{name}.html", context)


def _in_worker(task, *keys: int) -> bool:
    """Hand a step to a worker; False while Redis is away, which is found out within two seconds."""
    at_once = {"max_retries": 1, "interval_start": 0, "interval_step": 0}
    try:
        with task.app.connection_for_write(transport_options=at_once) as broker:
            task.apply_async(keys, connection=broker)
    except (OperationalError, OSError):
        return False
    return True


def _no_worker() -> HttpResponse:
    reason = _(
        "A list of this size is imported in the background, and that does not work now. "
        "Nothing was changed."
    )
    html = render_to_string("503.html", {"reason": reason, "minutes": 1})
    return HttpResponse(
        html, status=503, headers={"Retry-After": "60", "Cache-Control": "no-store"}
    )
