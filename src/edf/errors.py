"""The errors of a computation graph."""


class GraphError(ValueError):
    """A graph that cannot be evaluated or differentiated; the message names node and remedy."""


class ShapeError(GraphError):
    """Arrays that an operation cannot combine; the message names it, the shapes and the rule."""
