"""A page and its verdicts to the text that a host renders."""
