"""Addresses of announcements, under /announcements/."""

from django.urls import path

from mailings.announcement_views import answers, lists, reading

LISTS: list = [
    path("", lists.announcement_list, name="announcement_list"),
    path("feed/", lists.announcement_feed, name="announcement_feed"),
    path("feed/<slug:topic>/", lists.announcement_topic_feed, name="announcement_topic_feed"),
    path("dates.ics", lists.announcement_calendar, name="announcement_calendar"),
]
READING: list = [
    path("<int:pk>/", reading.announcement_detail, name="announcement_detail"),
    path("<int:pk>/files/<int:file>/", reading.announcement_file, name="announcement_file"),
]
ANSWERS: list = [
    path("<int:pk>/answer/", answers.announcement_answer, name="announcement_answer"),
    path("answers/<int:pk>/", answers.announcement_answer_on, name="announcement_answer_on"),
]

urlpatterns = [*LISTS, *READING, *ANSWERS]
