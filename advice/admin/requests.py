"""Requests in the Lead's admin: how they stand, whom to ask, who is blocked."""

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from advice import abuse, leading, matching
from advice.models import (
    AdviceRequest,
    Block,
    Choice,
    ContactReveal,
    Report,
    RequestChange,
    Story,
)
from documents.forms.practices import ExpertNameField
from experts import presenting
from experts.models import Expert, Policy
from partners import languages
from partners.admin import ReadOnly, RecordAdmin, act
from partners.refusals import Refused

PROPOSED_AT_MOST = 12


class ChangeInline(ReadOnly, admin.TabularInline):
    model = RequestChange
    fields = readonly_fields = ["at", "old", "new", "actor", "reason"]
    extra = 0
    can_delete = False

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("actor")


class SomebodyElseForm(forms.Form):
    """An expert whom the portal did not propose."""

    name = ExpertNameField(
        label=gettext_lazy("Somebody else on the list"), max_length=200, required=False
    )

    def __init__(self, data=None, **kwargs):
        super().__init__(data, **kwargs)
        self.fields["name"].candidates = Expert.objects.listed().defer("search")


@admin.register(AdviceRequest)
class AdviceRequestAdmin(ReadOnly, RecordAdmin):
    """Every request that was sent. Its words stand on its own page."""

    list_display = ["title", "country", "requester", "status", "waits_for", "sent_at", "since"]
    list_filter = ["status", "waits_for"]
    list_select_related = ["country", "requester"]
    search_fields = ["text", "requester__name__unaccent", "requester__email"]
    date_hierarchy = "sent_at"
    fields = readonly_fields = [
        *("text", "requester", "organisation", "house", "country", "languages"),
        *("remote_advice", "mission", "training", "wanted_by", "team", "area", "need"),
        *("practice", "status", "waits_for", "status_reason", "sent_at", "asking_since"),
        *("since", "ended_at"),
    ]
    inlines = [ChangeInline]

    def get_queryset(self, request):
        return super().get_queryset(request).sent()

    def get_urls(self):
        match = self.admin_site.admin_view(self.match_view)
        return [
            path("<int:pk>/match/", match, name="advice_advicerequest_match"),
            *super().get_urls(),
        ]

    @method_decorator(require_http_methods(["GET", "HEAD", "POST"]))
    def match_view(self, request, pk):
        """Experts who fit, for each place; those that are ticked are asked one after the other."""
        if not request.user.has_perm("advice.change_advicerequest"):
            raise PermissionDenied
        found = AdviceRequest.objects.sent().select_related("country", "requester").filter(pk=pk)
        wanted = found.first()
        if wanted is None:
            raise Http404
        now, refused = timezone.now(), ""
        rows = [_row(place, wanted, request, now) for place in _free_places(wanted)]
        if request.method == "POST" and all(row["other"].is_valid() for row in rows):
            try:
                chosen = {row["place"].pk: _chosen(row, request) for row in rows}
                leading.choose(wanted.pk, chosen, request.user, now)
            except Refused as refusal:
                refused = str(refusal)
            else:
                messages.success(request, _("The experts are asked now, one after the other."))
                return redirect("admin:index")
        context = {
            **self.admin_site.each_context(request),
            "opts": self.model._meta,
            "title": _("Choose experts"),
            "advice": wanted,
            "country": presenting.country(wanted.country_id),
            "terms": list(wanted.terms.all()),
            "spoken": [languages.name(code) for code in wanted.languages],
            "rows": rows,
            "refused": refused,
            "is_waiting": wanted.status == AdviceRequest.Status.WAITING,
        }
        template = "admin/advice/match.html"
        status = 409 if refused else 200
        return TemplateResponse(request, template, context, status=status)


def _free_places(wanted: AdviceRequest):
    taken = Choice.objects.filter(
        place__request=wanted, status__in=(Choice.Status.ACCEPTED, Choice.Status.ASKED)
    )
    places = wanted.places.exclude(pk__in=taken.values("place"))
    return places.select_related("term").prefetch_related("choices__expert")


def _row(place, wanted: AdviceRequest, request, now) -> dict:
    limits = Policy.current().limits(now)
    wish = matching.wish_of(wanted, place)
    ticked = request.POST.getlist(f"place-{place.pk}")
    before = [str(one.expert_id) for one in place.choices.all() if one.status == "chosen"]
    return {
        "place": place,
        "proposals": [
            {
                "expert": one.expert,
                "country": presenting.country(one.expert.country_id),
                "reasons": one.reasons,
                "but": one.but,
                "open": one.open_requests,
                "badge": presenting.badge(one.expert, limits),
                "ticked": str(one.expert.pk) in (ticked if request.POST else before),
            }
            for one in matching.propose(wish, now, limit=PROPOSED_AT_MOST)
        ],
        "other": SomebodyElseForm(
            request.POST if request.method == "POST" else None, prefix=f"other-{place.pk}"
        ),
        "asked": [one for one in place.choices.all() if one.asked_at],
    }


def _chosen(row: dict, request) -> list[tuple[int, list[str]]]:
    """(key, why) of who is ticked, and of who was typed."""
    ticked = request.POST.getlist(f"place-{row['place'].pk}")
    chosen = [
        (one["expert"].pk, list(one["reasons"]))
        for one in row["proposals"]
        if str(one["expert"].pk) in ticked
    ]
    other = row["other"].cleaned_data.get("name")
    if other and other.pk not in dict(chosen):
        chosen.append((other.pk, [str(_("chosen by the Lead"))]))
    return chosen


@admin.register(Choice)
class ChoiceAdmin(ReadOnly, RecordAdmin):
    """Whom the portal asked, and what they answered."""

    list_display = ["expert", "request", "status", "asked_at", "answered_at", "reason"]
    list_filter = ["status", "reason"]
    list_select_related = ["expert", "place__request"]
    search_fields = ["expert__name__unaccent", "place__request__text"]
    date_hierarchy = "asked_at"

    def get_queryset(self, request):
        sent = super().get_queryset(request).exclude(place__request__sent_at=None)
        return sent.defer("expert__search")

    @admin.display(description=gettext_lazy("request"))
    def request(self, choice):
        return choice.place.request


@admin.register(ContactReveal)
class ContactRevealAdmin(ReadOnly, RecordAdmin):
    """Who got to know whose contact data, and when."""

    list_display = ["at", "expert", "to", "of", "to_expert", "fields"]
    list_select_related = ["expert", "to", "of", "to_expert"]
    date_hierarchy = "at"

    def get_queryset(self, request):
        return super().get_queryset(request).defer("expert__search", "to_expert__search")


@admin.register(Report)
class ReportAdmin(ReadOnly, RecordAdmin):
    """What one side told about the other; decided in the queue."""

    list_display = ["at", "choice", "side", "text", "decided_by", "decided_at"]
    list_filter = ["side", ("decided_at", admin.EmptyFieldListFilter)]
    list_select_related = ["choice__expert", "choice__place", "decided_by"]


@admin.register(Block)
class BlockAdmin(ReadOnly, RecordAdmin):
    """People who may send no requests for now."""

    list_display = ["user", "reason", "by", "at", "lifted_at"]
    list_filter = [("lifted_at", admin.EmptyFieldListFilter)]
    list_select_related = ["user", "by"]
    actions = ["lift"]

    def has_lift_permission(self, request):
        return request.user.has_perm("advice.change_block")

    @admin.action(description=gettext_lazy("Let them send requests again"), permissions=["lift"])
    def lift(self, request, objects):
        return act(
            request,
            objects,
            lambda one: abuse.lift(one.pk, request.user, timezone.now()),
            _("Not blocked any more: %(n)s."),
        )


@admin.register(Story)
class StoryAdmin(ReadOnly, RecordAdmin):
    """Stories that both sides agreed to."""

    list_display = ["__str__", "at", "seen_at", "hidden_at"]
    list_filter = [("hidden_at", admin.EmptyFieldListFilter)]
    list_select_related = ["choice__place__request"]
