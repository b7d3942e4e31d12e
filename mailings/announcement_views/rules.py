"""The rules of the list."""

from django.http import Http404
from django.shortcuts import render
from django.views.decorators.http import require_safe

from mailings import announcing
from mailings.markdown import to_html


@require_safe
def announcement_rules(request):
    """The text that counts now."""
    rules = announcing.current_rules()
    if rules is None:
        raise Http404
    user = request.user
    context = {
        "rules": rules,
        "text": to_html(rules.text),
        "accepted": user.is_authenticated
        and rules.acceptances.filter(user=user).values_list("accepted_at", flat=True).first(),
    }
    return render(request, "mailings/announcement_rules.html", context)
