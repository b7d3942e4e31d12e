"""What only `make run`, the tests and the bench need: servers of their own, and a browser.

Nothing here is imported by the portal in production.
"""
