"""Addresses of meetings, under /meetings/. A meeting is known by its code, as in /bangkok-2027/."""

from django.urls import path

from meetings.views import desk, detail, lists, registration, registrations

LISTS: list = [path("", lists.meeting_list, name="meeting_list")]
CALENDARS: list = []
OUTCOMES: list = []
LETTERS: list = []
#: Under the code of a meeting
MEETING: list = [
    path("<slug:code>/", detail.meeting_detail, name="meeting_detail"),
    path("<slug:code>/prepare/", detail.meeting_prepare, name="meeting_prepare"),
]
AGENDA: list = []
PAPERS: list = []
REGISTRATION: list = [
    path("<slug:code>/register/", registration.register, name="register"),
    path("<slug:code>/registration/mine/", registration.registration_own, name="registration_own"),
    path(
        "<slug:code>/registration/mine/change/",
        registration.registration_change,
        name="registration_change",
    ),
    path(
        "<slug:code>/registration/mine/cancel/",
        registration.registration_cancel,
        name="registration_cancel",
    ),
    path(
        "<slug:code>/registration/mine/<int:pk>/accept/",
        registration.seat_accept,
        name="seat_accept",
    ),
    path(
        "<slug:code>/registration/mine/<int:pk>/give-back/",
        registration.seat_give_back,
        name="seat_give_back",
    ),
    path("<slug:code>/registration/mine/move/<int:pk>/", registration.way_move, name="way_move"),
    path(
        "<slug:code>/registration/mine/visit/<int:pk>/",
        registration.visit_join,
        name="visit_join",
    ),
    path("<slug:code>/registration/", desk.desk_edit, name="desk_edit"),
    path(
        "<slug:code>/registration/questions/add/",
        desk.form_question_add,
        name="form_question_add",
    ),
    path(
        "<slug:code>/registration/questions/<int:pk>/",
        desk.form_question_edit,
        name="form_question_edit",
    ),
    path(
        "<slug:code>/registration/questions/<int:pk>/move/",
        desk.form_question_move,
        name="form_question_move",
    ),
    path(
        "<slug:code>/registration/questions/<int:pk>/remove/",
        desk.form_question_remove,
        name="form_question_remove",
    ),
    path("<slug:code>/registration/visits/add/", desk.visit_add, name="visit_add"),
    path("<slug:code>/registration/visits/<int:pk>/", desk.visit_edit, name="visit_edit"),
    path(
        "<slug:code>/registration/visits/<int:pk>/remove/", desk.visit_remove, name="visit_remove"
    ),
    path("<slug:code>/registrations/", registrations.registration_list, name="registration_list"),
    path(
        "<slug:code>/registrations/list.csv",
        registrations.registration_csv,
        name="registration_csv",
    ),
    path(
        "<slug:code>/registrations/list.xlsx",
        registrations.registration_xlsx,
        name="registration_xlsx",
    ),
    path("<slug:code>/registrations/add/", registrations.registration_add, name="registration_add"),
    path(
        "<slug:code>/registrations/<int:pk>/",
        registrations.registration_detail,
        name="registration_detail",
    ),
    path(
        "<slug:code>/registrations/bookings/<int:pk>/approve/",
        registrations.booking_approve,
        name="booking_approve",
    ),
    path(
        "<slug:code>/registrations/bookings/<int:pk>/decline/",
        registrations.booking_decline,
        name="booking_decline",
    ),
]
STATEMENTS: list = []
QUESTIONS: list = []
MINUTES: list = []
REPORT: list = []

#: Those without a code come first, and no meeting has one of these words as its code
urlpatterns = [
    *LISTS,
    *CALENDARS,
    *OUTCOMES,
    *LETTERS,
    *MEETING,
    *AGENDA,
    *PAPERS,
    *REGISTRATION,
    *STATEMENTS,
    *QUESTIONS,
    *MINUTES,
    *REPORT,
]
