from django.urls import include, path

from mailings import tracking, views

urlpatterns = [
    path("stop/<slug:token>/", views.stop, name="mail_stop"),
    path("events/", include(tracking.patterns())),
]
