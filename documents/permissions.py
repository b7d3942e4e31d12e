"""Who may do what with documents, comment rounds and practices.

Who may see one is `visible_to` of its QuerySet alone; these are the steps. Each takes today's date,
as membership ends on a day.
"""

from datetime import date

from documents.models import CommentRound, Document, Practice, Proposal
from partners import permissions as ground
from partners.audience import Audience


def can_add_document(user) -> bool:
    """The Lead; partners propose."""
    return user.has_perm("documents.add_document")


def can_edit_document(user, document: Document) -> bool:
    """The owner, and the Lead: words, files, new versions."""
    if user.has_perm("documents.change_document"):
        return True
    return user.is_authenticated and user.is_active and document.owner_id == user.pk


def can_end_document(user) -> bool:
    """The Lead says what supersedes a document, archives and restores it."""
    return user.has_perm("documents.change_document")


def can_publish(user, document: Document) -> bool:
    """The owner of a document that was published before, and the Lead."""
    if user.has_perm("documents.change_document"):
        return True
    return can_edit_document(user, document) and document.current_id is not None


def can_propose(user, today: date) -> bool:
    """Partners; of one proposal, see `visible_to`."""
    return ground.is_partner(user, today)


def can_read_proposals(user, today: date) -> bool:
    """Partners and the secretariat: those to whom `visible_to` shows any."""
    return user.has_perm("documents.view_proposal") or ground.is_partner(user, today)


def can_support(user, proposal: Proposal, today: date) -> bool:
    """Partners, but not one's own."""
    return ground.is_partner(user, today) and proposal.proposed_by_id != user.pk


def can_open_rounds(user) -> bool:
    """The Lead."""
    return user.has_perm("documents.add_commentround")


def can_comment(user, comment_round: CommentRound) -> bool:
    """Signed in, and of the round's audience. Whether it is open, the round says."""
    if not (user.is_authenticated and user.is_active):
        return False
    return comment_round.audience in Audience.of(user)


def can_answer(user, comment_round: CommentRound) -> bool:
    """The drafting team, and the Lead."""
    if user.has_perm("documents.change_comment"):
        return True
    if not (user.is_authenticated and user.is_active):
        return False
    return comment_round.team.filter(pk=user.pk).exists()


def can_submit_practice(user, today: date) -> bool:
    """Partners."""
    return ground.is_partner(user, today)


def can_edit_practice(user, practice: Practice) -> bool:
    """The owner of the sheet, and the Lead."""
    if user.has_perm("documents.change_practice"):
        return True
    return user.is_authenticated and user.is_active and practice.owner_id == user.pk


def can_review_practice(user) -> bool:
    """The Lead."""
    return user.has_perm("documents.change_practice")


def can_report_use(user, today: date) -> bool:
    """Partners."""
    return ground.is_partner(user, today)


def can_compile(user) -> bool:
    """The Lead makes editions of the living document."""
    return user.has_perm("documents.add_compilation")
