"""Atom feeds of the library and the practices: what everybody may see, whoever asks.

The filters are those of the directories, and so is who may see what: each asks its directory as a
visitor who is not signed in.
"""

from datetime import datetime
from urllib.parse import urlencode

from django.contrib.auth.models import AnonymousUser
from django.contrib.syndication.views import Feed
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape
from django.utils.translation import gettext as _

from documents import library_directory, practice_directory
from documents.models import Document, Practice
from partners import mail
from partners.feeds import writable

NEWEST = 50  # entries of a feed


class _Newest(Feed):
    """The newest entries of a directory. Each entry and the feed itself have absolute addresses."""

    feed_type = Atom1Feed
    list_name: str  # of the directory's address
    feed_name: str

    def get_object(self, request: HttpRequest):
        """The directory's answer for a visitor, and the part of the query that it understood."""
        found = self.find(request.GET, AnonymousUser(), timezone.now())
        query = [(name, value) for name, values in found.chosen.items() for value in values]
        if found.words:
            query.insert(0, ("q", found.words))
        return found, urlencode(query)

    def link(self, obj):
        return self._address(self.list_name, obj[1])

    def feed_url(self, obj):
        return self._address(self.feed_name, obj[1])

    def feed_guid(self, obj):
        return self.feed_url(obj)

    def author_name(self):
        return _("Waste Management Area, UNEP Global Mercury Partnership")

    def item_link(self, item):
        return mail.absolute(item.get_absolute_url())

    def _address(self, name: str, query: str) -> str:
        return mail.absolute(reverse(name)) + (f"?{query}" if query else "")


class Library(_Newest):
    """Documents by the day on which their newest version was published."""

    list_name, feed_name = "document_list", "document_feed"
    find = staticmethod(library_directory.find)

    def title(self):
        return _("Library: new documents and versions")

    def items(self, obj):
        newest = obj[0].results.order_by("-current__published_at", "-pk").defer("search")
        return newest.select_related("current").prefetch_related("organisations")[:NEWEST]

    def item_title(self, item: Document) -> str:
        return writable(item.title)

    def item_description(self, item: Document) -> str:
        return escape(writable(item.summary))  # it is HTML in Atom

    def item_author_name(self, item: Document) -> str:
        return writable("; ".join(one.name for one in item.organisations.all()))

    def item_categories(self, item: Document) -> list[str]:
        return [item.get_kind_display()]

    def item_pubdate(self, item: Document) -> datetime:
        return item.current.published_at

    item_updateddate = item_pubdate


class Practices(_Newest):
    """Practices by the day on which their newest version was published."""

    list_name, feed_name = "practice_list", "practice_feed"
    find = staticmethod(practice_directory.find)

    def title(self):
        return _("Good practices: new sheets and versions")

    def items(self, obj):
        return obj[0].results.order_by("-current__decided_at", "-pk")[:NEWEST]

    def item_title(self, item: Practice) -> str:
        return writable(item.current.title)

    def item_description(self, item: Practice) -> str:
        return escape(writable(item.current.summary))

    def item_categories(self, item: Practice) -> list[str]:
        return [item.current.get_kind_display()]

    def item_pubdate(self, item: Practice) -> datetime:
        return item.current.decided_at

    item_updateddate = item_pubdate
