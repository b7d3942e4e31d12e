"""Proposing experts: labelled requests, fairness, and the time among 40 and among 100,000.

`python -m bench.matching top3 FILE`, `... fair` and `... ms` are the children, in the environment
of a portal with the demonstration. What the kept half of the labelled requests gives is printed as
a figure alone: nobody looks at its texts.
"""

import json
import sys
import time
from datetime import timedelta
from statistics import median

LABELLED = "tests/advice/data/requests_{half}.json"
NAMES = (
    "matching.top3_kept",
    "matching.top3_tuned",
    "matching.reasons_min",
    "matching.busiest_ratio",
    "matching.ms_ratio_100k",
)
REQUESTS = 100  # of the simulation
EQUALS = 12  # experts who fit equally well
ROUNDS = 60

#: Ordinary requests: terms, text, country, languages.
WISHES = (
    (
        ("products-lamps", "handling-collection"),
        "Shops should take back old tubes. How do other towns collect them?",
        "KE",
        ("en",),
    ),
    (
        ("industry-chlor-alkali-decommissioning",),
        "La planta de cloro se cerró y hay que desmontar las celdas con seguridad.",
        "UY",
        ("es", "en"),
    ),
    (("evidence-inventory",), "", "", ()),
    (
        ("industry-asgm", "capacity-awareness", "evidence-health"),
        "Les mineurs brûlent l'amalgame près de leurs maisons.",
        "BF",
        ("fr",),
    ),
    (("disposal-underground", "treatment-stabilization"), "Two tonnes for ever.", "JP", ("ja",)),
)


def measure(wanted) -> list[dict]:
    from bench.ground import child, portal, row

    rows, took = [], {}
    with portal() as small:
        for half, name in (("kept", "matching.top3_kept"), ("to_tune", "matching.top3_tuned")):
            if wanted(name) or (half == "to_tune" and wanted("matching.reasons_min")):
                found = json.loads(
                    child(small.environ, "bench.matching", "top3", LABELLED.format(half=half))
                )
                rows.append(_at_least(name, found["share"], 0.9))
                print(f"  {half}: {found['hits']} of {found['requests']}")
                if half == "to_tune":
                    rows.append(_at_least("matching.reasons_min", found["reasons"], 2, "reasons"))
        if wanted("matching.busiest_ratio"):
            found = json.loads(child(small.environ, "bench.matching", "fair"))
            print(f"  times asked, of {EQUALS} equally fit experts: {found['times']}")
            rows.append(row("matching.busiest_ratio", found["ratio"], "×", 3))
        if wanted("matching.ms_ratio_100k"):
            with portal(experts=100_000) as large:
                # In turn, so that both meet the same machine
                runs = {"40": [], "100,000": []}
                for _turn in range(3):
                    for name, place in (("40", small), ("100,000", large)):
                        runs[name].append(float(child(place.environ, "bench.matching", "ms")))
                took = {name: median(times) for name, times in runs.items()}
            print(f"  one proposing: {took['40']:.1f} ms of 40, {took['100,000']:.1f} of 100,000")
            rows.append(row("matching.ms_ratio_100k", took["100,000"] / took["40"], "×", 3))
    return rows


def _at_least(name: str, value: float, bound: float, unit: str = "share") -> dict:
    value = round(value, 3)
    return {"name": name, "value": value, "unit": unit, "bound": bound, "better": "higher"}


def top3(path: str) -> dict:
    """How often an expert with a right term is among the first three, from the text alone."""
    from django.utils import timezone

    from advice.matching import Wish, propose
    from advice.terms_of_text import propose_terms
    from partners.models import Term
    from wmaportal.local.servers import ROOT

    requests = json.loads((ROOT / path).read_text(encoding="utf-8"))
    codes = dict(Term.objects.values_list("pk", "code"))
    now, hits, fewest = timezone.now(), 0, None
    for request in requests:
        terms = tuple(term.pk for term in propose_terms(request["text"]))
        proposals = propose(Wish(term_ids=terms, text=request["text"]), now)
        right = set(request["terms"])
        hits += any(
            right & {codes[key] for key in proposal.expert.term_ids} for proposal in proposals[:3]
        )
        reasons = [len(proposal.reasons) for proposal in proposals]
        fewest = min([*reasons, *([] if fewest is None else [fewest])], default=fewest)
    share = hits / len(requests)
    return {"hits": hits, "requests": len(requests), "share": share, "reasons": fewest or 0}


def fair() -> dict:
    """Ask the first proposed of equally fit experts, again and again for a year; they answer as
    people do: some at once, some late, some with no, some never.
    """
    from django.db import transaction
    from django.utils import timezone

    from advice.matching import Wish, propose
    from experts.models import Expert
    from partners.models import Term

    now, times = timezone.now(), {}
    with transaction.atomic():
        term = Term.objects.create(code="bench-only", label_en="Bench only", parent_id=_group())
        for number in range(EQUALS):
            expert = Expert.objects.create(
                name=f"Equal {number:02} (example)",
                email=f"equal{number:02}@bench.example.org",
                status=Expert.Status.LISTED,
                approved_at=now,
                confirmed_at=now,
                country_id="KE",
                languages=["en"],
                remote_advice=True,
                term_ids=[term.pk],
            )
            expert.set_terms([term.pk])
            times[expert.pk] = 0
        for number in range(REQUESTS):
            wish = Wish(term_ids=(term.pk,), text=f"Request {number}", languages=("en",))
            first = propose(wish, now, limit=1)[0].expert.pk
            times[first] += 1
            _ask(first, list(times).index(first), now)
            now += timedelta(days=3)
        transaction.set_rollback(True)
    ratio = max(times.values()) / median(times.values())
    return {"ratio": ratio, "times": sorted(times.values())}


def _group() -> int:
    from partners.models import Term

    return Term.objects.filter(parent=None).values_list("pk", flat=True)[0]


def _ask(expert_id: int, habit: int, now):
    """One request that ends before the next: by an answer after 1 to 3 days, or by none."""
    from advice.models import AdviceRequest, Choice, Place

    request = AdviceRequest.objects.create(text="Invented", fictitious=True)
    place = Place.objects.create(request=request, number=1)
    statuses = (Choice.Status.ACCEPTED, Choice.Status.UNAVAILABLE, Choice.Status.NO_ANSWER)
    status = statuses[habit % 3]
    answered = None if status == Choice.Status.NO_ANSWER else now + timedelta(days=1 + habit % 3)
    Choice.objects.create(
        place=place,
        expert_id=expert_id,
        order=1,
        status=status,
        asked_at=now,
        answered_at=answered,
    )


def ms() -> float:
    """Milliseconds of one proposing, the median over ordinary wishes."""
    from django.utils import timezone

    from advice.matching import Wish, propose
    from partners.models import Term

    keys = dict(Term.objects.values_list("code", "pk"))
    wishes = [
        Wish(tuple(keys[code] for code in terms), text, country, languages, remote_advice=True)
        for terms, text, country, languages in WISHES
    ]
    now, took = timezone.now(), []
    for wish in wishes:  # sets are read once in a process's life
        propose(wish, now)
    for _round in range(ROUNDS):
        for wish in wishes:
            start = time.perf_counter()
            propose(wish, now)
            took.append((time.perf_counter() - start) * 1000)
    return median(took)


if __name__ == "__main__":
    import django

    django.setup()
    task, *arguments = sys.argv[1:]
    print(json.dumps({"top3": top3, "fair": fair, "ms": ms}[task](*arguments)))
