"""Addresses below /announcements/."""

from django.urls import path

from mailings.announcement_views import deciding, rules, writing

urlpatterns = [
    path("rules/", rules.announcement_rules, name="announcement_rules"),
    path("write/", writing.announcement_write, name="announcement_write"),
    path("look/", writing.announcement_look, name="announcement_look"),
    path("<int:pk>/edit/", writing.announcement_edit, name="announcement_edit"),
    path("<int:pk>/preview/", writing.announcement_preview, name="announcement_preview"),
    path("<int:pk>/submit/", writing.announcement_submit, name="announcement_submit"),
    path("<int:pk>/drop/", writing.announcement_drop, name="announcement_drop"),
    path("<int:pk>/agree/", deciding.announcement_agree, name="announcement_agree"),
    path("<int:pk>/words/", deciding.announcement_rewrite, name="announcement_rewrite"),
    path("<int:pk>/withdraw/", deciding.announcement_withdraw, name="announcement_withdraw"),
]
