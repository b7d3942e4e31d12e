"""Surveys in the Lead's admin: open, close early, read the answers."""

from datetime import date, timedelta

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Count
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from advice import survey_reminders, surveying
from advice.models import Survey, SurveyAnswer
from mailings.reminders import Verdict
from partners.admin import NothingDeleted, ReadOnly, RecordAdmin
from partners.forms import DayInput
from partners.refusals import Refused

USUAL_LENGTH = timedelta(days=28)  # three mails, and two weeks after the last


class OpenForm(forms.Form):
    """What the survey is called, and until when it takes answers."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=150)
    closes_on = forms.DateField(
        label=gettext_lazy("Last day"),
        help_text=gettext_lazy("7 to 90 days ahead. After it the totals are public."),
        widget=DayInput({"class": "short"}),
    )

    def __init__(self, *args, today: date, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["title"].initial = _("Survey of %(year)s") % {"year": today.year}
        self.fields["closes_on"].initial = today + USUAL_LENGTH
        self.fields["closes_on"].widget.attrs |= {
            "min": f"{today + surveying.AT_LEAST:%Y-%m-%d}",
            "max": f"{today + surveying.AT_MOST:%Y-%m-%d}",
        }


@admin.register(Survey)
class SurveyAdmin(NothingDeleted, RecordAdmin):
    """Every survey; one is opened here, and its page shows how far it has come."""

    list_display = ["title", "opened_at", "closes_on", "state", "answer_count", "opened_by"]
    list_select_related = ["opened_by"]
    actions = None

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(number=Count("answers"))

    @admin.display(description=gettext_lazy("state"))
    def state(self, survey):
        return _state(survey)

    @admin.display(description=gettext_lazy("answers"))
    def answer_count(self, survey):
        return None if survey.was_held_before else survey.number

    def get_urls(self):
        close = self.admin_site.admin_view(self.close_view)
        return [path("<int:pk>/close/", close, name="advice_survey_close"), *super().get_urls()]

    def changelist_view(self, request, extra_context=None):
        return super().changelist_view(request, {"title": _("Surveys")})

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def add_view(self, request, form_url="", extra_context=None):
        """Whom a survey would reach, and the button that opens it."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        now = timezone.now()
        form = OpenForm(request.POST if request.method == "POST" else None, today=now.date())
        if form.is_valid():
            said = form.cleaned_data
            try:
                survey = surveying.open(said["title"], said["closes_on"], request.user, now)
            except Refused as refusal:
                form.add_error("closes_on", str(refusal))
            else:
                messages.success(request, _("It is open. The next scan writes to the list."))
                return redirect("admin:advice_survey_change", survey.pk)
        counts = survey_reminders.preview(now)
        context = {
            "title": _("Open a survey"),
            "form": form,
            "open_one": surveying.current(now),
            "will_write": counts[Verdict.WRITE],
            "counts": [
                (verdict.label, counts[verdict])
                for verdict in Verdict
                if verdict != Verdict.WRITE and counts[verdict]
            ],
        }
        return self._page(request, "open", context)

    @method_decorator(require_safe)
    def change_view(self, request, object_id, form_url="", extra_context=None):
        """How far a survey has come."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        survey = self._survey(unquote(object_id))
        answers = reverse("admin:advice_surveyanswer_changelist")
        is_open = survey.is_open(timezone.now())
        context = {
            "title": str(survey),
            "survey": survey,
            "state": _state(survey),
            "answers": survey.answers.count(),
            "answers_url": f"{answers}?survey__id__exact={survey.pk}",
            "can_close": is_open and self.has_change_permission(request),
        }
        return self._page(request, "survey", context)

    @method_decorator(require_POST)
    def close_view(self, request, pk: int):
        """End it before its day."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        survey = self._survey(pk)
        try:
            surveying.close(survey.pk, request.user, timezone.now())
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Closed. The totals are public now."))
        return redirect("admin:advice_survey_change", pk)

    def _survey(self, pk) -> Survey:
        try:
            return Survey.objects.select_related("opened_by").get(pk=pk)
        except (Survey.DoesNotExist, ValueError, OverflowError):
            raise Http404(_("There is no such survey.")) from None

    def _page(self, request, name: str, context: dict) -> TemplateResponse:
        context = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        request.current_app = self.admin_site.name
        return TemplateResponse(request, f"admin/advice/survey/{name}.html", context)


def _state(survey: Survey) -> str:
    return _("open") if survey.is_open(timezone.now()) else _("closed")


@admin.register(SurveyAnswer)
class SurveyAnswerAdmin(ReadOnly, RecordAdmin):
    """What each expert said."""

    list_display = ["expert", "survey", "received", "answered", "why_not", "stays", "at"]
    list_filter = ["survey", "stays"]
    list_select_related = ["expert", "survey"]
    search_fields = ["expert__name__unaccent", "about", "result"]
    date_hierarchy = "at"
