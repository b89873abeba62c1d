"""The order of a graph: worked out once, and again when it must be."""

import numpy as np
import pytest

from edf import GraphError, Input, Node, Param, Sum, topological_order
from edf.order import order_of


def product_of_matrices():
    x, W = Input(np.ones((2, 3))), Param(np.ones((3, 2)))
    product = x @ W
    return x, W, product, Sum(product)


def test_a_node_without_inputs_is_its_own_order():
    """And several roots share what is below them."""
    x = Input(1.0)
    assert topological_order(x) == [x]
    y, z = -x, x + 1.0
    order = topological_order(y, z)
    at = {node: k for k, node in enumerate(order)}
    assert len(at) == len(order)
    assert at[x] < min(at[y], at[z])


def test_the_order_is_that_in_which_inputs_are_written():
    """So that parameters come in the order in which a reader meets them."""
    params = [Param(float(k)) for k in range(5)]
    total = params[0]
    for param in params[1:]:
        total = total + param
    assert total.params == params
    assert topological_order(total)[:2] == params[:2]


def test_other_gradients_may_be_asked_for_every_time():
    """Other nodes in wrt, all of them, labels where floats were: each walk back gives its own."""
    x, W, product, loss = product_of_matrices()
    loss.forward()
    for wrt, have_none in (([W], {x}), ([x], {W}), (product, {x, W}), (None, set())):
        loss.backward(wrt=wrt)
        assert {node for node in (x, W, product) if node.grad is None} == have_none
    x.value = np.ones((2, 3), int)
    loss.forward()
    loss.backward()
    assert x.grad is None
    assert W.grad.tolist() == [[2, 2]] * 3


def test_an_integer_set_after_forward_is_refused_in_backward():
    """What was worked out for a float is not used for it."""
    x = Input(2.0)
    loss = x * 1.5
    loss.forward()
    loss.backward()
    x.value = 3
    with pytest.raises(GraphError, match="holds integers"):
        loss.backward()


def test_other_inputs_make_another_order():
    """Of a node in the middle, and of the root."""
    x, W, product, loss = product_of_matrices()
    loss.forward()
    loss.backward()
    other = Param(np.zeros((3, 2)))
    product.inputs = (x, other)
    assert loss.forward() == 0
    loss.backward()
    assert other.grad.shape == (3, 2)
    loss.inputs = (W,)
    assert loss.forward() == 6


def test_another_method_of_a_class_is_noticed():
    """As when a notebook tries another derivative on the graph that it has."""

    class Half(Node):
        """y = x / 2."""

        def forward(self, x):
            return x / 2

        def backward(self, grad, x):
            return grad / 2

    x = Input(3.0)
    y = Half(x) * 1.0
    y.forward()
    y.backward()
    assert x.grad == 0.5
    Half.backward = lambda self, grad, x: 7 * grad
    Half.forward = lambda self, x: x * 2
    assert y.forward() == 6
    y.backward()
    assert x.grad == 7


def test_a_walk_goes_back_only_through_what_leads_to_what_is_asked_for():
    """From the last node on: the sum's only argument, the product's second one."""
    x, W, product, loss = product_of_matrices()
    loss.forward()
    steps = order_of(loss).back(loss, {W})
    assert [(node, wanted) for node, _, wanted in steps] == [
        (loss, ((0, product),)),
        (product, ((1, W),)),
    ]
    steps = order_of(loss).back(loss, {x, W})
    assert [wanted for _, _, wanted in steps] == [((0, product),), ((0, x), (1, W))]


def test_an_operation_knows_what_is_wanted_while_it_is_asked():
    """In the walk, and not after it, even where it failed."""
    asked = []

    class Product(Node):
        def forward(self, x, y):
            return x * y

        def backward(self, grad, x, y):
            asked.append((self.wants(0), self.wants(1)))
            if np.any(grad < 0):
                raise ValueError("negative")
            return grad * y, grad * x

    x, y = Input(2.0), Input(3.0)
    product = Product(x, y)
    product.forward()
    product.backward(wrt=y)
    product.backward()
    with pytest.raises(ValueError, match="negative"):
        product.backward(wrt=x, cotangent=-1.0)
    product.backward(np.array(1.0), x.value, y.value)
    assert asked == [(False, True), (True, True), (True, False), (True, True)]


def test_a_leaf_is_a_graph_of_one_node():
    """Its value is what it holds, its gradient 1."""
    x = Input([2.0])
    assert x.forward().tolist() == [2]
    x.backward()
    assert x.grad.tolist() == [1]


def test_an_operation_without_a_backward_says_so():
    """Not that an attribute is missing."""

    class Half(Node):
        """y = x / 2."""

        def forward(self, x):
            return x / 2

    y = Half(Input(3.0))
    assert y.forward() == 1.5
    with pytest.raises(GraphError, match="Half has no backward"):
        y.backward()
