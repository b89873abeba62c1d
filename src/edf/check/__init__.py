"""Checks of derivatives: what `backward` computes against what the function itself does."""

from edf.check.gradients import check_gradients
from edf.check.jacobian import jacobian
from edf.check.report import GradientReport
from edf.check.second_derivatives import hessian, hvp
from edf.numerics.differences import DeclinedError

__all__ = ["DeclinedError", "GradientReport", "check_gradients", "hessian", "hvp", "jacobian"]
