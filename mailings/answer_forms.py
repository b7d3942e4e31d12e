"""What a partner writes to the author of an announcement, and what comes back."""

from django import forms
from django.utils.translation import gettext_lazy as _

from mailings.answering import LONGEST
from partners.fields import TextField


class AnswerForm(forms.Form):
    text = TextField(
        label=_("Your message"),
        max_length=LONGEST,
        help_text=_("Your name is told, your address is not. The answer comes to you by mail."),
        widget=forms.Textarea(attrs={"rows": 8}),
    )
