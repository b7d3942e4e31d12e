"""Addresses of announcements, below /announcements/."""

from django.urls import path

from mailings.announcement_views import campaign

urlpatterns = [
    path("<int:pk>/mailing/", campaign.announcement_campaign, name="announcement_campaign"),
    path(
        "<int:pk>/mailing/readers.csv",
        campaign.announcement_campaign_csv,
        name="announcement_campaign_csv",
    ),
]
