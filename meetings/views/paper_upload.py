"""What the link for a presenter opens: one paper and a form for its file, without sign-in.

GET shows and writes nothing, so that a scanner which opens every link changes nothing. The link
opens no session.
"""

from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from meetings import paper_uploads
from meetings.forms.papers import PaperFileForm
from partners.quiet import quiet
from partners.refusals import Refused


def _upload(request, token: str):
    now = timezone.now()
    link = paper_uploads.find(token, now)
    if link is None:
        return render(request, "meetings/paper_upload_dead.html", status=410)
    sent = request.method == "POST"
    form = PaperFileForm(request.POST if sent else None, request.FILES if sent else None)
    if form.is_valid():
        try:
            paper_uploads.upload(link.pk, form.cleaned_data["file"], now)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("paper_upload", token)
    context = {
        "link": link,
        "paper": link.paper,
        "meeting": link.paper.meeting,
        "form": form,
        "sent": link.versions.order_by("-number"),
        "choose_again": bool(request.FILES),
    }
    return render(request, "meetings/paper_upload.html", context)


paper_upload = quiet(require_http_methods(["GET", "HEAD", "POST"])(_upload))
