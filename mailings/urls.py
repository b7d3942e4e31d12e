from django.urls import include, path

from mailings import following_views, preference_views, tracking, views

urlpatterns = [
    path("stop/<slug:token>/", views.stop, name="mail_stop"),
    path("preferences/", preference_views.mail_preferences, name="mail_preferences"),
    path(
        "preferences/<slug:token>/",
        preference_views.mail_preferences_by_mail,
        name="mail_preferences_by_mail",
    ),
    path("following/", following_views.follow_list, name="follow_list"),
    path("following/<slug:kind>/", following_views.follow, name="follow"),
    path("following/<int:pk>/end/", following_views.follow_end, name="follow_end"),
    path(
        "following/<int:pk>/frequency/", following_views.follow_frequency, name="follow_frequency"
    ),
    path("events/", include(tracking.patterns())),
]
