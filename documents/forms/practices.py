"""The form of a practice: fields in groups, and rows that can be added without a script.

A draft may be incomplete, so nothing is required here; `documents.practices.missing` says what is.
What cannot be kept at all (a figure without unit, an unknown name) is an error at its field.
"""

import re
from decimal import Decimal, InvalidOperation

from django import forms
from django.contrib.postgres.search import TrigramSimilarity
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from documents import practices
from documents.models import PracticeVersion, Precondition, Requirement
from experts import presenting
from experts.forms import TermsField
from experts.models import Expert
from partners import files
from partners.fields import TextField
from partners.models import Organisation, Term
from partners.models.countries import region_of

ROWS_AT_MOST = 40
EMPTY_ROWS = 3
OFFERED_AT_MOST = 300  # names offered while typing
NEAR_ENOUGH = 0.3  # of PostgreSQL's trigram similarity


class OneLineField(forms.CharField):
    """A sentence: all of it is seen while it is written, and line breaks do not stay."""

    widget = forms.Textarea(attrs={"rows": 2})

    def clean(self, value):
        return " ".join(super().clean(value).split())


class FigureField(forms.CharField):
    """A number as people write it: 1370000, 1,370,000 or 1 370 000; with decimals 1.37.

    One comma alone could mean both, so it is asked for anew. The value is a Decimal or None.
    """

    def clean(self, value):
        typed = super().clean(value)
        if not typed:
            return None
        plain = re.sub(r"(?<=\d)[\s\u00a0\u202f'’](?=\d{3}(\D|$))", "", typed)
        if re.fullmatch(r"-?\d{1,3}(,\d{3}){2,}(\.\d+)?", plain):
            plain = plain.replace(",", "")
        if "," in plain and re.fullmatch(r"-?[\d,.]+", plain):
            raise ValidationError(
                _("“%(typed)s” can mean two numbers. Write 1370 or 1.37, without a comma."),
                params={"typed": typed},
            )
        if not re.fullmatch(r"-?\d+(\.\d+)?", plain, re.ASCII):
            raise ValidationError(
                _(
                    "“%(typed)s” is not a number. Write the figure in digits, such as 1370000, "
                    "and the unit in the field beside it."
                ),
                params={"typed": typed},
            )
        try:
            number = Decimal(plain)
        except InvalidOperation:
            raise ValidationError(_("This number is too long.")) from None
        if len(plain.lstrip("-").split(".")[0]) > 14 or number != round(number, 4):
            raise ValidationError(
                _("At most 14 digits before the point and 4 after it. Use a larger unit.")
            )
        return number

    def prepare_value(self, value):
        return f"{value.normalize():f}" if isinstance(value, Decimal) else value


class NameField(forms.CharField):
    """One name of somebody or something on the portal; the value is its row.

    An unknown name is answered with the nearest known one. `candidates()` are the rows that may be
    meant, `name` the field with their name; a subclass may know other spellings.
    """

    candidates = None
    unknown = _("“%(typed)s” is not on the portal.")
    suggestion = _("“%(typed)s” is not on the portal. Did you mean %(near)s?")
    several = _("Several have the name “%(typed)s”. Choose one of: %(labels)s.")

    def label_of(self, row) -> str:
        return row.name

    def spelled(self, typed: str) -> Q:
        return Q(name__iexact=typed)

    def clean(self, value):
        typed = " ".join(super().clean(value).split())
        if not typed:
            return None
        found = list(self.candidates.filter(self.spelled(typed))[:5])
        labelled = [row for row in found if self.label_of(row).casefold() == typed.casefold()]
        if len(found) > 1 and len(labelled) == 1:
            found = labelled
        if len(found) == 1:
            return found[0]
        if found:
            labels = "; ".join(self.label_of(row) for row in found)
            raise ValidationError(self.several, params={"typed": typed, "labels": labels})
        near = (
            self.candidates.annotate(near=TrigramSimilarity("name", typed))
            .filter(near__gte=NEAR_ENOUGH)
            .order_by("-near", "pk")
            .first()
        )
        if near is None:
            raise ValidationError(self.unknown, params={"typed": typed})
        raise ValidationError(self.suggestion, params={"typed": typed, "near": self.label_of(near)})


class ExpertNameField(NameField):
    """A listed expert: by name, or by 'name (country)' where several have the same."""

    unknown = _("“%(typed)s” is not on the list of experts. Only listed experts can be named.")
    suggestion = _("“%(typed)s” is not on the list of experts. Did you mean %(near)s?")

    def label_of(self, row) -> str:
        place = presenting.country(row.country_id)
        return f"{row.name} ({place})" if place else row.name

    def spelled(self, typed: str) -> Q:
        return Q(name__iexact=typed) | Q(name__iexact=re.sub(r"\s*\([^()]*\)$", "", typed))


class OrganisationNameField(NameField):
    """An organisation that the portal knows: by name or acronym."""

    unknown = _(
        "The portal does not know “%(typed)s”. Name it in the field “Operator”, or ask the Lead to "
        "add it."
    )
    suggestion = _("The portal does not know “%(typed)s”. Did you mean %(near)s?")

    def spelled(self, typed: str) -> Q:
        return Q(name__iexact=typed) | Q(acronym__iexact=typed)


class RowForm(forms.Form):
    """One row. `pk`: the row that is stored; fields in DEFAULTS say nothing by themselves."""

    hide_optional = True
    DEFAULTS: tuple[str, ...] = ()

    pk = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def is_blank(self) -> bool:
        """Nothing is typed: the row is not there."""
        if not self.is_bound:
            return not self.initial
        for name, field in self.fields.items():
            if name == "pk" or name in self.DEFAULTS:
                continue
            value = field.widget.value_from_datadict(self.data, self.files, self.add_prefix(name))
            if value and str(value).strip():
                return False
        return True


class PreconditionForm(RowForm):
    DEFAULTS = ("weight",)

    text = OneLineField(label=_("What"), max_length=300, required=False)
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("Choose")), *Precondition.Kind.choices]
    )
    weight = forms.ChoiceField(
        label=_("Weight"),
        required=False,
        choices=Precondition.Weight.choices,
        initial=Precondition.Weight.MUST,
    )
    requirement = forms.ModelChoiceField(
        label=_("The same as a common precondition"),
        required=False,
        queryset=Requirement.objects.none(),
        empty_label=_("none of these"),
    )
    how_met = OneLineField(
        label=_("How it was met or overcome, or not"), max_length=500, required=False
    )

    def values(self) -> dict:
        cleaned = self.cleaned_data
        return {
            "text": cleaned["text"],
            "kind": cleaned["kind"],
            "weight": cleaned["weight"] or Precondition.Weight.MUST,
            "requirement_id": cleaned["requirement"] and cleaned["requirement"].pk,
            "how_met": cleaned["how_met"],
        }


class RecommendationForm(RowForm):
    text = OneLineField(label=_("Recommendation"), max_length=500, required=False)

    def values(self) -> dict:
        return {"text": self.cleaned_data["text"]}


class ResultForm(RowForm):
    what = forms.CharField(label=_("Result"), max_length=200, required=False)
    value = FigureField(
        label=_("Value"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    unit = forms.CharField(
        label=_("Unit"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": _("lamps a year")}),
    )
    year = forms.IntegerField(label=_("Year"), required=False, min_value=1900, max_value=2100)

    def clean(self):
        cleaned = super().clean()
        if self.is_blank():
            return cleaned
        for name, words in (
            ("what", _("Say what the figure counts.")),
            ("value", _("Type the figure, or move the sentence to “Results in words”.")),
            ("unit", _("Every figure needs its unit: kg, lamps a year, USD.")),
        ):
            if name not in self.errors and cleaned.get(name) in (None, ""):
                self.add_error(name, words)
        return cleaned

    def values(self) -> dict:
        return {name: self.cleaned_data[name] for name in ("what", "value", "unit", "year")}


class ReferenceForm(RowForm):
    text = OneLineField(label=_("Source"), max_length=500, required=False)
    url = forms.URLField(
        label=_("Address"),
        max_length=500,
        required=False,
        assume_scheme="https",
        validators=[URLValidator(schemes=["http", "https"])],
    )

    def values(self) -> dict:
        return {name: self.cleaned_data[name] for name in ("text", "url")}


class PhotoForm(RowForm):
    """A photo that is stored, with its words, or a new one. An emptied row removes the photo."""

    DEFAULTS = ("remove",)

    image = forms.FileField(
        label=_("Photo"),
        required=False,
        help_text=_("JPEG, PNG or WebP, up to 10 MB. Hidden data, such as the place, is removed."),
    )
    caption = forms.CharField(
        label=_("Caption"),
        max_length=300,
        required=False,
        help_text=_("What is seen. It is read aloud to people who cannot see the photo."),
    )
    rights = forms.CharField(
        label=_("Rights"),
        max_length=300,
        required=False,
        help_text=_("Who took it, and who allows to show it"),
    )
    remove = forms.BooleanField(label=_("Remove this photo"), required=False)

    def __init__(self, *args, photos: dict, **kwargs):
        """`photos`: those of the version by key; `stored` is the one of this row, or None."""
        super().__init__(*args, **kwargs)
        key = self.data.get(self.add_prefix("pk")) if self.is_bound else self.initial.get("pk")
        self.stored = photos.get(str(key))
        if self.stored:
            self.fields["image"].label = _("Another photo instead")
        else:
            del self.fields["remove"]

    def is_blank(self) -> bool:
        if self.stored:
            return bool(self.data.get(self.add_prefix("remove")))
        return super().is_blank()

    def clean_image(self):
        upload = self.cleaned_data["image"]
        return files.clean_picture(upload) if upload else None

    def clean(self):
        cleaned = super().clean()
        no_picture = not cleaned.get("image") and not self.stored
        if no_picture and "image" not in self.errors and not self.is_blank():
            self.add_error("image", _("Choose the photo to which these words belong."))
        return cleaned

    def values(self) -> dict:
        found = {name: self.cleaned_data[name] for name in ("caption", "rights")}
        if picture := self.cleaned_data["image"]:
            found["image"], found["width"], found["height"] = picture
        return found


class PersonForm(RowForm):
    name = ExpertNameField(
        label=_("Resource person"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"list": "experts", "autocomplete": "off"}),
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        listed = Expert.objects.listed() | Expert.objects.visible_to(user)
        self.fields["name"].candidates = listed.defer("search")


class HouseForm(RowForm):
    name = OrganisationNameField(
        label=_("Organisation"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"list": "organisations", "autocomplete": "off"}),
    )

    def __init__(self, *args, user, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["name"].candidates = Organisation.objects.all()


class Rows(forms.BaseFormSet):
    """The rows of one kind, and some empty ones; one that is left or made empty is not there."""

    def _construct_form(self, i, **kwargs):
        # Else what equals its initial value would not be read at all
        return super()._construct_form(i, **(kwargs | {"empty_permitted": False}))

    def filled(self) -> list[RowForm]:
        return [form for form in self.forms if not form.is_blank()]

    def shown(self) -> list[tuple[int, RowForm]]:
        """(number, row) of those with something in them, or of the first."""
        return [one for one in self._numbered() if not one[1].is_blank()] or self._numbered()[:1]

    def folded(self) -> list[tuple[int, RowForm]]:
        """(number, row) of the other empty ones."""
        shown = [form for _number, form in self.shown()]
        return [one for one in self._numbered() if one[1] not in shown]

    def _numbered(self) -> list[tuple[int, RowForm]]:
        return list(enumerate(self.forms, start=1))

    def wanted(self) -> list[dict]:
        """The rows as `practices.save` takes them; a wrong one stays as it is stored."""
        found = []
        for form in self.filled():
            if not form.errors:
                found.append({"pk": form.cleaned_data["pk"], **form.values()})
            elif pk := form.cleaned_data.get("pk"):
                found.append({"pk": pk, "keep": True})
        return found

    def lines(self) -> str:
        """All rows in words, one a line."""
        return "\n".join(
            " · ".join(filter(None, (said(form[name]) for name in form.fields if name != "pk")))
            for form in self.filled()
        )


def said(field: forms.BoundField) -> str:
    """What stands in a field, in words: labels instead of keys."""
    value = field.value()
    if isinstance(field.field, forms.FileField):
        return ""
    if isinstance(field.field, forms.BooleanField):
        return str(_("Yes") if value else _("No"))
    if isinstance(field.field, forms.ModelChoiceField):
        keys = value if isinstance(value, list | tuple) else [value]
        labels = {str(row.pk): str(row) for row in field.field.queryset}
        return "; ".join(labels[str(key)] for key in keys if str(key) in labels)
    if isinstance(field.field, forms.ChoiceField):
        return str(dict(field.field.choices).get(value, "")) if value else ""
    return "" if value is None else str(value).replace("\r\n", "\n").strip()


def _rows(form: type[RowForm]) -> type[Rows]:
    return forms.formset_factory(
        form, formset=Rows, extra=EMPTY_ROWS, max_num=ROWS_AT_MOST, absolute_max=ROWS_AT_MOST + 10
    )


#: Rows of the form: key, class, name of one row, what is said above.
ROWS = {
    "preconditions": (
        _rows(PreconditionForm),
        _("Precondition"),
        _("What must be there before somebody else can repeat this? One at least."),
    ),
    "results": (
        _rows(ResultForm),
        _("Figure"),
        _("Figures in rows can be compared. Write 1370000, not “1.37 million”."),
    ),
    "recommendations": (
        _rows(RecommendationForm),
        _("Recommendation"),
        _("What do you advise to others? One at least."),
    ),
    "persons": (
        _rows(PersonForm),
        _("Resource person"),
        _("Experts of the Resource Persons List who can tell more."),
    ),
    "houses": (
        _rows(HouseForm),
        _("Organisation"),
        _("Organisations that run it or can tell more. One person or organisation at least."),
    ),
    "references": (_rows(ReferenceForm), _("Source"), _("Where the figures and facts stand.")),
    "photos": (_rows(PhotoForm), _("Photo"), ""),
}


class PracticeForm(forms.Form):
    """The plain fields of a sheet."""

    hide_optional = True

    revision = forms.IntegerField(widget=forms.HiddenInput)
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=PracticeVersion.Kind.choices,
        widget=forms.RadioSelect,
        help_text=_("An idle plant teaches as much as one that runs: a warning example."),
    )
    form = forms.ChoiceField(
        label=_("Length"),
        choices=PracticeVersion.Form.choices,
        widget=forms.RadioSelect,
        help_text=_(
            "A snapshot needs title, country, summary, one precondition, one recommendation and "
            "one resource person or organisation. A full sheet also says what was done."
        ),
    )
    title = forms.CharField(label=_("Title"), max_length=200, required=False)
    summary = TextField(
        label=_("Summary"),
        max_length=600,
        required=False,
        help_text=_("Two or three sentences: what, where, and what others can learn."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    terms = TermsField(
        label=_("Waste stream and life-cycle step"),
        queryset=Term.objects.none(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    technology = OneLineField(label=_("Technology or practice"), max_length=300, required=False)
    change_note = TextField(
        label=_("What changed since the last version"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    country = forms.ChoiceField(label=_("Country"), required=False)
    site = forms.CharField(label=_("Site"), max_length=200, required=False)
    operator = forms.CharField(label=_("Operator"), max_length=200, required=False)
    year = forms.IntegerField(label=_("Year"), required=False, min_value=1900, max_value=2100)
    description = TextField(
        label=_("What was done"),
        max_length=8000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 8}),
    )
    steps = TextField(
        label=_("Steps, one a line"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    own_statement = forms.BooleanField(
        label=_("The figures are the operator’s own statement"),
        required=False,
        help_text=_("They are then shown without endorsement."),
    )
    results_text = TextField(
        label=_("Results in words"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    lessons = TextField(
        label=_("Lessons learnt, failures included, one a line"),
        max_length=6000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    replicability = TextField(
        label=_("Where it could be repeated"),
        max_length=3000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    safeguards = TextField(
        label=_("Environmental and health safeguards"),
        max_length=4000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    cost_band = forms.ChoiceField(
        label=_("Cost of setting it up"),
        required=False,
        choices=[("", _("not stated")), *PracticeVersion.CostBand.choices],
    )
    cost_note = forms.CharField(label=_("Cost in words"), max_length=500, required=False)
    financing = forms.CharField(label=_("Paid by"), max_length=500, required=False)

    #: Group of the page → its fields and rows, in order.
    GROUPS = {
        "what": ("kind", "form", "title", "summary", "terms", "technology", "change_note"),
        "place": ("country", "site", "operator", "year"),
        "done": ("description", "steps"),
        "preconditions": ("preconditions",),
        "results": ("results", "own_statement", "results_text"),
        "recommendations": ("recommendations", "lessons", "replicability"),
        "safeguards": ("safeguards",),
        "cost": ("cost_band", "cost_note", "financing"),
        "people": ("persons", "houses"),
        "references": ("references",),
        "photos": ("photos",),
    }

    def __init__(self, data=None, *, version: PracticeVersion):
        initial = {
            field.removesuffix("_id"): getattr(version, field)
            for field in (*practices.CONTENT, "change_note")
        }
        initial["terms"] = list(version.terms.values_list("pk", flat=True))
        initial["revision"] = version.revision
        super().__init__(data, initial=initial)
        by_name = sorted(
            ((code, presenting.country(code)) for code in region_of()), key=lambda c: c[1]
        )
        self.fields["country"].choices = [("", _("Choose a country")), *by_name]
        self.fields["terms"].queryset = Term.objects.filter(parent__isnull=False).select_related(
            "parent"
        )
        if version.number == 1:
            del self.fields["change_note"]

    def clean_title(self):
        return " ".join(self.cleaned_data["title"].split())

    def values(self) -> dict:
        """Field → value as `practices.save` takes it, of the fields that are right."""
        found = {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in ("revision", "terms", "country")
        }
        if "country" in self.cleaned_data:
            found["country_id"] = self.cleaned_data["country"] or None
        if "terms" in self.cleaned_data:
            found["terms"] = [term.pk for term in self.cleaned_data["terms"]]
        return found


class SheetForms:
    """The form and all its rows: what the page shows, and what `practices.save` takes of it."""

    def __init__(self, version: PracticeVersion, user, data=None, files=None):
        self.version = version
        self.form = PracticeForm(data, version=version)
        photos = {str(photo.pk): photo for photo in version.photos.all()}
        people = version.experts.visible_to(user).defer("search").select_related("country")
        namer = ExpertNameField()
        stored = {
            "persons": [{"name": namer.label_of(person)} for person in people.order_by("name")],
            "houses": [{"name": house.name} for house in version.organisations.order_by("name")],
            "photos": [
                {"pk": photo.pk, "caption": photo.caption, "rights": photo.rights}
                for photo in photos.values()
            ],
        }
        special = {
            "persons": {"user": user},
            "houses": {"user": user},
            "photos": {"photos": photos},
        }
        self.rows: dict[str, Rows] = {}
        for key, (rows, _name, _help) in ROWS.items():
            initial = stored[key] if key in stored else self._stored(key)
            self.rows[key] = rows(
                data, files, prefix=key, initial=initial, form_kwargs=special.get(key, {})
            )
        self._share_requirements()

    def _stored(self, relation: str) -> list[dict]:
        _model, fields = practices.ROWS[relation]
        return [
            {"pk": row.pk, **{name.removesuffix("_id"): getattr(row, name) for name in fields}}
            for row in getattr(self.version, relation).all()
        ]

    def _share_requirements(self):
        """One reading of the common preconditions for all rows."""
        known = Requirement.objects.all()
        choices = [("", _("none of these")), *((row.pk, row.label) for row in known)]
        for form in self.rows["preconditions"].forms:
            form.fields["requirement"].queryset = known
            form.fields["requirement"].widget.choices = choices

    def is_readable(self) -> bool:
        """Was a whole form sent, with the revision that it is about?"""
        self.form.is_valid()
        return "revision" in self.form.cleaned_data and all(
            rows.management_form.is_valid() for rows in self.rows.values()
        )

    def is_valid(self) -> bool:
        return self.form.is_valid() and all(
            not form.errors for rows in self.rows.values() for form in rows.filled()
        )

    def values(self, user) -> dict:
        """What is right of the fields and links, for `practices.save`."""
        found = self.form.values()
        for key, link in (("persons", "experts"), ("houses", "organisations")):
            forms = self.rows[key].filled()
            if not any(form.errors for form in forms):
                found[link] = [form.cleaned_data["name"].pk for form in forms]
        if "experts" in found:
            found["experts"] += practices.unlisted_links(self.version, user)
        return found

    def wanted(self) -> dict[str, list[dict]]:
        """All rows, for `practices.save`."""
        return {key: self.rows[key].wanted() for key in practices.ROWS}

    def problems(self) -> list[tuple[str, str, str]]:
        """[(id of the field, where, what is wrong)] of fields and rows, as the page has them."""
        found = [("", "", error) for error in self.form.non_field_errors()]
        for names in PracticeForm.GROUPS.values():
            for name in names:
                if name in self.rows:
                    found += self._row_problems(name)
                elif name in self.form.errors:
                    field = self.form[name]
                    found += [(field.id_for_label, field.label, one) for one in field.errors]
        return found

    def _row_problems(self, key: str) -> list[tuple[str, str, str]]:
        one = ROWS[key][1]
        return [
            (form[name].id_for_label, f"{one} {number}, {form[name].label}", error)
            for number, form in enumerate(self.rows[key].forms, start=1)
            if not form.is_blank()
            for name, errors in form.errors.items()
            for error in errors
        ]

    def groups(self) -> list[dict]:
        """[{key, heading, comments, items}] for the page; an item is a field or rows."""
        comments = practices.last_comments(self.version)
        return [
            {
                "key": key,
                "heading": practices.PARTS[key],
                "comments": [one for one in comments if one.part == key],
                "items": [self._item(name) for name in names if self._is_there(name)],
            }
            for key, names in PracticeForm.GROUPS.items()
        ]

    def _is_there(self, name: str) -> bool:
        return name in self.rows or name in self.form.fields

    def _item(self, name: str) -> dict:
        if name not in self.rows:
            return {"field": self.form[name]}
        return {"rows": self.rows[name], "one": ROWS[name][1], "help": ROWS[name][2], "key": name}

    def experts(self) -> list[str]:
        """Names that are offered while typing."""
        listed = Expert.objects.listed().only("name", "country_id").order_by("name")
        return [ExpertNameField().label_of(one) for one in listed[:OFFERED_AT_MOST]]

    def organisations(self) -> list[str]:
        return list(Organisation.objects.values_list("name", flat=True)[:OFFERED_AT_MOST])

    def differences(self, other: "SheetForms") -> list[tuple[str, str, str]]:
        """[(field, what stands there, what stands in the other)] where the two differ."""
        found = []
        for names in PracticeForm.GROUPS.values():
            for name in filter(self._is_there, names):
                if name in self.rows:
                    label = ROWS[name][1]
                    here, there = self.rows[name].lines(), other.rows[name].lines()
                else:
                    label = self.form[name].label
                    here, there = said(self.form[name]), said(other.form[name])
                if here != there:
                    found.append((label, here, there))
        return found


class StartForm(forms.Form):
    """What a new sheet begins with."""

    title = forms.CharField(
        label=_("Title"),
        max_length=200,
        help_text=_(
            "Say what was done, for which waste: “Take-back of thermometers by pharmacies”. "
            "You can change it later; the address of the page stays."
        ),
    )

    def clean_title(self):
        return " ".join(self.cleaned_data["title"].split())


class ArchiveForm(forms.Form):
    reason = TextField(
        label=_("Reason"),
        max_length=1000,
        help_text=_("It stands on the page of the practice."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ReviewForm(forms.Form):
    """The checklist, and a comment for each group of the sheet."""

    hide_optional = True

    checked = forms.MultipleChoiceField(
        label=_("What is right"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, data=None, *, points: list[practices.Point]):
        ticked = [point.code for point in points if point.is_found]
        super().__init__(data, initial={"checked": ticked})
        self.fields["checked"].choices = [
            (point.code, f"{point.label}. {point.found}") for point in points
        ]
        for part, heading in practices.PARTS.items():
            self.fields[f"comment_{part}"] = TextField(
                label=heading,
                max_length=3000,
                required=False,
                widget=forms.Textarea(attrs={"rows": 2}),
            )

    def comments(self) -> dict[str, str]:
        return {part: self.cleaned_data[f"comment_{part}"] for part in practices.PARTS}

    def comment_fields(self):
        return [self[f"comment_{part}"] for part in practices.PARTS]
