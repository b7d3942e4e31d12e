"""What of needs and missions can be followed (mailings/following.py): their lists, and searches."""

from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from advice.filters import NeedFilter
from advice.filters_missions import MissionFilter
from advice.models import Mission, Need
from mailings import following, saved_searches


def register():
    """Name them to the mailings; called when the app is ready."""
    following.register(
        saved_searches.lists(
            "need-search", _("Needs"), _("Needs of countries"), "need_list", _needs
        ),
        saved_searches.lists(
            "mission-search",
            _("Missions"),
            _("Missions and joint projects"),
            "mission_list",
            _missions,
        ),
    )


def _needs(params: QueryDict, user) -> NeedFilter:
    needs = Need.objects.visible_to(user).published().newest_first()
    return NeedFilter(params, needs.defer("search"))


def _missions(params: QueryDict, user) -> MissionFilter:
    return MissionFilter(params, Mission.objects.visible_to(user).published())
