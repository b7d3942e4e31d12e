"""What the list keeps beside profiles: consents, edits, corrections, invitations, the policy."""

from django import forms
from django.contrib import admin, messages
from django.db.models import Prefetch
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from experts import editing
from experts.models import Change, Consent, Correction, Edit, Invitation, Policy
from partners import decisions
from partners.admin import NothingDeleted, ReadOnly, RecordAdmin


@admin.register(Consent)
class ConsentAdmin(ReadOnly, RecordAdmin):
    list_display = ["expert", "given", "text_version", "channel", "edition", "at", "actor"]
    list_filter = ["given", "channel", "text_version"]
    list_select_related = ["expert", "actor"]
    search_fields = ["expert__name__unaccent", "expert__email"]
    date_hierarchy = "at"


class ChangeInline(ReadOnly, admin.TabularInline):
    model = Change
    fields = readonly_fields = [
        "label",
        "before_words",
        "after_words",
        "state",
        "decided_by",
        "decision_reason",
    ]
    extra = 0
    can_delete = False

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("decided_by", "edit__expert")

    @admin.display(description=gettext_lazy("field"))
    def label(self, change):
        return editing.label(change.field)

    @admin.display(description=gettext_lazy("before"))
    def before_words(self, change):
        return editing.in_words(change.field, change.before)

    @admin.display(description=gettext_lazy("after"))
    def after_words(self, change):
        return editing.in_words(change.field, change.after)


@admin.register(Edit)
class EditAdmin(ReadOnly, RecordAdmin):
    """Every saving by an expert. What is to be decided stands in the queue."""

    list_display = ["expert", "at", "fields_changed", "by", "seen_by"]
    list_filter = ["changes__state"]
    list_select_related = ["expert", "by", "seen_by"]
    search_fields = ["expert__name__unaccent", "expert__email"]
    date_hierarchy = "at"
    inlines = [ChangeInline]

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related(Prefetch("changes"))

    @admin.display(description=gettext_lazy("fields"))
    def fields_changed(self, edit):
        return ", ".join(editing.label(change.field) for change in edit.changes.all())


@admin.register(Correction)
class CorrectionAdmin(ReadOnly, RecordAdmin):
    """What colleagues suggest; the expert answers, not the Lead."""

    list_display = ["expert", "by", "at", "state", "answered_at"]
    list_filter = ["state"]
    list_select_related = ["expert", "by"]
    search_fields = ["expert__name__unaccent", "text"]


@admin.register(Invitation)
class InvitationAdmin(ReadOnly, RecordAdmin):
    list_display = ["name", "kind", "email", "state", "sent_at", "expires_at", "invited_by"]
    list_filter = ["kind", "state"]
    list_select_related = ["expert", "invited_by"]
    search_fields = ["name__unaccent", "email"]


class PolicyForm(forms.ModelForm):
    """The numbers with their meaning, in the order in which they come to pass."""

    class Meta:
        model = Policy
        fields = ()  # those of the admin's fieldsets
        help_texts = {
            "fresh_months": gettext_lazy("So long after a confirmation nothing is asked."),
            "due_days": gettext_lazy(
                "The time of the reminders; afterwards the expert stands in your queue."
            ),
            "reminder_days": gettext_lazy(
                "Days after the due date, one to six, in order and with commas: 0, 14, 28."
            ),
            "reminders_a_year": gettext_lazy(
                "To one expert, rounds included. Beats a round; what you write by hand does not "
                "count."
            ),
            "days_between": gettext_lazy("About the same profile. A later reminder waits."),
            "spread_minutes": gettext_lazy(
                "So that not all leave in one minute. 480 are eight hours; 0 sends all at once."
            ),
            "stale_months": gettext_lazy(
                "Counted from the confirmation. Then lapsed: out of the default results."
            ),
            "lapsed_months": gettext_lazy(
                "Counted from the confirmation. Then taken off the list, after one notice."
            ),
            "notice_days": gettext_lazy("So long before, one mail says what will happen."),
            "never_months": gettext_lazy(
                "For profiles that nobody ever confirmed; counted from the end of the first round."
            ),
            "first_round_ended_on": gettext_lazy(
                "From this day on, profiles that nobody ever confirmed count as lapsed. The end "
                "of the first round fills it in."
            ),
            "leave_months": gettext_lazy(
                "So long an expert whom you leave for now stays out of the queue."
            ),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self.fields.values():  # the list of days has its default from a function
            field.show_hidden_initial = False


@admin.register(Policy)
class PolicyAdmin(NothingDeleted, RecordAdmin):
    """One row: its list leads to it, and makes it with the usual numbers where none was saved."""

    form = PolicyForm
    fieldsets = [
        (
            gettext_lazy("Reminders"),
            {
                "description": gettext_lazy("Changes apply to the next scan, for everybody."),
                "fields": [
                    "fresh_months",
                    "due_days",
                    "reminder_days",
                    "reminders_a_year",
                    "days_between",
                    "spread_minutes",
                ],
            },
        ),
        (
            gettext_lazy("Silence"),
            {
                "fields": [
                    "stale_months",
                    "lapsed_months",
                    "notice_days",
                    "never_months",
                    "first_round_ended_on",
                ]
            },
        ),
        (gettext_lazy("Queue"), {"fields": ["leave_months"]}),
    ]

    def has_add_permission(self, request):
        return False

    def changelist_view(self, request, extra_context=None):
        return redirect("admin:experts_policy_change", 1)

    def get_object(self, request, object_id, from_field=None):
        return Policy.current() if object_id == "1" else None

    def save_model(self, request, policy, form, change):
        super().save_model(request, policy, form, change)
        if form.has_changed():
            said = "; ".join(f"{name}: {form.cleaned_data[name]}" for name in form.changed_data)
            decisions.record(request.user, "changed policy", policy, timezone.now(), reason=said)
        told = format_html(
            '{} <a href="{}">{}</a>',
            _("Changes apply to the next scan."),
            reverse("admin:experts_expert_reminders_today"),
            _("Who would be written to today"),
        )
        messages.info(request, told)
        for warning in policy.warnings():
            messages.warning(request, warning)

    def response_post_save_change(self, request, policy):
        return redirect(reverse("admin:index"))
