"""Graph, formulas and code name the objects that they share alike."""

from __future__ import annotations

import re
from typing import Any

import pytest

from edf import AnyFunction, Input, Sigmoid
from edf.figures import draw
from handout.math.mathml import to_mathml
from handout.render.objects import Objects, in_code, in_formula, objects_of

CODE = '<div class="highlight"><pre><span></span><code>{}\n</code></pre></div>\n'


@pytest.fixture(scope="module")
def objects() -> Objects:
    """Those of a graph with functions, a Greek name, a subscript, and names of several letters."""
    f, g = AnyFunction(), AnyFunction()
    x, W1, theta = Input(shape=()), Input(shape=()), Input(shape=())
    y = f(x, W1)
    z_hat = Sigmoid(y * theta)
    l = g(z_hat)
    return objects_of([{"kind": "curves"}, draw(l, locals()).description])


def _named(latex: str, objects: Objects) -> list[tuple[str, str]]:
    """The parts of a formula that are named: the text of each, and its name."""
    marked = in_formula(to_mathml(latex), objects)
    found = re.findall(r'<(\w+)[^>]* data-node="([^"]*)"[^>]*>(.*?)</\1>', marked)
    return [(re.sub("<[^>]*>", "", text), name) for _, name, text in found]


@pytest.mark.parametrize(
    ("latex", "named"),
    [
        (r"y + 2", [("y", "y")]),
        (r"y_i", [("y", "y")]),
        (r"W_1 \theta", [("W1", "W1"), ("θ", "theta")]),
        (r"\ell", [("ℓ", "l")]),
        (r"\frac{\partial l}{\partial y}", [("∂l∂y", "l/y")]),
        (r"\frac{\partial l}{\partial y_i}", [("∂l∂yi", "l/y")]),
        (r"\frac{\partial f}{\partial x}", [("∂f∂x", "y/x")]),
        (r"\frac{\partial f}{\partial W_1}", [("∂f∂W1", "y/W1")]),
        (r"\frac{d l}{d \theta}", [("dldθ", "l/theta")]),
        (r"\frac{\partial f}{\partial \theta}", [("f", "y"), ("θ", "theta")]),
        (r"\frac{\partial^2 l}{\partial y \partial x}", [("l", "l"), ("y", "y"), ("x", "x")]),
        (r"2 \partial l/\partial y + x", [("∂l/∂y", "l/y"), ("x", "x")]),
        (r"\partial f / \partial x_i", [("∂f/∂xi", "y/x")]),
        (r"\partial q / \partial y", [("y", "y")]),
        (r"\frac{x}{y}", [("x", "x"), ("y", "y")]),
        (r"f(x)", [("f", "y"), ("x", "x")]),
        (r"q + \alpha", []),
        (r"\text{loss}", []),
    ],
)
def test_symbols_and_derivatives(
    latex: str, named: list[tuple[str, str]], objects: Objects
) -> None:
    """A derivative as a whole; a function as the node that applies it; nothing else."""
    assert _named(latex, objects) == named


def test_lines_of_code(objects: Objects) -> None:
    """Assignments of nodes, however many lines they take; the text stays what it was."""
    source = "x = 1\ny = f(\n    x,\n)\nprint(y)\nx, q = 1, 2\nif x:\n    y = 2"
    html = in_code(CODE.format(source), source, objects)
    lines = re.findall(r'<span class="code-line" data-node="(\w+)">(.*?)</span>', html)
    multiple = [("y", "y = f("), ("y", "    x,"), ("y", ")")]
    assert lines == [("x", "x = 1"), *multiple, ("x", "x, q = 1, 2")]
    assert re.sub("<[^>]*>", "", html).strip() == source


@pytest.mark.parametrize("source", ["y = 2", "y = (", 'y = """\na"""'])
def test_code_that_is_shown_otherwise_is_left_alone(source: str, objects: Objects) -> None:
    """Another text, what is no Python, and a token that spans lines."""
    html = CODE.format("y = 3" if source == "y = 2" else f"<span>{source}</span>")
    assert in_code(html, source, objects) == html
    assert in_code(html, source, Objects()) == html


def test_a_function_that_two_nodes_apply_is_nobodys() -> None:
    """For f(x) and f(y), the letter f says neither."""
    f = AnyFunction()
    x, y = Input(shape=()), Input(shape=())
    u, v = f(x), f(y)
    l = u * v
    objects = objects_of([draw(l, locals()).description])
    assert _named(r"f + \frac{\partial f}{\partial x}", objects) == [("x", "x")]


@pytest.mark.parametrize(
    "nodes", [None, [1], [{"name": "a"}], [{"name": "a", "inputs": [7], "operation": ""}]]
)
def test_what_is_no_graph_names_nothing(nodes: Any) -> None:
    """A figure that cannot be drawn is told elsewhere."""
    assert objects_of([{"kind": "graph", "nodes": nodes}]).nodes == frozenset()


def test_hostile_names_stay_out() -> None:
    """What is no name of Python is no name here."""
    node = {"name": '"><script>', "operation": "f", "inputs": []}
    assert objects_of([{"kind": "graph", "nodes": [node]}]).nodes == frozenset()
