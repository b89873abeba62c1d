"""What cells draw stands in the page, in its colours and with its numbers in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from handout.render.outputs import display
from handout.run.process.display import mime_bundle


@pytest.fixture
def pyplot() -> Iterator[Any]:
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    yield plt
    plt.close("all")


def plotted(plt: Any) -> str:
    """The HTML of a cell that drew two lines."""
    figure, axes = plt.subplots(figsize=(3, 2))
    axes.plot([2.0, 1.0, 0.5], color="black", label="training")
    axes.plot([2.5, 1.5, 1.75])
    axes.set(title="Loss < 3", xlabel="epoch", ylabel="loss")
    axes.legend()
    return display(mime_bundle(figure))


def test_a_plot_takes_the_colours_of_the_page(pyplot: Any) -> None:
    """Black becomes the page's text colour, white its background; the text stays text."""
    html = plotted(pyplot)
    assert "<img" not in html
    assert "stroke:currentColor" in html
    assert "var(--md-default-bg-color, #ffffff)" in html
    assert "#000000" not in html
    assert ">epoch</text>" in html


def test_a_plot_says_its_numbers(pyplot: Any) -> None:
    """Title, axes, and of each line where it goes; its own words, escaped."""
    html = plotted(pyplot)
    assert 'role="img"' in html
    assert (
        'aria-label="Loss &lt; 3; loss over epoch; training: from 2 to 0.5, least 0.5, greatest 2; '
        'line: from 2.5 to 1.75, least 1.5, greatest 2.5"' in html
    )


def test_a_plotted_image_stays(pyplot: Any) -> None:
    """A heat map of matplotlib is a bitmap inside the drawing."""
    pyplot.imshow([[0.0, 0.25], [1.0, -1.0]])
    html = display(mime_bundle(pyplot.gcf()))
    assert 'href="data:image/png;base64,' in html
    assert "image of 2 by 2: least -1, greatest 1" in html


def test_the_same_plot_is_the_same_bytes(pyplot: Any) -> None:
    """Nothing in a figure depends on the time or on chance."""
    assert plotted(pyplot) == plotted(pyplot)


class Drawing:
    """A value that draws itself, as those of many libraries do."""

    def __init__(self, svg: str) -> None:
        self.svg = svg

    def _repr_svg_(self) -> str:
        return self.svg


def test_a_drawing_of_a_value_stands_in_the_page_without_its_script() -> None:
    """The last line of a cell may be anything that draws itself as SVG."""
    svg = '<svg><script>hit()</script><rect id="a" onclick="hit()" width="9"/></svg>'
    html = display(mime_bundle(Drawing(svg)), "A title")
    assert '<rect id="p' in html
    assert 'width="9"' in html
    assert 'aria-label="A title"' in html
    assert "hit" not in html


def test_a_drawing_that_cannot_be_read_is_told() -> None:
    """With the reason, in its place."""
    svg = "<svg><script>hit()</script><rect></svg>"
    html = display(mime_bundle(Drawing(svg)), 'A "title"')
    assert "A drawing is not shown: the figure is not well-formed SVG: mismatched tag" in html
    assert "hit" not in html
