"""The backward pass of a graph, written out as the NumPy program that a person would write.

    print(trace(loss, locals()))

Every operation becomes the lines of its own `forward` and `backward`, or of those that
`by_hand` has for it, with the names of this graph in place of theirs, and with its formula
beside it. Sums over fan-out and over broadcast axes, which the graph does for its operations, are
lines of their own. The program runs as it stands, and gives the gradients that `backward()` gives:
`trace(loss).run()`.
"""

from __future__ import annotations

import ast
import copy
import inspect
import re
import textwrap
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import FunctionType
from typing import Any

import numpy as np

from edf.graph import Array, Constant, GraphError, Node, Param, topological_order, unbroadcast
from edf.methods import one_per_input
from edf.tracing import by_hand
from edf.tracing.inlining import Inliner, Known, NotInlinedError


class Program(str):
    """The text of a program, and what it needs to run: the values of the leaves.

    `leaves` are these values by name, `value` is the name of the result, and `gradients` has for
    each node the name of its gradient.
    """

    leaves: dict[str, Any]
    value: str
    gradients: dict[Node, str]

    def run(self) -> dict[str, Any]:
        """Run the program at the leaves' values; return its variables by name."""
        space = {**self.leaves}
        exec(compile(self, "<trace>", "exec"), space)
        return {name: value for name, value in space.items() if not name.startswith("__")}


def trace(loss: Node, names: Mapping[str, Any] | None = None) -> Program:
    """Return the program that evaluates `loss` and differentiates it, step by step.

    Args:
        loss: A number. Its graph must have been evaluated, or have values at its leaves.
        names: Names of nodes, as `locals()` has them; others are made from classes.

    Raises:
        GraphError: The loss is not one number.
    """
    if np.size(loss.forward()) != 1:
        raise GraphError(f"{loss!r} is not a scalar: a trace is that of one number")
    return _ProgramWriter(loss, names or {}).program()


class _ProgramWriter:
    """Writes the two passes, and runs each line as it is written, to know the shapes."""

    def __init__(self, loss: Node, names: Mapping[str, Any]) -> None:
        self.loss = loss
        self.order = topological_order(loss)
        self.names = _named(self.order, names)
        self.leaves = {self.names[n]: n.value for n in self.order if _is_leaf(n)}
        self.space: dict[str, Any] = dict(self.leaves)
        self.lines: list[str] = []
        self.imports: dict[str, None] = {"import numpy as np": None}
        self.gradients: dict[Node, str] = {}
        self.inliners: dict[Node, Inliner] = {}
        self.variables: dict[Node, Known] = {}  # those of each forward
        self.taken = set(self.names.values())

    def program(self) -> Program:
        self.lines.append("# forward")
        for node in self.order:
            if node.inputs:
                self._comment(node, derivative=False)
                arrays = [self.text(x) for x in node.inputs]
                (value,) = self._inlined(node, "forward", arrays)
                self._assign(self.names[node], value)
        self.lines += ["", "# backward: d_x is the derivative of the result with respect to x"]
        self.lines.append("# (beside a step, y is the operation's value, and dy its derivative)")
        self._start()
        for node in reversed(self.order):
            if node.inputs and node in self.gradients:
                self._back(node)
        text = "\n".join([*self.imports, "", *self.lines, ""])
        program = Program(text)
        program.leaves, program.value = self.leaves, self.names[self.loss]
        program.gradients = self.gradients
        return program

    def text(self, node: Node) -> str:
        """Return how a node is written: by its name, and a number in a formula as itself."""
        if isinstance(node, Constant) and np.ndim(node.value) == 0:
            return repr(node.value if isinstance(node.value, int | float) else node.value.item())
        return self.names[node]

    def _start(self) -> None:
        name = self.gradients[self.loss] = self.new(f"d_{self.names[self.loss]}")
        self._assign(name, f"np.ones_like({self.names[self.loss]})")

    def _back(self, node: Node) -> None:
        """Write what a node adds to the gradients of its inputs."""
        wanted = [k for k, x in enumerate(node.inputs) if self._has_gradient(x)]
        if not wanted:
            return
        self._comment(node, derivative=True)
        node.needs = wanted
        try:
            arrays = [self.gradients[node], *(self.text(x) for x in node.inputs)]
            terms = self._inlined(node, "backward", arrays)
        finally:
            node.needs = None
        for k in wanted:
            if terms[k] != "None":
                self._add(node.inputs[k], terms[k])

    def _add(self, x: Node, term: str) -> None:
        """Add a term to the gradient of x, summed over the axes along which x was stretched."""
        value = self.evaluated(term)
        if value is None:
            return
        shape, given = np.shape(x.value), np.shape(value)
        if given != shape:
            term = _summed(term, given, shape)
        name = self.gradients.get(x)
        if name is None:
            name = self.gradients[x] = self.new(f"d_{self.names[x]}")
            self._assign(name, term)
        else:
            self._assign(name, f"{name} + {term}")

    def _has_gradient(self, x: Node) -> bool:
        return not isinstance(x, Constant) and np.asarray(x.value).dtype.kind in "fc"

    def _comment(self, node: Node, derivative: bool) -> None:
        self.lines.append(f"# {type(node).__name__}: {_formula(node, derivative)}")

    def _assign(self, name: str, expression: str) -> None:
        if expression == name:
            return  # it is there already
        self.lines.append(f"{name} = {expression}")
        self.space[name] = self.evaluated(expression)

    def run(self, statement: str) -> None:
        """Run a statement of the program."""
        for line in self.imports:
            exec(line, self.space)
        with _quiet():
            exec(compile(statement, "<trace>", "exec"), self.space)

    def evaluated(self, expression: str) -> Any:
        """Return the value of an expression in the names of the program so far."""
        for line in self.imports:
            exec(line, self.space)
        with _quiet():
            return eval(expression, self.space)

    def leaf(self, name: str, value: Array) -> str:
        """Return the name of an array that an operation holds, which the program is given."""
        known = [k for k, v in self.leaves.items() if v is value]
        if not known:
            known = [self.new(name)]
            self.leaves[known[0]] = self.space[known[0]] = value
        return known[0]

    def new(self, name: str) -> str:
        """Return a name that nothing has yet."""
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    def _gives_gradients(self, node: Node, terms: ast.expr, arrays: list[str]) -> bool:
        """Return whether these expressions have the values of what `node.backward` returns."""
        own = node.backward(*map(self.evaluated, arrays))
        given = self.evaluated(ast.unparse(terms))
        given = tuple(given) if isinstance(given, list) else given
        return all(
            _alike(unbroadcast(written, np.shape(x.value)), unbroadcast(grad, np.shape(x.value)))
            for written, grad, x in zip(
                one_per_input(given, len(node.inputs)),
                one_per_input(own, len(node.inputs)),
                node.inputs,
                strict=True,
            )
            if grad is not None and self._has_gradient(x)
        )

    # An operation's own lines, with the names of this graph.

    def _inlined(self, node: Node, method: str, arrays: list[str]) -> list[str]:
        """Return expressions for what a method returns, having written the lines before it."""
        kept = list(self.lines), dict(self.space), dict(self.imports), set(self.taken)
        twin, function = _written(node, method)
        try:
            arguments = [ast.parse(array, mode="eval").body for array in arrays]
            if isinstance(twin, by_hand.Plain) and twin.why:
                raise NotInlinedError(twin.why)
            inliner = self.inliners.setdefault(node, Inliner(self, node, twin))
            result = self.names[node] if method == "forward" else ""
            earlier = self.variables.get(node, {})
            value, known = inliner.call(function, arguments, earlier, result)
            self.variables[node] = known
            if method == "forward" and not _alike(self.evaluated(ast.unparse(value)), node.value):
                raise NotInlinedError("its lines give another value")
            if method == "backward" and not self._gives_gradients(node, value, arrays):
                raise NotInlinedError("its lines give another derivative")
        except Exception as problem:
            reason = (
                problem if isinstance(problem, NotInlinedError) else f"line by line, {problem!r}"
            )
            self.lines, self.space, self.imports, self.taken = kept
            self.inliners.pop(node, None)
            value = ast.parse(self._call(node, method, arrays, str(reason)), mode="eval").body
        if isinstance(value, ast.Tuple) and not any(isinstance(e, ast.Starred) for e in value.elts):
            return [ast.unparse(part) for part in value.elts]
        text = ast.unparse(value)
        several = method == "backward" and isinstance(self.evaluated(text), tuple | list)
        if not several:
            return [text]
        name = self.new(f"terms_{self.names[node]}")  # a tuple that a function returns
        self._assign(name, text)
        return [f"{name}[{k}]" for k in range(len(self.space[name]))]

    def _call(self, node: Node, method: str, arrays: list[str], reason: str) -> str:
        """Return a call of the operation itself, and say why its lines are not written out."""
        holder = f"op_{self.names[node]}"
        twin = copy.copy(node)
        twin.needs, twin.kept_order = None, None
        self.leaves[holder] = self.space[holder] = twin
        self.lines.append(
            f"# ({holder} is the operation itself, whose {method} is called: {reason})"
        )
        return f"{holder}.{method}({', '.join(arrays)})"


def _written(node: Node, method: str) -> tuple[Any, FunctionType]:
    """Return what has a method of an operation by hand, and the method: the operation, or its twin
    in `by_hand`."""
    for kind in type(node).__mro__:
        ours = kind.__module__.partition(".")[0] == "edf" and ".course" not in kind.__module__
        twin = getattr(by_hand, kind.__name__, None) if ours else None
        if twin is not None and hasattr(twin, method):
            return twin(node), getattr(twin, method)
        if method in vars(kind):
            return node if twin is None else twin(node), inspect.unwrap(vars(kind)[method])
    raise GraphError(f"{node!r} has no {method}")


def _formula(node: Node, derivative: bool) -> str:
    """Return the formula of an operation, or of its derivative: as the docstring of its method has
    it, else as the method returns it, else as the docstring of the operation has it."""
    _, function = _written(node, "backward" if derivative else "forward")
    if said := inspect.getdoc(function):
        return " ".join(said.split("\n\n")[0].split())
    return _returned(node, function, derivative) or _documented(node, derivative)


def _returned(node: Node, function: FunctionType, derivative: bool) -> str:
    """Return what a method returns, `y = a * b` or `da = dy * b, db = dy * a`, if that is all."""
    names = _parameters(_written(node, "forward")[1])[1:]
    try:
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    except (OSError, TypeError, SyntaxError):
        return ""
    *before, last = tree.body  # type: ignore[attr-defined]  # it is a function's
    own, said = _parameters(function), ["self", *(["dy"] if derivative else []), *names]
    special = (ast.Expr, ast.If)  # the docstring, and what is returned in special cases
    if not all(isinstance(s, special) for s in before) or not isinstance(last, ast.Return):
        return ""
    if len(own) != len(said) or last.value is None:
        return ""
    value = _Spoken(dict(zip(own, said, strict=True))).visit(last.value)
    if any(isinstance(part, ast.Name) and part.id == "self" for part in ast.walk(value)):
        return ""
    terms = value.elts if derivative and isinstance(value, ast.Tuple) else [value]
    told = [f"d{name}" for name in names] if derivative else ["y"]
    return _equations(told, [ast.unparse(term) for term in terms])


def _documented(node: Node, derivative: bool) -> str:
    """Return the formulas of a docstring, as LaTeX; or the sentence with which it begins."""
    doc = inspect.cleandoc(type(node).__doc__ or "an operation that says nothing of itself")
    formulas = [" ".join(f.split()) for f in re.findall(r"\$\$(.*?)\$\$", doc, re.DOTALL)]
    chosen = [f for f in formulas if (re.search(r"partial|nabla", f) is not None) == derivative]
    sentence = " ".join(re.split(r"(?<=\.)\s", doc.split("\n\n")[0])[0].split()).rstrip(".")
    sentence = sentence.split(":")[0]  # without the shapes
    if derivative:
        return "; ".join(chosen) or f"derivative of: {sentence}"
    return ": ".join([sentence, *chosen[:1]])


class _Spoken(ast.NodeTransformer):
    """Renames the arguments of a backward, and its own value, to what formulas call them."""

    def __init__(self, said: Mapping[str, str]) -> None:
        self.said = said

    def visit_Name(self, name: ast.Name) -> ast.Name:
        return ast.Name(self.said.get(name.id, name.id), ast.Load())

    def visit_IfExp(self, choice: ast.IfExp) -> ast.expr:
        asked = "wants" in ast.unparse(choice.test)  # for the gradient that it stands before
        chosen: ast.expr = self.visit(choice.body) if asked else choice
        return chosen

    def visit_Attribute(self, attribute: ast.Attribute) -> ast.expr:
        if ast.unparse(attribute) == "self.value":
            return ast.Name("y", ast.Load())
        self.generic_visit(attribute)
        return attribute


def _equations(names: Sequence[str], terms: Sequence[str]) -> str:
    """Return `da = ..., db = ...` without what has no derivative; nothing if it is long, or of
    another number of terms."""
    if len(names) != len(terms):
        return ""
    pairs = zip(names, terms, strict=True)
    text = ", ".join(f"{name} = {term}" for name, term in pairs if term != "None")
    return text if len(text) < 90 else ""


def _parameters(function: Callable[..., Any]) -> list[str]:
    return list(inspect.signature(inspect.unwrap(function)).parameters)


def _alike(one: Any, other: Any) -> bool:
    """Whether a line gives what its operation has given, but for rounding."""
    return np.shape(one) == np.shape(other) and bool(
        np.allclose(one, other, rtol=1e-4, atol=1e-6, equal_nan=True)
    )


@contextmanager
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SyntaxWarning)  # `0 is None`, of an option that is 0
        yield


def _is_leaf(node: Node) -> bool:
    return not node.inputs and not (isinstance(node, Constant) and np.ndim(node.value) == 0)


def _named(order: list[Node], names: Mapping[str, Any]) -> dict[Node, str]:
    """Return a name for every node: the given one, its own, or one made of its class."""
    given = {id(node): name for name, node in names.items() if isinstance(node, Node)}
    found: dict[Node, str] = {}
    count: dict[str, int] = {}
    for node in order:
        own = node.name if node.name and node.name.isidentifier() else None
        name = given.get(id(node)) or own
        if name is None or name in found.values():
            kind = "x" if not node.inputs else type(node).__name__.lower()
            kind = "w" if isinstance(node, Param) else "c" if isinstance(node, Constant) else kind
            count[kind] = count.get(kind, 0) + 1
            name = f"{kind}{count[kind]}"
        found[node] = name
    return found


def _summed(term: str, given: tuple[int, ...], shape: tuple[int, ...]) -> str:
    """Return the sum of a term over the axes along which an array of `shape` was stretched."""
    unbroadcast(np.broadcast_to(0.0, given), shape)  # says so where it was not
    extra = len(given) - len(shape)
    text = f"({term})" if not term.isidentifier() else term
    if extra:
        axes = repr(tuple(range(extra))) if extra > 1 else "0"
        text = f"{text}.sum(axis={axes})"
    if ones := tuple(k for k, n in enumerate(shape) if n == 1 and given[k + extra] != 1):
        text = f"{text}.sum(axis={ones}, keepdims=True)"
    return text
