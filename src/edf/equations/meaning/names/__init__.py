"""Names of a formula: what notes write as one, and what each is bound to."""
