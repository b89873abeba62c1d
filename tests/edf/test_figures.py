"""Figures as descriptions: names, numbers and shapes, and a graph that stays as it was."""

import json

import numpy as np
import pytest

from edf import AnyFunction, Input, Param, Tanh
from edf.figures import curves, draw_graph, heatmaps


def test_a_graph_is_described_at_a_point_of_its_own():
    """Inputs are sampled on a copy; values and gradients are those of the graph's own rule."""
    x, W = Input(shape=(2,)), Param(np.eye(2))
    f = AnyFunction()
    y = 2.0 * Tanh(W @ x)
    loss = f(y)
    figure = draw_graph(loss, {"x": x, "W": W, "f": f, "loss": loss}, title="A graph", seed=3)
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
    one, same, other = (draw_graph(loss, seed=seed).description for seed in (1, 1, 2))
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


def test_in_a_terminal_a_figure_prints_its_numbers():
    """Without a page there is nothing that draws it."""
    assert repr(curves("Loss", training=[1.0])) == (
        "Figure('Loss': {'x': '', 'y': '', 'curves': [['training', [[1, 1.0]]]]})"
    )
