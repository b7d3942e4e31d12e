"""Addresses of the Resource Persons List."""

from django.urls import path

from experts import views

urlpatterns = [
    path("", views.expert_list, name="expert_list"),
    path("roster/", views.expert_roster, name="expert_roster"),
    path("roster.pdf", views.expert_roster_pdf, name="expert_roster_pdf"),
    path("list.csv", views.expert_export_csv, name="expert_export_csv"),
    path("list.xlsx", views.expert_export_xlsx, name="expert_export_xlsx"),
    path("editions/", views.edition_list, name="edition_list"),
    path("editions/<int:pk>/", views.edition_detail, name="edition_detail"),
    path("editions/<int:pk>/roster.pdf", views.edition_pdf, name="edition_pdf"),
    path("ask/<slug:token>/", views.contact_person, name="contact_person"),
    path("apply/", views.expert_apply, name="expert_apply"),
    path("nominate/", views.expert_nominate, name="expert_nominate"),
    path("invitation/<slug:token>/", views.invitation, name="invitation"),
    path("me/", views.expert_me, name="expert_me"),
    path("me/edit/", views.expert_edit, name="expert_edit"),
    path("me/contact/", views.expert_contact, name="expert_contact"),
    path("me/confirm/", views.expert_confirm, name="expert_confirm"),
    path("me/submit/", views.expert_submit, name="expert_submit"),
    path("me/pause/", views.expert_pause, name="expert_pause"),
    path("me/remove/", views.expert_remove, name="expert_remove"),
    path("me/history/", views.expert_history, name="expert_history"),
    path("me/reminders/", views.expert_reminders, name="expert_reminders"),
    path("me/mail/again/", views.expert_mail_again, name="expert_mail_again"),
    path("me/mail/language/", views.expert_mail_language, name="expert_mail_language"),
    path("me/corrections/<int:pk>/", views.correction_answer, name="correction_answer"),
    path("link/<slug:token>/", views.profile_by_link, name="profile_by_link"),
    path("link/<slug:token>/edit/", views.profile_by_link_edit, name="profile_by_link_edit"),
    path("link/<slug:token>/pause/", views.profile_by_link_pause, name="profile_by_link_pause"),
    path("link/<slug:token>/remove/", views.profile_by_link_remove, name="profile_by_link_remove"),
    path("link/<slug:token>/fresh/", views.profile_by_link_fresh, name="profile_by_link_fresh"),
    path("<int:pk>/", views.expert_detail, name="expert_detail"),
    path("<int:pk>/photo/", views.expert_photo, name="expert_photo"),
    path("<int:pk>/vcard/", views.expert_vcard, name="expert_vcard"),
    path("<int:pk>/correction/", views.expert_correction, name="expert_correction"),
]
