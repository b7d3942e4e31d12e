"""Addresses of announcements, below /announcements/."""

from django.urls import path

from mailings.announcement_views import (
    answers,
    campaign,
    deciding,
    lists,
    posted,
    reading,
    rules,
    writing,
)

LISTS: list = [
    path("", lists.announcement_list, name="announcement_list"),
    path("feed/", lists.announcement_feed, name="announcement_feed"),
    path("feed/<slug:topic>/", lists.announcement_topic_feed, name="announcement_topic_feed"),
    path("dates.ics", lists.announcement_calendar, name="announcement_calendar"),
    path("rules/", rules.announcement_rules, name="announcement_rules"),
]
READING: list = [
    path("<int:pk>/", reading.announcement_detail, name="announcement_detail"),
    path("<int:pk>/files/<int:file>/", reading.announcement_file, name="announcement_file"),
]
WRITING: list = [
    path("posted/<slug:token>/", posted.announcement_posted, name="announcement_posted"),
    path("write/", writing.announcement_write, name="announcement_write"),
    path("look/", writing.announcement_look, name="announcement_look"),
    path("<int:pk>/edit/", writing.announcement_edit, name="announcement_edit"),
    path("<int:pk>/preview/", writing.announcement_preview, name="announcement_preview"),
    path("<int:pk>/mail/", writing.announcement_mail, name="announcement_mail"),
    path("<int:pk>/test/", writing.announcement_test, name="announcement_test"),
    path("<int:pk>/submit/", writing.announcement_submit, name="announcement_submit"),
    path("<int:pk>/drop/", writing.announcement_drop, name="announcement_drop"),
    path("<int:pk>/agree/", deciding.announcement_agree, name="announcement_agree"),
    path("<int:pk>/words/", deciding.announcement_rewrite, name="announcement_rewrite"),
    path("<int:pk>/withdraw/", deciding.announcement_withdraw, name="announcement_withdraw"),
]
SENDING: list = [
    path("<int:pk>/mailing/", campaign.announcement_campaign, name="announcement_campaign"),
    path(
        "<int:pk>/mailing/readers/",
        campaign.announcement_campaign_readers,
        name="announcement_campaign_readers",
    ),
    path(
        "<int:pk>/mailing/readers.csv",
        campaign.announcement_campaign_csv,
        name="announcement_campaign_csv",
    ),
]
ANSWERS: list = [
    path("<int:pk>/answer/", answers.announcement_answer, name="announcement_answer"),
    path("answers/<int:pk>/", answers.announcement_answer_on, name="announcement_answer_on"),
]

urlpatterns = [*LISTS, *READING, *WRITING, *SENDING, *ANSWERS]
