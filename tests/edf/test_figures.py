"""Figures as descriptions: names, numbers and shapes, and a graph that stays as it was."""

import importlib.metadata
import json

import numpy as np
import pytest

from edf import AnyFunction, GraphError, Input, Param, Sum, Tanh
from edf.figures import curves, draw, heatmaps


def test_a_graph_is_described_at_a_point_of_its_own():
    """Inputs are sampled on a copy; values and gradients are those of the graph's own rule."""
    x, W = Input(shape=(2,)), Param(np.eye(2))
    f = AnyFunction()
    y = 2.0 * Tanh(W @ x)
    loss = f(y)
    figure = draw(loss, {"x": x, "W": W, "f": f, "loss": loss}, title="A graph", seed=3)
    assert x.value is None
    assert loss.value is None
    assert W.grad is None
    told = figure.description
    assert (told["kind"], told["title"]) == ("graph", "A graph")
    nodes = {node["name"] or node["operation"]: node for node in told["nodes"]}
    assert set(nodes) == {"x", "W", "2", "MatMul", "Tanh", "Mul", "loss"}
    assert nodes["loss"]["operation"] == "f", "a function goes by its name"
    assert nodes["x"]["shape"] == [2]
    assert nodes["loss"]["shape"] == []
    order = [node["name"] or node["operation"] for node in told["nodes"]]
    assert [order[k] for k in nodes["MatMul"]["inputs"]] == ["W", "x"]
    assert nodes["loss"]["gradient"] == "gradient 1"
    assert nodes["x"]["gradient"].startswith("gradient of norm ")
    assert nodes["2"]["gradient"] == "", "a constant has none"


def test_the_same_seed_is_the_same_figure():
    """And another seed another point."""
    x = Input(shape=(3,))
    loss = AnyFunction()(x)
    one, same, other = (draw(loss, seed=seed).description for seed in (1, 1, 2))
    assert one == same
    assert one != other


def test_heat_maps_hold_their_numbers_by_name():
    """As JSON can carry them; an underscore is a space."""
    figure = heatmaps("Two", as_posted=np.eye(2), numeric=np.float32([[0.5]]))
    assert json.loads(json.dumps(figure.description)) == {
        "kind": "heatmaps",
        "title": "Two",
        "matrices": [["as posted", [[1, 0], [0, 1]]], ["numeric", [[0.5]]]],
    }


@pytest.mark.parametrize("shape", [(), (3,), (2, 2, 2)])
def test_a_heat_map_is_of_a_matrix(shape):
    """What is none is named."""
    with pytest.raises(ValueError, match=r"numeric has shape .* a heat map shows a matrix"):
        heatmaps("One", numeric=np.ones(shape))


def test_curves_count_from_one():
    """The first epoch is number 1."""
    figure = curves("Loss", x="epoch", y="loss", on_new_digits=np.float32([0.5, 0.25]))
    assert figure.description["curves"] == [["on new digits", [[1, 0.5], [2, 0.25]]]]
    assert (figure.description["x"], figure.description["y"]) == ("epoch", "loss")


def test_an_evaluated_graph_shows_what_its_nodes_hold():
    """Values after forward, gradients after backward; a node's own name comes first."""
    x, W = Input(np.ones((4, 3))), Param(np.full((3, 2), 0.5))
    x.name = "images"
    loss = Sum(x @ W)
    loss.forward()
    shown = {node["name"]: node for node in draw(loss, {"x": x, "W": W}).description["nodes"]}
    assert set(shown) == {"images", "W", ""}
    assert shown["W"]["value"] == f"value of norm {1.5**0.5:.3g}"
    assert shown["W"]["gradient"] == ""
    loss.backward()
    shown = {node["name"]: node for node in draw(loss, {"x": x, "W": W}).description["nodes"]}
    assert shown["W"]["gradient"] == f"gradient of norm {np.linalg.norm(W.grad):.3g}"


def test_a_graph_that_cannot_be_evaluated_yet_is_drawn_without_values():
    """Its inputs have neither values nor shapes, as before the first batch."""
    x, W = Input(), Param(np.ones((3, 2)))
    nodes = draw(Sum(x @ W), {"x": x, "W": W}).description["nodes"]
    assert [node["shape"] for node in nodes] == [None, [3, 2], None, None]
    assert nodes[0]["value"] == ""


def test_a_graph_too_large_to_read_is_refused():
    """With its size."""
    x = Input(1.0)
    for _ in range(200):
        x = -x
    with pytest.raises(GraphError, match="a graph of 201 nodes is too large to read"):
        draw(x)


def test_a_notebook_shows_a_figure_and_a_file_holds_it(tmp_path, monkeypatch):
    """Drawn by what offers it in its metadata; without that, the text remains."""

    class Entry:
        def load(self):
            return lambda description: f"<svg>{description['title']}</svg>"

    found = [Entry()]
    monkeypatch.setattr(importlib.metadata, "entry_points", lambda group: found)
    figure = curves("Loss", training=[1.0])
    assert figure._repr_svg_() == figure.svg == "<svg>Loss</svg>"
    assert figure.save(tmp_path / "loss.svg").read_text(encoding="utf-8") == figure.svg
    found.clear()
    assert figure._repr_svg_() is None
    with pytest.raises(ModuleNotFoundError, match="no installed package draws"):
        figure.save(tmp_path / "loss.svg")


def test_in_a_terminal_a_figure_prints_its_numbers():
    """Without a page there is nothing that draws it."""
    assert repr(curves("Loss", training=[1.0])) == (
        "Figure('Loss': {'x': '', 'y': '', 'curves': [['training', [[1, 1.0]]]]})"
    )
