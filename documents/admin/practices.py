"""Practices and reports of use in the Lead's admin: state and owner; words change on the pages."""

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents import practice_reminders, practices, uses
from documents.models import Practice, PracticeReview, PracticeVersion, UseReport
from partners.admin import (
    NothingDeleted,
    PeopleByAddress,
    ReadOnly,
    RecordAdmin,
    act,
    act_with_reason,
)


class VersionInline(ReadOnly, admin.TabularInline):
    model = PracticeVersion
    fk_name = "practice"
    fields = readonly_fields = [
        "number",
        "title",
        "status",
        "submitted_at",
        "decided_by",
        "decided_at",
    ]
    extra = 0
    can_delete = False
    show_change_link = False

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("decided_by").defer("search")


class ReviewInline(ReadOnly, admin.TabularInline):
    model = PracticeReview
    fields = readonly_fields = ["at", "role", "user"]
    extra = 0
    can_delete = False

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("user")


@admin.register(Practice)
class PracticeAdmin(PeopleByAddress, NothingDeleted, RecordAdmin):
    """Who owns a sheet; archive and restore."""

    list_display = ["code", "title", "status", "owner", "organisation", "reviewed_at"]
    list_filter = ["status"]
    list_select_related = ["current", "owner", "organisation"]
    search_fields = ["code", "versions__title", "owner__name", "owner__email"]
    fields = [
        "code",
        "owner",
        "organisation",
        "status",
        "status_reason",
        "reviewed_at",
        "created_at",
        "reminders_off_at",
    ]
    readonly_fields = [
        "code",
        "status",
        "status_reason",
        "reviewed_at",
        "created_at",
        "reminders_off_at",
    ]
    people_by_address = ("owner",)
    inlines = [VersionInline, ReviewInline]
    actions = ["archive", "restore"]

    def has_add_permission(self, request):
        return False

    def save_model(self, request, obj, form, change):
        super().save_model(request, obj, form, change)
        if "owner" in form.changed_data:
            practice_reminders.begin_anew(obj)

    def get_queryset(self, request):
        return super().get_queryset(request).defer("current__search")

    @admin.display(description=gettext_lazy("title"), ordering="current__sort_title")
    def title(self, practice):
        return str(practice)

    @admin.action(description=gettext_lazy("Archive with a reason"), permissions=["change"])
    def archive(self, request, objects):
        return act_with_reason(
            self,
            request,
            objects,
            "archive",
            _("Archive these practices"),
            lambda one, reason: practices.archive(one.pk, reason, request.user, timezone.now()),
            _("Archived: %(n)s."),
        )

    @admin.action(description=gettext_lazy("Restore"), permissions=["change"])
    def restore(self, request, objects):
        return act(
            request,
            objects,
            lambda one: practices.restore(one.pk, request.user, timezone.now()),
            _("Restored: %(n)s."),
        )


@admin.register(UseReport)
class UseReportAdmin(ReadOnly, RecordAdmin):
    """What partners told; the Lead hides and shows again."""

    list_display = ["practice", "country", "year", "outcome", "user", "at", "hidden_at"]
    list_filter = ["outcome", ("hidden_at", admin.EmptyFieldListFilter)]
    list_select_related = ["practice__current", "user"]
    search_fields = ["practice__code", "user__name", "brought"]
    actions = ["hide", "show_again"]

    def get_queryset(self, request):
        return super().get_queryset(request).defer("practice__current__search")

    def _may_hide(self, request) -> bool:
        return request.user.has_perm("documents.change_usereport")

    has_hide_permission = _may_hide

    @admin.action(description=gettext_lazy("Hide with a reason"), permissions=["hide"])
    def hide(self, request, objects):
        return act_with_reason(
            self,
            request,
            objects,
            "hide",
            _("Hide these reports"),
            lambda one, reason: uses.hide(one.pk, reason, request.user, timezone.now()),
            _("Hidden: %(n)s."),
        )

    @admin.action(description=gettext_lazy("Show again"), permissions=["hide"])
    def show_again(self, request, objects):
        return act(
            request,
            objects,
            lambda one: uses.show_again(one.pk, request.user, timezone.now()),
            _("Shown again: %(n)s."),
        )
