r"""What a step was tested under, for its readers: what was drawn from where, and what was held.

x \in \mathbb{R}^{n}    \lambda > 0    f \text{ arbitrary}    i = 1, \dots, n    s \text{ held}
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from edf.anyfunction import AnyFunction
from edf.equations.binding.lengths import Length
from edf.equations.latex.printer import to_latex
from edf.equations.latex.syntax import Equation, Evaluated, Indices, Relation, walk
from edf.equations.meaning.names.scope import Scope, latex_name
from edf.equations.meaning.typed import display
from edf.equations.meaning.typed.expression import Meaning
from edf.equations.testing.setting import Setting, nodes
from edf.graph import Input, Node, Param

_NAMED = {"normal": r"\mathbb{R}", "positive": r"\mathbb{R}_{+}"}


def hypotheses(
    equation: Equation, meaning: Meaning, setting: Setting, sizes: Sequence[int] = ()
) -> list[str]:
    """Return them as LaTeX, names in the order in which the page binds them.

    Args:
        equation: The step.
        meaning: What it means.
        setting: What it was tested in.
        sizes: The lengths of which it was tested.
    """
    scope, world = setting.page.scope, setting.world
    below = {world.names.get(twin): twin for twin in world.all_below(nodes(meaning))}
    measures = {getattr(value, "measure", None) for value in scope.names.values()}
    found: list[str] = []
    for name, value in scope.names.items():
        if isinstance(value, Node) and value in below and scope.labels.get(value) == name:
            if value in measures:
                space = latex_name(name.removeprefix("P_"))
                found.append(rf"{space} \text{{ finite, with arbitrary probabilities}}")
                continue
            held = below[value] in world.fixed and not isinstance(value, Param)
            found += _leaf(scope, name, value, held)
        elif isinstance(value, AnyFunction) and _applies(scope, meaning, value, below):
            found.append(rf"{latex_name(name)} \text{{ arbitrary}}")
    found += [*_ranges(scope, meaning), *_held(equation, meaning)]
    if meaning.layout:
        found.append(rf"\text{{derivatives by vectors: {meaning.layout} layout}}")
    if len(sizes) > 1:
        found.append(rf"\text{{lengths: }} {', '.join(map(str, sizes))}")
    return list(dict.fromkeys(found))


def _leaf(scope: Scope, name: str, node: Node, held: bool) -> Iterator[str]:
    """What is said of an input or a parameter."""
    shown = latex_name(name)
    if isinstance(node, Param):
        yield rf"{shown} \text{{ near its value}}"
    elif isinstance(node, Input) and held:
        yield rf"{shown} \text{{ as the page gives it}}"
    elif isinstance(node, Input):
        yield _drawn(scope, shown, node)


def _drawn(scope: Scope, shown: str, node: Input) -> str:
    """Where an input is drawn from."""
    shape = tuple(node.shape or ())
    sizes = [_length(scope, length) for length in shape]
    if getattr(node, "measure", None) is not None:
        return _random(scope, shown, node)
    sample = node.sample
    if sample == "simplex" and len(sizes) > 1:
        rows = rf"\text{{ with rows in }} \Delta_{{{sizes[-1]}}}"
        return rf"{shown} \in \mathbb{{R}}^{{{_times(sizes)}}} {rows}"
    if sample == "simplex":
        return rf"{shown} \in \Delta_{{{_times(sizes)}}}"
    if sample == "onehot":
        return rf"{shown} \text{{ one of }} {sizes[-1] if sizes else 1} \text{{ labels}}"
    if sample == "positive" and not sizes:
        return rf"{shown} \geq 0" if getattr(node, "ends", ()) else rf"{shown} > 0"
    family = getattr(node, "is_family", False)
    member, sizes = (rf"{shown}_{{i}}", sizes[1:]) if family else (shown, sizes)
    power = f"^{{{_times(sizes)}}}" if sizes else ""
    kind = getattr(sample, "said", None)
    if isinstance(kind, str):  # symmetric, positive definite, orthogonal
        return rf"{member} \in \mathbb{{R}}{power} \text{{ {kind}}}"
    base = _NAMED.get(sample) if isinstance(sample, str) else _values(sample)
    if base is None:
        return rf"{member} \text{{ drawn by }} \text{{{getattr(sample, '__name__', sample)}}}"
    text = rf"{member} \in {base}{power}"
    if not family:
        return text
    first, count = node.first_member, shape[0]  # type: ignore[attr-defined]  # as families have
    last = count.moved(first - 1) if isinstance(count, Length) else count + first - 1
    return rf"{text},\ i = {first}, \dots, {_length(scope, last)}"


def _random(scope: Scope, shown: str, node: Any) -> str:
    """A random variable, or an event, on its sample space."""
    space = latex_name(scope.labels[node.measure].removeprefix("P_"))
    if getattr(node, "is_event", False):
        return rf"{shown} \subseteq {space}"
    return rf"{shown} : {space} \to {_values(node.sample)}"


def _times(sizes: Sequence[str]) -> str:
    return r" \times ".join(sizes)


def _values(sample: Any) -> str:
    """The set that a sampler draws from, as its `latex` says; else the reals."""
    return getattr(sample, "latex", None) or r"\mathbb{R}"


def _length(scope: Scope, length: int) -> str:
    """A length: by its letter, where one was declared."""
    if isinstance(length, Length):
        for name, value in scope.names.items():
            if isinstance(value, Length) and value == length.symbol:
                return latex_name(name) + (f" {length.by:+d}" if length.by else "")
    return str(int(length))


def _applies(scope: Scope, meaning: Meaning, function: AnyFunction, below: dict[Any, Node]) -> bool:
    """Whether a function is applied in a step, or in the graph below it."""
    if any(node in below for node in scope.applications(function)):
        return True
    parts = (*meaning.left.walk(), *meaning.right.walk())
    called = [e.data[0] if e.op == "prime" else e.data for e in parts if e.op in ("call", "prime")]
    return any(getattr(bound, "value", None) is function for bound in called)


def _ranges(scope: Scope, meaning: Meaning) -> Iterator[str]:
    """What the free indices run over."""
    free = meaning.left.free | meaning.right.free
    for letter, length in sorted(meaning.ranges.items()):
        if letter not in free or not letter.rstrip("'").isalpha():
            continue
        lengths = [v for v in scope.names.values() if isinstance(v, Length) and v == length]
        first = meaning.base if meaning.base else (1 if lengths else 0)
        last = _length(scope, lengths[0]) if lengths else str(length - 1 + first)
        yield rf"{display.letter(letter)[1]} = {first}, \dots, {last}"


def _held(equation: Equation, meaning: Meaning) -> Iterator[str]:
    """What derivatives hold fixed, and the conditions of a claim."""
    for tree in walk(equation):
        if isinstance(tree, Evaluated) and isinstance(tree.at_point, Indices):
            items: Sequence[Any] = tree.at_point.items
            if not any(isinstance(item, Relation) for item in items):
                yield from (rf"{to_latex(item)} \text{{ held}}" for item in items)
    for condition in meaning.given:
        sides = condition.indices or tuple(map(display.latex_of, condition.sides))
        yield f" {condition.sign} ".join(sides)
