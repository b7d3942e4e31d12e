"""What stands between a Lead and admin: the second step of signing in."""

from django.contrib.auth.decorators import login_required
from django.shortcuts import render
from django.views.decorators.http import require_safe

from partners.second_factor import has_recovery_codes, has_second_factor


@login_required
@require_safe
def second_factor(request):
    """What to do, step by step, with what is done already."""
    factor, recovery = has_second_factor(request.user), has_recovery_codes(request.user)
    context = {
        "factor": factor,
        "recovery": recovery,
        "step": 1 if not factor else 2 if not recovery else 3,
    }
    return render(request, "partners/second_factor.html", context)
