"""Addresses of meetings, under /meetings/. A meeting is known by its code, as in /bangkok-2027/."""

from django.urls import path

from meetings.views import check_in, detail, letters, lists, participants

LISTS: list = [path("", lists.meeting_list, name="meeting_list")]
CALENDARS: list = []
OUTCOMES: list = []
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
