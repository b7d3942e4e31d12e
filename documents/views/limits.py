"""Threshold and other limit values: what is in force, and what was before."""

from django.shortcuts import render
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from documents.models import Document, LimitValue

LOOKS = {
    LimitValue.Status.IN_FORCE: "good",
    LimitValue.Status.UNDER_REVIEW: "warn",
    LimitValue.Status.SUPERSEDED: "",
}
FORMATS = {"day": "j F Y", "month": "F Y", "year": "Y"}


@require_safe
def limit_list(request):
    """Each value that nothing has replaced, with the chain of those before it."""
    values = {one.pk: one for one in LimitValue.objects.all()}
    visible = Document.objects.visible_to(request.user).defer("search")
    documents = visible.in_bulk([one.document_id for one in values.values() if one.document_id])
    for one in values.values():
        one.look = LOOKS[one.status]
        one.date_in_words = date_format(one.decided_on, FORMATS[one.decided_to])
        one.seen_document = documents.get(one.document_id)
    replaced = {one.replaces_id for one in values.values()}
    newest = [one for one in values.values() if one.pk not in replaced]
    for one in newest:
        one.chain = _chain(one, values)
    context = {
        "in_force": [one for one in newest if one.status != LimitValue.Status.SUPERSEDED],
        "past": [one for one in newest if one.status == LimitValue.Status.SUPERSEDED],
        "can_edit": request.user.has_perm("documents.change_limitvalue"),
    }
    return render(request, "documents/limit_list.html", context)


def _chain(value: LimitValue, values: dict[int, LimitValue]) -> list[LimitValue]:
    """What it replaced, and what that replaced, the newest first; ends where a circle would."""
    chain, seen = [], {value.pk}
    while value.replaces_id and value.replaces_id not in seen:
        value = values[value.replaces_id]
        seen.add(value.pk)
        chain.append(value)
    return chain
