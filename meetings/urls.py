"""Addresses of meetings, under /meetings/. A meeting is known by its code, as in /bangkok-2027/."""

from django.urls import path

from meetings.views import detail, lists, minutes, outcomes, report

LISTS: list = [path("", lists.meeting_list, name="meeting_list")]
CALENDARS: list = []
OUTCOMES: list = [
    path("outcomes/", outcomes.outcome_list, name="outcome_list"),
    path("outcomes/list.csv", outcomes.outcome_export_csv, name="outcome_export_csv"),
    path("outcomes/<int:pk>/", outcomes.outcome_detail, name="outcome_detail"),
    path("outcomes/<int:pk>/progress/", outcomes.outcome_progress, name="outcome_progress"),
    path("outcomes/<int:pk>/edit/", outcomes.outcome_edit, name="outcome_edit"),
]
LETTERS: list = []
#: Under the code of a meeting
MEETING: list = [
    path("<slug:code>/", detail.meeting_detail, name="meeting_detail"),
    path("<slug:code>/prepare/", detail.meeting_prepare, name="meeting_prepare"),
]
AGENDA: list = []
PAPERS: list = []
REGISTRATION: list = []
STATEMENTS: list = []
QUESTIONS: list = []
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
