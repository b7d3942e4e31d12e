from django.urls import include, path

from mailings import preference_views, tracking, views

urlpatterns = [
    path("stop/<slug:token>/", views.stop, name="mail_stop"),
    path("preferences/", preference_views.mail_preferences, name="mail_preferences"),
    path(
        "preferences/<slug:token>/",
        preference_views.mail_preferences_by_mail,
        name="mail_preferences_by_mail",
    ),
    path("events/", include(tracking.patterns())),
]
