"""What a test would notice, and what would mend a refuted step."""

from __future__ import annotations

from typing import Any


def corrupt(*_: Any) -> tuple[dict[str, int] | None, str | None]:
    """Count the one-symbol corruptions of a verified step."""
    return None, None


def mend(*_: Any) -> str | None:
    """Look for a one-symbol change with which a refuted step holds."""
    return None
