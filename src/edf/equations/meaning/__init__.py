"""The tree of a formula to a typed expression: names, shapes and indices known."""
