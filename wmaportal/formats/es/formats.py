"""Spanish as the CLDR has it: 50.000."""

THOUSAND_SEPARATOR = "."
