"""What the list keeps beside profiles: consents, edits, corrections, invitations, the policy."""

from django.contrib import admin
from django.db.models import Prefetch
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
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


@admin.register(Policy)
class PolicyAdmin(NothingDeleted, RecordAdmin):
    """One row: its list leads to it, and makes it with the usual numbers where none was saved."""

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

    def response_post_save_change(self, request, policy):
        return redirect(reverse("admin:index"))
