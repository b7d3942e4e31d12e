"""Addresses of meetings, under /meetings/. A meeting is known by its code, as in /bangkok-2027/."""

from django.urls import path

from meetings.views import (
    agenda_draft,
    agenda_items,
    agenda_read,
    detail,
    lists,
    preparing,
)

LISTS: list = [
    path("", lists.meeting_list, name="meeting_list"),
    path("add/", preparing.meeting_add, name="meeting_add"),
    path("months/<int:year>/<int:month>/", lists.meeting_month, name="meeting_month"),
    path("story/", lists.meeting_story, name="meeting_story"),
    path("feed/", lists.meeting_feed, name="meeting_feed"),
]
CALENDARS: list = []
OUTCOMES: list = []
LETTERS: list = []
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
