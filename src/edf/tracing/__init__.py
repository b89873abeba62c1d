"""The backward pass of a graph, written out as a NumPy program.

`program` goes through the graph, `inlining` writes the lines of a method with the graph's names,
and `by_hand` has those operations whose own lines are not what a person would write.
"""

from edf.tracing.program import Program, trace

__all__ = ["Program", "trace"]
