"""The sets of bits behind the numbers are what PostgreSQL says, after every kind of write."""

import random
import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection, connections, transaction
from django.http import QueryDict

from experts import directory, listing_index
from experts.models import Expert, ExpertTerm, Policy
from partners import vocabulary
from partners.directory import index, words
from partners.models import Term
from tests.experts.counting import counts_by_hand
from tests.factories import NOW, TODAY, ExpertFactory, LeadFactory


@pytest.fixture(autouse=True)
def _nothing_kept():
    listing_index.KEEPER.kept.clear()


def find(query: str = "", now=NOW):
    return directory.find(QueryDict(query), AnonymousUser(), now)


def names(index) -> set[int]:
    """Keys of those whom the index has on the list."""
    return {key for key, slot in index.slots.items() if index.everybody >> slot & 1}


def is_exact(now=NOW):
    """The kept index says what the tables say. In a transaction of its own."""
    for query in ("", "region=africa", "fresh=lapsed&fresh=never", "available=now&can=missions"):
        found = find(query, now)
        expected = counts_by_hand(query, now)
        assert found.counts == expected.counts
        assert found.total == expected.total
        assert found.without == expected.without
    return True


def in_another_connection(step):
    """Run it in a thread, which has a connection and a transaction of its own; what it returns."""
    said = []

    def run():
        try:
            said.append(step())
        except BaseException as error:
            said.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20)
    assert said, "the other connection waits for a lock"
    if isinstance(said[0], BaseException):
        raise said[0]
    return said[0]


class Rollback(Exception):
    pass


# Every kind of write


def test_it_is_exact_after_every_kind_of_write(transactional_db):
    first = ExpertFactory(country_id="KE", languages=["en", "fr"], missions=True)
    others = ExpertFactory.create_batch(4)
    assert is_exact()
    loaded = listing_index.current()

    Expert.objects.filter(pk=first.pk).update(
        country_id="FJ", confirmed_at=NOW - timedelta(days=900)
    )
    assert is_exact()
    new = ExpertFactory(terms=("products-dental",), available_until=TODAY - timedelta(days=1))
    assert is_exact()
    Expert.objects.filter(pk=others[0].pk).update(status=Expert.Status.UNLISTED)
    assert is_exact()
    Expert.objects.filter(pk=others[0].pk).update(status=Expert.Status.LISTED)
    assert is_exact()
    Expert.objects.filter(pk=others[1].pk).delete()
    assert is_exact()
    new.set_terms([])
    new.save()
    assert is_exact()
    ExpertTerm.objects.filter(expert=others[2]).delete()
    assert is_exact()
    ExpertTerm.objects.create(expert=others[2], term=Term.objects.get(code="products-dental"))
    assert is_exact()
    Expert.objects.filter(pk=others[3].pk).update(paused_until=TODAY + timedelta(days=9))
    assert is_exact()
    with connection.cursor() as cursor:
        cursor.execute("UPDATE experts_expert SET languages = '{es}', confirmed_at = NULL")
    assert is_exact()
    assert listing_index.current().times is loaded.times, "it was never read anew"
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE experts_expert CASCADE")
    assert is_exact()
    assert find().total == 0


def test_a_merged_and_a_deleted_term_do_not_break_the_directory(transactional_db):
    lead = LeadFactory()
    ExpertFactory(terms=("products-lamps",))
    spare = Term.objects.create(
        code="spare", label_en="Spare", parent=Term.objects.get(code="products-lamps").parent
    )
    ExpertFactory(terms=[spare])
    assert find().counts["term"]["spare"] == 1

    vocabulary.merge(spare.pk, Term.objects.get(code="products-lamps").pk, lead, NOW)

    assert find().counts["term"]["products-lamps"] == 2
    assert is_exact()


def test_a_term_that_is_added_after_the_vocabulary_was_read_does_not_break_the_answer(
    transactional_db, monkeypatch
):
    ExpertFactory()
    read = words.terms_with_hits

    def read_then_somebody_adds(asked):
        terms = read(asked)

        def add():
            term = Term.objects.create(code="brand-new", label_en="Brand new")
            ExpertFactory(terms=[term])

        in_another_connection(add)
        return terms

    monkeypatch.setattr(words, "terms_with_hits", read_then_somebody_adds)

    assert find().total == 2


def test_a_change_of_an_expert_off_the_list_changes_nothing(transactional_db):
    ExpertFactory()
    draft = ExpertFactory(status=Expert.Status.DRAFT, approved_at=None)
    before = listing_index.current().everybody

    Expert.objects.filter(pk=draft.pk).update(summary="Another text")
    Expert.objects.filter(pk=draft.pk).delete()

    assert listing_index.current().everybody == before
    assert is_exact()


# Transactions


def test_what_another_transaction_has_not_committed_is_not_seen_and_what_it_has_is_at_once(
    transactional_db,
):
    ExpertFactory()
    assert find().total == 1
    with transaction.atomic():
        ExpertFactory()
        assert in_another_connection(lambda: find().total) == 1
        assert find().total == 2, "its own writes are seen"
        assert in_another_connection(lambda: find().total) == 1, "and were kept for nobody else"
    assert in_another_connection(lambda: find().total) == 2
    assert is_exact()


def test_a_change_that_is_rolled_back_leaves_no_trace(transactional_db):
    kept = ExpertFactory(country_id="KE")
    assert find().total == 1
    with pytest.raises(Rollback), transaction.atomic():
        ExpertFactory()
        Expert.objects.filter(pk=kept.pk).update(country_id="FJ")
        assert find().counts["country"] == {"FJ": 1, "JP": 1}
        raise Rollback
    assert find().counts["country"] == {"KE": 1}
    assert is_exact()


def test_a_first_answer_inside_a_transaction_that_wrote_is_kept_for_nobody(transactional_db):
    with pytest.raises(Rollback), transaction.atomic():
        ExpertFactory()
        assert find().total == 1
        raise Rollback
    assert find().total == 0


def test_a_savepoint_that_is_rolled_back_leaves_no_trace(transactional_db):
    ExpertFactory()
    assert find().total == 1
    with transaction.atomic():
        with pytest.raises(Rollback), transaction.atomic():
            ExpertFactory()
            assert find().total == 2
            raise Rollback
        assert find().total == 1
        with transaction.atomic():
            ExpertFactory()
        assert find().total == 2
        assert in_another_connection(lambda: find().total) == 1
    assert in_another_connection(lambda: find().total) == 2
    assert is_exact()


def test_transactions_that_commit_in_another_order_than_they_began_are_all_seen(transactional_db):
    assert find().total == 0
    began, go_on = threading.Event(), threading.Event()

    def slow():
        with transaction.atomic():
            ExpertFactory(email="slow@example.org")
            began.set()
            go_on.wait(20)
        connections.close_all()

    thread = threading.Thread(target=slow)
    thread.start()
    assert began.wait(20)
    ExpertFactory(email="quick@example.org")
    assert find().total == 1, "the later one is committed first"
    go_on.set()
    thread.join()

    assert find().total == 2
    assert is_exact()


def test_many_readers_and_writers_at_once_end_with_an_exact_index(transactional_db):
    experts = ExpertFactory.create_batch(5)
    stop, problems = threading.Event(), []

    def read():
        try:
            while not stop.is_set():
                found = find()
                if sum(found.counts["country"].values()) != found.total:
                    problems.append(found.counts["country"])
        except Exception as error:
            problems.append(error)
        finally:
            connections.close_all()

    def write(seed: int):
        chance = random.Random(seed)
        try:
            for _ in range(15):
                with transaction.atomic():
                    one = Expert.objects.filter(pk=chance.choice(experts).pk)
                    one.update(
                        country_id=chance.choice(["KE", "FJ", "BR"]),
                        status=chance.choice(["listed", "listed", "unlisted"]),
                    )
                    if chance.random() < 0.3:
                        transaction.set_rollback(True)
        except Exception as error:
            problems.append(error)
        finally:
            connections.close_all()

    readers = [threading.Thread(target=read) for _ in range(3)]
    writers = [threading.Thread(target=write, args=(seed,)) for seed in range(3)]
    for thread in readers + writers:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in readers:
        thread.join()

    assert problems == []
    assert is_exact()


# Reading anew, and pruning


def test_more_changes_than_are_worth_following_are_read_anew(transactional_db, monkeypatch):
    monkeypatch.setattr(index, "MOST_MOVED", 3)
    experts = ExpertFactory.create_batch(4)
    before = listing_index.current()

    Expert.objects.filter(pk=experts[0].pk).update(country_id="KE")
    assert listing_index.current().times is before.times
    Expert.objects.update(country_id="FJ")

    assert listing_index.current().moved == {}
    assert find().counts["country"] == {"FJ": 4}
    assert is_exact()


def test_the_database_hands_over_one_change_more_than_are_worth_following(transactional_db):
    """So that 'too many' is noticed however many there are."""
    assert f"LIMIT {index.MOST_MOVED + 1}" in listing_index.KEEPER.changed


def test_after_a_long_rest_everything_is_read_anew(transactional_db, monkeypatch):
    ExpertFactory()
    before = listing_index.current()
    before.checked_at -= index.LONGEST_REST + 1
    with connection.cursor() as cursor:  # what others would have pruned meanwhile
        cursor.execute("UPDATE experts_expert SET country_id = 'KE'")
        cursor.execute("DELETE FROM experts_listchange")

    assert find().counts["country"] == {"KE": 1}
    assert listing_index.current() is not before


def test_changes_older_than_two_days_are_forgotten_and_no_younger_ones(transactional_db):
    ExpertFactory()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM experts_listchange")
        cursor.execute(
            "INSERT INTO experts_listchange (expert_id, at) VALUES"
            " (1, now() - interval '49 hours'), (2, now() - interval '47 hours')"
        )
        listing_index.KEEPER.forget_old_changes()
        cursor.execute("SELECT expert_id FROM experts_listchange")
        assert cursor.fetchall() == [(2,)]


def test_a_database_that_was_made_anew_under_the_same_name_is_read_anew(transactional_db):
    ExpertFactory()
    kept = listing_index.current()
    # As after DROP DATABASE and a restore while this process went on
    kept.origin = "another server, another database"
    with connection.cursor() as cursor:
        cursor.execute("UPDATE experts_expert SET country_id = 'KE'")
        cursor.execute("DELETE FROM experts_listchange")

    assert find().counts["country"] == {"KE": 1}


# Without a transaction: one query that stays one


@pytest.mark.parametrize("size", [1, 3, 12])
def test_what_changed_is_one_query_at_any_size(transactional_db, django_assert_num_queries, size):
    ExpertFactory.create_batch(size)
    listing_index.current()
    with django_assert_num_queries(1):
        listing_index.current()
    Expert.objects.update(missions=True)
    with django_assert_num_queries(1):
        listing_index.current()


# Against SQL written by hand, on random lists


def random_list(chance: random.Random, size: int):
    terms = list(Term.objects.values_list("code", flat=True))

    def day():
        return chance.choice([None, None, TODAY + timedelta(days=chance.randint(-3, 3))])

    for n in range(size):
        since, until = day(), day()
        if since and until and until < since:
            since = None
        status = chance.choice(["listed", "listed", "listed", "unlisted", "draft", "withdrawn"])
        ExpertFactory(
            name=chance.choice(["Émile", "emma", "Eduard", "Zoë", "Åsa"]) + f" {n}",
            status=status,
            country_id=chance.choice(["JP", "KE", "FJ", "BR", "FR"]),
            terms=chance.sample(terms, chance.randint(0, 4)),
            languages=chance.sample(["en", "fr", "es", "ar"], chance.randint(0, 3)),
            confirmed_at=chance.choice([None, NOW - timedelta(days=chance.randint(0, 1500))]),
            remote_advice=chance.random() < 0.5,
            missions=chance.random() < 0.5,
            training=chance.random() < 0.5,
            paused_until=day(),
            available_from=since,
            available_until=until,
        )


def random_query(chance: random.Random) -> str:
    offered = {
        "region": ["east-asia", "africa", "oceania", "america", "europe"],
        "country": ["JP", "KE", "FJ", "BR", "FR", "SE"],
        "term": [
            "products-lamps",
            "products",
            "handling-collection",
            "handling",
            "products-dental",
        ],
        "language": ["en", "fr", "es", "ar", "de"],
        "can": ["remote_advice", "missions", "training"],
        "available": ["now"],
        "fresh": ["fresh", "due", "stale", "lapsed", "never"],
    }
    pairs = [
        f"{name}={value}"
        for name in chance.sample(sorted(offered), chance.randint(0, 3))
        for value in chance.sample(offered[name], min(len(offered[name]), chance.randint(1, 2)))
    ]
    if chance.random() < 0.4:
        pairs.append("q=" + chance.choice(["lamps", "zoe", "kenya", "thermometers", "nobody"]))
    return "&".join(pairs)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("never_is_lapsed", [False, True])
def test_every_number_is_that_of_a_count_by_hand(db, seed, never_is_lapsed):
    if never_is_lapsed:
        Policy.objects.create(pk=1, first_round_ended_on=TODAY)
    chance = random.Random(seed)
    random_list(chance, 25)
    index = listing_index.current()
    for _ in range(12):
        query = random_query(chance)
        found, expected = find(query), counts_by_hand(query, NOW)
        assert (query, found.counts) == (query, expected.counts)
        assert (query, found.total, found.without) == (query, expected.total, expected.without)
        assert (query, found.words_alone) == (query, expected.words_alone)
        assert (query, [one.pk for one in found.experts.order_by("pk")]) == (query, expected.keys)
    assert names(index) == set(Expert.objects.listed().values_list("pk", flat=True))
