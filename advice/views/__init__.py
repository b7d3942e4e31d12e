"""Pages of needs, requests for advice, missions and the use of the list."""
