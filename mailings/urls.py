from django.urls import path

from mailings import views

urlpatterns = [
    path("stop/<slug:token>/", views.stop, name="mail_stop"),
]
