"""Comment rounds and comments in the Lead's admin: to look things up; work is done on the pages."""

from django.contrib import admin
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents.models import Comment, CommentRound
from partners.admin import ReadOnly, RecordAdmin


@admin.register(CommentRound)
class CommentRoundAdmin(ReadOnly, RecordAdmin):
    """Every round; it is prepared, opened and finished on its pages."""

    list_display = ["title", "version", "status", "audience", "opens_at", "closes_at", "pages"]
    list_filter = ["status", "audience"]
    list_select_related = ["version__document"]
    search_fields = ["title__unaccent", "version__document__title__unaccent", "address"]
    date_hierarchy = "closes_at"
    readonly_fields = ["pages"]

    @admin.display(description=gettext_lazy("pages"))
    def pages(self, one):
        return format_html(
            '<a href="{}">{}</a> · <a href="{}">{}</a> · <a href="{}">{}</a>',
            one.get_absolute_url(),
            _("round"),
            reverse("answer_list", args=[one.pk]),
            _("answers"),
            reverse("round_matrix", args=[one.pk]),
            _("matrix"),
        )


@admin.register(Comment)
class CommentAdmin(ReadOnly, RecordAdmin):
    """What was sent, came late or was taken back; drafts are their authors' alone."""

    list_display = ["__str__", "organisation", "author", "type", "place", "status", "answer"]
    list_filter = ["status", "type", "response__verdict"]
    list_select_related = ["round", "organisation", "author", "response"]
    search_fields = ["text__unaccent", "proposed_text__unaccent", "round__title__unaccent"]
    readonly_fields = ["answer", "page_of_answer"]

    def get_queryset(self, request):
        return super().get_queryset(request).visible_to(request.user)

    @admin.display(description=gettext_lazy("answer"), ordering="response__verdict")
    def answer(self, comment):
        response = getattr(comment, "response", None)
        return response.get_verdict_display() if response else None

    @admin.display(description=gettext_lazy("page"))
    def page_of_answer(self, comment):
        if comment.status == Comment.Status.DRAFT:
            return None
        address = reverse("answer_edit", args=[comment.round_id, comment.pk])
        return format_html('<a href="{}">{}</a>', address, _("comment and answer"))
