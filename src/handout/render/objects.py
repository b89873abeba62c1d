"""What a page's graphs, formulas and code speak of, said in one attribute of all three.

`data-node="y"` is a node: its box in the graph, its symbol in formulas, the lines of code that
assign it. `data-node="u/y"` is a derivative: an arrow from y to u, or a fraction. A script shows of
each where the others are; nothing of it is needed to read the page.
"""

from __future__ import annotations

import ast
import contextlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape, unescape
from typing import Any, NamedTuple
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

_GROUPS = frozenset(("math", "mrow", "mstyle", "mpadded"))
_SYMBOLS = frozenset(("mi", "mtext"))
_ON_A_LINE = ("∂", "", "/", "∂", "")
_INVISIBLE = "\u2061\u2062\u2063\u200b"
_SPELT = {"ℓ": ("ell", "l"), "λ": ("lambda_", "lam")}
_CODE = re.compile(r"<code>((?:(?!</?code>).)*)</code></pre></div>\s*\Z", re.DOTALL)
_TAG = re.compile(r"<[^>]*>")


class Objects(NamedTuple):
    """What the graphs of a page show."""

    nodes: frozenset[str] = frozenset()
    applied: Mapping[str, tuple[str, frozenset[str]]] = {}
    """Functions by name: the node that applies each, and the nodes that it is applied to."""


def objects_of(figures: Iterable[Mapping[str, Any]]) -> Objects:
    """The objects of figures, of which those that are graphs have some."""
    nodes: set[str] = set()
    applied: dict[str, list[tuple[str, frozenset[str]]]] = {}
    for figure in figures:
        if figure.get("kind") == "graph":
            with contextlib.suppress(KeyError, TypeError, ValueError, IndexError, AttributeError):
                for name, function, sources in _described(figure["nodes"]):
                    nodes.add(name)
                    applied.setdefault(function, []).append((name, sources))
    once = {f: uses[0] for f, uses in applied.items() if len(uses) == 1 and uses[0][1]}
    return Objects(frozenset(nodes), once)


def _described(
    nodes: Sequence[Mapping[str, Any]],
) -> Iterator[tuple[str, str, frozenset[str]]]:
    """The named nodes of a graph, the operation of each, and the names of its inputs."""
    names = [str(node.get("name") or "") for node in nodes]
    for name, node in zip(names, nodes, strict=True):
        if name.isidentifier():
            sources = frozenset(names[int(k)] for k in node["inputs"])
            yield name, str(node["operation"]), sources


def in_formula(mathml: str, objects: Objects) -> str:
    """A formula whose symbols and derivatives say which of the objects they are."""
    if not objects.nodes:
        return mathml
    root = ElementTree.fromstring(mathml)
    _mark(root, objects)
    return ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)


def _mark(element: Element, objects: Objects) -> None:
    key = _fraction(element, objects) if element.tag == "mfrac" else _node(element, objects)
    if key:
        element.set("data-node", key)
        return
    for k in range(len(element) - len(_ON_A_LINE) + 1):  # as ∂u/∂y on one line
        parts = element[k : k + len(_ON_A_LINE)]
        shown = [_text(part) for part in parts]
        if all(text == sign for text, sign in zip(shown, _ON_A_LINE, strict=True) if sign):
            key = _derivative(parts[1], parts[4], objects)
            if key:
                row = Element("mrow", {"data-node": key})
                row.extend(parts)
                element[k : k + len(_ON_A_LINE)] = [row]
    for part in element:
        if part.get("data-node") is None:
            _mark(part, objects)


def _fraction(fraction: Element, objects: Objects) -> str:
    """As `u/y`, if a fraction is a first derivative of one node in another; else nothing."""
    above, below = (list(_line(part)) for part in fraction)
    if not (len(above) == len(below) == 2 and _text(above[0]) == _text(below[0])):
        return ""
    return _derivative(above[1], below[1], objects) if _text(above[0]) in ("∂", "d") else ""


def _derivative(above: Element, below: Element, objects: Objects) -> str:
    """As `u/y`, if both are nodes, or the first a function that one node applies to the second."""
    of, by = _named(above, objects.nodes), _named(below, objects.nodes)
    function = objects.applied.get(_named(above, frozenset(objects.applied)))
    if not of and function is not None and by in function[1]:
        of = function[0]
    return f"{of}/{by}" if of and by else ""


def _node(element: Element, objects: Objects) -> str:
    """The node that a symbol is, or that the function is of which it is the name."""
    if element.tag not in _SYMBOLS and element.tag != "msub":
        return ""
    if element.tag == "msub":
        return _first(_with_subscript(element), objects.nodes)
    if name := _first(_spelt(_text(element)), objects.nodes):
        return name
    function = objects.applied.get(_text(element)) if element.tag == "mi" else None
    return function[0] if function is not None else ""


def _named(element: Element, known: frozenset[str]) -> str:
    """What a symbol is called in Python, without its indices."""
    if element.tag == "msub" and (name := _first(_with_subscript(element), known)):
        return name
    if element.tag in ("msub", "msup", "msubsup"):
        return _named(element[0], known)
    return _first(_spelt(_text(element)), known) if element.tag in _SYMBOLS else ""


def _with_subscript(element: Element) -> Iterator[str]:
    below = "".join(_text(part) for part in _line(element[1]))
    for base in _spelt(_text(element[0])):
        yield from (f"{base}_{below}", f"{base}{below}")


def _spelt(symbol: str) -> tuple[str, ...]:
    """What a symbol may be called in Python."""
    if len(symbol) == 1 and unicodedata.name(symbol, "").startswith("GREEK"):
        greek = unicodedata.name(symbol).rpartition(" ")[2]
        return (*_SPELT.get(symbol, ()), greek.lower() if symbol.islower() else greek.title())
    return _SPELT.get(symbol, (symbol,))


def _first(names: Iterable[str], known: frozenset[str]) -> str:
    return next((name for name in names if name in known), "")


def _line(element: Element) -> Iterator[Element]:
    """What stands on one line, with groups opened."""
    if element.tag in _GROUPS:
        for part in element:
            yield from _line(part)
    elif element.tag != "mspace" and (len(element) or _text(element)):
        yield element


def _text(element: Element) -> str:
    return "" if len(element) else (element.text or "").strip().strip(_INVISIBLE)


def in_code(html: str, source: str, objects: Objects) -> str:
    """HTML that ends in a cell's code, whose lines say which of the nodes they make.

    Code that is shown in another way, as with line numbers in a table, is left as it is.
    """
    found = _CODE.search(html) if objects.nodes else None
    if found is None or unescape(_TAG.sub("", found[1])).strip() != source.strip():
        return html
    shown = found[1].split("\n")
    for first, last, names in _assigned(source, objects.nodes):
        for k in range(first, last + 1):
            if k < len(shown) and shown[k].count("<span") == shown[k].count("</span>"):
                key = escape(" ".join(names))
                shown[k] = f'<span class="code-line" data-node="{key}">{shown[k]}</span>'
    return html[: found.start(1)] + "\n".join(shown) + html[found.end(1) :]


def _assigned(source: str, nodes: frozenset[str]) -> Iterator[tuple[int, int, list[str]]]:
    """The first and last lines of assignments, from 0, and the nodes among their targets."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return
    ends = -1
    for statement in tree.body:
        if isinstance(statement, ast.Assign) and statement.lineno - 1 > ends:
            targets = [name for target in statement.targets for name in ast.walk(target)]
            names = [n.id for n in targets if isinstance(n, ast.Name) and n.id in nodes]
            if names:
                ends = (statement.end_lineno or statement.lineno) - 1
                yield statement.lineno - 1, ends, names
