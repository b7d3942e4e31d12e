"""Mail in the Lead's admin: what became of it, addresses that are not written to, and why.

Nobody reads here what acts for somebody else: of ready-made mail, sign-in codes among it, neither
subject nor words are shown, and in all other mail the tokens are masked (mailings/masking.py).
"""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.utils.html import format_html, format_html_join, linebreaks
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST, require_safe

from mailings import announcing, deciding, masking, progress, suppression
from mailings.models import (
    AnnouncementTopic,
    Bounce,
    ListRules,
    MailingPolicy,
    OutgoingMail,
    Suppression,
    TrustedAuthor,
)
from partners import decisions
from partners.admin import NothingDeleted, PeopleByAddress, ReadOnly, RecordAdmin, act
from partners.keys import keys_in
from partners.refusals import Refused

MOST_AT_ONCE = 10_000  # mails of one decision
NOTHING = "–"


class TemplateFilter(admin.SimpleListFilter):
    """What the mails say, by their template."""

    title = gettext_lazy("mail")
    parameter_name = "mail"
    READY_MADE = "-"

    def lookups(self, request, model_admin):
        used = OutgoingMail.objects.order_by("template").values_list("template", flat=True)
        return [
            (template or self.READY_MADE, template or _("ready-made"))
            for template in used.distinct()
        ]

    def queryset(self, request, mails):
        if self.value() is None:
            return mails
        return mails.filter(template="" if self.value() == self.READY_MADE else self.value())


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnly, RecordAdmin):
    """Rows that workers change. The Lead repeats or drops some; words and codes stay unseen."""

    list_display = ["created_at", "address", "mail", "state", "said"]
    list_filter = ["state", "kind", TemplateFilter]
    search_fields = ["to"]
    date_hierarchy = "created_at"
    list_per_page = 50
    fields = readonly_fields = [
        "state",
        "kind",
        "address",
        "mail",
        "language",
        "created_at",
        "next_try",
        "attempts",
        "finished_at",
        "said",
        "subject_shown",
        "text",
        "reported",
    ]
    actions = ["repeat", "drop"]

    def get_queryset(self, request):
        return super().get_queryset(request).defer("context", "content")

    # What is shown

    @admin.display(description=gettext_lazy("to"), ordering="to")
    def address(self, mail):
        return mail.to or _("erased")

    @admin.display(description=gettext_lazy("mail"), ordering="template")
    def mail(self, mail):
        return mail.template or _("ready-made")

    @admin.display(description=gettext_lazy("answer of the server, or why not"))
    def said(self, mail):
        return masking.masked(mail.answer)

    @admin.display(description=gettext_lazy("subject"))
    def subject_shown(self, mail):
        return masking.masked(mail.subject) if mail.template else _("not readable")

    @admin.display(description=gettext_lazy("text, as it was sent"))
    def text(self, mail):
        if not mail.template:
            return _("Not readable: it may have a code or a link with which somebody signs in.")
        if mail.content is None:
            if mail.state in OutgoingMail.WAITING:
                return _("It is written when it leaves.")
            return _("Not kept.")
        return mark_safe(linebreaks(masking.text_of(mail.content), autoescape=True))

    @admin.display(description=gettext_lazy("reported afterwards"))
    def reported(self, mail):
        rows = [
            (reverse("admin:mailings_bounce_change", args=[bounce.pk]), bounce)
            for bounce in mail.bounces.all()
        ]
        return format_html_join(", ", '<a href="{}">{}</a>', rows) or NOTHING

    # What the Lead decides

    def has_decide_permission(self, request):
        return request.user.has_perm("mailings.decide")

    @admin.action(
        description=gettext_lazy("Repeat those that are uncertain"), permissions=["decide"]
    )
    def repeat(self, request, mails):
        _decide(request, "repeat", mails.values_list("pk", flat=True)[:MOST_AT_ONCE])

    @admin.action(
        description=gettext_lazy("Drop those that wait or are uncertain"), permissions=["decide"]
    )
    def drop(self, request, mails):
        _decide(request, "drop", mails.values_list("pk", flat=True)[:MOST_AT_ONCE])

    # The progress page

    def get_urls(self):
        def named(route, view, name):
            name = f"mailings_outgoingmail_{name}"
            return path(route, self.admin_site.admin_view(view), name=name)

        return [
            named("progress/", self.progress_view, "progress"),
            named("progress/decide/", self.decide_view, "decide"),
            named("progress/go-on/", self.go_on_view, "go_on"),
            *super().get_urls(),
        ]

    @method_decorator(require_safe)
    def progress_view(self, request):
        """Where mail stands at this moment."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = progress.at(timezone.now())
        context = {
            **self.admin_site.each_context(request),
            "title": _("Mail"),
            "progress": found,
            "states": OutgoingMail.State,
            "failures": [{**row, "said": masking.masked(row["said"])} for row in found.failures],
            "bounced": found.marked.get(Suppression.Reason.BOUNCED, 0),
            "complained": found.marked.get(Suppression.Reason.COMPLAINT, 0),
            "can_decide": self.has_decide_permission(request),
        }
        request.current_app = self.admin_site.name
        return render(request, "admin/mailings/outgoingmail/progress.html", context)

    @method_decorator(require_POST)
    def decide_view(self, request):
        """Repeat or drop the uncertain mails that were ticked."""
        if not self.has_decide_permission(request):
            raise PermissionDenied
        step = request.POST.get("step", "repeat")
        if step not in ("repeat", "drop"):
            return HttpResponseBadRequest(_("This button is not known."), content_type="text/plain")
        keys = keys_in(request.POST.getlist("mail"))
        if keys:
            _decide(request, step, keys)
        else:
            messages.error(request, _("Nothing is ticked. Tick at least one mail."))
        return redirect("admin:mailings_outgoingmail_progress")

    @method_decorator(require_POST)
    def go_on_view(self, request):
        """Let held mail leave."""
        if not self.has_decide_permission(request):
            raise PermissionDenied
        try:
            deciding.go_on(request.user, timezone.now())
        except Refused as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, _("Mail leaves again."))
        return redirect("admin:mailings_outgoingmail_progress")


def _decide(request, step: str, keys):
    """Take the step on these mails and say how many it was possible for."""
    keys = list(keys)
    try:
        done = getattr(deciding, step)(keys, request.user, timezone.now())
    except Refused as refusal:
        messages.warning(request, str(refusal))
        return
    if step == "repeat":
        said = ngettext("%(n)s mail is sent again.", "%(n)s mails are sent again.", done)
    else:
        said = ngettext("%(n)s mail is dropped.", "%(n)s mails are dropped.", done)
    messages.success(request, said % {"n": done})
    if done < len(keys):
        left = len(keys) - done
        said = ngettext(
            "%(n)s mail was left as it is: it is in another state.",
            "%(n)s mails were left as they are: they are in another state.",
            left,
        )
        messages.warning(request, said % {"n": left})


# Addresses


@admin.register(Bounce)
class BounceAdmin(ReadOnly, RecordAdmin):
    """What was said about addresses. The address itself is not kept."""

    list_display = ["at", "kind", "source", "status", "said", "counts"]
    list_filter = ["kind", "source"]
    date_hierarchy = "at"
    fields = readonly_fields = ["at", "kind", "source", "status", "said", "counts", "about"]
    actions = None

    @admin.display(description=gettext_lazy("what the server said"))
    def said(self, bounce):
        return masking.masked(bounce.diagnostic)

    @admin.display(description=gettext_lazy("mail"))
    def about(self, bounce):
        if bounce.mail_id is None:
            return NOTHING
        address = reverse("admin:mailings_outgoingmail_change", args=[bounce.mail_id])
        return format_html('<a href="{}">{}</a>', address, bounce.mail)


@admin.register(Suppression)
class SuppressionAdmin(ReadOnly, RecordAdmin):
    """Addresses that are not written to, known by their hash alone; the Lead can lift a mark."""

    list_display = ["since", "reason", "what", "has_profile"]
    list_filter = ["reason"]
    date_hierarchy = "since"
    fields = readonly_fields = ["since", "reason", "what", "has_profile"]
    actions = ["lift"]

    @admin.display(description=gettext_lazy("what is not sent"), ordering="topic")
    def what(self, row):
        return row.topic or _("everything but sign-in mail")

    def get_queryset(self, request):
        return suppression.with_owner(super().get_queryset(request))

    @admin.display(description=gettext_lazy("has a profile"), boolean=True)
    def has_profile(self, row):
        return row.is_known

    def has_decide_permission(self, request):
        return request.user.has_perm("mailings.decide")

    @admin.action(
        description=gettext_lazy("Write to these addresses again"), permissions=["decide"]
    )
    def lift(self, request, rows):
        now = timezone.now()
        act(
            request,
            rows,
            lambda row: suppression.lift_by_hand(row.pk, request.user, now),
            _("Written to again: %(n)s."),
        )


# Announcements


@admin.register(AnnouncementTopic)
class AnnouncementTopicAdmin(NothingDeleted, RecordAdmin):
    """What announcements are about. A topic that is not used any more is closed, not deleted."""

    list_display = ["name", "position", "dates", "asks_money", "is_of_lead", "is_open"]
    actions = None

    def get_readonly_fields(self, request, obj=None):
        return ["code"] if obj else []  # feeds of people point at it


@admin.register(ListRules)
class ListRulesAdmin(NothingDeleted, RecordAdmin):
    """A new text is a new row; who accepted an older one is asked again."""

    list_display = ["__str__", "published_at", "published_by"]
    list_select_related = ["published_by"]
    fields = ["text"]
    actions = None

    def has_change_permission(self, request, obj=None):
        return False

    def get_changeform_initial_data(self, request):
        newest = announcing.current_rules()
        return {"text": newest.text if newest else ""}

    def save_model(self, request, obj, form, change):
        obj.published_by, obj.published_at = request.user, timezone.now()
        super().save_model(request, obj, form, change)
        decisions.record(request.user, "wrote", obj, obj.published_at)


@admin.register(MailingPolicy)
class MailingPolicyAdmin(NothingDeleted, RecordAdmin):
    """One row: its list leads to it, and makes it with the usual values where none was saved."""

    fields = ["four_eyes"]

    def has_add_permission(self, request):
        return False

    def changelist_view(self, request, extra_context=None):
        return redirect("admin:mailings_mailingpolicy_change", 1)

    def get_object(self, request, object_id, from_field=None):
        return MailingPolicy.current() if object_id == "1" else None

    def save_model(self, request, policy, form, change):
        super().save_model(request, policy, form, change)
        if form.has_changed():
            said = "; ".join(f"{name}: {form.cleaned_data[name]}" for name in form.changed_data)
            decisions.record(request.user, "changed policy", policy, timezone.now(), reason=said)

    def response_post_save_change(self, request, policy):
        return redirect("admin:index")


@admin.register(TrustedAuthor)
class TrustedAuthorAdmin(PeopleByAddress, RecordAdmin):
    """Partners whose announcements are published without the Lead. Deleted: they wait again."""

    list_display = ["user", "since", "by"]
    list_select_related = ["user", "by"]
    fields = ["user"]
    people_by_address = ["user"]

    def has_change_permission(self, request, obj=None):
        return False

    def save_model(self, request, obj, form, change):
        obj.by, obj.since = request.user, timezone.now()
        super().save_model(request, obj, form, change)
        decisions.record(request.user, "let through", obj.user, obj.since)

    def delete_model(self, request, obj):
        decisions.record(request.user, "lets through no more", obj.user, timezone.now())
        super().delete_model(request, obj)

    def delete_queryset(self, request, queryset):
        for row in queryset.select_related("user"):
            self.delete_model(request, row)
