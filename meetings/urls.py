"""Addresses of meetings, under /meetings/. A meeting is known by its code, as in /bangkok-2027/."""

from django.urls import path

from meetings.views import calendars, detail, lists, zones

LISTS: list = [path("", lists.meeting_list, name="meeting_list")]
CALENDARS: list = [
    path("zone/", zones.zone_choose, name="zone_choose"),
    path("meetings.ics", calendars.calendar_all, name="calendar_all"),
    path("calendar/", calendars.calendar_settings, name="calendar_settings"),
    path("calendar/<str:token>.ics", calendars.calendar_feed, name="calendar_feed"),
    path("<slug:code>/meeting.ics", calendars.meeting_calendar, name="meeting_calendar"),
    path("<slug:code>/items/<int:pk>.ics", calendars.item_calendar, name="item_calendar"),
]
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
