"""Addresses of needs, requests for advice, missions and the use of the list."""

NEEDS: list = []
REQUESTS: list = []
MISSIONS: list = []
USE: list = []

urlpatterns = [*NEEDS, *REQUESTS, *MISSIONS, *USE]
