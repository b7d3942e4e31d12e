"""Keeping the vocabulary of expertise: merging two terms, and deleting one that nobody uses.

Renaming needs no step: who uses a term points at its row.
"""

from collections.abc import Iterator
from datetime import datetime

from django.apps import apps
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q
from django.utils.text import get_text_list
from django.utils.translation import gettext as _

from partners import decisions
from partners.models import Synonym, Term, User
from partners.refusals import Refused


@transaction.atomic
def merge(term_id: int, into_id: int, by: User, now: datetime) -> Term:
    """Make one term of two: everything that points at the first then points at the second.

    What pointed at both points once. Synonyms move, and the labels of the term that goes stay as
    synonyms, so that people still find by them. A model that keeps keys of terms elsewhere than in
    a foreign key (in JSON) offers a class method `move_term(old_id, into_id)`, which is called.
    Raises Refused for one and the same term, and for a term with a group.
    """
    both = Term.objects.select_for_update().order_by("pk").in_bulk([term_id, into_id])
    if len(both) < 2:
        raise Refused(_("Choose two different terms."))
    old, into = both[term_id], both[into_id]
    if (old.parent_id is None) != (into.parent_id is None):
        raise Refused(_("A group can be merged with a group only, and a term with a term only."))
    for model, field in _references():
        _move(model, field, old.pk, into.pk)
    for model in apps.get_models():
        if hasattr(model, "move_term"):
            model.move_term(old.pk, into.pk)
    _keep_labels(old, into)
    decisions.record(by, "merged", into, now, reason=f"{old.label_en} → {into.label_en}")
    old.delete()
    return into


@transaction.atomic
def delete(term_id: int, by: User, now: datetime):
    """Delete a term that nobody uses. Raises Refused with who uses it."""
    term = Term.objects.select_for_update().get(pk=term_id)
    uses = in_use_by(term)
    if uses:
        raise Refused(
            _("“%(term)s” is in use: %(uses)s. Merge it into another term instead.")
            % {"term": term, "uses": get_text_list(uses, _("and"))}
        )
    decisions.record(by, "deleted", term, now)
    term.delete()


def in_use_by(term: Term) -> list[str]:
    """What keeps a term from being deleted, in words: ["3 expertise"]; empty when nothing does."""
    uses = []
    for model, field in _references():
        if field.remote_field.on_delete is models.PROTECT:
            number = model._base_manager.filter(**{field.name: term}).count()
            if number:
                uses.append(f"{number} {model._meta.verbose_name_plural}")
    return uses


def _references() -> Iterator[tuple[type[models.Model], models.ForeignKey]]:
    """Every foreign key to Term, also without a reverse name; history is left as it was."""
    for relation in Term._meta.get_fields(include_hidden=True):
        points = relation.auto_created and (relation.one_to_many or relation.one_to_one)
        if points and relation.field.db_constraint:
            yield relation.related_model, relation.field


def _move(model, field, old_id: int, into_id: int):
    """Point rows at the other term; those that would then stand twice go."""
    rows = model._base_manager.filter(**{field.attname: old_id})
    for names, where in _unique_with(model, field):
        same = {name: OuterRef(name) for name in names}
        twin = model._base_manager.filter(where, **{field.attname: into_id}, **same)
        rows.filter(where).filter(Exists(twin)).delete()
    rows.update(**{field.attname: into_id})


def _unique_with(model, field) -> Iterator[tuple[list[str], Q]]:
    """The other fields of each rule that makes `field` unique, and for which rows it holds."""
    if field.unique:
        yield [], Q()
    rules = [(tuple(names), Q()) for names in model._meta.unique_together]
    for rule in model._meta.constraints:
        if isinstance(rule, models.UniqueConstraint):
            names = rule.fields or [part.name for part in rule.expressions if isinstance(part, F)]
            rules.append((tuple(names), rule.condition or Q()))
    for names, where in rules:
        if field.name in names:
            yield [name for name in names if name != field.name], where


def _keep_labels(old: Term, into: Term):
    """What the old term was called leads to the new one."""
    known = {into.label_en.casefold(), into.label_fr.casefold(), into.label_es.casefold()}
    known |= {text.casefold() for text in into.synonyms.values_list("text", flat=True)}
    for label in dict.fromkeys([old.label_en, old.label_fr, old.label_es]):
        if label and label.casefold() not in known:
            known.add(label.casefold())
            Synonym.objects.create(term=into, text=label)
