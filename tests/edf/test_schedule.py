"""The order of a graph and the plan of a backward: worked out once, and again when it must be."""

import numpy as np
import pytest

from edf import GraphError, Input, Param, Sum, topological_order
from edf.schedule import BOTH, inexact, schedule_of


def chain():
    x, W = Input(np.ones((2, 3))), Param(np.ones((3, 2)))
    product = x @ W
    return x, W, product, Sum(product)


def test_a_node_without_inputs_is_its_own_order():
    """And several roots share what is below them."""
    x = Input(1.0)
    assert topological_order(x) == [x]
    y, z = -x, x + 1.0
    order = topological_order(y, z)
    assert order.count(x) == 1
    assert order.index(x) < min(order.index(y), order.index(z))


def test_the_order_is_that_in_which_inputs_are_written():
    """So that parameters come in the order in which a reader meets them."""
    params = [Param(float(k)) for k in range(5)]
    total = params[0]
    for param in params[1:]:
        total = total + param
    assert total.params == params
    assert topological_order(total)[:2] == params[:2]


def test_the_schedule_is_kept_from_run_to_run():
    """The same object, and the same plan, while nothing changes."""
    _, W, _, loss = chain()
    loss.forward()
    schedule, order = schedule_of(loss)
    plan = schedule.plan(order, [W])
    loss.forward()
    assert schedule_of(loss)[0] is schedule
    assert schedule.plan(order, [W]) is plan
    loss.backward(wrt=W)
    assert schedule.plan(order, [W]) is plan, "one node, or a list of it"


def test_another_wish_or_another_kind_of_number_makes_another_plan():
    """Other nodes in wrt; labels where floats were."""
    x, W, _, loss = chain()
    loss.forward()
    schedule, order = schedule_of(loss)
    plan = schedule.plan(order, [W])
    assert schedule.plan(order, [x]) is not plan
    both = schedule.plan(order, None)
    x.value = np.ones((2, 3), int)
    loss.forward()
    assert schedule_of(loss)[0] is schedule
    assert schedule.plan(order, None) is not both


def test_an_integer_set_after_forward_is_refused_in_backward():
    """A plan made for a float is not used for it."""
    x = Input(2.0)
    loss = x * 1.5
    loss.forward()
    loss.backward()
    x.value = 3
    with pytest.raises(GraphError, match="holds integers"):
        loss.backward()


def test_another_input_makes_another_schedule():
    """A graph that was put together anew is noticed at the next run."""
    x, _, product, loss = chain()
    loss.forward()
    schedule, _ = schedule_of(loss)
    product.inputs = (x, Param(np.zeros((3, 2))))
    assert loss.forward() == 0
    assert schedule_of(loss)[0] is not schedule


def test_a_plan_wants_what_leads_to_what_is_asked_for():
    """From the last node on: the sum's only argument, the product's second one."""
    x, W, product, loss = chain()
    loss.forward()
    schedule, order = schedule_of(loss)
    plan = schedule.plan(order, [W])
    at = order.index(product)
    assert plan.steps == [(order.index(loss), (0,)), (at, (1,))]
    assert plan.partial == [(at, (False, True))]
    assert plan.deferred == []
    plan = schedule.plan(order, [x, W])
    assert dict(plan.steps)[at] is BOTH
    plan = schedule.plan(order, None)
    [(position, term)] = plan.deferred
    assert (position, term.argument, term.node.needs) == (at, 0, (True, False)), "the data's waits"


def test_numbers_of_all_kinds_are_told_apart():
    """Floating point, or not."""
    for value in (1.0, 1j, np.float32(1), np.ones(2), np.ones(2, complex)):
        assert inexact(value)
    for value in (1, True, np.int64(1), np.ones(2, bool), np.arange(3)):
        assert not inexact(value)
