"""Where people of the list are, for the floors below."""

from django.db.models import Case, F, When

from experts.models import Expert
from mailings import readership


def register():
    """Called when the app is ready."""
    is_listed = {"user__expert__status": Expert.Status.LISTED}
    readership.known_by(Case(When(**is_listed, then=F("user__expert__country__region"))))
