"""The ground floor in the Lead's admin: organisations, partners, people, roles, vocabulary, log."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import models
from django.db.models import Count, Prefetch
from django.http import Http404
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partners import decisions, memberships, standing, vocabulary
from partners.models import (
    Country,
    Decision,
    Membership,
    Organisation,
    Partner,
    PartnershipArea,
    Role,
    Synonym,
    Term,
    User,
)
from partners.models.standing import PartnerChange
from partners.refusals import Refused

# What the admin pages of all apps share


class RecordAdmin(admin.ModelAdmin):
    """A ModelAdmin without the scripts that make slugs while one types: half of a page's weight.

    A day is the browser's own field, which needs no script either.
    """

    formfield_overrides = {
        models.DateField: {"widget": forms.DateInput({"type": "date"}, "%Y-%m-%d")},
        models.URLField: {"assume_scheme": "https"},
    }

    LEFT_OUT = ("urlify.js", "prepopulate.js", "xregexp.js", "xregexp.min.js")

    @property
    def media(self):
        return forms.Media(
            js=[path for path in super().media._js if not path.endswith(self.LEFT_OUT)]
        )


class NothingDeleted:
    """Rows of which the history matters: they end or change, they do not go."""

    def has_delete_permission(self, request, obj=None):
        return False


class ReadOnly(NothingDeleted):
    """Rows that steps of the portal write, and nobody by hand."""

    def has_add_permission(self, request, obj=None):
        return False

    def has_change_permission(self, request, obj=None):
        return False


class Ticks(forms.CheckboxSelectMultiple):
    """Many values to tick, in columns and a frame that scrolls; works without a script."""

    def __init__(self, attrs=None, choices=()):
        super().__init__({"class": "groups", **(attrs or {})}, choices)


class ByName(forms.ModelChoiceField):
    """One row, named by its field `to_field_name`: works with thousands, without a script."""

    widget = forms.TextInput(attrs={"class": "vTextField"})

    def prepare_value(self, value):
        if isinstance(value, int):
            named = self.queryset.filter(pk=value).values_list(self.to_field_name, flat=True)
            return named.first()
        return super().prepare_value(value)

    def to_python(self, value):
        if isinstance(value, str) and "\0" in value:  # PostgreSQL has no text with a NUL
            raise ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")
        return super().to_python(value)


class PersonByAddress(ByName):
    """A person, named by the sign-in address."""

    widget = forms.EmailInput
    default_error_messages = {
        "invalid_choice": gettext_lazy(
            "Nobody signs in with this address. Look it up under People."
        )
    }

    def to_python(self, value):
        return super().to_python(value.strip().lower() if isinstance(value, str) else value)


class PeopleByAddress:
    """For a ModelAdmin whose `people_by_address` are foreign keys to a person."""

    people_by_address = ()

    def formfield_for_dbfield(self, db_field, request, **kwargs):
        if db_field.name not in self.people_by_address:
            return super().formfield_for_dbfield(db_field, request, **kwargs)
        return db_field.formfield(
            form_class=PersonByAddress,
            to_field_name="email",
            widget=forms.EmailInput(attrs={"class": "vTextField", "autocomplete": "off"}),
            help_text=_("The address with which the person signs in."),
        )


def act(request, objects, step, done: str):
    """Take a step on each of some rows and say what happened; `done` has a place for the number."""
    number = 0
    for one in objects:
        try:
            step(one)
            number += 1
        except Refused as refusal:
            messages.warning(request, f"{one}: {refusal}")
    if number:
        messages.success(request, done % {"n": number})


class ReasonForm(forms.Form):
    """What the other side is told."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy("The other side reads it."),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"}),
    )


def act_with_reason(model_admin, request, objects, action: str, title: str, step, done: str):
    """A page that names what is chosen and asks for a reason; then `step(one, reason)` on each."""
    form = ReasonForm(request.POST if "reason" in request.POST else None)
    if form.is_valid():
        reason = form.cleaned_data["reason"].strip()
        return act(request, objects, lambda one: step(one, reason), done)
    context = {
        **model_admin.admin_site.each_context(request),
        "title": title,
        "opts": model_admin.opts,
        "objects": objects,
        "action": action,
        "form": form,
        "checkbox": ACTION_CHECKBOX_NAME,
    }
    return TemplateResponse(request, "admin/reason.html", context)


# Organisations and partners


class MembershipInline(ReadOnly, admin.TabularInline):
    model = Membership
    fields = readonly_fields = ["user", "status", "from_on", "to_on", "decided_by"]
    extra = 0
    can_delete = False

    def get_queryset(self, request):
        return super().get_queryset(request).select_related("user", "organisation", "decided_by")


@admin.register(Organisation)
class OrganisationAdmin(PeopleByAddress, RecordAdmin):
    list_display = ["name", "acronym", "kind", "country", "contact", "partner_status", "experts"]
    list_filter = ["kind", "partner__status", "country__region"]
    list_select_related = ["country", "contact", "partner"]
    search_fields = ["name__unaccent", "acronym__unaccent"]
    fields = ["name", "acronym", "kind", "country", "website", "contact", "source"]
    people_by_address = ["contact"]
    inlines = [MembershipInline]
    actions = None

    def get_queryset(self, request):
        return super().get_queryset(request).annotate(expert_count=Count("experts"))

    @admin.display(description=gettext_lazy("standing"))
    def partner_status(self, organisation):
        partner = getattr(organisation, "partner", None)
        return partner.get_status_display() if partner else None

    @admin.display(description=gettext_lazy("experts"), ordering="expert_count")
    def experts(self, organisation):
        return organisation.expert_count


@admin.register(Membership)
class MembershipAdmin(ReadOnly, RecordAdmin):
    list_display = ["user", "organisation", "status", "from_on", "to_on", "decided_by"]
    list_filter = ["status"]
    list_select_related = ["user", "organisation", "decided_by"]
    search_fields = ["user__name__unaccent", "user__email", "organisation__name__unaccent"]
    actions = ["approve", "decline"]

    @admin.action(description=gettext_lazy("Approve"), permissions=["moderate"])
    def approve(self, request, rows):
        now = timezone.now()
        act(
            request,
            rows,
            lambda one: memberships.approve(one.pk, request.user, now),
            _("Approved: %(n)s."),
        )

    @admin.action(description=gettext_lazy("Decline with a reason"), permissions=["moderate"])
    def decline(self, request, rows):
        now = timezone.now()
        return act_with_reason(
            self,
            request,
            rows,
            "decline",
            _("Decline memberships"),
            lambda one, reason: memberships.decline(one.pk, request.user, reason, now),
            _("Declined: %(n)s. The people are told why."),
        )

    def has_moderate_permission(self, request):
        return request.user.has_perm("partners.moderate")


class PartnerChangeInline(ReadOnly, admin.TabularInline):
    model = PartnerChange
    fields = readonly_fields = ["at", "old", "new", "actor", "reason"]
    extra = 0
    can_delete = False
    verbose_name_plural = gettext_lazy("Changes of standing")


@admin.register(Partner)
class PartnerAdmin(ReadOnly, RecordAdmin):
    list_display = ["__str__", "status", "country", "applied_at", "applied_by"]
    list_filter = ["status", "organisation__kind", "organisation__country__region"]
    list_select_related = ["organisation__country", "person", "applied_by"]
    search_fields = ["organisation__name__unaccent", "person__name__unaccent", "person__email"]
    inlines = [PartnerChangeInline]
    actions = ["approve", "decline", "withdraw"]

    @admin.display(description=gettext_lazy("country"), ordering="organisation__country__sort_name")
    def country(self, partner):
        return partner.organisation.country if partner.organisation else None

    @admin.action(description=gettext_lazy("Approve as partner"), permissions=["moderate"])
    def approve(self, request, partners):
        now = timezone.now()
        act(
            request,
            partners,
            lambda one: standing.approve(one.pk, request.user, now),
            _("Approved: %(n)s."),
        )

    @admin.action(description=gettext_lazy("Decline with a reason"), permissions=["moderate"])
    def decline(self, request, partners):
        now = timezone.now()
        return act_with_reason(
            self,
            request,
            partners,
            "decline",
            _("Decline applications"),
            lambda one, reason: standing.decline(one.pk, request.user, reason, now),
            _("Declined: %(n)s. The applicants are told why."),
        )

    @admin.action(
        description=gettext_lazy("End the partnership with a reason"), permissions=["moderate"]
    )
    def withdraw(self, request, partners):
        now = timezone.now()
        return act_with_reason(
            self,
            request,
            partners,
            "withdraw",
            _("End partnerships"),
            lambda one, reason: standing.withdraw(one.pk, request.user, reason, now),
            _("Ended: %(n)s. The partners are told why."),
        )

    def has_moderate_permission(self, request):
        return request.user.has_perm("partners.moderate")


@admin.register(PartnershipArea)
class PartnershipAreaAdmin(NothingDeleted, RecordAdmin):
    list_display = ["name", "leading", "order"]
    actions = None

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        return super().formfield_for_manytomany(db_field, request, widget=Ticks(), **kwargs)

    def get_queryset(self, request):
        return super().get_queryset(request).prefetch_related("leads")

    def get_readonly_fields(self, request, obj=None):
        return ["slug"] if obj else []

    @admin.display(description=gettext_lazy("lead organisations"))
    def leading(self, area):
        return "; ".join(map(str, area.leads.all()))


# People and roles


class RoleForm(forms.ModelForm):
    def clean(self):
        data = super().clean()
        kind, group = data.get("kind"), data.get("working_group")
        if kind == Role.Kind.WORKING_GROUP and not group:
            self.add_error("working_group", _("Name the working group."))
        if kind and kind != Role.Kind.WORKING_GROUP and group:
            self.add_error("working_group", _("Leave this empty for other roles."))
        first, last = data.get("from_on"), data.get("to_on")
        if first and last and last < first:
            self.add_error("to_on", _("The last day is before the first."))
        return data


@admin.register(Role)
class RoleAdmin(PeopleByAddress, NothingDeleted, RecordAdmin):
    """Who holds which role, from when to when. A role ends by its last day; it is not deleted."""

    form = RoleForm
    list_display = ["user", "kind", "working_group", "from_on", "to_on"]
    list_filter = ["kind"]
    list_select_related = ["user"]
    search_fields = ["user__name__unaccent", "user__email"]
    people_by_address = ["user"]
    actions = None

    def get_readonly_fields(self, request, obj=None):
        return ["user", "kind", "working_group"] if obj else []

    def save_model(self, request, role, form, change):
        super().save_model(request, role, form, change)
        if form.has_changed():
            until = f" – {role.to_on:%Y-%m-%d}" if role.to_on else ""
            decisions.record(
                request.user,
                "changed role" if change else "gave role",
                role,
                timezone.now(),
                reason=f"{role.from_on:%Y-%m-%d}{until}",
            )


class RoleInline(ReadOnly, admin.TabularInline):
    model = Role
    fields = readonly_fields = ["kind", "working_group", "from_on", "to_on"]
    extra = 0
    can_delete = False


class OwnMembershipInline(MembershipInline):
    fk_name = "user"
    fields = readonly_fields = ["organisation", "status", "from_on", "to_on", "decided_by"]


class UserForm(forms.ModelForm):
    def clean_is_active(self):
        active = self.cleaned_data["is_active"]
        if not active and self.instance.pk == self.by.pk:
            raise ValidationError(_("You cannot close your own sign-in."))
        if not active and self.instance.is_superuser and not self.by.is_superuser:
            raise ValidationError(_("Only a superuser can close this sign-in."))
        return active


@admin.register(User)
class UserAdmin(NothingDeleted, RecordAdmin):
    """People who sign in. Addresses and second steps are theirs; the Lead can close a sign-in."""

    form = UserForm
    list_display = ["name", "email", "is_active", "date_joined", "last_login", "roles_now"]
    list_filter = ["is_active", "roles__kind"]
    search_fields = ["name__unaccent", "email"]
    fields = ["name", "email", "addresses", "is_active", "second_step", "date_joined", "last_login"]
    readonly_fields = ["email", "addresses", "second_step", "date_joined", "last_login"]
    inlines = [RoleInline, OwnMembershipInline]
    actions = None

    def has_add_permission(self, request):
        return False

    def get_queryset(self, request):
        held = Role.objects.held_on(timezone.now().date())
        return super().get_queryset(request).prefetch_related(Prefetch("roles", held, "held_now"))

    def get_form(self, request, obj=None, **kwargs):
        form = super().get_form(request, obj, **kwargs)
        form.by = request.user
        return form

    @admin.display(description=gettext_lazy("roles today"))
    def roles_now(self, user):
        return ", ".join(role.get_kind_display() for role in user.held_now)

    @admin.display(description=gettext_lazy("all addresses"))
    def addresses(self, user):
        rows = EmailAddress.objects.filter(user=user).order_by("-primary", "email")
        return format_html_join(
            ", ",
            "{} ({})",
            ((row.email, _("verified") if row.verified else _("not verified")) for row in rows),
        )

    @admin.display(description=gettext_lazy("second step of signing in"))
    def second_step(self, user):
        kinds = Authenticator.objects.filter(user=user).exclude(
            type=Authenticator.Type.RECOVERY_CODES
        )
        return ", ".join(one.get_type_display() for one in kinds)


# Reference data and vocabulary


@admin.register(Country)
class CountryAdmin(ReadOnly, RecordAdmin):
    list_display = ["name", "code", "region"]
    list_filter = ["region"]
    search_fields = ["sort_name", "other_names__unaccent", "code"]
    fields = ["code", "name", "other_names", "region"]
    list_per_page = 200


class SynonymFormSet(forms.BaseInlineFormSet):
    """The cells of a table have no label of their own; these say what they are."""

    def add_fields(self, form, index):
        super().add_fields(form, index)
        form.fields["text"].widget.attrs["aria-label"] = _("Word")
        if "DELETE" in form.fields:
            said = _("Delete “%(word)s”") % {"word": form.instance}
            form.fields["DELETE"].widget.attrs["aria-label"] = said


class SynonymInline(admin.TabularInline):
    model = Synonym
    formset = SynonymFormSet
    extra = 2


class MergeForm(forms.Form):
    """The term that takes over; a group takes over groups, a term takes over terms."""

    into = forms.ModelChoiceField(None, label=gettext_lazy("Merge into"))

    def __init__(self, *args, term: Term, **kwargs):
        super().__init__(*args, **kwargs)
        others = Term.objects.exclude(pk=term.pk).filter(parent__isnull=term.parent_id is None)
        self.fields["into"].queryset = others


@admin.register(Term)
class TermAdmin(RecordAdmin):
    list_display = ["label_en", "parent", "label_fr", "label_es", "synonym_count", "use"]
    list_display_links = ["label_en"]
    list_filter = [("parent", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["parent"]
    list_per_page = 200
    search_fields = [
        "label_en__unaccent",
        "label_fr__unaccent",
        "label_es__unaccent",
        "synonyms__text__unaccent",
    ]
    inlines = [SynonymInline]
    change_form_template = "admin/partners/term/change_form.html"
    actions = None

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .annotate(
                synonym_number=Count("synonyms", distinct=True),
                expert_number=Count("experts", distinct=True),
            )
        )

    def formfield_for_foreignkey(self, db_field, request, **kwargs):
        if db_field.name == "parent":
            kwargs["queryset"] = Term.objects.filter(parent=None)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    @admin.display(description=gettext_lazy("synonyms"), ordering="synonym_number")
    def synonym_count(self, term):
        return term.synonym_number

    @admin.display(description=gettext_lazy("experts"), ordering="expert_number")
    def use(self, term):
        return term.expert_number

    def get_urls(self):
        merge = path(
            "<int:term_id>/merge/",
            self.admin_site.admin_view(self.merge_view),
            name="partners_term_merge",
        )
        return [merge, *super().get_urls()]

    def merge_view(self, request, term_id):
        """Says what will move, asks into which term, and moves it."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        term = Term.objects.filter(pk=term_id).first()
        if term is None:
            raise Http404
        form = MergeForm(request.POST or None, term=term)
        if form.is_valid():
            into = form.cleaned_data["into"]
            try:
                vocabulary.merge(term.pk, into.pk, request.user, timezone.now())
            except Refused as refusal:
                form.add_error("into", str(refusal))
            else:
                said = _("“%(term)s” is part of “%(into)s” now.") % {"term": term, "into": into}
                messages.success(request, said)
                return redirect("admin:partners_term_change", into.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": _("Merge “%(term)s” into another term") % {"term": term},
            "opts": self.opts,
            "term": term,
            "uses": vocabulary.in_use_by(term),
            "synonyms": term.synonyms.count(),
            "form": form,
        }
        return TemplateResponse(request, "admin/partners/term/merge.html", context)

    def delete_view(self, request, object_id, extra_context=None):
        """A term in use is not deleted; the message says who uses it and what to do."""
        term = self.get_object(request, object_id)
        uses = vocabulary.in_use_by(term) if term else []
        if not uses:
            return super().delete_view(request, object_id, extra_context)
        messages.error(
            request,
            _("“%(term)s” is in use: %(uses)s. Merge it into another term instead.")
            % {"term": term, "uses": ", ".join(uses)},
        )
        return redirect("admin:partners_term_change", term.pk)

    def delete_model(self, request, term):
        vocabulary.delete(term.pk, request.user, timezone.now())


# The log


@admin.register(Decision)
class DecisionAdmin(ReadOnly, RecordAdmin):
    """The Lead's log. A line leads to what it is about, if that still exists."""

    list_display = ["at", "actor", "action", "subject", "reason"]
    list_filter = [
        "action",
        ("actor", admin.RelatedOnlyFieldListFilter),
        ("content_type", admin.RelatedOnlyFieldListFilter),
    ]
    list_select_related = ["actor"]
    search_fields = ["subject__unaccent", "reason__unaccent"]
    date_hierarchy = "at"
    fields = ["at", "actor", "action", "subject", "reason", "about"]
    readonly_fields = ["about"]
    actions = None

    @admin.display(description=gettext_lazy("record"))
    def about(self, decision):
        model = decision.content_type and decision.content_type.model_class()
        if model is None or not self.admin_site.is_registered(model):
            return None
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
        address = reverse(name, args=[decision.object_id])
        return format_html('<a href="{}">{}</a>', address, decision.subject)
