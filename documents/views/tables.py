"""The comment table: got empty, filled offline, uploaded, looked at, taken over as drafts."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from documents import comment_tables, matrices
from documents.forms.tables import TableForm
from documents.models import CommentRound, CommentTable
from documents.views.of_rounds import (
    labels_of,
    organisations_of,
    round_of_commenters,
    text_of,
)
from experts.exporting import TYPES
from partners.refusals import Refused

_anything = require_http_methods(["GET", "HEAD", "POST"])


@login_required
@require_safe
def table_download(request, pk):
    comment_round = round_of_commenters(request, pk)
    translation = text_of(comment_round)
    content = comment_tables.empty(
        comment_round,
        translation.sections.order_by("order") if translation else [],
        organisations_of(request.user),
        settings.SITE_URL + comment_round.get_absolute_url(),
    )
    name = comment_tables.name_of(comment_round)
    return HttpResponse(
        content,
        content_type=TYPES["xlsx"],
        headers={
            "Content-Disposition": content_disposition_header(True, name),
            "Cache-Control": "private, no-store",
        },
    )


def _state(comment_round: CommentRound, now) -> dict:
    """What both pages say about the time: takes comments, not yet, or too late."""
    return {
        "round": comment_round,
        "takes_comments": comment_round.takes_comments(now),
        "is_over": comment_round.is_over(now),
        "takes_late": comment_round.status == CommentRound.Status.OPEN
        and comment_round.is_over(now),
    }


@login_required
@_anything
def table_upload(request, pk):
    comment_round, now = round_of_commenters(request, pk), timezone.now()
    state = _state(comment_round, now)
    if not state["takes_comments"]:
        status = 409 if request.method == "POST" else 200
        return render(request, "documents/table_upload.html", state, status=status)
    form = TableForm(
        request.POST or None, request.FILES or None, organisations=organisations_of(request.user)
    )
    if request.method == "POST" and form.is_valid():
        name, filled = form.cleaned_data["file"]
        organisation = form.cleaned_data.get("organisation")
        try:
            table = comment_tables.keep(
                comment_round.pk,
                request.user,
                name,
                filled,
                now,
                organisation.name if organisation else "",
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("table_preview", comment_round.pk, table.pk)
    context = {
        **state,
        "form": form,
        "waiting": comment_tables.waiting_tables(comment_round, request.user),
        "most": comment_tables.MAX_ROWS,
    }
    return render(request, "documents/table_upload.html", context)


@login_required
@_anything
def table_preview(request, pk, table_pk):
    """Every row as it would become a comment. Only who uploaded the table sees it."""
    table = get_object_or_404(CommentTable, pk=table_pk, round=pk, user=request.user)
    comment_round, now = round_of_commenters(request, pk), timezone.now()
    known = comment_tables.Known(
        labels_of(comment_round),
        list(organisations_of(request.user)),
        list(comment_round.questions.all()),
    )
    if request.method == "POST":
        return _decide(request, comment_round, table, known)
    if table.taken_at:
        messages.info(request, _("The comments of this table were taken over already."))
        return redirect(comment_round)
    lines = comment_tables.plan(table, known)
    context = {
        **_state(comment_round, now),
        "table": table,
        "lines": lines,
        "names": dict(matrices.COLUMNS),
        "new": sum(line.is_new for line in lines),
        "doubles": sum(line.is_double and not line.problems for line in lines),
        "wrong": [line for line in lines if line.problems],
        "noted": sum(bool(line.notes) and line.is_new for line in lines),
    }
    return render(request, "documents/table_preview.html", context)


def _decide(request, comment_round: CommentRound, table: CommentTable, known):
    """Take the comments over, or throw the table away."""
    try:
        if request.POST.get("action") == "drop":
            comment_tables.drop(table.pk, request.user)
            messages.success(request, _("The table is thrown away. Nothing was taken over."))
            return redirect("table_upload", comment_round.pk)
        taken = comment_tables.take_over(table.pk, request.user, known, timezone.now())
    except Refused as refusal:
        messages.warning(request, str(refusal))
        return redirect(comment_round)
    if taken.is_late:
        words = ngettext(
            "%(n)s comment came too late. It is kept, and the Lead was asked to take it in.",
            "%(n)s comments came too late. They are kept, and the Lead was asked to take them in.",
            taken.number,
        )
        messages.warning(request, words % {"n": taken.number})
    else:
        words = ngettext(
            "%(n)s draft is made. It is sent when you choose “Send all”.",
            "%(n)s drafts are made. They are sent when you choose “Send all”.",
            taken.number,
        )
        messages.success(request, words % {"n": taken.number})
    return redirect(comment_round)
