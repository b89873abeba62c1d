"""A figure of the error against the step size, as SVG text that needs no library and no script."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence

WIDTH, HEIGHT = 320, 180
LEFT, RIGHT, TOP, BOTTOM = 52, 12, 12, 40


def step_figure(steps: Sequence[Sequence[float]], status: str = "") -> str:
    """Return an SVG of (step size, relative error) pairs on logarithmic axes.

    It takes its colour from the surrounding text (`currentColor`), so it is readable on a light
    and on a dark page, and says in its title and description what it shows.
    """
    curve = [
        (math.log10(h), math.log10(min(max(error, 1e-17), 1e17)))
        for h, error in steps
        if h > 0 and math.isfinite(error)
    ]
    if not curve:
        raise ValueError("no figure: no step size gave a finite error")
    x_low, x_high = _whole(value for value, _ in curve)
    y_low, y_high = _whole(value for _, value in curve)

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - x_low) / (x_high - x_low) * (WIDTH - LEFT - RIGHT)
        up = (y - y_low) / (y_high - y_low) * (HEIGHT - TOP - BOTTOM)
        return LEFT + across, HEIGHT - BOTTOM - up

    points = [place(x, y) for x, y in curve]
    best_h, best_error = min(curve, key=lambda pair: pair[1])
    description = (
        f"Relative error between backward and central differences at {len(curve)} step sizes "
        f"from 1e{x_low} to 1e{x_high}; the smallest, {10**best_error:.1e}, "
        f"is at step {10**best_h:.1e}."
    )
    title = "Error against step size" + (f" ({status})" if status else "")
    marks = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2"/>' for x, y in points)
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{html.escape(description)}" '
        'font-family="sans-serif" font-size="10" fill="currentColor" stroke="none">'
        f"<title>{html.escape(title)}</title><desc>{html.escape(description)}</desc>"
        f'<path d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}" fill="none" '
        'stroke="currentColor" stroke-opacity="0.5"/>'
        + "".join(
            f'<text x="{place(x, y_low)[0]:.1f}" y="{HEIGHT - BOTTOM + 13}" '
            f'text-anchor="middle">1e{x}</text>'
            for x in _ticks(x_low, x_high)
        )
        + "".join(
            f'<text x="{LEFT - 5}" y="{place(x_low, y)[1] + 3:.1f}" text-anchor="end">1e{y}</text>'
            for y in _ticks(y_low, y_high)
        )
        + f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 8}" text-anchor="middle">'
        "step size</text>"
        f'<text transform="translate(12 {(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" '
        'text-anchor="middle">relative error</text>'
        f'<polyline points="{line}" fill="none" stroke="currentColor" stroke-width="1.5"/>'
        f"{marks}</svg>"
    )


def _whole(values: Iterable[float]) -> tuple[int, int]:
    """Return the powers of ten that enclose `values`, at least one apart."""
    numbers = list(values)
    low, high = math.floor(min(numbers)), math.ceil(max(numbers))
    return low, max(high, low + 1)


def _ticks(low: int, high: int) -> range:
    """Return at most six whole powers of ten from `low` to `high`."""
    return range(low, high + 1, max(1, math.ceil((high - low) / 5)))
