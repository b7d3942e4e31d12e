"""Addresses elsewhere that documents and practices point at: each is asked once a week.

Only the newest version counts: older ones keep what they had. An address is dead when it failed
three times, a day apart; then it is a row for the owner of what points at it ('My page'), and for
the Lead where there is no owner, or the owner lets it lie (documents/moderation).

People type these addresses, so that the portal must not be led to servers of its own network:
requests-hardened asks public ones only, also behind a redirect.
"""

import logging
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime, timedelta
from itertools import chain
from time import monotonic
from urllib.parse import urljoin

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from requests import exceptions
from requests_hardened import Config, Manager
from requests_hardened.ip_filter import InvalidIPAddress
from urllib3.exceptions import HTTPError

from documents import permissions
from documents.models import Document, ExternalAddress, Practice, Reference, Translation
from partners import decisions
from partners.models import User

Problem = ExternalAddress.Problem

logger = logging.getLogger(__name__)

EVERY = timedelta(days=7)
AGAIN_AFTER = timedelta(hours=20)  # a failure: with the next day's check
DEAD_AFTER = 3  # failures in a row
AT_ONCE = 1000  # addresses of one day
SECONDS_IN_ALL = 480  # then the rest waits for the next day
SECONDS_TO_FINISH = 60  # for those that were begun; both together less than a Celery task may take
SECONDS = (5, 20)  # to connect, to answer
REDIRECTS = 5
THREADS = 8
OWNER_MAY_TAKE = timedelta(days=30)  # before the Lead is asked
SILENCE = (Problem.NOBODY, Problem.SLOW)
OURS_AT_LEAST = 3  # silences, and nothing else, that say that our own network is away

#: The server is there, and does not let programs look: nobody can say more.
SHY = {401, 402, 403, 405, 406, 407, 408, 418, 421, 423, 425, 426, 429, 451, 999}


def in_use() -> QuerySet:
    """The addresses that the newest versions point at."""
    documents = Document.objects.released().exclude(status=Document.Status.ARCHIVED)
    texts = Translation.objects.filter(version__in=documents.values("current")).exclude(url="")
    practices = Practice.objects.published()
    sources = Reference.objects.filter(version__in=practices.values("current")).exclude(url="")
    return texts.order_by().values("url").union(sources.order_by().values("url"))


def check(now: datetime) -> dict[str, int]:
    """Ask those that are due; how many were asked, and how many of all are dead now.

    Safe to repeat: what was asked today waits for its day. So does what was to be asked when the
    worker was ended: a server that never comes to an end must not stand first every day.
    """
    _note_what_is_in_use()
    due = list(_due(now)[:AT_ONCE])
    ExternalAddress.objects.filter(pk__in=[one.pk for one in due]).update(checked_at=now)
    asked, silent = 0, []
    for address, problem in _ask_all(due):
        asked += 1
        if problem in SILENCE:
            silent.append((address, problem))
        else:
            _note(address, problem, now)
    if len(silent) == asked >= OURS_AT_LEAST:
        logger.error("None of %s addresses answers: our own network seems away.", asked)
    else:
        for address, problem in silent:
            _note(address, problem, now)
    return {"addresses asked": asked, "dead": ExternalAddress.objects.dead().count()}


@transaction.atomic
def _note_what_is_in_use():
    used = set(in_use().values_list("url", flat=True))
    ExternalAddress.objects.exclude(url__in=used).delete()
    ExternalAddress.objects.bulk_create(
        [ExternalAddress(url=url) for url in sorted(used)], ignore_conflicts=True
    )


def _due(now: datetime) -> QuerySet[ExternalAddress]:
    """Never asked, asked a week ago, or failed the day before; whose turn was first, first."""
    due = (
        Q(checked_at=None)
        | Q(failures=0, checked_at__lte=now - EVERY)
        | Q(failures__gt=0, failures__lt=DEAD_AFTER, checked_at__lte=now - AGAIN_AFTER)
        | Q(failures__gte=DEAD_AFTER, checked_at__lte=now - EVERY)
    )
    return ExternalAddress.objects.filter(due).order_by("checked_at", "pk")


def _ask_all(due: list[ExternalAddress]) -> Iterator[tuple[ExternalAddress, str]]:
    """Each with its problem, as they come; what is not asked in time is left out."""
    end = monotonic() + SECONDS_IN_ALL

    def one(address: ExternalAddress) -> tuple[ExternalAddress, str] | None:
        return (address, ask(address.url)) if monotonic() < end else None

    threads = ThreadPoolExecutor(THREADS)
    asked = {threads.submit(one, address): address for address in due}
    try:
        for future in as_completed(asked, SECONDS_IN_ALL + SECONDS_TO_FINISH):
            if found := future.result():
                yield found
    except TimeoutError:
        for future, address in asked.items():
            if future.running():
                yield address, Problem.SLOW
    finally:
        # A server that sends a byte now and then never comes to an end; nobody waits for it
        threads.shutdown(wait=False, cancel_futures=True)


def ask(url: str) -> Problem | str:
    """What is wrong with an address; empty when it is there. What it has is not read."""
    try:
        status = _status_behind_redirects(url)
    except InvalidIPAddress:
        return Problem.PRIVATE
    except exceptions.SSLError:
        return Problem.CERTIFICATE
    except exceptions.Timeout:
        return Problem.SLOW
    except exceptions.TooManyRedirects:
        return Problem.CIRCLE
    except exceptions.RequestException as error:
        # The library's own words for an address that is none are ValueErrors as well
        return Problem.INVALID if isinstance(error, ValueError) else Problem.NOBODY
    except (OSError, HTTPError):
        return Problem.NOBODY
    except ValueError:  # a port or a host that cannot be, also behind a redirect
        return Problem.INVALID
    if status < 400 or status in SHY:
        return ""
    return Problem.GONE if status in (404, 410) else Problem.ERROR


def _status_behind_redirects(url: str) -> int:
    """The status of the last answer; of the answers on the way nothing but their headers is read.

    Raises what requests and urllib3 raise.
    """
    config = Config(
        ip_filter_enable=True,
        ip_filter_allow_loopback_ips=settings.ADDRESS_CHECK_LOOPBACK,
        never_redirect=True,
        default_timeout=SECONDS,
        user_agent_override=f"WMA portal, looks whether addresses answer (+{settings.SITE_URL})",
    )
    session = Manager(config).get_session()
    # Redirects are followed below: requests would first read each answer to its end
    session.get_redirect_target = lambda response: None
    session.trust_env = False  # a proxy of the environment would lead round the filter
    with session:
        for _redirect in range(REDIRECTS + 1):
            with session.get(url, stream=True) as response:
                if not response.is_redirect:
                    return response.status_code
                url = urljoin(url, response.headers["Location"])
    raise exceptions.TooManyRedirects


def _note(address: ExternalAddress, problem: str, now: datetime):
    """What came of it; an update, as the row may be gone meanwhile."""
    failures = min(address.failures + 1, 1000) if problem else 0
    is_dead = failures >= DEAD_AFTER
    ExternalAddress.objects.filter(pk=address.pk).update(
        failures=failures,
        problem=problem,
        dead_since=(address.dead_since or now) if is_dead else None,
    )


@transaction.atomic
def keep(address_id: int, by: User, now: datetime) -> ExternalAddress:
    """Somebody says that the address is right all the same: no row until it fails anew."""
    address = ExternalAddress.objects.select_for_update().get(pk=address_id)
    address.kept_at, address.kept_by = now, by
    address.save(update_fields=["kept_at", "kept_by"])
    decisions.record(by, "kept an address", address, now, address.problem)
    return address


# Who has to do something


def documents_at(addresses: QuerySet[ExternalAddress]) -> QuerySet[Document]:
    """Documents of which the newest version points at one of these."""
    texts = Translation.objects.filter(url__in=addresses.values("url"))
    current = Document.objects.released().exclude(status=Document.Status.ARCHIVED)
    return current.filter(current__in=texts.values("version")).defer("search")


def practices_at(addresses: QuerySet[ExternalAddress]) -> QuerySet[Practice]:
    """Practices of which the newest version names one of these as a source."""
    sources = Reference.objects.filter(url__in=addresses.values("url"))
    return Practice.objects.published().filter(current__in=sources.values("version"))


def mark_dead(things: Iterable[Translation | Reference]):
    """Give each its `dead`: its ExternalAddress where that does not answer, else None."""
    things = list(things)
    urls = {one.url for one in things if one.url}
    dead = {one.url: one for one in ExternalAddress.objects.dead().filter(url__in=urls)}
    for one in things:
        one.dead = dead.get(one.url)


def waiting_for_lead(now: datetime) -> QuerySet[ExternalAddress]:
    """Dead ones of what nobody owns, and those that an owner let lie for OWNER_MAY_TAKE."""
    texts = Translation.objects.filter(
        url=OuterRef("url"), version=F("version__document__current")
    ).exclude(version__document__status=Document.Status.ARCHIVED)
    sources = Reference.objects.filter(
        url=OuterRef("url"), version=F("version__practice__current"),
        version__practice__status=Practice.Status.PUBLISHED,
    )  # fmt: skip
    unowned = Exists(texts.exclude(version__document__owner__is_active=True)) | Exists(
        sources.exclude(version__practice__owner__is_active=True)
    )
    dead = ExternalAddress.objects.dead().annotate(since=F("dead_since"))
    return dead.filter(unowned | Q(dead_since__lte=now - OWNER_MAY_TAKE))


def kept_thing(user: User, address: ExternalAddress) -> Document | Practice | None:
    """What points at it and may be edited by this person; None: nothing of theirs does."""
    it = ExternalAddress.objects.filter(pk=address.pk)
    documents = (one for one in documents_at(it) if permissions.can_edit_document(user, one))
    practices = (one for one in practices_at(it) if permissions.can_edit_practice(user, one))
    return next(chain(documents, practices), None)
