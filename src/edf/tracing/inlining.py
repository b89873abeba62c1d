"""The lines of a method, with the names of a graph in place of its own: how `edf.trace` writes.

`Inliner` goes through a method statement by statement. Options become numbers, a branch that the
arrays' shapes decide becomes the case that holds, the body of a helper stands in place of its call,
and a comment goes along with the line below it. What it cannot write it says: `NotInlinedError`.
"""

from __future__ import annotations

import ast
import builtins
import copy
import inspect
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from types import FunctionType
from typing import Any, Protocol

import numpy as np

from edf.graph import Array, Node
from edf.tracing.by_hand import Code

Known = dict[str, ast.expr]
"""What the variables of a method are called in the program."""


class Writer(Protocol):
    """What is asked of the writer of the program."""

    names: dict[Node, str]
    lines: list[str]
    imports: dict[str, None]

    def new(self, name: str) -> str: ...
    def run(self, statement: str) -> None: ...
    def evaluated(self, expression: str) -> Any: ...
    def leaf(self, name: str, value: Array) -> str: ...


class NotInlinedError(Exception):
    """A method that is not written out; the message says why."""


class Inliner:
    """Writes the methods of one node.

    Args:
        writer: The writer of the program.
        node: The node.
        twin: The node, or what stands for it and has its methods by hand.
    """

    def __init__(self, writer: Writer, node: Node, twin: Any) -> None:
        self.writer, self.node, self.twin = writer, node, twin
        self.attributes: Known = {}  # what forward keeps on the operation, for backward
        self.depth = 0
        self.loops = 0  # around what is being written: there nothing can be written before it

    def call(
        self,
        function: FunctionType,
        arguments: list[ast.expr],
        kept: Mapping[str, ast.expr],
        result: str = "",
    ) -> tuple[ast.expr, Known]:
        """Write the lines of a function; return what it returns, and the names of its variables.

        Args:
            function: The function, or method without its `self`.
            arguments: What it is applied to.
            kept: Variables of another function, for keywords without a default.
            result: The name of a variable that the last line returns.
        """
        if self.depth > 20:
            raise NotInlinedError(f"{function.__name__} calls itself")
        tree, comments = _source(function)
        frame = _Frame(_bound(function, arguments, kept), function, comments)
        last = tree.body[-1]
        if result and isinstance(last, ast.Return) and isinstance(last.value, ast.Name):
            frame.result = {last.value.id: result}
        if self.depth and not self.loops:
            self._name_arguments(tree, frame)
        self.depth += 1
        try:
            value = self._body(tree.body, frame)
        finally:
            self.depth -= 1
        return value, frame.known

    def _name_arguments(self, tree: ast.FunctionDef, frame: _Frame) -> None:
        """Write what a helper is applied to as a line of its own where it uses that repeatedly."""
        used = [part.id for part in ast.walk(tree) if isinstance(part, ast.Name)]
        for name, value in list(frame.known.items()):
            if used.count(name) > 1 and not _is_short(value) and not isinstance(value, ast.Tuple):
                self._write(f"{self._own(name, frame)} = {ast.unparse(value)}")

    def _body(self, statements: list[ast.stmt], frame: _Frame) -> ast.expr:
        statements = [s for s in statements if not _is_docstring(s)]
        while statements:
            first, *statements = statements
            if isinstance(first, ast.Return):
                self._comment(first, frame)
                return self._expression(first.value or ast.Constant(None), frame)
            if isinstance(first, ast.If):
                chosen = first.body if self.holds(first.test, frame) else first.orelse
                statements = [*chosen, *statements]
                continue
            if self.loops:
                raise NotInlinedError("a helper of more than one line is called in a loop")
            if _is_alias(first, frame):
                assert isinstance(first, ast.Assign)
                value = self._expression(first.value, frame)
                if self._kept_as_is(first.targets[0], value, frame):
                    continue
            self._comment(first, frame)
            for name in (
                sorted(_assigned(first) & frame.changing - frame.own) if _is_loop(first) else ()
            ):
                if name in frame.known:  # a parameter that a loop changes
                    before = ast.unparse(frame.known[name])
                    self._write(f"{self._own(name, frame)} = {before}")
            self._write("\n".join(self._lines(first, frame)))
        raise NotInlinedError("it returns nothing")

    def _kept_as_is(self, target: ast.expr, value: ast.expr, frame: _Frame) -> bool:
        """Let names stand for other names and numbers, without a line; return whether they do."""
        if isinstance(target, ast.Name) and _is_short(value):
            frame.known[target.id] = value
            return True
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = list(zip(target.elts, value.elts, strict=True))
            if all(_is_short(v) and isinstance(t, ast.Name) for t, v in pairs):
                for part, short in pairs:
                    self._kept_as_is(part, short, frame)
                return True
        return False

    def _comment(self, statement: ast.stmt, frame: _Frame) -> None:
        if not self.loops:
            self.writer.lines += frame.comments.pop(statement.lineno, [])

    def _write(self, text: str) -> None:
        self.writer.run(text)
        self.writer.lines.append(text)

    # ------------------------------------------------------------------------------- statements

    def _lines(self, statement: ast.stmt, frame: _Frame) -> list[str]:
        """Return a statement in the names of the program."""
        if isinstance(statement, ast.For | ast.While | ast.If):
            with self._in_a_loop():
                return self._block(statement, frame)
        if isinstance(statement, ast.AnnAssign) and statement.value is not None:
            statement = ast.copy_location(
                ast.Assign([statement.target], statement.value), statement
            )
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            (target,) = statement.targets
            value = self._expression(statement.value, frame)
            if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and not self.loops:
                return [
                    f"{self._target(t, frame)} = {ast.unparse(v)}"
                    for t, v in zip(target.elts, value.elts, strict=True)
                ]
            return [f"{self._target(target, frame)} = {ast.unparse(value)}"]
        if isinstance(statement, ast.AugAssign):
            whole = ast.BinOp(_loaded(statement.target), statement.op, statement.value)
            if isinstance(statement.target, ast.Name) and statement.target.id not in frame.own:
                value = self._expression(whole, frame)  # what was given is left as it is
                return [f"{self._target(statement.target, frame)} = {ast.unparse(value)}"]
            value = self._expression(statement.value, frame)
            target_text = self._target(statement.target, frame)
            changed = ast.AugAssign(ast.Name(target_text, ast.Store()), statement.op, value)
            return [ast.unparse(ast.fix_missing_locations(changed))]
        if isinstance(statement, ast.Expr):
            return [ast.unparse(self._expression(statement.value, frame))]
        if isinstance(statement, ast.Pass | ast.Break | ast.Continue):
            return [ast.unparse(statement)]
        kind = type(statement).__name__.lower()
        raise NotInlinedError(f"it has a statement `{kind}`")

    def _block(self, statement: ast.For | ast.While | ast.If, frame: _Frame) -> list[str]:
        """Return a loop, or a branch in a loop, with the lines in it."""
        if isinstance(statement, ast.If):
            if (holds := self._plainly(statement.test, frame)) is not None:
                chosen = statement.body if holds else statement.orelse
                return self._indented(chosen, frame, 0)
            lines = [f"if {ast.unparse(self._expression(statement.test, frame))}:"]
        elif isinstance(statement, ast.While):
            lines = [f"while {ast.unparse(self._expression(statement.test, frame))}:"]
        else:
            over = ast.unparse(self._expression(statement.iter, frame))
            for name in _names(statement.target):
                if name not in frame.own:  # a counter keeps its name where it is free
                    free = name not in self.writer.names.values()
                    frame.call(name, name if free else self.writer.new(f"{name}_"))
            lines = [f"for {self._target(statement.target, frame)} in {over}:"]
        lines += self._indented(statement.body, frame, 1) or ["    pass"]
        if statement.orelse:
            lines += ["else:", *self._indented(statement.orelse, frame, 1)]
        return lines

    def _indented(self, statements: list[ast.stmt], frame: _Frame, by: int) -> list[str]:
        lines = []
        for statement in statements:
            if isinstance(statement, ast.Return | ast.Raise):
                raise NotInlinedError("it returns from within a loop")
            lines += frame.comments.pop(statement.lineno, [])
            lines += self._lines(statement, frame)
        return [by * "    " + line for line in lines]

    def _target(self, target: ast.expr, frame: _Frame) -> str:
        """Return what is assigned to."""
        if isinstance(target, ast.Name):
            return self._own(target.id, frame)
        if isinstance(target, ast.Tuple):
            return ", ".join(
                f"({self._target(t, frame)})"
                if isinstance(t, ast.Tuple)
                else self._target(t, frame)
                for t in target.elts
            )
        if isinstance(target, ast.Attribute) and ast.unparse(target.value) == "self":
            kept = self.attributes.get(target.attr)
            if kept is None:
                new = self.writer.new(f"{target.attr}_{self.writer.names[self.node]}")
                kept = self.attributes[target.attr] = ast.Name(new, ast.Load())
            return ast.unparse(kept)
        if isinstance(target, ast.Subscript):
            return ast.unparse(self._expression(_loaded(target), frame))
        raise NotInlinedError(f"it assigns to `{ast.unparse(target)}`")

    def _own(self, name: str, frame: _Frame) -> str:
        """Return what one of the method's variables is called."""
        if name not in frame.own:
            new = frame.result.get(name) or self.writer.new(
                f"{name}_{self.writer.names[self.node]}"
            )
            frame.call(name, new)
        return ast.unparse(frame.known[name])

    @contextmanager
    def _in_a_loop(self) -> Iterator[None]:
        self.loops += 1
        try:
            yield
        finally:
            self.loops -= 1

    # ------------------------------------------------------------------------------ expressions

    def _expression(self, tree: ast.expr, frame: _Frame) -> ast.expr:
        changed = _Substitution(self, frame).visit(copy.deepcopy(tree))
        return ast.fix_missing_locations(changed)

    def holds(self, test: ast.expr, frame: _Frame) -> bool:
        """Return whether a condition holds for the arrays of this graph, as their shapes decide."""
        return bool(self.writer.evaluated(ast.unparse(self._expression(test, frame))))

    def _plainly(self, test: ast.expr, frame: _Frame) -> bool | None:
        """Return whether a condition holds; None if that is not for its options alone to say."""
        condition = self._expression(test, frame)
        if any(isinstance(part, ast.Name) for part in ast.walk(condition)):
            return None
        return bool(self.writer.evaluated(ast.unparse(condition)))

    def tree_of(self, value: Any, name: str) -> ast.expr:
        """Return how an option of the operation is written."""
        if isinstance(value, Code):
            return ast.parse(value, mode="eval").body
        if isinstance(value, np.generic):
            value = value.item()
        if value is None or value is Ellipsis or isinstance(value, bool | int | float | str):
            return ast.parse(repr(value), mode="eval").body
        if isinstance(value, slice):
            parts = [value.start, value.stop, value.step]
            return ast.Slice(*(None if p is None else self.tree_of(p, name) for p in parts))
        if isinstance(value, tuple | list):
            parts = [self.tree_of(part, name) for part in value]
            kind = ast.Tuple if isinstance(value, tuple) else ast.List
            if any(isinstance(part, ast.Slice) for part in parts):
                inner = parts[0] if len(parts) == 1 else ast.Tuple(parts, ast.Load())
                key = ast.parse("np.s_[0]", mode="eval").body
                assert isinstance(key, ast.Subscript)
                key.slice = inner
                return key
            return kind(parts, ast.Load())
        if isinstance(value, dict) and all(isinstance(key, str) for key in value):
            keys: list[ast.expr | None] = [ast.Constant(key) for key in value]
            return ast.Dict(keys, [self.tree_of(part, name) for part in value.values()])
        if isinstance(value, range):
            return ast.parse(repr(value), mode="eval").body
        if isinstance(value, Node) and value in self.writer.names:
            return ast.Name(self.writer.names[value], ast.Load())
        if isinstance(value, np.ndarray):
            return ast.Name(self.writer.leaf(f"{name}_{self.writer.names[self.node]}", value))
        if (spelled := _numpy_name(value)) is not None:
            return ast.parse(spelled, mode="eval").body
        raise NotInlinedError(f"its `{name}` is no number and no array")


class _Frame:
    """One function that is being written: its variables, and where it looks names up."""

    def __init__(
        self, known: Known, function: FunctionType, comments: dict[int, list[str]]
    ) -> None:
        self.known, self.comments = known, comments
        self.own: set[str] = set()  # variables that have a name of their own in the program
        self.result: dict[str, str] = {}  # that of the variable that is returned
        self.space = {**function.__globals__, **inspect.getclosurevars(function).nonlocals}
        tree, _ = _source(function)
        stores = [name for s in ast.walk(tree) for name in _stored(s)]
        again = {name for name in stores if stores.count(name) > 1 or name in known}
        loops = [s for s in ast.walk(tree) if _is_loop(s)]
        # What is assigned again is no other name for what it was first.
        self.changing = again.union(*(_assigned(loop) for loop in loops)) | {
            name
            for s in ast.walk(tree)
            if isinstance(s, ast.AugAssign)
            for name in _names(s.target)
        }

    def call(self, name: str, new: str) -> None:
        self.known[name] = ast.Name(new, ast.Load())
        self.own.add(name)


class _Substitution(ast.NodeTransformer):
    """Puts the graph's names for the method's, numbers for options, functions' bodies for calls."""

    def __init__(self, inliner: Inliner, frame: _Frame) -> None:
        self.inliner, self.frame, self.writer = inliner, frame, inliner.writer
        self.bound: list[str] = []  # variables of comprehensions

    def visit_Name(self, name: ast.Name) -> ast.expr:
        if name.id in self.bound:
            return name
        if name.id in self.frame.known:
            return copy.deepcopy(self.frame.known[name.id])
        if name.id in ("self", "super"):
            raise NotInlinedError("it uses the operation as a whole")
        if name.id not in self.frame.space:
            if hasattr(builtins, name.id):
                return name
            raise NotInlinedError(f"it reads `{name.id}`, which is not known here")
        found = self.frame.space[name.id]
        if found is np:
            return ast.Name("np", ast.Load())
        if inspect.ismodule(found):
            self.writer.imports[f"import {found.__name__}"] = None
            return ast.parse(found.__name__, mode="eval").body
        if callable(found) and _numpy_name(found) is None:
            module, called = getattr(found, "__module__", ""), getattr(found, "__name__", "")
            if module.partition(".")[0] not in ("numpy", "math"):
                raise NotInlinedError(f"it uses `{name.id}` otherwise than in a call")
            self.writer.imports[f"from {module} import {called}"] = None
            return ast.Name(called, ast.Load())
        return self.inliner.tree_of(found, name.id)

    def visit_Attribute(self, attribute: ast.Attribute) -> Any:
        if isinstance(attribute.value, ast.Name) and attribute.value.id == "self":
            if attribute.attr == "value":
                return ast.Name(self.writer.names[self.inliner.node], ast.Load())
            if attribute.attr in self.inliner.attributes:
                return copy.deepcopy(self.inliner.attributes[attribute.attr])
            try:
                found = getattr(self.inliner.twin, attribute.attr)
            except AttributeError as error:
                raise NotInlinedError(str(error)) from error
            return self.inliner.tree_of(found, attribute.attr)
        self.generic_visit(attribute)
        return (
            attribute.value
            if attribute.attr == "real" and self._real(attribute.value)
            else attribute
        )

    def _real(self, part: ast.expr) -> bool:
        """Whether an array is seen to be real, so that `x.real` is x."""
        try:
            value = self.writer.evaluated(ast.unparse(part))
        except NameError:  # a variable of a loop
            return False
        return np.isrealobj(value) if isinstance(value, np.ndarray | np.generic) else False

    def visit_Subscript(self, subscript: ast.Subscript) -> Any:
        self.generic_visit(subscript)
        key = subscript.slice
        if isinstance(key, ast.Subscript) and ast.unparse(key.value) == "np.s_":
            subscript.slice = key = key.slice  # x[np.s_[1:]] is x[1:]
        if isinstance(subscript.value, ast.Tuple | ast.List) and _is_plain(key):
            chosen = eval(f"_[{ast.unparse(key)}]", {"_": subscript.value.elts})
            return ast.Tuple(chosen, ast.Load()) if isinstance(chosen, list) else chosen
        return subscript

    def visit_Call(self, call: ast.Call) -> Any:
        head = call.func
        if isinstance(head, ast.Attribute) and ast.unparse(head.value) == "self":
            return self._method(head.attr, call)
        if isinstance(head, ast.Name) and head.id not in (*self.frame.known, *self.bound):
            found = self.frame.space.get(head.id)
            if isinstance(found, FunctionType) and _numpy_name(found) is None:
                return self._written(found, call)
        self.generic_visit(call)
        _spread_arguments(call)
        call.keywords = [k for k in call.keywords if ast.unparse(k) not in _DEFAULTS]
        named = ast.unparse(call.func)
        if named == "len" and isinstance(call.args[0], ast.Tuple | ast.List):
            return ast.Constant(len(call.args[0].elts))
        if named == "np.real" and self._real(call.args[0]):
            return call.args[0]
        if named in ("tuple", "list") and call.args and isinstance(call.args[0], ast.List):
            kind = ast.Tuple if named == "tuple" else ast.List
            return kind(call.args[0].elts, ast.Load())
        return call

    def _method(self, name: str, call: ast.Call) -> Any:
        """Write what `self.name(...)` returns."""
        if name == "wants":
            asked = self.visit(call.args[0])
            if not isinstance(asked, ast.Constant) or not isinstance(asked.value, int):
                raise NotInlinedError("it asks in a loop which gradients are wanted")
            return ast.Constant(self.inliner.node.wants(asked.value))
        found = getattr(self.inliner.twin, name, None)
        method = getattr(found, "__func__", found)
        if isinstance(method, FunctionType) and (inspect.ismethod(found) or _is_static(self, name)):
            return self._written(method, call)
        self.generic_visit(call)
        _spread_arguments(call)
        return call

    def _written(self, function: FunctionType, call: ast.Call) -> ast.expr:
        """Write what a function of Python returns, in place of its call."""
        if call.keywords:
            names = inspect.signature(function).parameters
            raise NotInlinedError(f"{function.__name__}({', '.join(names)}) is called by keywords")
        arguments = _spread([self.visit(argument) for argument in call.args])
        value, _ = self.inliner.call(function, arguments, {})
        return value

    def visit_IfExp(self, choice: ast.IfExp) -> Any:
        if not self.inliner.loops and not self.bound:
            return self.visit(choice.body if self._decided(choice.test) else choice.orelse)
        return self.generic_visit(choice)

    def _decided(self, test: ast.expr) -> bool:
        return self.inliner.holds(test, self.frame)

    def visit_BinOp(self, operation: ast.BinOp) -> Any:
        self.generic_visit(operation)
        if _is_plain(operation):
            folded = ast.fix_missing_locations(ast.Expression(operation))
            return ast.parse(repr(eval(compile(folded, "<trace>", "eval"))), mode="eval").body
        return operation

    def visit_Tuple(self, several: ast.Tuple) -> Any:
        self.generic_visit(several)
        several.elts = _spread(several.elts)
        return several

    def visit_List(self, several: ast.List) -> Any:
        self.generic_visit(several)
        several.elts = _spread(several.elts)
        return several

    def visit_Lambda(self, function: ast.Lambda) -> Any:
        with self._binding([a.arg for a in function.args.args]):
            return self.generic_visit(function)

    def visit_ListComp(self, made: ast.ListComp) -> Any:
        return self._comprehension(made)

    def visit_GeneratorExp(self, made: ast.GeneratorExp) -> Any:
        return self._comprehension(made)

    def _comprehension(self, made: ast.ListComp | ast.GeneratorExp) -> Any:
        """Write one over the arguments, or over numbers, entry by entry."""
        (first, *more) = made.generators
        over = self.visit(first.iter)
        if not more and not first.ifs and isinstance(first.target, ast.Name):
            entries = _entries(over)
            if entries is not None:
                return ast.List(
                    [self._at(made.elt, first.target.id, e) for e in entries], ast.Load()
                )
        first.iter = over
        with self._binding([n for g in made.generators for n in _names(g.target)]):
            made.elt = self.visit(made.elt)
            first.ifs = [self.visit(test) for test in first.ifs]
            others: list[Any] = [self.generic_visit(g) for g in more]
            made.generators = [first, *others]
        return made

    def _at(self, element: ast.expr, name: str, entry: ast.expr) -> ast.expr:
        known = self.frame.known
        self.frame.known = {**known, name: entry}
        try:
            changed: ast.expr = self.visit(copy.deepcopy(element))
        finally:
            self.frame.known = known
        return changed

    @contextmanager
    def _binding(self, names: list[str]) -> Iterator[None]:
        self.bound += names
        yield
        del self.bound[len(self.bound) - len(names) :]


# ------------------------------------------------------------------------------- what trees say


def _source(function: Callable[..., Any]) -> tuple[ast.FunctionDef, dict[int, list[str]]]:
    """Return a function's tree, and the comments above each of its lines, by the line's number."""
    try:
        text = textwrap.dedent(inspect.getsource(function))
        tree = ast.parse(text).body[0]
    except (OSError, TypeError, SyntaxError) as error:
        raise NotInlinedError("its source is not at hand") from error
    if not isinstance(tree, ast.FunctionDef):
        raise NotInlinedError("its source is not at hand")
    comments: dict[int, list[str]] = {}
    above: list[str] = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip().startswith("#"):
            above.append(line.strip())
        elif line.strip():
            comments[number], above = above, []
    return tree, comments


def _bound(
    function: FunctionType, arguments: list[ast.expr], kept: Mapping[str, ast.expr]
) -> Known:
    """Return which argument each parameter stands for."""
    known: Known = {}
    given = iter(arguments)
    for name, parameter in inspect.signature(function).parameters.items():
        if name == "self" and not known:
            continue
        if parameter.kind is parameter.VAR_POSITIONAL:
            known[name] = ast.Tuple(list(given), ast.Load())
        elif parameter.kind is parameter.KEYWORD_ONLY and name in kept:
            known[name] = kept[name]
        elif parameter.kind is not parameter.POSITIONAL_OR_KEYWORD:
            raise NotInlinedError(f"it takes `{parameter}`")
        elif (argument := next(given, None)) is not None:
            known[name] = argument
        elif _is_number(parameter.default):
            known[name] = ast.Constant(parameter.default)
        else:
            raise NotInlinedError(f"{function.__name__} takes another number of arguments")
    if next(given, None) is not None:
        raise NotInlinedError(f"{function.__name__} takes another number of arguments")
    return known


def _is_number(value: Any) -> bool:
    return value is None or isinstance(value, bool | int | float | str)


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _is_loop(tree: ast.AST) -> bool:
    return isinstance(tree, ast.For | ast.While)


def _is_alias(statement: ast.stmt, frame: _Frame) -> bool:
    """Whether what is assigned may stand for its value: it is never assigned again."""
    return (
        isinstance(statement, ast.Assign)
        and len(statement.targets) == 1
        and not frame.changing.intersection(_names(statement.targets[0]))
    )


def _is_short(value: ast.expr) -> bool:
    return isinstance(value, ast.Name) or _is_plain(value)


def _stored(tree: ast.AST) -> list[str]:
    """Return the variables that one statement assigns to."""
    if isinstance(tree, ast.Assign):
        return [name for target in tree.targets for name in _names(target)]
    if isinstance(tree, ast.AugAssign | ast.AnnAssign | ast.For):
        return _names(tree.target)
    return []


def _assigned(tree: ast.AST) -> set[str]:
    """Return the variables that are assigned to anywhere within."""
    return {name for part in ast.walk(tree) for name in _stored(part)}


def _names(target: ast.expr) -> list[str]:
    """Return the variables of a target."""
    if isinstance(target, ast.Tuple | ast.List):
        return [name for part in target.elts for name in _names(part)]
    return [target.id] if isinstance(target, ast.Name) else []


def _loaded(target: ast.expr) -> ast.expr:
    """Return a target as what is read."""
    loaded = copy.deepcopy(target)
    loaded.ctx = ast.Load()  # type: ignore[attr-defined]  # a target has one
    return loaded


_DEFAULTS = {"axis=None", "keepdims=False"}
_PLAIN = (
    *(ast.Constant, ast.BinOp, ast.operator, ast.UnaryOp, ast.USub, ast.Compare, ast.cmpop),
    *(ast.Slice, ast.expr_context),
)


def _is_plain(tree: ast.expr) -> bool:
    """Whether it is made of numbers only."""
    return all(isinstance(part, _PLAIN) for part in ast.walk(tree))


def _entries(tree: ast.expr) -> list[ast.expr] | None:
    """Return the entries of a tuple, or of a range of given numbers."""
    if isinstance(tree, ast.Tuple | ast.List):
        return tree.elts
    if not isinstance(tree, ast.Call) or ast.unparse(tree.func) != "range":
        return None
    if not all(_is_plain(argument) for argument in tree.args):
        return None
    return [ast.Constant(k) for k in eval(ast.unparse(tree))]


def _spread(parts: Iterable[ast.expr]) -> list[ast.expr]:
    """Return arguments with those of `*(a, b)` one by one."""
    spread: list[ast.expr] = []
    for part in parts:
        if isinstance(part, ast.Starred) and isinstance(part.value, ast.Tuple | ast.List):
            spread += part.value.elts
        else:
            spread.append(part)
    return spread


def _spread_arguments(call: ast.Call) -> None:
    """Write `*` and `**` in a call out as arguments."""
    call.args = _spread(call.args)
    call.keywords = [
        k for given in call.keywords for k in (_options(given) if given.arg is None else [given])
    ]


def _options(given: ast.keyword) -> list[ast.keyword]:
    """Return the keywords that `**options` are."""
    if not isinstance(given.value, ast.Dict):
        return [given]
    pairs = zip(given.value.keys, given.value.values, strict=True)
    return [
        ast.keyword(str(key.value), value) for key, value in pairs if isinstance(key, ast.Constant)
    ]


def _is_static(substitution: _Substitution, name: str) -> bool:
    kind = type(substitution.inliner.twin)
    if not hasattr(kind, name):
        kind = type(substitution.inliner.node)
    return isinstance(inspect.getattr_static(kind, name, None), staticmethod)


def _numpy_name(value: Any) -> str | None:
    """Return what a function of NumPy is called there."""
    name = getattr(value, "__name__", "")
    for prefix, module in (("np", np), ("np.linalg", np.linalg)):
        if name and getattr(module, name, None) is value:
            return f"{prefix}.{name}"
    return None
