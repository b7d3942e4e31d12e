"""Countries' statements: side by side, one by one, the form; needs that go into the register."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from experts import exporting
from meetings import permissions, statement_tables, stating
from meetings.finding import organised, visible
from meetings.forms.statements import RegionForm, StatementForm, needs_formset
from meetings.models import Meeting, StatedNeed, Statement
from partners.models import Country
from partners.pages import sign_in_where_hidden
from partners.refusals import Refused


@require_safe
@sign_in_where_hidden
def statement_list(request, code: str):
    """All countries' statements beside each other."""
    meeting, user, now = visible(request, code), request.user, timezone.now()
    seen = Statement.objects.visible_to(user, now.date()).filter(meeting=meeting)
    form = RegionForm(request.GET)
    region = form.cleaned_data["region"] if form.is_valid() else ""
    shown = seen.filter(country__region=region) if region else seen
    statements = list(shown.side_by_side())
    context = {
        "meeting": meeting,
        "statements": statements,
        "total": seen.sent().count(),
        "form": form,
        "region": region,
        "can_organise": permissions.can_organise(user, meeting),
        "can_register": permissions.can_register_needs(user),
        "takes_statements": stating.takes_statements(meeting, now),
        "until": stating.begins_at(meeting),
        "to_write": stating.to_write(meeting, user, now),
    }
    return render(request, "meetings/statement_list.html", context)


@require_safe
@sign_in_where_hidden
def statement_detail(request, code: str, country: str):
    meeting = visible(request, code)
    statement = _seen(request, meeting, country)
    now = timezone.now()
    writes = bool(permissions.states_for(request.user, statement.country, now.date()))
    context = {
        "meeting": meeting,
        "statement": statement,
        "can_write": writes and stating.takes_statements(meeting, now),
        "can_register": permissions.can_register_needs(request.user),
    }
    return render(request, "meetings/statement_detail.html", context)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def statement_edit(request, code: str, country: str):
    """For partners of the country; colleagues write the same one."""
    meeting, user, now = visible(request, code), request.user, timezone.now()
    place = get_object_or_404(Country, pk=country.upper())
    organisations = permissions.states_for(user, place, now.date())
    if not organisations:
        raise PermissionDenied
    statement = meeting.statements.filter(country=place).first()
    if not stating.takes_statements(meeting, now):
        messages.error(request, _("This meeting takes no statements now."))
        return redirect("statement_list", code)
    if statement and statement.status == Statement.Status.SENT and request.method != "POST":
        return redirect(statement)
    needs = statement.needs.prefetch_related("terms") if statement else StatedNeed.objects.none()
    form = StatementForm(
        request.POST or None,
        statement=statement,
        organisations=organisations,
        is_sending="send" in request.POST,
    )
    rows = needs_formset(
        request.POST or None, needs.filter(need=None), more=1 if "more" in request.GET else 0
    )
    both = None
    if form.is_valid() and rows.is_valid():
        said = form.cleaned_data
        try:
            saved = stating.save(meeting.pk, place, said, rows.rows(), said["seen"], user, now)
            if form.is_sending:
                stating.send(saved.pk, user, now)
        except stating.Collision as collision:
            form.add_error(None, str(collision))
            statement = meeting.statements.get(country=place)
            both = _both(statement, form, rows)
            form.carry(statement.version)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return _saved(request, saved)
    context = {
        "meeting": meeting,
        "country": place,
        "statement": statement,
        "form": form,
        "needs": rows,
        "registered": needs.exclude(need=None).select_related("need"),
        "both": both,
        "until": stating.begins_at(meeting),
    }
    return render(request, "meetings/statement_edit.html", context)


def _saved(request, statement: Statement):
    if "send" in request.POST:
        said = _("The statement is sent. Whoever sees the meeting reads it.")
        messages.success(request, said)
        return redirect(statement)
    messages.success(request, _("Saved as a draft. Your colleagues and the organisers see it."))
    args = [statement.meeting.code, statement.country_id.lower()]
    address = reverse("statement_edit", args=args)
    return redirect(f"{address}?more=1#needs" if "more" in request.POST else address)


def _both(statement: Statement, form: StatementForm, rows) -> list[tuple[str, str, str]]:
    """(name, as it stands now, as it was typed) of what differs."""
    stored = statement.needs.filter(need=None)
    found = [
        (_("Situation"), statement.situation, form.cleaned_data["situation"]),
        (_("Priorities"), statement.priorities, form.cleaned_data["priorities"]),
        (
            _("Needs"),
            "\n".join(f"{one.title}: {one.text}" if one.text else one.title for one in stored),
            "\n".join(filter(None, (one.lines() for one in rows))),
        ),
    ]
    return [one for one in found if one[1] != one[2]]


def _seen(request, meeting: Meeting, country: str) -> Statement:
    seen = Statement.objects.visible_to(request.user, timezone.now().date())
    return get_object_or_404(seen.side_by_side(), meeting=meeting, country=country.upper())


@login_required
@require_POST
def statement_send(request, code: str, country: str):
    return _step(request, code, country, stating.send, _("The statement is sent."))


@login_required
@require_POST
def statement_take_back(request, code: str, country: str):
    said = _("The statement is a draft again. Send it when it is ready.")
    return _step(request, code, country, stating.take_back, said)


def _step(request, code: str, country: str, step, said: str):
    statement = _seen(request, visible(request, code), country)
    now = timezone.now()
    if not permissions.states_for(request.user, statement.country, now.date()):
        raise PermissionDenied
    try:
        step(statement.pk, request.user, now)
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect(statement)


@login_required
@require_POST
def stated_need_register(request, code: str, country: str, number: int):
    """The Lead takes a need of a statement into the register."""
    if not permissions.can_register_needs(request.user):
        raise PermissionDenied
    statement = _seen(request, visible(request, code), country)
    stated = get_object_or_404(statement.needs, number=number)
    try:
        need, is_new = stating.register(stated.pk, request.user, timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect(statement)
    said = _("In the register now:") if is_new else _("It is there already:")
    link = format_html('{} <a href="{}">{}</a>', said, need.get_absolute_url(), need)
    (messages.success if is_new else messages.info)(request, link)
    return redirect(statement)


@login_required
@require_safe
def statement_list_csv(request, code: str):
    return _file(request, organised(request, code), "csv", statement_tables.csv)


@login_required
@require_safe
def statement_list_xlsx(request, code: str):
    return _file(request, organised(request, code), "xlsx", statement_tables.xlsx)


def _file(request, meeting: Meeting, kind: str, write):
    """All statements of the meeting, drafts too, as organisers see them."""
    now = timezone.now()
    seen = Statement.objects.visible_to(request.user, now.date()).filter(meeting=meeting)
    name = statement_tables.name_of(meeting, kind, now)
    return HttpResponse(
        write(seen.side_by_side()),
        content_type=exporting.TYPES[kind],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
