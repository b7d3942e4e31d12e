"""What of the library and the practices can be followed (mailings/following.py)."""

from collections.abc import Iterable

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from documents import library_directory, practice_directory
from documents.models import Document, Practice, Version
from experts.models import Expert
from mailings import following, saved_searches
from mailings.following import Followable, Item, Thing


def register():
    """Name them to the mailings; called when the app is ready."""
    following.register(
        Followable("document", gettext_lazy("A document"), _document, _versions),
        Followable(
            "practices-of-expert",
            gettext_lazy("Good practices of an expert"),
            _expert,
            _practices,
        ),
        saved_searches.searches(
            "document-search",
            gettext_lazy("A search of the library"),
            gettext_lazy("Library"),
            "document_list",
            library_directory.find,
        ),
        saved_searches.searches(
            "practice-search",
            gettext_lazy("A search for good practices"),
            gettext_lazy("Good practices"),
            "practice_list",
            practice_directory.find,
        ),
    )


def _document(code: str, user) -> Thing | None:
    found = Document.objects.visible_to(user).released().filter(code=code).only("title", "code")
    document = found.first()
    return document and Thing(document.title, document.get_absolute_url())


def _versions(code: str, user) -> Iterable[Item]:
    versions = Version.objects.visible_to(user).published().filter(document__code=code)
    for one in versions.select_related("document").defer("document__search").order_by("-number"):
        words = _("Version %(number)s of “%(document)s”") % {
            "number": one.number,
            "document": one.document.title,
        }
        yield Item(f"version-{one.pk}", words, one.get_absolute_url())


def _expert(key: str, user) -> Thing | None:
    if not key.isdecimal():
        return None
    expert = Expert.objects.listed().visible_to(user).filter(pk=key).first()
    return expert and Thing(
        _("Good practices of %(name)s") % {"name": expert.name}, expert.get_absolute_url()
    )


def _practices(key: str, user) -> Iterable[Item]:
    practices = Practice.objects.published().filter(current__resource_persons__expert=key)
    for one in practices.select_related("current").order_by("-pk"):
        yield Item(f"practice-{one.pk}", one.current.title, one.get_absolute_url())
