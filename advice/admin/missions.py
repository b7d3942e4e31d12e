"""Missions in the Lead's admin: facts, places, people, report. Their status moves on their page."""

import hashlib

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from advice.models import AdviceRequest, Mission, MissionPerson, MissionPlace, Need
from documents.admin.library import DocumentByCode
from documents.models import Document
from experts.admin.expert import terms_by_group
from experts.models import Expert
from partners.admin import ByName, RecordAdmin, Ticks

FACTS = (
    *("title", "country_id", "need_id", "request_id", "summary", "starts_on", "ends_on", "year"),
    *("costs", "financing_wanted", "financing", "report_id", "result", "source_text", "url"),
)
_NUMBER = gettext_lazy("Its number, at the end of its address.")
_CODE = gettext_lazy("The code of a published document: the last part of its address.")


class ByNumber(ByName):
    """A row that is named by its number."""

    default_error_messages = {"invalid_choice": gettext_lazy("There is none with this number.")}


def expert_by_name(words: str) -> Expert:
    """A listed expert by the name or, where two have the same, by the profile's number.

    Raises ValidationError with what to write instead.
    """
    listed = Expert.objects.listed().defer("search")
    is_number = words.isascii() and words.isdigit()
    found = list(listed.filter(**{"pk" if is_number else "name__iexact": words})[:2])
    if not found:
        raise ValidationError(_("Nobody on the list has this name. Look it up under Experts."))
    if len(found) > 1:
        raise ValidationError(
            _("Two experts have this name: write the number in the address of the profile.")
        )
    return found[0]


class MissionForm(forms.ModelForm):
    """What a mission says, with a sign of what the Lead saw when the form was opened."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Mission
        fields = ()  # those of the admin
        widgets = {
            "summary": forms.Textarea(attrs={"rows": 5, "class": "vLargeTextField"}),
            "result": forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"}),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.initial["seen"] = _sign(self.instance)

    def clean(self):
        data = super().clean()
        if self.instance.pk and data.get("seen") != _sign(self.instance):
            self.data = self.data.copy()
            self.data[self.add_prefix("seen")] = _sign(self.instance)  # once more is a choice
            self.add_error(
                None,
                _(
                    "Somebody else saved this mission while you had it open. Nothing was saved. "
                    "Compare with its page, then save again."
                ),
            )
        first, last = data.get("starts_on"), data.get("ends_on")
        if first and last and last < first:
            self.add_error("ends_on", _("This day is before “from”."))
        if first and not data.get("year"):
            data["year"] = first.year
        return data


def _sign(mission: Mission) -> str:
    """Another one whenever a fact of the mission is another."""
    facts = repr([getattr(mission, name) for name in FACTS])
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


class PlaceForm(forms.ModelForm):
    def clean(self):
        data = super().clean()
        if not (data.get("term") or data.get("wanted") or self.errors):
            self.add_error("wanted", _("Choose an expertise, or say in words who is wanted."))
        return data


class PlaceInline(admin.StackedInline):
    model = MissionPlace
    form = PlaceForm
    fields = ["term", "wanted"]
    extra = 1

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("term").defer("term__words")

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "term":  # read once for all rows
            field.choices = [("", "---------"), *terms_by_group()]
        return field

    def get_formset(self, request, obj=None, **kwargs):
        formset = super().get_formset(request, obj, **kwargs)
        _without_links(formset.form.base_fields.get("term"))
        return formset


class PersonForm(forms.ModelForm):
    """An expert of the list by name, or the name of somebody else."""

    listed = forms.CharField(
        label=gettext_lazy("Expert of the list"),
        required=False,
        max_length=150,
        widget=forms.TextInput(attrs={"class": "vTextField"}),
    )

    class Meta:
        model = MissionPerson
        fields = ()  # those of the inline

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.instance.expert_id:
            self.initial["listed"] = str(self.instance.expert)

    def clean_listed(self):
        """The expert, or None. Who has left the list since the last time stays."""
        words = self.cleaned_data["listed"]
        if self.instance.expert_id and words == self.initial["listed"]:
            return self.instance.expert
        return expert_by_name(words) if words else None

    def clean(self):
        data = super().clean()
        expert, name = data.get("listed"), data.get("name")
        if expert and name:
            self.add_error("name", _("Name either an expert of the list or somebody else."))
        elif not (expert or name or self.errors):
            self.add_error("listed", _("Name an expert of the list, or somebody else."))
        self.instance.expert = expert
        return data


class PersonFormSet(forms.BaseInlineFormSet):
    def clean(self):
        super().clean()
        seen = set()
        for form in self.forms:
            data = getattr(form, "cleaned_data", {})
            pair = data.get("place"), data.get("listed")
            if not all(pair) or data.get("DELETE"):
                continue
            if pair in seen:
                form.add_error("listed", _("This expert has this place already."))
            seen.add(pair)


class PersonInline(admin.StackedInline):
    model = MissionPerson
    form = PersonForm
    formset = PersonFormSet
    fields = ["place", "listed", "name", "as_what", "is_sent"]
    extra = 1

    def get_queryset(self, request):
        people = super().get_queryset(request).select_related("expert", "place__term")
        return people.defer("expert__search", "place__term__words")

    def get_formset(self, request, obj=None, **kwargs):
        formset = super().get_formset(request, obj, **kwargs)
        field = formset.form.base_fields.get("place")
        if field is not None:
            field.queryset = obj.places.select_related("term").defer("term__words")
            field.choices = list(field.choices)  # read once for all rows
            _without_links(field)
        return formset


def _without_links(field: forms.ModelChoiceField | None):
    """No links beside the field that would lead away from the mission."""
    if field is not None:
        field.widget.can_add_related = field.widget.can_change_related = False
        field.widget.can_delete_related = field.widget.can_view_related = False


@admin.register(Mission)
class MissionAdmin(RecordAdmin):
    """A draft may be deleted; what was published stays."""

    form = MissionForm
    list_display = ["title", "country", "status", "year", "financing_wanted"]
    list_filter = ["status", "country__region"]
    list_select_related = ["country"]
    search_fields = ["title__unaccent", "summary__unaccent"]
    fields = [
        *("title", "country", "areas", "need", "request", "summary", "starts_on", "ends_on"),
        *("year", "costs", "financing_wanted", "financing", "report", "result", "source_text"),
        *("url", "fictitious", "status", "status_reason", "seen"),
    ]
    readonly_fields = ["status", "status_reason"]
    actions = None
    #: Field: how it is named, by which column, among which rows, help
    _NAMED = {
        "need": (ByNumber, "id", Need.objects, _NUMBER),
        "request": (ByNumber, "id", AdviceRequest.objects.sent(), _NUMBER),
        "report": (DocumentByCode, "code", Document.objects.released(), _CODE),
    }

    def get_inlines(self, request, obj):
        """People are named for places, so these come first."""
        return [PlaceInline, PersonInline] if obj else [PlaceInline]

    def get_object(self, request, object_id, from_field=None):
        """Locked while it is saved, so that what was seen is compared with what is there."""
        mission = super().get_object(request, object_id, from_field)
        if mission is not None and request.method == "POST":
            mission = Mission.objects.select_for_update().get(pk=mission.pk)
        return mission

    def has_delete_permission(self, request, obj=None):
        may = super().has_delete_permission(request, obj)
        return may and (obj is None or obj.status == Mission.Status.DRAFT)

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name not in self._NAMED:
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        form_class, to_field_name, rows, help_text = self._NAMED[db_field.name]
        return db_field.formfield(
            form_class=form_class,
            to_field_name=to_field_name,
            queryset=rows.all(),
            help_text=help_text,
        )

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        return super().formfield_for_manytomany(db_field, request, widget=Ticks(), **kwargs)

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change, **kwargs)
        _without_links(form.base_fields.get("country"))
        return form

    def save_model(self, request, mission, form, change):
        if not change:
            mission.created_by = request.user
        super().save_model(request, mission, form, change)

    def save_formset(self, request, form, formset, change):
        """Places are numbered as they come."""
        if formset.model is MissionPlace:
            places = MissionPlace.objects.filter(mission=form.instance)
            last = places.aggregate(last=Max("number"))["last"] or 0
            for number, one in enumerate(formset.extra_forms, last + 1):
                one.instance.number = number
        super().save_formset(request, form, formset, change)
