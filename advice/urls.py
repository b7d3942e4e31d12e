"""Addresses of needs, requests for advice, missions and the use of the list."""

from django.urls import path

from advice.views import missions

NEEDS: list = []
REQUESTS: list = []
MISSIONS = [
    path("missions/", missions.mission_list, name="mission_list"),
    path("missions/<int:pk>/", missions.mission_detail, name="mission_detail"),
    path("missions/<int:pk>/status/", missions.mission_move, name="mission_move"),
    path("missions/<int:pk>/cancel/", missions.mission_cancel, name="mission_cancel"),
    path("missions/<int:pk>/people/<int:person>/", missions.mission_person, name="mission_person"),
    path("needs/<int:pk>/mission/", missions.mission_draft, name="mission_draft"),
]
USE: list = []

urlpatterns = [*NEEDS, *REQUESTS, *MISSIONS, *USE]
