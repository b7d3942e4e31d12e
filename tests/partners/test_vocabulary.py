import pytest
from django.db import DatabaseError, connection, transaction

from experts.models import Expert, ExpertTerm
from partners import vocabulary
from partners.models import Decision, Synonym, Term
from partners.refusals import Refused
from tests.factories import NOW, ExpertFactory, LeadFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def lamps():
    return Term.objects.get(code="products-lamps")


@pytest.fixture
def batteries():
    return Term.objects.get(code="products-batteries")


def found_by(word):
    """Names of experts in whose profile PostgreSQL finds this word."""
    rows = Expert.objects.extra(where=["search @@ portal_query(%s)"], params=[word])
    return set(rows.values_list("name", flat=True))


def test_the_vocabulary_has_two_levels_in_three_languages():
    rows = Term.objects.all()

    assert rows.filter(parent__parent__isnull=False).count() == 0
    assert not rows.filter(label_fr="").exists()
    assert not rows.filter(label_es="").exists()
    assert Synonym.objects.filter(text="lampes fluorescentes").exists()


def test_a_third_level_is_refused_by_the_database(lamps, batteries):
    with pytest.raises(DatabaseError, match="third level"), transaction.atomic():
        Term.objects.filter(pk=lamps.pk).update(parent=batteries)


def test_renaming_keeps_links_and_the_new_word_is_found(lamps):
    expert = ExpertFactory(terms=[lamps])

    lamps.label_en = "Luminaires of all kinds"
    lamps.save()

    assert list(expert.terms.all()) == [lamps]
    assert found_by("luminaires") == {expert.name}


def test_merging_moves_everything_that_points_at_a_term(lamps, batteries):
    lead = LeadFactory()
    only, both, other = (
        ExpertFactory(terms=[lamps]),
        ExpertFactory(terms=[lamps, batteries]),
        ExpertFactory(terms=["handling-collection"]),
    )

    vocabulary.merge(lamps.pk, batteries.pk, lead, NOW)

    assert not Term.objects.filter(pk=lamps.pk).exists()
    for expert in (only, both):
        expert.refresh_from_db()
        assert list(expert.terms.all()) == [batteries]
        assert expert.term_ids == [batteries.pk]
    assert other.terms.get().code == "handling-collection"
    assert list(Decision.objects.values_list("actor", "action", "reason")) == [
        (lead.pk, "merged", f"Lamps → {batteries.label_en}")
    ]


def test_after_merging_people_still_find_by_the_old_words(lamps, batteries):
    expert = ExpertFactory(terms=[lamps], summary="", experience="", position="")

    vocabulary.merge(lamps.pk, batteries.pk, LeadFactory(), NOW)

    synonyms = set(batteries.synonyms.values_list("text", flat=True))
    assert {"Lamps", "Lampes", "Lámparas", "tubes fluorescents"} <= synonyms
    assert [found_by(word) for word in ("lamps", "lampes", "lamparas")] == [{expert.name}] * 3


def test_a_word_that_both_had_is_there_once(lamps, batteries):
    for term in (lamps, batteries):
        Synonym.objects.create(term=term, text="mercury goods")

    vocabulary.merge(lamps.pk, batteries.pk, LeadFactory(), NOW)

    assert batteries.synonyms.filter(text="mercury goods").count() == 1


def test_a_group_takes_its_terms_along():
    one, other = Term.objects.filter(parent=None)[:2]
    terms = set(one.children.all()) | set(other.children.all())

    vocabulary.merge(one.pk, other.pk, LeadFactory(), NOW)

    assert set(other.children.all()) == terms


def test_a_group_and_a_term_do_not_merge(lamps):
    group = Term.objects.filter(parent=None).first()

    for one, other in ((lamps, group), (group, lamps), (lamps, lamps)):
        with pytest.raises(Refused):
            vocabulary.merge(one.pk, other.pk, LeadFactory(), NOW)


def test_merging_does_not_confirm_a_profile(lamps, batteries):
    expert = ExpertFactory(terms=[lamps])
    before = expert.confirmed_at

    vocabulary.merge(lamps.pk, batteries.pk, LeadFactory(), NOW)

    expert.refresh_from_db()
    assert expert.confirmed_at == before


def test_a_model_that_keeps_keys_elsewhere_is_asked_to_move_them(lamps, batteries, monkeypatch):
    moved = []
    monkeypatch.setattr(
        Expert, "move_term", classmethod(lambda cls, *keys: moved.append(keys)), raising=False
    )

    vocabulary.merge(lamps.pk, batteries.pk, LeadFactory(), NOW)

    assert moved == [(lamps.pk, batteries.pk)]


def test_a_term_in_use_cannot_be_deleted(lamps):
    ExpertFactory(terms=[lamps])

    with pytest.raises(Refused, match="“Lamps” is in use: 1 expertise"):
        vocabulary.delete(lamps.pk, LeadFactory(), NOW)
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("DELETE FROM partners_synonym WHERE term_id = %s", [lamps.pk])
        cursor.execute("DELETE FROM partners_term WHERE id = %s", [lamps.pk])

    assert ExpertTerm.objects.filter(term=lamps).count() == 1


def test_a_group_with_terms_cannot_be_deleted():
    group = Term.objects.filter(parent=None).first()

    with pytest.raises(Refused):
        vocabulary.delete(group.pk, LeadFactory(), NOW)


def test_a_term_that_nobody_uses_is_deleted_with_its_synonyms(lamps):
    vocabulary.delete(lamps.pk, LeadFactory(), NOW)

    assert not Synonym.objects.filter(term_id=lamps.pk).exists()
    assert Decision.objects.get().action == "deleted"
