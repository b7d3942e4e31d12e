"""The vocabulary of expertise: groups and terms with synonyms, kept by the Lead."""

from django.contrib.postgres.search import SearchVectorField
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class Term(models.Model):
    """A field of expertise, or (without parent) a group of them.

    Who uses a term points at it with on_delete=PROTECT: a term in use cannot be deleted, only
    merged into another (partners/vocabulary.py).
    """

    code = models.SlugField(_("code"), max_length=60, unique=True)
    parent = models.ForeignKey(
        "self",
        models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        limit_choices_to={"parent": None},
        verbose_name=_("group"),
    )
    label_en = models.CharField(_("English"), max_length=100, unique=True)
    label_fr = models.CharField(_("French"), max_length=100, blank=True)
    label_es = models.CharField(_("Spanish"), max_length=100, blank=True)
    description = models.TextField(_("description"), blank=True)
    order = models.PositiveSmallIntegerField(_("order"), default=0)
    words = SearchVectorField(null=True, editable=False)  # labels and synonyms, kept by a trigger

    class Meta:
        verbose_name = _("expertise term")
        verbose_name_plural = _("expertise terms")
        ordering = ["order", "pk"]

    def __str__(self):
        return self.label

    @property
    def label(self) -> str:
        """The term in the reader's language, else in English."""
        language = (get_language() or "en").split("-")[0]
        return getattr(self, f"label_{language}", "") or self.label_en

    def clean(self):
        """Two levels: a group is in no group (a trigger says the same to the database)."""
        super().clean()
        if self.parent_id and (self.parent.parent_id or (self.pk and self.children.exists())):
            raise ValidationError({"parent": _("A group cannot stand in another group.")})


class Synonym(models.Model):
    """Another word for a term, in any language, as people type it into the search box."""

    term = models.ForeignKey(Term, models.CASCADE, related_name="synonyms")
    text = models.CharField(_("word"), max_length=100)

    class Meta:
        verbose_name = _("synonym")
        verbose_name_plural = _("synonyms")
        ordering = ["pk"]
        constraints = [models.UniqueConstraint("term", "text", name="synonym_once_for_a_term")]

    def __str__(self):
        return self.text
