"""The form that takes a filled comment table."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents import comment_tables
from experts.importing.workbook import Unreadable
from partners import files, office
from partners.models import Organisation

MAX_BYTES = 5 * 1024 * 1024
MAX_UNPACKED_BYTES = 30 * 1024 * 1024


class TableField(forms.FileField):
    """A filled comment table; the cleaned value is (name of the file, what stands in it)."""

    def widget_attrs(self, widget):
        return {**super().widget_attrs(widget), "accept": ".xlsx"}

    def to_python(self, data) -> tuple[str, comment_tables.Filled] | None:
        upload = super().to_python(data)
        if not upload:
            return None
        files.check_size(upload, MAX_BYTES)
        upload.seek(0)
        if upload.read(len(files.ARCHIVE)) == files.ARCHIVE:
            office.parts_of(upload, MAX_UNPACKED_BYTES)  # a table is small: less than elsewhere
        checked = files.check_document(upload)
        if checked.kind != "xlsx":
            raise ValidationError(_("This is no Excel workbook. Save the table as .xlsx."))
        try:
            return checked.name, comment_tables.read(checked.content)
        except Unreadable as problem:
            raise ValidationError(str(problem)) from None


class TableForm(forms.Form):
    file = TableField(
        label=gettext_lazy("Filled table"), help_text=gettext_lazy("Excel (.xlsx), at most 5 MB.")
    )
    organisation = forms.ModelChoiceField(
        label=gettext_lazy("Organisation represented"),
        help_text=gettext_lazy("For rows of the table that name none."),
        queryset=Organisation.objects.none(),
        required=False,
        empty_label=gettext_lazy("None: I speak for myself"),
    )

    def __init__(self, *args, organisations, **kwargs):
        """`organisations`: a QuerySet of those for which the person may speak."""
        super().__init__(*args, **kwargs)
        if not organisations:
            del self.fields["organisation"]
            return
        self.fields["organisation"].queryset = organisations
        self.fields["organisation"].initial = organisations[0]
