"""One profile, as everybody may see it, with what this person may see beside."""

import json

from django.http import Http404
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from experts import permissions, presenting
from experts.models import Audience, Expert, Policy
from partners import mail, serving
from partners.models import Term


@require_safe
def expert_detail(request, pk: int):
    """404 for a profile that this person may not see, as for one that does not exist."""
    now = timezone.now()
    expert = get_object_or_404(
        Expert.objects.visible_to(request.user)
        .select_related("organisation", "country")
        .defer("search"),
        pk=pk,
    )
    terms = list(Term.objects.filter(pk__in=expert.term_ids).defer("words", "description"))
    labels = [term.label for term in terms]
    own = permissions.is_own(request.user, expert)
    contact = permissions.contact_seen_by(request.user, expert, now.date())
    return render(
        request,
        "experts/expert_detail.html",
        {
            "expert": expert,
            "own": own,
            "terms": terms,
            "badge": presenting.badge(expert, Policy.current().limits(now), exact=True),
            "country": presenting.country(expert.country_id),
            "speaks": presenting.spoken(expert),
            "worked_in": [presenting.country(code) for code in expert.worked_in],
            "can": presenting.abilities(expert),
            "limit": presenting.availability(expert, now),
            "paused": expert.is_paused(now),
            "contact": contact,
            "hidden": [f for f in Expert.PRIVATE_FIELDS if getattr(expert, f) and f not in contact],
            "audiences": _audiences(expert),
            "orcid_address": presenting.orcid_address(expert),
            "can_correct": permissions.can_suggest_correction(request.user, expert),
            "schema": json.dumps(
                presenting.person(expert, labels, mail.absolute(expert.get_absolute_url()))
            ).replace("<", "\\u003c")
            if expert.status == Expert.Status.LISTED
            else "",
        },
    )


def _audiences(expert: Expert) -> list[tuple[str, list[str]]]:
    """[(who, names of private fields that they see)] for the box 'Who sees what'."""
    seen = {audience: [] for audience in Audience}
    for field in Expert.PRIVATE_FIELDS:
        seen[Audience(getattr(expert, f"{field}_audience"))].append(
            str(Expert._meta.get_field(field).verbose_name)
        )
    return [(_READERS[audience], fields) for audience, fields in seen.items()]


#: The audiences as others read them; the form speaks to the expert.
_READERS = {
    Audience.LEAD: gettext_lazy("Only the Lead"),
    Audience.ACCEPTED: gettext_lazy("Somebody whose request the expert accepted"),
    Audience.PARTNERS: gettext_lazy("Partners"),
}


@require_safe
def expert_photo(request, pk: int):
    """The photo, for whom the profile is visible; a browser may keep it for an hour."""
    expert = get_object_or_404(Expert.objects.visible_to(request.user).only("photo"), pk=pk)
    if not expert.photo:
        raise Http404
    response = serving.serve(
        request, expert.photo, "image/jpeg", "photo.jpg", etag=expert.photo.name, attachment=False
    )
    response["Cache-Control"] = "private, max-age=3600"
    return response
