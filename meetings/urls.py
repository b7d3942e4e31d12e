"""Addresses of meetings, under /meetings/. A meeting is known by its code, as in /bangkok-2027/."""

from django.urls import path

from meetings.views import (
    agenda_draft,
    agenda_items,
    agenda_read,
    answers,
    calendars,
    check_in,
    desk,
    detail,
    letters,
    lists,
    minutes,
    outcomes,
    paper_manage,
    paper_upload,
    papers,
    participants,
    preparing,
    questions,
    registration,
    registrations,
    report,
    report_consent,
    statements,
    zones,
)

LISTS: list = [
    path("", lists.meeting_list, name="meeting_list"),
    path("add/", preparing.meeting_add, name="meeting_add"),
    path("months/<int:year>/<int:month>/", lists.meeting_month, name="meeting_month"),
    path("story/", lists.meeting_story, name="meeting_story"),
    path("feed/", lists.meeting_feed, name="meeting_feed"),
]
CALENDARS: list = [
    path("zone/", zones.zone_choose, name="zone_choose"),
    path("meetings.ics", calendars.calendar_all, name="calendar_all"),
    path("calendar/", calendars.calendar_settings, name="calendar_settings"),
    path("calendar/<str:token>.ics", calendars.calendar_feed, name="calendar_feed"),
    path("<slug:code>/meeting.ics", calendars.meeting_calendar, name="meeting_calendar"),
    path("<slug:code>/items/<int:pk>.ics", calendars.item_calendar, name="item_calendar"),
]
OUTCOMES: list = [
    path("outcomes/", outcomes.outcome_list, name="outcome_list"),
    path("outcomes/list.csv", outcomes.outcome_export_csv, name="outcome_export_csv"),
    path("outcomes/<int:pk>/", outcomes.outcome_detail, name="outcome_detail"),
    path("outcomes/<int:pk>/progress/", outcomes.outcome_progress, name="outcome_progress"),
    path("outcomes/<int:pk>/edit/", outcomes.outcome_edit, name="outcome_edit"),
]
LETTERS: list = [
    path("letters/<str:token>/", letters.letter_verify, name="letter_verify"),
    path("<slug:code>/letter/", letters.letter_own, name="letter_own"),
    path("<slug:code>/letters/", letters.letter_list, name="letter_list"),
    path("<slug:code>/letters/<int:pk>/pdf/", letters.letter_pdf, name="letter_pdf"),
    path("<slug:code>/letters/<int:pk>/withdraw/", letters.letter_withdraw, name="letter_withdraw"),
    path("<slug:code>/people/<int:pk>/letter/", letters.letter_issue, name="letter_issue"),
    path("<slug:code>/people/<int:pk>/attendance/", letters.attendance_pdf, name="attendance_pdf"),
    path("<slug:code>/people/<int:pk>/here/", check_in.attendance_note, name="attendance_note"),
    path("<slug:code>/participants/", participants.participant_list, name="participant_list"),
    path("<slug:code>/check-in/", check_in.check_in, name="check_in"),
    path("<slug:code>/check-in/print/", check_in.check_in_print, name="check_in_print"),
]
#: Under the code of a meeting
MEETING: list = [
    path("<slug:code>/", detail.meeting_detail, name="meeting_detail"),
    path("<slug:code>/prepare/", preparing.meeting_prepare, name="meeting_prepare"),
    path("<slug:code>/edit/", preparing.meeting_edit, name="meeting_edit"),
    path("<slug:code>/status/", preparing.meeting_move, name="meeting_move"),
    path("<slug:code>/cancel/", preparing.meeting_cancel, name="meeting_cancel"),
]
AGENDA: list = [
    path("<slug:code>/now/", agenda_read.meeting_now, name="meeting_now"),
    path("<slug:code>/agenda/edit/", agenda_draft.agenda_edit, name="agenda_edit"),
    path("<slug:code>/agenda/publish/", agenda_draft.agenda_publish, name="agenda_publish"),
    path(
        "<slug:code>/agenda/versions/<int:number>/",
        agenda_read.agenda_version,
        name="agenda_version",
    ),
    path("<slug:code>/agenda/sessions/add/", agenda_draft.session_add, name="session_add"),
    path(
        "<slug:code>/agenda/sessions/<int:pk>/edit/", agenda_draft.session_edit, name="session_edit"
    ),
    path(
        "<slug:code>/agenda/sessions/<int:pk>/remove/",
        agenda_draft.session_remove,
        name="session_remove",
    ),
    path("<slug:code>/agenda/sessions/<int:pk>/items/add/", agenda_items.item_add, name="item_add"),
    path("<slug:code>/agenda/items/<int:pk>/edit/", agenda_items.item_edit, name="item_edit"),
    path("<slug:code>/agenda/items/<int:pk>/remove/", agenda_items.item_remove, name="item_remove"),
    path("<slug:code>/agenda/items/<int:pk>/move/", agenda_items.item_move, name="item_move"),
]
PAPERS: list = [
    path("papers/upload/<slug:token>/", paper_upload.paper_upload, name="paper_upload"),
    path("<slug:code>/papers/", papers.paper_list, name="paper_list"),
    path("<slug:code>/papers.zip", papers.paper_zip, name="paper_zip"),
    path(
        "<slug:code>/papers/<int:session_number>/<int:number>/",
        papers.paper_file,
        name="paper_file",
    ),
    path(
        "<slug:code>/papers/<int:session_number>/<int:number>/<int:version>/",
        papers.paper_version,
        name="paper_version",
    ),
    path("<slug:code>/papers/manage/", paper_manage.paper_manage, name="paper_manage"),
    path("<slug:code>/papers/manage/add/", paper_manage.paper_add, name="paper_add"),
    path("<slug:code>/papers/manage/<int:pk>/", paper_manage.paper_edit, name="paper_edit"),
    path(
        "<slug:code>/papers/manage/<int:pk>/remove/",
        paper_manage.paper_remove,
        name="paper_remove",
    ),
    path(
        "<slug:code>/papers/manage/<int:pk>/version/",
        paper_manage.paper_new_version,
        name="paper_new_version",
    ),
    path(
        "<slug:code>/papers/manage/<int:pk>/link/", paper_manage.paper_invite, name="paper_invite"
    ),
    path(
        "<slug:code>/papers/manage/decide/<int:pk>/",
        paper_manage.paper_decide,
        name="paper_decide",
    ),
    path(
        "<slug:code>/papers/manage/links/<int:pk>/revoke/",
        paper_manage.paper_link_revoke,
        name="paper_link_revoke",
    ),
]
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
        "<slug:code>/registrations/<int:pk>/correct/",
        registrations.registration_correct,
        name="registration_correct",
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
STATEMENTS: list = [
    path("<slug:code>/statements/", statements.statement_list, name="statement_list"),
    path("<slug:code>/statements.csv", statements.statement_list_csv, name="statement_list_csv"),
    path("<slug:code>/statements.xlsx", statements.statement_list_xlsx, name="statement_list_xlsx"),
    path(
        "<slug:code>/statements/<slug:country>/",
        statements.statement_detail,
        name="statement_detail",
    ),
    path(
        "<slug:code>/statements/<slug:country>/edit/",
        statements.statement_edit,
        name="statement_edit",
    ),
    path(
        "<slug:code>/statements/<slug:country>/send/",
        statements.statement_send,
        name="statement_send",
    ),
    path(
        "<slug:code>/statements/<slug:country>/take-back/",
        statements.statement_take_back,
        name="statement_take_back",
    ),
    path(
        "<slug:code>/statements/<slug:country>/needs/<int:number>/",
        statements.stated_need_register,
        name="stated_need_register",
    ),
]
QUESTIONS: list = [
    path("<slug:code>/questions/manage/", questions.question_manage, name="question_manage"),
    path("<slug:code>/questions/add/", questions.question_add, name="question_add"),
    path(
        "<slug:code>/questions/sets/<slug:name>/",
        questions.question_set_take,
        name="question_set_take",
    ),
    path("<slug:code>/questions/<int:number>/", answers.question_detail, name="question_detail"),
    path("<slug:code>/questions/<int:number>/edit/", questions.question_edit, name="question_edit"),
    path("<slug:code>/questions/<int:number>/open/", questions.question_open, name="question_open"),
    path(
        "<slug:code>/questions/<int:number>/close/", questions.question_close, name="question_close"
    ),
    path(
        "<slug:code>/questions/<int:number>/delete/",
        questions.question_delete,
        name="question_delete",
    ),
    path("<slug:code>/questions/<int:number>/room/", answers.question_room, name="question_room"),
    path(
        "<slug:code>/questions/<int:number>/results.csv",
        questions.question_results_csv,
        name="question_results_csv",
    ),
    path(
        "<slug:code>/questions/<int:number>/answers.csv",
        questions.question_answers_csv,
        name="question_answers_csv",
    ),
    path("<slug:code>/survey/", answers.meeting_survey, name="meeting_survey"),
    path("<slug:code>/survey/open/", questions.survey_open, name="survey_open"),
    path("<slug:code>/survey/close/", questions.survey_close, name="survey_close"),
]
MINUTES: list = [
    path("<slug:code>/minutes/", minutes.minutes_edit, name="minutes_edit"),
    path("<slug:code>/minutes/<int:item>/", minutes.minutes_save, name="minutes_save"),
    path("<slug:code>/minutes/<int:item>/texts/", minutes.minutes_texts, name="minutes_texts"),
    path("<slug:code>/outcomes/add/", outcomes.outcome_add, name="outcome_add"),
    path("<slug:code>/open-actions/", minutes.carry_again, name="carry_again"),
]
REPORT: list = [
    path("<slug:code>/report/", report.report_detail, name="report_detail"),
    path("<slug:code>/report/report.pdf", report.report_pdf, name="report_pdf"),
    path("<slug:code>/report/edit/", report.report_edit, name="report_edit"),
    path("<slug:code>/report/open/", report.report_open, name="report_open"),
    path("<slug:code>/report/final/", report.report_finish, name="report_finish"),
    path("<slug:code>/report/draft/", report.report_take_back, name="report_take_back"),
    path(
        "<slug:code>/report/without-my-name/",
        report_consent.registration_report_consent,
        name="registration_report_consent",
    ),
]

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
