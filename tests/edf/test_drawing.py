"""The picture of a graph: what stands in it, where, and that it is safe to show."""

import re
from xml.etree import ElementTree

import numpy as np
import pytest

from edf import CrossEntropy, GraphError, Input, Param, Sigmoid, Sum, draw, topological_order

SVG = "{http://www.w3.org/2000/svg}"


def network():
    """A perceptron's loss and its nodes by name, evaluated and differentiated."""
    x, y = Input(np.ones((4, 3))), Input(np.array([0, 1, 1, 0]))
    W, b = Param(np.full((3, 2), 0.5)), Param(np.zeros(2))
    hidden = Sigmoid(x @ W + b)
    loss = CrossEntropy(hidden, y)
    return loss, {"x": x, "y": y, "W": W, "b": b, "hidden": hidden, "loss": loss}


def boxes(picture):
    """The lines of text in each box, by the first of them."""
    root = ElementTree.fromstring(picture.svg)
    found = {}
    for group in root.iter(f"{SVG}g"):
        if group.find(f"{SVG}rect") is not None:
            lines = [text.text for text in group.findall(f"{SVG}text")]
            found[lines[0]] = lines[1:], group.find(f"{SVG}rect")
    return found


def test_boxes_tell_name_operation_and_shape_before_anything_is_computed():
    """No norms: there is no value yet."""
    x = Input(shape=(4, 3))
    x.name = "images"
    W = Param(np.ones((3, 2)))
    loss = Sum(x @ W)
    shown = {heading: lines for heading, (lines, _) in boxes(draw(loss, {"W": W})).items()}
    assert shown["images · Input"] == ["4 × 3"]
    assert shown["W · Param"] == ["3 × 2", "|value| 2.45"]
    assert shown["MatMul"] == []
    assert shown["Sum"] == []


def test_boxes_tell_norms_once_they_are_known():
    """Of the value after forward, of the gradient after backward."""
    loss, names = network()
    loss.forward()
    assert boxes(draw(loss, names))["x · Input"][0] == ["4 × 3", f"|value| {12**0.5:.3g}"]
    loss.backward()
    shown = {heading: lines for heading, (lines, _) in boxes(draw(loss, names)).items()}
    norm = np.linalg.norm(names["W"].grad)
    assert shown["W · Param"] == ["3 × 2", f"|value| {1.5**0.5:.3g}", f"|grad| {norm:.3g}"]
    assert shown["loss · CrossEntropy"] == ["number", f"|value| {loss.value:.3g}", "|grad| 1"]
    assert shown["y · Input"] == ["4", "|value| 1.41"], "labels have no gradient"


def test_a_node_s_own_name_comes_first_and_long_ones_are_cut():
    """A box is as wide as it is."""
    x = Input(1.0)
    x.name = "mine"
    y = x * 2.5
    y.name = "a name that is far too long for a box"
    shown = boxes(draw(y, {"other": x}))
    assert "mine · Input" in shown
    assert "Constant" in shown
    assert shown["Constant"][0] == ["2.5"]
    assert "a name that is far to…" in shown


def corners(rect):
    """Left, top, right, bottom."""
    x, y, width, height = (float(rect.get(key)) for key in ("x", "y", "width", "height"))
    return x, y, x + width, y + height


def places(picture):
    """The corners of each box, by its heading."""
    return {heading: corners(rect) for heading, (_, rect) in boxes(picture).items()}


def test_inputs_stand_above_what_uses_them_and_boxes_do_not_overlap():
    """For a network, and for a graph with edges that pass several layers."""
    loss, names = network()
    skip = Sum(names["hidden"]) + loss * names["b"][0] + Sum(names["x"])
    names["skip"] = skip
    picture = draw(skip, names)
    where = places(picture)
    heading = {node: f"{name} · {type(node).__name__}" for name, node in names.items()}
    assert set(heading.values()) <= set(where)
    for node, own in heading.items():
        for parent in set(node.inputs) & heading.keys():
            assert where[heading[parent]][3] < where[own][1]
    root = ElementTree.fromstring(picture.svg)
    rectangles = [corners(rect) for rect in root.iter(f"{SVG}rect")]
    assert len(rectangles) == len(topological_order(skip))
    for k, (left, top, right, bottom) in enumerate(rectangles):
        for other in rectangles[k + 1 :]:
            assert right <= other[0] or other[2] <= left or bottom <= other[1] or other[3] <= top
    lefts, tops, rights, bottoms = zip(*rectangles, strict=True)
    assert min(lefts) >= 0
    assert min(tops) >= 0
    assert max(rights) <= float(root.get("width"))
    assert max(bottoms) <= float(root.get("height"))


def test_every_use_has_an_edge():
    """From the bottom of the input's box to the top of the user's."""
    x = Input(1.0)
    y = Sigmoid(x)
    z = y + x
    picture = draw(z, {"x": x, "y": y, "z": z})
    ends = []
    for path in ElementTree.fromstring(picture.svg).iter(f"{SVG}path"):
        numbers = [float(n) for n in re.findall(r"[-\d.]+", path.get("d"))]
        ends.append((numbers[:2], numbers[-2:]))
    where = places(picture)

    def bottom(name):
        left, _, right, below = where[name]
        return [round((left + right) / 2), round(below)]

    def top(name):
        left, above, right, _ = where[name]
        return [round((left + right) / 2), round(above)]

    wanted = [("x · Input", "y · Sigmoid"), ("y · Sigmoid", "z · Add"), ("x · Input", "z · Add")]
    assert sorted(ends) == sorted((bottom(a), top(b)) for a, b in wanted)


def test_the_picture_says_in_words_what_it_shows():
    """A title and a description, for readers who listen."""
    loss, names = network()
    loss.forward()
    root = ElementTree.fromstring(draw(loss, names).svg)
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == "Computation graph of 8 nodes"
    described = root.find(f"{SVG}desc").text
    assert "W · Param, 3 × 2, |value| 1.22" in described
    assert described.count(";") == 7


def test_names_cannot_act():
    """They are text."""
    x = Input(1.0)
    x.name = "<script>&"
    svg = draw(x).svg
    assert "<script" not in svg
    assert "&lt;script&gt;&amp;" in svg


def test_a_notebook_shows_it_and_a_file_holds_it(tmp_path):
    """The representation that Jupyter asks for; the path is returned."""
    picture = draw(Input(1.0))
    assert picture._repr_svg_() == picture.svg
    path = picture.save(tmp_path / "graph.svg")
    assert path.read_text(encoding="utf-8") == picture.svg


def test_a_graph_too_large_to_read_is_refused():
    """With its size."""
    x = Input(1.0)
    for _ in range(300):
        x = -x
    with pytest.raises(GraphError, match="a graph of 301 nodes is too large to read"):
        draw(x)
