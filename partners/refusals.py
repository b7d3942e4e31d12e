"""What may not be done now, said in a sentence for the person who tried."""

from django.core.exceptions import PermissionDenied


class Refused(Exception):
    """A step that is not allowed now; `str(refusal)` is the sentence that the person reads."""


class NotAllowed(PermissionDenied):
    """403 with a sentence for the person, which the page shows as `reason`; other exceptions'
    words may be a detail that is nobody's business.
    """

    def __init__(self, reason: str):
        super().__init__(reason)
        self.reason = reason
