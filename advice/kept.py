"""What one person has given to the floor, in whatever state, for 'My page'."""

from django.utils.translation import gettext as _

from advice.models import Need
from documents.waiting import Waiting
from partners.directory.facets import country_name


def kept_by(user) -> list[Waiting]:
    """Needs that this person submitted, the newest first."""
    needs = Need.objects.filter(submitted_by=user).defer("search").order_by("-submitted_at", "-pk")
    said = _("Need of a country: %(country)s")
    return [
        Waiting(
            need.title,
            need.get_absolute_url(),
            said % {"country": country_name(need.country_id)},
            need.get_status_display(),
        )
        for need in needs
    ]
