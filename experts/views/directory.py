"""The directory: filters, results, map."""

from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe
from django.views.decorators.vary import vary_on_headers

from experts import presenting
from experts.directory import Found, find
from experts.models import Expert
from partners.directory.pages import Directory


@require_safe
@vary_on_headers("HX-Target")
def expert_list(request):
    found = find(request.GET, request.user, timezone.now())
    found.results = found.results.defer("search", "experience")
    directory = Directory(request, found, "expert_list")
    page = directory.page()
    context = {
        **directory.context(page),
        **directory.map(),
        "cards": [_card(expert, found) for expert in page],
        "suggestions": directory.suggestions("name", "sort_name"),
        "exports": directory.downloads(
            ("expert_export_csv", _("CSV")),
            ("expert_export_xlsx", _("Excel")),
            ("expert_roster", _("printable roster")),
        ),
    }
    return directory.render("experts/expert_list.html", "experts/parts/results.html", context)


def _card(expert: Expert, found: Found) -> dict:
    return {
        "expert": expert,
        "url": f"/experts/{expert.pk}/",
        "badge": presenting.badge(expert, found.limits),
        "place": ", ".join(
            part
            for part in (
                expert.organisation.name if expert.organisation else "",
                presenting.country(expert.country_id),
            )
            if part
        ),
        "terms": found.tags(expert.term_ids),
        "speaks": ", ".join(presenting.spoken(expert)),
        "can": presenting.abilities(expert),
        "limit": presenting.availability(expert, found.now),
    }
