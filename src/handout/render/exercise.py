"""The head of an exercise: what it is called and what it is worth."""

from __future__ import annotations

from html import escape


def exercise(name: str, points: object) -> str:
    """The line above an exercise; where the page answers, the field for the answer comes below."""
    worth = escape(f"{points} point{'' if points == 1 else 's'}")
    return (
        f'<p class="exercise" id="exercise-{escape(name)}" data-search-exclude>'
        f"<strong>Exercise</strong> <code>{escape(name)}</code> · {worth}</p>"
    )
