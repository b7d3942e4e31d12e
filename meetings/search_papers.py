"""What the search of the whole portal finds among papers of meetings."""

from django.contrib.postgres.search import SearchVectorField
from django.db.models import F, Func, QuerySet, Value

from meetings.models import Paper
from partners.directory.words import Words


def find_papers(words: str, user) -> QuerySet[Paper]:
    """Papers that this person may read, with all words in the title; of the newest meeting first.

    Stemmed as English or as written, accents ignored. No index keeps the words, as there are some
    hundred papers; none are found without a word.
    """
    papers = Paper.objects.visible_to(user).select_related("meeting")
    if not words.strip():
        return papers.none()
    title = Func(Value("A"), F("title"), function="portal_vector", output_field=SearchVectorField())
    found = papers.annotate(title_words=title).filter(title_words=Words(words))
    return found.order_by("-meeting__starts_on", "-meeting", "session_number", "number")
