"""Derivatives, right and wrong, on which gradient checkers are measured.

`operations` has formulas with their derivatives and the mistakes that people make in them,
`hard_cases` right derivatives that are hard to check, and `formula` hands them to `edf`.
"""
