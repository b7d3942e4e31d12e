"""Addresses of meetings, under /meetings/. A meeting is known by its code, as in /bangkok-2027/."""

from django.urls import path

from meetings.views import answers, detail, lists, questions, statements

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
