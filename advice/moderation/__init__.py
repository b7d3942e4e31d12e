"""What waits for the Lead of needs, requests for advice, missions and surveys."""

from advice.moderation import missions, needs, requests, survey

KINDS = (*requests.KINDS, *needs.KINDS, *missions.KINDS, *survey.KINDS)
