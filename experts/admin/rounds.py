"""Refresh rounds and what Leads did about silent experts, in the Lead's admin."""

from datetime import timedelta

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from experts import rounds
from experts.models import Edition, FollowUp, Round
from partners.admin import ReadOnly, RecordAdmin
from partners.refusals import Refused

USUAL_LENGTH = timedelta(days=56)  # three reminders, and two weeks after the last


class DeadlineForm(forms.Form):
    """Until when the whole list is asked."""

    deadline = forms.DateField(
        label=gettext_lazy("Deadline"),
        help_text=gettext_lazy("The last day of the round; the edition is made the day after."),
        widget=forms.DateInput({"type": "date", "class": "short"}, "%Y-%m-%d"),
    )

    def __init__(self, *args, today, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["deadline"].initial = today + USUAL_LENGTH
        self.fields["deadline"].widget.attrs |= {
            "min": f"{today + rounds.AT_LEAST:%Y-%m-%d}",
            "max": f"{today + rounds.AT_MOST:%Y-%m-%d}",
        }


class CancelForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("It stands in the log of decisions."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


@admin.register(Round)
class RoundAdmin(RecordAdmin):
    """Every round; one is opened here, and its page shows how far it has come."""

    list_display = ["opened_at", "deadline", "state", "edition_made", "opened_by"]
    list_select_related = ["opened_by", "edition"]
    actions = None

    @admin.display(description=gettext_lazy("state"))
    def state(self, one):
        return state_of(one)

    @admin.display(description=gettext_lazy("edition"))
    def edition_made(self, one):
        edition = getattr(one, "edition", None)
        return edition.at.date() if edition else None

    def has_change_permission(self, request, obj=None):
        return False

    def has_delete_permission(self, request, obj=None):
        return False

    def get_urls(self):
        cancel = self.admin_site.admin_view(self.cancel_view)
        return [
            path("<int:pk>/cancel/", cancel, name="experts_round_cancel"),
            *super().get_urls(),
        ]

    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(request, {"title": _("Refresh rounds")})

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def add_view(self, request, form_url="", extra_context=None):
        """What a round would do, and the button that opens it."""
        self._need_right(request)
        now = timezone.now()
        form = DeadlineForm(request.POST if request.method == "POST" else None, today=now.date())
        if form.is_valid():
            try:
                opened = rounds.open(form.cleaned_data["deadline"], request.user, now)
            except Refused as refusal:
                form.add_error("deadline", str(refusal))
            else:
                messages.success(request, _("The round is open. The next scan writes to the list."))
                return redirect("admin:experts_round_change", opened.pk)
        context = {
            "title": _("Open a refresh round"),
            "form": form,
            "open_one": Round.objects.in_force().filter(ended_at=None).first(),
            "preview": rounds.preview(now),
        }
        return self._page(request, "open", context)

    @method_decorator(require_safe)
    def change_view(self, request, object_id, form_url="", extra_context=None):
        """How far a round has come."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        return self._show(request, self._round(unquote(object_id)), CancelForm())

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def cancel_view(self, request, pk: int):
        """GET is the round's page; POST cancels, with a reason."""
        self._need_right(request)
        one = self._round(pk)
        if request.method != "POST":
            return redirect("admin:experts_round_change", pk)
        form = CancelForm(request.POST)
        if form.is_valid():
            try:
                rounds.cancel(one.pk, request.user, form.cleaned_data["reason"], timezone.now())
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("Cancelled. Confirmations that came in stay."))
                return redirect("admin:experts_round_change", pk)
        return self._show(request, one, form)

    def _show(self, request, one: Round, form: CancelForm) -> TemplateResponse:
        now = timezone.now()
        changelist = reverse("admin:experts_expert_changelist")
        context = {
            "title": _("Refresh round"),
            "round": one,
            "state": state_of(one),
            "progress": rounds.progress(one, now),
            "form": form if one.is_open and self.has_add_permission(request) else None,
            "edition": Edition.objects.filter(round=one).first(),
            "lists": [
                (_("Reminded once"), f"{changelist}?group=once"),
                (_("Reminded twice"), f"{changelist}?group=twice"),
                (_("Reminded three times"), f"{changelist}?group=three"),
                (_("Unconfirmed, in the queue"), reverse("admin:index") + "?kind=silent"),
            ],
        }
        return self._page(request, "round", context)

    def _need_right(self, request):
        if not self.has_add_permission(request):
            raise PermissionDenied

    def _round(self, pk) -> Round:
        try:
            return Round.objects.select_related("opened_by").get(pk=pk)
        except (Round.DoesNotExist, ValueError, OverflowError):
            raise Http404(_("There is no such round.")) from None

    def _page(self, request, name: str, context: dict) -> TemplateResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        request.current_app = self.admin_site.name
        return TemplateResponse(request, f"admin/experts/round/{name}.html", context)


def state_of(one: Round) -> str:
    if one.cancelled_at:
        return _("cancelled")
    return _("ended") if one.ended_at else _("open")


@admin.register(FollowUp)
class FollowUpAdmin(ReadOnly, RecordAdmin):
    """What Leads did about experts who stayed silent, and what contact persons answered."""

    list_display = ["expert", "action", "at", "until", "contact_name", "answer", "by"]
    list_filter = ["action", "answer"]
    list_select_related = ["expert", "by"]
    search_fields = ["expert__name__unaccent", "contact_name__unaccent", "contact_email"]
    date_hierarchy = "at"
