"""Papers of a meeting, for those who read them: the list, the files, all of them as one ZIP."""

from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_safe

from meetings import paper_lists, permissions, zipping
from meetings.finding import visible
from meetings.models import Paper, PaperAudience, PaperVersion
from partners import serving
from partners.audience import Audience
from partners.pages import sign_in_where_hidden


@require_safe
@sign_in_where_hidden
def paper_list(request, code: str):
    """By session, each with its versions."""
    meeting = visible(request, code)
    papers = paper_lists.readable(meeting, request.user)
    papers = [one for one in papers if paper_lists.has_something(one)]
    context = {
        "meeting": meeting,
        "groups": paper_lists.by_published_session(meeting, papers),
        "has_files": paper_lists.have_files(papers),
        "can_organise": permissions.can_organise(request.user, meeting),
    }
    return render(request, "meetings/paper_list.html", context)


def _paper(request, code: str, session_number: int, number: int) -> Paper:
    """Raises Http404 where the person may not read it."""
    found = Paper.objects.visible_to(request.user).select_related("meeting").with_newest()
    return get_object_or_404(
        found, meeting__code=code, session_number=session_number, number=number
    )


@require_safe
@sign_in_where_hidden
def paper_file(request, code: str, session_number: int, number: int):
    """The newest approved version; a document of the library is read on its own page."""
    paper = _paper(request, code, session_number, number)
    if paper.document_id:
        return redirect(paper.document)
    if paper.newest is None:
        raise Http404
    return _served(request, paper, paper.newest)


@require_safe
@sign_in_where_hidden
def paper_version(request, code: str, session_number: int, number: int, version: int):
    """Any approved version; organisers look at those that wait and those that were declined."""
    paper = _paper(request, code, session_number, number)
    versions = PaperVersion.objects.visible_to(request.user).filter(paper=paper)
    return _served(request, paper, get_object_or_404(versions, number=version))


def _served(request, paper: Paper, version: PaperVersion):
    response = serving.serve(
        request, version.file, version.media_type, version.name, version.sha256
    )
    is_public = (
        paper.audience == PaperAudience.PUBLIC
        and paper.meeting.audience == Audience.PUBLIC
        and paper.meeting.status != paper.meeting.Status.DRAFT
        and version.approved_at
    )
    # With no-cache, whoever keeps a copy asks each time whether it is still theirs to show
    response.headers.setdefault("Cache-Control", "no-cache" if is_public else "private, no-cache")
    return response


@require_safe
@sign_in_where_hidden
def paper_zip(request, code: str):
    """All papers that this person may read, made while they are sent."""
    meeting, now = visible(request, code), timezone.now()
    headers = {
        "Content-Disposition": content_disposition_header(True, f"{meeting.code}-papers.zip"),
        "Cache-Control": "private, no-store",
    }
    # Packed once is enough; the middleware that packs looks here
    request.META["HTTP_ACCEPT_ENCODING"] = "identity"
    if request.method == "HEAD":  # a server that drops the body would make it nevertheless
        return HttpResponse(content_type="application/zip", headers=headers)
    found = zipping.entries(meeting, request.user)
    return StreamingHttpResponse(
        zipping.stream(meeting, found, now), content_type="application/zip", headers=headers
    )
