"""Charts of a page's own tables: the numbers are read from the page, so the two cannot differ."""

import re
import textwrap
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.ticker import LogLocator

COLOURS = ["#3f6fd1", "#d0762a", "#4a9c6d", "#8a8f98"]  # on white and on black alike
HATCHES = ["", "///", "...", "xx"]  # and printed in grey


def table(page, heading="", skip=0):
    """The rows of a table below a heading of a page, its head first; markup is left out.

    Args:
        page: The file of the page.
        heading: A part of the heading; the first one if nothing is given.
        skip: How many tables come before it.
    """
    lines = Path(page).read_text("utf-8").split("\n")
    start = next(k for k, line in enumerate(lines) if line.startswith("#") and heading in line)
    tables = [[]]
    for line in lines[start:]:
        if line.startswith("|"):
            cells = line.strip("|").split("|")
            tables[-1].append([re.sub(r"[*`]", "", cell).strip() for cell in cells])
        elif tables[-1]:
            tables.append([])
    head, _, *rows = tables[skip]
    return [head, *rows]


def number(cell):
    """The number at the beginning of a cell: 1,234 or 5.7 ms; nothing where there is none."""
    found = re.match(r"[\d,]+(?:\.\d+)?", cell)
    return float(found[0].replace(",", "")) if found else float("nan")


def bars(labels, series, xlabel, log=False, stacked=False, mark=None):
    """Horizontal bars: a row for each label, in it a bar (or, stacked, a part of it) a series.

    Args:
        labels: Of the rows.
        series: Numbers of all rows, by the name of what they are.
        xlabel: What is counted or measured, and its unit.
        log: Whether the scale is logarithmic.
        stacked: Whether the series add up.
        mark: A name and a number, drawn as a line: what would be free, a target, a limit.
    """
    count = 1 if stacked else len(series)
    height = 0.8 / count
    labels = [textwrap.fill(label, 24) for label in labels]
    lines = max(count, 1 + max(label.count("\n") for label in labels))
    figure, axes = plt.subplots(  # narrow, so that it can be read on a phone
        figsize=(4.3, 1.1 + len(labels) * (0.15 * lines + 0.1)), layout="constrained"
    )
    left = [0.0] * len(labels)
    for k, (name, values) in enumerate(series.items()):
        places = [
            row + (0 if stacked else (k - (count - 1) / 2) * height) for row in range(len(labels))
        ]
        axes.barh(
            places,
            values,
            height=height,
            left=left if stacked else None,
            color=COLOURS[k % 4],
            hatch=HATCHES[k % 4],
            edgecolor="white",
            linewidth=0.4,
            label=name,
        )
        if stacked:
            left = [a + (b if b == b else 0) for a, b in zip(left, values)]
        elif len(labels) * count <= 24:
            for place, value in zip(places, values):
                if value == value:
                    axes.annotate(
                        f"{value:,g}",
                        (value, place),
                        xytext=(3, 0),  # clear of the axis, where the bar is empty
                        textcoords="offset points",
                        va="center",
                        fontsize=9,
                        annotation_clip=False,
                    )
    if mark:
        axes.axvline(mark[1], color="black", linestyle="--", linewidth=1)
        axes.annotate(
            f" {mark[0]}", (mark[1], 1), xycoords=("data", "axes fraction"), fontsize=9, va="bottom"
        )
    axes.set_yticks(range(len(labels)), labels, fontsize=9)
    axes.invert_yaxis()
    axes.set_xlabel(xlabel)
    if log:
        axes.set_xscale("log")
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter("{x:g}")
        axes.xaxis.set_minor_formatter("")
    axes.spines[["top", "right"]].set_visible(False)
    if len(series) > 1:
        figure.legend(
            loc="outside lower center", ncols=min(4, len(series)), frameon=False, fontsize=9
        )
    plt.show()


def shares(rows, columns, labels=0):
    """Columns of a table as percent of each row's sum."""
    head, *body = rows
    values = [[number(row[head.index(name)]) for name in columns] for row in body]
    values = [[v if v == v else 0 for v in row] for row in values]
    series = {name: [100 * row[k] / sum(row) for row in values] for k, name in enumerate(columns)}
    return [row[labels] for row in body], series
