"""The graph of a page at many random points, and the value of an expression there."""
