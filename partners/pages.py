"""One page of a list, for all apps."""

from django.core.paginator import InvalidPage, Page, Paginator
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _


def page_or_404(things, request: HttpRequest, size: int) -> Page:
    """The page that `?page=` names, the first without it.

    Raises Http404 past the end or for what is no number, with `reason` and `first_page` for
    404.html.
    """
    paginator = Paginator(things, size)
    try:
        return paginator.page(request.GET.get("page", 1))
    except InvalidPage:
        query = request.GET.copy()
        query.pop("page", None)
        missing = Http404("no such page")
        missing.reason = _("This list has no such page.")
        missing.first_page = f"{request.path}?{query.urlencode()}".rstrip("?")
        raise missing from None
