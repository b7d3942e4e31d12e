"""The library in the Lead's admin: states of documents, limit values, common preconditions."""

from django.contrib import admin
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents import publishing
from documents.models import Document, LimitValue, Proposal, Requirement, Version
from partners.admin import ByName, NothingDeleted, ReadOnly, RecordAdmin, act, act_with_reason


@admin.register(Document)
class DocumentAdmin(ReadOnly, RecordAdmin):
    """Every document; facts and versions change on its pages."""

    list_display = ["code", "title", "kind", "status", "audience", "owner", "review_by"]
    list_filter = ["status", "kind", "audience"]
    list_select_related = ["owner"]
    search_fields = ["code", "title__unaccent"]
    exclude = ["search", "sort_title", "regions", "term_ids", "group_ids"]
    actions = ["archive", "restore"]

    def has_keep_permission(self, request) -> bool:
        return request.user.has_perm("documents.change_document")

    @admin.action(description=gettext_lazy("Archive with a reason"), permissions=["keep"])
    def archive(self, request, objects):
        return act_with_reason(
            self,
            request,
            objects,
            "archive",
            _("Archive these documents"),
            lambda one, reason: publishing.archive(one.pk, reason, request.user, timezone.now()),
            _("Archived: %(n)s."),
        )

    @admin.action(description=gettext_lazy("Restore"), permissions=["keep"])
    def restore(self, request, objects):
        return act(
            request,
            objects,
            lambda one: publishing.restore(one.pk, request.user, timezone.now()),
            _("Restored: %(n)s."),
        )

    def get_queryset(self, request):
        return super().get_queryset(request).defer("search")


@admin.register(Version)
class VersionAdmin(ReadOnly, RecordAdmin):
    """Never changed; published and dropped on its page."""

    list_display = ["__str__", "published_at", "published_by", "licence"]
    list_select_related = ["document", "published_by"]
    search_fields = ["document__code", "document__title__unaccent"]


class DocumentByCode(ByName):
    """A document, named by its code."""

    default_error_messages = {
        "invalid_choice": gettext_lazy("The library has no document with this code.")
    }


@admin.register(LimitValue)
class LimitValueAdmin(NothingDeleted, RecordAdmin):
    """A new decision is a new row that replaces the old one."""

    list_display = ["scope", "in_words", "decision", "body", "decided_on", "status"]
    list_filter = ["status"]
    search_fields = ["scope__unaccent", "decision__unaccent"]

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name != "document":
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        return db_field.formfield(
            form_class=DocumentByCode,
            to_field_name="code",
            help_text=_("Its code: the last part of its address."),
        )


@admin.register(Proposal)
class ProposalAdmin(ReadOnly, RecordAdmin):
    list_display = ["title", "kind", "status", "proposed_by", "proposed_at", "decided_by"]
    list_filter = ["status", "kind"]
    list_select_related = ["proposed_by", "decided_by"]
    search_fields = ["title__unaccent"]


@admin.register(Requirement)
class RequirementAdmin(NothingDeleted, RecordAdmin):
    """Common preconditions that practices point at."""
