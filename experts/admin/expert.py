"""Profiles in the Lead's admin. What the Lead saves here never moves `confirmed_at`."""

import dataclasses
from itertools import pairwise

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Case, F, Q, Value, When
from django.db.models.fields import CharField
from django.urls import path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.admin import SimpleHistoryAdmin
from simple_history.template_utils import HistoricalRecordContextHelper

from experts import editing, freshness, invitations, listing, statistics
from experts.admin.freshness import freshness_page, is_way, name_of_way, reminders_today
from experts.models import Expert, Freshness, Policy
from partners import languages
from partners.admin import NothingDeleted, RecordAdmin, Ticks, act, act_with_reason
from partners.models import Country, Region, Term


def terms_by_group() -> list[tuple]:
    """Choices of the vocabulary: each group with itself first, then its terms."""
    groups, members = [], {}
    for term in Term.objects.all():
        if term.parent_id is None:
            groups.append(term)
        else:
            members.setdefault(term.parent_id, []).append((term.pk, term.label))
    return [
        (
            group.label,
            [
                (group.pk, _("%(group)s (in general)") % {"group": group.label}),
                *members.get(group.pk, ()),
            ],
        )
        for group in groups
    ]


def countries_by_region() -> list[tuple]:
    """Choices of the 197 countries, by region."""
    found = {region.value: [] for region in Region}
    for country in Country.objects.all():
        found[country.region].append((country.pk, str(country)))
    return [(Region(region).label, choices) for region, choices in found.items()]


class ExpertForm(forms.ModelForm):
    """A profile as the Lead edits it, with the version that the Lead saw."""

    expertise = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Expertise"),
        coerce=int,
        required=False,
        widget=Ticks,
    )
    languages = forms.MultipleChoiceField(
        label=gettext_lazy("Languages"),
        required=False,
        widget=Ticks,
    )
    worked_in = forms.MultipleChoiceField(
        label=gettext_lazy("Countries worked in"),
        required=False,
        widget=Ticks,
    )
    remove_photo = forms.BooleanField(label=gettext_lazy("Remove the photo"), required=False)
    seen_version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Expert
        fields = ()  # those of the admin's fieldsets
        widgets = {"summary": forms.Textarea(attrs={"rows": 3, "class": "vLargeTextField"})}

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, choices in (
            ("expertise", terms_by_group),
            ("languages", languages.choices),
            ("worked_in", countries_by_region),
        ):
            if name in self.fields:  # not for somebody who only reads
                self.fields[name].choices = choices()
        self.initial["expertise"] = sorted(self.instance.term_ids)
        self.initial["seen_version"] = self.instance.version
        if not self.instance.photo:
            self.fields.pop("remove_photo", None)

    def clean_email(self):
        email = self.cleaned_data["email"].strip().lower()
        others = Expert.objects.filter(email=email).exclude(pk=self.instance.pk)
        twin = others.exclude(status=Expert.Status.WITHDRAWN).first() if email else None
        if twin and self.instance.status != Expert.Status.WITHDRAWN:
            raise ValidationError(
                _("The profile of %(name)s has this e-mail address already."), params={"name": twin}
            )
        return email

    def clean(self):
        data = super().clean()
        if self.instance.pk and data.get("seen_version") != self.instance.version:
            self._notice_collision(data)
        first, last = data.get("available_from"), data.get("available_until")
        if first and last and last < first:
            self.add_error("available_until", _("This day is before “available from”."))
        if (
            self.instance.status == Expert.Status.LISTED
            and "country" in data
            and not data["country"]
        ):
            self.add_error(
                "country", _("A listed profile needs a country: its region follows from it.")
            )
        return data

    def _notice_collision(self, data):
        """Somebody saved meanwhile: say what, keep what was typed, take over what was not touched.

        The form then carries the new version, so that saving once more is a choice.
        """
        seen = self.instance.history.filter(version=data.get("seen_version") or 0).first()
        self.data = self.data.copy()
        self.data[self.add_prefix("seen_version")] = self.instance.version
        heading = _("Somebody else saved this profile while you had it open. Nothing was saved.")
        if seen is None:
            self.add_error(None, [heading, _("Look at every field below, then save again.")])
            return
        base, said = seen.instance, []
        for name in [name for name in self.fields if name not in ("seen_version", "remove_photo")]:
            field = "terms" if name == "expertise" else name
            old, now = editing.value_of(base, field), editing.value_of(self.instance, field)
            if old == now:
                continue
            words = {
                "field": editing.label(field),
                "old": editing.in_words(field, old) or _("not stated"),
                "new": editing.in_words(field, now) or _("not stated"),
            }
            if name in data and _kept(name, data[name]) == old:
                self._show(name, now)
                said.append(_("%(field)s: “%(old)s” became “%(new)s”; it stands below.") % words)
            else:
                said.append(
                    _(
                        "%(field)s: “%(old)s” became “%(new)s”, and you changed it too. "
                        "Below stands what you typed."
                    )
                    % words
                )
        self.add_error(None, [heading, *said, _("Save again when everything is right.")])

    def _show(self, name: str, value):
        """Show this value of a field instead of what was sent."""
        key = self.add_prefix(name)
        if isinstance(value, list):
            self.data.setlist(key, [str(one) for one in value])
        elif isinstance(value, bool):
            self.data.pop(key, None)
            if value:
                self.data[key] = "on"
        else:
            self.data[key] = "" if value is None else str(value)


def _kept(name: str, value):
    """A cleaned value as `editing.value_of` keeps it."""
    if name in ("organisation", "country"):
        return value and value.pk
    if name == "expertise":
        return sorted(value)
    return value.isoformat() if hasattr(value, "isoformat") else value


class RegionFilter(admin.SimpleListFilter):
    title = gettext_lazy("region")
    parameter_name = "region"

    def lookups(self, request, model_admin):
        return Region.choices

    def queryset(self, request, experts):
        return experts.filter(region=self.value()) if self.value() else experts


class FreshnessFilter(admin.SimpleListFilter):
    title = gettext_lazy("freshness")
    parameter_name = "freshness"

    def lookups(self, request, model_admin):
        return Freshness.choices

    def queryset(self, request, experts):
        return experts.filter(freshness_now=self.value()) if self.value() else experts


class GroupFilter(admin.SimpleListFilter):
    """Where a listed expert stands in its cycle (experts/freshness.py)."""

    title = gettext_lazy("reminders")
    parameter_name = "group"

    def lookups(self, request, model_admin):
        return freshness.Group.choices

    def queryset(self, request, experts):
        if self.value() is None:
            return experts
        known = freshness.parted(timezone.now(), experts).filter(group=self.value())
        return known.annotate(last_reminder=freshness.last_reminder())


class AnswersFilter(admin.SimpleListFilter):
    """Who stands behind a number of the freshness page; shown where one came from there."""

    title = gettext_lazy("answers in this cycle")
    parameter_name = "answers"

    def __init__(self, request, *args):
        self.asked = request.GET.get(self.parameter_name, "")
        super().__init__(request, *args)

    def lookups(self, request, model_admin):
        return [(self.asked, name_of_way(self.asked))] if is_way(self.asked) else []

    def queryset(self, request, experts):
        if not is_way(self.value() or ""):
            return experts
        return statistics.answered(experts, self.value(), timezone.now())


class AccountFilter(admin.SimpleListFilter):
    title = gettext_lazy("sign-in")
    parameter_name = "account"

    def lookups(self, request, model_admin):
        return [("yes", _("claimed")), ("no", _("not claimed"))]

    def queryset(self, request, experts):
        if self.value() in ("yes", "no"):
            return experts.filter(user__isnull=self.value() == "no")
        return experts


class ProfileChanges(HistoricalRecordContextHelper):
    """What changed from one saving to the next; the version says nothing to people."""

    def context_for_delta_changes(self, delta):
        changes = [change for change in delta.changes if change.field != "version"]
        return super().context_for_delta_changes(dataclasses.replace(delta, changes=changes))


def _difference(field: str, old, new) -> dict:
    if field == "term_ids":
        old, new = editing.in_words("terms", old), editing.in_words("terms", new)
        return {"field": editing.label("terms"), "old": old, "new": new}
    old, new = (date_format(one, "j F Y") if one else "" for one in (old, new))
    return {"field": editing.label(field), "old": old, "new": new}


@admin.register(Expert)
class ExpertAdmin(NothingDeleted, RecordAdmin, SimpleHistoryAdmin):
    """Profiles begin with an application, a nomination or an import, so none is added here."""

    form = ExpertForm
    object_history_list_template = "admin/experts/expert/history_list.html"
    object_history_form_template = "admin/experts/expert/history_form.html"
    list_display = [
        "name",
        "status",
        "region_name",
        "country",
        "freshness",
        "confirmed_on",
        "claimed",
    ]
    list_filter = [
        "status",
        RegionFilter,
        FreshnessFilter,
        GroupFilter,
        AnswersFilter,
        AccountFilter,
        "fictitious",
    ]
    list_select_related = ["country", "organisation"]
    list_per_page = 50
    ordering = ["sort_name", "pk"]
    search_fields = ["name__unaccent", "email", "organisation__name__unaccent"]
    actions = ["approve", "relist", "unlist", "invite"]
    readonly_fields = [
        "status",
        "status_reason",
        "user",
        "confirmed_at",
        "imported_updated_on",
        "paused_until",
        "submitted_at",
        "approved_by",
        "approved_at",
        "removed_at",
        "created_at",
    ]
    fieldsets = [
        (
            None,
            {"fields": ["name", "position", "organisation", "country", "expertise", "languages"]},
        ),
        (gettext_lazy("Experience"), {"fields": ["summary", "experience", "worked_in"]}),
        (
            gettext_lazy("Availability"),
            {
                "fields": [
                    ("remote_advice", "missions", "training"),
                    "available_from",
                    "available_until",
                    "max_open_requests",
                ]
            },
        ),
        (gettext_lazy("Links"), {"fields": ["website", "orcid", "linkedin", "remove_photo"]}),
        (
            gettext_lazy("Private: shown to the audience that the expert chose"),
            {"fields": ["email", "email_audience", "phone", "phone_audience"]},
        ),
        (
            gettext_lazy("State: moved by the queue and by the expert"),
            {"fields": [*readonly_fields, "fictitious", "seen_version"]},
        ),
    ]

    def has_add_permission(self, request):
        return False

    def get_urls(self):
        def named(route, view, name):
            return path(route, self.admin_site.admin_view(view), name=f"experts_expert_{name}")

        return [
            named("freshness/", freshness_page, "freshness"),
            named("freshness/today/", reminders_today, "reminders_today"),
            *super().get_urls(),
        ]

    def get_list_display(self, request):
        """Beside a group of its cycle, when each expert is due and was last written to."""
        if GroupFilter.parameter_name in request.GET:
            return [*self.list_display, "due_on", "reminded_on"]
        return self.list_display

    def get_queryset(self, request):
        limits = Policy.current().limits(timezone.now())
        fresh = [
            When(Q(confirmed_at=None), Value(Freshness.NEVER)),
            When(Q(confirmed_at__gt=limits.fresh_since), Value(Freshness.FRESH)),
            When(Q(confirmed_at__gt=limits.due_since), Value(Freshness.DUE)),
            When(Q(confirmed_at__gt=limits.stale_since), Value(Freshness.STALE)),
        ]
        freshness = Case(*fresh, default=Value(Freshness.LAPSED), output_field=CharField())
        return super().get_queryset(request).defer("search").annotate(freshness_now=freshness)

    def get_object(self, request, object_id, from_field=None):
        """Locked while it is saved, so that the version is compared with what is really there."""
        expert = super().get_object(request, object_id, from_field)
        if expert is not None and request.method == "POST":
            expert = Expert.objects.select_for_update().get(pk=expert.pk)
        return expert

    def get_fieldsets(self, request, obj=None):
        if obj is None or obj.photo:
            return self.fieldsets
        return [
            (name, {"fields": [field for field in options["fields"] if field != "remove_photo"]})
            for name, options in self.fieldsets
        ]

    def get_form(self, request, obj=None, change=False, **kwargs):
        form = super().get_form(request, obj, change, **kwargs)
        for name in ("organisation", "country"):  # these links would lead away from the profile
            if name in form.base_fields:
                widget = form.base_fields[name].widget
                widget.can_change_related = widget.can_delete_related = widget.can_view_related = (
                    False
                )
        return form

    def save_model(self, request, expert, form, change):
        if "expertise" in form.changed_data:
            expert.set_terms(form.cleaned_data["expertise"])
        if form.cleaned_data.get("remove_photo"):
            editing.drop_photo(expert)
        expert.version += 1
        super().save_model(request, expert, form, change)

    def render_history_view(self, request, template, context, **kwargs):
        """A former state is read, so its page has the values alone: a form weighs 30 KB more."""
        if template == self.object_history_form_template:
            fields = [
                field
                for field in (*Expert.MODERATED_FIELDS, *Expert.DIRECT_FIELDS)
                if field not in Expert.PRIVATE_FIELDS
            ]
            former = context["original"]
            context["former"] = [
                (editing.label(field), editing.in_words(field, editing.value_of(former, field)))
                for field in fields
            ]
        return super().render_history_view(request, template, context, **kwargs)

    def set_history_delta_changes(self, request, historical_records, **kwargs):
        """simple_history leaves out what no form edits: expertise and confirmation."""
        super().set_history_delta_changes(request, historical_records, **kwargs)
        for newer, older in pairwise(historical_records):
            for field in ("term_ids", "confirmed_at"):
                old, new = getattr(older, field), getattr(newer, field)
                if old != new:
                    newer.history_delta_changes.append(_difference(field, old, new))

    def get_historical_record_context_helper(self, request, historical_record):
        return ProfileChanges(self.model, historical_record)

    @admin.display(description=gettext_lazy("region"), ordering="region")
    def region_name(self, expert):
        return Region(expert.region).label if expert.region else None

    @admin.display(description=gettext_lazy("freshness"), ordering="confirmed_at")
    def freshness(self, expert):
        return Freshness(expert.freshness_now).label

    @admin.display(
        description=gettext_lazy("confirmed"), ordering=F("confirmed_at").desc(nulls_last=True)
    )
    def confirmed_on(self, expert):
        return expert.confirmed_at and date_format(expert.confirmed_at, "j F Y")

    @admin.display(description=gettext_lazy("due"), ordering=F("due_at").asc(nulls_last=True))
    def due_on(self, expert):
        return expert.due_at and date_format(expert.due_at, "j F Y")

    @admin.display(
        description=gettext_lazy("last reminder"),
        ordering=F("last_reminder").desc(nulls_last=True),
    )
    def reminded_on(self, expert):
        return expert.last_reminder and date_format(expert.last_reminder, "j F Y")

    @admin.display(description=gettext_lazy("sign-in"), boolean=True, ordering="user")
    def claimed(self, expert):
        return expert.user_id is not None

    # What the Lead does with several profiles at once

    @admin.action(description=gettext_lazy("Approve and list"), permissions=["change"])
    def approve(self, request, experts):
        now = timezone.now()
        act(
            request,
            experts,
            lambda one: listing.approve(one.pk, request.user, now),
            _("Approved and listed: %(n)s."),
        )

    @admin.action(description=gettext_lazy("List again"), permissions=["change"])
    def relist(self, request, experts):
        now = timezone.now()
        act(
            request,
            experts,
            lambda one: listing.relist(one.pk, request.user, now),
            _("Listed again: %(n)s."),
        )

    @admin.action(
        description=gettext_lazy("Take off the list with a reason"), permissions=["change"]
    )
    def unlist(self, request, experts):
        now = timezone.now()
        return act_with_reason(
            self,
            request,
            experts,
            "unlist",
            _("Take profiles off the list"),
            lambda one, reason: listing.unlist(one.pk, request.user, reason, now),
            _("Off the list: %(n)s. The experts are told why."),
        )

    @admin.action(description=gettext_lazy("Invite to claim the profile"), permissions=["change"])
    def invite(self, request, experts):
        now = timezone.now()
        act(
            request,
            experts,
            lambda one: invitations.invite_to_claim(one.pk, request.user, now),
            _("Invitations sent: %(n)s."),
        )
