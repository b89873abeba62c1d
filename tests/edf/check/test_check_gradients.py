"""`check_gradients`: what it says of right, wrong, undecidable and broken derivatives."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import pytest

from edf import AnyFunction, Norm, Sin, Sum
from edf.check import check_gradients
from edf.errors import GraphError
from edf.graph import Constant, Input, Node, Param

GLOBAL: dict = {}  # where operations below keep what they should not


class Test_right_derivatives:
    def test_a_right_backward_is_verified_and_true(self, nodes):
        report = check_gradients(nodes.Softmax(Input(shape=(4, 3))))
        assert report.status == "verified"
        assert report.ok
        assert report
        assert report.oracle == "complex-step"
        assert report.max_rel_error < 1e-12
        assert report.points == 3

    def test_every_leaf_of_a_network_is_checked(self, perceptron):
        network = perceptron()
        report = check_gradients(network.loss)
        assert report.ok, report
        sizes = sum(leaf.value.size for leaf in [*network.params, network.data])
        assert report.details["sampled"] == {"checked": sizes, "total": sizes}

    def test_wrt_restricts_the_check_to_some_nodes(self, perceptron):
        network = perceptron()
        report = check_gradients(network.loss, network.params[2])
        assert report.details["sampled"]["total"] == network.params[2].value.size

    def test_an_operation_may_be_an_argument(self, nodes):
        hidden = nodes.Softmax(Input(shape=(3,)))
        assert check_gradients(nodes.Softmax(hidden), hidden).ok

    def test_an_arbitrary_function_can_be_differentiated(self, nodes):
        assert check_gradients(AnyFunction()(nodes.Softmax(Input(shape=(4,))), Input(shape=()))).ok

    def test_a_node_used_twice_gets_both_gradients(self):
        x = Input(shape=(3,))
        assert check_gradients(x * x * x + x).ok

    def test_fifty_thousand_parameters_are_checked_along_directions(self, perceptron):
        network = perceptron(784, 64, 10, 8)
        report = check_gradients(network.loss, network.params, points=1)
        assert report.ok, report
        assert report.details["sampled"]["total"] == 50890

    def test_the_same_seed_gives_the_same_report(self, perceptron):
        first, second = (check_gradients(perceptron().loss, seed=4).to_dict() for _ in range(2))
        assert first == second
        assert check_gradients(perceptron().loss, seed=5).to_dict() != first

    def test_a_forward_that_drops_imaginary_parts_is_checked_by_real_differences(self, nodes):
        report = check_gradients(nodes.Absolute(Input(shape=(5,))))
        assert report.ok, report
        assert report.oracle == "richardson"
        assert "complex step not used" in str(report)


class Test_the_graph_is_left_alone:
    def test_values_and_gradients_stay_as_they_are(self, perceptron):
        network = perceptron()
        network.loss.forward()
        network.loss.backward(cotangent=np.ones(network.loss.value.shape))
        parts = [network.loss, network.data, *network.params]
        before = [(part.value.copy(), part.grad.copy()) for part in parts]
        check_gradients(network.loss)
        for part, (value, grad) in zip(parts, before, strict=True):
            assert np.array_equal(part.value, value)
            assert np.array_equal(part.grad, grad)

    def test_a_backward_that_writes_into_its_argument_spoils_a_copy_only(self):
        class Spoiler(Node):
            def forward(self, x):
                return 2 * x

            def backward(self, grad, x):
                x *= 0
                return 2 * grad

        x = Param(np.ones(3))
        assert check_gradients(Spoiler(x)).status == "refuted"
        assert np.array_equal(x.value, np.ones(3))

    def test_an_input_without_value_still_has_none(self, nodes):
        x = Input(shape=(3,))
        check_gradients(nodes.Softmax(x))
        assert x.value is None


class Test_wrong_derivatives:
    def test_the_operation_argument_and_index_are_named(self, nodes):
        x = Input(shape=(4, 3))
        report = check_gradients(2 * nodes.SoftmaxWithoutOffDiagonal(x + 1))
        assert report.status == "refuted"
        assert not report
        worst = report.details["worst"]
        assert (worst["operation"], worst["argument"]) == ("SoftmaxWithoutOffDiagonal", 0)
        assert len(worst["index"]) == 2
        assert report.message.startswith("SoftmaxWithoutOffDiagonal, argument 0, index (")
        assert report.counterexample["left"] == worst["backward"]
        assert report.counterexample["right"] == worst["numeric"]

    def test_the_values_told_are_the_true_ones(self):
        class Cube(Node):
            def forward(self, x):
                return x**3

            def backward(self, grad, x):
                return grad * 3 * x**2 * np.array([1, 1.01, 1])

        worst = check_gradients(Cube(Input(np.array([1.0, 2.0, 3.0])))).details["worst"]
        assert worst["index"] == [1]
        assert worst["backward"] / worst["numeric"] == pytest.approx(1.01, rel=1e-9)

    def test_one_wrong_entry_among_thousands_is_found(self):
        class OneOff(Node):
            def forward(self, x):
                return np.sin(x)

            def backward(self, grad, x):
                wrong = grad * np.cos(x)
                wrong[31, 17] *= 1 + 1e-6
                return wrong

        report = check_gradients(OneOff(Input(shape=(60, 60))))
        assert report.status == "refuted"
        assert report.details["worst"]["index"] == [31, 17]

    def test_a_mistake_of_one_part_in_ten_million_is_found(self):
        class Nearly(Node):
            def forward(self, x):
                return np.exp(x)

            def backward(self, grad, x):
                return grad * self.value * (1 + 1e-7)

        assert check_gradients(Nearly(Input(shape=(3,)))).status == "refuted"

    def test_a_mistake_of_one_part_in_a_billion_is_not_verified(self):
        """Nor called wrong: a right derivative may have cancelled."""

        class Nearly(Node):
            def forward(self, x):
                return np.exp(x)

            def backward(self, grad, x):
                return grad * self.value * (1 + 1e-9)

        report = check_gradients(Nearly(Input(shape=(3,))))
        assert report.status == "inconclusive"
        assert "too little to be different" in report.message

    def test_a_bias_of_zeros_hides_nothing(self):
        class ForgetsBias(Node):
            def forward(self, x, b):
                return x * (1 + b * b)

            def backward(self, grad, x, b):
                return grad * (1 + b * b), 0 * grad

        report = check_gradients(ForgetsBias(Input(shape=(3,)), Param(np.zeros(3))))
        assert report.status == "refuted"

    def test_no_gradient_where_there_is_one_is_refuted(self):
        class Silent(Node):
            def forward(self, x, y):
                return x * y

            def backward(self, grad, x, y):
                return grad * y, None

        report = check_gradients(Silent(Input(shape=(3,)), Input(shape=(3,))))
        assert report.status == "refuted"
        assert report.details["worst"]["argument"] == 1
        assert "argument 1, index" in report.message
        assert "backward returned None, which counts as 0, numeric" in report.message

    def test_a_gradient_that_is_not_a_number_is_refuted(self):
        class Divides(Node):
            def forward(self, x):
                return x * x

            def backward(self, grad, x):
                return grad * 2 * x * x / x

        report = check_gradients(Divides(Input(np.array([0.0, 1.0]))), points=1)
        assert report.status == "refuted"
        assert report.to_dict()["details"]["worst"]["backward"] == "nan"
        assert report.max_rel_error == np.inf

    def test_a_zero_gradient_is_not_excused_by_a_dropped_imaginary_part(self):
        class Dropped(Node):
            def forward(self, x):
                return np.real(x) ** 2

            def backward(self, grad, x):
                return 0 * grad

        assert check_gradients(Dropped(Input(shape=(4,)))).status == "refuted"

    def test_a_mistake_that_the_complex_step_shares_is_refuted(self):
        class Standardised(Node):
            """np.var conjugates, so the complex step takes the spread for a constant; so does
            the backward."""

            def forward(self, x):
                return (x - x.mean()) / np.sqrt(x.var())

            def backward(self, grad, x):
                return (grad - grad.mean()) / np.sqrt(x.var())

        for seed in range(5):
            assert check_gradients(Standardised(Input(shape=(4,))), seed=seed).status == "refuted"

    def test_a_derivative_that_rounding_swallows_is_not_refuted(self):
        class Swallowed(Node):
            def forward(self, x):
                return (x + 1e20) - 1e20

            def backward(self, grad, x):
                return grad

        assert check_gradients(Swallowed(Input(shape=(4,)))).status == "inconclusive"

    def test_the_plain_sum_of_a_softmax_does_not_hide_a_wrong_one(self, nodes):
        assert (
            check_gradients(nodes.SoftmaxWithoutOffDiagonal(Input(shape=(4,)))).status == "refuted"
        )

    def test_a_steep_function_between_two_plateaus_is_not_taken_for_a_constant(self):
        class Steep(Node):
            def forward(self, x):
                return np.tanh(1e3 * np.real(x))

            def backward(self, grad, x):
                return grad * 1e3 * (1 - np.tanh(1e3 * x) ** 2)

        assert check_gradients(Steep(Input(np.array([2e-4, -5e-4, 1.0]))), points=1).ok


class Test_kinks_and_ties:
    @pytest.mark.parametrize("slope", [0.0, 0.4, 1.0])
    def test_any_slope_between_the_one_sided_ones_will_do(self, slope):
        class Rectified(Node):
            def forward(self, x):
                return np.where(x.real > 0, x, 0)

            def backward(self, grad, x):
                return grad * np.where(x == 0, slope, x > 0)

        report = check_gradients(Rectified(Input(np.array([0.0, 1.0, -1.0]))), points=1)
        assert report.ok, report
        assert any("kink" in note for note in report.details["notes"])

    @pytest.mark.parametrize("slope", [-0.1, 1.1, 2.0])
    def test_no_slope_outside_them_will_do(self, slope):
        class Rectified(Node):
            def forward(self, x):
                return np.where(x.real > 0, x, 0)

            def backward(self, grad, x):
                return grad * np.where(x == 0, slope, x > 0)

        report = check_gradients(Rectified(Input(np.array([0.0, 1.0, -1.0]))), points=1)
        assert report.status == "refuted"
        assert report.details["worst"]["index"] == [0]

    def test_tied_entries_may_share_a_gradient_but_not_each_have_all_of_it(self, nodes):
        class AllOfIt(nodes.Largest):
            def backward(self, grad, x):
                return grad * (x == x.max())

        class Shared(nodes.Largest):
            def backward(self, grad, x):
                return grad * (x == x.max()) / (x == x.max()).sum()

        tied = Input(np.array([1.0, 0.3, 1.0]))
        assert check_gradients(nodes.Largest(tied), points=1).ok
        assert check_gradients(Shared(tied), points=1).ok
        for seed in range(5):
            report = check_gradients(AllOfIt(tied), points=1, seed=seed)
            assert report.status == "refuted"
            assert "all of them together are not" in report.message

    def test_possible_slopes_that_do_not_combine_to_the_derivative_are_inconclusive(self, nodes):
        x = Input(np.zeros(3))  # relu(x) - relu(-x) is x, but each slope at 0 may be 0
        report = check_gradients(nodes.Rectifier(x) - nodes.Rectifier(-1.0 * x), points=1)
        assert report.status == "inconclusive"
        assert "at a kink" in report.message

    def test_a_step_is_inconclusive_at_its_edge(self):
        class Step(Node):
            def forward(self, x):
                return np.where(x.real >= 0, 1.0, 0.0) + x

            def backward(self, grad, x):
                return grad

        assert check_gradients(Step(Input(np.zeros(2))), points=1).status == "inconclusive"


class Test_nothing_to_tell:
    def test_zero_equals_zero_is_inconclusive(self, nodes):
        report = check_gradients(Sum(nodes.Softmax(Input(shape=(4,)))))
        assert report.status == "inconclusive"
        assert "nothing was tested" in report.message

    def test_an_argument_without_influence_is_named(self):
        report = check_gradients(Input(shape=(3,)) + 0.0 * Input(shape=(3,)))
        assert report.ok
        assert any("Input 1" in note for note in report.details["notes"])

    def test_random_numbers_of_no_generator_make_it_inconclusive(self):
        class Noisy(Node):
            def forward(self, x):
                return x * np.random.rand()

            def backward(self, grad, x):
                return grad

        report = check_gradients(Noisy(Input(shape=(3,))))
        assert report.status == "inconclusive"
        assert "Noisy: two forwards" in report.message

    def test_a_generator_of_its_own_is_held_fixed(self):
        class Dropout(Node):
            def __init__(self, x):
                super().__init__(x)
                self.rng = np.random.default_rng(0)

            def forward(self, x):
                self.mask = self.rng.random(x.shape) < 0.5
                return x * self.mask

            def backward(self, grad, x):
                return grad * self.mask

        node = Dropout(Input(shape=(20,)))
        state = node.rng.bit_generator.state
        assert check_gradients(node).ok
        assert node.rng.bit_generator.state == state


class Test_float32:
    def test_a_float32_graph_is_checked_in_float64_and_its_rounding_reported(self, perceptron):
        report = check_gradients(perceptron(dtype=np.float32).loss)
        assert report.ok, report
        assert report.max_rel_error < 1e-10
        rounding = report.details["rounding"]
        assert rounding["dtype"] == "float32"
        assert 1e-9 < rounding["max_rel_error"] < 1e-4

    def test_a_wrong_float32_backward_is_refuted(self, nodes):
        x = Input(np.ones((2, 3), np.float32) * np.arange(3, dtype=np.float32))
        assert check_gradients(nodes.SoftmaxWithoutOffDiagonal(x)).status == "refuted"

    def test_a_backward_that_widens_float32_is_refuted_by_name(self):
        class Widens(Node):
            def forward(self, x):
                return x * x

            def backward(self, grad, x):
                return grad * x * np.float64(2)

        report = check_gradients(Widens(Param(np.ones(3, np.float32))))
        assert report.status == "refuted"
        assert "dtype float64, the argument has dtype float32" in report.message

    @pytest.mark.parametrize("inside", [False, True])
    @pytest.mark.parametrize("seed", range(4))
    def test_a_forward_that_rounds_to_float32_is_named_as_the_cause(self, inside, seed):
        class Rounds(Node):
            def forward(self, x):
                if inside:
                    return np.exp(x.astype(np.float32)).astype(np.float64)
                return np.exp(x).astype(np.float32)

            def backward(self, grad, x):
                return grad * np.exp(x)

        report = check_gradients(Sum(Rounds(Input(shape=(3,)))), seed=seed)
        assert report.status == "inconclusive"
        assert "Rounds rounds to float32" in report.message

    def test_a_backward_that_rounds_to_float32_is_neither_right_nor_wrong(self):
        class Rounds(Node):
            def forward(self, x):
                return np.exp(x)

            def backward(self, grad, x):
                return (grad * np.exp(x)).astype(np.float32).astype(np.float64)

        report = check_gradients(Rounds(Input(shape=(3,))))
        assert report.status == "inconclusive"
        assert "the digits of float32, to which backward rounds" in report.message

    def test_a_mistake_in_float32_is_still_one(self):
        class Rounds(Node):
            def forward(self, x):
                return np.exp(x)

            def backward(self, grad, x):
                return (1.001 * grad * np.exp(x)).astype(np.float32).astype(np.float64)

        assert check_gradients(Rounds(Input(shape=(3,)))).status == "refuted"

    def test_a_slight_mistake_in_a_slope_that_does_not_depend_on_the_argument_is_one(self):
        class Slips(Node):
            def forward(self, x, y):
                return x * y

            def backward(self, grad, x, y):
                return grad * y, (1 + 1e-6) * grad * x

        report = check_gradients(Slips(Input(shape=(3,)), Input(shape=(3,))))
        assert report.status == "refuted"


def broken(backward):
    """Return y = 2 x of two arguments with a given backward."""
    members = {"forward": lambda self, x, y: 2 * x + y, "backward": backward}
    return type("Broken", (Node,), members)(Input(shape=(2, 3)), Input(shape=(2, 3)))


def changes_cotangent(self, grad, x, y):
    grad *= 2
    return grad, grad / 2


def changes_argument(self, grad, x, y):
    y += 1
    return 2 * grad, grad


def piles_up(self, grad, x, y):
    self.total = getattr(self, "total", 0) + grad
    return 2 * self.total, grad


def test_what_cancels_to_nothing_is_not_refuted():
    """A norm is its own norm: the value is exactly 0, the gradient a sum of terms that cancel."""
    x = Param(np.random.default_rng(0).standard_normal((4, 3)))
    size = Norm(x, axis=1, keepdims=True)
    for scale in (1.0, 1e-12):
        report = check_gradients(Sum(Sin(scale * (size - Norm(size, axis=1, keepdims=True)))))
        assert report.status == "inconclusive", report
        assert "what they leave is rounding" in report.message or "is zero" in report.message


class Test_protocol:
    @pytest.mark.parametrize(
        ("backward", "says"),
        [
            (lambda self, g, x, y: (2 * g[0], g), "0: backward returned shape (3,), the argum"),
            (lambda self, g, x, y: (2 * g, g.T), "argument 1: backward returned shape (3, 2)"),
            (lambda self, g, x, y: 2 * g, "returned 1 gradients for 2 arguments"),
            (lambda self, g, x, y: (2 * g, g.astype(int)), "1: backward returned dtype int64"),
            (lambda self, g, x, y: (2 * np.abs(g), g), "argument 0: backward is not linear"),
            (changes_cotangent, "changed the cotangent `grad` in place"),
            (changes_argument, "argument 1: backward changed it in place"),
            (piles_up, "argument 0: a second backward differs from the first"),
        ],
    )  # fmt: skip
    def test_a_broken_rule_is_refuted_by_name(self, backward, says):
        report = check_gradients(broken(backward))
        assert report.status == "refuted"
        assert report.message.startswith("Broken")
        assert says in report.message

    @pytest.mark.parametrize("adds", [False, True])
    def test_a_backward_that_sets_the_gradients_itself_is_refuted(self, adds):
        """While its input has one use, the gradient that stands there is the right one."""

        class Writes(Node):
            def forward(self, x):
                return x * x

            def backward(self, grad, x):
                source, mine = self.inputs[0], 2 * x * grad
                source.grad = mine if source.grad is None or not adds else source.grad + mine

        x = Input(np.array([1.0, 2.0]))
        for loss in (Writes(x), Sum(Writes(x))):
            report = check_gradients(loss)
            assert report.status == "refuted"
            assert "Writes, argument 0: backward sets the argument's grad itself" in report.message
        assert x.grad is None

    def test_a_backward_that_changes_its_own_value_is_refuted(self):
        class Overwrites(Node):
            def forward(self, x):
                return np.exp(x)

            def backward(self, grad, x):
                self.value *= grad
                return self.value.copy()

        report = check_gradients(Overwrites(Input(shape=(3,))))
        assert report.status == "refuted"
        assert "changed its own value in place" in report.message

    def test_a_forward_that_changes_its_argument_once_is_refuted(self):
        """The second time there is nothing left to change."""

        class Rectifies(Node):
            def forward(self, x):
                x[x.real < 0] = 0
                return x

            def backward(self, grad, x):
                return grad * (x.real > 0)

        report = check_gradients(Sum(Rectifies(Input(shape=(8,)))))
        assert report.status == "refuted"
        assert "Rectifies, argument 0: forward changed it in place" in report.message

    def test_a_gradient_made_up_for_an_index_is_refuted(self):
        class Picks(Node):
            def forward(self, x, i):
                return x[i]

            def backward(self, grad, x, i):
                dx = np.zeros_like(x)
                dx[i] = grad
                return dx, 0.5

        report = check_gradients(Picks(Input(shape=(3,)), Input(np.array(1))))
        assert report.status == "refuted"
        assert "argument 1: backward made up a gradient for whole numbers" in report.message

    def test_a_derivative_by_whole_numbers_is_none_of_it_if_floats_have_it(self):
        class Times(Node):
            def forward(self, x, k):
                return x * k

            def backward(self, grad, x, k):
                return grad * k, grad * x

        assert check_gradients(Times(Input(shape=(3,)), Input(np.array([1, 2, 3])))).ok

    def test_what_the_first_forward_left_is_named(self):
        """An attribute that the class does not have, and an entry of a dict."""

        class First(Node):
            def forward(self, x):
                if not hasattr(self, "first"):
                    self.first = x
                return x * x

            def backward(self, grad, x):
                return 2 * grad * self.first

        class Cached(Node):
            def __init__(self, x):
                super().__init__(x)
                self.cache = {}

            def forward(self, x):
                self.cache.setdefault("x", x)
                return x * x

            def backward(self, grad, x):
                return 2 * grad * self.cache["x"]

        for operation, name in ((First, "first"), (Cached, "cache")):
            report = check_gradients(Sum(operation(Input(shape=(3,)))))
            assert report.status == "refuted"
            assert f"backward uses `{name}` of an earlier forward" in report.message

    def test_what_is_kept_outside_of_the_operation_is_named(self):
        """In a global, an enclosing variable, the class, a helper, a default: of the first forward,
        or of any other one, which another node of the class may have made."""
        mine = None

        def put(place, x):
            place.setdefault("x", x)
            return place["x"]

        def helper(x):
            helper.x = getattr(helper, "x", x)

        class InClass(Node):
            first = None

        def enclosed(self, x):
            nonlocal mine
            mine = x if mine is None else mine

        def in_class(self, x):
            InClass.first = x if InClass.first is None else InClass.first

        def by_default(self, x, kept={}):  # noqa: B006  # the mistake
            put(kept, x)

        def last_of_all(self, x):
            GLOBAL["last"] = x

        cases = [
            (enclosed, lambda x: mine, "the enclosing variable `mine` of an earlier"),
            (in_class, lambda x: InClass.first, "`InClass.first` of an earlier"),
            (
                by_default,
                lambda x: by_default.__defaults__[0]["x"],
                "a default of `by_default` of an",
            ),
            (lambda self, x: helper(x), lambda x: helper.x, "`helper.x` of an earlier"),
            (lambda self, x: put(GLOBAL, x), lambda x: GLOBAL["x"], "the global `GLOBAL` of an"),
            (last_of_all, lambda x: GLOBAL["last"], "`GLOBAL`, where the forward of another node"),
        ]

        def keeping(keep, kept):
            class Keeps(Node):
                def forward(self, x):
                    keep(self, x)
                    return x**3

                def backward(self, grad, x):
                    return 3 * grad * kept(x) ** 2

            return Keeps

        for keep, kept, told in cases:
            GLOBAL.clear()
            report = check_gradients(Sum(keeping(keep, kept)(Input(shape=(3,)))))
            assert report.status == "refuted"
            assert told in report.message, (told, report.message)

    def test_what_nodes_of_a_class_may_share_is_no_fault(self):
        """Constants, and what is computed from shapes once for all."""
        weights = np.array([1.0, 2.0, 3.0])

        class Weighted(Node):
            shared: ClassVar[dict] = {}

            def forward(self, x):
                self.shared.setdefault(x.shape, np.arange(x.size) + 1.0)
                return weights * x**2 * self.shared[x.shape]

            def backward(self, grad, x):
                return 2 * grad * x * weights * self.shared[x.shape]

        x = Input(shape=(3,))
        assert check_gradients(Sum(Weighted(x) * Weighted(2 * x))).ok

    def test_a_backward_that_rounds_to_float32_is_named_as_that(self):
        """Though its result, times the cotangent, has digits of float64."""

        class Rounded(Node):
            def forward(self, x):
                return x**3

            def backward(self, grad, x):
                return (3 * x.astype(np.float32) ** 2).astype(float) * grad

        report = check_gradients(Sum(Rounded(Input(shape=(4,)))))
        assert report.status == "refuted"
        assert "backward rounds within, as with float32" in report.message

    def test_what_an_earlier_forward_left_is_not_used_in_silence(self):
        class Stale(Node):
            last = None

            def forward(self, x):
                self.before, self.last = self.last, x
                return x * x

            def backward(self, grad, x):
                return 2 * grad * (x if self.before is None else self.before)

        for points in (1, 3):
            report = check_gradients(Stale(Input(shape=(3,))), points=points)
            assert report.status == "refuted"
            assert "backward depends on an earlier forward" in report.message

    def test_what_was_computed_once_for_all_is_refuted(self):
        class Once(Node):
            def forward(self, x):
                if not hasattr(self, "slope"):
                    self.slope = 2 * x
                return x * x

            def backward(self, grad, x):
                return grad * self.slope

        assert check_gradients(Once(Input(shape=(3,)))).status == "refuted"

    def test_a_value_that_depends_on_earlier_ones_has_no_derivative(self):
        class Running(Node):
            mean = 0.0

            def forward(self, x):
                self.mean = 0.9 * self.mean + 0.1 * x.mean()
                return x - self.mean

            def backward(self, grad, x):
                return grad - 0.1 * grad.mean()

        class Remembers(Running):
            """The same value twice in a row; another after other arguments."""

            seen = ()

            def forward(self, x):
                if not np.array_equal(x, self.seen):
                    self.mean, self.seen = x.mean() - self.mean, np.array(x)
                return x - self.mean

        for kind in (Running, Remembers):
            assert check_gradients(kind(Input(shape=(3,)))).status == "inconclusive"

    def test_an_exception_in_backward_is_an_error(self):
        def backward(self, grad, x, y):
            return grad.no_such_thing

        report = check_gradients(broken(backward))
        assert report.status == "error"
        assert "Broken: backward raised AttributeError" in report.message

    def test_an_exception_in_forward_is_an_error_with_the_shapes(self, nodes):
        report = check_gradients(
            nodes.Affine(Input(shape=(2, 3)), Input(shape=(2, 3)), Constant(0.0))
        )
        assert report.status == "error"
        assert "Affine: forward raised" in report.message
        assert "(2, 3), (2, 3)" in report.message

    def test_an_operation_without_backward_is_an_error(self):
        class OneWay(Node):
            def forward(self, x):
                return x

        assert "OneWay has no backward" in check_gradients(OneWay(Input(shape=(2,)))).message

    def test_a_value_that_is_not_finite_is_an_error_with_a_remedy(self):
        class Logarithm(Node):
            def forward(self, x):
                return np.log(x)

            def backward(self, grad, x):
                return grad / x

        report = check_gradients(Logarithm(Input(shape=(9,))))
        assert report.status == "error"
        assert "Logarithm: its value is not finite" in report.message
        assert 'sample="positive"' in report.message
        assert check_gradients(Logarithm(Input(shape=(9,), sample="positive"))).ok


class Test_what_cannot_be_asked:
    def test_an_unknown_expectation_gets_a_suggestion(self, nodes):
        with pytest.raises(ValueError, match="did you mean 'refuted'"):
            check_gradients(nodes.Softmax(Input(shape=(3,))), expect="refused")

    @pytest.mark.parametrize("points", [0, -1, 1.5, True])
    def test_at_least_one_point_is_needed(self, nodes, points):
        with pytest.raises(ValueError, match="at least one point"):
            check_gradients(nodes.Softmax(Input(shape=(3,))), points=points)

    def test_something_must_hold_floats(self):
        with pytest.raises(GraphError, match="no leaf that holds floats"):
            check_gradients(Input(np.arange(3)) + Input(np.arange(3)))

    def test_an_input_needs_a_value_or_a_shape(self, nodes):
        with pytest.raises(GraphError, match="neither value nor shape"):
            check_gradients(nodes.Softmax(Input()))

    def test_wrt_must_be_in_the_graph(self, nodes):
        with pytest.raises(GraphError, match="does not depend on"):
            check_gradients(nodes.Softmax(Input(shape=(3,))), Input(shape=(3,)))

    def test_only_a_node_can_be_checked(self):
        with pytest.raises(TypeError, match="wants a node, as the loss is, not float"):
            check_gradients(1.0)

    def test_an_expected_refutation_is_ok(self, nodes):
        wrong = nodes.SoftmaxWithoutOffDiagonal(Input(shape=(3,)))
        assert check_gradients(wrong, expect="refuted").ok
        assert not check_gradients(nodes.Softmax(Input(shape=(3,))), expect="refuted").ok


def test_a_point_outside_the_domain_is_left_out_and_told():
    """Where perturbing leaves the domain, the report says so."""

    class Narrow(Node):
        def forward(self, x):
            return np.sqrt(1e-6 - np.square(x - 1))

        def backward(self, grad, x):
            return grad * (1 - x) / self.value

    report = check_gradients(Narrow(Param(np.array([1.0002, 0.9998]))))
    assert report.ok, report
    assert report.points < 3
    assert any("left out" in note for note in report.details["notes"])
