"""Papers of a meeting, for its organisers: add, number, edit, remove, decide, ask a presenter."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Prefetch
from django.http import HttpRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from meetings import paper_lists, paper_uploads, papering
from meetings.finding import organised
from meetings.forms.papers import (
    DeclineForm,
    PaperAddForm,
    PaperFileForm,
    PaperForm,
    UploadLinkForm,
)
from meetings.models import Meeting, Paper, PaperVersion, UploadLink
from partners import mail
from partners.refusals import Refused

_anything = require_http_methods(["GET", "HEAD", "POST"])
TAB = "paper_manage"


def _paper(meeting: Meeting, pk: int) -> Paper:
    return get_object_or_404(meeting.papers.select_related("document"), pk=pk)


def _sent(request: HttpRequest) -> tuple:
    """Data and files of a form that may hold nothing but a file; nothing where none was sent."""
    return (request.POST, request.FILES) if request.method == "POST" else (None, None)


def _page(request: HttpRequest, name: str, meeting: Meeting, **context):
    context |= {"meeting": meeting, "tab": TAB, "choose_again": bool(request.FILES)}
    return render(request, f"meetings/{name}.html", context)


@login_required
@require_safe
def paper_manage(request, code: str):
    """All papers by session, with every version and every link."""
    meeting, now = organised(request, code), timezone.now()
    versions = PaperVersion.objects.select_related("added_by").order_by("-number")
    papers = list(
        meeting.papers.select_related("document", "item")
        .prefetch_related(Prefetch("versions", versions), "links")
        .order_by("session_number", "number")
    )
    waiting = []
    for paper in papers:
        paper.meeting = meeting
        approved = (one for one in paper.versions.all() if one.approved_at)
        paper.read_version = next(approved, None)
        for version in paper.versions.all():
            version.paper = paper
            if not (version.approved_at or version.declined_at):
                waiting.append(version)
        for link in paper.links.all():
            link.is_alive = link.works(now)
    context = {"groups": paper_lists.by_session(meeting, papers), "waiting": waiting}
    return _page(request, "paper_manage", meeting, **context)


@login_required
@_anything
def paper_add(request, code: str):
    """From the library, as a file, or awaited from a presenter, who then gets a link."""
    meeting = organised(request, code)
    form = PaperAddForm(
        request.POST or None, request.FILES or None, meeting=meeting, user=request.user
    )
    if form.is_valid():
        document, checked = form.cleaned_data["document"], form.cleaned_data["file"]
        try:
            paper = papering.add(
                meeting.pk,
                form.values(),
                request.user,
                timezone.now(),
                document_id=document and document.pk,
                checked=checked,
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Added: %(paper)s.") % {"paper": paper})
            if document or checked:
                return redirect("paper_manage", code)
            return redirect("paper_invite", code, paper.pk)
    return _page(request, "paper_add", meeting, form=form)


@login_required
@_anything
def paper_edit(request, code: str, pk: int):
    meeting = organised(request, code)
    paper = _paper(meeting, pk)
    form = PaperForm(request.POST or None, meeting=meeting, paper=paper)
    if form.is_valid():
        try:
            paper = papering.edit(paper.pk, form.values())
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved: %(paper)s.") % {"paper": paper})
            return redirect("paper_manage", code)
    return _page(request, "paper_edit", meeting, form=form, paper=paper)


@login_required
@_anything
def paper_remove(request, code: str, pk: int):
    """A question first: files go for ever."""
    meeting = organised(request, code)
    paper = _paper(meeting, pk)
    if request.method == "POST":
        papering.remove(paper.pk, request.user, timezone.now())
        messages.success(request, _("Removed: %(paper)s.") % {"paper": paper})
        return redirect("paper_manage", code)
    return _page(request, "paper_remove", meeting, paper=paper, versions=paper.versions.count())


@login_required
@_anything
def paper_new_version(request, code: str, pk: int):
    meeting = organised(request, code)
    paper = _paper(meeting, pk)
    form = PaperFileForm(*_sent(request))
    if form.is_valid():
        checked, now = form.cleaned_data["file"], timezone.now()
        try:
            version = papering.add_version(paper.pk, checked, request.user, now)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            said = _("Version %(n)s is stored, and readers get it: %(paper)s.")
            messages.success(request, said % {"n": version.number, "paper": paper})
            return redirect("paper_manage", code)
    return _page(request, "paper_new_version", meeting, form=form, paper=paper)


@login_required
@_anything
def paper_decide(request, code: str, pk: int):
    """On a file that a presenter uploaded; `pk` is that of the version."""
    meeting, now = organised(request, code), timezone.now()
    versions = PaperVersion.objects.filter(paper__meeting=meeting).select_related("paper__meeting")
    version = get_object_or_404(versions, pk=pk)
    form = DeclineForm(request.POST if "decline" in request.POST else None)
    try:
        if "approve" in request.POST:
            paper_uploads.approve(version.pk, request.user, now)
            messages.success(request, _("Approved: %(paper)s.") % {"paper": version.paper})
            return redirect("paper_manage", code)
        if form.is_valid():
            paper_uploads.decline(version.pk, form.cleaned_data["reason"], request.user, now)
            messages.success(request, _("Declined: %(paper)s.") % {"paper": version.paper})
            return redirect("paper_manage", code)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("paper_manage", code)
    return _page(request, "paper_decide", meeting, form=form, version=version, paper=version.paper)


@login_required
@_anything
def paper_invite(request, code: str, pk: int):
    """A link for a presenter. Its address is shown once, after it is made."""
    meeting, now = organised(request, code), timezone.now()
    paper = _paper(meeting, pk)
    form = UploadLinkForm(request.POST or None)
    if form.is_valid():
        said = form.cleaned_data
        try:
            link = paper_uploads.make_link(
                paper.pk, said["name"], said["address"], said["days"], request.user, now
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            _show_once(request, link)
            return redirect("paper_manage", code)
    return _page(request, "paper_invite", meeting, form=form, paper=paper)


def _show_once(request: HttpRequest, link: UploadLink):
    words = {
        "name": link.name,
        "day": date_format(link.expires_at, "j F Y"),
        "address": mail.absolute(link.get_absolute_url()),
    }
    said = _(
        "The link for %(name)s works until %(day)s. It is shown here once, so copy it now if you "
        "want to pass it on: %(address)s"
    )
    messages.success(request, said % words)
    if link.address:
        said = _("It is sent to %(address)s.")
        messages.success(request, said % {"address": link.address})


@login_required
@require_POST
def paper_link_revoke(request, code: str, pk: int):
    meeting = organised(request, code)
    link = get_object_or_404(UploadLink, paper__meeting=meeting, pk=pk)
    try:
        link = paper_uploads.revoke_link(link.pk, timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        said = _("The link of %(name)s does not work any more.")
        messages.success(request, said % {"name": link.name})
    return redirect("paper_manage", code)
