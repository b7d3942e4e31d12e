"""What of the Resource Persons List can be followed (mailings/following.py): searches."""

from django.utils.translation import gettext_lazy as _

from experts import directory
from mailings import following, saved_searches


def register():
    """Name it to the mailings; called when the app is ready."""
    following.register(
        saved_searches.searches(
            "expert-search",
            _("A search for experts"),
            _("Experts"),
            "expert_list",
            directory.find,
        )
    )
