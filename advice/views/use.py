"""The use of the list: figures for everybody, more of them for the Lead; as a file as well."""

from datetime import datetime

from django.core.paginator import Paginator
from django.http import HttpRequest
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from advice import permissions, survey_results, surveying, use_board
from advice.forms.use import PeriodForm
from advice.models import AdviceRequest
from advice.statistics import BEFORE_THE_PORTAL, OfAge, Period
from advice.use_board import Board, Curve
from partners import scale
from partners.csv_files import csv_answer

PER_PAGE = 50


@require_safe
def use_of_list(request):
    """The number of queries follows neither the list nor the requests."""
    now = timezone.now()
    is_whole = permissions.can_see_whole_use(request.user)
    form, period = _chosen(request, now, is_whole)
    board = Board(period, now, is_whole)
    context = {
        "form": form,
        "board": board,
        "links": _links(now),
        "scale": scale.draw(board.ever.whole, board.ever.part),
        "curve": _curve(board),
        "surveys": survey_results.held(request.user, now),
        "survey": surveying.current(now) if is_whole else None,
        "ages": [(use_board.age_in_words(age), age.number, _query(age)) for age in board.ages],
        "query": request.GET.urlencode() if form.is_bound and form.is_valid() else "",
    }
    if is_whole:
        context["page"] = Paginator(board.people(), PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "advice/use_of_list.html", context)


@never_cache
@require_safe
def use_of_list_csv(request):
    """The figures of the page, with the same ones hidden. Wrong days: the page says what is."""
    now = timezone.now()
    is_whole = permissions.can_see_whole_use(request.user)
    form, period = _chosen(request, now, is_whole)
    if form.is_bound and not form.is_valid():
        return redirect(f"{reverse('use_of_list')}?{request.GET.urlencode()}")
    board = Board(period, now, is_whole)
    name = f"use-of-the-list-{period.since:%Y-%m-%d}-{board.last:%Y-%m-%d}.csv"
    return csv_answer(board.lines(), name)


def _chosen(request: HttpRequest, now: datetime, is_whole: bool) -> tuple[PeriodForm, Period]:
    """The form as the address fills it, and its period: the last 12 months where it says none.

    Where small numbers are hidden, whole years are shown: what is hidden would follow from two
    periods that differ by a day.
    """
    today, usual = now.date(), Period.of_12_months(now)
    given = "from" in request.GET or "to" in request.GET
    form = PeriodForm(
        request.GET if given else None,
        today=today,
        initial={"from": usual.since.date(), "to": today},
    )
    if not (given and form.is_valid()):
        return form, usual
    first = form.cleaned_data["from"] or BEFORE_THE_PORTAL
    last = form.cleaned_data["to"] or today
    if not is_whole:
        first, last = first.replace(month=1, day=1), min(last.replace(month=12, day=31), today)
    return form, Period.of_days(first, last)


def _curve(board: Board) -> Curve | None:
    """None where there is no time to draw, or no list."""
    if len(board.months) < 2 or not board.ever.whole:
        return None
    return Curve(board.months, board.ever.whole)


def _links(now: datetime) -> dict[str, str]:
    """Usual periods, as queries."""
    return {
        "year": urlencode({"from": f"{now:%Y}-01-01", "to": f"{now:%Y-%m-%d}"}),
        "all": urlencode({"from": "", "to": ""}),
    }


def _query(age: OfAge) -> str:
    """Open requests of this age in the Lead's admin."""
    query = {"status__in": ",".join(AdviceRequest.OPEN)}
    if age.until:
        query["sent_at__lte"] = age.until.isoformat()
    if age.after:
        query["sent_at__gt"] = age.after.isoformat()
    return urlencode(query)
