"""Addresses of the ground floor. Stands before allauth's: it replaces one of its pages."""

from django.urls import path

from partners import views

urlpatterns = [
    path("partners/", views.partner_list, name="partner_list"),
    path("partners/apply/", views.partner_apply, name="partner_apply"),
    path("partners/<int:pk>/", views.organisation_detail, name="organisation_detail"),
    path("partners/<int:pk>/edit/", views.organisation_edit, name="organisation_edit"),
    path("partners/<int:pk>/join/", views.membership_ask, name="membership_ask"),
    path("partners/<int:pk>/members/", views.membership_list, name="membership_list"),
    path("my/memberships/<int:pk>/answer/", views.membership_answer, name="membership_answer"),
    path("my/memberships/<int:pk>/end/", views.membership_end, name="membership_end"),
    path(
        "my/memberships/<int:pk>/take-back/",
        views.membership_take_back,
        name="membership_take_back",
    ),
    path("my/partnership/<int:pk>/leave/", views.partner_withdraw, name="partner_withdraw"),
    path("my/address/", views.address_change, name="address_change"),
    path("my/address/codes/", views.address_confirm, name="address_confirm"),
    path("my/second-step/", views.second_factor, name="second_factor"),
    path("accounts/email/", views.EmailView.as_view(), name="account_email"),
]
