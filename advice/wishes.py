"""What is looked for: a request for advice, or one place of it, as matching takes it."""

from dataclasses import dataclass

from advice import terms_of_text
from advice.models import AdviceRequest, Choice, Place
from experts.models import Expert
from partners.models.countries import region_of

#: (what a wish asks for, the field of an expert who offers it)
ABILITIES = (("remote_advice", "remote_advice"), ("mission", "missions"), ("training", "training"))


@dataclass(frozen=True)
class Wish:
    """What is looked for. Everything may be empty; without a term nobody can be proposed.

    `term_ids` come best first; `country` is a code, `languages` those in which the requester can
    work, `left_out` keys of experts who are not proposed (who were asked before).
    """

    term_ids: tuple[int, ...] = ()
    text: str = ""
    country: str = ""
    languages: tuple[str, ...] = ()
    remote_advice: bool = False
    mission: bool = False
    training: bool = False
    left_out: frozenset[int] = frozenset()

    @property
    def region(self) -> str:
        """Code of the country's region; empty without a country."""
        return region_of().get(self.country, "")


def wish_of(request: AdviceRequest, place: Place | None = None) -> Wish:
    """What a request looks for, or one place of it that has a field of its own.

    Where no term was ticked, the terms are those that the text is about.
    """
    if place and place.term_id:
        terms = [place.term_id]
    else:
        terms = list(request.terms.values_list("pk", flat=True)) if request.pk else []
    if not terms:
        terms = [term.pk for term in terms_of_text.propose_terms(request.text)]
    elif len(terms) > 1:
        told = terms_of_text.scores(request.text)
        terms.sort(key=lambda key: (-told.get(key, 0.0), key))
    asked = Choice.objects.filter(place__request=request.pk, asked_at__isnull=False)
    left_out = set(asked.values_list("expert", flat=True)) if request.pk else set()
    if request.requester_id:
        own = Expert.objects.filter(user=request.requester_id).values_list("pk", flat=True)
        left_out.update(own)
    return Wish(
        term_ids=tuple(terms),
        text=request.text,
        country=request.country_id or "",
        languages=tuple(request.languages),
        remote_advice=request.remote_advice,
        mission=request.mission,
        training=request.training,
        left_out=frozenset(left_out),
    )
