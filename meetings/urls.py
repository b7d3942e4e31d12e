"""Addresses of meetings, under /meetings/. A meeting is known by its code, as in /bangkok-2027/."""

from django.urls import path

from meetings.views import detail, lists, paper_manage, paper_upload, papers

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
