"""What waits for the Lead of documents, comment rounds and good practices."""

from documents.moderation import library, practices, rounds

KINDS = (*practices.KINDS, *rounds.KINDS, *library.KINDS)
