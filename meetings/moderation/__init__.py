"""What waits for the Lead of meetings: one module a subject."""

from meetings.moderation import outcomes, papers, questions, registration, statements

KINDS = (*registration.KINDS, *papers.KINDS, *statements.KINDS, *questions.KINDS, *outcomes.KINDS)
