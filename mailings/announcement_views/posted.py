"""Behind the link of a mail that asks: did you write this announcement?"""

from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from mailings import posting
from mailings.models import PostedMail
from partners.quiet import quiet
from partners.refusals import Refused


@quiet
@require_http_methods(["GET", "HEAD", "POST"])
def announcement_posted(request, token: str):
    """GET shows the words and one button, POST makes the draft. It needs no sign-in and opens none:
    to go on with the draft the person signs in.
    """
    now = timezone.now()
    posted = PostedMail.objects.select_related("announcement").filter(token=token).first()
    if request.method == "POST":
        try:
            draft = posting.confirm(token, now)
        except Refused as refusal:
            return _shown(request, None, str(refusal), 410)
        return redirect("announcement_edit", draft.pk)
    waits = posted is not None and posting.waits(posted, now)
    return _shown(request, posted if waits else None, "", 200 if waits else 410)


def _shown(request, posted: PostedMail | None, refusal: str, status: int):
    context = {"posted": posted, "refusal": refusal}
    return render(request, "mailings/announcement_posted.html", context, status=status)
