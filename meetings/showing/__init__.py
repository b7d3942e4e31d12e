"""What the page of a meeting shows of each subject: `shown(meeting, user, now)` → its context."""
