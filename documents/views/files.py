"""Files of the library, for those who may see their version."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.http import require_safe

from documents import downloads
from documents.models import Translation
from partners import serving
from partners.audience import Audience

NEEDED = (
    *("file", "file_name", "media_type", "sha256"),
    *("version__published_at", "version__document__audience"),
)


@require_safe
def version_file(request, code: str, number: int, language: str):
    """A version's file in one language; permission is asked each time.

    404 where the version is an address elsewhere: its page links there, the portal sends nobody on.
    """
    translation = get_object_or_404(
        Translation.objects.visible_to(request.user)
        .select_related("version__document")
        .only(*NEEDED),
        version__document__code=code,
        version__number=number,
        language=language,
    )
    if not translation.file:
        raise Http404
    response = serving.serve(
        request,
        translation.file,
        translation.media_type,
        translation.file_name,
        translation.sha256,
    )
    version = translation.version
    is_public = version.document.audience == Audience.PUBLIC and version.published_at
    # With no-cache, whoever keeps a copy asks each time whether it is still theirs to show
    response.headers.setdefault("Cache-Control", "no-cache" if is_public else "private, no-cache")
    if downloads.begins(request, response):
        downloads.count(translation, timezone.now().date())
    return response
