"""One announcement, and its files."""

from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from mailings import markdown, permissions, presenting
from mailings.announcement_views import finding
from mailings.models import Announcement
from partners import languages, mail, serving
from partners.audience import Audience
from partners.models import Organisation
from partners.pages import sign_in_where_hidden


@require_safe
@sign_in_where_hidden
def announcement_detail(request, pk: int):
    """What it says, and to its author and the Lead how it stands."""
    announcement, today = finding.visible(request, pk), timezone.now().date()
    with_names = permissions.sees_names(request.user)
    [row] = presenting.rows([announcement], today, with_names)
    houses = Organisation.objects.visible_to(request.user)
    context = {
        "announcement": announcement,
        "row": row,
        "text": markdown.to_html(announcement.text),
        "language": languages.name(announcement.language),
        "terms": announcement.terms.all(),
        "files": announcement.files.all(),
        "house": houses.filter(pk=announcement.organisation_id).first(),
        "about_url": _address_of_the_portal(announcement.about_path),
        "is_public": _is_public(announcement),
        "is_own": announcement.author_id == request.user.pk,
        "can_answer": permissions.can_answer(request.user, announcement, today),
        "can_edit": permissions.can_edit(request.user, announcement),
        "can_withdraw": Announcement.Status.WITHDRAWN
        in Announcement.NEXT.get(announcement.status, ())
        and permissions.can_withdraw(request.user, announcement),
        "can_moderate": permissions.can_moderate(request.user),
        "canonical": mail.absolute(announcement.get_absolute_url()),
    }
    return render(request, "mailings/announcement_detail.html", context)


@require_safe
@sign_in_where_hidden
def announcement_file(request, pk: int, file: int):
    """A file, for those who see the announcement."""
    announcement = finding.visible(request, pk)
    found = get_object_or_404(announcement.files, pk=file)
    response = serving.serve(request, found.file, found.media_type, found.name, found.sha256)
    # With no-cache, whoever keeps a copy asks each time whether it is still theirs to show
    said = "no-cache" if _is_public(announcement) else "private, no-cache"
    response.headers.setdefault("Cache-Control", said)
    return response


def _is_public(announcement: Announcement) -> bool:
    return (
        announcement.status == Announcement.Status.PUBLISHED
        and announcement.audience == Audience.PUBLIC
    )


def _address_of_the_portal(path: str) -> str:
    """The path, unless it leads to another host."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else ""
