"""One page of a list, and pages that a mail leads to, for all apps."""

from functools import wraps

from django.contrib.auth.views import redirect_to_login
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


def sign_in_where_hidden(view):
    """Send a visitor to sign-in where the view has a 404: a mail may have led here.

    Whether the thing is there or not, so that nobody learns which.
    """

    @wraps(view)
    def with_sign_in(request: HttpRequest, *args, **kwargs):
        try:
            return view(request, *args, **kwargs)
        except Http404:
            if request.user.is_authenticated:
                raise
            return redirect_to_login(request.get_full_path())

    return with_sign_in
