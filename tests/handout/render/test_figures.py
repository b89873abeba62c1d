"""Figures are SVG in the page's colours, say their numbers in words, and let nothing through."""

from __future__ import annotations

import re
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from edf import AnyFunction, Input, Param
from edf.figures import curves, draw_graph, heatmaps
from handout.render.figures import draw

VALLEY = {
    "kind": "steps",
    "steps": [[10.0**-k, 10.0 ** (-2 * k) + 1e-16 * 10.0**k] for k in range(1, 13)],
}


def _svg(html: str) -> ElementTree.Element:
    """The drawing inside a figure, which must be well-formed."""
    svg = ElementTree.fromstring(html).find("svg")
    assert svg is not None
    return svg


def _described(html: str) -> str:
    return str(_svg(html).findtext("desc"))


def test_valley_has_its_points_and_slopes() -> None:
    """Every step is a point, both slopes are marked, and the caption names the best step."""
    html = draw(VALLEY)
    assert len(_svg(html).findall("circle")) == 12
    assert "truncation ∝ h²" in html
    assert "rounding ∝ 1/h" in html
    assert "smallest error 1.0e-10 at step 1.0e-06" in html
    assert "step 1e-01: error 1.0e-02" in _described(html)


def test_valley_of_a_wrong_derivative_is_flat() -> None:
    """An error that no step removes is drawn without slopes that it does not have."""
    html = draw({"kind": "steps", "steps": [[10.0**-k, 0.3] for k in range(1, 9)]})
    assert "truncation" not in html
    assert "rounding" not in html


def test_exact_derivative_can_be_drawn() -> None:
    """An error of zero has no logarithm; it is drawn at the foot, and told as measured."""
    html = draw({"kind": "steps", "steps": [[1e-1, 1e-3], [1e-2, 0.0]]})
    assert len(_svg(html).findall("circle")) == 2


def test_heat_maps_share_a_scale() -> None:
    """The largest entry of all is the darkest, and every entry is written in its cell."""
    html = draw(
        heatmaps("t", claimed=[[0.5, 0.0], [0.0, 0.5]], numeric=[[1.0, -1], [0, 1]]).description
    )
    cells = _svg(html).findall("rect")
    assert len(cells) == 8
    assert sorted({cell.get("fill-opacity") for cell in cells}) == ["0", "0.25", "0.5"]
    assert sum(cell.get("class") == "figure-negative" for cell in cells) == 1
    assert sum(line.get("class") == "figure-bar" for line in _svg(html).findall("line")) == 1
    assert "claimed: 0.5, 0; 0, 0.5. numeric: 1, −1" in _described(html)


def test_zero_is_told_from_what_is_nearly_zero() -> None:
    """A missing term is exactly zero; one that is there is not written as if it were."""
    html = draw(heatmaps("t", a=[[0.0, -0.0012, 0.996]]).description)
    assert [text.text for text in _svg(html).findall("text")] == ["a", "0", "−0.0012", "1"]
    assert "A bar marks what is negative." in html
    assert "A bar" not in draw(heatmaps("t", a=[[0.0, 0.5]]).description)


def test_curves_differ_by_dash_and_name() -> None:
    """Two curves are told apart without colour, and their ends are told in words."""
    html = draw(curves("Training", x="epoch", y="loss", training=[2, 1], test=[3, 2]).description)
    assert 'class="figure-line figure-line-0"' in html
    assert 'class="figure-line figure-line-1"' in html
    assert "training goes from 2 to 1; test goes from 3 to 2" in html


def test_graph_shows_the_nodes_that_the_code_made() -> None:
    """Each node is a stop for the keyboard that tells name, operation, shape, value, gradient."""
    g, f = AnyFunction(shape=(3,)), AnyFunction()
    x = Input(shape=(4,))
    W = Param(np.ones(3))
    y = g(x)
    u = f(y, W)
    html = draw(draw_graph(u, locals()).description)
    spoken = [node.get("aria-label") or "" for node in _svg(html).iter("g")]
    assert len(spoken) == 4
    assert any(re.match(r"y = g 3, value of norm \S+, gradient of norm \S+$", s) for s in spoken)
    assert any(re.match(r"u = f, value \S+, gradient 1$", s) for s in spoken)
    assert all(node.get("tabindex") == "0" for node in _svg(html).iter("g"))
    assert "y is g 3 of x" in _described(html)
    assert x.value is None


def test_graph_puts_every_node_below_its_inputs() -> None:
    """Arrows lead down, whatever the graph's form."""
    nodes = [
        {"name": str(n), "operation": "f", "shape": [], "inputs": inputs}
        for n, inputs in enumerate([[], [], [0, 1], [0], [2, 3], [4, 1]])
    ]
    drawn = _svg(draw({"kind": "graph", "nodes": nodes}))
    edges = drawn.findall("line")
    assert len(edges) == 7
    assert all(float(edge.get("y2", 0)) > float(edge.get("y1", 0)) for edge in edges)
    corners = [(g.find("rect").get("x"), g.find("rect").get("y")) for g in drawn.findall("g")]  # type: ignore[union-attr]
    assert len(set(corners)) == 6


def test_texts_are_escaped() -> None:
    """Names and titles that look like markup are drawn as they are."""
    hostile = "\"'><script>alert(1)</script>"
    node = {"name": hostile, "operation": hostile, "shape": [2], "inputs": [], "value": hostile}
    for described in (
        {"kind": "graph", "title": hostile, "nodes": [node]},
        {"kind": "heatmaps", "title": hostile, "matrices": [[hostile, [[1.0]]]]},
        {"kind": "curves", "title": hostile, "x": hostile, "curves": [[hostile, [[0, 1], [1, 2]]]]},
        dict(VALLEY, title=hostile),
    ):
        html = draw(described)
        assert "<script" not in html
        _svg(html)


@pytest.mark.parametrize(
    "described",
    [
        {},
        {"kind": "<b>"},
        {"kind": "graph", "nodes": []},
        {"kind": "graph", "nodes": [{"name": "a"}]},
        {"kind": "graph", "nodes": [{"name": "a", "operation": "f", "inputs": [0]}]},
        {"kind": "graph", "nodes": [{"name": "a", "operation": "f", "inputs": []}] * 61},
        {"kind": "heatmaps", "matrices": []},
        {"kind": "heatmaps", "matrices": [["a", [["<b>"]]]]},
        {"kind": "curves", "curves": []},
        {"kind": "curves", "curves": [["a", [[0.0, float("nan")]]]]},
        {"kind": "steps", "steps": [[1.0, 1.0]]},
        {"kind": "steps", "steps": [[-1.0, 1.0], [1.0, 1.0]]},
        {"kind": "steps", "steps": None},
    ],
)
def test_what_is_no_figure_is_refused(described: dict[str, Any]) -> None:
    """A description that lacks something or holds other than numbers is an error, never a guess."""
    with pytest.raises(ValueError, match=r"\w"):
        draw(described)


def test_heat_map_wants_a_matrix() -> None:
    """A vector is refused where it is given, with its shape."""
    with pytest.raises(ValueError, match=r"claimed has shape \(3,\)"):
        heatmaps("t", claimed=np.ones(3))
