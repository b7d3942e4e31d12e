"""The portal's addresses and the bare views."""

from django.urls import include, path

from bench import bare

urlpatterns = [
    path("bare/<int:pk>/", bare.row),
    path("bare-search/", bare.search),
    path("", include("wmaportal.urls")),
]
