"""What waits for the Lead of documents, comment rounds and good practices."""

from documents.moderation import library, practices, reviews, rounds

KINDS = (*practices.KINDS, *reviews.KINDS, *rounds.KINDS, *library.KINDS)
