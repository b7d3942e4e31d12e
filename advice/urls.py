"""Addresses of needs, requests for advice, missions and the use of the list, under /advice/."""

from django.urls import path

from advice.views import by_link, home, missions, needs, requests, survey, use

NEEDS: list = [
    path("needs/", needs.need_list, name="need_list"),
    path("needs/add/", needs.need_add, name="need_add"),
    path("needs/supply-and-demand/", needs.supply_and_demand, name="supply_and_demand"),
    path("needs/supply-and-demand.csv", needs.supply_and_demand_csv, name="supply_and_demand_csv"),
    path("needs/calls/open/", needs.call_open, name="call_open"),
    path("needs/calls/<int:pk>/end/", needs.call_end, name="call_end"),
    path("needs/<int:pk>/", needs.need_detail, name="need_detail"),
    path("needs/<int:pk>/move/", needs.need_move, name="need_move"),
]
REQUESTS: list = [
    path("", home.advice_home, name="advice_home"),
    path("stories/", home.story_list, name="story_list"),
    path("ask/", requests.request_add, name="request_add"),
    path("ask/terms/", requests.request_terms, name="request_terms"),
    path("requests/<int:pk>/", requests.request_detail, name="request_detail"),
    path("requests/<int:pk>/edit/", requests.request_edit, name="request_edit"),
    path("requests/<int:pk>/experts/", requests.request_experts, name="request_experts"),
    path("requests/<int:pk>/check/", requests.request_check, name="request_check"),
    path("answers/<int:pk>/", requests.choice_detail, name="choice_detail"),
    path("files/<int:pk>/", requests.request_file, name="request_file"),
    path("link/<slug:token>/", by_link.answer_by_link, name="answer_by_link"),
    path(
        "link/<slug:token>/files/<int:pk>/",
        by_link.answer_by_link_file,
        name="answer_by_link_file",
    ),
    path("link/<slug:token>/fresh/", by_link.answer_by_link_fresh, name="answer_by_link_fresh"),
]
MISSIONS = [
    path("missions/", missions.mission_list, name="mission_list"),
    path("missions/<int:pk>/", missions.mission_detail, name="mission_detail"),
    path("missions/<int:pk>/status/", missions.mission_move, name="mission_move"),
    path("missions/<int:pk>/cancel/", missions.mission_cancel, name="mission_cancel"),
    path("missions/<int:pk>/people/<int:person>/", missions.mission_person, name="mission_person"),
    path("needs/<int:pk>/mission/", missions.mission_draft, name="mission_draft"),
]
USE: list = [
    path("use/", use.use_of_list, name="use_of_list"),
    path("use/figures.csv", use.use_of_list_csv, name="use_of_list_csv"),
    path("survey/", survey.survey_answer, name="survey_answer"),
    path("survey/results/<int:pk>/", survey.survey_results, name="survey_results"),
    path("survey/<slug:token>/", survey.survey_by_link, name="survey_by_link"),
    path("survey/<slug:token>/fresh/", survey.survey_by_link_fresh, name="survey_by_link_fresh"),
]

urlpatterns = [*NEEDS, *REQUESTS, *MISSIONS, *USE]
