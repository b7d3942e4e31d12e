"""What may not be done now, said in a sentence for the person who tried."""


class Refused(Exception):
    """A step that is not allowed now; `str(refusal)` is the sentence that the person reads."""
