"""Needs and calls for nominations in the Lead's admin: words change here, states by steps."""

from django import forms
from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from advice import calling, registering
from advice.models import Call, Need, NeedChange
from experts.admin.expert import terms_by_group
from partners.admin import NothingDeleted, ReadOnly, RecordAdmin, Ticks, act, act_with_reason


class ChangeInline(ReadOnly, admin.TabularInline):
    model = NeedChange
    fields = readonly_fields = ["at", "old", "new", "actor", "reason"]
    extra = 0
    can_delete = False
    verbose_name_plural = gettext_lazy("Changes of status")

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("actor")


class NeedForm(forms.ModelForm):
    """A need as the Lead corrects it, with its terms."""

    expertise = forms.TypedMultipleChoiceField(
        label=gettext_lazy("Expertise"), coerce=int, widget=Ticks
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "expertise" in self.fields:  # not for somebody who only reads
            self.fields["expertise"].choices = terms_by_group()
            self.initial["expertise"] = self.instance.term_ids


@admin.register(Need)
class NeedAdmin(NothingDeleted, RecordAdmin):
    """The words of a need; it comes from its form, and its status changes by steps."""

    form = NeedForm
    list_display = ["title", "country", "year", "status", "submitted_by", "submitted_at"]
    list_filter = ["status", "country__region", "source"]
    list_select_related = ["country", "submitted_by"]
    search_fields = ["title__unaccent", "country__name__unaccent", "submitted_by__name__unaccent"]
    fields = [
        "title",
        "country",
        "description",
        "expertise",
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
    inlines = [ChangeInline]
    actions = ["approve", "decline"]

    def has_add_permission(self, request):
        return False

    def get_queryset(self, request):
        return super().get_queryset(request).defer("search")

    def save_model(self, request, need, form, change):
        # Only what was typed: a step may have changed the status meanwhile
        need.save(update_fields=[name for name in form.changed_data if name != "expertise"])
        if "expertise" in form.changed_data:
            need.terms.set(form.cleaned_data["expertise"])

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
