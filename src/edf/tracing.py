"""The backward pass of a graph, written out as the NumPy program that a person would write.

    print(trace(loss, locals()))

Every operation becomes the lines of its own `forward` and `backward`, with the names of this graph
in place of theirs, and with its formula beside it. Sums over fan-out and over broadcast axes, which
the graph does for its operations, are lines of their own. The program runs as it stands, and gives
the gradients that `backward()` gives: `trace(loss).run()`.
"""

from __future__ import annotations

import ast
import copy
import inspect
import re
import textwrap
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from edf.graph import Constant, GraphError, Node, Param, topological_order, unbroadcast


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
    return _Writer(loss, names or {}).program()


class _Writer:
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
        name = self.gradients[self.loss] = self._new(f"d_{self.names[self.loss]}")
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
            name = self.gradients[x] = self._new(f"d_{self.names[x]}")
            self._assign(name, term)
        else:
            self._assign(name, f"{name} + {term}")

    def _has_gradient(self, x: Node) -> bool:
        return not isinstance(x, Constant) and np.asarray(x.value).dtype.kind in "fc"

    def _comment(self, node: Node, derivative: bool) -> None:
        """Write the formula of an operation, or that of its derivative: as its method returns it,
        else as its docstring has it."""
        formula = _by_hand(node) if derivative else ""
        formula = formula or _returned(node, derivative) or _documented(node, derivative)
        self.lines.append(f"# {type(node).__name__}: {formula}")

    def _assign(self, name: str, expression: str) -> None:
        self.lines.append(f"{name} = {expression}")
        self.space[name] = self.evaluated(expression)

    def evaluated(self, expression: str) -> Any:
        """Return the value of an expression in the names of the program so far."""
        space: dict[str, Any] = {}
        for line in self.imports:
            exec(line, space)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)  # `0 is None`, of an option that is 0
            return eval(expression, space | self.space)

    def _new(self, name: str) -> str:
        while name in self.taken:
            name += "_"
        self.taken.add(name)
        return name

    # An operation's own lines, with the names of this graph.

    def _inlined(self, node: Node, method: str, arrays: list[str]) -> list[str]:
        """Return expressions for what a method returns, having written the lines before it."""
        if (written := node.by_hand) is not None:
            fields = {"y": self.names[node], "grad": self.gradients.get(node, "")}
            chosen = written[:1] if method == "forward" else written[1:]
            inputs = arrays if method == "forward" else arrays[1:]
            return [text.format(*inputs, **fields) for text in chosen]
        kept = list(self.lines), dict(self.space), dict(self.imports), set(self.taken)
        try:
            value = _Inliner(self, node).call(method, arrays)
        except _NotInlined:
            self.lines, self.space, self.imports, self.taken = kept
            value = ast.parse(self._call(node, method, arrays), mode="eval").body
        if isinstance(value, ast.Tuple) and not any(isinstance(e, ast.Starred) for e in value.elts):
            return [ast.unparse(part) for part in value.elts]
        text = ast.unparse(value)
        if method == "forward" or not isinstance(self.evaluated(text), tuple):
            return [text]
        name = self._new(f"terms_{self.names[node]}")  # a tuple that a function returns
        self._assign(name, text)
        return [f"{name}[{k}]" for k in range(len(self.space[name]))]

    def _call(self, node: Node, method: str, arrays: list[str]) -> str:
        """Return a call of the operation itself, for what cannot be written as a few lines."""
        holder = f"op_{self.names[node]}"
        twin = copy.copy(node)
        twin.needs, twin.kept_order = None, None
        self.leaves[holder] = self.space[holder] = twin
        return f"{holder}.{method}({', '.join(arrays)})"


class _NotInlined(Exception):  # noqa: N818  # no error: the operation is called instead
    """A method with loops, branches or state, which is no formula."""


class _Inliner:
    """Writes a method of one node as expressions in the names of the graph."""

    def __init__(self, writer: _Writer, node: Node) -> None:
        self.writer = writer
        self.node = node

    def call(self, method: str, arguments: Iterable[str | ast.expr]) -> ast.expr:
        """Return what a method returns for these arguments, having written its other lines."""
        try:
            function = inspect.unwrap(getattr(type(self.node), method))
            tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
        except (AttributeError, OSError, TypeError, SyntaxError) as error:
            raise _NotInlined from error
        if not isinstance(tree, ast.FunctionDef) or tree.args.vararg or tree.args.kwonlyargs:
            raise _NotInlined
        names = [a.arg for a in tree.args.args]
        if not _is_static(type(self.node), method):
            names = names[1:]
        given = [ast.parse(a, mode="eval").body if isinstance(a, str) else a for a in arguments]
        if len(given) != len(names):
            raise _NotInlined
        known = dict(zip(names, given, strict=True))
        statements = tree.body[1:] if ast.get_docstring(tree) else tree.body
        while statements:
            first, *statements = statements
            if isinstance(first, ast.Return) and first.value is not None:
                return self._expression(first.value, known, function)
            if isinstance(first, ast.If):
                chosen = first.body if self._holds(first.test, known, function) else first.orelse
                statements = [*chosen, *statements]
            else:
                self._statement(first, known, function)
        raise _NotInlined

    def _holds(
        self, test: ast.expr, known: dict[str, ast.expr], function: Callable[..., Any]
    ) -> bool:
        """Return whether a condition holds for the arrays of this graph, as their shapes decide."""
        condition = ast.unparse(self._expression(test, known, function))
        return bool(self.writer.evaluated(condition))

    def _statement(
        self, statement: ast.stmt, known: dict[str, ast.expr], function: Callable[..., Any]
    ) -> None:
        if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
            raise _NotInlined
        value = self._expression(statement.value, known, function)
        target = statement.targets[0]
        targets = target.elts if isinstance(target, ast.Tuple) else [target]
        values = (
            value.elts
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
            else [value]
        )
        if len(values) != len(targets) or not all(isinstance(t, ast.Name) for t in targets):
            raise _NotInlined
        for name, part in zip(targets, values, strict=True):
            assert isinstance(name, ast.Name)
            if isinstance(part, ast.Name | ast.Constant):
                known[name.id] = part
                continue
            new = self.writer._new(f"{name.id}_{self.writer.names[self.node]}")
            self.writer._assign(new, ast.unparse(part))
            known[name.id] = ast.Name(new, ast.Load())

    def _expression(
        self, tree: ast.expr, known: dict[str, ast.expr], function: Callable[..., Any]
    ) -> ast.expr:
        changed = _Substitution(self, known, function).visit(copy.deepcopy(tree))
        return ast.fix_missing_locations(changed)


class _Substitution(ast.NodeTransformer):
    """Puts the graph's names for the method's, numbers for options, methods' bodies for calls."""

    def __init__(
        self, inliner: _Inliner, known: dict[str, ast.expr], function: Callable[..., Any]
    ) -> None:
        self.inliner, self.known, self.function = inliner, known, function
        self.node, self.writer = inliner.node, inliner.writer

    def visit_Name(self, name: ast.Name) -> ast.expr:
        if name.id in self.known:
            return copy.deepcopy(self.known[name.id])
        found = self.function.__globals__.get(name.id, _MISSING)
        if name.id == "self":
            raise _NotInlined  # the operation as a whole, as in type(self)
        if found is _MISSING:
            return name  # a builtin, or the variable of a comprehension
        if found is np:
            return ast.Name("np", ast.Load())
        if isinstance(found, bool | int | float | str):
            return ast.Constant(found)
        if inspect.ismodule(found):
            self.writer.imports[f"import {found.__name__}"] = None
            return ast.parse(found.__name__, mode="eval").body
        if (module := getattr(found, "__module__", "")).startswith("edf."):
            self.writer.imports[f"from {module} import {found.__name__}"] = None
            return ast.Name(found.__name__, ast.Load())
        raise _NotInlined

    def visit_Attribute(self, attribute: ast.Attribute) -> ast.expr:
        if isinstance(attribute.value, ast.Name) and attribute.value.id == "self":
            if attribute.attr == "value":
                return ast.Name(self.writer.names[self.node], ast.Load())
            found = getattr(self.node, attribute.attr)
            if found is None or isinstance(found, bool | int | float | str) or _is_plain(found):
                return ast.parse(repr(found), mode="eval").body
            raise _NotInlined
        return self.generic_visit(attribute)  # type: ignore[return-value]  # the same node

    def visit_Call(self, call: ast.Call) -> ast.expr:
        head = call.func
        if (
            isinstance(head, ast.Attribute)
            and isinstance(head.value, ast.Name)
            and head.value.id == "self"
        ):
            if head.attr == "wants":
                asked = call.args[0]
                if not isinstance(asked, ast.Constant) or not isinstance(asked.value, int):
                    raise _NotInlined  # asked in a loop
                return ast.Constant(self.node.wants(asked.value))
            return self.inliner.call(head.attr, [self.visit(a) for a in call.args])
        self.generic_visit(call)
        call.keywords = [k for k in call.keywords if ast.unparse(k) not in _DEFAULTS]
        return call

    def visit_IfExp(self, choice: ast.IfExp) -> ast.expr:
        holds = self.inliner._holds(choice.test, self.known, self.function)
        chosen: ast.expr = self.visit(choice.body if holds else choice.orelse)
        return chosen

    def visit_BinOp(self, operation: ast.BinOp) -> ast.expr:
        self.generic_visit(operation)
        if all(isinstance(n, _PLAIN) for n in ast.walk(operation)):
            folded = ast.fix_missing_locations(ast.Expression(operation))
            return ast.Constant(eval(compile(folded, "<trace>", "eval")))
        return operation


def _by_hand(node: Node) -> str:
    """Return the derivative as it is written by hand, if it fits beside a line."""
    if node.by_hand is None:
        return ""
    names = _parameters(type(node).forward)[1:]
    terms = [term.format(*names, y="y", grad="dy") for term in node.by_hand[1:]]
    return _equations([f"d{name}" for name in names], terms)


def _returned(node: Node, derivative: bool) -> str:
    """Return what a method returns, `y = a * b` or `da = dy * b, db = dy * a`, if that is all."""
    names = _parameters(type(node).forward)[1:]
    function = inspect.unwrap(type(node).backward if derivative else type(node).forward)
    try:
        (tree,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    except (OSError, TypeError, SyntaxError):
        return ""
    *before, last = tree.body  # type: ignore[attr-defined]
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
    doc = inspect.getdoc(type(node)) or "an operation"
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


_MISSING = object()
_DEFAULTS = {"axis=None", "keepdims=False"}
_PLAIN = (ast.Constant, ast.BinOp, ast.operator, ast.UnaryOp, ast.USub, ast.Compare, ast.cmpop)


def _is_plain(value: Any) -> bool:
    """Return whether a tuple, or a slice, holds numbers only."""
    if isinstance(value, slice):
        return all(_is_plain(part) for part in (value.start, value.stop, value.step))
    if isinstance(value, tuple):
        return all(_is_plain(part) for part in value)
    return value is None or value is Ellipsis or isinstance(value, int | float | str)


def _is_static(operation: type, method: str) -> bool:
    return isinstance(inspect.getattr_static(operation, method), staticmethod)


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
