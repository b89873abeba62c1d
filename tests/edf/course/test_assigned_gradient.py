"""A component that assigns a gradient where it should add one erases what others have added."""

from __future__ import annotations

import numpy as np
import pytest

import edf.course.winter2017 as course


class SoftMax:
    def __init__(self, x):
        course.components.append(self)
        self.x, self.grad = x, course.DT(0)

    def forward(self):
        e = np.exp(self.x.value - np.max(self.x.value))
        self.value = e / np.sum(e)

    def contribution(self):
        return self.value * (self.grad - np.sum(self.grad * self.value))


class Assigns(SoftMax):
    def backward(self):
        self.x.grad = self.contribution()


class Adds(SoftMax):
    def backward(self):
        self.x.grad = self.x.grad + self.contribution()


def sum_of_log_losses(component, uses):
    """Return the summed log losses of as many components that all read the same scores."""
    course.components, course.params = [], []
    x = course.Param(np.array([0.5, -1.0, 2.0, 0.1]))
    losses = [course.LogLoss(course.Aref(component(x), course.Value(k))) for k in range(uses)]
    total = losses[0]
    for loss in losses[1:]:
        total = course.Add(total, loss)
    return total


@pytest.mark.parametrize("uses", [2, 3])
def test_assigning_is_refuted_where_the_value_is_used_again(uses):
    """Each component by itself is right, and the gradient of what they share is not."""
    assert course.check(sum_of_log_losses(Assigns, uses)).status == "refuted"
    assert course.check(sum_of_log_losses(Adds, uses)).status == "verified"


def test_assigning_does_no_harm_to_a_value_that_is_used_once():
    """With one use there is nothing to erase."""
    assert course.check(sum_of_log_losses(Assigns, 1)).status == "verified"
