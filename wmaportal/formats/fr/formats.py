"""French as the CLDR has it: 50 000, with a narrow space at which no line ends."""

THOUSAND_SEPARATOR = "\u202f"
