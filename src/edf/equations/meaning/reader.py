"""What the parts of the resolver have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from edf.equations.latex.syntax import Grad, Group, Symbol, Tree
from edf.equations.meaning.expression import Expr, Index
from edf.equations.meaning.names import Bound, Scope
from edf.graph import Node

if TYPE_CHECKING:
    from edf.equations.meaning.resolve import Page


class Reader(ABC):
    """The state of reading one step, and the methods that its parts call in each other."""

    page: Page
    scope: Scope
    lift: tuple[str, ...]
    ranges: dict[str, int]
    deltas: list[tuple[str, str, int]]
    sizes: dict[str, int]

    @abstractmethod
    def read(self, tree: Tree) -> Expr: ...

    @abstractmethod
    def atom(self, symbol: Symbol, sub: Tree | None, at: int) -> Expr: ...

    @abstractmethod
    def node(
        self, node: Node, indices: tuple[Index, ...], label: tuple[str, str], at: int
    ) -> Expr: ...

    @abstractmethod
    def shape(self, node: Node) -> tuple[int, ...]: ...

    @abstractmethod
    def look_up(
        self, symbol: Symbol, sub: Tree | None
    ) -> tuple[Bound | None, tuple[Index, ...]]: ...

    @abstractmethod
    def indices(self, sub: Tree) -> tuple[Index, ...]: ...

    @abstractmethod
    def index(self, item: Tree) -> Index: ...

    @abstractmethod
    def index_range(self, index: Index, length: int, at: int) -> None: ...

    @abstractmethod
    def raised(self, base: Expr, sup: Tree | None, at: int) -> Expr: ...

    @abstractmethod
    def subscripted(self, value: Expr, sub: Tree, at: int) -> Expr: ...

    @abstractmethod
    def is_transpose(self, sup: Tree) -> bool: ...

    @abstractmethod
    def unit(
        self, factors: tuple[Tree, ...], joins: tuple[str, ...], start: int
    ) -> tuple[Expr, int]: ...

    @abstractmethod
    def operator(self, factor: Tree) -> Callable[[Tree | Expr], Expr] | None: ...

    @abstractmethod
    def closed(self, tree: Tree, what: str) -> None: ...

    @abstractmethod
    def jacobian(self, sub: Tree, group: Group, at: int) -> Expr: ...

    @abstractmethod
    def grad(self, tree: Grad) -> Expr: ...

    def whole(self, tree: Tree) -> Expr:
        """Read a tree with bare vectors as wholes, whatever the reading lifts."""
        lift, self.lift = self.lift, ()
        try:
            return self.read(tree)
        finally:
            self.lift = lift
