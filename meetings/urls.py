"""Addresses of meetings, under /meetings/. A meeting is known by its code, as in /bangkok-2027/."""

from django.urls import path

from meetings.views import detail, lists

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
REGISTRATION: list = []
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
