"""Figures are SVG in the page's colours, say their numbers in words, and let nothing through."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import EntryPoint
from itertools import pairwise
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest

from edf import AnyFunction, CrossEntropy, Input, Param, Sigmoid, Sum, topological_order
from edf import draw as graph_of
from edf.figures import Figure, curves, heatmaps
from handout.render.figures import draw, standalone
from handout.render.symbols import pieces, spans

ROOT = Path(__file__).parents[3]
VALLEY = {
    "kind": "steps",
    "steps": [[10.0**-k, 10.0 ** (-2 * k) + 1e-16 * 10.0**k] for k in range(1, 13)],
}


def _svg(html: str) -> ElementTree.Element:
    """The drawing inside a figure, which must be well-formed."""
    svg = ElementTree.fromstring(html).find("svg")
    assert svg is not None
    return svg


def _panels(html: str) -> list[ElementTree.Element]:
    """The drawings of a figure that has several."""
    return ElementTree.fromstring(html).findall("div/svg")


def _described(html: str) -> str:
    return " ".join(str(found.text) for found in ElementTree.fromstring(html).iter("desc"))


def test_valley_has_its_points_and_slopes() -> None:
    """Every step is a point, both slopes are marked, and the caption names the best step."""
    html = draw(VALLEY)
    assert len(_svg(html).findall("circle")) == 12
    assert "truncation ∝ h²" in html
    assert "rounding ∝ 1/h" in html
    assert "Smallest error 1.0e-10 at step 1.0e-06" in html
    assert "step 1e-01: error 1.0e-02" in _described(html)


def test_valley_of_a_wrong_derivative_is_flat() -> None:
    """An error that no step removes is drawn without slopes that it does not have."""
    html = draw({"kind": "steps", "steps": [[10.0**-k, 0.3] for k in range(1, 9)]})
    assert "truncation" not in html
    assert "rounding" not in html


STEPS = [10.0**-k for k in (1, 2, 3, 4, 5, 6, 8, 10)]  # those of a gradient check


def _curve(function: Any, slope: float) -> list[tuple[float, float]]:
    """The errors of central differences at 0.7 against a slope that is claimed."""
    quotients = [(function(0.7 + h) - function(0.7 - h)) / (2 * h) for h in STEPS]
    return [
        (h, abs(q - slope) / max(abs(q), abs(slope))) for h, q in zip(STEPS, quotients, strict=True)
    ]


@pytest.mark.parametrize(
    ("function", "slope", "said"),
    [
        (np.sin, np.cos(0.7), "falls with the square of the step, as central differences do"),
        (np.exp, np.exp(0.7), "where rounding takes over"),
        (np.sin, -np.cos(0.7), "does not fall: it stays at 2, however small the step"),
        (np.sin, 1.1 * np.cos(0.7), "the backward is wrong"),
        (np.sin, (1 + 1e-6) * np.cos(0.7), "levels off at 1e-06"),
        (lambda x: abs(x - 0.7), 1.0, "unless the function has a kink here"),
        (lambda x: (x - 0.7) * abs(x - 0.7) ** 0.5 + x, 1.0, "by no clear power of the step"),
        (lambda x: abs(x - 0.7) * (x - 0.7) + x, 1.0, "only in proportion to the step"),
        (lambda x: 3 * x, 3.0, "Only rounding is left"),
        (lambda x: x * x, 1.4, "Only rounding is left"),
        (lambda x: (x - 0.7) ** 5 + x, 1.0, "with the step to the power 4.0"),
        (lambda x: float(np.float32(np.sin(x))), np.cos(0.7), "with the square of the step"),
    ],
)
def test_curve_says_what_it_shows(function: Any, slope: float, said: str) -> None:
    """From the errors alone, of real quotients: right, wrong, slightly wrong, not smooth."""
    html = draw({"kind": "steps", "steps": _curve(function, slope)})
    words = str(ElementTree.fromstring(html).findtext("figcaption"))
    assert said in words
    assert ("wrong" in words) == (
        "wrong" in said or "stays" in said or "kink" in said or "levels" in said
    )


def test_exact_derivative_can_be_drawn() -> None:
    """An error of zero has no logarithm; it is drawn at the foot, and told as measured."""
    html = draw({"kind": "steps", "steps": [[1e-1, 1e-3], [1e-2, 0.0]]})
    assert len(_svg(html).findall("circle")) == 2


def test_heat_maps_share_a_scale() -> None:
    """The largest entry of all is the darkest, and every entry is written in its cell."""
    html = draw(
        heatmaps("t", claimed=[[0.5, 0.0], [0.0, 0.5]], numeric=[[1.0, -1], [0, 1]]).description
    )
    cells = [cell for panel in _panels(html)[:2] for cell in panel.findall("rect")]
    assert len(cells) == 8
    assert sorted({cell.get("fill-opacity") for cell in cells}) == ["0", "0.25", "0.5"]
    assert sum(cell.get("class") == "figure-negative" for cell in cells) == 1
    assert "claimed: 0.5, 0; 0, 0.5. numeric: 1, −1" in _described(html)


def _texts(drawn: ElementTree.Element) -> list[str]:
    return [text.text or "" for text in drawn.findall("text")]


def test_two_matrices_of_one_shape_have_their_difference_beside_them() -> None:
    """Entry by entry, with its own name; the caption says where it is largest."""
    html = draw(
        heatmaps("t", claimed=[[0.5, 0], [0, 0.5]], numeric=[[0.5, -1], [0, 0.25]]).description
    )
    *_, difference = _panels(html)
    assert _texts(difference) == [
        "claimed − numeric",
        "i\\j",
        "0",
        "1",
        "0",
        "1",
        "0",
        "1",
        "0",
        "0.25",
    ]
    assert "claimed − numeric: 0, 1; 0, 0.25." in _described(html)
    assert "They differ most at i = 0, j = 1: 0 beside −1. A bar" in html
    for others in (
        {"a": np.eye(2)},
        {"a": np.eye(2), "b": np.eye(3)},
        dict.fromkeys("abc", np.eye(2)),
    ):
        assert " − " not in draw(heatmaps("t", **others).description)


def test_a_difference_of_rounding_is_not_drawn_as_one() -> None:
    """A derivative that is right differs from the numeric one in the last digits."""
    exact, near = np.eye(2), np.eye(2) - 3e-11
    html = draw(heatmaps("t", exact=exact, numeric=near).description)
    assert "They agree, but for 3e-11." in html
    assert _texts(_panels(html)[2]).count("≈ 0") == 4
    assert "They are equal." in draw(heatmaps("t", a=exact, b=exact).description)


def test_rows_and_columns_are_numbered_from_0() -> None:
    """Every one of them, or as many as there is room for."""
    html = draw(heatmaps("t", a=np.zeros((2, 3))).description)
    assert _texts(_svg(html))[:7] == ["a", "i\\j", "0", "1", "2", "0", "1"]
    wide = draw(heatmaps("t", a=np.zeros((1, 100))).description)
    numbers = _texts(_svg(wide))[2:-1]
    assert numbers == [str(n) for n in range(0, 100, 8)]


def test_zero_is_told_from_what_is_nearly_zero() -> None:
    """A missing term is exactly zero; one that is there is not written as if it were."""
    html = draw(heatmaps("t", a=[[0.0, -0.0012, 0.996]]).description)
    assert _texts(_svg(html))[-3:] == ["0", "−0.0012", "1"]
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
    html = draw(graph_of(u, locals()).description)
    shown = _nodes(_svg(html))
    spoken = [node.get("aria-label") or "" for node in shown]
    assert len(spoken) == 4
    assert any(re.match(r"y = g 3, value of norm \S+, gradient of norm \S+$", s) for s in spoken)
    assert any(re.match(r"u = f, value \S+, gradient 1$", s) for s in spoken)
    assert all(node.get("tabindex") == "0" for node in shown)
    assert "y is g 3 of x" in _described(html)
    assert x.value is None


def _diamond() -> dict[str, Any]:
    """Problem 1: a number feeds two functions, and a third brings them together."""
    g, h, f, L = AnyFunction(), AnyFunction(), AnyFunction(), AnyFunction()
    x = Input(shape=())
    y, z = g(x), h(x)
    u = f(y, z)
    l = L(u)
    return locals()


def _number(text: str | None) -> float:
    return float((text or "").replace("−", "-").strip("↓↑ ()"))


def test_arrows_carry_local_derivatives_that_multiply_to_the_gradients() -> None:
    """Each with its name and its value: what is drawn obeys the chain rule."""
    names = _diamond()
    drawn = _svg(draw(graph_of(names["l"], names).description))
    edges = {e.get("data-node"): e for e in drawn.iter("g") if e.get("class") == "figure-edge"}
    assert set(edges) == {"y/x", "z/x", "u/y", "u/z", "l/u"}
    local = {key: _number(e.findall("text")[1].text) for key, e in edges.items()}
    assert "".join(edges["u/y"].findall("text")[0].itertext()) == "𝜕𝑢/𝜕𝑦"
    for edge in edges.values():  # the arrow passes through no letter of what stands beside it
        line = [float(n) for n in re.findall(r"[\d.]+", edge.find("polyline").get("points"))]  # type: ignore[union-attr, arg-type]
        for text in edge.findall("text"):
            x, y = float(text.get("x") or 0), float(text.get("y") or 0)
            beside = [np.interp(height, line[1::2], line[::2]) for height in (y, y - 9)]
            assert (
                (min(x - p for p in beside) > 2)
                if text.get("text-anchor") == "start"
                else (min(p - x for p in beside) > 2)
            )
    gradients = {n.get("data-node"): _number(n.findall("text")[3].text) for n in _nodes(drawn)}
    assert gradients["u"] == local["l/u"]
    assert gradients["y"] == pytest.approx(gradients["u"] * local["u/y"], rel=0.02)
    by_two_ways = gradients["y"] * local["y/x"] + gradients["z"] * local["z/x"]
    assert gradients["x"] == pytest.approx(by_two_ways, rel=0.02, abs=0.02)


def test_each_node_tells_how_its_value_and_gradient_come_about() -> None:
    """For whoever steps through; a chain of equal members, the last of which are numbers."""
    names = _diamond()
    drawn = _svg(draw(graph_of(names["l"], names).description))
    shown = {node.get("data-node"): node for node in _nodes(drawn)}
    assert (shown["u"].get("data-forward") or "").startswith("u = f(y, z) = ")
    words, product, gradient = (shown["y"].get("data-backward") or "").split(" = ")[1:]
    assert words == "∂l/∂u · ∂u/∂y"
    one, other = map(_number, product.split(" · "))
    assert one * other == pytest.approx(_number(gradient), rel=0.02)
    assert "∂l/∂y · ∂y/∂x + ∂l/∂z · ∂z/∂x = " in (shown["x"].get("data-backward") or "")
    assert shown["l"].get("data-backward") == "∂l/∂l = 1"
    assert re.fullmatch(r"∂l/∂u = −?[\d.e−]+", shown["u"].get("data-backward") or "")


@pytest.mark.parametrize(
    ("name", "drawn", "below"),
    [
        ("y", "𝑦", ""), ("h", "ℎ", ""), ("W1", "𝑊", "1"), ("W_1", "𝑊", "1"), ("x_in", "𝑥", "in"),
        ("theta", "𝜃", ""), ("lam", "𝜆", ""), ("Delta", "Δ", ""), ("ell", "ℓ", ""), ("2", "2", ""),
        ("loss", "loss", ""), ("x_i", "𝑥", "𝑖"), ("log_loss", "log loss", ""),
        ("theta_2", "𝜃", "2"),
    ],
)  # fmt: skip
def test_names_are_set_as_formulas_set_them(name: str, drawn: str, below: str) -> None:
    """Italic letters, Greek ones, subscripts; words stay upright."""
    assert pieces(name) == [(drawn, False), *([(below, True)] if below else [])]
    svg = ElementTree.fromstring(f"<text>{spans(pieces(name), 10)}</text>")
    assert [span.text for span in svg if span.get("dy") == "2.2"] == ([below] if below else [])


def _network() -> dict[str, Any]:
    """A graph with edges that pass several layers, and the names of its nodes."""
    x, y = Input(np.ones((4, 3))), Input(np.array([0, 1, 1, 0]))
    W, b = Param(np.full((3, 2), 0.5)), Param(np.zeros(2))
    hidden = Sigmoid(x @ W + b)
    loss = CrossEntropy(hidden, y)
    skip = Sum(hidden) + loss * b[0] + Sum(x)
    return locals()


def _nodes(drawn: ElementTree.Element) -> list[ElementTree.Element]:
    return [g for g in drawn.findall("g") if "figure-node" in (g.get("class") or "")]


def _boxes(drawn: ElementTree.Element) -> list[tuple[float, float, float, float]]:
    """Left, top, right and bottom of each node's box, in the order of the nodes."""
    rects = [group.find("rect") for group in _nodes(drawn)]
    found = []
    for rect in rects:
        assert rect is not None
        x, y, w, h = (float(rect.get(key, "nan")) for key in ("x", "y", "width", "height"))
        found.append((x, y, x + w, y + h))
    return found


def _edges(drawn: ElementTree.Element) -> list[list[tuple[float, float]]]:
    """The corners of each edge."""
    return [
        [tuple(map(float, point.split(","))) for point in edge.get("points", "").split()]  # type: ignore[misc]
        for edge in drawn.iter("polyline")
    ]


def test_graph_puts_every_node_below_its_inputs_and_lets_no_edge_cross_a_node() -> None:
    """Arrows lead down; boxes do not overlap; an edge that passes a layer goes between boxes."""
    names = _network()
    described = graph_of(names["skip"], names).description
    drawn = _svg(draw(described))
    boxes, edges = _boxes(drawn), _edges(drawn)
    assert len(boxes) == len(topological_order(names["skip"]))
    pairs = {(s, n) for n, node in enumerate(described["nodes"]) for s in node["inputs"]}
    assert len(edges) == len(pairs)
    ends = {(edge[0], edge[-1]) for edge in edges}
    middle = [(box[0] + box[2]) / 2 for box in boxes]
    assert ends == {((middle[s], boxes[s][3]), (middle[n], boxes[n][1])) for s, n in pairs}
    for k, (left, top, right, bottom) in enumerate(boxes):
        for other in boxes[k + 1 :]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
        for edge in edges:
            for (x1, y1), (x2, y2) in pairwise(edge):
                for t in np.linspace(0, 1, 20):
                    x, y = x1 + t * (x2 - x1), y1 + t * (y2 - y1)
                    assert not (left < x < right and top < y < bottom)
    assert any(len(edge) > 2 for edge in edges)


def test_figure_stands_alone_outside_a_page() -> None:
    """With a namespace, a style and a title of its own, for a notebook or a file."""
    for described in (
        graph_of(_network()["skip"]).description,
        VALLEY,
        heatmaps("t", a=np.eye(2), b=np.eye(2)),
    ):
        described = described.description if isinstance(described, Figure) else described
        root = ElementTree.fromstring(standalone(described))
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert "currentColor" in (root.findtext("{http://www.w3.org/2000/svg}style") or "")
    with pytest.raises(ValueError, match="no kind of figure"):
        standalone({"kind": "pie"})


def test_edf_finds_the_drawer_by_its_entry_point() -> None:
    """The metadata of the package name a function that draws."""
    metadata = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    (drawer,) = metadata["entry-points"]["edf.figures"].values()
    assert EntryPoint("handout", drawer, "edf.figures").load() is standalone


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
        {"kind": "graph", "nodes": [{"name": "a", "operation": "f", "inputs": []}] * 201},
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
