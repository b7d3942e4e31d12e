"""What waits for the Lead of the library: proposals, and addresses that do not answer."""

from datetime import datetime

from django import forms
from django.db.models import Count, F, QuerySet
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy

from documents import address_check, proposing
from documents.models import ExternalAddress, Proposal
from partners.moderation import Asked, Bulk, Item, Kind, Step


def _proposed(now: datetime) -> QuerySet[Proposal]:
    found = Proposal.objects.filter(status=Proposal.Status.PROPOSED)
    return found.annotate(since=F("proposed_at"))


def _under_way(now: datetime) -> QuerySet[Proposal]:
    found = Proposal.objects.filter(status__in=(Proposal.Status.TAKEN_UP, Proposal.Status.IN_WORK))
    return found.annotate(since=Coalesce("decided_at", "proposed_at"))


def _describe(proposals: QuerySet[Proposal]) -> list[Item]:
    found = proposals.select_related("proposed_by", "organisation", "document").defer(
        "document__search"
    )
    return [
        Item(object=one, title=one.title, since=one.since, facts={"supports": one.support_count})
        for one in found.annotate(support_count=Count("supports"))
    ]


class ResultForm(forms.Form):
    """What came of a proposal; left empty, nothing changes."""

    code = forms.SlugField(label=gettext_lazy("Code of the document in the library"))


def _describe_addresses(addresses: QuerySet[ExternalAddress]) -> list[Item]:
    addresses = list(addresses)
    dead = ExternalAddress.objects.filter(pk__in=[one.pk for one in addresses])
    at: dict[str, list] = {one.url: [] for one in addresses}
    for document in address_check.documents_at(dead).prefetch_related("current__translations"):
        for text in document.current.translations.all():
            at.get(text.url, []).append(document)
    practices = address_check.practices_at(dead).select_related("current")
    for practice in practices.prefetch_related("current__references").defer("current__search"):
        for source in practice.current.references.all():
            at.get(source.url, []).append(practice)
    return [
        Item(object=one, title=one.url, since=one.since, facts={"things": at[one.url]})
        for one in addresses
    ]


_STEPS = {
    "take_up": Step(
        lambda pk, answer: proposing.take_up(pk, answer.by, answer.now),
        gettext_lazy("Taken up: %(item)s. The proposer is told."),
    ),
    "start": Step(
        lambda pk, answer: proposing.start_work(pk, answer.by, answer.now),
        gettext_lazy("In work: %(item)s. The proposer is told."),
    ),
    "publish": Step(
        lambda pk, answer: proposing.publish(pk, answer.said["code"], answer.by, answer.now),
        gettext_lazy("Published: %(item)s. The proposer is told."),
        asked=Asked(
            form=ResultForm,
            initial=lambda proposals: {},
            heading=gettext_lazy("What came of the proposal"),
            lead=gettext_lazy("The code is the last part of the document’s address."),
            button=gettext_lazy("Say that it is published"),
        ),
    ),
    "decline": Step(
        lambda pk, answer: proposing.decline(pk, answer.reason, answer.by, answer.now),
        gettext_lazy("Declined: %(item)s. The proposer is told why."),
        needs_reason=True,
    ),
}

KINDS = (
    Kind(
        code="addresses",
        name=gettext_lazy("Addresses that do not answer"),
        waiting=address_check.waiting_for_lead,
        describe=_describe_addresses,
        template="admin/queue/addresses.html",
        steps={
            "keep": Step(
                lambda pk, answer: address_check.keep(pk, answer.by, answer.now),
                gettext_lazy("Noted as right: %(item)s."),
            ),
        },
        bulk=(Bulk("keep", gettext_lazy("The chosen are right all the same")),),
    ),
    Kind(
        code="proposals",
        name=gettext_lazy("Proposals"),
        waiting=_proposed,
        describe=_describe,
        template="admin/queue/proposals.html",
        steps=_STEPS,
        bulk=(),
    ),
    Kind(
        code="proposals_under_way",
        name=gettext_lazy("Proposals under way"),
        waiting=_under_way,
        describe=_describe,
        template="admin/queue/proposals.html",
        steps=_STEPS,
        bulk=(),
        is_exception=False,
    ),
)
