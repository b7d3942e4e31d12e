"""The Lead's admin: its front page is the queue, and it opens to a second factor only."""

from functools import partial, update_wrapper

from django.contrib import admin, messages
from django.contrib.auth.views import redirect_to_login
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from partners.permissions import is_lead
from partners.refusals import NotAllowed
from partners.second_factor import has_second_factor, may_open_admin
from wmaportal import queue

OUR_APPS = ("partners", "mailings", "experts", "documents", "advice", "meetings")


class PortalAdminSite(admin.AdminSite):
    """Admin for the Leads of today and superusers; sign-in and passwords are allauth's."""

    site_header = _("Waste Management Area")
    site_title = _("Waste Management Area")
    index_title = _("Queue")
    enable_nav_sidebar = False  # the queue has the list of all records

    def register(self, model_or_iterable, admin_class=None, **options):
        """Our own tables only.

        Groups mean nothing here, and addresses and second factors are changed by their owners, with
        codes: no page of admin may go round that.
        """
        models = [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable
        ours = [model for model in models if model._meta.app_label in OUR_APPS]
        super().register(ours, admin_class, **options)

    def get_app_list(self, request, app_label=None):
        """Made when a template goes through it: every page gets it, the queue alone shows it."""
        return SimpleLazyObject(partial(super().get_app_list, request, app_label))

    def has_permission(self, request):
        """A Lead or superuser with a second factor; asked once for each request."""
        if not hasattr(request, "may_enter_admin"):
            request.may_enter_admin = may_open_admin(request.user)
        return request.may_enter_admin

    def admin_view(self, view, cacheable=False):
        """Every page of admin goes through here: who may not come in learns why."""
        inside = super().admin_view(view, cacheable)

        def gate(request, *args, **kwargs):
            if self.has_permission(request):
                return inside(request, *args, **kwargs)
            return self._turn_away(request)

        if not cacheable:
            gate = never_cache(gate)
        return update_wrapper(gate, view)

    def _turn_away(self, request):
        """The way for somebody who may not enter now.

        Raises PermissionDenied for a person who is signed in and no Lead.
        """
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path(), reverse("account_login"))
        if not is_lead(request.user):
            raise NotAllowed(_("This part of the portal is for the Lead."))
        if has_second_factor(request.user):
            messages.warning(
                request,
                _(
                    "The Lead’s pages open once you have recovery codes, for the day on which your "
                    "phone is lost. Make them here."
                ),
            )
            return redirect("mfa_generate_recovery_codes")
        messages.warning(
            request,
            _(
                "The Lead’s pages open only with a second factor, because they show private "
                "addresses of experts. Set one up here; it takes two minutes."
            ),
        )
        return redirect("mfa_activate_totp")

    def get_urls(self):
        view = self.admin_view
        return [
            path("", view(queue.queue), name="index"),
            path("queue/<slug:kind>/<slug:step>/for/", view(queue.fill), name="queue_fill"),
            path("queue/<slug:kind>/chosen/", view(queue.chosen), name="queue_chosen"),
            path("queue/<slug:kind>/<int:pk>/decide/", view(queue.decide), name="queue_decide"),
            path("queue/<slug:kind>/<int:pk>/assign/", view(queue.assign), name="queue_assign"),
            *super().get_urls(),
        ]

    def login(self, request, extra_context=None):
        """allauth signs in: it knows codes, passkeys and second factors."""
        return redirect_to_login(
            request.GET.get("next") or reverse("admin:index"), reverse("account_login")
        )

    def logout(self, request, extra_context=None):
        return redirect("account_logout")

    def password_change(self, request, extra_context=None):
        return redirect("account_change_password")

    def password_change_done(self, request, extra_context=None):
        return redirect("admin:index")

    def app_index(self, request, app_label, extra_context=None):
        """The list of an app's records stands beside the queue."""
        return redirect("admin:index")
