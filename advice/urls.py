"""Addresses of needs, requests for advice, missions and the use of the list."""

from django.urls import path

from advice.views import needs

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
REQUESTS: list = []
MISSIONS: list = []
USE: list = []

urlpatterns = [*NEEDS, *REQUESTS, *MISSIONS, *USE]
