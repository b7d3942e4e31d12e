"""The page on which an organisation's contact person says what became of an expert."""

from django import forms
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from experts import following_up
from experts.models import FollowUp
from partners.quiet import quiet
from partners.refusals import Refused

Answer = FollowUp.Answer


class ContactPersonForm(forms.Form):
    """What the contact person knows, and a note for the Lead."""

    answer = forms.ChoiceField(
        label=gettext_lazy("What is right?"),
        choices=[
            (Answer.HERE, gettext_lazy("Works here, and I have told them")),
            (Answer.ADDRESS, gettext_lazy("Has another e-mail address")),
            (Answer.LEFT, gettext_lazy("Does not work here any more")),
        ],
        widget=forms.RadioSelect,
    )
    note = forms.CharField(
        label=gettext_lazy("Note"),
        help_text=gettext_lazy(
            "The new address, or what the Lead should know; 500 characters at most. The Lead alone "
            "reads it, and changes nothing before having checked it."
        ),
        required=False,
        max_length=following_up.NOTE_AT_MOST,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


@quiet
@require_http_methods(["GET", "HEAD", "POST"])
def contact_person(request, token: str):
    """GET shows the question, POST answers it, once; a dead link says nothing about anybody."""
    now = timezone.now()
    asked = following_up.find(token, now)
    if asked is None:
        return render(request, "experts/contact_person_closed.html", status=410)
    form = ContactPersonForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        said = form.cleaned_data
        try:
            following_up.answer(token, Answer(said["answer"]), said["note"], now)
        except Refused:  # answered in another window meanwhile
            return render(request, "experts/contact_person_closed.html", status=410)
        return render(request, "experts/contact_person_thanks.html")
    context = {
        "asked": asked,
        "form": form,
        "valid_until": asked.at + following_up.LINK_WORKS_FOR,
    }
    return render(request, "experts/contact_person.html", context)
