"""What every numeric test is made of, of gradients and of equations alike.

`sampling` draws points, `differences` differentiates along lines, and `branches` notes which way
an operation went at its thresholds.
"""
