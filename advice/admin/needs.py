"""Needs and calls for nominations in the Lead's admin: words change here, states by steps."""

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from advice import calling, registering
from advice.models import Call, Need, NeedChange, NeedTerm
from partners.admin import NothingDeleted, ReadOnly, RecordAdmin, act, act_with_reason


class ChangeInline(ReadOnly, admin.TabularInline):
    model = NeedChange
    fields = readonly_fields = ["at", "old", "new", "actor", "reason"]
    extra = 0
    can_delete = False
    verbose_name_plural = gettext_lazy("Changes of status")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("actor")


class TermInline(admin.TabularInline):
    """Who may change a need may change what it asks for."""

    model = NeedTerm
    extra = 1

    def has_change_permission(self, request, obj=None):
        return request.user.has_perm("advice.change_need")

    def has_view_permission(self, request, obj=None):
        return request.user.has_perm("advice.view_need")

    def has_add_permission(self, request, obj=None):
        return self.has_change_permission(request)

    def has_delete_permission(self, request, obj=None):
        return self.has_change_permission(request)

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("term")


@admin.register(Need)
class NeedAdmin(NothingDeleted, RecordAdmin):
    """The words of a need; it comes from its form, and its status changes by steps."""

    list_display = ["title", "country", "year", "status", "submitted_by", "submitted_at"]
    list_filter = ["status", "country__region", "source"]
    list_select_related = ["country", "submitted_by"]
    search_fields = ["title__unaccent", "country__name__unaccent", "submitted_by__name__unaccent"]
    fields = [
        "title",
        "country",
        "description",
        "source",
        "source_text",
        "url",
        "year",
        "status",
        "status_reason",
        "submitted_by",
        "submitted_at",
    ]
    readonly_fields = ["status", "status_reason", "submitted_by", "submitted_at"]
    inlines = [TermInline, ChangeInline]
    actions = ["approve", "decline"]

    def has_add_permission(self, request):
        return False

    def get_queryset(self, request):
        return super().get_queryset(request).defer("search")

    @admin.action(description=gettext_lazy("Take into the register"), permissions=["change"])
    def approve(self, request, objects):
        return act(
            request,
            objects,
            lambda one: registering.approve(one.pk, request.user, timezone.now()),
            _("In the register: %(n)s."),
        )

    @admin.action(description=gettext_lazy("Decline with a reason"), permissions=["change"])
    def decline(self, request, objects):
        return act_with_reason(
            self,
            request,
            objects,
            "decline",
            _("Decline these needs"),
            lambda one, reason: registering.decline(one.pk, reason, request.user, timezone.now()),
            _("Declined: %(n)s. The submitters are told why."),
        )


@admin.register(Call)
class CallAdmin(ReadOnly, RecordAdmin):
    """Calls for nominations; opened and ended on the page of supply and demand."""

    list_display = ["term", "region", "opened_at", "ends_on", "ended_at", "opened_by"]
    list_filter = ["region", ("ended_at", admin.EmptyFieldListFilter)]
    list_select_related = ["term", "opened_by"]
    search_fields = ["term__label_en"]
    actions = ["end"]

    def has_end_permission(self, request) -> bool:
        return request.user.has_perm("advice.change_call")

    @admin.action(description=gettext_lazy("End the call"), permissions=["end"])
    def end(self, request, objects):
        return act(
            request,
            objects,
            lambda one: calling.end(one.pk, request.user, timezone.now()),
            _("Ended: %(n)s."),
        )
