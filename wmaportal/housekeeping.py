"""What falls due by itself: pauses end, removed profiles are erased, old traces go.

`keep_house` runs every hour (settings, CELERY_BEAT_SCHEDULE) and may run twice or a week late.
"""

from datetime import datetime

from django.contrib.sessions.models import Session

from advice import asking, erasing, outcomes, surveying
from advice.models import AnswerLink, SurveyLink
from documents import (
    comment_tables,
    compiling,
    extracting,
    library_directory,
    practice_directory,
    round_reminders,
)
from documents.models import PracticeLink
from experts import listing, listing_index, rounds
from experts.importing import runs
from experts.models import ProfileLink
from mailings import digesting, links, posting, retention
from meetings import hourly as meetings


def keep_house(now: datetime) -> dict[str, int]:
    """Do what is due at this moment; returns how many of each were done."""
    for index in (listing_index, library_directory, practice_directory):
        index.KEEPER.forget_old_changes()
    return {
        "rounds ended": rounds.end_past(now),
        "pauses ended": listing.end_past_pauses(now),
        "removed profiles erased": listing.erase_removed(now),
        "answers of erased profiles dropped": surveying.forget_erased(now),
        "words of erased profiles dropped": erasing.forget_erased(now),
        "surveys closed": surveying.close_past(now),
        "untouched drafts dropped": listing.drop_untouched_drafts(now),
        "old links dropped": sum(
            links.forget_old(model, now)
            for model in (ProfileLink, PracticeLink, AnswerLink, SurveyLink)
        ),
        "forgotten imports cancelled": runs.forget_old(now),
        **retention.forget(now),
        "old sessions dropped": Session.objects.filter(expire_date__lt=now).delete()[0],
        "forgotten comment tables dropped": comment_tables.forget_old(now),
        **asking.move_on(now),
        "requests finished": outcomes.finish_old(now),
        **meetings.due(now),
        "announcements by mail forgotten": posting.forget(now),
        "digests written": digesting.write_due(now),
        "round invitations written": round_reminders.invite(now),
        # What may take minutes comes last: a task that is ended there goes on in an hour
        "texts read": extracting.extract_waiting(now),
        "editions made": compiling.make_waiting(now),
    }
