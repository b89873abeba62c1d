"""`check_gradients`: what `backward` computes against what the function itself does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal

import numpy as np

from edf.check.compare import PointComparison, compare
from edf.check.diagnosis import (
    Disagreement,
    Evidence,
    gradients_of,
    kept_from_before,
    operation_at_fault,
    rounds_to_single_precision,
)
from edf.check.elsewhere import Place, alone, elsewhere
from edf.check.functions import EvaluationError, GraphFunction, ProtocolError
from edf.check.protocol import NondeterministicError, check_protocol
from edf.check.reach import BranchCoverage, Explorer, Further
from edf.check.report import GradientReport, describe_component
from edf.check.sampling import SampledGraph
from edf.check.tolerances import ROUNDING, RTOL
from edf.graph import Array, Node
from edf.report import Status, announce, expectation

EXPECTABLE = ("verified", "refuted", "inconclusive")
SINGLE = 1e-5  # relative errors below are those of float32, where it is seen to be used


def check_gradients(
    loss: Node,
    wrt: Node | Iterable[Node] | None = None,
    *,
    id: str | None = None,
    expect: str = "verified",
    points: int = 3,
    seed: int = 0,
    unreached: Literal["", "ok"] = "",
) -> GradientReport:
    """Compare `backward` with numeric derivatives for every leaf of a graph.

    With a random cotangent r, the gradient that backward gives for a leaf x is compared with the
    derivative of sum(r * loss) along random directions that weigh all components alike; where they
    differ, the components at fault are found and judged one by one, and then the operation.

    The graph itself is not touched: values, gradients and random states stay as they are.

    Args:
        loss: Any node, of any shape.
        wrt: The nodes whose gradients to check. Default: every leaf that holds floats.
        id: A name for the check, by which a page refers to it.
        expect: `"verified"`, or `"refuted"` or `"inconclusive"` for a check that must fail.
        points: At how many points. Inputs with a shape and no value are sampled at each; parameters
            and inputs with a value keep it at the first and are perturbed around it afterwards,
            since a bias of zeros would hide mistakes.
        seed: Of the random numbers; the same seed gives the same report.
        unreached: `"ok"` accepts that a side of a branch was reached by no search, with a note.

    Returns:
        GradientReport: A report whose `ok`, and truth, says whether `status` is `expect`.
            *refuted*: a derivative differs, confirmed at other step sizes, or backward breaks the
            protocol (shape, dtype, in-place changes, two different answers). *inconclusive*:
            numeric derivatives disagree among themselves, or all are zero, or forward is not
            deterministic. *error*: forward or backward raises, or a value is not finite.

    Raises:
        ValueError: `expect` or `points` is not possible.
        GraphError: There is nothing to differentiate, or a leaf has neither value nor shape.
    """
    expected = expectation(expect, EXPECTABLE)
    wanted: Any = loss
    if not isinstance(wanted, Node):
        given = wanted if isinstance(wanted, type) else type(wanted)
        raise TypeError(f"check_gradients wants a node, as the loss is, not {given.__name__}")
    if isinstance(points, bool) or not isinstance(points, int) or points < 1:
        raise ValueError(f"points={points!r}: at least one point is needed")
    if unreached not in ("", "ok"):
        raise ValueError(f'unreached={unreached!r}: write unreached="ok", or leave it out')
    with np.errstate(all="ignore"):
        check = _Check(loss, wrt, points, seed, unreached)
        try:
            check.run()
        except EvaluationError as problem:
            check.status, check.message = "error", str(problem)
        except ProtocolError as problem:
            check.status, check.message = "refuted", str(problem)
        except NondeterministicError as problem:
            check.status, check.message = "inconclusive", str(problem)
        report = check.report(expected, id, seed)
    announce(report)
    return report


class _Check:
    """One check: what it has found so far."""

    def __init__(
        self,
        loss: Node,
        wrt: Node | Iterable[Node] | None,
        points: int,
        seed: int,
        unreached: str,
    ) -> None:
        self.rng = np.random.default_rng(seed)
        self.graph = SampledGraph(loss, wrt, self.rng)
        self.explorer = Explorer(self.graph, self.rng)
        self.points = points
        self.unreached = unreached
        self.comparisons: list[PointComparison] = []
        self.status: Status = "verified"
        self.message = ""
        self.details: dict[str, Any] = {"tolerance": RTOL}
        self.shown: Evidence | None = None
        self.kinks: list[Disagreement] = []

    def run(self) -> None:
        for point in range(self.points):
            if not self.graph.move_to(point):
                continue
            if point == 0:
                self._check_protocol()
            self._compare()
            if self.status == "refuted":
                return
            self.explorer.note()
        everywhere = [set(comparison.zeros) for comparison in self.comparisons]
        zeros = set.intersection(*everywhere)
        labels = self.graph.function.labels
        if self.status == "verified" and len(zeros) == len(labels):
            self.status = "inconclusive"
            self.message = (
                "every derivative is zero, in backward and numerically: nothing was tested"
            )
        elif zeros:
            names = ", ".join(str(labels[k]) for k in sorted(zeros))
            self.graph.notes.append(f"both derivatives are zero at every point: {names}")
        if self.status == "verified" and self.points > 1:
            self._go_further()

    def _go_further(self) -> None:
        """Test the operations that are not edf's own beyond the sampled range."""
        for further in self.explorer.points():
            for node in self.graph.order:
                node.grad = None  # each operation is asked by itself: nothing was added before
            found = self._fault_at(further, self.explorer.operations)
            if found is None:
                continue
            said = describe_component(found.worst)
            if not further.near_zero:
                self.status, self.shown = "refuted", found.evidence()
                self.message = f"{said} ({further.where})"
                return
            self._doubt(f"{said} ({further.where}, close to 0)")  # x / max(norm, 1e-12) is a guard
        for places in elsewhere(self.graph, self.explorer.operations, self.rng):
            if wrong := self._wrong_at_all(places):
                self._doubt(wrong)
        unreached = self.explorer.unreached()
        for node in dict.fromkeys(sides.node for sides in unreached):
            found, still = self._beyond_the_graph([k for k in unreached if k.node is node])
            if found is not None:
                described = describe_component(found.worst)
                self._doubt(f"{described}, at arguments that no search in the graph has reached")
            for sides in still:
                self._doubt(f"{sides.describe()}, so this side was not tested")

    def _fault_at(self, further: Further, operations: list[Node]) -> Disagreement | None:
        """Return what is wrong with an operation at a further point, if anything."""
        for ones in (False, True)[: 1 + further.of_ones]:
            try:
                found, _ = operation_at_fault(
                    operations, self.rng, finite_only=further.finite_only, of_ones=ones
                )
            except (EvaluationError, ProtocolError) as problem:
                if further.finite_only and isinstance(problem, EvaluationError):
                    continue  # as where a matrix has no inverse
                raise type(problem)(f"{problem} ({further.where})") from problem
            # Close to 0 differences lose digits, of log(1 - x) nearly all.
            if found is not None and not (further.near_zero and found.result.rel_error < SINGLE):
                return found
        return None

    def _wrong_at_all(self, places: Iterable[Place]) -> str:
        """Return in words what is wrong if it is so at each of the places that there are."""
        wrong = ""
        for place in places:
            try:
                found, _ = operation_at_fault(place.operations, self.rng, finite_only=True)
            except EvaluationError:  # it is not made for that
                continue
            except ProtocolError as problem:
                wrong = wrong or (f"{problem} ({place.where})" if place.fits else "")
                continue
            if found is None:
                return ""
            wrong = wrong or f"{describe_component(found.worst)} ({place.where})"
        return wrong

    def _beyond_the_graph(
        self, unreached: list[BranchCoverage]
    ) -> tuple[Disagreement | None, list[BranchCoverage]]:
        """Seek the sides of an operation's branches that the graph's leaves do not reach at its
        own arguments; return what is wrong there, and what is still not reached."""
        self.graph.put(unreached[0].met[-1][0])
        explorer = Explorer(alone(unreached[0].node), self.rng)
        explorer.note()
        for further in explorer.across_thresholds():
            found = self._fault_at(further._replace(of_ones=True), explorer.operations)
            if found is not None:
                return found, []
        known = {branch: sides for (_, branch), sides in explorer.sides.items()}
        return None, [k for sides in unreached if (k := known.get(sides.branch, sides)).wanted]

    def _doubt(self, reason: str) -> None:
        """Take back a verification, unless the check allows what was not reached."""
        if self.unreached == "ok":
            self.graph.notes.append(reason)
        elif self.status == "verified":
            self.status = "inconclusive"
            self.message = f'{reason}; if that cannot happen, say unreached="ok"'

    def _check_protocol(self) -> None:
        """Hold every operation to the protocol in the dtype that the graph was given."""
        order = self.graph.order
        narrow = self.graph.in_own_dtype()
        if narrow is not None:
            function, dtype = narrow
            cotangent = self.rng.standard_normal(np.shape(function.run()))
            order = function.order
            self._measure_rounding(function, cotangent, dtype)
        for node in order:
            if node.inputs:
                check_protocol(node, self.rng)
        self.graph.function.run()

    def _measure_rounding(self, own: GraphFunction, cotangent: Array, dtype: np.dtype[Any]) -> None:
        """Compare the gradients in the graph's own dtype with the same ones in float64."""
        narrow = gradients_of(own, cotangent.astype(np.asarray(own.root.value).dtype))
        wide = gradients_of(self.graph.function, cotangent)
        error = 0.0
        for a, b in zip(narrow, wide, strict=True):
            if np.any(b):
                gap = float(np.max(np.abs(a.astype(np.float64) - b)) / np.max(np.abs(b)))
                error = max(error, gap) if np.isfinite(gap) else np.inf
        self.details["rounding"] = {"dtype": str(dtype), "max_rel_error": error}
        large = "" if error <= ROUNDING.get(dtype.type, RTOL) else ", which is a lot"
        self.graph.notes.append(
            f"checked in float64; rounding to {dtype} moves its gradients by {error:.1g} of their "
            f"largest component{large}"
        )

    def _compare(self) -> None:
        """Compare the gradients at the present point."""
        function = self.graph.function
        cotangent = self.rng.standard_normal(np.shape(self.graph.root.value))
        gradients = gradients_of(function, cotangent)
        first = not self.comparisons
        comparison = compare(function, cotangent, gradients, self.rng, show=first)
        self.comparisons.append(comparison)
        for result in comparison.outcome("kink"):
            self.kinks.append(Disagreement(function, cotangent, gradients, result))
        differing = comparison.outcome("refuted") or comparison.outcome("unresolved")
        if differing:
            largest = max(differing, key=lambda result: result.rel_error)
            self._explain(Disagreement(function, cotangent, gradients, largest))
        elif first and comparison.worst is not None:
            self.shown = Disagreement(function, cotangent, gradients, comparison.worst).evidence()

    def _explain(self, disagreement: Disagreement) -> None:
        """Find the operation at fault, and decide what the whole graph's disagreement means."""
        located, kinked = operation_at_fault(self.graph.order, self.rng)
        described = describe_component(disagreement.worst)
        if located is not None:
            self.status, self.shown = "refuted", located.evidence()
            self.message = describe_component(located.worst)
            if located.result.reason:
                self.message += f" ({located.result.reason})"
            if kept := kept_from_before(located):
                self.message += (
                    f"; backward uses {kept} of an earlier forward: what it uses must be of the "
                    "last one"
                )
            if located.in_single_precision and located.result.rel_error < SINGLE:
                self.status = "inconclusive"
                self.message += "; they agree to the digits of float32, to which backward rounds"
            elif located.result.rel_error < SINGLE and located.stands_still:
                self.message += "; backward rounds within, as with float32"
        elif disagreement.result.outcome == "refuted" and not (kinked or self.kinks):
            self.status, self.shown = "refuted", disagreement.evidence()
            self.message = f"{described} (each operation by itself agrees)"
        elif self.status == "verified":
            self.status, self.shown = "inconclusive", disagreement.evidence()
            reason = disagreement.result.reason
            if disagreement.result.outcome == "refuted":
                reason = "at a kink each operation's slope is possible, their combination is not"
            self.message = f"{described}: {reason}"
            if (rounding := rounds_to_single_precision(self.graph.order)) is not None:
                self.message += f", since {rounding} rounds to float32"

    def report(self, expected: str, id: str | None, seed: int) -> GradientReport:
        """Return the report on what was found."""
        errors = [comparison.max_rel_error for comparison in self.comparisons]
        if self.shown is not None and self.status != "inconclusive":
            errors.append(self.shown.rel_error)
        if self.shown is not None:
            self.details["worst"] = self.shown.worst
            self.details["steps"] = self.shown.steps
        if self.comparisons:
            fewest = min(self.comparisons, key=lambda comparison: comparison.checked)
            self.details["sampled"] = {"checked": fewest.checked, "total": fewest.total}
        self.details["notes"] = self._notes()
        return GradientReport(
            status=self.status,
            expected=expected,
            max_rel_error=max(errors, default=None),
            points=len(self.comparisons),
            oracle=" + ".join(sorted({o for c in self.comparisons for o in c.oracle.split(" + ")}))
            or None,
            seed=seed,
            id=id,
            message=self.message,
            counterexample=(
                self.shown.counterexample if self.shown and self.status == "refuted" else None
            ),
            details=self.details,
        )

    def _notes(self) -> list[str]:
        notes = list(self.graph.notes)
        declined = {comparison.declined: None for comparison in self.comparisons}
        notes.extend(f"complex step not used: {reason}" for reason in declined if reason)
        for disagreement in self.kinks[:3]:
            where = describe_component(disagreement.worst)
            notes.append(f"kink, any slope between the one-sided ones will do: {where}")
        if len(self.kinks) > 3:
            notes.append(f"{len(self.kinks) - 3} more components are at kinks")
        return notes
