"""Good practices: write, submit, read, compare, archive."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from documents import (
    address_check,
    comparing_practices,
    permissions,
    practice_sheets,
    practices,
    reviewing,
    uses,
)
from documents.forms.practices import ArchiveForm, SheetForms, StartForm
from documents.models import Photo, Practice, PracticeVersion
from partners import mail, serving
from partners.refusals import Refused

_anything = require_http_methods(["GET", "HEAD", "POST"])


def _visible(request: HttpRequest, code: str) -> Practice:
    """404 for a practice that this person may not see, also one that was never published."""
    found = Practice.objects.visible_to(request.user).select_related("owner", "organisation")
    practice = get_object_or_404(found, code=code)
    if practice.current_id is None and not permissions.can_edit_practice(request.user, practice):
        raise Http404
    return practice


def _own(request: HttpRequest, code: str) -> Practice:
    """The practice, for its owner and the Lead; others who see it are refused."""
    practice = _visible(request, code)
    if not permissions.can_edit_practice(request.user, practice):
        raise PermissionDenied
    return practice


def _versions(practice: Practice):
    versions = practice.versions.defer("search").select_related("country")
    return versions.order_by("-number")


def _in_work(practice: Practice) -> PracticeVersion | None:
    """The version that is not published, if there is one."""
    version = _versions(practice).exclude(status=PracticeVersion.Status.PUBLISHED).first()
    if version:
        version.practice = practice
    return version


@login_required
@_anything
def practice_add(request):
    """A title begins a draft; the rest is saved as it is typed."""
    now = timezone.now()
    if not permissions.can_submit_practice(request.user, now.date()):
        raise PermissionDenied
    form = StartForm(request.POST or None)
    if form.is_valid():
        version = practices.start(request.user, now, form.cleaned_data["title"])
        return redirect("practice_edit", code=version.practice.code)
    return render(request, "documents/practice_add.html", {"form": form})


@login_required
@_anything
def practice_edit(request, code: str):
    """The form of the version in work. A published practice first gets a new version, by POST.

    An archived one must be restored first.
    """
    practice, now = _own(request, code), timezone.now()
    if request.method == "POST" and "new_version" in request.POST:
        try:
            practices.new_version(practice.pk, request.user, now)
        except Refused as refusal:
            messages.error(request, str(refusal))
        return redirect("practice_edit", code=code)
    version = _in_work(practice)
    if request.method == "POST" and "revision" in request.POST:
        return _save(request, practice, version or _newest(practice))
    if version is None:
        return render(request, "documents/practice_new_version.html", {"practice": practice})
    if version.status not in practices.EDITABLE:
        return redirect("practice_submit", code=code)
    sheet = SheetForms(version, request.user)
    return _form_page(request, practice, version, sheet)


def _newest(practice: Practice) -> PracticeVersion:
    version = _versions(practice)[0]
    version.practice = practice
    return version


def _save(request: HttpRequest, practice: Practice, version: PracticeVersion):
    """Keep what is right, show what is not, and lose nothing of either."""
    sheet = SheetForms(version, request.user, request.POST, request.FILES)
    if not sheet.is_readable():
        sheet.form.add_error(None, _("Only a part of the form arrived. Nothing is saved."))
        return _form_page(request, practice, version, sheet)
    whole, wanted = sheet.is_valid(), sheet.wanted()
    try:
        practices.save(
            version.pk,
            sheet.form.cleaned_data["revision"],
            sheet.values(request.user),
            wanted,
            request.user,
            timezone.now(),
        )
    except practices.Collision:
        return _collided(request, practice, sheet)
    except Refused as refusal:
        sheet.form.add_error(None, str(refusal))
        return _form_page(request, practice, version, sheet)
    if not whole:
        return _saved_in_part(request, practice, sheet, wanted)
    if "submit" in request.POST:
        return redirect("practice_submit", code=practice.code)
    address = reverse("practice_edit", args=[practice.code])
    group = request.POST.get("more") or request.POST.get("at")
    if group in practices.PARTS:  # said there, where the writer is
        return redirect(f"{address}?saved={group}#group-{group}")
    messages.success(request, _("The draft is saved."))
    return redirect(address)


def _collided(request: HttpRequest, practice: Practice, sheet: SheetForms):
    """Both texts; the form with what was typed, on top of the newer draft: saving settles it."""
    version = _newest(practice)
    typed = request.POST.copy()
    typed["revision"] = version.revision
    again = SheetForms(version, request.user, typed)
    again.is_valid()
    return _form_page(
        request,
        practice,
        version,
        again,
        status=409,
        collided=True,
        differences=SheetForms(version, request.user).differences(sheet),
        photo_is_lost=bool(request.FILES),
    )


def _saved_in_part(request: HttpRequest, practice: Practice, sheet: SheetForms, wanted: dict):
    """The same form once more, with its errors, over the draft as it is stored now."""
    version = _newest(practice)
    typed = request.POST.copy()
    typed["revision"] = version.revision
    stored = version.photos.order_by("order", "pk")
    kept = [form for form in sheet.rows["photos"].filled() if not form.errors or form.stored]
    for form, photo in zip(kept, stored, strict=False):
        typed[form.add_prefix("pk")] = photo.pk
    again = SheetForms(version, request.user, typed, request.FILES)
    again.is_valid()
    return _form_page(request, practice, version, again, saved_in_part=True)


def _form_page(request, practice, version, sheet, status=200, **context):
    context |= {
        "saved": request.GET.get("saved"),
        "practice": practice,
        "version": version,
        "sheet": sheet,
        "groups": sheet.groups(),
        "problems": sheet.problems() if request.method == "POST" else [],
        "missing": _with_links(practices.missing(version)),
        "comments": [one for one in practices.last_comments(version) if one.part == "all"],
    }
    return render(request, "documents/practice_edit.html", context, status=status)


def _with_links(missing: list[practices.Missing]) -> list[tuple[str, str]]:
    """[(what is missing, where on the page of the form)]"""
    return [
        (one.text, f"group-{one.field}" if one.field in practices.PARTS else f"id_{one.field}")
        for one in missing
    ]


@login_required
@_anything
def practice_submit(request, code: str):
    """What is there and what is missing; hand it in, or take it back."""
    practice, now = _own(request, code), timezone.now()
    version = _in_work(practice)
    if version is None:
        return redirect("practice_edit", code=code)
    if request.method == "POST":
        try:
            if "take_back" in request.POST:
                practices.take_back(version.pk, request.user, now)
                messages.success(request, _("It is a draft again. Change what you like."))
                return redirect("practice_edit", code=code)
            practices.submit(version.pk, request.user, now)
        except Refused as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(
                request, _("Thank you. The reviewer reads it, and you get a mail afterwards.")
            )
        return redirect("practice_submit", code=code)
    context = {
        "practice": practice,
        "version": version,
        "waits": version.status == PracticeVersion.Status.SUBMITTED,
        "missing": _with_links(practices.missing(version)),
        "points": practices.points(version),
    }
    return render(request, "documents/practice_submit.html", context)


@require_safe
def practice_detail(request, code: str):
    """The newest published version; before there is one, the draft, for owner and Lead."""
    practice = _visible(request, code)
    version = _versions(practice).filter(pk=practice.current_id).first() or _newest(practice)
    return _sheet_page(request, practice, version)


@require_safe
def practice_version(request, code: str, number: int):
    """Any version: published ones keep their address for ever, others are for owner and Lead."""
    practice = _visible(request, code)
    version = get_object_or_404(_versions(practice), number=number)
    is_published = version.status == PracticeVersion.Status.PUBLISHED
    if not is_published and not permissions.can_edit_practice(request.user, practice):
        raise Http404
    return _sheet_page(request, practice, version)


def _sheet_page(request: HttpRequest, practice: Practice, version: PracticeVersion):
    now, user = timezone.now(), request.user
    version.practice = practice
    practice_sheets.read_rows([version], user)
    address_check.mark_dead(version.references.all())
    is_published = version.status == PracticeVersion.Status.PUBLISHED
    is_current = version.pk == practice.current_id
    can_edit = permissions.can_edit_practice(user, practice)
    newer = None
    if is_published and not is_current:
        newer = _versions(practice).get(pk=practice.current_id)
    in_directory = is_current and practice.status == Practice.Status.PUBLISHED
    context = {
        "practice": practice,
        "version": version,
        "newer": newer,
        "is_archived": practice.status == Practice.Status.ARCHIVED,
        "is_published": is_published,
        "in_directory": in_directory,
        "badges": practice_sheets.badges(practice, version, now),
        "cost": practice_sheets.cost(version),
        "reviewed": practice_sheets.reviewed(practice),
        "is_due": reviewing.is_due(practice, now),
        "citation": practice_sheets.citation(practice, version) if is_published else "",
        "canonical": mail.absolute(practice.get_absolute_url()),
        "schema": practice_sheets.schema(practice, version) if in_directory else "",
        "uses": uses.of(practice),
        "can_report": in_directory and permissions.can_report_use(user, now.date()),
        "can_edit": can_edit,
        "can_say_valid": in_directory and reviewing.role_of(user, practice) is not None,
        "in_work": _in_work(practice) if can_edit else None,
        "can_review": permissions.can_review_practice(user),
        "older": [
            one
            for one in _versions(practice)
            if one.status == PracticeVersion.Status.PUBLISHED and one.pk != version.pk
        ],
    }
    return render(request, "documents/practice_detail.html", context)


@require_safe
def practice_photo(request, code: str, photo_pk: int):
    """A photo, for whoever may see its version; a browser may keep it for an hour."""
    practice = _visible(request, code)
    photo = get_object_or_404(
        Photo.objects.select_related("version").defer("version__search"),
        pk=photo_pk,
        version__practice=practice,
    )
    is_published = photo.version.status == PracticeVersion.Status.PUBLISHED
    if not is_published and not permissions.can_edit_practice(request.user, practice):
        raise Http404
    name = photo.image.name  # random, and its bytes never change
    response = serving.serve(
        request, photo.image, "image/jpeg", "photo.jpg", etag=name, attachment=False
    )
    response["Cache-Control"] = "private, max-age=3600"
    return response


@login_required
@_anything
def practice_archive(request, code: str):
    """Archive with a reason; an archived one can be restored."""
    practice, now = _own(request, code), timezone.now()
    form = ArchiveForm(None)
    try:
        if request.method == "POST" and "restore" in request.POST:
            practices.restore(practice.pk, request.user, now)
            messages.success(request, _("The practice stands in the directory again."))
            return redirect("practice_detail", code=code)
        if request.method == "POST":
            form = ArchiveForm(request.POST)
            if form.is_valid():
                reason = form.cleaned_data["reason"]
                practices.archive(practice.pk, reason, request.user, now)
                messages.success(request, _("The practice is archived. Its address stays."))
                return redirect("practice_detail", code=code)
    except Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("practice_archive", code=code)
    context = {
        "practice": practice,
        "form": form,
        "is_archived": practice.status == Practice.Status.ARCHIVED,
    }
    return render(request, "documents/practice_archive.html", context)


@login_required
@require_POST
def practice_valid(request, code: str):
    """'Still valid': the owner, the organisation's contact person, resource persons, the Lead."""
    practice = _visible(request, code)
    role = reviewing.role_of(request.user, practice)
    if role is None:
        raise PermissionDenied
    try:
        reviewing.still_valid(practice.pk, role, request.user, timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Thank you. The page says that it was reviewed today."))
    return redirect("practice_detail", code=code)


@require_safe
def practice_compare(request):
    """Two to four practices side by side; else how to choose them."""
    found = comparing_practices.compare(request.GET.getlist("practice"), request.user)
    context = {"found": found, "at_least": comparing_practices.AT_LEAST}
    context["at_most"] = comparing_practices.AT_MOST
    if not found.has_right_number:
        chosen = [practice.code for practice in found.practices]
        context |= {
            "choices": Practice.objects.published()
            .order_by("current__sort_title", "pk")
            .values_list("code", "current__title"),
            "chosen": (chosen + [""] * context["at_most"])[: context["at_most"]],
            "asked": bool(request.GET.getlist("practice")),
        }
    return render(request, "documents/practice_compare.html", context)
