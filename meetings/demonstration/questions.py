"""Questions to partners of the next meeting: a ranking and a choice; invented, and they say so."""

from datetime import datetime, timedelta

from meetings import asking, question_sets
from meetings.asking import Choice
from meetings.models import Answer, Answered, Item, Meeting, Pick, Question
from partners import demonstration as people
from partners.models import Organisation, User

#: Organisation, country, places given to the subjects of the set (by number, the first first)
RANKINGS = (
    ("Institute of Waste (example)", "BR", (2, 1, 3)),
    ("Chemicals Office (example)", "SE", (3, 2, 7)),
    ("Agency for Rivers (example)", "GH", (5, 2, 8)),
    ("Department of Hospitals (example)", "KE", (2, 8, 1)),
    ("Association of Recyclers (example)", "MX", (1, 2)),
    ("University Laboratory (example)", "VN", (4, 3, 2)),
    ("Customs Office (example)", "NG", (6, 2, 7)),
)
#: How many chose each answer
CHOICES = (("In one hall, all together", 4), ("In groups by region", 6), ("Online, before", 2))


def load(meeting: Meeting, now: datetime):
    """In the caller's transaction."""
    [ranking] = question_sets.take(meeting.pk, "priorities")
    ranking.item = Item.objects.filter(session__meeting=meeting, title="Priority areas").first()
    ranking.text_fr = "Quels trois sujets devraient venir en premier ces deux prochaines années ?"
    ranking.text_es = "¿Qué tres temas deberían ser los primeros en los próximos dos años?"
    ranking.results = Question.Results.AT_ONCE
    ranking.save()
    asking.open_for_answers(ranking.pk, now - timedelta(days=5))
    options = list(ranking.options.all())
    lead = User.objects.get(email=people.LEAD)
    for name, country, places in RANKINGS:
        house = people.organisation(name, Organisation.Kind.OTHER, country)
        picks = [options[place - 1].pk for place in places]
        _answer(ranking, lead, house, picks, now)
    _load_choice(meeting, now)


def _load_choice(meeting: Meeting, now: datetime):
    """One that is closed, and was anonymous."""
    values = {
        "text": "How shall the priority areas be discussed?",
        "kind": Question.Kind.CHOICE,
        "is_anonymous": True,
    }
    choice = asking.add(meeting.pk, values, [Choice(text) for text, _number in CHOICES])
    asking.open_for_answers(choice.pk, now - timedelta(days=9))
    for option, (_text, number) in zip(choice.options.all(), CHOICES, strict=True):
        for _one in range(number):
            row = Answer.objects.create(question=choice)
            Pick.objects.create(answer=row, option=option)
    for person in User.objects.order_by("pk")[: sum(number for _text, number in CHOICES)]:
        Answered.objects.create(question=choice, user=person)
    asking.close(choice.pk, now - timedelta(days=2))


def _answer(question: Question, by: User, house: Organisation, picks: list[int], now: datetime):
    """As `answering.answer` writes it; the invented organisations are no partners."""
    row = Answer.objects.create(
        question=question, user=by, organisation=house, at=now - timedelta(days=2)
    )
    Pick.objects.bulk_create(
        Pick(answer=row, option_id=option, rank=place)
        for place, option in enumerate(picks, start=1)
    )
    Answered.objects.create(question=question, user=by, organisation=house, answer=row)
