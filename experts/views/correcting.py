"""A colleague says what is wrong in a profile; the expert answers."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from experts import correcting, permissions
from experts.forms import CorrectionForm
from experts.models import Correction, Expert
from partners.refusals import NotAllowed, Refused


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def expert_correction(request, pk: int):
    expert = get_object_or_404(Expert.objects.listed().visible_to(request.user), pk=pk)
    if not permissions.can_suggest_correction(request.user, expert):
        raise NotAllowed(_("This is your own profile: change it yourself."))
    form = CorrectionForm(request.POST or None)
    if form.is_valid():
        try:
            correcting.suggest(expert.pk, form.cleaned_data["text"], request.user, timezone.now())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Thank you. The expert has your note."))
            return redirect(expert)
    return render(request, "experts/expert_correction.html", {"form": form, "expert": expert})


@login_required
@require_POST
def correction_answer(request, pk: int):
    """The expert says what became of a note: `taken` yes or no."""
    correction = get_object_or_404(Correction, pk=pk, expert__user=request.user)
    correcting.answer(correction.pk, "taken" in request.POST, timezone.now())
    messages.success(request, _("Answered. Your colleague is told."))
    return redirect("expert_me")
