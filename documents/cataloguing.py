"""The facts of a document: what it is, whose, for whom. Its texts are in publishing.py."""

import hashlib
from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from documents.models import Document
from partners.models import User
from partners.refusals import Refused

#: Words that stand in addresses where a code could
RESERVED = {"new", "feed", "limits", "proposals", "list", "list.csv", "addresses"}
CODE_AT_MOST = 60  # letters
FIELDS = (
    *("title", "kind", "summary", "year", "languages", "countries", "audience", "process"),
    *("review_by", "owner", "source"),
)
LINKS = ("organisations", "terms")


class Collision(Refused):
    """Somebody else saved the facts since the form was shown."""


def stamp(document: Document) -> str:
    """The state of the facts, for a form to carry: see `edit`."""
    facts = [getattr(document, name) for name in FIELDS]
    facts += [sorted(getattr(document, name).values_list("pk", flat=True)) for name in LINKS]
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def code_for(title: str, attempt: int = 1) -> str:
    """A code made of the title; from the second attempt with a number at its end."""
    base = slugify(title)[: CODE_AT_MOST - 5].strip("-") or "document"
    if base in RESERVED:
        base += "-document"
    return base if attempt == 1 else f"{base}-{attempt}"


@transaction.atomic
def create(values: dict, by: User, now: datetime) -> Document:
    """Make a draft without versions; `values`: of FIELDS, and for LINKS lists of objects."""
    fields = {name: values[name] for name in FIELDS if name in values}
    for attempt in range(1, 1000):
        code = code_for(fields["title"], attempt)
        if Document.objects.filter(code=code).exists():
            continue
        try:
            with transaction.atomic():
                document = Document.objects.create(code=code, created_at=now, **fields)
        except IntegrityError:  # somebody else took the code at this moment
            continue
        _link(document, values)
        return document
    raise AssertionError("a thousand documents of one title")


@transaction.atomic
def edit(document_id: int, values: dict, by: User, now: datetime, seen: str = "") -> Document:
    """Change facts; what is not named stays. The code stays in any case: it is an address.

    `seen` is the `stamp` that the writer's form carried; without it the last one wins. Raises
    Collision when it is not the present one.
    """
    document = Document.objects.defer("search").select_for_update().get(pk=document_id)
    if seen and seen != stamp(document):
        raise Collision(
            _(
                "Somebody else saved these facts since you opened the page. Read what stands there "
                "now; save once more if yours is to stand there."
            )
        )
    for name in FIELDS:
        if name in values:
            setattr(document, name, values[name])
    document.save(update_fields=[name for name in FIELDS if name in values])
    _link(document, values)
    return document


def _link(document: Document, values: dict):
    for name in LINKS:
        if name in values:
            getattr(document, name).set(values[name])
