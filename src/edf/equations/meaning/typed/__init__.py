"""Typed expressions, which reading results in: made, shown, and compared."""
