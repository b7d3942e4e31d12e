"""Addresses of needs, requests for advice, missions and the use of the list."""

from django.urls import path

from advice.views import survey, use

NEEDS: list = []
REQUESTS: list = []
MISSIONS: list = []
USE: list = [
    path("use/", use.use_of_list, name="use_of_list"),
    path("use/figures.csv", use.use_of_list_csv, name="use_of_list_csv"),
    path("survey/", survey.survey_answer, name="survey_answer"),
    path("survey/results/<int:pk>/", survey.survey_results, name="survey_results"),
    path("survey/<slug:token>/", survey.survey_by_link, name="survey_by_link"),
    path("survey/<slug:token>/fresh/", survey.survey_by_link_fresh, name="survey_by_link_fresh"),
]

urlpatterns = [*NEEDS, *REQUESTS, *MISSIONS, *USE]
