"""The operations: each a class with its value and its derivative side by side."""
