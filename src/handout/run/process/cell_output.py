"""What the running cell puts out, as far as the limit allows; of use to whatever follows a page."""

from __future__ import annotations

from handout.run.outcomes import Fact, TextComes
from handout.run.process.paths import in_warnings

_MOST_SHOWN = 16 << 20  # characters of all that one cell shows besides text


class CellOutput:
    """Takes bytes from a page's standard streams, and gives them back as facts.

    Args:
        limit: kilobytes of text that are kept of each cell.
        root: of the project; warnings name its files without it.
    """

    def __init__(self, limit: int, root: str) -> None:
        self.limit = limit * 1024
        self.root = root
        self.begin()

    def begin(self) -> None:
        """A cell begins, or has taken back what it has put out so far."""
        self.kept = bytearray()
        self.room = self.limit
        self.dropped = False  # whether there was more than is kept
        self.room_to_show = _MOST_SHOWN

    def add(self, data: bytes) -> None:
        """Keep data up to the limit, and drop the rest."""
        self.kept += data[: self.room]
        self.dropped |= len(data) > self.room
        self.room = max(0, self.room - len(data))

    def taken(self) -> TextComes:
        """What has come since this was last asked, as a fact."""
        text = in_warnings(self.kept.decode("utf-8", "backslashreplace"), self.root)
        self.kept = bytearray()
        return {"event": "text", "text": text, "truncated": self.dropped}

    def admits(self, fact: Fact) -> bool:
        """Whether there is room for what a fact shows; a cell without end must not fill memory."""
        if fact["event"] == "clear":
            self.begin()
        if fact["event"] != "display":
            return True
        self.room_to_show -= sum(map(len, fact["data"].values()))
        self.dropped |= self.room_to_show < 0
        return self.room_to_show >= 0
