"""A document of the library, its versions, and the steps of those who keep it."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from documents import (
    address_check,
    answering,
    cataloguing,
    citing,
    document_reminders,
    downloads,
    permissions,
    publishing,
    rounds,
    statistics,
)
from documents.forms.library import DocumentForm, EndForm, OverrideForm, PartForm, VersionForm
from documents.models import (
    CommentRound,
    Document,
    Extraction,
    Proposal,
    Translation,
    Version,
)
from experts import presenting
from partners import languages, mail
from partners.audience import Audience
from partners.refusals import Refused

_anything = require_http_methods(["GET", "HEAD", "POST"])

LOOKS = {
    Document.Status.DRAFT: "info",
    Document.Status.OPEN: "info",
    Document.Status.PUBLISHED: "good",
    Document.Status.SUPERSEDED: "warn",
    Document.Status.ARCHIVED: "warn",
}


def _visible(request: HttpRequest, code: str) -> Document:
    """404 for a document that this person may not see."""
    found = Document.objects.visible_to(request.user).defer("search")
    return get_object_or_404(
        found.select_related("owner", "superseded_by").prefetch_related("organisations", "terms"),
        code=code,
    )


def _own(request: HttpRequest, code: str) -> Document:
    """The document, for its owner and the Lead; others who see it are refused."""
    document = _visible(request, code)
    if not permissions.can_edit_document(request.user, document):
        raise PermissionDenied
    return document


def _versions(request: HttpRequest, document: Document) -> list[Version]:
    """What the person may see, the newest first, each with its texts."""
    texts = Translation.objects.select_related("extraction")
    versions = list(
        Version.objects.visible_to(request.user)
        .filter(document=document)
        .order_by("-number")
        .prefetch_related(Prefetch("translations", texts))
    )
    address_check.mark_dead(one for version in versions for one in version.translations.all())
    counts = downloads.total([version.pk for version in versions])
    for version in versions:
        version.document = document
        version.downloads_total = counts.get(version.pk, 0)
        for text in version.translations.all():
            text.version = version
            extraction = getattr(text, "extraction", None)
            text.can_be_read = extraction and extraction.state == Extraction.State.DONE
    return versions


def _version(request: HttpRequest, document: Document, number: int) -> Version:
    versions = Version.objects.visible_to(request.user).filter(document=document)
    version = get_object_or_404(versions, number=number)
    version.document = document
    return version


@require_safe
def document_detail(request, code: str):
    """The newest published version; owner and Lead see what is not published, too."""
    document = _visible(request, code)
    versions = _versions(request, document)
    current = next((one for one in versions if one.pk == document.current_id), None)
    return _page(request, document, versions, current or (versions[0] if versions else None))


@require_safe
def version_detail(request, code: str, number: int):
    """Any version: a published one keeps its address for ever."""
    document = _visible(request, code)
    versions = _versions(request, document)
    version = next((one for one in versions if one.number == number), None)
    if version is None:
        raise Http404
    return _page(request, document, versions, version)


def _state(document: Document, now) -> rounds.State:
    """How the document stands at this moment: it is 'open' until its round is finished, which a
    reader would take for being asked.
    """
    words = str(document.get_status_display())
    if document.status == Document.Status.OPEN:
        running = CommentRound.objects.filter(
            version__document=document, status=CommentRound.Status.OPEN
        ).first()
        if running and now < running.opens_at:
            return rounds.State(str(Document.Status.PUBLISHED.label), "good")
        if running and running.is_over(now):
            return rounds.State(_("Comments are being answered"), "info")
    return rounds.State(words, LOOKS[document.status])


def _asked_of_partners(document: Document, seen: list[CommentRound], now) -> CommentRound | None:
    """A round that the person does not see, and that is named to everybody."""
    if document.status != Document.Status.OPEN:
        return None
    named = statistics.open_rounds(now).filter(version__document=document)
    return named.exclude(pk__in=[one.pk for one in seen]).first()


def _page(request, document: Document, versions: list[Version], version: Version | None):
    user, now = request.user, timezone.now()
    of_document = list(
        CommentRound.objects.visible_to(user)
        .filter(version__document=document)
        .select_related("version")
    )
    for one in of_document:
        one.state = rounds.state(one, now)
    successor = document.superseded_by
    if successor and not Document.objects.visible_to(user).filter(pk=successor.pk).exists():
        successor = None
    is_current = version is not None and version.pk == document.current_id
    is_public = (
        is_current
        and document.audience == Audience.PUBLIC
        and document.status != Document.Status.DRAFT
    )
    can_edit = permissions.can_edit_document(user, document)
    context = {
        "document": document,
        "version": version,
        "versions": versions,
        "state": _state(document, now),
        "is_current": is_current,
        "is_public": is_public,
        "is_archived": document.status == Document.Status.ARCHIVED,
        "is_superseded": document.status == Document.Status.SUPERSEDED,
        "successor": successor,
        "supersedes": document.supersedes.visible_to(user).defer("search"),
        "rounds": of_document,
        "open_rounds": [one for one in of_document if one.takes_comments(now)],
        "asked_of_partners": _asked_of_partners(document, of_document, now),
        "limits": document.limits.all(),
        "proposals": Proposal.objects.visible_to(user).filter(document=document),
        "languages": [languages.name(one) for one in document.languages],
        "countries": [presenting.country(one) for one in document.countries],
        "citation": citing.as_text(version) if version else "",
        "schema": citing.schema(document, version) if is_public else "",
        "canonical": mail.absolute(document.get_absolute_url()),
        "can_edit": can_edit,
        "can_publish": permissions.can_publish(user, document),
        "is_due": can_edit and document_reminders.is_due(document, now),
        "can_end": permissions.can_end_document(user) and document.current_id is not None,
        "can_open_rounds": permissions.can_open_rounds(user),
        "published_count": sum(1 for one in versions if one.published_at),
    }
    template = "document_detail" if is_current or version is None else "version_detail"
    return render(request, f"documents/{template}.html", context)


@require_safe
def document_cite(request, code: str, style: str):
    """The citation as a file: the newest version that the person gets, or `?version=`."""
    if style not in citing.STYLES:
        raise Http404
    document = _visible(request, code)
    asked = request.GET.get("version", "")
    if asked:
        if not (asked.isascii() and asked.isdigit() and len(asked) < 6):
            raise Http404
        version = _version(request, document, int(asked))
    else:
        seen = Version.objects.visible_to(request.user).filter(document=document)
        version = seen.filter(pk=document.current_id).first() or seen.order_by("-number").first()
        if version is None:
            raise Http404
        version.document = document
    media_type, ending = citing.STYLES[style]
    response = HttpResponse(citing.cite(version, style), content_type=media_type)
    if ending:
        name = f"{document.code}-v{version.number}.{ending}"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@login_required
@_anything
def document_add(request):
    """The Lead's: facts first, then the first version."""
    if not permissions.can_add_document(request.user):
        raise PermissionDenied
    now = timezone.now()
    form = DocumentForm(request.POST or None, document=None, is_lead=True, today=now.date())
    if form.is_valid():
        document = cataloguing.create(form.values(), request.user, now)
        messages.success(request, _("The document is made, as a draft. Add its first version."))
        return redirect("version_add", code=document.code)
    return render(request, "documents/document_add.html", {"form": form})


@login_required
@_anything
def document_edit(request, code: str):
    document, now = _own(request, code), timezone.now()
    is_lead = request.user.has_perm("documents.change_document")
    known = {"document": document, "is_lead": is_lead, "today": now.date()}
    form, differences, status = DocumentForm(request.POST or None, **known), [], 200
    if form.is_valid():
        seen = form.cleaned_data["seen"]
        try:
            cataloguing.edit(document.pk, form.values(), request.user, now, seen)
        except cataloguing.Collision as collision:
            typed = request.POST.copy()
            typed["seen"] = cataloguing.stamp(document)
            form, status = DocumentForm(typed, **known), 409
            form.add_error(None, str(collision))
            differences = form.differences()
        else:
            messages.success(request, _("Saved."))
            return redirect(document)
    context = {"form": form, "document": document, "differences": differences}
    return render(request, "documents/document_edit.html", context, status=status)


@login_required
@require_POST
def document_still_right(request, code: str):
    """Owner or Lead looked through it: the day of review moves on."""
    document = _own(request, code)
    try:
        document = document_reminders.still_right(document.pk, request.user, timezone.now())
    except Refused as refusal:
        messages.error(request, str(refusal))
    else:
        day = date_format(document.review_by, "j F Y")
        messages.success(request, _("Thank you. The next review is due on %(day)s.") % {"day": day})
    return redirect("document_detail", code=code)


@login_required
@_anything
def document_end(request, code: str):
    """Superseded by another one, or archived with a reason; then it can be restored."""
    document, now = _visible(request, code), timezone.now()
    if not permissions.can_end_document(request.user):
        raise PermissionDenied
    is_over = document.status in (Document.Status.ARCHIVED, Document.Status.SUPERSEDED)
    form = EndForm(request.POST or None) if not is_over else None
    try:
        if is_over and "restore" in request.POST:
            publishing.restore(document.pk, request.user, now)
            messages.success(request, _("The document stands in the library again."))
            return redirect(document)
        if form and form.is_valid():
            successor, reason = form.cleaned_data["successor"], form.cleaned_data["reason"]
            if successor:
                publishing.supersede(document.pk, successor.pk, request.user, now)
            else:
                publishing.archive(document.pk, reason, request.user, now)
            messages.success(request, _("Done. The document keeps its address."))
            return redirect(document)
    except Refused as refusal:
        if form is None:
            messages.error(request, str(refusal))
            return redirect(document)
        form.add_error(None, str(refusal))
    context = {"document": document, "form": form, "is_over": is_over}
    return render(request, "documents/document_end.html", context)


def _part(form, is_original: bool) -> publishing.Part:
    said = form.cleaned_data
    return publishing.Part(said["language"], is_original, said["file"], said["url"])


@login_required
@_anything
def version_add(request, code: str):
    """A file or an address, and what changed; other languages follow one by one."""
    document = _own(request, code)
    is_first = not document.versions.exists()
    form = VersionForm(request.POST or None, request.FILES or None, is_first=is_first)
    if form.is_valid():
        said = form.cleaned_data
        try:
            version = publishing.add_version(
                document.pk,
                [_part(form, is_original=True)],
                request.user,
                timezone.now(),
                title=said["title"],
                change_note=said["change_note"],
                licence=said["licence"],
                dated_on=said["dated_on"],
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request, _("The version is stored. Nobody but you and the Lead sees it yet.")
            )
            return redirect(version)
    context = {"form": form, "document": document, "choose_again": bool(request.FILES)}
    return render(request, "documents/version_add.html", context)


@login_required
@_anything
def translation_add(request, code: str, number: int):
    """The same version in one more language."""
    document = _own(request, code)
    version = _version(request, document, number)
    form = PartForm(request.POST or None, request.FILES or None)
    if form.is_valid():
        has_original = version.translations.filter(is_original=True).exists()
        part = _part(form, is_original=not has_original)
        try:
            publishing.add_translation(version.pk, part, request.user, timezone.now())
        except Refused as refusal:
            form.add_error("language", str(refusal))
        else:
            messages.success(request, _("The translation is stored."))
            return redirect(version)
    context = {
        "form": form,
        "document": document,
        "version": version,
        "choose_again": bool(request.FILES),
    }
    return render(request, "documents/translation_add.html", context)


@login_required
@_anything
def version_publish(request, code: str, number: int):
    """What happens and who will see it; POST publishes."""
    document = _own(request, code)
    version = _version(request, document, number)
    if not permissions.can_publish(request.user, document):
        raise PermissionDenied
    waiting = answering.unanswered(document.pk)
    is_lead = request.user.has_perm("documents.change_document")
    form = OverrideForm(request.POST or None) if waiting and is_lead else None
    if request.method == "POST" and (form is None or form.is_valid()):
        reason = form.cleaned_data["reason"] if form else ""
        try:
            publishing.publish(version.pk, request.user, timezone.now(), reason)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect("version_publish", code=code, number=number)
        messages.success(request, _("Version %(n)s is published.") % {"n": number})
        return redirect(document)
    context = {
        "document": document,
        "version": version,
        "form": form,
        "waiting": waiting,
        "waiting_words": publishing.unanswered_in_words(waiting) if waiting else "",
        "replaces": document.current if document.current_id else None,
    }
    return render(request, "documents/version_publish.html", context)


@login_required
@_anything
def version_drop(request, code: str, number: int):
    """Delete a version that was never published, after a question."""
    document = _own(request, code)
    version = _version(request, document, number)
    if request.method == "POST":
        try:
            publishing.drop(version.pk, request.user, timezone.now())
        except Refused as refusal:
            messages.error(request, str(refusal))
            return redirect(version)
        messages.success(request, _("Version %(n)s is deleted.") % {"n": number})
        return redirect(document)
    context = {"document": document, "version": version}
    return render(request, "documents/version_drop.html", context)
