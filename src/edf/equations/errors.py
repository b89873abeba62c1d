"""The one exception that leaves this package: an equation that is not understood."""

from __future__ import annotations

WIDTH = 88  # longest piece of a formula that is shown around the caret


class EquationError(ValueError):
    """An equation that cannot be tested; nothing about it was guessed.

    Attributes:
        message (str): What was not understood and what to write, in one line.
        source (str): The LaTeX of the claim.
        position (int): Character offset in `source` at which the caret stands.
    """

    def __init__(self, message: str, source: str = "", position: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.source = source
        self.position = position

    def __str__(self) -> str:
        if not self.source:
            return self.message
        at = min(max(self.position, 0), len(self.source))
        start = self.source.rfind("\n", 0, at) + 1
        end = self.source.find("\n", at)
        line = self.source[start : len(self.source) if end < 0 else end].replace("\t", " ")
        column = at - start
        if len(line) > WIDTH:
            first = max(0, min(column - WIDTH // 2, len(line) - WIDTH))
            line, column = line[first : first + WIDTH], column - first
        return f"{self.message}\n    {line}\n    {' ' * column}^"
